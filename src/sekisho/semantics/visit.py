"""One packet's stay in one namespace: in by an interface or a process, out by an interface or a socket.

wire ─► [bridge] ─► PREROUTING ─► martians ─► route ─┬─► source check ─► INPUT ─► socket
                                                     └─► forwarding ─► source check ─► ttl ─► FORWARD ─┐
process ─► route ─► OUTPUT ─► (route again) ──────────────────────────────────► POSTROUTING ◄──────────┘
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import partial

from sekisho.semantics import delivery, routing, size
from sekisho.semantics.bridging import BridgeHooks
from sekisho.semantics.chains import Passed
from sekisho.semantics.hook_walk import End
from sekisho.semantics.journey import Doubt, Step
from sekisho.semantics.program import Accept, ChainCode, NotUnderstood, RouteTo, Stop, Way
from sekisho.semantics.related import is_error
from sekisho.semantics.second_lookup import look_again
from sekisho.semantics.source_address import best_address, preferred_by_route
from sekisho.semantics.traveller import BROADCAST, MULTICAST, UNICAST, Traveller, of_root
from sekisho.values.address import Address, format_ip
from sekisho.values.names import mac_text
from sekisho.values.packet import ICMP, TCP

# It leaves and comes back as well.
SENT_TO_EVERYBODY = Doubt("sent-to-everybody")


@dataclass(frozen=True, slots=True)
class Leaves:
    """The packet goes out by ``interface`` towards ``next_hop``. ``linkdown``: its
    route says that the interface has no carrier. ``bridged``: a bridge switches it from another port."""

    interface: str
    next_hop: Address
    linkdown: bool = False
    bridged: bool = False


@dataclass(slots=True)
class Visit(BridgeHooks):
    """One stay; see the picture above."""

    # ------------------------------------------------------------------------------ the two ways in

    def arrive(self) -> End | Leaves:
        """The packet comes in by ``packet.iif``."""
        return self.prerouting(enters=True) or self.input_decision()

    def arrive_loopback(self) -> End | Leaves:
        """Back in over lo: the packet still has the route it was sent by, so there is no new lookup
        (ip_rcv_finish: skb_valid_dst), unless its destination is translated once more (nf_nat_ipv4_in)."""
        before = self.packet.dst
        if end := self.prerouting():
            return end
        return self.local_input() if self.packet.dst == before else self.input_decision()

    def entrance(self) -> End | None:
        """What is refused before any hook."""
        return self._object(self.program.entrance)

    def prerouting(self, enters: bool = False) -> End | None:
        """The interface's own chains, then what no IP packet may be (``enters``), then PREROUTING."""
        packet = self.packet
        packet.reverse_path = partial(routing.reverse_path, self.program)
        packet.pkttype = self._frame_kind()
        end = self.hook("ingress") or (self.entrance() if enters else None)
        return end or self.hook("prerouting")

    def group_mac(self) -> str | None:
        """The MAC address of a frame for everybody or for a group; None: it is for one."""
        packet, kind = self.packet, self._frame_kind()
        if kind == BROADCAST:
            return "ff:ff:ff:ff:ff:ff"
        if kind == UNICAST:
            return None
        low = packet.dst & 0xFFFFFFFF if packet.family == 6 else packet.dst & 0x7FFFFF
        return mac_text(low | (0x333300000000 if packet.family == 6 else 0x01005E000000))

    def _frame_kind(self) -> int:
        """Whom the frame is for: that of a group's or broadcast address has such a MAC address too."""
        packet = self.packet
        if packet.family == 6:
            return MULTICAST if packet.dst >> 120 == 0xFF else UNICAST
        if packet.dst >> 28 == 0xE:
            return MULTICAST
        everybody = packet.dst == 0xFFFFFFFF or packet.dst in self.host.broadcasts(packet.iif or "")
        return BROADCAST if everybody else UNICAST

    def input_decision(self, bridge: str | None = None) -> End | Leaves:
        """The input route lookup and all that follows it.

        ``bridge``: the packet's destination was translated while br_netfilter had it on this bridge.
        """
        packet, program = self.packet, self.program
        passed = routing.check(program.arrival, program, packet, self.choices)
        if isinstance(passed.action, Accept):
            passed = routing.lookup(program, packet, self.choices)
        action = passed.action
        self.lean(*self.host.leans[packet.family])
        if not isinstance(action, RouteTo):
            # Where nothing may be forwarded, an IPv4 route that refuses is not even answered.
            # One of which nobody knows what it says may as well be for the host itself.
            refuses = packet.family == 4 and not isinstance(action, NotUnderstood)
            looked_up = refuses and passed.chain.name != program.arrival.name
            if bridge is not None and looked_up and (end := self._above(bridge)):
                return end  # the refusal is a route as well, to be met above the bridge (ip_error)
            return (self._object(program.forwarding) if looked_up else None) or self._refused(passed)
        way = routing.pick_way(action, self.choices)
        taken = routing.stays(action, packet.family)
        if bridge is not None and packet.family == 6:
            if way.dev == bridge and not taken:
                return self.bridge_on(passed, way, bridge)
            if end := self.entrance():  # only now it comes up to IPv6
                return end
        if taken:
            packet.route_kind = routing.kind_of(action)
            if (action.kind != "broadcast" or packet.src) and (end := self._object(program.source_check)):
                return end
            self.steps.append(routing.route_step(passed, "LOCAL", way, packet))
            return (self._above(bridge) if bridge is not None else None) or self.local_input()
        if routing.goes_round(action, way, packet.family):
            return End("undetermined", (routing.GOES_ROUND,))
        packet.oif = way.dev
        end = self._object(program.forwarding)
        if end is not None and bridge is not None and packet.family == 4:
            packet.oif = None
            return self._above(bridge) or end  # that refusal, too, is met above the bridge
        strange = routing.refused_onward(action, packet.family)
        if end is None and strange is not None:
            end = self._refused(Passed(program.forwarding, None, strange))
        if end is None and packet.family == 6:
            end = self._expired()  # IPv6 looks at the hop limit before it looks at the source (ip6_forward)
        # What br_netfilter routed for its new destination seems to IPv6 to come in where it goes out.
        turned = bridge is not None and packet.family == 6
        if end := end or (None if turned else self._object(program.source_check)):
            packet.oif = None
            return end
        if bridge is not None and way.dev == bridge:
            return self.bridge_on(passed, way, bridge)
        self.steps.append(routing.route_step(passed, "FORWARD", way, packet))
        if bridge is not None:
            packet.oif = None
            if end := self._above(bridge):
                return end
        return self.forward(way)

    def _above(self, bridge: str) -> End | None:
        """Up from a bridge where br_netfilter routed the packet: the frame is for the bridge itself from now
        on (br_nf_pre_routing_finish: ether_addr_copy)."""
        self.packet.carry_mac("dst_mac", self.host.mac(bridge))
        return self.rise("high")

    def bridge_on(self, passed: Passed, way: Way, bridge: str) -> End | Leaves:
        """A new neighbour on the same bridge is handed to its port rather than routed: nothing is taken
        off its TTL, and IPv6 does not ask whether it may forward (net/bridge/br_netfilter_hooks.c,
        br_nf_pre_routing_finish; br_netfilter_ipv6.c)."""
        packet = self.packet
        self.steps.append(routing.route_step(passed, "FORWARD", way, packet))
        packet.oif, packet.next_hop = None, way.via or Address(packet.family, packet.dst)
        if end := self.bridge_hook("bridge-prerouting", "high"):
            return end
        packet.oif = bridge
        end = self.turns_back(packet.next_hop) if self.turns_back else None
        end = end or self.cross_filtered()
        return end or Leaves(bridge, packet.next_hop, linkdown="linkdown" in way.flags, bridged=True)

    def forward(self, way: Way) -> End | Leaves:
        """ip_forward(): no frame that was for everybody; the TTL, then FORWARD, then POSTROUTING."""
        packet = self.packet
        if packet.pkttype != UNICAST:
            self.steps.append(Step("forward", "NOT_FORWARDING", code="forward-for-everybody"))
            return End("not_forwarding")
        if end := self._expired() or self._too_big(way, forwards=True):
            return end
        packet.ttl -= 1
        packet.oif = way.dev or ""
        packet.next_hop = way.via or Address(packet.family, packet.dst)
        self.linkdown = "linkdown" in way.flags
        if end := self.hook("forward"):
            return end
        left = self.postrouting()
        if packet.family == 6 and isinstance(left, Leaves):
            return self._too_big(way) or left
        return left

    def _too_big(self, way: Way, forwards: bool = False) -> End | None:
        """Whether what is forwarded is longer than what may go that way; ``forwards``: as before FORWARD."""
        if self.packet.piece is None:
            return None
        mtu = size.way_mtu(self.host.facts, way, self.packet.family, forwards)
        if not self._stuck(way, mtu):
            return None
        self.steps.append(Step("forward", "TOO_BIG", code="too-big", args=(way.dev or "", str(mtu or "?"))))
        reason = "PKT_TOO_BIG" if forwards else None
        return End("too_big", kernel_reason=reason, answer=size.TOO_BIG[self.packet.family])

    def _refused_by_socket(self) -> End | None:
        """The sender is told at once that its packet is too long (EMSGSIZE)."""
        way = self.way
        if way is None or self.packet.oif == "lo" or self.packet.piece is None:
            return None
        mtu = size.way_mtu(self.host.facts, way, self.packet.family)
        if not self._stuck(way, mtu, may_cut=self.packet.family == 6):
            return None
        args = (way.dev or "", str(mtu or "?"))
        self.steps.append(Step("output", "TOO_BIG", code="message-too-long", args=args))
        return End("too_big")

    def _stuck(self, way: Way, mtu: int | None, may_cut: bool = False) -> bool:
        """Whether the packet is too long and stays whole; else it goes on, in pieces where it must."""
        if not size.longer(self.packet, mtu, way.dev, self.choices):
            return False
        if not may_cut and size.stays_whole(self.packet, self.choices):
            return True
        self.packet.piece = mtu
        return False

    def _expired(self) -> End | None:
        """The packet has been through as many routers as it may."""
        if self.packet.ttl > 1:
            return None
        answer = "icmp-time-exceeded" if self.packet.family == 4 else "icmp6-time-exceeded"
        self.steps.append(Step("forward", "TTL_EXPIRED", code="ttl-expired"))
        return End("ttl_expired", kernel_reason="IP_INHDR", answer=answer)

    def answer(self) -> End | Leaves:
        """The host sends because of a packet that it took; see ``own_source``."""
        stated = "src" not in self.packet.unstated
        return (self._may_not_send(self.program.answering) if stated else None) or self.send()

    def _may_not_send(self, chain: ChainCode) -> End | None:
        """IPv4 does not let the host send from an address that is none of its own."""
        passed = routing.check(chain, self.program, self.packet, self.choices)
        if isinstance(passed.action, Stop):
            source = format_ip(self.packet.family, self.packet.src)
            self.steps.append(Step("route", "NO_ROUTE", code="route-source-not-own", args=(source,)))
            return End(passed.action.disposition)
        return None if isinstance(passed.action, Accept) else self._refused(passed)

    def send(self) -> End | Leaves:
        """A local process sends the packet: output route, OUTPUT, perhaps another route, POSTROUTING."""
        packet, program = self.packet, self.program
        packet.local, packet.iif = True, None
        packet.reverse_path = partial(routing.reverse_path, program)
        chooses = "src" in packet.unstated
        asked = _without_source(packet) if chooses else packet
        if self.reply and packet.family == 6:
            # Answers to IPv6 are routed without the traffic class that they carry (icmpv6_echo_reply,
            # tcp_v6_send_response).
            asked = copy(asked)
            asked.tos = 0
        passed = routing.lookup(program, asked, self.choices)
        self.lean(*self.host.leans[packet.family])
        source = None
        if chooses:
            again = look_again(self.host, asked, passed, self.choices)
            if isinstance(again, Doubt):
                return End("undetermined", (again,))
            passed, source = again
        if not isinstance(passed.action, RouteTo):
            return self._refused(passed)
        if passed.action.kind in ("broadcast", "multicast"):
            return self._to_everybody(passed)
        if not self._set_out(passed, "OUTPUT", True, source):
            return End("undetermined", (routing.GOES_ROUND,))
        if self.reply and packet.hidden is not None:
            return End("undetermined", (packet.hidden,))
        if chooses and self._looks_again():
            if packet.hidden is None and (end := self._may_not_send(program.connecting)):
                return end
            anew = routing.lookup(program, packet, self.choices)
            if not isinstance(anew.action, RouteTo):
                return self._refused(anew)
            if anew.line is not passed.line:
                self._set_out(anew, "OUTPUT", False)  # of IPv4, whose packets do not go round
        if end := self._refused_by_socket() or self._object(program.departure):
            return end
        self.way_out = packet.oif
        if end := self.hook("output"):
            return end
        packet.oif = self.way_out
        return self.postrouting()

    def _looks_again(self) -> bool:
        """Whether what was given a source is looked up once more with it: TCP's connect() does so
        (ip_route_connect), and the answer to an echo (icmp_reply)."""
        packet = self.packet
        answers = self.reply and packet.proto == ICMP and not is_error(packet)
        return packet.family == 4 and (packet.proto == TCP or answers)

    def route_again(self) -> End | None:
        """A station of OUTPUT changed what routing looks at: another route at once, but the rest of
        OUTPUT still sees the interface of the first one (ip_route_me_harder)."""
        packet = self.packet
        seen = packet.oif
        # IPv4 forgets whose the packet is (ip_route_me_harder sets no uid); IPv6 does not.
        asked = of_root(packet) if packet.family == 4 else packet
        passed = routing.lookup(self.program, asked, self.choices)
        if not isinstance(passed.action, RouteTo):
            return self._refused(passed)
        if passed.action.kind in ("broadcast", "multicast"):
            return End("undetermined", (SENT_TO_EVERYBODY,))
        if not self._set_out(passed, "OUTPUT", False):
            return End("undetermined", (routing.GOES_ROUND,))
        end = self._object(self.program.departure)
        self.way_out, packet.oif = packet.oif, seen
        return end

    def _to_everybody(self, passed: Passed) -> End:
        """connect() of TCP refuses such a destination; other packets leave and come back as well."""
        if self.packet.proto == TCP:
            self.steps.append(routing.route_step(passed, "NO_ROUTE", None, self.packet))
            return End("no_route")
        return End("undetermined", (SENT_TO_EVERYBODY,))

    def _set_out(self, passed: Passed, verdict: str, choose_source: bool, source: int | None = None) -> bool:
        """Take the route that was found; whether it leads anywhere. ``source``: the one that was chosen."""
        packet, action = self.packet, passed.action
        assert isinstance(action, RouteTo)
        self.way = way = routing.pick_way(action, self.choices)
        if routing.goes_round(action, way, packet.family):
            return False
        packet.oif = "lo" if routing.comes_back(action, packet.family) else way.dev
        packet.next_hop = way.via or Address(packet.family, packet.dst)
        self.linkdown = "linkdown" in way.flags
        changes: tuple[tuple[str, str, str], ...] = ()
        if choose_source and "src" in packet.unstated:
            hidden, out = self.host.hidden[packet.family], packet.oif or ""
            if source is None and (unknown := hidden.source_by(action, packet.family, out)):
                packet.hide_source(unknown, hidden.where(out, packet.family))
            else:
                packet.src = self._source(action, way, packet) if source is None else source
                packet.unstated -= {"src"}
                changes = (("src", "", format_ip(packet.family, packet.src)),)
        step = routing.route_step(passed, verdict, way, packet)
        if packet.oif == "lo":
            step = replace(step, code="route-output-local", args=("lo", ""))
        self.steps.append(replace(step, changes=changes) if changes else step)
        return True

    def _source(self, route: RouteTo, way: Way, packet: Traveller) -> int:
        if route.src is not None and route.src.family == packet.family:
            return route.src.value
        if route.kind == "local":
            return packet.dst
        addresses = self.host.addresses[packet.family]
        found = best_address(preferred_by_route(addresses, route, way, packet.oif or ""), packet.dst)
        return found.value if found else 0

    def postrouting(self) -> End | Leaves:
        """POSTROUTING, and out."""
        if end := self.hook("postrouting"):
            return end
        packet = self.packet
        assert packet.next_hop is not None
        return Leaves(packet.oif or "", packet.next_hop, linkdown=self.linkdown)

    def local_input(self) -> End:
        """INPUT, then the socket."""
        self.packet.oif = None
        if end := self.hook("input"):
            return end
        found = delivery.socket_lookup(self.host, self.packet, self.reply, self.connection, self.choices)
        self.lean(*found.leans)
        self.steps.append(found.step)
        return End(found.disposition, found.doubts, found.kernel_reason, found.answer, found.where)

    # ------------------------------------------------------------------------------------ endings

    def _refused(self, passed: Passed) -> End:
        """A routing decision, or one of its checks, that is no route."""
        action = passed.action
        if isinstance(action, NotUnderstood):
            return End("undetermined", (action.doubt,))
        assert isinstance(action, Stop)
        step = routing.route_step(passed, action.disposition.upper(), None, self.packet)
        self.steps.append(step)
        # Nothing is answered to a packet that was not to be forwarded (ip_error, IN_DEV_FORWARD).
        return End(action.disposition, (), action.kernel_reason, action.answer)

    def _object(self, chain: ChainCode) -> End | None:
        passed = routing.check(chain, self.program, self.packet, self.choices)
        return None if isinstance(passed.action, Accept) else self._refused(passed)


def _without_source(packet: Traveller) -> Traveller:
    """The packet as routing sees it before a source is chosen: from 0.0.0.0 or ::."""
    seen = copy(packet)
    seen.src = 0
    seen.unstated -= {"src"}
    return seen
