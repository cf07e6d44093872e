"""One packet's leg through all namespaces: visits, and what lies between them (bridges, links, loopback)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from sekisho.semantics import solicitation
from sekisho.semantics.chains import Choices
from sekisho.semantics.conntrack import Connection, Tracker
from sekisho.semantics.hook_walk import End
from sekisho.semantics.journey import Doubt, Hop, Lean, Leg, Step
from sekisho.semantics.traveller import Traveller
from sekisho.semantics.visit import Leaves, Visit
from sekisho.semantics.world import HOST, Attachment, World
from sekisho.values.address import Address

# A packet that has been through this many namespaces goes round in circles.
MAX_VISITS = 16

BRIDGE_NF = {4: "net.bridge.bridge-nf-call-iptables", 6: "net.bridge.bridge-nf-call-ip6tables"}


@dataclass(slots=True)
class Walk:
    """State that lasts over both legs of a journey: connections and what was assumed. ``ended``: the
    connection and the direction of the latest packet when its way ended. ``spares``: no rule drops what
    sets out now."""

    world: World
    choices: Choices
    trackers: dict[str, Tracker] = field(default_factory=dict)
    leans: dict[Lean, None] = field(default_factory=dict)
    stranger: Attachment | None = None
    ended: tuple[Connection, int] | None = None
    ended_untracked: bool = False
    ended_zones: tuple[int, int] | None = None
    spares: bool = False

    def behind(self, bridge: str, address: Address) -> Attachment | None:
        """What answers for the address on that bridge; ``stranger`` is the journey's own starting point
        where the snapshot does not know it."""
        found = self.world.behind(bridge, address)
        mine = self.stranger
        if found is None and mine is not None and mine.bridge == bridge and address in mine.addresses:
            return mine
        return found

    def leg(self, packet: Traveller, node: str, start: str, *, reply: bool = False,
            origin: Attachment | None = None,
            carries: tuple[Connection, int] | None = None, template: bool = False) -> Leg:  # fmt: skip
        """Let the packet set out: ``start`` is "process" (sent in ``node``), "interface" (arrives at
        ``packet.iif`` of ``node``), or "attachment" (``origin`` puts it on its bridge). ``carries``: the
        connection and direction of what the host itself sends because of another packet; ``template``: that
        one had a template or was untracked, and CT targets find this one taken."""
        return _Leg(self, packet, reply, carries, template).run(node, start, origin)

    def tracker(self, node: str) -> Tracker:
        """The connection table of a namespace."""
        return self.trackers.setdefault(node, Tracker())


@dataclass(slots=True)
class _Leg:
    walk: Walk
    packet: Traveller
    reply: bool
    carries: tuple[Connection, int] | None = None
    template: bool = False
    hops: list[Hop] = field(default_factory=list)
    came_from: Attachment | None = None

    def run(self, node: str, start: str, origin: Attachment | None) -> Leg:
        if start == "process":
            visit = self._visit(node)
            if self.carries is not None:
                visit.carry(*self.carries)
            elif self.template:
                visit.template = True
            went = visit.send()
        elif start == "attachment":
            assert origin is not None
            visit, went = self._onto_bridge(origin, None)
        else:
            visit = self._visit(node)
            sender = Address(self.packet.family, self.packet.src)
            self.came_from = self.walk.behind(self.packet.iif or "", sender) if node == HOST else None
            child = self._child(node)
            if child is not None:
                step = self._to_child(visit, child, "macvlan-child")
                if isinstance(step, Leg):
                    return step
                visit, went = step
            else:
                went = self._arrive_wire(visit)
        for _ in range(MAX_VISITS):
            node = visit.host.name
            if isinstance(went, End):
                return self._finish(visit, went)
            if went.interface == "lo":
                self._hop(visit, "lo")
                visit = self._again(visit)
                went = visit.arrive_loopback()
                continue
            step = self._leave(visit, node, went)
            if isinstance(step, Leg):
                return step
            visit, went = step
        return self._finish(visit, End("loop"))

    # ---------------------------------------------------------------------------- between namespaces

    def _leave(self, visit: Visit, node: str, leaves: Leaves) -> Leg | tuple[Visit, End | Leaves]:
        """Out of ``node`` by an interface: to a container behind a bridge, to the host, or away."""
        world = self.walk.world
        if leaves.next_hop.family == 6 and not leaves.bridged and (end := self._unsolicited(visit, leaves)):
            return self._finish(visit, end)
        if node != HOST:
            mine = next(
                (a for a in world.named(node) if a.node == node and a.interface == leaves.interface), None
            )
            if mine is None:
                return self._leave_wire(visit, node, leaves)
            self._hop(visit, leaves.interface)
            visit, went = self._onto_bridge(mine, leaves.next_hop)
            return visit, went
        if leaves.interface not in world.bridges:
            if world.on_wire(leaves.interface, leaves.next_hop) is not None:
                return self._finish(visit, self._apart(visit, leaves))
            return self._finish(visit, self._away(visit, leaves))
        next_hop = leaves.next_hop
        self.packet.oif, self.packet.next_hop = leaves.interface, next_hop
        target = self.walk.behind(leaves.interface, next_hop)
        if leaves.linkdown and (target is None or self._only_inferred(target)):
            return self._finish(visit, self._no_carrier(visit, leaves))
        if end := self._descend(visit, leaves, target):
            return self._finish(visit, end)
        if target is None:
            return self._finish(visit, self._nobody(visit, leaves))
        visit.steps.append(
            Step("bridge", "FORWARD", code="bridge-to", args=(leaves.interface, target.name, str(next_hop)))
        )
        if target.node is None:
            return self._finish(visit, self._into_unknown(visit, target))
        self._hop(visit, leaves.interface)
        inner = self._enter(target)
        return inner, inner.arrive()

    # ------------------------------------------------------------------- macvlan and ipvlan children

    def _child(self, node: str) -> Attachment | None:
        """The child of the interface that the packet arrives at, where the packet is for it."""
        if node != HOST or self.packet.iif is None:
            return None
        return self.walk.world.on_wire(self.packet.iif, Address(self.packet.family, self.packet.dst))

    def _to_child(self, visit: Visit, child: Attachment, code: str) -> Leg | tuple[Visit, End | Leaves]:
        """A frame for a child's own MAC never enters the parent's IP layer."""
        visit.steps.append(Step("link", "FORWARD", code=code, args=(child.bridge, child.name)))
        if child.node is None:
            return self._finish(visit, self._into_unknown(visit, child))
        self._hop(visit, None)
        inner = self._enter(child)
        return inner, inner.arrive()

    def _leave_wire(self, visit: Visit, node: str, leaves: Leaves) -> Leg | tuple[Visit, End | Leaves]:
        """Out of a child by its parent's wire: to a sibling, to what is out there, but never to the host."""
        world = self.walk.world
        mine = next((a for a in world.wires if (a.node, a.interface) == (node, leaves.interface)), None)
        if mine is not None:
            sibling = world.on_wire(mine.bridge, leaves.next_hop)
            if sibling is not None:
                return self._to_child(visit, sibling, "macvlan-sibling")
            own = world.host.addresses[self.packet.family]
            if any(a.interface == mine.bridge and a.value == leaves.next_hop.value for a in own):
                return self._finish(visit, self._apart(visit, leaves))
        return self._finish(visit, self._away(visit, leaves))

    def _apart(self, visit: Visit, leaves: Leaves) -> End:
        """Parent and child never see one another's frames (drivers/net/macvlan.c)."""
        args = (leaves.interface, str(leaves.next_hop))
        visit.steps.append(Step("neighbour", "NEIGHBOUR_FAILED", code="macvlan-apart", args=args))
        answer = "icmp-host-unreachable" if self.packet.family == 4 else "icmp6-addr-unreachable"
        return End("neighbour_failed", answer=answer)

    def _handed_on(self, visit: Visit, next_hop: Address) -> End | None:
        """What br_netfilter routed to a neighbour on the same bridge looks for that one first
        (net/bridge/br_netfilter_hooks.c, br_nf_pre_routing_finish_bridge)."""
        end = None
        if next_hop.family == 6:
            end = self._unsolicited(visit, Leaves(self.packet.iif or "", next_hop))
        return end or self._turns_back(visit, next_hop)

    def _turns_back(self, visit: Visit, next_hop: Address) -> End | None:
        """Whether a bridge would have to send a frame back out of the port that it came in by: that is
        seen before the frame's FORWARD hook (net/bridge/br_forward.c, should_deliver)."""
        bridge, origin = self.packet.iif or "", self.came_from
        target = self.walk.behind(bridge, next_hop)
        self._aim(target)
        self.packet.physout = self.packet.portout
        if origin is None or target is None or not origin.shares_port(target) or target.hairpin:
            return None
        if target.hairpin is False:
            visit.steps.append(Step("bridge", "DROP", code="bridge-no-hairpin", args=(bridge, target.name)))
            return End("dropped")
        visit.lean(Lean("hairpin-not-captured", (bridge, target.name)))
        return None

    def _aim(self, target: Attachment | None, mac: str | None = None) -> None:
        """Which port of the bridge the frame is for, and whose MAC address it carries."""
        self.packet.portout = (target.port if target else None) or ""
        self.packet.carry_mac("dst_mac", (target.mac if target else None) or mac)

    def _descend(self, visit: Visit, leaves: Leaves, target: Attachment | None) -> End | None:
        """Past the bridge's own chains, for what the host itself hands to it; nobody's address is found
        beforehand where Docker knows all."""
        if leaves.bridged or (target is None and leaves.interface in self.walk.world.docker_bridges):
            return None
        packet = self.packet
        sent_by, open_before = packet.src_mac, packet.unstated
        self._aim(target)
        self.packet.carry_mac("src_mac", visit.host.mac(leaves.interface))
        end = visit.descend()
        packet.src_mac, packet.unstated = sent_by, open_before
        return end

    def _into_unknown(self, visit: Visit, target: Attachment) -> End:
        """A container whose own namespace was not captured takes the packet, as far as anybody knows."""
        if target.origin == "rule":
            visit.lean(Lean("container-inferred", (target.name, target.bridge)))
        elif not self.reply:
            visit.lean(Lean("container-not-captured", (target.name,)))
        visit.steps.append(Step("socket", "DELIVERED", code="container-takes", args=(target.name,)))
        return End("delivered", where=target.name)

    def _only_inferred(self, target: Attachment) -> bool:
        return target.origin == "rule" and target is not self.walk.stranger

    def _unsolicited(self, visit: Visit, leaves: Leaves) -> End | None:
        """Whether the namespace's own rules keep it from finding its IPv6 neighbour."""
        if leaves.linkdown:
            return None
        found = solicitation.sought(visit.host, leaves.interface, leaves.next_hop, self.packet.src)
        if found.refusal is None or (found.doubts and self.walk.choices.choose(found.doubts, 2)):
            return None
        while visit.steps and (visit.steps[-1].table or "").startswith("netdev "):
            visit.steps.pop()  # the egress comes after the search
        visit.steps.append(solicitation.refused(found.refusal, leaves.interface, leaves.next_hop))
        return End("neighbour_failed", answer="icmp6-addr-unreachable")

    def _no_carrier(self, visit: Visit, leaves: Leaves) -> End:
        """Frames for an interface without carrier are dropped, address resolution included, so that
        the sender is told what it is told of a neighbour that does not answer."""
        visit.steps.append(Step("link", "LINK_DOWN", code="no-carrier", args=(leaves.interface,)))
        answer = "icmp-host-unreachable" if self.packet.family == 4 else "icmp6-addr-unreachable"
        return End("link_down", answer=answer)

    def _away(self, visit: Visit, leaves: Leaves) -> End:
        if leaves.linkdown:
            return self._no_carrier(visit, leaves)
        visit.steps.append(
            Step("neighbour", "EXITS", code="leaves-by", args=(leaves.interface, str(leaves.next_hop)))
        )
        return End("exits")

    def _nobody(self, visit: Visit, leaves: Leaves) -> End:
        """Nothing that is known answers for the address on this bridge."""
        args = (leaves.interface, str(leaves.next_hop))
        if leaves.interface in self.walk.world.docker_bridges:
            visit.lean(Lean("docker-knows-all", (leaves.interface,)))
            visit.steps.append(Step("neighbour", "NEIGHBOUR_FAILED", code="nobody-answers", args=args))
            answer = "icmp-host-unreachable" if self.packet.family == 4 else "icmp6-addr-unreachable"
            return End("neighbour_failed", kernel_reason="NEIGH_FAILED", answer=answer)
        visit.lean(Lean("bridge-members-not-captured", args))
        visit.steps.append(Step("neighbour", "EXITS", code="leaves-by-bridge", args=args))
        return End("exits")

    def _onto_bridge(self, origin: Attachment, next_hop: Address | None) -> tuple[Visit, End | Leaves]:
        """A frame from an attachment enters its bridge port: up to the host, or across the bridge.

        ``next_hop`` None: the attachment's own routing is not known, a container's usual one is taken.
        """
        visit, packet = self._visit(HOST), self.packet
        self.came_from = origin
        if origin.node is not None:
            packet.cross()
        packet.iif, packet.oif = origin.bridge, None
        self._set_port(visit, origin)
        if origin.node is None and not self.reply:
            visit.lean(Lean("container-routing-assumed", (origin.name,)))
        segment = self.walk.world.segment(origin.bridge, packet.family)
        if next_hop is None:
            up, next_hop = packet.dst in segment.up_from_port, Address(packet.family, packet.dst)
        else:
            up = next_hop.family == packet.family and next_hop.value in segment.own
        return visit, self._up(visit) if up else self._across(visit, origin.bridge, next_hop)

    def _arrive_wire(self, visit: Visit) -> End | Leaves:
        """The packet arrives at an interface; on a bridge, a neighbour's address means across."""
        world, packet = self.walk.world, self.packet
        bridge = packet.iif or ""
        if visit.host.name == HOST and bridge in world.bridges:
            source = self.walk.behind(bridge, Address(packet.family, packet.src))
            self._set_port(visit, source)
            if packet.dst not in world.segment(bridge, packet.family).up_from_wire:
                return self._across(visit, bridge, Address(packet.family, packet.dst))
            return self._up(visit)
        return visit.arrive()

    def _up(self, visit: Visit) -> End | Leaves:
        """Through the bridge into the host's IP layer; br_netfilter may keep it on the bridge."""
        before, bridge = self.packet.dst, self.packet.iif or ""
        self.packet.carry_mac("dst_mac", visit.group_mac() or visit.host.mac(bridge))
        # br_netfilter asks the hook while the packet is on the bridge still.
        if self._bridge_nf(visit) != "1":
            end = visit.rise() or visit.prerouting(enters=True)
            return end or visit.input_decision()
        if end := visit.bridge_hook("bridge-prerouting", "low") or visit.prerouting():
            return end
        kept = self.packet.dst != before
        end = None if kept else visit.rise("high") or visit.entrance()
        return end or visit.input_decision(bridge if kept else None)

    def _set_port(self, visit: Visit, source: Attachment | None) -> None:
        """Rules see the bridge's port (physdev) only where br_netfilter hands them the packet."""
        setting = self._bridge_nf(visit)
        self.packet.portin, self.packet.portout = (source.port if source else None) or "", None
        if setting == "1" and source is not None and source.port is not None:
            self.packet.physin = source.port
        elif setting != "0":
            self.packet.unstated |= {"physin"}

    def _bridge_nf(self, visit: Visit) -> str | None:
        return visit.host.facts.sysctl(BRIDGE_NF[self.packet.family])

    def _across(self, visit: Visit, bridge: str, next_hop: Address) -> End | Leaves:
        """Between two ports of one bridge: netfilter sees it only with bridge-nf-call-iptables."""
        packet = self.packet
        target = self.walk.behind(bridge, next_hop)
        self.packet.carry_mac("dst_mac", target.mac if target else None)
        setting = self._bridge_nf(visit)
        if setting is None:
            doubt = Doubt("sysctl-decides", (BRIDGE_NF[packet.family],))
            setting = str(self.walk.choices.choose((doubt,), 2))
        if setting != "1":
            visit.steps.append(Step("bridge", "FORWARD", code="bridge-switches", args=(bridge,)))
            end = visit.bridge_hook("bridge-prerouting") or self._turns_back(visit, next_hop)
            packet.oif = bridge
            return end or visit.cross() or Leaves(bridge, next_hop, bridged=True)
        before = packet.dst
        if end := visit.bridge_hook("bridge-prerouting", "low") or visit.prerouting():
            return end
        if packet.dst != before:
            return visit.input_decision(bridge)
        if end := visit.bridge_hook("bridge-prerouting", "high") or self._turns_back(visit, next_hop):
            return end
        packet.oif, packet.next_hop = bridge, next_hop
        visit.steps.append(Step("bridge", "FORWARD", code="bridge-netfilter", args=(bridge,)))
        return visit.cross_filtered() or Leaves(bridge, next_hop, bridged=True)

    # ------------------------------------------------------------------------------------- visits

    def _visit(self, node: str) -> Visit:
        walk = self.walk
        visit = Visit(walk.world.nodes[node], self.packet, walk.tracker(node), walk.choices, walk.leans,
                      reply=self.reply, spares=walk.spares)  # fmt: skip
        visit.turns_back = partial(self._handed_on, visit)
        return visit

    def _again(self, visit: Visit) -> Visit:
        """The same packet once more in the same namespace, its connection still attached. Where it has
        none it is tracked anew, and the zone of the first time is forgotten."""
        again = self._visit(visit.host.name)
        if visit.connection is None:
            self.packet.zone = self.packet.zone_reply = 0
        again.connection, again.untracked = visit.connection, visit.untracked
        again.template = visit.untracked  # NOTRACK lasts, and no CT target speaks after it
        self.packet.iif, self.packet.oif = "lo", None
        return again

    def _enter(self, target: Attachment) -> Visit:
        """Over the veth pair into a captured namespace: marks and connections stay behind."""
        assert target.node is not None
        self.packet.cross()
        self.packet.iif, self.packet.oif = target.interface, None
        return self._visit(target.node)

    def _hop(self, visit: Visit, out: str | None) -> None:
        first_in = self.packet.iif
        self.hops.append(Hop(visit.host.name, first_in, out, tuple(visit.steps)))

    def _finish(self, visit: Visit, end: End) -> Leg:
        goes_on = end.disposition == "exits" or end.where not in ("", visit.host.name)
        out = self.packet.oif if goes_on else None
        self._hop(visit, out)
        self.walk.ended_untracked, self.walk.ended_zones = visit.untracked, visit.template_zones()
        ends_in = visit.connection, self.packet.ctdir
        self.walk.ended = None if ends_in[0] is None or ends_in[1] is None else (ends_in[0], ends_in[1])
        return Leg(end.disposition, tuple(self.hops), self.packet.packet(), end.doubts, end.kernel_reason,
                   end.answer, end.where)  # fmt: skip
