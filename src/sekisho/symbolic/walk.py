"""Sets of packets through all namespaces: the twin of ``semantics.walk``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from sekisho.semantics.journey import Doubt
from sekisho.semantics.traveller import BROADCAST
from sekisho.semantics.walk import BRIDGE_NF, MAX_VISITS
from sekisho.semantics.world import HOST, Attachment, World
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.neighbours import Ended, Neighbours, Origins, group_mac, number_of
from sekisho.symbolic.solicitation import Solicitations
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import OPEN, ByOrigin, Front, Name, State, add, changed
from sekisho.symbolic.visit import Leaving, SymbolicVisit
from sekisho.values.address import Address, Family
from sekisho.values.intset import IntSet


class SymbolicWalk(Neighbours):
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
            each = self._to_found(node, each)
            state, some = each.state, each.some
            if each.interface == "lo":
                again = replace(state, iif="lo", oif=None, visits=state.visits + 1, linkdown=False)
                if state.tracked is None:  # tracked anew, and the zone of the first time is forgotten
                    again = replace(again, zone=0, zone_reply=0, template=False)
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
                    self._apart(each, here)
                    some &= ~here
                self._away(node, each, some)
            else:
                self._onto_port(each, entering)
        if looping:
            looping = self._within_bounds(node, looping)
            self._go(node, self.visits[node].arrive_loopback(looping), ())
        for (mine, next_hop), front in climbing.items():
            self._climb(mine, next_hop, front)
        for target, front in entering.items():
            assert target.node is not None
            front = self._within_bounds(target.node, front)
            self._go(target.node, self.visits[target.node].arrive(front), ())

    # ------------------------------------------------------------------- macvlan and ipvlan children

    def _to_child(
        self, child: Attachment, state: State, some: Set, entering: dict[Attachment, Front]
    ) -> None:
        """Frames for a child's own MAC never enter the parent's IP layer."""
        if child.node is None:
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
            self._apart(leaving, some & parent)
            some &= ~parent
        self._away(node, leaving, some)

    def _apart(self, leaving: Leaving, some: Set) -> None:
        """Parent and child never see one another's frames."""
        fate = Fate("neighbour_failed", HOST, answer=self._unreachable(), hook="neighbour")
        self.end(fate, leaving.state, some)

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

    def _within_bounds(self, node: str, front: Front) -> Front:
        """Packets that have been through too many namespaces go round in circles."""
        kept: Front = {}
        for state, some in front.items():
            if state.visits >= MAX_VISITS:
                self.end(Fate("loop", node), state, some)
            else:
                kept[state] = some
        return kept

    def _away(self, node: str, leaving: Leaving, some: Set) -> None:
        if leaving.state.linkdown:
            self._no_carrier(leaving, some)
        else:
            self.end(Fate("exits", node, hook="neighbour"), leaving.state, some)

    def _no_carrier(self, leaving: Leaving, some: Set) -> None:
        self.end(Fate("link_down", HOST, answer=self._unreachable(), hook="link"), leaving.state, some)

    def _unreachable(self) -> str:
        return "icmp-host-unreachable" if self.family == 4 else "icmp6-addr-unreachable"

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
        own = None if mac is None else self.space.constant(int(mac.replace(":", ""), 16), 48)
        front = self._turned((), {replace(state, src_mac=own, mac_open=own is None): some})
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
                    self._no_carrier(leaving, unknown)
                    here &= ~unknown
            if target.node is None:
                taken |= here
                continue
            for each, those in self._descended(leaving, here).items():
                inside = replace(each.crossed().elsewhere(), iif=target.interface, oif=None)
                add(entering.setdefault(target, {}), inside, those)
        # Who takes them is told by the next hop: one end for all containers that were not captured.
        for each, those in self._descended(leaving, taken).items():
            self.end(Fate("delivered", HOST, bridge=bridge, hook="socket"), each, those)
        if not rest.satisfiable():
            return
        if state.linkdown:
            self._no_carrier(leaving, rest)
        elif bridge in self.world.docker_bridges:
            fate = Fate("neighbour_failed", HOST, answer=self._unreachable(), kernel_reason="NEIGH_FAILED",
                        hook="neighbour")  # fmt: skip
            self.end(fate, state, rest)
        else:
            for each, those in self._descended(leaving, rest).items():
                self.end(Fate("exits", HOST, hook="neighbour"), each, those)

    # ------------------------------------------------------------------------------------ bridges

    def _climb(self, mine: Attachment, next_hop: Address | Bits, front: Front) -> None:
        """From a captured namespace onto the host's bridge: up where the next hop is the host itself."""
        segment = self.world.segment(mine.bridge, self.family)
        up = self.hop_in(next_hop, segment.own)
        arriving: Front = {}
        for state, some in front.items():
            state = replace(state.crossed().elsewhere(), iif=mine.bridge, oif=None)
            port = replace(state, physin=self._port(mine.port), portin=mine.port or OPEN, portout=None)
            add(arriving, port, some)
        arriving = self._within_bounds(HOST, arriving)
        origins: Origins = ((mine, self.space.everything),)
        self._split(arriving, mine.bridge, up, next_hop, origins)

    def _split(
        self, front: Front, bridge: str, up: Set, next_hop: Address | Bits | None, origins: Origins
    ) -> None:
        """Packets on a bridge: those in ``up`` into the host, the others across to the next hop (None:
        to their destination)."""
        rising: Front = {}
        across: dict[Address | Bits, Front] = {}
        for state, some in front.items():
            add(rising, state, some & up)
            add(across.setdefault(next_hop or state.ends.dst, {}), state, some & ~up)
        self._up(rising, origins)
        for hop, crossing in across.items():
            self._across(crossing, bridge, hop, origins)

    def _ports(self, origins: Origins, front: Front) -> None:
        """Frames of attachments: across each bridge by itself, up from all bridges together."""
        nothing = self.space.nothing
        bridges: dict[str, Set] = {}
        for origin, whose in origins:
            bridges[origin.bridge] = bridges.get(origin.bridge, nothing) | whose
        iif: Name = next(iter(bridges)) if len(bridges) == 1 else ByOrigin(tuple(bridges.items()))
        ports: dict[str | None, Set] = {}
        for origin, whose in origins:
            port = self._port(origin.port)
            assert port is None or isinstance(port, str)
            ports[port] = ports.get(port, nothing) | whose
        physin: Name = next(iter(ports)) if len(ports) == 1 else ByOrigin(tuple(ports.items()))
        portin: Name = ByOrigin(tuple((origin.port or OPEN, whose) for origin, whose in origins))
        if not self.sees_ports:
            physin = portin = None
        rising: Front = {}
        for state, some in front.items():
            for bridge, whose in bridges.items():
                here = some & whose
                up = here & self.space.member(
                    state.ends.dst, self.world.segment(bridge, self.family).up_from_port
                )
                add(rising, replace(state, iif=iif, physin=physin, portin=portin, oif=None), up)
                level = replace(state, iif=bridge, physin=physin, portin=portin, oif=None)
                mine = tuple(pair for pair in origins if pair[0].bridge == bridge)
                self._across({level: here & ~up}, bridge, state.ends.dst, mine)
        self._up(rising, origins)

    def _wire(self, node: str, front: Front) -> None:
        """The packets arrive at an interface; on a bridge, a neighbour's address means across."""
        plain: Front = {}
        children: dict[Attachment, Front] = {}
        for state, some in front.items():
            bridge = state.iif
            for child in self._children(bridge) if node == HOST and isinstance(bridge, str) else ():
                here = some & self.space.member(state.ends.dst, self.addresses_of(child))
                self._to_child(child, state, here, children)
                some &= ~here
            if node != HOST or bridge not in self.world.bridges:
                add(plain, state, some)
                continue
            assert isinstance(bridge, str)
            senders = self._senders(bridge, state)
            ports = ((self._port(item.port if item else None), where) for item, where in senders)
            physin = ByOrigin(tuple((port, where) for port, where in ports if not isinstance(port, ByOrigin)))
            named = tuple(((item.port if item else None) or OPEN, where) for item, where in senders)
            up = self.space.member(state.ends.dst, self.world.segment(bridge, self.family).up_from_wire)
            origins = tuple((item, where) for item, where in senders if item is not None)
            if self.sees_ports:
                state = replace(state, physin=physin, portin=ByOrigin(named), portout=None)
            arriving: Front = {state: some}
            self._split(arriving, bridge, up, None, origins)
        self._go(node, self.visits[node].arrive(plain), ())
        for child, inside in children.items():
            assert child.node is not None
            self._go(child.node, self.visits[child.node].arrive(inside), ())

    def _up(self, front: Front, origins: Origins) -> None:
        """Through a bridge into the host's IP layer; br_netfilter may keep them on the bridge."""
        nf = self.world.host.facts.sysctl(BRIDGE_NF[self.family]) == "1"
        host = self.visits[HOST]
        plain: Front = {}
        kept: Front = {}
        front = self._to_bridge(front)
        front = host.bridge_hook("bridge-prerouting", front, "low") if nf else host.rise(front)
        for before, some in front.items():
            asked = host.prerouting({before: some}, enters=not nf)
            for state, part in asked.items():
                same = self.space.equal(part, before.ends.dst, state.ends.dst) if nf else part
                add(plain, state, same)
                add(kept, state, part & ~same)
        if nf:
            plain = host.entrance(host.rise(plain, "high"))
        turned = partial(self._handed_on, origins)
        self._go(HOST, host.input_decision(plain) + host.input_decision(kept, turned), origins)

    def _to_bridge(self, front: Front) -> Front:
        """The frames carry the bridge's own MAC address, or that of a group, or everybody's."""
        if not self.sees_ports:
            return front
        found: Front = {}
        for state, some in front.items():
            whole = ((state.iif, self.space.everything),)
            names = state.iif.cases if isinstance(state.iif, ByOrigin) else whole
            own = ByOrigin(tuple((number_of(self.world.host.mac(str(n))), where) for n, where in names))
            for kind, here in self.visits[HOST].frames(replace(state, frame=state.ends.dst), some):
                mac = (1 << 48) - 1 if kind == BROADCAST else group_mac(self.space, state.ends.dst)
                add(found, replace(state, dst_mac=mac), here)
                some &= ~here
            add(found, replace(state, dst_mac=own), some)
        return found

    def _handed_on(self, origins: Origins, front: Front) -> Front:
        """What br_netfilter routed to a neighbour on the same bridge looks for that one first."""
        found: Front = {}
        for state, some in front.items():
            sought = self._to_found(HOST, Leaving(state.way or "", state.towards, state, some))
            add(found, state, sought.some)
        return self._turned(origins, found)

    def _across(self, front: Front, bridge: str, next_hop: Address | Bits, origins: Origins) -> None:
        """Between two ports of one bridge: netfilter sees it only with bridge-nf-call-iptables."""
        front = {state: some for state, some in front.items() if some.satisfiable()}
        if not front:
            return
        host = self.visits[HOST]
        if self.sees_ports:
            ahead = self._turned((), changed(front, oif=bridge, next_hop=next_hop))
            front = changed(ahead, oif=None, physout=None, portout=None)
        setting = self.world.host.facts.sysctl(BRIDGE_NF[self.family])
        switched: Front = {}
        filtered: Front = {}
        for state, some in front.items():
            through = some if setting == "1" else self.space.nothing
            if setting is None:
                doubt = Doubt("sysctl-decides", (BRIDGE_NF[self.family],))
                key = ("bridge-nf", state.reply, state.visits)
                through = some & self.space.choice(key, (doubt,))
            towards = replace(state, oif=bridge, next_hop=next_hop)
            add(filtered, towards, through)
            add(switched, towards, some & ~through)
        level = host.bridge_hook("bridge-prerouting", changed(switched, oif=None))
        aimed = changed(level, oif=bridge)
        crossed = host.cross(self._turned(origins, aimed))
        self._go(HOST, [Leaving(bridge, next_hop, *each, True) for each in crossed.items()], origins)
        turned = partial(self._handed_on, origins)
        asked = changed(filtered, oif=None)
        for before, some in host.bridge_hook("bridge-prerouting", asked, "low").items():
            level = {}
            routed: Front = {}
            for state, part in host.prerouting({before: some}).items():
                same = self.space.equal(part, before.ends.dst, state.ends.dst)
                add(routed, state, part & ~same)
                add(level, state, same)
            self._go(HOST, host.input_decision(routed, turned), origins)
            level = host.bridge_hook("bridge-prerouting", level, "high")
            aimed = changed(level, oif=bridge, next_hop=next_hop)
            passed = host.cross_filtered(self._turned(origins, aimed))
            self._go(HOST, [Leaving(bridge, next_hop, *each, True) for each in passed.items()], origins)
