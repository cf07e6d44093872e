"""One packet's journey as an answer: the question, and the packet it makes in the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sekisho.answers.endpoints import (
    Endpoint,
    Place,
    destination,
    families,
    interfaces,
    interfaces_of,
    meant,
    origin,
    parse_endpoint,
)
from sekisho.answers.naming import on_host
from sekisho.answers.stated import FIELDS, Stated, with_stated
from sekisho.errors import UsageError, said
from sekisho.semantics import proxy
from sekisho.semantics.journey import Journey, Lean
from sekisho.semantics.journeys import Start
from sekisho.semantics.world import World
from sekisho.symbolic.one_journeys import journey
from sekisho.values.address import Address, Family
from sekisho.values.packet import (
    ACK,
    FIN,
    ICMP,
    ICMPV6,
    PORT_PROTOCOLS,
    RST,
    SYN,
    TCP,
    Packet,
    protocol_number,
)

LOOPBACK: dict[Family, Address] = {4: Address.parse("127.0.0.1"), 6: Address.parse("::1")}


@dataclass(frozen=True, slots=True)
class Question:
    """``source`` and ``target`` as the user wrote them; ``iface`` is --in; ``id`` is given back; ``stated``
    are further fields of the header."""

    source: str
    target: str
    proto: str | None = None
    sport: int | None = None
    dport: int | None = None
    iface: str | None = None
    state: Literal["new", "established"] = "new"
    with_reply: bool = True
    id: object = None
    stated: Stated = ()


def trace(world: World, question: Question) -> Journey:
    """Follow the packet of the question. Raises UsageError where it makes no packet."""
    start, leans = start_of(world, question)
    found = journey(world, start, question.with_reply)
    if not start.established and not opens(start.packet):
        # Listeners answer it with a reset; whether a connection's own socket waits for it no listing tells.
        found = replace(found, answered=None if found.answered else found.answered)
        leans = (*leans, Lean("segment-opens-nothing"))
    else:
        found = _with_proxy(world, found, question.with_reply)
    outside = _from_outside(world, start)
    return replace(found, leans_on=(*leans, *(x for x in found.leans_on if x not in leans), *outside))


def _from_outside(world: World, start: Start) -> tuple[Lean, ...]:
    """What stands before an interface (a security group, a gateway) is not asked."""
    iface, site = start.packet.iif, world.sites.get(start.node)
    if start.how != "interface" or site is None or iface is None or iface in ("lo", *site.bridges):
        return ()
    return (Lean("outside-not-captured", (site.shown(iface),)),)


def opens(packet: Packet) -> bool:
    """Whether the packet may open a connection: of TCP, a SYN alone does (tcp_rcv_state_process)."""
    flags = SYN if packet.tcp_flags is None else packet.tcp_flags
    return packet.proto != TCP or flags & (SYN | ACK | RST | FIN) == SYN


def start_of(world: World, question: Question) -> tuple[Start, tuple[Lean, ...]]:
    """The packet of the question and where it sets out, and what that takes for granted.

    Raises UsageError where it makes no packet.
    """
    source, target = parse_endpoint(question.source), parse_endpoint(question.target)
    family = _family(source, target, question, world)
    to = destination(target, world, family)
    if iface := question.iface:
        _known_interface(world, iface)
    place = origin(source, world, family, question.iface, to, meant(target, world))
    if place.how == "process" and not to.value:
        # A connection to 0.0.0.0 or :: goes to this host itself (ip_route_output_key_hash_rcu).
        to = place.src or LOOPBACK[family]
    proto = _protocol(question, source, target, family)
    dport = question.dport if question.dport is not None else target.port
    sport = question.sport if question.sport is not None else source.port
    if proto in (ICMP, ICMPV6) and (sport is not None or dport is not None):
        raise UsageError("ICMP has no ports", advice="leave the port out, or choose another --proto")
    packet = _packet(place, to, proto, sport, dport)
    packet = with_stated(packet, question.stated, place.how == "process")
    unstated = {"length", "ttl"}
    if proto in PORT_PROTOCOLS and sport is None:
        unstated.add("sport")
    if proto in PORT_PROTOCOLS and dport is None:
        unstated.add("dport")
    if place.src is None:
        unstated.add("src")
    if place.how != "process":
        unstated.add("src_mac")
    unstated -= {FIELDS[name].name for name, _ in question.stated}
    established = question.state == "established"
    start = Start(packet, place.node, place.how, place.origin, established, frozenset(unstated))
    return start, tuple(place.leans)


def _with_proxy(world: World, found: Journey, with_reply: bool) -> Journey:
    """Where docker-proxy accepts, its own connection to the container belongs to the answer."""
    site = proxy.accepted(world, found)
    if site is None:
        return found
    start = proxy.second_connection(site, found.forward.packet)
    if start is None:
        return replace(found, leans_on=(*found.leans_on, Lean("proxy-target-unknown")))
    onward = journey(world, start, with_reply)
    leans = (*found.leans_on, *(lean for lean in onward.leans_on if lean not in found.leans_on))
    return replace(found, leans_on=leans, onward=onward)


def _family(source: Endpoint, target: Endpoint, question: Question, world: World) -> Family:
    given = [end.address.family for end in (source, target) if end.address is not None]
    if len(set(given)) > 1:
        raise UsageError(
            said("{0} and {1} are of different IP versions", question.source, question.target),
            advice="give both ends as IPv4 or both as IPv6",
        )
    if given:
        return given[0]
    if question.proto in ("icmpv6", "ipv6-icmp", "icmp6", "58"):
        return 6
    both = families(source, world) & families(target, world)
    return 6 if both == {6} else 4


def _known_interface(world: World, iface: str) -> None:
    site, name = on_host(iface, iface, world, interfaces(world))
    names = interfaces_of(site)
    if name not in names:
        raise UsageError(
            said("no interface {0!r} is known here", iface),
            advice=said("known: {0}", ", ".join(sorted(names))),
        )


def _protocol(question: Question, source: Endpoint, target: Endpoint, family: Family) -> int:
    if question.proto is None:
        ported = (question.dport, question.sport, target.port, source.port)
        return 6 if any(port is not None for port in ported) else ICMP if family == 4 else ICMPV6
    try:
        number = protocol_number(question.proto)
    except ValueError as error:
        raise UsageError(said("{0}", error), advice="write tcp, udp, icmp or a protocol number") from error
    return ICMPV6 if number == ICMP and family == 6 else number


def _packet(place: Place, to: Address, proto: int, sport: int | None, dport: int | None) -> Packet:
    is_echo = proto in (ICMP, ICMPV6)
    return Packet(
        to.family,
        place.src.value if place.src else 0,
        to.value,
        proto,
        None if is_echo else sport,
        None if is_echo else dport,
        icmp_type=None if not is_echo else 8 if proto == ICMP else 128,
        icmp_code=0 if is_echo else None,
        icmp_id=1 if is_echo else None,
        iif=place.iface if place.how == "interface" else None,
    )


# ----------------------------------------------------------------------------------- many at once


def question_of_flow(flow: Mapping[str, object], with_reply: bool = True) -> Question:
    """One line of a --flows file as a question. Raises UsageError naming the field that is wrong."""
    unknown = set(flow) - {"id", "in", "from", "src", "dst", "proto", "sport", "dport", "state", *FIELDS}
    if unknown:
        raise UsageError(said("unknown field {0!r} in a flow", sorted(unknown)[0]))
    source = flow.get("from") or flow.get("src")
    if not isinstance(source, str):
        raise UsageError("a flow needs src (an address) or from (an endpoint)")
    target = flow.get("dst")
    if not isinstance(target, str):
        raise UsageError("a flow needs dst")
    state = flow.get("state") or "new"
    if state not in ("new", "established"):
        raise UsageError(said("state is new or established, not {0!r}", state))
    iface = flow.get("in")
    if iface is not None and not isinstance(iface, str):
        raise UsageError("in is the name of an interface, or null")
    proto = flow.get("proto")
    return Question(
        source,
        target,
        None if proto is None else str(proto),
        _port_field(flow, "sport"),
        _port_field(flow, "dport"),
        iface,
        "established" if state == "established" else "new",
        with_reply,
        flow.get("id"),
        tuple(
            (name, field.value(name, flow[name]))
            for name, field in FIELDS.items()
            if flow.get(name) is not None
        ),
    )


def _port_field(flow: Mapping[str, object], name: str) -> int | None:
    value = flow.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 65536:
        raise UsageError(said("{0} is a port from 0 to 65535, not {1!r}", name, value))
    return value
