"""MARK and CONNMARK in listings, which name the operation that a value and a mask amount to.

The kernel computes ``mark = (mark & ~mask) ^ value``; ``--set-xmark VALUE/MASK`` says just that,
and a listing calls the common cases set, and, or, xor.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sekisho.sources.iptables_list_forms import Context, Form, Given, Piece, Said
from sekisho.values.numbers import integer

_ALL = 0xFFFFFFFF
_HEX = r"(0x[0-9a-f]+)"


def xmark(operation: str, number: int) -> tuple[int, int]:
    """(value, mask) of ``set``, ``and``, ``or``, ``xor`` with one number."""
    return {
        "set": (number, _ALL),
        "and": (0, ~number & _ALL),
        "or": (number, number),
        "xor": (number, 0),
    }[operation]


def operation(value: int, mask: int) -> str:
    """The listing's words for ``--set-xmark value/mask``."""
    if value == 0:
        return f"and 0x{~mask & _ALL:x}"
    if value == mask:
        return f"or 0x{value:x}"
    if mask == 0:
        return f"xor 0x{value:x}"
    if mask == _ALL:
        return f"set 0x{value:x}"
    return f"xset 0x{value:x}/0x{mask:x}"


def value_and_mask(text: str) -> tuple[int, int]:
    """``0x1/0xff`` as numbers; without a mask, all bits."""
    value, slash, mask = text.partition("/")
    return integer(value, 0), integer(mask, 0) if slash else _ALL


def _said(value: int, mask: int) -> Said:
    return ("set-xmark", False, (f"0x{value:x}/0x{mask:x}",))


def _set_piece(target: str) -> Piece:
    pattern = re.compile(rf"{target} (set|and|or|xor) {_HEX}(?= |\Z)|{target} x?set {_HEX}/{_HEX}(?= |\Z)")

    def read(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
        if found[1]:
            return [_said(*xmark(found[1], integer(found[2], 16)))]
        return [_said(integer(found[3], 16), integer(found[4], 16))]

    def show(given: Given, _context: Context) -> str | None:
        for name in ("set-xmark", "set-mark"):
            if name in given:
                value, mask = value_and_mask(given[name].values[0])
                # --set-mark V/M also clears V's bits: mask | value.
                return f"{target} {operation(value, mask | value if name == 'set-mark' else mask)}"
        for name in ("and", "or", "xor"):
            if f"{name}-mark" in given:
                number = integer(given[f"{name}-mark"].values[0], 0)
                return f"{target} {operation(*xmark(name, number))}"
        return None

    names = ("set-xmark", "set-mark", "and-mark", "or-mark", "xor-mark")
    return Piece(names, pattern, read, show)


def _copy_piece(verb: str, first: str, second: str) -> Piece:
    """``CONNMARK save``, ``CONNMARK save mask 0xff``, ``... nfmask 0x1 ctmask ~0x2``."""
    name = f"{verb}-mark"
    pattern = re.compile(rf"CONNMARK {verb}(?: +mask {_HEX}| {first} {_HEX} {second} ~{_HEX})?(?= |\Z)")

    def read(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
        one, other = (found[1], found[1]) if found[1] else (found[2], found[3])
        masks = {first: one or "0xffffffff", second: other or "0xffffffff"}
        return [
            (name, False, ()),
            ("nfmask", False, (masks["nfmask"],)),
            ("ctmask", False, (masks["ctmask"],)),
        ]

    def show(given: Given, _context: Context) -> str | None:
        if name not in given:
            return None

        def mask(which: str) -> int:
            option = given.get(which) or given.get("mask")
            return integer(option.values[0], 0) if option is not None else _ALL

        if mask(first) == mask(second):
            shown = "" if mask(first) == _ALL else f" mask 0x{mask(first):x}"
        else:
            shown = f" {first} 0x{mask(first):x} {second} ~0x{mask(second):x}"
        return f"CONNMARK {verb}{shown}"

    return Piece((name, "nfmask", "ctmask", "mask"), pattern, read, show)


MARK = Form("MARK", "", (_set_piece("MARK"),))
CONNMARK = Form(
    "CONNMARK",
    "",
    (
        _set_piece("CONNMARK"),
        _copy_piece("save", "nfmask", "ctmask"),
        _copy_piece("restore", "ctmask", "nfmask"),
    ),
)
