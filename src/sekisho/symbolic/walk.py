"""Packets through all namespaces: visits, and what lies between them (bridges, links, loopback)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sekisho.semantics.attachment import Attachment
from sekisho.semantics.hidden_gateways import hop_words, unseen
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Lean
from sekisho.semantics.world import HOST, World
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.bridge_walk import BridgeWalk
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.homes import Climb
from sekisho.symbolic.neighbours import Ended, Origins
from sekisho.symbolic.reading import Reading
from sekisho.symbolic.state import Front, State, add
from sekisho.symbolic.visit import Leaving, Visit
from sekisho.values.address import Address, Family
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
        entering: dict[Attachment, Front] = {}
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
            elif node != HOST:
                mine = self._end_of_link(node, each.interface)
                if mine is None:
                    self._leave_wire(node, each, entering)
                else:
                    self.space.hop(node, state.iif, each.interface)
                    add(climbing.setdefault((mine, each.next_hop), {}), state, some)
            elif each.interface not in self.world.bridges:
                for child in self._children(each.interface):
                    here = some & self.at(child, each.next_hop)
                    self._apart(each.interface, each.next_hop, each.state, here)
                    some &= ~here
                self._away(node, each, some)
            else:
                self._onto_port(each, entering)
        if looping:
            looping = self._within_bounds(node, looping)
            self._go(node, self.visit(node).arrive_loopback(looping), ())
        for (mine, next_hop), front in climbing.items():
            if front := self.homes.going_on(mine, next_hop, front):
                self._climb(mine, next_hop, front)
        for target, front in entering.items():
            assert target.node is not None
            front = self._within_bounds(target.node, front)
            self._go(target.node, self.visit(target.node).arrive(front), ())

    def _into_unknown(self, bridge: str, target: Attachment | None, state: State) -> None:
        """Somebody on a bridge, or behind a parent, takes packets in a namespace that was not captured.
        ``target``: who, of one packet."""
        self.flow.leans.setdefault(Lean("members-not-captured", (bridge,)))
        if target is None or not self.space.tells:
            return
        if target.origin == "rule":
            self.space.lean(Lean("container-inferred", (target.name, target.bridge)))
        elif not state.reply:
            self.space.lean(Lean("container-not-captured", (target.name,)))
        self._tell(self.space.everything, "socket", "DELIVERED", "container-takes", target.name)

    # ------------------------------------------------------------------- macvlan and ipvlan children

    def _to_child(
        self,
        node: str,
        child: Attachment,
        code: str,
        state: State,
        some: Set,
        entering: dict[Attachment, Front],
    ) -> None:
        """Frames for a child's own MAC never enter the parent's IP layer."""
        if not some.satisfiable():
            return
        self._tell(some, "link", "FORWARD", code, child.bridge, child.name)
        if child.node is None:
            self._into_unknown(child.bridge, child, state)
            self.end(Fate("delivered", HOST, child.name, hook="socket"), state, some)
        else:
            self.space.hop(node, state.iif, None)
            inside = replace(state.crossed().elsewhere(), iif=child.interface, oif=None)
            add(entering.setdefault(child, {}), inside, some)

    def _leave_wire(self, node: str, leaving: Leaving, entering: dict[Attachment, Front]) -> None:
        """Out of a child by its parent's wire: to a sibling, to what is out there, but never to the host."""
        some = leaving.some
        mine = next((a for a in self.world.wires if (a.node, a.interface) == (node, leaving.interface)), None)
        if mine is not None:
            for sibling in self._children(mine.bridge):
                here = some & self.at(sibling, leaving.next_hop)
                self._to_child(node, sibling, "macvlan-sibling", leaving.state, here, entering)
                some &= ~here
            parent = self._the_parents(mine.bridge, leaving, some)
            self._apart(leaving.interface, leaving.next_hop, leaving.state, parent)
            some &= ~parent
        self._away(node, leaving, some)

    def _the_parents(self, parent: str, leaving: Leaving, some: Set) -> Set:
        """The packets whose next hop is an address of the child's parent, which may be one that no text
        shows."""
        host, hop = self.world.host, leaving.next_hop
        addresses = (item.value for item in host.addresses[self.family] if item.interface == parent)
        own = self.hop_in(hop, IntSet.of(*addresses))
        hidden = host.hidden[self.family]
        if (why := hidden.of(parent)) is not None:
            perhaps = some & ~own & self.hop_in(hop, hidden.where(parent, self.family))
            if perhaps.satisfiable():
                own |= perhaps & self.space.choice(("own", parent, leaving.state.visits), (why,))
        return some & own

    # ------------------------------------------------------------------------------------- leaving

    def _to_found(self, node: str, leaving: Leaving) -> Leaving:
        """The packets whose IPv6 neighbour the namespace's own rules let it find."""

        def neighbours() -> IntSet:
            items = self.attachments(leaving.interface) if node == HOST else ()
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
        if not lost.satisfiable():
            return some
        self._tell_silent(host, leaving)
        fate = Fate("neighbour_failed", node, answer=self._unreachable(), kernel_reason="NEIGH_FAILED",
                    hook="neighbour")  # fmt: skip
        self.end(fate, leaving.state, lost)
        return some & ~lost

    def _tell_silent(self, host: HostCode, leaving: Leaving) -> None:
        """Why the next hop of one packet does not answer."""
        if not self.space.tells:
            return
        interface, hop = leaving.interface, self.space.address(leaving.next_hop)
        code = "neighbour-is-oneself"
        if hop.value in host.silent(interface, hop.family):
            self.space.lean(Lean("neighbour-silent", (interface, str(hop))))
            code = "neighbour-silent-now"
        self.space.before_the_search()
        self._tell(leaving.some, "neighbour", "NEIGHBOUR_FAILED", code, interface, hop)

    def _away(self, node: str, leaving: Leaving, some: Set) -> None:
        """To what is out there."""
        if leaving.state.linkdown:
            self._no_carrier(node, leaving.interface, leaving.state, some)
            return
        some = self._answered(node, leaving, some)
        if self.space.tells and some.satisfiable():
            hop = self.space.address(leaving.next_hop)
            if hop == unseen(hop.family):
                self.space.lean(Lean("gateway-not-shown", (leaving.interface,)))
            self._tell(some, "neighbour", "EXITS", "leaves-by", leaving.interface, hop_words(hop))
        self.end(Fate("exits", node, hook="neighbour"), leaving.state, some)

    def _onto_port(self, leaving: Leaving, entering: dict[Attachment, Front]) -> None:
        """From the host's bridge to whoever answers for the next hop."""
        aimed = leaving.state
        if aimed.oif != leaving.interface or aimed.next_hop is not leaving.next_hop:
            aimed = replace(aimed, oif=leaving.interface, next_hop=leaving.next_hop)
            leaving = replace(leaving, state=aimed)
        self._to_port(leaving, entering)

    def _descended(self, leaving: Leaving, some: Set) -> Front:
        """Past the bridge's own chains, for what the host itself hands to it."""
        state = leaving.state
        if leaving.bridged or not self.bridge_tables or not some.satisfiable():
            return {state: some} if some.satisfiable() else {}
        mac = self.world.host.mac(leaving.interface)
        own = None if mac is None else self.space.constant(mac_number(mac), 48)
        front = self._noted({replace(state, src_mac=own, mac_open=own is None): some})
        passed: Front = {}
        for after, part in self.visit(HOST).descend(front).items():
            add(passed, replace(after, src_mac=state.src_mac, mac_open=state.mac_open), part)
        return passed

    def _to_port(self, leaving: Leaving, entering: dict[Attachment, Front]) -> None:
        """Past the bridge's own chains to whoever answers for the next hop."""
        state, bridge, rest = leaving.state, leaving.interface, leaving.some
        taken = self.space.nothing
        plain, special = self._answering(bridge, state.linkdown, leaving.next_hop)
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
                    self._no_carrier(HOST, bridge, leaving.state, unknown)
                    here &= ~unknown
            if not leaving.bridged:
                here = self._open(bridge, state, here, target, leaving.next_hop, self._unreachable())
            if target.node is None:
                taken |= here
                continue
            for each, those in self._descended(leaving, here).items():
                self._tell_to(leaving, target)
                self.space.hop(HOST, each.iif, bridge)
                inside = replace(each.crossed().elsewhere(), iif=target.interface, oif=None)
                add(entering.setdefault(target, {}), inside, those)
        # Who takes them is told by the next hop: one end for all containers that were not captured.
        for each, those in self._descended(leaving, taken).items():
            taker = next(iter(special), None)
            self._tell_to(leaving, taker)
            self._into_unknown(bridge, taker, each)
            self.end(Fate("delivered", HOST, bridge=bridge, hook="socket"), each, those)
        self._nobody(leaving, rest)

    def _tell_to(self, leaving: Leaving, target: Attachment | None) -> None:
        """To whom a bridge hands one packet."""
        if target is not None:
            args = (leaving.interface, target.name, leaving.next_hop)
            self._tell(leaving.some, "bridge", "FORWARD", "bridge-to", *args)

    def _nobody(self, leaving: Leaving, rest: Set) -> None:
        """Nothing that is known answers for the address on this bridge."""
        state, bridge, hop = leaving.state, leaving.interface, leaving.next_hop
        if state.linkdown:
            self._no_carrier(HOST, bridge, state, rest)
            return
        rest = self._answered(HOST, leaving, rest)
        if not leaving.bridged:
            rest = self._open(bridge, state, rest, None, hop, self._unreachable())
        if not rest.satisfiable():
            return
        if bridge in self.world.docker_bridges:
            self.space.lean(Lean("docker-knows-all", (bridge,)))
            self._tell(rest, "neighbour", "NEIGHBOUR_FAILED", "nobody-answers", bridge, hop)
            fate = Fate("neighbour_failed", HOST, answer=self._unreachable(), kernel_reason="NEIGH_FAILED",
                        hook="neighbour")  # fmt: skip
            self.end(fate, state, rest)
            return
        for each, those in self._descended(leaving, rest).items():
            self.space.lean(Lean("bridge-members-not-captured", (bridge, self.space.said(hop))))
            self._tell(those, "neighbour", "EXITS", "leaves-by-bridge", bridge, hop)
            self.end(Fate("exits", HOST, hook="neighbour"), each, those)
