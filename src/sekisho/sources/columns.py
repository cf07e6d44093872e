"""Tables whose head says where each column begins, as Docker's listings print them.

::

    CONTAINER ID   IMAGE     STATUS         PORTS                  NAMES
    3f1c2d4e5a6b   nginx     Up 2 hours     0.0.0.0:80->80/tcp     web

A row is cut where the head's columns begin. Where blanks were squeezed on the way (a forum, a chat) the
columns of a row cannot be told any more, unless every one of them is there without a blank in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from sekisho.sources.text import Unreadable

Head = tuple[tuple[str, int], ...]


def head_of(line: str, known: Collection[str]) -> Head | None:
    """The columns' names with where they begin; None for a line that is no head of such a table.

    ``known`` are names in capitals; with blanks in them, too. At least two are needed.
    """
    names = sorted(known, key=len, reverse=True)
    one = "|".join(re.escape(name) for name in names)
    if not re.fullmatch(rf"\s*(?:{one})(?:\s+(?:{one}))+\s*", line):
        return None
    return tuple((match[0], match.start()) for match in re.finditer(rf"(?<!\S)(?:{one})(?!\S)", line))


def row_of(line: str, head: Head) -> dict[str, str]:
    """The row's values by their column. Raises Unreadable where the line does not fit its head."""
    starts = [start for _, start in head]
    fits = all(start == 0 or line[start - 1 : start] in ("", " ", "\t") for start in starts)
    if fits and "\t" not in line:
        ends = [*starts[1:], None]
        found = {name: line[start:end].strip() for (name, start), end in zip(head, ends, strict=True)}
        if found[head[0][0]]:
            return found
    words = re.split(r"\s{2,}|\t", line.strip())
    if len(words) != len(head):
        words = line.split()
    if len(words) != len(head):
        raise Unreadable("columns-moved", words[0])
    return {name: word for (name, _), word in zip(head, words, strict=True)}
