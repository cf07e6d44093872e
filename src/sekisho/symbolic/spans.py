"""The values of one field in a set in which nothing else matters, as intervals."""

from __future__ import annotations

from sekisho.symbolic.bits import ONE, Bits, Set
from sekisho.values.intset import Interval

# Below the edges of pieces of this many bits, what was found is remembered.
_PIECE = 8


def spans(some: Set, bits: Bits, at: int = 0) -> list[Interval]:
    """The values from the field's bit ``at`` on, ascending.

    Sets of addresses that differ in their first bytes often have the same last ones: what is below a byte's
    edge is found once.
    """
    known = bits.spans.get((some, at))
    if known is None:
        known = bits.spans[some, at] = []
        _add(some, bits, at, min(bits.width, (at // _PIECE + 1) * _PIECE), 0, known)
    return known


def _add(some: Set, bits: Bits, at: int, edge: int, base: int, found: list[Interval]) -> None:
    """As far as ``edge`` bit by bit, from there on by what is known. ``base`` are the bits so far."""
    codes, left = bits.codes, bits.width - at
    while some.satisfiable():
        if some.valid() and at >= bits.loose:
            found.append((base << left, (base + 1 << left) - 1))
            return
        if at == edge:
            start = base << left
            found += ((start + first, start + last) for first, last in spans(some, bits, at))
            return
        code = codes[at]
        at, left = at + 1, left - 1
        if code < 0:
            base = base << 1 | (code == ONE)
            continue
        zero = one = some
        if some.node_var() == code >> 1:
            one, zero = some.cofactors()  # type: ignore[misc]
        if code & 1:
            zero, one = one, zero
        _add(zero, bits, at, edge, base << 1, found)
        some, base = one, base << 1 | 1
