"""Every container and host port, and who can open a connection to it.

          internet   vpc   same host   same network   other networks
web:80    yes        yes   yes         yes            no
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sekisho.answers.arrivals import Arrivals, Witness
from sekisho.answers.places import Origin, Reading, Target
from sekisho.answers.ports import Port, container_ports, host_ports, may_translate
from sekisho.answers.refusing import Objection, host_objects
from sekisho.model.docker import DockerContainer, PublishedPort
from sekisho.model.evidence import Evidence
from sekisho.semantics.journey import Lean
from sekisho.semantics.proxy import second_connection
from sekisho.semantics.world import HOST, World
from sekisho.symbolic.bits import Set
from sekisho.symbolic.journeys import Flows
from sekisho.values.address import Address, Family, format_ip
from sekisho.values.intset import IntSet
from sekisho.values.packet import Packet, protocol_name, protocol_number

CALLERS = ("internet", "vpc", "same-host", "same-network", "other-network")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a call is refused, and the line that does it."""

    disposition: str
    evidence: Evidence | None = None

    @property
    def place(self) -> str:
        """The line with its place; empty where there is none."""
        found = self.evidence
        return "" if found is None else f"{found.file}:{found.line}  {found.text.strip()}"


@dataclass(frozen=True, slots=True)
class Access:
    """Whether one kind of caller can open a connection. ``status``: yes, no, perhaps, or none where there is
    no such caller. ``via`` are the addresses and ports to call, "direct" the container's own;
    ``sees``: the source that the server sees, "" for the caller's own. ``bypasses``: what the host's INPUT
    rules would say to the same packet, which they never see."""

    caller: str
    status: str
    via: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()
    witness: Witness | None = None
    bypasses: Objection | None = None
    refused_by: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Exposure:
    """One port of a container, or of the host."""

    place: str
    network: str
    address: str
    port: int
    proto: str
    access: tuple[Access, ...]


@dataclass(frozen=True, slots=True)
class Exposed:
    """The whole answer. ``no_way_in``: kinds of callers from outside (internet, vpc) whose packets arrive at
    no interface that is known."""

    family: Family
    ports: tuple[Exposure, ...]
    leans_on: tuple[Lean, ...]
    no_way_in: tuple[str, ...] = ()


def exposed(world: World, family: Family = 4) -> Exposed:
    """Every port that is published, exposed, listened on or translated to."""
    reading = Reading(world, family)
    found = _Finder(world, reading)
    ports = [found.container(port) for port in container_ports(world, family)]
    ports += [found.host(proto, port, values) for proto, port, values in host_ports(world, family)]
    leans = (
        *may_translate(world, family), *reading.leans, *world.host.takes_for_granted(family),
        *world.standing_leans(),
    )  # fmt: skip
    absent = tuple(kind for kind in ("internet", "vpc") if not found.callers.get(kind))
    return Exposed(family, tuple(ports), leans, absent)


