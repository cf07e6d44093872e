"""How deep a YAML text is nested, before it is composed.

PyYAML's composers call themselves for each level: some ten thousand levels end the process without a word
where the C one is used. The parser below them does not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

# As deep as any stack takes; what is deeper than its readers go is refused by them, at its place.
_SAFE = 2000
_OPENER = re.compile(r"[\[{]|[-?:](?=\s)|^ +", re.MULTILINE)


def line_too_deep(text: str, loader: type[yaml.SafeLoader]) -> int:
    """The line (1-based) at which a text is nested deeper than can be composed; 0 where it nowhere is.

    Raises yaml.YAMLError where the text is no YAML before that.
    """
    # A level needs a sign or more indentation, so that most texts need no second look.
    if len(text) <= _SAFE or sum(1 for _ in _OPENER.finditer(text)) <= _SAFE:
        return 0
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _SAFE:
                return event.start_mark.line + 1 if event.start_mark is not None else 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return 0
