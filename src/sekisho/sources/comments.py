"""Comments in files that hold a command's output: people add them, no program prints them.

A reader that knows comments (``iptables-save`` prints some) gets them as they are.
"""

from __future__ import annotations

import re

from sekisho.model.evidence import Evidence
from sekisho.sources.recognise import Format

# Their readers take comments themselves, some of which tell something.
READ_COMMENTS = frozenset(
    {
        Format.IPTABLES_SAVE, Format.IPTABLES_S, Format.IPTABLES_LIST, Format.SYSCTL, Format.SYSCTL_FILES,
        Format.NFT_TEXT, Format.IPTABLES_COMMANDS, Format.COMPOSE, Format.CAPTURE_NOTES,
        Format.CAPTURE_MANIFEST, Format.SNAPSHOT_TOML,
    }
)  # fmt: skip
JSON = frozenset(one for one in Format if one.name.endswith("_JSON")) | {
    Format.DOCKER_NETWORKS, Format.DOCKER_CONTAINERS, Format.DOCKER_VERSION, Format.AWS_INSTANCES,
    Format.DAEMON_JSON,
}  # fmt: skip

_COMMENT = re.compile(r"^\s*(?:#|//)", re.MULTILINE)


def without_comments(text: str, format_: Format, file: str) -> tuple[str, tuple[Evidence, ...]]:
    """A file's text with its comments blanked, and these; none where the format's own reader takes them."""
    if format_ in READ_COMMENTS or format_ in JSON or not _COMMENT.search(text):
        return text, ()
    lines = text.split("\n")
    found = []
    for at, line in enumerate(lines):
        if line.lstrip().startswith(("#", "//")):
            found.append(Evidence(file, at + 1, line))
            lines[at] = ""
    return "\n".join(lines), tuple(found)
