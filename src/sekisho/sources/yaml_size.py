"""How much of YAML is read: a document of a few bytes can ask for any amount of memory.

The limit is compose's own (compose-go), against documents whose aliases multiply. What reads a document
counts its nodes with every alias written out; before that, a long text is counted as it stands.
"""

from __future__ import annotations

from sekisho.errors import SourceError, said

MOST_NODES = 100_000
TOO_LARGE = "more than {0} values once its aliases are written out"


def check_size(text: str, file: str) -> None:
    """Raises SourceError for a text with more nodes than are read; what is no YAML is left to its reader."""
    if len(text) <= MOST_NODES:  # each takes a character at least
        return
    import yaml

    made = 0
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            made += isinstance(event, yaml.NodeEvent)
            if made > MOST_NODES:
                line = event.start_mark.line + 1 if event.start_mark is not None else 0
                raise SourceError(said(TOO_LARGE, MOST_NODES), file=file, line=line)
    except (yaml.YAMLError, RecursionError):
        return
