"""Lines of an answer: what one of them holds begins no other.

Names, comments and file names may hold line feeds, and whoever wrote them would like to begin a line that
looks like ours. So nothing joins lines by itself: a line is what is given as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sekisho.errors import one_line

_FOLD = re.compile(r"\s*\n\s*")


def lines_text(lines: Iterable[str]) -> str:
    """The lines one below the other, each a single one; ends without a line feed."""
    return "\n".join(map(one_line, lines))


def blocks_text(blocks: Iterable[str], blank: bool = True) -> str:
    """Texts that have lines (from ``lines_text``) one below the other, usually with a blank line between."""
    return ("\n\n" if blank else "\n").join(blocks)


def captured(text: str) -> str:
    """A captured line as one: what goes on in lines of its own (``nexthop``) follows behind a space."""
    return _FOLD.sub(" ", text.strip()) if "\n" in text else text.strip()
