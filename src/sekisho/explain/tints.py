"""Colours of texts.

A snapshot may hold escape sequences of its own. So a tint is not written as one, but behind a mark that
nobody can guess; ``cli.terminal`` makes sequences of what has the mark, and shows every other as the text
that it is.
"""

from __future__ import annotations

import os
import re

_MARK = f"\x1b{os.urandom(8).hex()}:"
# A tint in a text; its number in brackets.
TINTS = re.compile(re.escape(_MARK) + "([0-9]+)m")

RESET, BOLD, DIM, RED, GREEN, YELLOW, MAGENTA, CYAN = (
    f"{_MARK}{number}m" for number in (0, 1, 2, 31, 32, 33, 35, 36)
)


def painted(text: str, tint: str, color: bool = True) -> str:
    """The text in a tint, or in several joined; as it is where there is none or no colour."""
    return f"{tint}{text}{RESET}" if color and tint else text
