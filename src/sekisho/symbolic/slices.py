"""Single addresses and interfaces out of a box of packets: a few that settle a question at once."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.symbolic.bits import ByOrigin, Set
from sekisho.symbolic.chain_view import ChainView
from sekisho.symbolic.overlap import SIDES, Region
from sekisho.symbolic.samples import UNNAMED
from sekisho.values.intset import IntSet

# Slices that are tried before all packets are looked at.
_SLICES = 6


class Slices:
    """Those of one station's packets. ``interfaces`` are all names that count."""

    def __init__(self, view: ChainView, interfaces: frozenset[str]) -> None:
        self._view = view
        self._interfaces = interfaces

    def of(self, box: Region) -> Iterator[Region]:
        """The edges of a box, its middle, or what no rule names."""
        incoming, outgoing = (self._some_names(box.names.get(side)) for side in SIDES)
        sources, targets = (self._some_addresses(box.values.get(name)) for name in ("src", "dst"))
        for at in range(_SLICES):
            values = {**box.values, "src": sources[at % len(sources)], "dst": targets[at % len(targets)]}
            names = {
                "iif": incoming[at % len(incoming)], "oif": outgoing[at % len(outgoing)],
            }  # fmt: skip
            yield Region(values, names)

    def _some_names(self, names: frozenset[str] | None) -> list[frozenset[str]]:
        every = sorted(self._interfaces if names is None else names)
        return [frozenset({name}) for name in every[:_SLICES]] or [frozenset()]

    def _some_addresses(self, values: IntSet | None) -> list[IntSet]:
        if values is None:
            low, high = UNNAMED[self._view.space.family]
            return [IntSet.of(low), IntSet.of(high)]
        if not values:
            return [values]
        first, last = values.intervals[0][0], values.intervals[-1][1]
        middle = values.intervals[len(values.intervals) // 2]
        inside = (middle[0] + middle[1]) // 2
        return [IntSet.of(inside), IntSet.of(last), IntSet.of(first)]

    def within(self, box: Region) -> Set:
        """The packets of a slice."""
        space = self._view.space
        found = space.everything
        for name, values in box.values.items():
            if name in ("src", "dst"):
                found &= space.member(space.field[name], values)
        for side, names in box.names.items():
            given = getattr(self._view.start, side)
            if isinstance(given, ByOrigin):
                found &= given.where(names.__contains__, space.nothing)
        return found
