"""Packets of very many captured namespaces that meet on a bridge, and what each namespace knows of its own.

    c1  172.18.0.2 ┐                       ┌ c1
    c2  172.18.0.3 ┼─ bridge ─ the host ───┼ c2
    c3  172.18.0.4 ┘                       └ c3

Until they are on the bridge, each goes by its own rules; from there on, packets of all that are in the same
state are one set. The connection that a namespace tracks is told apart by the namespace alone: it stays
behind, and the packets find it where they come back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sekisho.semantics.attachment import Attachment, Link
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.state import Connection, Front, State, add
from sekisho.values.address import Address
from sekisho.values.slotted import replace

_Result = TypeVar("_Result")
_Kept = tuple[tuple[str, Connection], ...]


@dataclass(frozen=True, slots=True)
class Climb:
    """Packets that leave the namespace of an attachment for its bridge, in the state in which they leave."""

    mine: Attachment
    next_hop: Address | Bits
    state: State
    some: Set

    @property
    def kept(self) -> _Kept:
        """The connections that the namespace tracks."""
        return tuple(each for each in self.state.connections if each[0] == self.mine.node)

    @property
    def outside(self) -> State:
        """The state without them."""
        mine = self.mine.node
        left = tuple(each for each in self.state.connections if each[0] != mine)
        return replace(self.state.crossed().elsewhere(), connections=left)


class Homes:
    """Those of one walk."""

    def __init__(self) -> None:
        self._node: str | None = None
        self._climbs: list[Climb] = []
        self._away: list[dict[str, list[tuple[_Kept, Set]]]] = []

    def gathered(self, node: str, leave: Callable[[], _Result]) -> tuple[_Result, list[Climb]]:
        """What leaves the namespace for its bridge, which goes no further, besides what ``leave`` gives."""
        self._node, self._climbs = node, []
        try:
            return leave(), self._climbs
        finally:
            self._node = None

    def groups(self, climbs: Sequence[Climb]) -> list[list[Climb]]:
        """What becomes of which packets can be asked together: they are in one state on one bridge, and no
        two of a group share a packet."""
        found: dict[tuple[Link, Address | Bits, State], list[tuple[list[Climb], Set]]] = {}
        for climb in climbs:
            key = (climb.mine.link, climb.next_hop, climb.outside)
            those = found.setdefault(key, [])
            for at, (group, taken) in enumerate(those):
                if not (taken & climb.some).satisfiable():
                    those[at] = [*group, climb], taken | climb.some
                    break
            else:
                those.append(([climb], climb.some))
        return [group for those in found.values() for group, _ in those]

    def going_on(self, mine: Attachment, next_hop: Address | Bits, front: Front) -> Front:
        """The packets that are not to be gathered."""
        if mine.node is None or mine.node != self._node:
            return front
        self._climbs += (Climb(mine, next_hop, *each) for each in front.items())
        return {}

    @contextmanager
    def away(self, climbs: Sequence[Climb]) -> Iterator[None]:
        """While packets that share no packet with one another are away from their namespaces."""
        kept: dict[str, list[tuple[_Kept, Set]]] = {}
        for climb in climbs:
            if climb.kept and climb.mine.node is not None:
                kept.setdefault(climb.mine.node, []).append((climb.kept, climb.some))
        self._away.append(kept)
        try:
            yield
        finally:
            self._away.pop()

    def found(self, node: str, front: Front) -> Front:
        """Packets that come into a namespace, with what it knows of them from when they left last."""
        if not any(node in kept for kept in self._away):
            return front
        found: Front = {}
        for state, some in front.items():
            if not any(where == node for where, _ in state.connections):
                for kept in reversed(self._away):
                    for connections, whose in kept.get(node, ()):
                        again = replace(state, connections=(*state.connections, *connections))
                        add(found, again, some & whose)
                        some &= ~whose
            add(found, state, some)
        return found
