"""One packet's leg through all namespaces: visits, and what lies between them (bridges, links, loopback)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sekisho.semantics.attachment import Attachment
from sekisho.semantics.bridge_walk import BridgeWalk
from sekisho.semantics.choices import Choices
from sekisho.semantics.conntrack import Connection, Tracker
from sekisho.semantics.hidden_gateways import hop_words, unseen
from sekisho.semantics.hook_walk import End
from sekisho.semantics.journey import Doubt, Hop, Lean, Leg, Step
from sekisho.semantics.switches import picks_up
from sekisho.semantics.traveller import UNICAST, Traveller
from sekisho.semantics.visit import Leaves, Visit
from sekisho.semantics.world import HOST, World
from sekisho.values.address import Address

# A packet that has been through this many namespaces goes round in circles.
MAX_VISITS = 16


@dataclass(slots=True)
class Walk:
    """State that lasts over both legs of a journey: connections and what was assumed. ``ended``: the
    connection and the direction of the latest packet when its way ended, ``ended_kind`` whom it was for,
    ``hidden`` why nobody knows the source that the host gave it.
    ``spares``: no rule drops what sets out now."""

    world: World
    choices: Choices
    trackers: dict[str, Tracker] = field(default_factory=dict)
    leans: dict[Lean, None] = field(default_factory=dict)
    stranger: Attachment | None = None
    ended: tuple[Connection, int] | None = None
    ended_untracked: bool = False
    ended_zones: tuple[int, int] | None = None
    ended_kind: int = UNICAST
    hidden: Doubt | None = None
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
            carries: tuple[Connection, int] | None = None, template: bool = False,
            answers: bool = False) -> Leg:  # fmt: skip
        """Let the packet set out: ``start`` is "process" (sent in ``node``), "interface" (arrives at
        ``packet.iif`` of ``node``), or "attachment" (``origin`` puts it on its bridge). ``carries``: the
        connection and direction of what the host itself sends because of another packet; ``template``: that
        one had a template or was untracked, and CT targets find this one taken. ``answers``: routing has to
        let the host send from its address."""
        return _Leg(self, packet, reply, None, carries, template, answers).run(node, start, origin)

    def tracker(self, node: str) -> Tracker:
        """The connection table of a namespace."""
        found = self.trackers.get(node)
        if found is None:
            found = self.trackers[node] = Tracker(picks_up(self.world.nodes[node].facts))
        return found


@dataclass(slots=True)
class _Leg(BridgeWalk):
    carries: tuple[Connection, int] | None = None
    template: bool = False
    answers: bool = False
    hops: list[Hop] = field(default_factory=list)

    def run(self, node: str, start: str, origin: Attachment | None) -> Leg:
        if start == "process":
            visit = self._visit(node)
            if self.carries is not None:
                visit.carry(*self.carries)
            elif self.template:
                visit.template = True
            went = visit.answer() if self.answers else visit.send()
        elif start == "attachment":
            assert origin is not None
            visit, went = self._onto_bridge(origin, None)
        else:
            visit = self._visit(node)
            sender = Address(self.packet.family, self.packet.src)
            self.came_from = self.walk.behind(self.packet.iif or "", sender) if node == HOST else None
            if self._dead(node, self.packet.iif or ""):
                return self._finish(visit, self._silent(visit, self.packet.iif or ""))
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
            if self._dead(node, went.interface):
                return self._finish(visit, self._no_carrier(visit, went))
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
        if target is None and (end := self._unanswered(visit, leaves)):
            return self._finish(visit, end)
        if not leaves.bridged and (end := self._shut(visit, leaves.interface, target, str(next_hop))):
            return self._finish(visit, replace(end, answer=self._unreachable()))
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
        return End("neighbour_failed", answer=self._unreachable())

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

    def _no_carrier(self, visit: Visit, leaves: Leaves) -> End:
        """Frames for an interface without carrier are dropped, address resolution included, so that
        the sender is told what it is told of a neighbour that does not answer."""
        return replace(self._silent(visit, leaves.interface), answer=self._unreachable())

    def _unreachable(self) -> str:
        return "icmp-host-unreachable" if self.packet.family == 4 else "icmp6-addr-unreachable"

    def _away(self, visit: Visit, leaves: Leaves) -> End:
        if leaves.linkdown:
            return self._no_carrier(visit, leaves)
        if end := self._unanswered(visit, leaves):
            return end
        if leaves.next_hop == unseen(leaves.next_hop.family):
            visit.lean(Lean("gateway-not-shown", (leaves.interface,)))
        visit.steps.append(
            Step("neighbour", "EXITS", code="leaves-by", args=(leaves.interface, hop_words(leaves.next_hop)))
        )
        return End("exits")

    def _unanswered(self, visit: Visit, leaves: Leaves) -> End | None:
        """Whether the next hop did not answer when the host was captured, or cannot: nothing leaves without
        its MAC address."""
        hop, args = leaves.next_hop, (leaves.interface, str(leaves.next_hop))
        if leaves.bridged:
            return None
        if hop.value in visit.host.silent(leaves.interface, hop.family):
            visit.lean(Lean("neighbour-silent", args))
            code = "neighbour-silent-now"
        elif hop.value in visit.host.unfindable(leaves.interface, hop.family):
            code = "neighbour-is-oneself"
        else:
            return None
        self._before_the_search(visit)
        visit.steps.append(Step("neighbour", "NEIGHBOUR_FAILED", code=code, args=args))
        return End("neighbour_failed", kernel_reason="NEIGH_FAILED", answer=self._unreachable())

    def _nobody(self, visit: Visit, leaves: Leaves) -> End:
        """Nothing that is known answers for the address on this bridge."""
        args = (leaves.interface, str(leaves.next_hop))
        if leaves.interface in self.walk.world.docker_bridges:
            visit.lean(Lean("docker-knows-all", (leaves.interface,)))
            visit.steps.append(Step("neighbour", "NEIGHBOUR_FAILED", code="nobody-answers", args=args))
            return End("neighbour_failed", kernel_reason="NEIGH_FAILED", answer=self._unreachable())
        visit.lean(Lean("bridge-members-not-captured", args))
        visit.steps.append(Step("neighbour", "EXITS", code="leaves-by-bridge", args=args))
        return End("exits")

    # ------------------------------------------------------------------------------------- visits

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
        self.walk.ended_kind, self.walk.hidden = self.packet.route_kind, self.packet.hidden
        ends_in = visit.connection, self.packet.ctdir
        self.walk.ended = None if ends_in[0] is None or ends_in[1] is None else (ends_in[0], ends_in[1])
        return Leg(end.disposition, tuple(self.hops), self.packet.packet(), end.doubts, end.kernel_reason,
                   end.answer, end.where)  # fmt: skip
