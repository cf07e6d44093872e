"""Text in terminal columns, where a Japanese character takes two."""

from __future__ import annotations

from unicodedata import east_asian_width

# Characters that must not begin a line (a subset of the kinsoku rules of JIS X 4051).
_NOT_FIRST = "、。，．,.)]）」』】・ー！？!?:："


def columns(text: str) -> int:
    """How many terminal columns ``text`` takes."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def wrap(text: str, width: int) -> list[str]:
    """Cut running text into lines of at most ``width`` columns.

    Latin words stay whole (one that is wider than a line stands alone and sticks out); between wide
    characters a line may end anywhere except before closing punctuation.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(" ".join(text.split())):
        if line and columns(line) + columns(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    if line.strip():
        lines.append(line.rstrip())
    return lines


def _pieces(text: str) -> list[str]:
    """The smallest parts that stay on one line; a space belongs to the part before it."""
    pieces: list[str] = []
    for char in text:
        before = pieces[-1][-1] if pieces else " "
        wide = east_asian_width(char) in "WF"
        after_wide = east_asian_width(before) in "WF"
        starts = before == " " or ((wide or after_wide) and char not in _NOT_FIRST and char != " ")
        if pieces and not starts:
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces
