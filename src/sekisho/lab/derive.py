"""Packets that hit a snapshot's rules and routes, each at least once where a packet can, and their edges.

    rule, with the jumps that lead to it --solve--> box --places--> packets: one inside, and for each
    address and port that the rule names one just inside and one just outside

Which of them really hit is told by following them; ``Derived.missed`` are the lines that none did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from sekisho.lab.exchange import start_at
from sekisho.lab.solve import Wish, edges, meet, wishes
from sekisho.lab.topology import interfaces_of
from sekisho.semantics.control import called
from sekisho.semantics.journey import Journey
from sekisho.semantics.journeys import Start
from sekisho.semantics.program import ChainCode, In, Program, Station
from sekisho.semantics.site import Site
from sekisho.semantics.world import World
from sekisho.symbolic.one_journeys import journey
from sekisho.values.address import BITS, Address, Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import DCCP, ICMP, ICMPV6, PORT_PROTOCOLS, SCTP, SYN, TCP, UDP, Packet

# (table, chain, the rule's number) and (route, table, the route's text).
Line = tuple[str, str, str]
# What stands for somebody far away: documentation addresses (RFC 5737, RFC 3849).
_FAR = {4: Address.parse("203.0.113.9").value, 6: Address.parse("2001:db8:ffff::9").value}
_DEEPEST = 8
_POLICY: Line = ("route", "", "")


@dataclass(frozen=True, slots=True)
class Derived:
    """``starts`` are the packets, ``missed`` the rules and routes that none of them hits, ``lines`` how many
    rules and routes there are. Policy rules get packets too, but no step tells which one sent them on."""

    starts: tuple[Start, ...]
    missed: tuple[Line, ...]
    lines: int


def derive(world: World, most: int = 4000) -> Derived:
    """Packets for every rule, route and policy rule of the host, both families; at most ``most``."""
    starts: dict[Packet, Start] = {}
    lines: dict[Line, None] = {}
    hit: set[Line] = set()
    families: tuple[Family, Family] = (4, 6)
    for family in families:
        program = world.site.host.programs[family]
        places = _Places(world.site, family)
        for line, wish, local in _targets(program, family):
            if line != _POLICY:
                lines.setdefault(line)
            for packet in places.packets(wish, local):
                if len(starts) < most and packet not in starts:
                    starts[packet] = start = start_at(packet)
                    hit |= set(hits(journey(world, start)))
    return Derived(tuple(starts.values()), tuple(line for line in lines if line not in hit), len(lines))


def hits(found: Journey) -> Iterator[Line]:
    """The rules and routes that a packet or its reply took."""
    for leg in (found.forward, found.reply):
        for step in leg.steps if leg is not None else ():
            if step.hook == "route" and step.chain is not None:
                yield ("route", step.chain, step.text)
            elif step.chain is not None and step.rule is not None:
                yield _line(step.backend, step.table or "", step.chain, step.rule)


def _line(backend: str, table: str, chain: str, number: int) -> Line:
    return (f"legacy {table}" if backend == "legacy" else table, chain, str(number))


# ------------------------------------------------------------------------------------ what to hit


def _targets(program: Program, family: Family) -> Iterator[tuple[Line, Wish, bool]]:
    """Each line with what a packet must be to get there, and whether a local process must send it."""
    for hook, stations in program.stations.items():
        for station in stations:
            own = Wish()
            if hook == "input":
                own = _local(program, family, True)
            elif hook == "forward":
                own = _local(program, family, False)
            for chain, number, wish in _rules(station, family, own):
                yield _line(station.backend, station.table, chain, number), wish, hook == "output"
    for table in (program.routing, *program.route_tables.values()):
        for line in table.lines:
            asked = _POLICY if table is program.routing else ("route", table.name, line.text)
            for wish in wishes(line.guard, family):
                yield asked, wish, False
                yield asked, wish, True


def _local(program: Program, family: Family, mine: bool) -> Wish:
    """Packets for the host itself, or for others."""
    table = program.route_tables.get("local")
    own = IntSet(())
    for line in table.lines if table is not None else ():
        if isinstance(line.guard, In) and line.guard.field == "dst":
            own |= line.guard.values
    values = own if mine else own.complement(BITS[family])
    return Wish((("dst", values),)) if values else Wish()


def _rules(station: Station, family: Family, own: Wish) -> Iterator[tuple[str, int, Wish]]:
    """Every rule of a station by the first ways of jumps that lead to it."""
    todo: list[tuple[ChainCode, Wish, int]] = [(station.base, own, 0)]
    entered: dict[str, int] = {}
    while todo:
        chain, before, depth = todo.pop(0)
        for line in chain.lines:
            for wish in wishes(line.guard, family):
                both = meet(before, wish) or wish
                yield chain.name, line.number, both
                for target in called(line):
                    if target in station.chains and entered.get(target, 0) < 3 and depth < _DEEPEST:
                        entered[target] = entered.get(target, 0) + 1
                        todo.append((station.chains[target], both, depth + 1))


# ------------------------------------------------------------------------------- concrete packets


class _Places:
    """Who is where around the host: the addresses that packets can come from and go to."""

    def __init__(self, site: Site, family: Family) -> None:
        self.family = family
        mine = [item for item in site.host.addresses[family] if item.scope != "link"]
        self.own = sorted(mine, key=lambda item: item.interface == "lo")
        self.lasts = {item.subnet.last for item in mine if item.length < BITS[family] - 1}
        self.bridges = site.bridges
        names = [item.name for item in interfaces_of(site.host.facts) if not item.master]
        self.behind: dict[str, list[int]] = {
            name: list(dict.fromkeys(self._behind(site, name))) for name in names
        }
        self.behind = {name: found for name, found in self.behind.items() if found}
        everyone = [value for found in self.behind.values() for value in found]
        self.targets = list(dict.fromkeys([*(item.value for item in self.own), *everyone]))

    def _behind(self, site: Site, name: str) -> Iterator[int]:
        facts = site.host.facts
        for item in site.attachments:
            if item.bridge == name:
                yield from (a.value for a in item.addresses if a.family == self.family)
        if name in site.bridges:
            return
        for near in facts.neighbours or ():
            if near.interface == name and near.address.family == self.family and near.mac:
                if self.family == 6 and _one_link6(near.address.value):
                    continue
                yield near.address.value
        for address in self.own:
            if address.interface == name and address.length < BITS[self.family] - 1:
                first = address.subnet.address.value + 1
                yield first if first != address.value else first + 1
        for route in facts.routes:
            ways = {hop.dev for hop in route.nexthops}
            if route.family == self.family and name in ways and route.dst.length == 0:
                yield _FAR[self.family]

    def packets(self, wish: Wish, local: bool) -> Iterator[Packet]:
        """A packet in the box from each of a few places, then those at its edges."""
        for iif in islice(self._ways_in(wish, local), 3):
            base = self._packet(wish, iif)
            if base is None:
                continue
            if self._can_be_sent(base):
                yield base
            yield from self._at_edges(wish, base)

    def _ways_in(self, wish: Wish, local: bool) -> Iterator[str | None]:
        if local:
            yield None
            return
        sources = wish.values("src")
        fitting = [name for name in self.behind if wish.fits("iif", name)]
        fitting.sort(key=lambda name: sources is not None and not self._known(self.behind[name], sources))
        yield from fitting
        if wish.fits("iif", None):
            yield None

    def _known(self, values: Iterable[int], within: IntSet) -> int | None:
        return next((value for value in values if value in within), None)

    def _packet(self, wish: Wish, iif: str | None) -> Packet | None:
        sources = [item.value for item in self.own] if iif is None else self.behind[iif]
        src = _choose(wish.values("src"), sources)
        out = [name for name in self.behind if wish.fits("oif", name) and name != iif]
        asked = any(guard.field == "oif" for guard in (*wish.wanted, *wish.unwanted))
        towards = [value for name in out for value in self.behind[name]] if asked else self.targets
        dst = _choose(wish.values("dst"), [value for value in towards if value != src])
        proto = self._protocol(wish)
        if src is None or dst is None or proto is None or src == dst:
            return None
        tos = _choose(wish.values("tos"), [0]) or 0
        ttl = _choose(wish.values("ttl"), [64]) or 64
        packet = Packet(self.family, src, dst, proto, iif=iif, tos=tos, ttl=ttl)
        if iif is None:
            packet = replace(packet, uid=0, gid=0)
        if proto in (ICMP, ICMPV6):
            kind = _choose(wish.values("icmp_type"), [8 if proto == ICMP else 128])
            return replace(packet, icmp_type=kind, icmp_code=0, icmp_id=7)
        sport, dport = _choose(wish.values("sport"), [40000]), _choose(wish.values("dport"), [80])
        return replace(packet, sport=sport, dport=dport, tcp_flags=SYN if proto == TCP else None)

    def _protocol(self, wish: Wish) -> int | None:
        known = [TCP, UDP, ICMP if self.family == 4 else ICMPV6, SCTP, DCCP]
        if wish.values("icmp_type") is not None:
            known = known[2:3]
        values = wish.values("proto")
        return known[0] if values is None else self._known(known, values)

    def _at_edges(self, wish: Wish, base: Packet) -> Iterator[Packet]:
        for field, values in wish.fields:
            if field in ("src", "dst"):
                bits = BITS[self.family]
            elif field in ("sport", "dport") and base.proto in PORT_PROTOCOLS:
                bits = 16
            else:
                continue
            if values.size() >= 1 << (bits - 1):
                values = values.complement(bits)  # "all but": its edges are those of what is left out
            for value in edges(values, bits):
                packet = _with(base, field, value)
                if self._can_be_sent(packet):
                    yield packet

    def _can_be_sent(self, packet: Packet) -> bool:
        """Leaves out what nobody sends, and what is for every port or one link only."""
        if packet.src == packet.dst or 0 in (packet.sport, packet.dport):
            return False
        if packet.iif is None:
            # A process has the host's own addresses, and those of lo only for lo.
            if packet.src not in {item.value for item in self.own} or packet.dst in self.lasts:
                return False
            if _loopback(self.family, packet.src) != _loopback(self.family, packet.dst):
                return False
        elif packet.iif in self.bridges and self._nobody(packet):
            return False  # whoever sends it hears no answer when it asks for the address
        if self.family == 6:
            if packet.iif is not None and 1 in (packet.src, packet.dst):
                return False
            return not any(_one_link6(value) for value in (packet.src, packet.dst))
        return 0 < packet.src >> 24 < 224 and 0 < packet.dst >> 24 < 224

    def _nobody(self, packet: Packet) -> bool:
        """Whether the destination is in the bridge's subnet and nobody there has it."""
        if packet.dst in self.behind[packet.iif or ""] or any(item.value == packet.dst for item in self.own):
            return False
        value = Address(self.family, packet.dst)
        return any(item.interface == packet.iif and item.subnet.contains(value) for item in self.own)


def _loopback(family: Family, value: int) -> bool:
    return value >> 24 == 127 if family == 4 else value == 1


def _one_link6(value: int) -> bool:
    """The unspecified address, link-local and multicast ones, and what is reserved beside them."""
    return value == 0 or value >> 118 == 0x3FA or value >> 120 == 0xFF


def _with(packet: Packet, field: str, value: int) -> Packet:
    match field:
        case "src":
            return replace(packet, src=value)
        case "dst":
            return replace(packet, dst=value)
        case "sport":
            return replace(packet, sport=value)
        case _:
            return replace(packet, dport=value)


def _choose(values: IntSet | None, preferred: Iterable[int]) -> int | None:
    """A preferred value that is inside, else one of its first: a subnet's very first is rather the second."""
    wanted = list(preferred)
    if values is None:
        return wanted[0] if wanted else None
    found = next((value for value in wanted if value in values), None)
    if found is not None:
        return found
    first, last = next(iter(values), (None, None))
    if first is None or last is None:
        return None
    return first + 1 if first < last else first
