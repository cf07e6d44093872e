"""Whether what a set of packets does is what each of its packets does, walked alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from sekisho.semantics.fields import HEADER
from sekisho.semantics.journey import Journey, Leg
from sekisho.semantics.journeys import Start
from sekisho.semantics.related import is_error
from sekisho.semantics.size import smallest
from sekisho.semantics.world import World
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.bits import ONE, Bits, ByOrigin, Set
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.journeys import Flows, Source, journeys, taker
from sekisho.symbolic.one_journeys import journey
from sekisho.symbolic.state import State
from sekisho.values.address import Address
from sekisho.values.names import mac_text
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, TCP, UDP, Packet
from tests.symbolic.worlds import ADDRESSES, PORTS

Values = dict[str, int]
EndOf = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A packet for which the readings disagree."""

    source: Source
    packet: Packet
    alone: object
    together: object


def random_values(draw: Random) -> Values:
    """A packet with everything stated."""
    proto = draw.choice((TCP, TCP, TCP, UDP, ICMP, 47))
    ports = (*PORTS, 1080, 1500, 40000)
    flags = draw.choice((2, 2, 2, 2, 16, 18, 1, 4, 0, 0x12, 0x29))
    return {
        "proto": proto, "src": _address(draw), "dst": _address(draw),
        "sport": draw.choice(ports), "dport": draw.choice(ports), "icmp_type": draw.choice((8, 8, 8, 0, 3, 13)),  # noqa: E501
        "icmp_code": draw.choice((0, 0, 1)), "icmp_id": 7, "tcp_flags": flags, "tos": draw.choice((0, 0, 16, 0x10)),  # noqa: E501
        "src_mac": draw.choice((0x020000000001, 0x0200000000FF)), "length": draw.choice((40, 60, 1500)),
        "ttl": draw.choice((64, 64, 64, 2, 1, 200)), "uid": draw.choice((0, 33, 1500)), "gid": 0,
    }  # fmt: skip


def _address(draw: Random) -> int:
    address = Address.parse(draw.choice(ADDRESSES)).value
    return address if draw.random() < 0.9 else address ^ draw.getrandbits(8)


def cube(walk: SymbolicWalk, values: Values) -> Set:
    """The one packet as a set."""
    space = walk.space
    found = space.everything
    for name in reversed(HEADER):
        found &= space.masked(space.field[name], (1 << space.width(name)) - 1, values[name])
    return found


def member(walk: SymbolicWalk, some: Set, draw: Random) -> Values:
    """A random member of a set: free bits and forks are drawn."""
    space = walk.space
    literals = space.everything
    for index in range(space.variables - 1, -1, -1):
        var = space.manager.var(index)
        literals &= var if draw.random() < 0.5 else ~var
    picked = some.pick_cube_dd_set(literals).pick_cube()
    assert picked is not None
    values: Values = {}
    for name in HEADER:
        first, number = space.first[name], 0
        for index in range(first, first + space.width(name)):
            bit = picked[index]
            number = number << 1 | (draw.randrange(2) if bit is None else bit)
        values[name] = number
    return values


def packet_of(values: Values, source: Source, family: int = 4) -> Packet:
    """The values as a packet of the concrete reading."""
    proto = values["proto"]
    ported, query = proto in PORT_PROTOCOLS, proto in (ICMP, ICMPV6)
    process = source.how == "process"
    return Packet(
        4 if family == 4 else 6, values["src"], values["dst"], proto,
        values["sport"] if ported else None, values["dport"] if ported else None,
        values["icmp_type"] if query else None, values["icmp_code"] if query else None,
        values["icmp_id"] if query else None, values["tcp_flags"] if proto == TCP else None,
        source.iif if source.how == "interface" else None, tos=values["tos"], ttl=values["ttl"],
        length=values["length"],
        src_mac=None if process else mac_text(values['src_mac']),
        uid=values["uid"] if process else None, gid=values["gid"] if process else None,
        df=0 if family == 4 else None,
    )  # fmt: skip


def alone(world: World, source: Source, packet: Packet) -> Journey | None:
    """The packet walked by itself; None where the source does not send such a packet, or it is one of IPv6
    that may not fit: sets are not of those."""
    if packet.family == 6 and (packet.length or 0) > min(smallest(n.facts, 6) for n in world.nodes.values()):
        return None
    how, origin = source.how, None
    if how == "attachment":
        address = Address(packet.family, packet.src)
        origin = next((item for item in source.origins if address in item.addresses), None)
        if origin is None:
            return None
    unstated = frozenset({"src"}) if source.choose_source else frozenset[str]()
    return journey(world, Start(packet, source.node, how, origin, unstated=unstated))


def end_of(leg: Leg | None) -> EndOf | None:
    """What the two readings must agree on."""
    if leg is None:
        return None
    packet = leg.packet
    ends = (packet.src, packet.dst, packet.sport, packet.dport)
    return _end(leg.disposition, leg.where, leg.answer, ends, packet.oif, packet.next_hop)


def _end(
    disposition: str,
    where: str,
    answer: str | None,
    ends: EndOf,
    oif: str | ByOrigin | None,
    next_hop: Address | None,
) -> EndOf:
    if disposition in ("undetermined", "loop"):
        return (disposition,)
    if disposition == "exits":
        return (disposition, ends, oif, next_hop)
    if disposition == "delivered":
        return (disposition, where, ends)
    return (disposition, answer, ends)


