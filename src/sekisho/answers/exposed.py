"""Every container and host port, and who can open a connection to it.

          internet   vpc   same host   same network   other networks
web:80    yes        yes   yes         yes            no
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from sekisho.answers.arrivals import Arrivals
from sekisho.answers.exposure import Access, Exposed, Exposure, Reason
from sekisho.answers.limits import Limits, limits, usual_source
from sekisho.answers.places import Origin, Reading, Target
from sekisho.answers.ports import (
    Port,
    container_ports,
    host_ports,
    listed_nowhere,
    may_translate,
    not_listed,
    not_shown,
    nowhere_known,
)
from sekisho.answers.reach import doubts_of
from sekisho.answers.refusing import host_objects
from sekisho.answers.witness import Witness
from sekisho.semantics import whose
from sekisho.semantics.attachment import Link
from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.site import Site
from sekisho.semantics.world import World
from sekisho.symbolic.bits import Set
from sekisho.symbolic.journeys import Flows
from sekisho.values.address import Address, Family, format_ip
from sekisho.values.intset import IntSet
from sekisho.values.packet import PORT_PROTOCOLS, protocol_name

OUTSIDE = ("internet", "vpc")
CALLERS = (*OUTSIDE, "same-host", "same-network", "other-network")
# Who else there is where there are several hosts.
OTHER_HOSTS = "other-hosts"


def exposed(world: World, family: Family = 4, callers: Collection[str] = ()) -> Exposed:
    """Every port that is published, exposed, listened on or translated to. ``callers``: of which kinds to
    ask; none: of all."""
    reading = Reading(world, family)
    found = _Finder(world, reading, callers)
    ports: list[Exposure] = []
    leans: list[Lean] = []
    for site in world.sites.values():
        ports += [found.container(port) for port in container_ports(site, family)]
        ports += [found.host(site, *each) for each in host_ports(site, family)]
        for port in nowhere_known(site, family):  # rules translate to them
            found_at = (port.place, port.network, port.place, port.port, port.proto)
            ports.append(_nobody_knows(found.kinds, *found_at, "target-nowhere"))
        for name, proto, number in listed_nowhere(site, family):
            at = (name, "", "", number, proto)
            ports.append(_nobody_knows(found.kinds, *at, "listed-without-address"))
        nobody = () if found.callers.get("container") else not_shown(site)
        mine = (*may_translate(site, family), *not_listed(site), *nobody)
        leans += (whose.of(site.snapshot.host, lean) for lean in mine)
    leans += reading.leans_on()
    outside = (kind for kind in OUTSIDE if kind in found.kinds and not found.callers.get(kind))
    absent = tuple(outside) if found.routed else ()
    return Exposed(family, tuple(ports), tuple(leans), absent)


def _nobody_knows(
    callers: Iterable[str], place: str, network: str, address: str, port: int, proto: int, code: str
) -> Exposure:
    """A port of which no text tells where it is."""
    access = tuple(Access(caller, "perhaps", doubts=(Doubt(code, (place,)),)) for caller in callers)
    return Exposure(place, network, address, port, protocol_name(proto), access)


class _Finder:
    """Looks ports up in the flows of every place."""

    def __init__(self, world: World, reading: Reading, asked: Collection[str]) -> None:
        self.world = world
        self.reading = reading
        self.arrivals = Arrivals(reading)
        self.space = reading.space
        self.callers = self._callers()
        every = (*CALLERS, OTHER_HOSTS) if len(world.sites) > 1 else CALLERS
        self.kinds = tuple(kind for kind in every if not asked or kind in asked)
        # Who is outside is told by routes; where none were captured, it is not nobody.
        sites = world.sites.values()
        self.routed = all(
            site.host.facts.shows_table(reading.family, "main") or site.snapshot.roles for site in sites
        )
        own = (item.value for site in sites for item in site.host.addresses[reading.family])
        self.host_own = IntSet.of(*own)
        self._host_dst = self.space.member(self.space.field["dst"], self.host_own)
        self._networks: dict[Link | None, tuple[list[Origin], list[Origin]]] = {}
        self._targets: dict[tuple[Address, Link | None], Target] = {}
        self._reached: dict[tuple[str, int, Address, Link | None], list[tuple[Flows, Set]]] = {}
        self._stopped: dict[tuple[str, int, Address, Link | None], list[tuple[Flows, Set]]] = {}

    def _callers(self) -> dict[str, list[Origin]]:
        """Origins by kind. Who shares another's namespace calls as that one does."""
        found: dict[str, list[Origin]] = {}
        for item in self.reading.origins:
            if not any(item.name in site.shared for site in self.world.sites.values()):
                found.setdefault({"host": "same-host"}.get(item.kind, item.kind), []).append(item)
        return found

    def container(self, port: Port) -> Exposure:
        """Who can call a container's port."""
        access = []
        for caller in self.kinds:
            if caller in ("same-network", "other-network"):
                origins = self._containers(port, caller)
            else:
                origins = self._beside(caller, None if port.link is None else port.link.owner)
            access.append(self._access(caller, origins, port))
        address = format_ip(port.address.family, port.address.value)
        return Exposure(
            port.place, port.network, address, port.port, protocol_name(port.proto), tuple(access)
        )

    def _beside(self, caller: str, site: str | None) -> list[Origin]:
        """Callers outside, or processes of the port's own host, or of others."""
        if caller not in ("same-host", OTHER_HOSTS):
            return self.callers.get(caller, [])
        same = caller == "same-host"
        return [item for item in self.callers.get("same-host", []) if (item.name == site) is same]

    def _containers(self, port: Port, caller: str) -> list[Origin]:
        """The containers that are, or are not, on the port's network, but for the port's own. One that is on
        several networks is on each of them."""
        near, far = self._by_network(port.link)
        if caller == "other-network":
            return far
        own = next((item for item in self.callers.get("container", []) if item.name == port.place), None)
        if own is None:
            return near
        narrowed = (
            item if item.group != own.group else replace(item, some=item.some & ~own.some)
            for item in near
            if item.group != own.group or not self._is_process(item)
        )
        return [item for item in narrowed if item.some.satisfiable()]

    def _by_network(self, bridge: Link | None) -> tuple[list[Origin], list[Origin]]:
        """The containers on a bridge, and all others; those of one run of the walk are asked together."""
        found = self._networks.get(bridge)
        if found is None:
            here = (item for item in self.reading.known if item.link == bridge)
            names = {name for item in here for name in (item.name, item.node)}
            every = self.callers.get("container", [])
            sides = ([o for o in every if o.name in names], [o for o in every if o.name not in names])
            found = self._networks[bridge] = (self._together(sides[0]), self._together(sides[1]))
        return found

    def _together(self, origins: Iterable[Origin]) -> list[Origin]:
        runs: dict[int, list[Origin]] = {}
        for item in origins:
            runs.setdefault(item.group, []).append(item)
        return [replace(same[0], some=self.space.union([o.some for o in same])) for same in runs.values()]

    def _is_process(self, origin: Origin) -> bool:
        return self.reading.sources[origin.group].how == "process"

    def _access(self, caller: str, origins: list[Origin], port: Port) -> Access:
        if not origins:
            return self._nobody(caller)
        ways: list[tuple[Origin, Flows, Set]] = []
        target = replace(self._target(port), ports=IntSet.of(port.port))
        for origin in origins:
            ways += ((origin, flow, some) for flow, some in self._to(caller, origin, port, target))
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
        if flow.forward.bridge or flow.forward.where not in self.world.sites:
            bypasses = host_objects(self.world, self.reading.family, witness, flow)
        only = self._limits(ways, witness, port.proto)
        proto = self.space.member(self.space.field["proto"], IntSet.of(port.proto))
        others = proto & ~self.space.union([some for _, _, some in ways])
        more = self._open(caller, origins, target, others)
        doubts = () if more is None else more.doubts
        return Access(caller, "yes", tuple(via), tuple(sees), witness, bypasses, only=only, doubts=doubts)

    def _limits(self, ways: list[tuple[Origin, Flows, Set]], witness: Witness, proto: int) -> Limits:
        usual = usual_source(ways[0][0], self.reading.family)
        same = usual is not None and dict(witness.values)["src"] == usual
        return limits(self.reading, ways, proto in PORT_PROTOCOLS, same)

    def _certain(self, ways: list[tuple[Origin, Flows, Set]]) -> list[tuple[Origin, Flows, Set]]:
        """What gets there however open questions are answered. By which interface a packet comes is no part
        of a set: of two that are alike one may be certain, and the other not."""
        if not self.space.doubts or not ways:
            return ways
        union: dict[int, Set] = {}
        for origin, _, some in ways:
            union[origin.group] = union.get(origin.group, self.space.nothing) | some
        certain = {group: self.space.certainly(some) for group, some in union.items()}
        held = ((origin, flow, some & certain[origin.group]) for origin, flow, some in ways)
        return [way for way in held if way[2].satisfiable()]

    def _to(self, caller: str, origin: Origin, port: Port, target: Target) -> Iterator[tuple[Flows, Set]]:
        """The working flows of an origin that end at the port, directly or through docker-proxy."""
        space = self.space
        proto = space.member(space.field["proto"], IntSet.of(port.proto))
        for flow, some in self._reaching(caller, origin, port):
            there = space.member(flow.state.ends.dport, IntSet.of(port.port))
            if there.satisfiable() and (here := some & there & proto).satisfiable():
                yield flow, here
        for each in self.arrivals.proxies.to(origin, target):
            some = each.some & proto & self.arrivals.both_ways(each.flow) if each.certain else space.nothing
            if some.satisfiable():
                yield each.flow, some

    def _reaching(self, caller: str, origin: Origin, port: Port) -> list[tuple[Flows, Set]]:
        """The working flows of an origin to a container's address, whatever the port."""
        key = (caller, origin.group, port.address, port.link)
        known = self._reached.get(key)
        if known is None:
            target = self._target(port)
            known = self._reached[key] = []
            for flow, some in self.arrivals.at(origin, target):
                there = self.space.member(flow.state.ends.dst, target.addresses)
                if flow.state.route_kind:  # for everybody there: it has no address of its own
                    there = self.space.everything
                if there.satisfiable():
                    here = some & there & origin.some & self.arrivals.both_ways(flow)
                    if here.satisfiable():
                        known.append((flow, here))
        return known

    def _target(self, port: Port) -> Target:
        key = (port.address, port.link)
        found = self._targets.get(key)
        if found is None:
            site = None if port.link is None else self.world.site_of(port.link.owner)
            every = () if site is None else site.holders(port.address)
            here = tuple(item for item in every if item.link == port.link)
            mine = IntSet.of(port.address.value)
            node = here[0].node if here else None  # nobody has it: a container that is gone
            found = self._targets[key] = Target(port.place, "container", mine, node, here)
        return found

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
        ports = self.space.few_values(some, sent.dport, 64)
        shown = (
            [format_ip(self.space.family, v) for a, b in hosts for v in range(a, b + 1)] if hosts else ["*"]
        )
        if ports is None:
            return [f"{host}:*" for host in shown]
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

    def _refused(self, caller: str, origins: list[Origin], port: Port) -> Access:
        """Nobody of this kind gets through for certain: perhaps, or what refuses a call."""
        space = self.space
        target = replace(self._target(port), ports=IntSet.of(port.port))
        proto = space.member(space.field["proto"], IntSet.of(port.proto))
        if (open_ := self._open(caller, origins, target, proto)) is not None:
            return open_
        lines: dict[Reason, None] = {}
        for origin in origins:
            for flow, some in self._aimed(caller, origin, port):
                stop = flow.reply if flow.reply is not None else flow.forward
                if (some & proto & space.member(flow.state.ends.dport, IntSet.of(port.port))).satisfiable():
                    lines[Reason(stop.disposition, stop.line.evidence if stop.line else None)] = None
        unaddressed = bool(self.arrivals.unaddressed(origins, target))
        return Access(caller, "no", refused_by=tuple(lines), unaddressed=unaddressed)

    def _open(self, caller: str, origins: list[Origin], target: Target, wanted: Set) -> Access | None:
        """Where there is a packet of which nobody can say whether it opens a working connection, and why."""
        for origin in origins:
            if not self.arrivals.is_open(origin, target):
                continue
            unclear = self.arrivals.perhaps(origin, target, wanted)
            if unclear.satisfiable():
                why = doubts_of(self.arrivals, origin, unclear)
                return Access(caller, "perhaps", witness=self.arrivals.example(origin, unclear), doubts=why)
        return None

    def _aimed(self, caller: str, origin: Origin, port: Port) -> list[tuple[Flows, Set]]:
        """The flows of an origin to a container's address, as far as they came."""
        key = (caller, origin.group, port.address, port.link)
        known = self._stopped.get(key)
        if known is None:
            mine = IntSet.of(port.address.value)
            found = (
                (flow, some & self.space.member(flow.state.ends.dst, mine) & origin.some)
                for flow, some in self.arrivals.stopped_at(origin.group, port.address.value)
            )
            known = self._stopped[key] = [(flow, some) for flow, some in found if some.satisfiable()]
        return known

    def _nobody(self, caller: str) -> Access:
        """Of a kind of which there is nobody, as far as texts tell."""
        if self.routed or caller not in OUTSIDE:
            return Access(caller, "none")
        why = Doubt("routes-not-captured", (f"IPv{self.space.family}",))
        return Access(caller, "perhaps", doubts=(why,))

    def host(self, site: Site, proto: int, port: int, addresses: IntSet) -> Exposure:
        """Who can call a port of a host's own processes."""
        access = []
        for caller in self.kinds:
            if caller == "same-network":
                continue
            beside = self._beside(caller, site.id)
            origins = self.callers.get("container", []) if caller == "other-network" else beside
            access.append(self._host_access(site, caller, origins, proto, port))
        shown = format_ip(self.space.family, addresses.intervals[0][0]) if addresses.size() == 1 else "*"
        return Exposure(site.id, "", shown, port, protocol_name(proto), tuple(access))

    def _host_access(self, site: Site, caller: str, origins: list[Origin], proto: int, port: int) -> Access:
        if not origins:
            return self._nobody(caller)
        space = self.space
        target = replace(self.reading.host_target(site), ports=IntSet.of(port))
        wanted = space.member(space.field["proto"], IntSet.of(proto))
        ways: list[tuple[Origin, Flows, Set]] = []
        for origin in origins:
            for flow, some in self.arrivals.at(origin, target):
                here = some & wanted & origin.some & self.arrivals.both_ways(flow)
                if here.satisfiable() and flow.forward.line is None:
                    ways.append((origin, flow, here))
        ways = self._certain(ways)
        if ways:
            witness = self.arrivals.packet(*ways[0])
            return Access(caller, "yes", witness=witness, only=self._limits(ways, witness, proto))
        return self._open(caller, origins, target, wanted) or Access(caller, "no")
