"""Header fields by name: ``ip saddr``, ``tcp dport``, ``icmp type``... as columns.

Packets of a journey are whole, without options and extension headers; what else they carry is not known.
"""

from __future__ import annotations

from sekisho.model.nft_expression import Payload
from sekisho.model.nft_types import INTEGER, data_type
from sekisho.semantics.fields import Field
from sekisho.semantics.fields import field as field_named
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_column import (
    ELSEWHERE,
    AnyColumn,
    Column,
    Fixed,
    OneOf,
    Open,
    Translation,
    of_protocol,
)
from sekisho.semantics.nft_context import NftContext
from sekisho.semantics.nft_links import ethernet
from sekisho.semantics.program import Guard, In, Not
from sekisho.values.address import BITS, Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import PORT_PROTOCOLS

ETHER_TYPES: dict[int, int] = {4: 0x0800, 6: 0x86DD}
# Bytes of a header without options or extensions.
_HEADER: dict[int, int] = {4: 20, 6: 40}
# May a packet be cut into fragments? Nobody states it.
_DONT_FRAGMENT = 0x4000
_LENGTH = In("length", IntSet.span(0, 0xFFFF))


def payload_column(protocol: str, field: str, context: NftContext) -> AnyColumn:
    """The column of a header's field."""
    kind, family = data_type(Payload(protocol, field)), context.family
    match protocol:
        case "ip" | "ip6":
            return ELSEWHERE if (protocol == "ip") != (family == 4) else _network(field, kind, family)
        case "tcp" | "udp" | "udplite" | "sctp" | "dccp":
            return _transport(protocol, field, kind, family)
        case "icmp" | "icmpv6":
            return _icmp(protocol, field, kind, family)
        case "th" if field in ("sport", "dport"):
            # Where there are no ports, these are other bytes of the packet.
            return Column(field_named(field), 16, kind, doubt=Not(In("proto", IntSet.of(*PORT_PROTOCOLS))))
        case "ether":
            return _ether(field, kind, context)
        case "arp" | "vlan":
            return ELSEWHERE  # frames of a journey carry IP, and no tag
        case "igmp" | "gre" | "gretap" | "esp" | "ah" | "comp":
            return Open(
                _content(protocol, field), (of_protocol(_NUMBERED.get(protocol, protocol)),), always=True
            )
        case "vxlan" | "geneve":
            return Open(_content(protocol, field), (of_protocol("udp"),))
        case _:
            return Open(_content(protocol, field))


_NUMBERED = {"gretap": "gre", "comp": "ipcomp"}


def _content(protocol: str, field: str) -> Doubt:
    return Doubt("payload", (f"{protocol} {field}",))


def _dscp(values: IntSet) -> IntSet:
    return IntSet.from_intervals((first << 2, last << 2 | 3) for first, last in values)


def _ecn(values: IntSet) -> IntSet:
    return IntSet.of(*(high << 2 | low for high in range(64) for low in range(4) if low in values))


def _longer_by(header: int) -> Translation:
    """Lengths of what follows a header -> lengths of the whole packet."""
    return lambda values: IntSet.from_intervals((first + header, last + header) for first, last in values)


_IP_FIELDS: dict[str, tuple[Field, int, Translation | None]] = {
    "saddr": ("src", 32, None), "daddr": ("dst", 32, None), "protocol": ("proto", 8, None),
    "nexthdr": ("proto", 8, None), "dscp": ("tos", 6, _dscp), "ecn": ("tos", 2, _ecn),
    "ttl": ("ttl", 8, None), "hoplimit": ("ttl", 8, None),
}  # fmt: skip


def _network(field: str, kind: str, family: Family) -> AnyColumn:
    if field in _IP_FIELDS:
        name, bits, translate = _IP_FIELDS[field]
        return Column(name, BITS[family] if name in ("src", "dst") else bits, kind, translate=translate)
    match field:
        case "version":
            return Fixed(family, kind, 4)
        case "hdrlength":
            return Fixed(_HEADER[4] // 4, kind, 4)
        case "length":
            translate = None if family == 4 else _longer_by(_HEADER[6])
            return Column("length", 16, INTEGER, translate=translate, present=_LENGTH)
        case "frag-off":
            return OneOf((0, _DONT_FRAGMENT), kind, 16, _content("ip", field))
        case _:
            return Open(_content("ip" if family == 4 else "ip6", field), always=True)


def _transport(protocol: str, field: str, kind: str, family: Family) -> AnyColumn:
    needs = (of_protocol(protocol),)
    if field in ("sport", "dport"):
        return Column(field_named(field), 16, kind, needs)
    if protocol == "tcp" and field == "flags":
        return Column("tcp_flags", 8, kind, needs, present=In("tcp_flags", IntSet.span(0, 255)))
    if protocol == "udp" and field == "length":
        return Column("length", 16, kind, needs, _longer_by(_HEADER[family]), present=_LENGTH)
    return Open(_content(protocol, field), needs, always=True)


# The types that have a field: nft tests for them by itself (proto.c, icmp_dep).
_ICMP_TYPES: dict[str, dict[str, tuple[int, ...]]] = {
    "icmp": {"id": (0, 8), "sequence": (0, 8), "gateway": (5,), "mtu": (3,)},
    "icmpv6": {"id": (128, 129), "sequence": (128, 129), "mtu": (2,), "parameter-problem": (4,),
               "max-delay": (130, 131, 132), "taddr": (130, 131, 132, 135, 136, 137), "daddr": (137,)},
}  # fmt: skip


def _icmp(protocol: str, field: str, kind: str, family: Family) -> AnyColumn:
    if (protocol == "icmp") != (family == 4):
        return ELSEWHERE
    needs: tuple[Guard, ...] = (of_protocol(protocol),)
    if field in ("type", "code"):
        own: Field = "icmp_type" if field == "type" else "icmp_code"
        return Column(own, 8, kind, needs, present=In(own, IntSet.span(0, 255)))
    types = _ICMP_TYPES[protocol].get(field)
    if types is not None:
        needs = (*needs, In("icmp_type", IntSet.of(*types)))
    if field == "id":
        return Column("icmp_id", 16, kind, needs, present=In("icmp_id", IntSet.span(0, 0xFFFF)))
    return Open(_content(protocol, field), needs, always=True)


def _ether(field: str, kind: str, context: NftContext) -> AnyColumn:
    """nft asks for an Ethernet interface first, but in tables of bridges. On the way out there is another
    header."""
    needs = ethernet(context)
    if "egress" in context.hooks:
        return Open(Doubt("link-layer", (f"ether {field}",)))
    if field == "saddr":
        return Column("src_mac", 48, kind, needs, present=In("src_mac", IntSet.span(0, (1 << 48) - 1)))
    if field == "type":
        return Fixed(ETHER_TYPES[context.family], kind, 16, needs)
    return Open(Doubt("link-layer", (f"ether {field}",)), needs, always=True)
