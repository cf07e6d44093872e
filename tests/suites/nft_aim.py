"""Packets aimed at what a rule compares: its values, those beside them, and others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

from sekisho.lab.frames import is_housekeeping, is_icmp_error
from sekisho.model.nft import NftRule, NftTable
from sekisho.model.nft_expression import (
    Binary,
    Concat,
    Expression,
    MapLookup,
    Mapping,
    Meta,
    Payload,
    SetLiteral,
    SetReference,
)
from sekisho.model.nft_rule import Assign, Match, SetUpdate, VerdictMap
from sekisho.model.nft_types import data_type
from sekisho.semantics.nft_values import numbers, plain
from sekisho.values.address import BITS, Address, Family
from sekisho.values.names import mac_text
from sekisho.values.packet import (
    DCCP,
    ICMP,
    ICMPV6,
    PORT_PROTOCOLS,
    PROTOCOL_NUMBERS,
    SCTP,
    SYN,
    TCP,
    UDP,
    UDPLITE,
    Packet,
)
from tests.conformance.packets import HEADER, ROUTER_MAC, TRANSPORT
from tests.conformance.vocabulary import VOCABULARIES

# Selector -> field of a packet, and how far nft's number stands to the left in it.
_FIELDS: dict[Expression, tuple[str, int]] = {
    Payload("ip", "saddr"): ("src", 0), Payload("ip", "daddr"): ("dst", 0),
    Payload("ip6", "saddr"): ("src", 0), Payload("ip6", "daddr"): ("dst", 0),
    Payload("ip", "protocol"): ("proto", 0), Payload("ip6", "nexthdr"): ("proto", 0),
    Meta("l4proto"): ("proto", 0), Payload("ip", "ttl"): ("ttl", 0), Payload("ip6", "hoplimit"): ("ttl", 0),
    Payload("ip", "dscp"): ("tos", 2), Payload("ip6", "dscp"): ("tos", 2), Payload("ip", "ecn"): ("tos", 0),
    Payload("ip6", "ecn"): ("tos", 0), Payload("ip", "length"): ("length", 0), Meta("length"): ("length", 0),
    Payload("icmp", "type"): ("icmp_type", 0), Payload("icmpv6", "type"): ("icmp_type", 0),
    Payload("icmp", "code"): ("icmp_code", 0), Payload("icmpv6", "code"): ("icmp_code", 0),
    Payload("icmp", "id"): ("icmp_id", 0), Payload("icmpv6", "id"): ("icmp_id", 0),
    Payload("tcp", "flags"): ("tcp_flags", 0), Payload("ether", "saddr"): ("src_mac", 0),
    Meta("mark"): ("mark", 0), Meta("skuid"): ("uid", 0), Meta("skgid"): ("gid", 0),
}  # fmt: skip
_WIDTH = {"proto": 8, "ttl": 8, "tos": 8, "icmp_type": 8, "icmp_code": 8, "icmp_id": 16, "tcp_flags": 8,
          "sport": 16, "dport": 16, "mark": 32, "uid": 16, "gid": 16, "src_mac": 48}  # fmt: skip
Aim = tuple[str, int]


def aims(rule: NftRule, table: NftTable) -> list[Aim]:
    """(field of a packet, value) for the edges of all that the rule compares."""
    found: dict[Aim, None] = {}
    for key, right in _compared(rule, table):
        if key not in _FIELDS and not (isinstance(key, Payload) and key.field in ("sport", "dport")):
            continue
        field, shift = _FIELDS.get(key) or (key.field if isinstance(key, Payload) else "", 0)
        for first, last in _intervals(key, right):
            for value in (first - 1, first, last, last + 1):
                if value >= 0:
                    found[field, value << shift] = None
    return list(found)


def protocols(rule: NftRule) -> list[int]:
    """The transport protocols of the headers that the rule looks at."""
    names = dict.fromkeys(part.protocol for part in _all(rule) if isinstance(part, Payload))
    return [PROTOCOL_NUMBERS[name] for name in names if name in PROTOCOL_NUMBERS and name != "ip"]


def _all(part: Any) -> Iterator[Any]:
    if isinstance(part, tuple):
        for inner in part:
            yield from _all(inner)
    elif is_dataclass(part):
        yield part
        for item in fields(part):
            yield from _all(getattr(part, item.name))


def _compared(rule: NftRule, table: NftTable) -> Iterator[tuple[Expression, Expression]]:
    """Each selector with a value or a set that it is compared with."""
    sets = {one.name: one.elements for one in table.sets}
    for part in _all(rule.statements):
        match part:
            case Match(_, left, right):
                pairs = [(left, right)]
            case VerdictMap(key, data) | MapLookup(key, data):
                pairs = [(key, data)]
            case SetUpdate(_, name, key) if name in sets:
                pairs = [(key, SetReference(name))]
            case Assign(key, value):
                pairs = [(key, value)]
            case _:
                continue
        for key, right in pairs:
            listed = sets.get(right.name, ()) if isinstance(right, SetReference) else (right,)
            if isinstance(right, SetLiteral):
                listed = right.elements
            for element in listed:
                yield from _split(key, element)


def _split(key: Expression, element: Expression | Mapping) -> Iterator[tuple[Expression, Expression]]:
    value = plain(element)
    if isinstance(key, Concat) and isinstance(value, Concat):
        yield from zip(key.parts, value.parts, strict=False)
    elif isinstance(key, Binary):
        inner = key
        while isinstance(inner, Binary) and isinstance(inner.left, Binary):
            inner = inner.left
        yield inner.left, value
        yield inner.left, inner.right
    else:
        yield key, value


def _intervals(key: Expression, value: Expression) -> tuple[tuple[int, int], ...]:
    try:
        return numbers(value, data_type(key)).intervals[:6]
    except (ValueError, KeyError):
        return ()


def aimed(chance: Random, family: Family, hook: str, at: list[Aim], wanted: list[int], local: bool) -> Packet:
    """A packet for a rule at that hook; ``local``: from a process of the host."""
    words = VOCABULARIES[family]
    echo = ICMP if family == 4 else ICMPV6
    mine = [one for one in wanted if one in TRANSPORT and one in (TCP, UDP, SCTP, DCCP, UDPLITE, echo)]
    others = (TCP, UDP, echo) if local else (TCP, UDP, echo, SCTP, DCCP)
    proto = chance.choice(mine) if mine and chance.random() < 0.8 else chance.choice(others)
    if local and proto not in (TCP, UDP, echo):
        proto = UDP
    own = words.own("eth0")
    near = chance.choice((words.behind["eth0"][1], words.behind["eth0"][0]))
    far = chance.choice((words.behind["eth1"][0], words.behind["docker0"][0], words.beyond[3]))
    src = own if local else near
    dst = own if hook == "input" or chance.random() < 0.15 else far
    more: dict[str, Any] = {"sport": chance.randint(1024, 60999), "dport": chance.choice((22, 80, 8080))}
    if proto == echo:
        more = {
            "icmp_type": 8 if family == 4 else 128,
            "icmp_code": 0,
            "icmp_id": chance.randint(1, 60000),
        }
    if proto == TCP:
        more["tcp_flags"] = SYN
    if local:
        more |= {"uid": 0, "gid": 0}
    packet = Packet(
        family, Address.parse(src).value, Address.parse(dst).value, proto, iif=None if local else "eth0",
        src_mac=None if local else ROUTER_MAC, **more,
    )  # fmt: skip
    for field, value in chance.sample(at, min(len(at), 3)):
        if chance.random() < 0.8:
            packet = _with(packet, field, value)
    return _whole(_possible(packet, Address.parse(far).value))


def _possible(packet: Packet, far: int) -> Packet:
    """Without what the oracle could not follow: of ICMP other than echoes, who is it for but another host."""
    if is_housekeeping(packet):  # the oracle's own network has such packets as well
        packet = replace(packet, icmp_type=128)
    if packet.icmp_type is None or packet.icmp_type in (8, 128):
        return packet
    if is_icmp_error(packet):
        packet = replace(packet, icmp_id=None)
    return packet if packet.iif is None else replace(packet, dst=far)


def _with(packet: Packet, field: str, value: int) -> Packet:
    """The packet with the value there, where a packet of its kind can have it."""
    local = packet.iif is None
    if field in ("src", "dst"):
        if local and field == "src":
            return packet
        return changed(packet, field, value) if value >> BITS[packet.family] == 0 else packet
    if field == "proto":
        return _of_protocol(packet, value)
    if field == "src_mac":
        mac = mac_text(value)
        return packet if local or value >> 48 or value >> 40 & 1 else replace(packet, src_mac=mac)
    if field == "length":
        grows = packet.proto in (TCP, UDP) and value < 1400 and not (local and packet.proto == TCP)
        return replace(packet, length=value) if grows else packet
    if field in ("mark", "uid", "gid") and (not local or packet.proto not in (TCP, UDP)):
        return packet
    if value >> _WIDTH[field] or getattr(packet, field) is None:
        return packet
    if local and field in ("icmp_type", "tcp_flags", "icmp_code", "tos", "ttl"):
        return packet
    return changed(packet, field, value)


def changed(packet: Packet, field: str, value: Any) -> Packet:
    """The packet with one field replaced."""
    more: dict[str, Any] = {field: value}
    return replace(packet, **more)


def _of_protocol(packet: Packet, proto: int) -> Packet:
    if packet.iif is None or proto > 255 or proto in (0, 43, 44, 50, 51, 58, 1, 60, 135, 139, 140):
        return packet
    ported = proto in PORT_PROTOCOLS
    return replace(
        packet, proto=proto, sport=(packet.sport or 4000) if ported else None,
        dport=(packet.dport or 80) if ported else None, icmp_type=None, icmp_code=None, icmp_id=None,
        tcp_flags=SYN if proto == TCP else None,
    )  # fmt: skip


def _whole(packet: Packet) -> Packet:
    """With the length that it has at least."""
    if packet.iif is None and packet.proto == TCP:
        return packet
    least = HEADER[packet.family] + TRANSPORT.get(packet.proto, 8)
    if packet.proto == TCP and (packet.tcp_flags or 0) & SYN:
        least += 4
    return replace(packet, length=max(packet.length or 0, least))
