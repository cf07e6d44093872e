"""A field's value in terms of the original packet, bit by bit; what sets of packets are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from sekisho.values.intset import Interval, IntSet
from sekisho.values.slotted import value

if TYPE_CHECKING:
    from oxidd.bcdd import BCDDFunction

Set: TypeAlias = "BCDDFunction"

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


@value
class Ends:
    """Addresses and ports of one direction."""

    src: Bits
    dst: Bits
    sport: Bits
    dport: Bits

    def mirrored(self) -> Ends:
        """Those of an answer."""
        return Ends(self.dst, self.src, self.dport, self.sport)


class ByOrigin:
    """A name or number that depends on the packet: disjoint sets, one for each. Compared by identity."""

    __slots__ = ("_by_name", "cases", "names")

    def __init__(self, cases: Iterable[tuple[str | int | None, Set]]) -> None:
        self.cases = tuple(cases)
        self._by_name: dict[str | int | None, Set] = {}
        for name, some in self.cases:
            present = self._by_name.get(name)
            self._by_name[name] = some if present is None else present | some
        self.names = frozenset(self._by_name)

    def of(self, name: str | int | None, nothing: Set) -> Set:
        """The packets for which it is just this one."""
        return self._by_name.get(name, nothing)

    def where(self, wanted: object, nothing: Set) -> Set:
        """The packets for which ``wanted(name)`` holds."""
        found = nothing
        for name, some in self.cases:
            if wanted(name):  # type: ignore[operator]
                found |= some
        return found


Cases: TypeAlias = tuple[tuple[str | int | None, Set], ...]