class _Finder:
    """Looks ports up in the flows of every place."""

    def __init__(self, world: World, reading: Reading) -> None:
        self.world = world
        self.reading = reading
        self.arrivals = Arrivals(reading)
        self.space = reading.space
        self.callers = self._callers()
        self.host_own = IntSet.of(*(item.value for item in world.host.addresses[reading.family]))
        self._host_dst = self.space.member(self.space.field["dst"], self.host_own)
        self._segments: dict[str, IntSet] = {}
        self._targets: dict[Address, Target] = {}
        self._reached: dict[tuple[str, int, Address], list[tuple[Flows, Set]]] = {}
        self._stopped: dict[tuple[str, int, Address], list[tuple[Flows, Set]]] = {}
        self.proxied: dict[int, list[Flows]] = {}
        self.containers: dict[str, DockerContainer] = {
            item.name: item for item in world.snapshot.containers or ()
        }
        self.names = {a.value for item in reading.known for a in item.addresses}

    def _callers(self) -> dict[str, list[Origin]]:
        """Origins by kind; those of one run of the walk are asked about together."""
        found: dict[str, list[Origin]] = {}
        for item in self.reading.origins:
            found.setdefault({"host": "same-host"}.get(item.kind, item.kind), []).append(item)
        together: dict[int, Origin] = {}
        for item in found.get("container", []):
            known = together.get(item.group)
            some = item.some if known is None else known.some | item.some
            addresses = item.addresses if known is None else known.addresses | item.addresses
            together[item.group] = replace(item, some=some, addresses=addresses)
        found["container"] = list(together.values())
        return found

    def container(self, port: Port) -> Exposure:
        """Who can call a container's port."""
        mine = IntSet.of(port.address.value)
        same = IntSet.from_intervals(
            i
            for item in self.reading.known
            if item.bridge == port.bridge
            for i in self.reading.walk.addresses_of(item)
        ) if port.bridge not in self._segments else self._segments[port.bridge]  # fmt: skip
        self._segments[port.bridge] = same
        neighbours = same.minus(mine, 128)
        access = []
        for caller in CALLERS:
            if caller in ("same-network", "other-network"):
                origins = [
                    narrowed
                    for item in self.callers["container"]
                    if (narrowed := self._among(item, neighbours, same, caller)) is not None
                ]
            else:
                origins = self.callers.get(caller, [])
            access.append(self._access(caller, origins, port))
        address = format_ip(port.address.family, port.address.value)
        return Exposure(
            port.place, port.network, address, port.port, protocol_name(port.proto), tuple(access)
        )

    def _among(self, item: Origin, neighbours: IntSet, same: IntSet, caller: str) -> Origin | None:
        """The containers of an origin that are, or are not, on the port's network."""
        wanted = item.addresses & neighbours if caller == "same-network" else item.addresses.minus(same, 128)
        if not wanted:
            return None
        some = item.some
        if self.reading.sources[item.group].how == "attachment":
            some &= self.space.member(self.space.field["src"], wanted)
        return replace(item, some=some, addresses=wanted)

    def _access(self, caller: str, origins: list[Origin], port: Port) -> Access:
        if not origins:
            return Access(caller, "none")
        ways: list[tuple[Origin, Flows, Set]] = []
        for origin in origins:
            ways += ((origin, flow, some) for flow, some in self._to(caller, origin, port))
        ways = self._certain(ways)
        if not ways:
            return self._refused(caller, origins, port)
        via: dict[str, None] = {}
        sees: dict[str, None] = {}
        for _, flow, some in ways:
            via.update(dict.fromkeys(self._called(flow, some, port)))
            sees.update(dict.fromkeys(self._seen(flow)))
        origin, flow, some = ways[0]
        witness = self.arrivals.packet(origin, flow, some)
        bypasses = None
        if flow.forward.bridge or flow.forward.where != HOST:
            bypasses = host_objects(self.world, self.reading.family, witness, flow)
        return Access(caller, "yes", tuple(via), tuple(sees), witness, bypasses)

    def _certain(self, ways: list[tuple[Origin, Flows, Set]]) -> list[tuple[Origin, Flows, Set]]:
        if not self.space.doubts or not ways:
            return ways
        union = self.space.nothing
        for _, _, some in ways:
            union |= some
        certain = self.space.certainly(union)
        return [(o, f, s & certain) for o, f, s in ways if (s & certain).satisfiable()]

    def _to(self, caller: str, origin: Origin, port: Port) -> Iterator[tuple[Flows, Set]]:
        """The working flows of an origin that end at the port, directly or through docker-proxy."""
        space = self.space
        proto = space.member(space.field["proto"], IntSet.of(port.proto))
        wanted = IntSet.of(port.port)
        for flow, some in self._reaching(caller, origin, port):
            there = space.member(flow.state.ends.dport, wanted)
            if there.satisfiable() and (here := some & there & proto).satisfiable():
                yield flow, here
        for flow, some in self._by_proxy(origin, port):
            here = some & origin.some & self.arrivals.both_ways(flow)
            if here.satisfiable():
                yield flow, here

    def _reaching(self, caller: str, origin: Origin, port: Port) -> list[tuple[Flows, Set]]:
        """The working flows of an origin to a container's address, whatever the port."""
        key = (caller, origin.group, port.address)
        known = self._reached.get(key)
        if known is None:
            target = self._target(port)
            known = self._reached[key] = []
            for flow, some in self.arrivals.at(origin, target):
                there = self.space.member(flow.state.ends.dst, target.addresses)
                if there.satisfiable():
                    here = some & there & origin.some & self.arrivals.both_ways(flow)
                    if here.satisfiable():
                        known.append((flow, here))
        return known

    def _target(self, port: Port) -> Target:
        found = self._targets.get(port.address)
        if found is None:
            here = self.world.holders(port.address)
            mine = IntSet.of(port.address.value)
            node = here[0].node if here else None  # nobody has it: a container that is gone
            found = self._targets[port.address] = Target(port.place, "container", mine, node, here)
        return found

    def _by_proxy(self, origin: Origin, port: Port) -> Iterator[tuple[Flows, Set]]:
        """Connections that docker-proxy accepts on the host for the container's port."""
        container = self.containers.get(port.place)
        published = [p for p in container.published if p.host_port] if container else []
        published = [
            p for p in published if p.container_port == port.port and protocol_number(p.proto) == port.proto
        ]
        if not published:
            return
        flows = self.proxied.get(origin.group)
        if flows is None:
            every = self.reading.flows(origin.group)
            flows = self.proxied[origin.group] = [
                f for f in every if f.forward.disposition == "delivered" and f.forward.line is not None
            ]
        for flow in flows:
            for each in published:
                some = flow.some & self._published(each, flow, port)
                if some.satisfiable() and self._proxy_works(each, port):
                    yield flow, some

    def _published(self, published: PublishedPort, flow: Flows, port: Port) -> Set:
        space, ends = self.space, flow.state.ends
        some = space.member(ends.dport, IntSet.of(published.host_port))
        some &= space.member(space.field["proto"], IntSet.of(port.proto))
        host = published.host_address
        if host is not None and host.value:
            if host.family != space.family:
                return space.nothing
            some &= space.member(ends.dst, IntSet.of(host.value))
        return some

    def _proxy_works(self, published: PublishedPort, port: Port) -> bool:
        """Whether docker-proxy's own connection, made by the host, reaches this very container."""
        caller = Packet(port.address.family, 0, 0, port.proto, None, published.host_port)
        start = second_connection(self.world, caller)
        if start is not None and start.packet.dst != port.address.value:
            return False
        origin = self.reading.host_origin
        direct = self.space.member(self.space.field["dst"], IntSet.of(port.address.value))
        target = self._target(port)
        wanted = direct & self.space.member(self.space.field["dport"], IntSet.of(port.port))
        wanted &= self.space.member(self.space.field["proto"], IntSet.of(port.proto))
        return any(
            (some & wanted & self.arrivals.both_ways(flow)).satisfiable()
            for flow, some in self.arrivals.at(origin, target)
        )

    def _called(self, flow: Flows, some: Set, port: Port) -> list[str]:
        """The addresses and ports that callers use for these packets."""
        sent, ends = self.arrivals.sent(flow), flow.state.ends
        if sent.dst is ends.dst and sent.dport is ends.dport and not flow.forward.line:
            return ["direct"]
        found = []
        if sent.dst.value is None:
            # From outside, 127.0.0.0/8 is translated like any local address; nobody calls that.
            hosts = self.space.few_values(some & self._host_dst, sent.dst, 64)
        else:
            hosts = IntSet.of(sent.dst.value)
        ports = self.space.few_values(some, sent.dport, 64) or IntSet(())
        shown = (
            [format_ip(self.space.family, v) for a, b in hosts for v in range(a, b + 1)] if hosts else ["*"]
        )
        for first, last in ports:
            for value in range(first, last + 1):
                found += [f"{host}:{value}" for host in shown]
        return found

    def _seen(self, flow: Flows) -> list[str]:
        """The source that the server sees, where it is not the caller's own."""
        if flow.forward.line is not None:
            return ["docker-proxy"]
        source, sent = flow.state.ends.src, self.arrivals.sent(flow)
        if source is sent.src:
            return [""]
        return [format_ip(self.space.family, source.value)] if source.value is not None else ["?"]

    def _refused(self, caller: str, origins: Iterable[Origin], port: Port) -> Access:
        """Nobody of this kind gets through for certain: perhaps, or what refuses a call."""
        space = self.space
        ports = space.member(space.field["proto"], IntSet.of(port.proto))
        lines: dict[Reason, None] = {}
        for origin in origins:
            for flow, some in self._aimed(caller, origin, port):
                fate = flow.forward
                aimed = some & ports & space.member(flow.state.ends.dport, IntSet.of(port.port))
                if not aimed.satisfiable():
                    continue
                if fate.disposition == "undetermined" or (
                    flow.reply and flow.reply.disposition == "undetermined"
                ):
                    return Access(caller, "perhaps")
                if space.doubts and not space.certainly(aimed).satisfiable():
                    return Access(caller, "perhaps")
                stop = flow.reply if flow.reply is not None else fate
                lines[Reason(stop.disposition, stop.line.evidence if stop.line else None)] = None
        return Access(caller, "no", refused_by=tuple(lines))

    def _aimed(self, caller: str, origin: Origin, port: Port) -> list[tuple[Flows, Set]]:
        """The flows of an origin to a container's address, as far as they came."""
        key = (caller, origin.group, port.address)
        known = self._stopped.get(key)
        if known is None:
            mine = IntSet.of(port.address.value)
            found = (
                (flow, some & self.space.member(flow.state.ends.dst, mine) & origin.some)
                for flow, some in self.arrivals.stopped_at(origin.group, port.address.value)
            )
            known = self._stopped[key] = [(flow, some) for flow, some in found if some.satisfiable()]
        return known

    def host(self, proto: int, port: int, addresses: IntSet) -> Exposure:
        """Who can call a port of the host's own processes."""
        access = []
        for caller in CALLERS:
            if caller == "same-network":
                continue
            origins = self.callers.get({"other-network": "container"}.get(caller, caller), [])
            access.append(self._host_access(caller, origins, proto, port))
        shown = format_ip(self.space.family, addresses.intervals[0][0]) if addresses.size() == 1 else "*"
        return Exposure(HOST, "", shown, port, protocol_name(proto), tuple(access))

    def _host_access(self, caller: str, origins: list[Origin], proto: int, port: int) -> Access:
        if not origins:
            return Access(caller, "none")
        space = self.space
        target = next(item for item in self.reading.targets if item.kind == "host")
        wanted = space.member(space.field["proto"], IntSet.of(proto))
        ways = []
        for origin in origins:
            for flow, some in self.arrivals.at(origin, target):
                here = some & wanted & space.member(flow.state.ends.dport, IntSet.of(port)) & origin.some
                here &= self.arrivals.both_ways(flow)
                if here.satisfiable() and flow.forward.line is None:
                    ways.append((origin, flow, here))
        ways = self._certain(ways)
        if not ways:
            return Access(caller, "no")
        origin, flow, some = ways[0]
        return Access(caller, "yes", (), (), self.arrivals.packet(origin, flow, some))