def value_of(walk: SymbolicWalk, bits: Bits, assigned: list[bool | None]) -> int:
    """A field's number for one packet."""
    assert not walk.space.is_open(bits)
    number = 0
    for code in bits.codes:
        bit = code == ONE if code < 0 else bool(assigned[code >> 1]) != bool(code & 1)
        number = number << 1 | bit
    return number


def end_together(walk: SymbolicWalk, fate: Fate | None, state: State | None, some: Set) -> EndOf | None:
    """The end of a set's only packet."""
    if fate is None or state is None:
        return None
    assigned = some.pick_cube()
    assert assigned is not None
    ends = state.ends
    src, dst = (value_of(walk, bits, assigned) for bits in (ends.src, ends.dst))
    hop = state.next_hop
    next_hop = Address(walk.family, value_of(walk, hop, assigned)) if isinstance(hop, Bits) else hop
    proto = value_of(walk, walk.space.field["proto"], assigned)
    sport: int | None = None
    dport: int | None = None
    if proto in PORT_PROTOCOLS:
        sport, dport = (
            None if walk.space.is_open(bits) else value_of(walk, bits, assigned)
            for bits in (ends.sport, ends.dport)
        )
    where = taker(walk, fate, next_hop)
    return _end(fate.disposition, where, fate.answer, (src, dst, sport, dport), state.oif, next_hop)


def _end_of_all(ends: dict[EndOf | None, None], expected: EndOf | None) -> EndOf | None:
    """The end of all that one packet may come to. Sets ask IPv6 neighbours one by one only where these are
    known to be there; where rules look at the bits of an address, they leave open who else is found."""
    lost = [one for one in ends if one is None or one[0] == "neighbour_failed"]
    others = [one for one in ends if one not in lost]
    if lost and len(others) == 1 and expected in (*lost, *others):
        return expected
    return next(iter(ends)) if len(ends) == 1 else ("undetermined",)


def compare(
    world: World, walk: SymbolicWalk, source: Source, flows: list[Flows], values: Values
) -> Difference | None:
    """Where the packet's own walk and its sets disagree."""
    packet = packet_of(values, source, walk.family)
    if packet.src == packet.dst and packet.sport == packet.dport:
        return None  # a packet to itself: a tuple that is its own answer
    if is_error(packet):
        return None  # an ICMP error is about another packet, which nobody stated
    found = alone(world, source, packet)
    if found is None:
        return None
    one = cube(walk, values)
    forward: dict[EndOf | None, None] = {}
    reply: dict[EndOf | None, None] = {}
    for flow in flows:
        for here in _by_destination(walk, flow.some & one):
            forward[end_together(walk, flow.forward, flow.state, here)] = None
            reply[end_together(walk, flow.reply, flow.back, here)] = None
    expected_forward = end_of(found.forward)
    got_forward = _end_of_all(forward, expected_forward)
    if not forward or got_forward != expected_forward:
        return Difference(source, packet, found, (forward, reply))
    expected_reply = end_of(found.reply)
    if expected_forward != ("undetermined",) and _end_of_all(reply, expected_reply) != expected_reply:
        return Difference(source, packet, found, (forward, reply))
    return None


def _by_destination(walk: SymbolicWalk, some: Set) -> Iterator[Set]:
    """One packet's part of a set, by the destination that a translation gave it on some choice."""
    space = walk.space
    while some.satisfiable():
        picked = some.pick_cube()
        assert picked is not None
        here = some
        for name in ("tdst", "tdport"):
            for index in range(space.first[name], space.first[name] + space.field[name].width):
                if picked[index] is not None:
                    var = space.manager.var(index)
                    here &= var if picked[index] else ~var
        yield here
        some &= ~here


def sources(world: World) -> list[Source]:
    """Every place where packets can set out."""
    found = []
    for site in world.sites.values():
        facts = site.host.facts
        wires = [item.name for item in facts.interfaces or () if item.master is None]
        if not wires:  # no file lists them
            devices = [hop.dev for route in facts.routes for hop in route.nexthops if hop.dev is not None]
            wires = list(dict.fromkeys(devices))
        found += [Source("interface", site.id, name) for name in wires if name != "lo"]
        found += [Source("process", site.id), Source("process", site.id, choose_source=True)]
        found += [Source("process", name) for name in site.nodes if name != site.id]
        loose = tuple(item for item in site.attachments if item.node is None)
        if loose:
            found.append(Source("attachment", site.id, origins=loose))
    return found


def disagreements(world: World, seed: int, packets: int) -> tuple[list[Difference], int]:
    """Compare ``packets`` random packets of each source, half of them drawn inside the reported sets."""
    draw = Random(seed)
    found: list[Difference] = []
    compared = 0
    for source in sources(world):
        walk = SymbolicWalk(world, 4)
        start = walk.space.everything
        if source.how == "attachment":
            start = walk.space.nothing
            for origin in source.origins:
                start |= walk.space.member(walk.space.field["src"], walk.addresses_of(origin))
        flows = journeys(walk, source, start)
        for at in range(packets):
            if at % 2 and flows:
                values = member(walk, draw.choice(flows).some, draw)
            else:
                values = random_values(draw)
                if source.how == "attachment":
                    origin = draw.choice(source.origins)
                    values["src"] = next(iter(origin.addresses)).value
            difference = compare(world, walk, source, flows, values)
            compared += 1
            if difference is not None:
                found.append(difference)
    return found, compared
