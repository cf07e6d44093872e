"""Numbers from text, as the kernel's tools print them.

``str.isdigit``, ``\\d`` and ``int`` know more digits than 0 to 9 (``²``, ``１``), ``int`` takes blanks and
underscores as well, and refuses what is very long with an error of its own. No tool prints any of that: here
it is no number.
"""

from __future__ import annotations

import re

MOST_DIGITS = 20  # those of 2**64 - 1
# The pattern of a number, for where it stands among other text.
DIGITS = f"[0-9]{{1,{MOST_DIGITS}}}"

_INTEGERS = {
    0: re.compile(rf"[+-]?(?:0[xX][0-9a-fA-F]{{1,32}}|{DIGITS})"),
    2: re.compile(r"[+-]?[01]{1,64}"),
    8: re.compile(r"[+-]?[0-7]{1,22}"),
    10: re.compile(rf"[+-]?{DIGITS}"),
    16: re.compile(r"[+-]?(?:0[xX])?[0-9a-fA-F]{1,64}"),
}


def is_number(text: str) -> bool:
    """Whether it is a decimal number without a sign: digits of ASCII alone, at most ``MOST_DIGITS``."""
    return text.isdigit() and len(text) <= MOST_DIGITS and text.isascii()


def number(text: str) -> int | None:
    """The decimal number without a sign; None for anything else."""
    return int(text) if is_number(text) else None


def integer(text: str, base: int = 10) -> int:
    """The number that may have a sign, in base 2, 8, 10 or 16; base 0: decimal, or hexadecimal after ``0x``.

    Raises ValueError for anything else.
    """
    if base == 10 and is_number(text):
        return int(text)
    if _INTEGERS[base].fullmatch(text) is None:
        raise ValueError(f"no number: {text[:40]!r}")
    return int(text, base)
