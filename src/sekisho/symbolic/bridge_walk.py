"""Packets on bridges: up into the IP layer of their owner, or across to another port."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial

from sekisho.semantics.attachment import Attachment, Link
from sekisho.semantics.fields import BROADCAST
from sekisho.semantics.journey import Lean, Step
from sekisho.semantics.site import BRIDGE_NF
from sekisho.semantics.whose import doubt as doubt_of
from sekisho.symbolic.bits import Bits, ByOrigin, Cases, Set
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.homes import Climb
from sekisho.symbolic.neighbours import Origins
from sekisho.symbolic.sharing import many
from sekisho.symbolic.state import UNNAMED, Front, Name, State, add, by_interface, changed
from sekisho.symbolic.visit import Leaving, Visit, bridged
from sekisho.symbolic.wire_walk import Entering, WireWalk
from sekisho.values.address import Address
from sekisho.values.slotted import replace


class BridgeWalk(WireWalk, ABC):
    """What happens between the ports of a bridge."""

    @abstractmethod
    def visit(self, node: str) -> Visit:
        """The stations of a namespace."""

    @abstractmethod
    def _go(self, node: str, leaving: list[Leaving], origins: Origins) -> None:
        """Out of a namespace."""

    @abstractmethod
    def _to_found(self, node: str, leaving: Leaving) -> Leaving:
        """The packets whose IPv6 neighbour the namespace's own rules let it find."""

    # ------------------------------------------------------------------------------------ bridges

    def _climb(self, mine: Attachment, next_hop: Address | Bits, front: Front) -> None:
        """From a captured namespace onto a bridge: up where the next hop is the bridge's owner itself."""
        link = mine.link
        segment = self.world.segment(link, self.family)
        up = self.hop_in(next_hop, segment.own)
        arriving: Front = {}
        for state, some in front.items():
            state = replace(self.crossing(state, mine.mac, link.owner), iif=mine.bridge, oif=None)
            physin = self._port(link, mine.port)
            port = replace(state, physin=physin, portin=mine.port or UNNAMED, portout=None)
            add(arriving, port, self._open(link, port, some, mine, mine.name))
        arriving = self._within_bounds(link.owner, arriving)
        origins: Origins = ((mine, self.space.everything),)
        self._split(arriving, link, up, next_hop, origins)

    def _climb_together(self, climbs: Sequence[Climb]) -> None:
        """The same for packets of several namespaces in one state (``Homes.groups``), each by its port."""
        first = climbs[0]
        link, state = first.mine.link, replace(first.outside, iif=first.mine.bridge, oif=None)
        up = self.hop_in(first.next_hop, self.world.segment(link, self.family).own)
        passed = [self._open(link, state, climb.some, climb.mine, climb.mine.name) for climb in climbs]
        arriving = self._within_bounds(link.owner, {state: self.space.union(passed)})
        origins: Origins = tuple((climb.mine, climb.some) for climb in climbs)
        self._split(arriving, link, up, first.next_hop, origins)

    def _split(
        self, front: Front, link: Link, up: Set, next_hop: Address | Bits | None, origins: Origins
    ) -> None:
        """Packets on a bridge: those in ``up`` into its owner, the others across to the next hop (None:
        to their destination)."""
        rising: Front = {}
        across: dict[Address | Bits, Front] = {}
        for state, some in front.items():
            add(rising, state, some & up)
            add(across.setdefault(next_hop or state.ends.dst, {}), state, some & ~up)
        self._up(link.owner, rising, origins)
        for hop, crossing in across.items():
            self._across(link.owner, crossing, link.device, hop, origins)

    def _ports(self, origins: Origins, front: Front) -> None:
        """Frames of attachments of one owner's bridges: across each by itself, up from all together."""
        nothing, owner = self.space.nothing, origins[0][0].link.owner
        bridges: dict[str, Set] = {}
        for origin, whose in origins:
            bridges[origin.bridge] = bridges.get(origin.bridge, nothing) | whose
            if origin.node is None:
                self.flow.leans.setdefault(self.of(owner, "members-routing-assumed", origin.bridge))
                if not any(state.reply for state in front):
                    self.space.lean(Lean("container-routing-assumed", (origin.name,)))
        iif = self._one_of(bridges)
        ports: dict[str | None, Set] = {}
        for origin, whose in origins:
            port = self._port(origin.link, origin.port)
            assert port is None or isinstance(port, str)
            ports[port] = ports.get(port, nothing) | whose
        physin = self._name(tuple(ports.items()))
        portin = self._name(tuple((origin.port or UNNAMED, whose) for origin, whose in origins))
        if not self.sees_ports(owner):
            physin = portin = None
        rising: Front = {}
        groups = self._switched_alike(owner, bridges)
        for state, some in front.items():
            state = replace(state, physin=physin, portin=portin, oif=None)
            for origin, whose in origins:
                if self._may_be_shut(origin.link, origin):
                    mine = some & whose
                    some &= ~whose | self._open(
                        origin.link, replace(state, iif=origin.bridge), mine, origin, origin.name
                    )
            for group in groups:
                level = self.space.nothing
                for bridge, whose in group.items():
                    own = self.world.segment(Link(owner, bridge), self.family).up_from_port
                    up = some & whose & self.space.member(state.ends.dst, own)
                    add(rising, replace(state, iif=iif), up)
                    level |= some & whose & ~up
                name = self._one_of(group)
                senders = tuple(pair for pair in origins if pair[0].bridge in group)
                self._across(owner, {replace(state, iif=name): level}, name, state.ends.dst, senders)
        self._up(owner, rising, origins)

    def _one_of(self, bridges: dict[str, Set]) -> Name:
        return self._name(tuple(bridges.items()))

    def _name(self, cases: Cases) -> Name:
        """The name that packets have, which may be another one for others of them."""
        found = cases[0][0] if len(cases) == 1 else self.space.by_origin(cases)
        assert not isinstance(found, int)
        return found

    def _switched_alike(self, owner: str, bridges: dict[str, Set]) -> list[dict[str, Set]]:
        """Very many bridges by whether netfilter sees what they hand from port to port."""
        if not many(len(bridges)) or not self.alike(owner):
            return [{bridge: whose} for bridge, whose in bridges.items()]
        found: dict[str | None, dict[str, Set]] = {}
        for bridge, whose in bridges.items():
            found.setdefault(self.world.bridge_nf(Link(owner, bridge), self.family), {})[bridge] = whose
        return list(found.values())

    def _wire(self, node: str, front: Front) -> None:
        """The packets arrive at an interface; on a bridge, a neighbour's address means across."""
        plain: Front = {}
        children: Entering = {}
        for state, some in front.items():
            bridge = state.iif
            if isinstance(bridge, str) and self.world.dead(node, bridge) is not False:
                lost = self._dead(node, bridge, some)
                self._silent(node, bridge, lost)
                self.end(Fate("link_down", node, hook="link"), state, lost)
                if not (some := some & ~lost).satisfiable():
                    continue
            link = Link(node, str(bridge))
            for child in self._children(link):
                here = some & self.space.member(state.ends.dst, self.addresses_of(child))
                self._to_child(node, child, "macvlan-child", state, here, children)
                some &= ~here
            if not self.world.is_bridge(link):
                add(plain, state, some)
                continue
            senders = self._senders(link, state)
            for item, where in senders:
                if self._may_be_shut(link, item):
                    name = state.ends.src
                    some &= ~where | self._open(link, state, some & where, item, name)
            ports = ((self._port(link, item.port if item else None), where) for item, where in senders)
            cases = tuple((port, where) for port, where in ports if not isinstance(port, ByOrigin))
            named = tuple(((item.port if item else None) or UNNAMED, where) for item, where in senders)
            up = self.space.member(state.ends.dst, self.world.segment(link, self.family).up_from_wire)
            origins = tuple((item, where) for item, where in senders if item is not None)
            if self.sees_ports(node):
                physin, portin = self._name(cases), self._name(named)
                state = replace(state, physin=physin, portin=portin, portout=None)
            arriving: Front = {state: some}
            self._split(arriving, link, up, None, origins)
        if plain:
            self._go(node, self.visit(node).arrive(plain), ())
        for inside, entering in children.items():
            self._go(inside, self.visit(inside).arrive(entering), ())

    def _up(self, owner: str, front: Front, origins: Origins) -> None:
        """Through a bridge into its owner's IP layer; br_netfilter may keep them on the bridge."""
        by_setting: dict[bool, Front] = {}
        for state, some in front.items():
            for nf, here in self._filtering(owner, state):
                add(by_setting.setdefault(nf, {}), state, some & here)
        for nf, arriving in by_setting.items():
            self._rise(owner, arriving, nf, origins)

    def _seen(self, link: Link, state: State) -> Set:
        """The packets of a bridge that netfilter sees there."""
        setting = self.world.bridge_nf(link, self.family)
        if setting is None:
            facts = self.world.nodes[link.owner].facts
            doubt = doubt_of(facts, "sysctl-decides", BRIDGE_NF[self.family][0])
            return self.space.choice(("bridge-nf", link.owner, state.reply, state.visits), (doubt,))
        return self.space.everything if setting == "1" else self.space.nothing

    def _filtering(self, owner: str, state: State) -> Iterator[tuple[bool, Set]]:
        """The packets on bridges that br_netfilter sees, and the others."""
        cases = state.iif.cases if isinstance(state.iif, ByOrigin) else ((state.iif, self.space.everything),)
        seen, everything = self.space.nothing, self.space.nothing
        for name, where in cases:
            everything |= where
            seen |= where & self._seen(Link(owner, str(name)), state)
        yield True, seen
        yield False, everything & ~seen

    def _rise(self, owner: str, front: Front, nf: bool, origins: Origins) -> None:
        host = self.visit(owner)
        plain: Front = {}
        kept: Front = {}
        front = self._to_bridge(owner, front)
        front = host.bridge_hook("bridge-prerouting", front, "low") if nf else host.rise(front)
        for before, some in front.items():
            asked = host.prerouting({before: some}, enters=not nf)
            for state, part in asked.items():
                same = self.space.equal(part, before.ends.dst, state.ends.dst) if nf else part
                add(plain, state, same)
                add(kept, state, part & ~same)
        if nf:
            plain = host.entrance(host.rise(plain, "high"))
        turned = partial(self._handed_on, owner, origins)
        self._go(owner, host.input_decision(plain) + host.input_decision(kept, turned), origins)

    def _to_bridge(self, owner: str, front: Front) -> Front:
        """The frames carry the bridge's own MAC address, or that of a group, or everybody's."""
        if not self.sees_ports(owner):
            return front
        found: Front = {}
        for state, some in front.items():
            for kind, here in self.visit(owner).frames(state.iif, state.ends.dst, some):
                if here.satisfiable():
                    mac = (1 << 48) - 1 if kind == BROADCAST else self.space.group_mac(state.ends.dst)
                    add(found, replace(state, dst_mac=mac), here)
                    some &= ~here
            if some.satisfiable():
                add(found, replace(state, dst_mac=self._own_mac(owner, state)), some)
        return found

    def _handed_on(self, owner: str, origins: Origins, front: Front) -> Front:
        """What br_netfilter routed to a neighbour on the same bridge looks for that one first."""
        found: Front = {}
        for state, some in self.visit(owner).sought(front).items():
            for name, each, here in by_interface(state, some):
                sought = self._to_found(owner, Leaving(name, state.towards, each, here))
                add(found, state, sought.some)
        return self._turned(owner, origins, found)

    def _across(
        self, owner: str, front: Front, bridge: Name, next_hop: Address | Bits, origins: Origins
    ) -> None:
        """Between two ports of one bridge: netfilter sees it only with bridge-nf-call-iptables, of several
        bridges all or none (``_switched_alike``)."""
        front = {state: some for state, some in front.items() if some.satisfiable()}
        if not front:
            return
        host = self.visit(owner)
        if self.sees_ports(owner):
            ahead = self._noted(owner, changed(front, oif=bridge, next_hop=next_hop))
            front = changed(ahead, oif=None, physout=None, portout=None)
        any_of_them = bridge.cases[0][0] if isinstance(bridge, ByOrigin) else bridge
        switched: Front = {}
        filtered: Front = {}
        for state, some in front.items():
            through = some & self._seen(Link(owner, str(any_of_them)), state)
            towards = replace(state, oif=bridge, next_hop=next_hop)
            add(filtered, towards, through)
            add(switched, towards, some & ~through)
        if switched:
            self.space.note(Step("bridge", "FORWARD", code="bridge-switches", args=(str(any_of_them),)))
            level = host.bridge_hook("bridge-prerouting", changed(switched, oif=None))
            aimed = changed(level, oif=bridge)
            crossed = host.cross(self._turned(owner, origins, aimed))
            self._go(owner, bridged(crossed, next_hop), origins)
        turned = partial(self._handed_on, owner, origins)
        asked = changed(filtered, oif=None, next_hop=None)
        for before, some in host.bridge_hook("bridge-prerouting", asked, "low").items():
            level = {}
            routed: Front = {}
            for state, part in host.prerouting({before: some}).items():
                same = self.space.equal(part, before.ends.dst, state.ends.dst)
                add(routed, state, part & ~same)
                add(level, state, same)
            self._go(owner, host.input_decision(routed, turned), origins)
            level = host.bridge_hook("bridge-prerouting", level, "high")
            aimed = self._turned(owner, origins, changed(level, oif=bridge, next_hop=next_hop))
            if aimed:
                step = Step("bridge", "FORWARD", code="bridge-netfilter", args=(str(any_of_them),))
                self.space.note(step)
                self._go(owner, bridged(host.cross_filtered(aimed), next_hop), origins)
