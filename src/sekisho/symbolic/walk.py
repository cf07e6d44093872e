"""Packets through all namespaces: visits, and what lies between them (bridges, links, loopback)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sekisho.semantics.attachment import Attachment, Link
from sekisho.semantics.world import World
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.bridge_walk import BridgeWalk
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.homes import Climb
from sekisho.symbolic.neighbours import Ended, Origins
from sekisho.symbolic.reading import Reading
from sekisho.symbolic.state import Front, add
from sekisho.symbolic.visit import Leaving, Visit
from sekisho.symbolic.wire_walk import Entering
from sekisho.values.address import Address
from sekisho.values.intset import IntSet
from sekisho.values.names import mac_number
from sekisho.values.slotted import replace


class Walk(BridgeWalk):
    """Walks packets of one family through a world."""

    def __init__(self, world: World, reading: Reading, extra: Iterable[Attachment] = ()) -> None:
        super().__init__(world, reading, extra)
        self._visits: dict[str, Visit] = {}

    def visit(self, node: str) -> Visit:
        """The stations of a namespace."""
        found = self._visits.get(node)
        if found is None:
            found = self._visits[node] = Visit(self, self.world.nodes[node])
        return found

    # ---------------------------------------------------------------------------------- setting out

    def from_process(self, node: str, front: Front, choose_source: bool, answers: bool = True) -> list[Ended]:
        """Local processes of a namespace send the packets; all ends of their leg. ``answers``: routing has to
        let it send from its address, where that is not chosen."""
        return self._leg(lambda: self._go(node, self.visit(node).send(front, choose_source, answers), ()))

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
        entering: Entering = {}
        climbing: dict[tuple[Attachment, Address | Bits], Front] = {}
        for each in leaving:
            if self.world.dead(node, each.interface) is not False:
                lost = self._dead(node, each.interface, each.some)
                self._no_carrier(node, each.interface, each.state, lost)
                if not (left := each.some & ~lost).satisfiable():
                    continue
                each = replace(each, some=left)
            each = self._to_found(node, each)
            state, some = each.state, each.some
            if each.interface == "lo":
                again = replace(state, iif="lo", oif=None, visits=state.visits + 1, linkdown=False)
                # Where it has no connection it is tracked anew, and the zone of the first time is forgotten;
                # NOTRACK lasts, and no CT target speaks after it.
                if state.tracked is None:
                    again = replace(again, zone=0, zone_reply=0, template=state.untracked)
                self.space.hop(node, state.iif, "lo")
                add(looping, again, some)
            elif (mine := self.world.end_of_link(node, each.interface)) is not None:
                self.space.hop(node, state.iif, each.interface)
                add(climbing.setdefault((mine, each.next_hop), {}), state, some)
            elif self.world.is_bridge(Link(node, each.interface)):
                self._onto_port(node, each, entering)
            else:
                self._leave_wire(node, each, entering)
        if looping:
            looping = self._within_bounds(node, looping)
            self._go(node, self.visit(node).arrive_loopback(looping), ())
        for (mine, next_hop), front in climbing.items():
            if front := self.homes.going_on(mine, next_hop, front):
                self._climb(mine, next_hop, front)
        for inside, front in entering.items():
            front = self._within_bounds(inside, front)
            if self.world.switches(inside):
                self._wire(inside, front)
            else:
                self._go(inside, self.visit(inside).arrive(front), ())

    def _to_found(self, node: str, leaving: Leaving) -> Leaving:
        """The packets whose IPv6 neighbour the namespace's own rules let it find."""

        def neighbours() -> IntSet:
            link = Link(node, leaving.interface)
            items = self.attachments(link) if self.world.is_bridge(link) else ()
            return IntSet.of(*(a.value for item in items for a in item.addresses if a.family == 6))

        if leaving.bridged or leaving.state.linkdown:
            return leaving
        host, hop, state = self.world.nodes[node], leaving.next_hop, leaving.state
        lost = self.sought.refused(host, leaving.interface, hop, state, leaving.some, neighbours)
        if not lost.satisfiable():
            return leaving
        fate = Fate("neighbour_failed", node, answer=self._unreachable(), hook="neighbour")
        self.end(fate, leaving.state, leaving.some & lost)
        return replace(leaving, some=leaving.some & ~lost)

    def _onto_port(self, node: str, leaving: Leaving, entering: Entering) -> None:
        """From a bridge to whoever answers for the next hop."""
        aimed = leaving.state
        if aimed.oif != leaving.interface or aimed.next_hop is not leaving.next_hop:
            aimed = replace(aimed, oif=leaving.interface, next_hop=leaving.next_hop)
            leaving = replace(leaving, state=aimed)
        self._to_port(Link(node, leaving.interface), leaving, entering)

    def _descended(self, link: Link, leaving: Leaving, some: Set) -> Front:
        """Past the bridge's own chains, for what its owner itself hands to it."""
        state = leaving.state
        if leaving.bridged or not self.bridge_tables(link.owner) or not some.satisfiable():
            return {state: some} if some.satisfiable() else {}
        mac = self.world.nodes[link.owner].mac(link.device)
        own = None if mac is None else self.space.constant(mac_number(mac), 48)
        front = self._noted(link.owner, {replace(state, src_mac=own, mac_open=own is None): some})
        passed: Front = {}
        for after, part in self.visit(link.owner).descend(front).items():
            add(passed, replace(after, src_mac=state.src_mac, mac_open=state.mac_open), part)
        return passed

    def _to_port(self, link: Link, leaving: Leaving, entering: Entering) -> None:
        """Past the bridge's own chains to whoever answers for the next hop."""
        state, rest = leaving.state, leaving.some
        taken = self.space.nothing
        plain, special = self._answering(link, state.linkdown, leaving.next_hop)
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
                    self._no_carrier(*link, leaving.state, unknown)
                    here &= ~unknown
            if not leaving.bridged:
                here = self._open(link, state, here, target, leaving.next_hop, self._unreachable())
            if target.node is None:
                taken |= here
                continue
            mac = self.world.nodes[link.owner].mac(link.device)
            for each, those in self._descended(link, leaving, here).items():
                self._tell_to(leaving, target)
                self.space.hop(link.owner, each.iif, link.device)
                inside = self.crossing(each, None if leaving.bridged else mac, target.node)
                add(
                    entering.setdefault(target.node, {}),
                    replace(inside, iif=target.interface, oif=None),
                    those,
                )
        # Who takes them is told by the next hop: one end for all containers that were not captured.
        for each, those in self._descended(link, leaving, taken).items():
            taker = next(iter(special), None)
            self._tell_to(leaving, taker)
            self._into_unknown(link, taker, each)
            self.end(Fate("delivered", link.owner, bridge=link.device, hook="socket"), each, those)
        self._nobody(link, leaving, rest, entering)

    def _tell_to(self, leaving: Leaving, target: Attachment | None) -> None:
        """To whom a bridge hands one packet."""
        if target is not None:
            args = (leaving.interface, target.name, leaving.next_hop)
            self._tell(leaving.some, "bridge", "FORWARD", "bridge-to", *args)

    def _nobody(self, link: Link, leaving: Leaving, rest: Set, entering: Entering) -> None:
        """Nothing that is known answers for the address on this bridge."""
        state, bridge, hop = leaving.state, link.device, leaving.next_hop
        if state.linkdown:
            self._no_carrier(*link, state, rest)
            return
        rest = self._answered(link.owner, leaving, rest)
        if not leaving.bridged:
            rest = self._open(link, state, rest, None, hop, self._unreachable())
        if not rest.satisfiable():
            return
        if self.world.is_closed(link):
            self.space.lean(self.of(link.owner, "docker-knows-all", bridge))
            self._tell(rest, "neighbour", "NEIGHBOUR_FAILED", "nobody-answers", bridge, hop)
            fate = Fate("neighbour_failed", link.owner, answer=self._unreachable(),
                        kernel_reason="NEIGH_FAILED", hook="neighbour")  # fmt: skip
            self.end(fate, state, rest)
            return
        for each, those in self._descended(link, leaving, rest).items():
            beyond = replace(leaving, state=each)
            those = self._over(link.owner, link, beyond, those, entering)
            those = self._known_elsewhere(link.owner, link, beyond, those)
            if not those.satisfiable():
                continue
            self.space.lean(self.of(link.owner, "bridge-members-not-captured", bridge, self.space.said(hop)))
            self._tell(those, "neighbour", "EXITS", "leaves-by-bridge", bridge, hop)
            self.end(Fate("exits", link.owner, hook="neighbour"), each, those)
