"""Running text and drawings in terminal columns, where a Japanese character takes two."""

from __future__ import annotations

from unicodedata import east_asian_width

# Characters that do not begin a line, and those that do not end one (kinsoku, JIS X 4051, the part
# that occurs here).
_NOT_FIRST = frozenset("、。，．)）」』】・ー！？:：,.;")
_NOT_LAST = frozenset("(（「『【")


def columns(text: str) -> int:
    """How many terminal columns the text takes; ambiguous characters count as one."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def pad(text: str, width: int) -> str:
    """The text followed by blanks up to ``width`` columns."""
    return text + " " * max(0, width - columns(text))


def cut(text: str, width: int) -> str:
    """The text, cut with an ellipsis where it takes more than ``width`` columns."""
    if columns(text) <= width:
        return text
    kept = ""
    for char in text:
        if columns(kept + char) > width - 1:
            break
        kept += char
    return kept + "…"


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` columns; a Latin word that is wider stands alone and sticks out."""
    lines: list[str] = []
    line, used = "", 0
    for piece in text.split(" ") if text.isascii() else _pieces(text):
        glue = " " if line and text.isascii() else ""
        taken = columns(piece.rstrip())
        if line and used + len(glue) + taken > width:
            lines.append(line.rstrip())
            line, used, glue = "", 0, ""
        if not line:
            piece = piece.lstrip()
        line += glue + piece
        used += len(glue) + columns(piece)
    if line.strip():
        lines.append(line.rstrip())
    return lines


def _pieces(text: str) -> list[str]:
    """The smallest parts that stay on one line; a space belongs to the part before it."""
    pieces: list[str] = []
    before, before_wide = " ", False
    for char in text:
        wide = east_asian_width(char) in "WF"
        breakable = (
            before == " "
            or (
                (wide or before_wide)
                and before not in _NOT_LAST
                and not (_katakana(before) and _katakana(char))
            )
        ) and char not in _NOT_FIRST
        if pieces and (not breakable or char == " "):
            pieces[-1] += char
        else:
            pieces.append(char)
        before, before_wide = char, wide
    return pieces


def _katakana(char: str) -> bool:
    """Whether the character is part of a katakana word, which is not cut in two."""
    return "\u30a1" <= char <= "\u30fc"
