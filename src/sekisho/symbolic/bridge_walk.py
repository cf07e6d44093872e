"""Packets on the host's bridges: up into its IP layer, or across to another port."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial

from sekisho.semantics.attachment import Attachment
from sekisho.semantics.fields import BROADCAST
from sekisho.semantics.journey import Doubt, Lean, Step
from sekisho.semantics.world import BRIDGE_NF, HOST
from sekisho.symbolic.bits import Bits, ByOrigin, Cases, Set
from sekisho.symbolic.bridge_ports import BridgePorts
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.homes import Climb
from sekisho.symbolic.neighbours import Origins
from sekisho.symbolic.sharing import many
from sekisho.symbolic.state import UNNAMED, Front, Name, State, add, by_interface, changed
from sekisho.symbolic.visit import Leaving, Visit, bridged
from sekisho.values.address import Address
from sekisho.values.slotted import replace


class BridgeWalk(BridgePorts, ABC):
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

    @abstractmethod
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

    # ------------------------------------------------------------------------------------ bridges

    def _climb(self, mine: Attachment, next_hop: Address | Bits, front: Front) -> None:
        """From a captured namespace onto the host's bridge: up where the next hop is the host itself."""
        segment = self.world.segment(mine.bridge, self.family)
        up = self.hop_in(next_hop, segment.own)
        arriving: Front = {}
        for state, some in front.items():
            state = replace(state.crossed().elsewhere(), iif=mine.bridge, oif=None)
            physin = self._port(mine.bridge, mine.port)
            port = replace(state, physin=physin, portin=mine.port or UNNAMED, portout=None)
            add(arriving, port, self._open(mine.bridge, port, some, mine, mine.name))
        arriving = self._within_bounds(HOST, arriving)
        origins: Origins = ((mine, self.space.everything),)
        self._split(arriving, mine.bridge, up, next_hop, origins)

    def _climb_together(self, climbs: Sequence[Climb]) -> None:
        """The same for packets of several namespaces in one state (``Homes.groups``), each by its port."""
        first = climbs[0]
        bridge, state = first.mine.bridge, replace(first.outside, iif=first.mine.bridge, oif=None)
        up = self.hop_in(first.next_hop, self.world.segment(bridge, self.family).own)
        passed = [self._open(bridge, state, climb.some, climb.mine, climb.mine.name) for climb in climbs]
        arriving = self._within_bounds(HOST, {state: self.space.union(passed)})
        origins: Origins = tuple((climb.mine, climb.some) for climb in climbs)
        self._split(arriving, bridge, up, first.next_hop, origins)

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
            if origin.node is None:
                self.flow.leans.setdefault(Lean("members-routing-assumed", (origin.bridge,)))
                if not any(state.reply for state in front):
                    self.space.lean(Lean("container-routing-assumed", (origin.name,)))
        iif = self._one_of(bridges)
        ports: dict[str | None, Set] = {}
        for origin, whose in origins:
            port = self._port(origin.bridge, origin.port)
            assert port is None or isinstance(port, str)
            ports[port] = ports.get(port, nothing) | whose
        physin = self._name(tuple(ports.items()))
        portin = self._name(tuple((origin.port or UNNAMED, whose) for origin, whose in origins))
        if not self.sees_ports:
            physin = portin = None
        rising: Front = {}
        groups = self._switched_alike(bridges)
        for state, some in front.items():
            state = replace(state, physin=physin, portin=portin, oif=None)
            for origin, whose in origins:
                if self._may_be_shut(origin.bridge, origin):
                    mine = some & whose
                    some &= ~whose | self._open(
                        origin.bridge, replace(state, iif=origin.bridge), mine, origin, origin.name
                    )
            for group in groups:
                level = self.space.nothing
                for bridge, whose in group.items():
                    own = self.world.segment(bridge, self.family).up_from_port
                    up = some & whose & self.space.member(state.ends.dst, own)
                    add(rising, replace(state, iif=iif), up)
                    level |= some & whose & ~up
                name = self._one_of(group)
                senders = tuple(pair for pair in origins if pair[0].bridge in group)
                self._across({replace(state, iif=name): level}, name, state.ends.dst, senders)
        self._up(rising, origins)

    def _one_of(self, bridges: dict[str, Set]) -> Name:
        return self._name(tuple(bridges.items()))

    def _name(self, cases: Cases) -> Name:
        """The name that packets have, which may be another one for others of them."""
        found = cases[0][0] if len(cases) == 1 else self.space.by_origin(cases)
        assert not isinstance(found, int)
        return found

    def _switched_alike(self, bridges: dict[str, Set]) -> list[dict[str, Set]]:
        """Very many bridges by whether netfilter sees what they hand from port to port."""
        if not many(len(bridges)) or not self.alike:
            return [{bridge: whose} for bridge, whose in bridges.items()]
        found: dict[str | None, dict[str, Set]] = {}
        for bridge, whose in bridges.items():
            found.setdefault(self.world.bridge_nf(bridge, self.family), {})[bridge] = whose
        return list(found.values())

    def _wire(self, node: str, front: Front) -> None:
        """The packets arrive at an interface; on a bridge, a neighbour's address means across."""
        plain: Front = {}
        children: dict[Attachment, Front] = {}
        for state, some in front.items():
            bridge = state.iif
            if isinstance(bridge, str) and self.world.dead(node, bridge) is not False:
                lost = self._dead(node, bridge, some)
                self._silent(node, bridge, lost)
                self.end(Fate("link_down", node, hook="link"), state, lost)
                if not (some := some & ~lost).satisfiable():
                    continue
            for child in self._children(bridge) if node == HOST and isinstance(bridge, str) else ():
                here = some & self.space.member(state.ends.dst, self.addresses_of(child))
                self._to_child(node, child, "macvlan-child", state, here, children)
                some &= ~here
            if node != HOST or bridge not in self.world.bridges:
                add(plain, state, some)
                continue
            assert isinstance(bridge, str)
            senders = self._senders(bridge, state)
            for item, where in senders:
                if self._may_be_shut(bridge, item):
                    name = state.ends.src
                    some &= ~where | self._open(bridge, state, some & where, item, name)
            ports = ((self._port(bridge, item.port if item else None), where) for item, where in senders)
            cases = tuple((port, where) for port, where in ports if not isinstance(port, ByOrigin))
            named = tuple(((item.port if item else None) or UNNAMED, where) for item, where in senders)
            up = self.space.member(state.ends.dst, self.world.segment(bridge, self.family).up_from_wire)
            origins = tuple((item, where) for item, where in senders if item is not None)
            if self.sees_ports:
                physin, portin = self._name(cases), self._name(named)
                state = replace(state, physin=physin, portin=portin, portout=None)
            arriving: Front = {state: some}
            self._split(arriving, bridge, up, None, origins)
        if plain:
            self._go(node, self.visit(node).arrive(plain), ())
        for child, inside in children.items():
            assert child.node is not None
            self._go(child.node, self.visit(child.node).arrive(inside), ())

    def _up(self, front: Front, origins: Origins) -> None:
        """Through a bridge into the host's IP layer; br_netfilter may keep them on the bridge."""
        by_setting: dict[bool, Front] = {}
        for state, some in front.items():
            for nf, here in self._filtering(state):
                add(by_setting.setdefault(nf, {}), state, some & here)
        for nf, arriving in by_setting.items():
            self._rise(arriving, nf, origins)

    def _seen(self, bridge: str, state: State) -> Set:
        """The packets of a bridge that netfilter sees there."""
        setting = self.world.bridge_nf(bridge, self.family)
        if setting is None:
            doubt = Doubt("sysctl-decides", (BRIDGE_NF[self.family][0],))
            return self.space.choice(("bridge-nf", state.reply, state.visits), (doubt,))
        return self.space.everything if setting == "1" else self.space.nothing

    def _filtering(self, state: State) -> Iterator[tuple[bool, Set]]:
        """The packets on bridges that br_netfilter sees, and the others."""
        cases = state.iif.cases if isinstance(state.iif, ByOrigin) else ((state.iif, self.space.everything),)
        seen, everything = self.space.nothing, self.space.nothing
        for name, where in cases:
            everything |= where
            seen |= where & self._seen(str(name), state)
        yield True, seen
        yield False, everything & ~seen

    def _rise(self, front: Front, nf: bool, origins: Origins) -> None:
        host = self.visit(HOST)
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
            for kind, here in self.visit(HOST).frames(state.iif, state.ends.dst, some):
                if here.satisfiable():
                    mac = (1 << 48) - 1 if kind == BROADCAST else self.space.group_mac(state.ends.dst)
                    add(found, replace(state, dst_mac=mac), here)
                    some &= ~here
            if some.satisfiable():
                add(found, replace(state, dst_mac=self._own_mac(state)), some)
        return found

    def _handed_on(self, origins: Origins, front: Front) -> Front:
        """What br_netfilter routed to a neighbour on the same bridge looks for that one first."""
        found: Front = {}
        for state, some in self.visit(HOST).sought(front).items():
            for name, each, here in by_interface(state, some):
                sought = self._to_found(HOST, Leaving(name, state.towards, each, here))
                add(found, state, sought.some)
        return self._turned(origins, found)

    def _across(self, front: Front, bridge: Name, next_hop: Address | Bits, origins: Origins) -> None:
        """Between two ports of one bridge: netfilter sees it only with bridge-nf-call-iptables, of several
        bridges all or none (``_switched_alike``)."""
        front = {state: some for state, some in front.items() if some.satisfiable()}
        if not front:
            return
        host = self.visit(HOST)
        if self.sees_ports:
            ahead = self._noted(changed(front, oif=bridge, next_hop=next_hop))
            front = changed(ahead, oif=None, physout=None, portout=None)
        any_of_them = bridge.cases[0][0] if isinstance(bridge, ByOrigin) else bridge
        switched: Front = {}
        filtered: Front = {}
        for state, some in front.items():
            through = some & self._seen(str(any_of_them), state)
            towards = replace(state, oif=bridge, next_hop=next_hop)
            add(filtered, towards, through)
            add(switched, towards, some & ~through)
        if switched:
            self.space.note(Step("bridge", "FORWARD", code="bridge-switches", args=(str(any_of_them),)))
            level = host.bridge_hook("bridge-prerouting", changed(switched, oif=None))
            aimed = changed(level, oif=bridge)
            crossed = host.cross(self._turned(origins, aimed))
            self._go(HOST, bridged(crossed, next_hop), origins)
        turned = partial(self._handed_on, origins)
        asked = changed(filtered, oif=None, next_hop=None)
        for before, some in host.bridge_hook("bridge-prerouting", asked, "low").items():
            level = {}
            routed: Front = {}
            for state, part in host.prerouting({before: some}).items():
                same = self.space.equal(part, before.ends.dst, state.ends.dst)
                add(routed, state, part & ~same)
                add(level, state, same)
            self._go(HOST, host.input_decision(routed, turned), origins)
            level = host.bridge_hook("bridge-prerouting", level, "high")
            aimed = self._turned(origins, changed(level, oif=bridge, next_hop=next_hop))
            if aimed:
                step = Step("bridge", "FORWARD", code="bridge-netfilter", args=(str(any_of_them),))
                self.space.note(step)
                self._go(HOST, bridged(host.cross_filtered(aimed), next_hop), origins)
