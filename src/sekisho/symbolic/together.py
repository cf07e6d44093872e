"""Packets that leave by very many interfaces, taken as one set: networks of one shape share the walk.

    oif br-1   dst 172.18.0.0/16  ┐      oif  br-1 where dst is in 172.18.0.0/16
    oif br-2   dst 172.19.0.0/16  ┘           br-2 where dst is in 172.19.0.0/16

Rules tell them apart where they ask for an interface, and only there: an interface that depends on the
packet (``ByOrigin``) fits some of the packets. Nothing is taken for granted of the networks: whatever differs
between them is in the sets.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.symbolic.bits import Bits, ByOrigin, Set
from sekisho.symbolic.sharing import many
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import Front, State, add
from sekisho.values.slotted import replace


class Together:
    """Puts states together for one space. Interfaces by the same sets are one object, so that what is known
    of guards serves all passages."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._interned: dict[tuple[tuple[str | int | None, Set], ...], ByOrigin] = {}

    @property
    def made(self) -> tuple[ByOrigin, ...]:
        """The names that depend on the packet, so far."""
        return tuple(self._interned.values())

    def by_origin(self, cases: list[tuple[str, Set]]) -> ByOrigin:
        """A name by disjoint sets of packets."""
        key = tuple(cases)
        found = self._interned.get(key)
        if found is None:
            found = self._interned[key] = ByOrigin(key)
        return found

    def shared(self, front: Front) -> Front:
        """The front with packets together that only differ in the link by which they are to be handed to
        their own destination."""
        if not many(len(front)):
            return front
        alike: dict[State, list[tuple[State, Set]]] = {}
        for state, some in front.items():
            handed = isinstance(state.oif, str) and state.next_hop is state.ends.dst and state.oif != "lo"
            alike.setdefault(replace(state, oif=None) if handed else state, []).append((state, some))
        found: Front = {}
        for key, together in alike.items():
            joined = self._joined(key, together) if many(len(together)) else together
            for state, some in joined:
                add(found, state, some)
        return found if len(found) < len(front) else front

    def _joined(self, key: State, together: list[tuple[State, Set]]) -> Iterator[tuple[State, Set]]:
        names = [(str(state.oif), some) for state, some in together]
        cases = apart(self.space, names, key.ends.dst)
        if cases is None:
            yield from together
            return
        union = self.space.union([some for _, some in together])
        yield replace(key, oif=self.by_origin(cases)), union


def apart(space: Space, names: list[tuple[str, Set]], bits: Bits) -> list[tuple[str, Set]] | None:
    """By what a field alone tells which of some sets packets are in; None where it does not."""
    taken = space.nothing
    found: list[tuple[str, Set]] = []
    for name, some in names:
        here = space.only(some, bits)
        if (here & taken).satisfiable():
            return None
        taken |= here
        found.append((name, here))
    return found
