"""Which packets of an origin get to a target, for certain or perhaps, and as what they arrive there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from sekisho.answers.limits import usual_source
from sekisho.answers.places import Origin, Reading, Target
from sekisho.answers.proxied import Proxied, Proxies
from sekisho.answers.stated import FIELDS
from sekisho.answers.witness import Witness
from sekisho.model.snapshot import HOST
from sekisho.semantics.attachment import Link
from sekisho.semantics.journey import ARRIVED
from sekisho.symbolic.bits import Bits, Ends, Set
from sekisho.symbolic.boxes import Box, boxes, number, pick
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.journeys import Flows, Source
from sekisho.symbolic.state import State
from sekisho.values.address import BITS, Address
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, protocol_name
from sekisho.values.stabbing import Stabbing

# Where a destination may still become another one.
_BEFORE_ROUTING = ("prerouting", "output", "route", None)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Packets with one way that get to the target. ``some`` work in both directions for every answer to
    open questions; ``final`` are the ends they arrive with, ``sent`` those they set out with. ``proxied``:
    by a second connection of docker-proxy's, which has another source."""

    flow: Flows
    some: Set
    sent: Ends
    final: Ends
    proxied: bool = False

    @property
    def translated(self) -> bool:
        """Whether they arrive at another address or port than they were sent to."""
        return self.final.dst is not self.sent.dst or self.final.dport is not self.sent.dport


