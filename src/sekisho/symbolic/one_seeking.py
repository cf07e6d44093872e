"""Whether one packet finds its IPv6 neighbour; see ``semantics.solicitation``."""

from __future__ import annotations

from collections.abc import Callable

from sekisho.semantics import solicitation
from sekisho.semantics.host import HostCode
from sekisho.semantics.solicitation import Solicited
from sekisho.symbolic import searching
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.one_packet import ALL, NONE, OnePacket
from sekisho.symbolic.state import State
from sekisho.symbolic.unstated import usual
from sekisho.values.address import Address
from sekisho.values.intset import IntSet


class OneSeeking:
    """Asks for one neighbour, as the namespace would."""

    def __init__(self, space: OnePacket) -> None:
        self.space = space
        self._found: dict[tuple[str, str, Address, int], Solicited] = {}

    def refused(
        self, host: HostCode, interface: str, next_hop: Address | Bits, state: State, some: Set,
        neighbours: Callable[[], IntSet],
    ) -> Set:  # fmt: skip
        """Whether the neighbour is not found, for the reason that is told then."""
        space = self.space
        hop = space.address(next_hop)
        if hop.family == 4:
            return NONE
        key = (host.name, interface, hop, usual(state.ends.src))
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = searching.sought(host, interface, hop, key[-1])
        if found.refusal is None:
            return NONE
        if found.doubts and space.choice(key, found.doubts) is ALL:
            return NONE
        space.before_the_search()
        space.note(solicitation.refused(found.refusal, interface, hop))
        return ALL
