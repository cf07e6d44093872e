"""Sets of packets that wait for an IPv6 neighbour; see ``semantics.solicitation``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sekisho.semantics import solicitation
from sekisho.semantics.host import HostCode
from sekisho.semantics.solicitation import Solicited
from sekisho.symbolic import searching
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.state import State
from sekisho.values.address import Address
from sekisho.values.intset import IntSet


@dataclass(slots=True)
class Solicitations:
    """What is known of the neighbours of every interface. Neighbours are asked for one by one only where
    the answer for any of them is open, and whether others are found stays open then."""

    guards: Guards
    _found: dict[tuple[str, str, Address | None, int | None], Solicited] = field(default_factory=dict)

    def refused(
        self, host: HostCode, interface: str, next_hop: Address | Bits, state: State, some: Set,
        neighbours: Callable[[], IntSet],
    ) -> Set:  # fmt: skip
        """The packets whose neighbour is not found. ``neighbours``: the addresses of who is known to be
        there."""
        space = self.guards.space
        nothing = space.nothing
        wide = isinstance(next_hop, Bits) and next_hop.width == 128
        if not (wide or (isinstance(next_hop, Address) and next_hop.family == 6)):
            return nothing
        if not solicitation.asks(host, interface):
            return nothing
        some &= ~self._at(next_hop, IntSet.of(*host.neighbours(interface, 6)))
        lost = nothing
        for source, here in self._sources(host, interface, state, some):
            lost |= self._astray(host, interface, next_hop, source, here)
            if isinstance(next_hop, Address):
                lost |= here & self._lost(host, interface, next_hop, source)
                continue
            found = self._ask(host, interface, None, source)
            if found.doubts:  # not the same for all
                for start, end in neighbours().intervals:
                    for value in range(start, end + 1):
                        there = here & self._at(next_hop, IntSet.of(value))
                        if there.satisfiable():
                            here &= ~there
                            lost |= there & self._lost(host, interface, Address(6, value), source)
            lost |= here & self._lost(host, interface, None, source)
        return lost

    def _astray(
        self, host: HostCode, interface: str, next_hop: Address | Bits, source: int | None, some: Set
    ) -> Set:
        """The packets whose neighbour's answer routing keeps from the host."""
        space = self.guards.space
        lost = space.nothing
        for alike in solicitation.told_apart(host) if source is not None else ():
            here = some & self._at(next_hop, alike)
            if not here.satisfiable():
                continue
            anyone = Address(6, alike.intervals[0][0])
            found = searching.routed(host, interface, anyone, source)
            if found.refusal is not None:
                key = ("astray", host.name, interface, anyone, source)
                lost |= here & space.choice(key, found.doubts) if found.doubts else here
        return lost

    def _sources(
        self, host: HostCode, interface: str, state: State, some: Set
    ) -> Iterator[tuple[int | None, Set]]:
        """The packets by whose address asks."""
        for own in sorted(solicitation.own_sources(host, interface)):
            here = some & self.guards.space.member(state.ends.src, IntSet.of(own))
            if here.satisfiable():
                some &= ~here
                yield own, here
        if some.satisfiable():
            yield solicitation.source_for(host, interface, -1), some

    def _lost(self, host: HostCode, interface: str, next_hop: Address | None, source: int | None) -> Set:
        space, found = self.guards.space, self._ask(host, interface, next_hop, source)
        if found.refusal is None:
            return space.nothing
        if not found.doubts:
            return space.everything
        return space.choice(("solicitation", host.name, interface, next_hop, source), found.doubts)

    def _ask(self, host: HostCode, interface: str, next_hop: Address | None, source: int | None) -> Solicited:
        key = (host.name, interface, next_hop, source)
        if key not in self._found:
            self._found[key] = searching.solicited(host, interface, next_hop, source)
        return self._found[key]

    def _at(self, next_hop: Address | Bits, values: IntSet) -> Set:
        space = self.guards.space
        if isinstance(next_hop, Address):
            return space.everything if next_hop.value in values else space.nothing
        return space.member(next_hop, values)