class Arrivals:
    """Reads flows by where they end."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.space = reading.space
        self.walk = reading.walk
        self._ok: dict[int, Set] = {}
        self._by_dst: dict[int, Stabbing[tuple[Flows, Set]]] = {}
        self._by_end: dict[int, dict[object, list[Flows]]] = {}
        self._open: dict[int, bool] = {}
        self.proxies = Proxies(self)

    # ----------------------------------------------------------------------------------- one flow

    def sent(self, flow: Flows) -> Ends:
        """The ends that the packets set out with."""
        field = self.space.field
        return flow.sent or Ends(field["src"], field["dst"], field["sport"], field["dport"])

    def both_ways(self, flow: Flows) -> Set:
        """The packets of a flow whose reply comes back to the sender from whom it called, and which
        docker-proxy, where it takes them, hands on."""
        return self._there_and_back(flow) & ~self.proxies.second_is(flow, False, None)

    def perhaps_both_ways(self, flow: Flows) -> Set:
        """The packets of a flow of which that cannot be excluded."""
        open_reply = flow.reply is not None and flow.reply.disposition == "undetermined"
        some = flow.some if open_reply else self._there_and_back(flow)
        return some & ~self.proxies.second_is(flow, False)

    def _there_and_back(self, flow: Flows) -> Set:
        found = self._ok.get(id(flow))
        if found is None:
            found = self._ok[id(flow)] = self._both_ways(flow)
        return found

    def _both_ways(self, flow: Flows) -> Set:
        if flow.reply is None or flow.back is None or flow.reply.disposition not in ARRIVED:
            return self.space.nothing
        home = self._home(flow, flow.reply, flow.back)
        if not home.satisfiable():
            return home
        sent, back = self.sent(flow), flow.back.ends
        some = self.space.equal(home, back.dst, sent.src)
        if not flow.state.route_kind:  # whoever asks everybody is answered from somebody's own address
            some = self.space.equal(some, back.src, sent.dst)
        ported = self.space.equal(some & self.walk.guards.ported, back.sport, sent.dport)
        return self.space.equal(ported, back.dport, sent.sport) | (some & ~self.walk.guards.ported)

    def _home(self, flow: Flows, reply: Fate, back: State) -> Set:
        """The packets whose reply ends where they set out; of one see ``journeys.comes_back``."""
        source, nothing = flow.source, self.space.nothing
        if source.how == "interface":
            home = reply.disposition == "exits" or (reply.node, back.oif) == (source.node, source.iif)
        elif source.how == "process":
            home = reply.disposition == "delivered" and reply.where == source.node
        else:
            here = [item for item in source.origins if reply.bridge and item.link == reply.link]
            if len(here) == len(source.origins):
                return flow.some
            src = self.space.field["src"]
            mine = IntSet.from_intervals(i for item in here for i in self.walk.addresses_of(item))
            return flow.some & self.space.member(src, mine)
        return flow.some if home else nothing

    # ------------------------------------------------------------------------------------- cells

    def _ended(self, group: int) -> dict[object, list[Flows]]:
        """Flows by the bridge on which they are taken, the namespace that takes them, "out" or "open"."""
        found = self._by_end.get(group)
        if found is None:
            found = self._by_end[group] = {}
            for flow in self.reading.flows(group):
                fate = flow.forward
                key: object = fate.link if fate.bridge else (fate.where,)
                if fate.disposition == "exits":
                    key = "out"
                if fate.disposition in ARRIVED:
                    found.setdefault(key, []).append(flow)
                elif fate.disposition == "undetermined":
                    found.setdefault("open", []).append(flow)
        return found

    def stopped_at(self, group: int, address: int) -> list[tuple[Flows, Set]]:
        """What becomes of the packets of a run whose destination, as far as they came, may be the address:
        flows that end alike are told as one."""
        index = self._by_dst.get(group)
        if index is None:
            index = self._by_dst[group] = Stabbing(
                (each, self.space.values(each[1], each[0].state.ends.dst)) for each in self._alike(group)
            )
        return index.at(address)

    def _alike(self, group: int) -> list[tuple[Flows, Set]]:
        found: dict[tuple[object, ...], tuple[Flows, list[Set]]] = {}
        for flow in self.reading.flows(group):
            fate, reply, ends = flow.forward, flow.reply, flow.state.ends
            answered = None if reply is None else (reply.disposition, id(reply.line))
            key = (fate.disposition, id(fate.line), answered, ends.dst, ends.dport)
            found.setdefault(key, (flow, []))[1].append(flow.some)
        return [(flow, self.space.union(sets)) for flow, sets in found.values()]

    def at(self, origin: Origin, target: Target) -> Iterator[tuple[Flows, Set]]:
        """The flows of the origin that end at the target, each with the packets that do."""
        for flow, some in self._at(origin, target):
            yield flow, some if target.ports is None else some & self._at_ports(flow, target)

    def _at_ports(self, flow: Flows, target: Target) -> Set:
        """The packets at the target's ports: as they stand, or as they were sent to an address."""
        if target.ports is None:
            return self.space.everything
        port = self.space.field["dport"] if target.kind == "address" else flow.state.ends.dport
        return self.space.member(port, target.ports) & self.walk.guards.ported

    def _at(self, origin: Origin, target: Target) -> Iterator[tuple[Flows, Set]]:
        ended = self._ended(origin.group)
        dst = self.space.field["dst"]
        if target.kind == "address":
            addressed = self.space.member(dst, target.addresses)
            for key, flows in ended.items():
                for flow in flows if key != "open" else ():
                    yield flow, flow.some & addressed
            return
        for attachment in target.attachments if target.node is None else ():
            for flow in ended.get(attachment.link, ()):
                next_hop = flow.state.next_hop
                assert next_hop is not None
                yield flow, flow.some & self.walk.at(attachment, next_hop)
        if target.node is not None:
            for flow in ended.get((target.node,), ()):
                yield flow, flow.some
        leaving = dict(target.leaving)
        for flow in ended.get("out", ()) if leaving else ():
            out = Link(flow.forward.node, flow.state.way or "")
            if out in leaving:
                yield flow, flow.some & self.space.member(flow.state.ends.dst, leaving[out])

    def arrivals(self, origin: Origin, target: Target, wanted: Set) -> list[Arrival]:
        """The packets that open working connections for certain, way by way."""
        working = [
            Arrival(flow, here, self.sent(flow), flow.state.ends)
            for flow, some in self.at(origin, target)
            if (here := some & origin.some & wanted & self.both_ways(flow)).satisfiable()
        ]
        working += (
            Arrival(each.flow, here, self.sent(each.flow), self._behind(each), True)
            for each in self.proxies.to(origin, target)
            if each.certain and (here := each.some & wanted & self.both_ways(each.flow)).satisfiable()
        )
        if self.space.doubts and working:
            certain = self.space.certainly(self.space.union([item.some for item in working]))
            working = [replace(item, some=item.some & certain) for item in working]
        return [item for item in working if item.some.satisfiable()]

    def _behind(self, proxied: Proxied) -> Ends:
        """The ends that a container has of a connection through docker-proxy: its own."""
        space, ends = self.space, proxied.flow.state.ends
        dst = space.constant(proxied.address.value, ends.dst.width)
        return replace(ends, dst=dst, dport=space.constant(proxied.port, ends.dport.width))

    def is_open(self, origin: Origin, target: Target) -> bool:
        """Whether anything is undetermined for packets of the origin; ``perhaps`` need not be asked else."""
        group = origin.group
        if group not in self._open:
            fates = (fate for flow in self.reading.flows(group) for fate in (flow.forward, flow.reply))
            self._open[group] = any(fate is not None and fate.disposition == "undetermined" for fate in fates)
        if self._open[group] or self.space.doubts:
            return True
        return any(not each.certain for each in self.proxies.to(origin, target))

    def perhaps(self, origin: Origin, target: Target, wanted: Set) -> Set:
        """The packets of which it cannot be excluded that they open working connections to the target."""
        found = self.space.nothing
        for flow, some in self.at(origin, target):
            found |= some & self.perhaps_both_ways(flow)
        for each in self.proxies.to(origin, target):
            flow, some = each.flow, each.some
            unanswered = flow.reply is None or flow.reply.disposition == "undetermined"
            found |= some if unanswered else some & self._there_and_back(flow)
        for flow in self._ended(origin.group).get("open", ()):
            found |= flow.some & self._perhaps_for(flow, target)
        return self.space.perhaps(found & origin.some & wanted)

    def _perhaps_for(self, flow: Flows, target: Target) -> Set:
        """Of the packets of a flow whose end nobody knows, those that may end at the target."""
        near = self.aimed(flow, target)
        if target.kind == "address":  # sent to it, or sent on to it before they came to where nobody knows
            there = self.space.member(flow.state.ends.dst, target.addresses)
            near |= there & self._at_ports(flow, target)
        sites = self.reading.world.sites
        if target.kind != "address" and (flow.forward.where in sites or flow.forward.hook == "socket"):
            return self.space.everything if target.node == flow.forward.where else self.space.nothing
        if flow.forward.where in sites or flow.forward.hook not in _BEFORE_ROUTING:
            return near
        if flow.source.how == "process" and flow.source.node == target.node:
            return self.space.everything  # its own rules may send to itself what it sends to others
        if target.kind not in ("host", "container"):
            return near | self._of_host
        if any(each.nameless for each in self.reading.regions.values()):
            return self.space.everything
        for site in sites.values():
            hidden = site.host.hidden[self.reading.family].everywhere(EMPTY)
            near |= self.space.member(self.space.field["dst"], hidden)
        return near | self._of_host

    @cached_property
    def _of_host(self) -> Set:
        """The packets for the host itself: its ports may be published."""
        sites, family = self.reading.world.sites.values(), self.reading.family
        own = (item.value for site in sites for item in site.host.addresses[family])
        return self.space.member(self.space.field["dst"], IntSet.of(*own))

    def aimed(self, flow: Flows, target: Target) -> Set:
        """The packets of a flow that are for the target, as far as they came: by their destination as it
        stands where they end."""
        dst = self.space.field["dst"] if target.kind == "address" else flow.state.ends.dst
        return self.space.member(dst, target.addresses) & self._at_ports(flow, target)

    def unaddressed(self, origins: Iterable[Origin], target: Target) -> IntSet:
        """The target's own addresses that none of the origins can send to."""
        left = target.addresses if target.kind != "host" else EMPTY
        for origin in origins:
            left = left if origin.callable is not None else EMPTY
            if left and origin.callable is not None:
                left = left.minus(origin.callable, BITS[self.reading.family])
        return left

    # ------------------------------------------------------------------------------- for people

    def addressed(self, some: Set) -> list[Box]:
        """A set as boxes over what the packets are sent to."""
        field, ported = self.space.field, self.walk.guards.ported
        plain = [(name, field[name]) for name in ("proto", "src", "dst")]
        whole = [*plain, ("dport", field["dport"])]
        return [*boxes(self.space, some & ported, whole), *boxes(self.space, some & ~ported, plain)]

    def shown(self, arrival: Arrival) -> list[tuple[str, Bits]]:
        """The fields that tell an arrival: protocol, source, where sent to, where arrived."""
        sent, final = arrival.sent, arrival.final
        fields = [
            ("proto", self.space.field["proto"]),
            ("src", sent.src),
            ("dst", final.dst),
            ("dport", final.dport),
        ]
        if final.dst is not sent.dst:
            fields.append(("via", sent.dst))
        if final.dport is not sent.dport:
            fields.append(("viaport", sent.dport))
        return fields

    def boxes(self, arrival: Arrival) -> list[Box]:
        """The arrival's packets as boxes over what ``shown`` names. Ports count where there are ports."""
        space, ported = self.space, self.walk.guards.ported
        shown = self.shown(arrival)
        plain = [(name, bits) for name, bits in shown if name not in ("dport", "viaport")]
        if self.reading.depends_on(arrival.some, "sport"):
            shown.insert(2, ("sport", arrival.sent.sport))
        with_ports = boxes(space, arrival.some & ported, shown)
        return [*with_ports, *boxes(space, arrival.some & ~ported, plain)]

    def witness(self, origin: Origin, arrival: Arrival) -> Witness:
        """A packet of the arrival, as usual a one as there is."""
        return self.packet(origin, arrival.flow, arrival.some)

    def example(self, origin: Origin, some: Set) -> Witness | None:
        """A packet of the set to replay: TCP where there is."""
        best: Flows | None = None
        for flow in self.reading.flows(origin.group):
            here = flow.some & origin.some & some
            if not here.satisfiable():
                continue
            best = best or flow
            if (here & self.walk.guards.tcp).satisfiable():
                best = flow
                break
        return None if best is None else self.packet(origin, best, best.some & some)

    def packet(self, origin: Origin, flow: Flows, some: Set) -> Witness:
        """A packet of the flow to replay with ``sekisho trace``."""
        space = self.space
        usual = usual_source(origin, space.family)
        some &= origin.some
        with_ports = some & self._real_ports
        if with_ports.satisfiable():
            some = with_ports
        values = pick(space, some, {} if usual is None else {"src": usual})
        sent = self.sent(flow)
        dst = Address(space.family, number(sent.dst, space, values))
        proto = values["proto"]
        ported = proto in PORT_PROTOCOLS
        target = f"[{dst}]" if dst.family == 6 else str(dst)
        if ported:
            target += f":{number(sent.dport, space, values)}"
        else:
            target = str(dst)
        source = self._sender(flow.source, Address(space.family, number(sent.src, space, values)))
        name = "icmp" if proto in (ICMP, ICMPV6) else protocol_name(proto)
        sport = number(sent.sport, space, values) if ported else None
        return Witness(
            source, target, name, sport, self._shown(flow.source), tuple(values.items()),
            tuple(self._stated(flow, some, values)),
        )  # fmt: skip

    def _sender(self, source: Source, address: Address) -> str:
        """Who sends, as a question names it: of several hosts an address of a container's tells none."""
        node, sites = source.node, self.reading.world.sites
        if source.how == "process":
            return HOST if node == HOST else f"host:{node}" if node in sites else f"container:{node}"
        if len(sites) == 1:
            return str(address)
        named = (item.name for item in source.origins if address in item.addresses)
        return next((f"container:{name}" for name in named), str(address))

    def _shown(self, source: Source) -> str | None:
        """The interface by which packets come in, as a question names it."""
        iif = source.iif
        return None if iif is None else self.reading.world.site_of(source.node).shown(iif)

    @cached_property
    def _real_ports(self) -> Set:
        """Packets without ports, and those whose ports are none of them 0: a socket has no such port."""
        field, ports = self.space.field, IntSet.span(1, 65535)
        both = self.space.member(field["sport"], ports) & self.space.member(field["dport"], ports)
        return both | ~self.walk.guards.ported

    def _stated(self, flow: Flows, some: Set, values: Mapping[str, int]) -> Iterator[tuple[str, int]]:
        """What trace would leave open or take otherwise, as far as it matters to these packets."""
        process = flow.source.how == "process"
        proto = values["proto"]
        for name, meant in FIELDS.items():
            if meant.name in values and meant.is_of(proto, process):
                value, usual = values[meant.name], meant.usual(proto)
                if value != usual if usual is not None else self.reading.depends_on(some, meant.name):
                    yield name, value
                    if name == "length" and self.space.family == 4:
                        yield "df", 0  # sets are of packets that may be cut on their way
