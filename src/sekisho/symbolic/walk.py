"""Sets of packets through all namespaces: the twin of ``semantics.walk``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sekisho.semantics.attachment import Attachment
from sekisho.semantics.journey import Lean
from sekisho.semantics.world import HOST, World
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.bridge_walk import SymbolicBridgeWalk
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.homes import Climb
from sekisho.symbolic.neighbours import Ended, Origins
from sekisho.symbolic.solicitation import Solicitations
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import Front, State, add
from sekisho.symbolic.visit import Leaving, SymbolicVisit
from sekisho.values.address import Address, Family
from sekisho.values.intset import IntSet
from sekisho.values.names import mac_number
from sekisho.values.slotted import replace


class SymbolicWalk(SymbolicBridgeWalk):
    """Walks sets of packets of one family through a world."""

    def __init__(
        self,
        world: World,
        family: Family,
        extra: Iterable[Attachment] = (),
        space: Space | None = None,
    ) -> None:
        super().__init__(world, family, extra, space)
        self.solicitations = Solicitations(self.guards)
        self.visits = {name: SymbolicVisit(self, host) for name, host in world.nodes.items()}

    # ---------------------------------------------------------------------------------- setting out

    def from_process(self, node: str, front: Front, choose_source: bool) -> list[Ended]:
        """Local processes of a namespace send the packets; all ends of their leg."""
        return self._leg(lambda: self._go(node, self.visits[node].send(front, choose_source), ()))

    def from_wire(self, node: str, front: Front) -> list[Ended]:
        """The packets arrive at their ``iif`` of a namespace."""
        return self._leg(lambda: self._wire(node, front))

    def from_ports(self, origins: Origins, front: Front) -> list[Ended]:
        """Attachments put the packets on their bridges, with a container's usual routing."""
        return self._leg(lambda: self._ports(origins, front))

    def from_namespaces(self, climbs: Sequence[Climb]) -> list[Ended]:
        """What becomes of packets of several namespaces (``Homes.groups``) on their bridge."""
        return self._leg(lambda: self._climb_together(climbs))

    def _leg(self, walk: Callable[[], None]) -> list[Ended]:
        self.ended, self._places = [], {}
        walk()
        return self.ended

    # ----------------------------------------------------------------------------- between namespaces

    def _go(self, node: str, leaving: list[Leaving], origins: Origins) -> None:
        """Out of a namespace: to a container behind a bridge, to the host, round by lo, or away."""
        looping: Front = {}
        entering: dict[Attachment, Front] = {}
        climbing: dict[tuple[Attachment, Address | Bits], Front] = {}
        for each in leaving:
            if self.world.dead(node, each.interface) is not False:
                lost = self._dead(node, each.interface, each.some)
                self._no_carrier(each.state, lost)
                if not (left := each.some & ~lost).satisfiable():
                    continue
                each = replace(each, some=left)
            each = self._to_found(node, each)
            state, some = each.state, each.some
            if each.interface == "lo":
                again = replace(state, iif="lo", oif=None, visits=state.visits + 1, linkdown=False)
                if state.tracked is None:  # tracked anew, unless NOTRACK lasts; see ``semantics.walk``
                    again = replace(again, zone=0, zone_reply=0, template=state.untracked)
                add(looping, again, some)
            elif node != HOST:
                mine = self._end_of_link(node, each.interface)
                if mine is None:
                    self._leave_wire(node, each, entering)
                else:
                    add(climbing.setdefault((mine, each.next_hop), {}), state, some)
            elif each.interface not in self.world.bridges:
                for child in self._children(each.interface):
                    here = some & self.at(child, each.next_hop)
                    self._apart(each.state, here)
                    some &= ~here
                self._away(node, each, some)
            else:
                self._onto_port(each, entering)
        if looping:
            looping = self._within_bounds(node, looping)
            self._go(node, self.visits[node].arrive_loopback(looping), ())
        for (mine, next_hop), front in climbing.items():
            if front := self.homes.going_on(mine, next_hop, front):
                self._climb(mine, next_hop, front)
        for target, front in entering.items():
            assert target.node is not None
            front = self._within_bounds(target.node, front)
            self._go(target.node, self.visits[target.node].arrive(front), ())

    def _into_unknown(self, bridge: str) -> None:
        """Somebody on a bridge, or behind a parent, takes packets in a namespace that was not captured."""
        self.flow.leans.setdefault(Lean("members-not-captured", (bridge,)))

    # ------------------------------------------------------------------- macvlan and ipvlan children

    def _to_child(
        self, child: Attachment, state: State, some: Set, entering: dict[Attachment, Front]
    ) -> None:
        """Frames for a child's own MAC never enter the parent's IP layer."""
        if child.node is None:
            self._into_unknown(child.bridge)
            self.end(Fate("delivered", HOST, child.name, hook="socket"), state, some)
        else:
            inside = replace(state.crossed().elsewhere(), iif=child.interface, oif=None)
            add(entering.setdefault(child, {}), inside, some)

    def _leave_wire(self, node: str, leaving: Leaving, entering: dict[Attachment, Front]) -> None:
        """Out of a child by its parent's wire: to a sibling, to what is out there, but never to the host."""
        some = leaving.some
        mine = next((a for a in self.world.wires if (a.node, a.interface) == (node, leaving.interface)), None)
        if mine is not None:
            for sibling in self._children(mine.bridge):
                here = some & self.at(sibling, leaving.next_hop)
                self._to_child(sibling, leaving.state, here, entering)
                some &= ~here
            addresses = self.world.host.addresses[self.family]
            own = IntSet.of(*(item.value for item in addresses if item.interface == mine.bridge))
            parent = self.hop_in(leaving.next_hop, own)
            self._apart(leaving.state, some & parent)
            some &= ~parent
        self._away(node, leaving, some)

    # ------------------------------------------------------------------------------------- leaving

    def _to_found(self, node: str, leaving: Leaving) -> Leaving:
        """The packets whose IPv6 neighbour the namespace's own rules let it find."""

        def neighbours() -> IntSet:
            items = self.attachments(leaving.interface) if node == HOST else ()
            return IntSet.of(*(a.value for item in items for a in item.addresses if a.family == 6))

        lost = self.solicitations.refused(self.world.nodes[node], leaving, neighbours)
        if not lost.satisfiable():
            return leaving
        fate = Fate("neighbour_failed", node, answer=self._unreachable(), hook="neighbour")
        self.end(fate, leaving.state, leaving.some & lost)
        return replace(leaving, some=leaving.some & ~lost)

    def _answered(self, node: str, leaving: Leaving, some: Set) -> Set:
        """The packets whose next hop may answer, as far as anybody knows."""
        hop, interface = leaving.next_hop, leaving.interface
        family: Family = hop.family if isinstance(hop, Address) else self.family
        host = self.world.nodes[node]
        silent = host.silent(interface, family) | host.unfindable(interface, family)
        if not silent or leaving.bridged:
            return some
        if isinstance(hop, Address):
            lost = some if hop.value in silent else self.space.nothing
        else:
            lost = some & self.space.member(hop, IntSet.of(*silent))
        fate = Fate("neighbour_failed", node, answer=self._unreachable(), kernel_reason="NEIGH_FAILED",
                    hook="neighbour")  # fmt: skip
        self.end(fate, leaving.state, lost)
        return some & ~lost

    def _away(self, node: str, leaving: Leaving, some: Set) -> None:
        if leaving.state.linkdown:
            self._no_carrier(leaving.state, some)
            return
        some = self._answered(node, leaving, some)
        self.end(Fate("exits", node, hook="neighbour"), leaving.state, some)

    def _onto_port(self, leaving: Leaving, entering: dict[Attachment, Front]) -> None:
        """From the host's bridge to whoever answers for the next hop."""
        aimed = replace(leaving.state, oif=leaving.interface, next_hop=leaving.next_hop)
        self._to_port(replace(leaving, state=aimed), entering)

    def _descended(self, leaving: Leaving, some: Set) -> Front:
        """Past the bridge's own chains, for what the host itself hands to it."""
        state = leaving.state
        if leaving.bridged or not self.bridge_tables or not some.satisfiable():
            return {state: some}
        mac = self.world.host.mac(leaving.interface)
        own = None if mac is None else self.space.constant(mac_number(mac), 48)
        front = self._noted({replace(state, src_mac=own, mac_open=own is None): some})
        passed: Front = {}
        for after, part in self.visits[HOST].descend(front).items():
            add(passed, replace(after, src_mac=state.src_mac, mac_open=state.mac_open), part)
        return passed

    def _to_port(self, leaving: Leaving, entering: dict[Attachment, Front]) -> None:
        """Past the bridge's own chains to whoever answers for the next hop."""
        state, bridge, rest = leaving.state, leaving.interface, leaving.some
        taken = self.space.nothing
        plain, special = self._answering(bridge, state.linkdown)
        if not isinstance(leaving.next_hop, Address):
            taken = rest & self.space.member(leaving.next_hop, plain)
            rest &= ~taken
        elif leaving.next_hop.family == self.family and leaving.next_hop.value in plain:
            taken, rest = rest, self.space.nothing
        for target in special:
            here = rest & self.at(target, leaving.next_hop)
            if not here.satisfiable():
                continue
            rest &= ~here
            if state.linkdown and target.origin == "rule":
                unknown = here & ~self._mine(target)
                if unknown.satisfiable():
                    self._no_carrier(leaving.state, unknown)
                    here &= ~unknown
            if not leaving.bridged:
                here = self._open(bridge, state, here, target, self._unreachable())
            if target.node is None:
                taken |= here
                continue
            for each, those in self._descended(leaving, here).items():
                inside = replace(each.crossed().elsewhere(), iif=target.interface, oif=None)
                add(entering.setdefault(target, {}), inside, those)
        # Who takes them is told by the next hop: one end for all containers that were not captured.
        for each, those in self._descended(leaving, taken).items():
            self._into_unknown(bridge)
            self.end(Fate("delivered", HOST, bridge=bridge, hook="socket"), each, those)
        if not state.linkdown:
            rest = self._answered(HOST, leaving, rest)
        if not rest.satisfiable():
            return
        if state.linkdown or (not leaving.bridged and self.world.strange(bridge).passes is False):
            self._no_carrier(leaving.state, rest)
        elif bridge in self.world.docker_bridges:
            fate = Fate("neighbour_failed", HOST, answer=self._unreachable(), kernel_reason="NEIGH_FAILED",
                        hook="neighbour")  # fmt: skip
            self.end(fate, state, rest)
        else:
            for each, those in self._descended(leaving, rest).items():
                self.end(Fate("exits", HOST, hook="neighbour"), each, those)
