"""One packet on a bridge of the host: up into the host's IP layer, or across to another port."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sekisho.semantics import solicitation
from sekisho.semantics.attachment import Attachment
from sekisho.semantics.hook_walk import End
from sekisho.semantics.journey import Doubt, Lean, Step
from sekisho.semantics.traveller import Traveller
from sekisho.semantics.visit import Leaves, Visit
from sekisho.semantics.world import BRIDGE_NF, HOST
from sekisho.values.address import Address

if TYPE_CHECKING:
    from sekisho.semantics.walk import Walk


@dataclass(slots=True)
class BridgeWalk:
    """``came_from``: who put the packet on the bridge, as far as anybody knows."""

    walk: Walk
    packet: Traveller
    reply: bool
    came_from: Attachment | None = None

    def _visit(self, node: str) -> Visit:
        walk = self.walk
        visit = Visit(walk.world.nodes[node], self.packet, walk.tracker(node), walk.choices, walk.leans,
                      reply=self.reply, spares=walk.spares)  # fmt: skip
        visit.turns_back = partial(self._handed_on, visit)
        return visit

    def _unsolicited(self, visit: Visit, leaves: Leaves) -> End | None:
        """Whether the namespace's own rules keep it from finding its IPv6 neighbour."""
        if leaves.linkdown:
            return None
        found = solicitation.sought(visit.host, leaves.interface, leaves.next_hop, self.packet.src)
        if found.refusal is None or (found.doubts and self.walk.choices.choose(found.doubts, 2)):
            return None
        self._before_the_search(visit)
        visit.steps.append(solicitation.refused(found.refusal, leaves.interface, leaves.next_hop))
        return End("neighbour_failed", answer="icmp6-addr-unreachable")

    def _before_the_search(self, visit: Visit) -> None:
        """An interface's egress comes after the search for the neighbour."""
        while visit.steps and (visit.steps[-1].table or "").startswith("netdev "):
            visit.steps.pop()

    # ---------------------------------------------------------------------------------- onto a bridge

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
        if end := self._shut(visit, origin.bridge, origin, origin.name):
            return visit, end
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
            sender = Address(packet.family, packet.src)
            source = self.walk.behind(bridge, sender)
            self._set_port(visit, source)
            if end := self._shut(visit, bridge, source, str(sender)):
                return end
            if packet.dst not in world.segment(bridge, packet.family).up_from_wire:
                return self._across(visit, bridge, Address(packet.family, packet.dst))
            return self._up(visit)
        return visit.arrive()

    def _up(self, visit: Visit) -> End | Leaves:
        """Through the bridge into the host's IP layer; br_netfilter may keep it on the bridge."""
        before, bridge = self.packet.dst, self.packet.iif or ""
        self.packet.carry_mac("dst_mac", visit.group_mac() or visit.host.mac(bridge))
        # br_netfilter asks the hook while the packet is on the bridge still.
        if not self._sees():
            end = visit.rise() or visit.prerouting(enters=True)
            return end or visit.input_decision()
        if end := visit.bridge_hook("bridge-prerouting", "low") or visit.prerouting():
            return end
        kept = self.packet.dst != before
        end = None if kept else visit.rise("high") or visit.entrance()
        return end or visit.input_decision(bridge if kept else None)

    def _set_port(self, visit: Visit, source: Attachment | None) -> None:
        """Rules see the bridge's port (physdev) only where br_netfilter hands them the packet."""
        setting = self._bridge_nf()
        self.packet.portin, self.packet.portout = (source.port if source else None) or "", None
        if setting == "1" and source is not None and source.port is not None:
            self.packet.physin = source.port
        elif setting != "0":
            self.packet.unstated |= {"physin"}

    def _bridge_nf(self) -> str | None:
        return self.walk.world.bridge_nf(self.packet.iif or "", self.packet.family)

    def _sees(self) -> bool:
        """Whether netfilter sees what is on the bridge."""
        setting = self._bridge_nf()
        if setting is None:
            doubt = Doubt("sysctl-decides", (BRIDGE_NF[self.packet.family][0],))
            return bool(self.walk.choices.choose((doubt,), 2))
        return setting == "1"

    def _across(self, visit: Visit, bridge: str, next_hop: Address) -> End | Leaves:
        """Between two ports of one bridge: netfilter sees it only with bridge-nf-call-iptables."""
        packet = self.packet
        target = self.walk.behind(bridge, next_hop)
        self.packet.carry_mac("dst_mac", target.mac if target else None)
        if not self._sees():
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

    # ---------------------------------------------------------------------------- from port to port

    def _handed_on(self, visit: Visit, next_hop: Address) -> End | None:
        """What br_netfilter routed to a neighbour on the same bridge looks for that one first
        (net/bridge/br_netfilter_hooks.c, br_nf_pre_routing_finish_bridge)."""
        bridge = self.packet.iif or ""
        end = visit.sought(bridge, next_hop)
        if end is None and next_hop.family == 6:
            end = self._unsolicited(visit, Leaves(bridge, next_hop))
        return end or self._turns_back(visit, next_hop)

    def _turns_back(self, visit: Visit, next_hop: Address) -> End | None:
        """Whether a bridge does not hand a frame to the port it is for: that is seen before the frame's
        FORWARD hook (net/bridge/br_forward.c, should_deliver)."""
        bridge, origin = self.packet.iif or "", self.came_from
        target = self.walk.behind(bridge, next_hop)
        self._aim(target)
        self.packet.physout = self.packet.portout
        name = target.name if target else str(next_hop)
        end = self._no_other(visit, bridge, next_hop) if target is None else None
        end = end or self._shut(visit, bridge, target, name) or self._kept_apart(visit, bridge, target, name)
        if end or origin is None or target is None or not origin.shares_port(target) or target.hairpin:
            return end
        if target.hairpin is False:
            visit.steps.append(Step("bridge", "DROP", code="bridge-no-hairpin", args=(bridge, target.name)))
            return End("dropped")
        visit.lean(Lean("hairpin-not-captured", (bridge, target.name)))
        return None

    def _no_other(self, visit: Visit, bridge: str, next_hop: Address) -> End | None:
        """Whether whoever is not known would be behind the port that the frame came in by."""
        if self.walk.world.strange_to(bridge, self.came_from).passes is not False:
            return None
        visit.steps.append(
            Step("link", "LINK_DOWN", code="bridge-no-other-port", args=(bridge, str(next_hop)))
        )
        return End("link_down")

    def _dead(self, node: str, interface: str) -> bool:
        """Whether no frame passes the interface."""
        dead = self.walk.world.dead(node, interface)
        if dead is None:
            return bool(self.walk.choices.choose((self.walk.world.links[node].unread_line(),), 2))
        return dead

    def _shut(self, visit: Visit, bridge: str, who: Attachment | None, name: str) -> End | None:
        """Whether no frame passes the bridge, or the port of somebody on it."""
        if self._dead(HOST, bridge):
            visit.steps.append(Step("link", "LINK_DOWN", code="bridge-silent", args=(bridge,)))
            return End("link_down")
        passes = (who or self.walk.world.strange(bridge)).passes
        if passes is None and who is not None:
            why = self.walk.world.links[HOST].decides("port", bridge, name)
            passes = not self.walk.choices.choose((why,), 2)
        if passes is not False:
            return None
        visit.steps.append(Step("link", "LINK_DOWN", code="bridge-port-shut", args=(bridge, name)))
        return End("link_down")

    def _silent(self, visit: Visit, interface: str) -> End:
        """No frame passes the interface: it is down, or without carrier."""
        switched_on = self.walk.world.links[visit.host.name].is_up(interface)
        code = "no-carrier" if switched_on else "interface-down"
        visit.steps.append(Step("link", "LINK_DOWN", code=code, args=(interface,)))
        return End("link_down")

    def _kept_apart(self, visit: Visit, bridge: str, target: Attachment | None, name: str) -> End | None:
        """Isolated ports of a bridge hand one another nothing, be it in hairpin mode (br_skb_isolated)."""
        sender, world = self.came_from, self.walk.world
        ends = (
            (sender or world.strange(bridge)).isolated,
            (target or world.strange_to(bridge, sender)).isolated,
        )
        if False in ends:
            return None
        if None in ends:
            why = self.walk.world.links[HOST].decides("isolation", bridge, name)
            if not self.walk.choices.choose((why,), 2):
                return None
        visit.steps.append(Step("bridge", "DROP", code="bridge-isolated", args=(bridge, name)))
        return End("dropped")

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
