"""A field's value in terms of the original packet, bit by bit; what sets of packets are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from oxidd.bcdd import BCDDFunction

from sekisho.values.intset import Interval, IntSet

Set = BCDDFunction

# A bit of a field: a constant, a variable (even: as it is, odd: complemented). -1 and -2 have one hash in
# CPython, and with them all tuples made of them.
ZERO, ONE = -1, -3


@dataclass(frozen=True, slots=True, eq=False)
class Bits:
    """A field's value in terms of the original packet: one code per bit, most significant first.

    Every value has one object (``Space.bits``), so objects are compared by identity. ``value`` is the
    number where all bits are constant, from ``loose`` on all bits are variables. ``sets`` remembers the
    diagrams of *this field is in that set*, ``spans`` the values in sets.
    """

    codes: tuple[int, ...]
    value: int | None
    loose: int
    sets: dict[IntSet, Set] = field(default_factory=dict)
    spans: dict[tuple[Set, int], list[Interval]] = field(default_factory=dict)

    @property
    def width(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True)
class Ends:
    """Addresses and ports of one direction."""

    src: Bits
    dst: Bits
    sport: Bits
    dport: Bits

    def mirrored(self) -> Ends:
        """Those of an answer."""
        return Ends(self.dst, self.src, self.dport, self.sport)
