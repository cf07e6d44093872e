"""What nftables' selectors look at, as fields of a packet: selector -> column.

A column says which field of the program's language holds the value, how nft's numbers translate to it,
and what else must be true (``tcp dport`` only fits TCP: nft leaves out the test that it adds itself).
Sources: nft(8), net/netfilter/nft_meta.c, nft_ct.c, nft_payload.c. A value that a packet does not have
ends the rule (NFT_BREAK), so ``!=`` does not fit there either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sekisho.model.nft_rule import Ct, Expression, Hash, Lookup, Meta, Numgen, Payload, RawPayload
from sekisho.model.nft_types import INTEGER, data_type
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    ALWAYS,
    ESTABLISHED,
    INVALID,
    NEW,
    RELATED,
    UNTRACKED,
    All,
    Guard,
    In,
    Not,
)
from sekisho.values.address import BITS, Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, PROTOCOL_NUMBERS, TCP

# Values of the selector -> values of the field.
Translation = Callable[[IntSet], IntSet]


@dataclass(frozen=True, slots=True)
class Column:
    """A numeric field. ``needs`` must hold besides; ``bits`` is the width of the selector's values.

    ``translate`` turns sets of the selector's values into sets of the field's; ``present`` tells which
    packets have the field where ``needs`` does not say so.
    """

    field: str
    bits: int
    kind: str
    needs: tuple[Guard, ...] = ()
    translate: Translation | None = None
    present: Guard = ALWAYS
    doubt: Guard | None = None


@dataclass(frozen=True, slots=True)
class InterfaceColumn:
    """``iif`` or ``oif`` by name; a packet without one has the empty name."""

    field: str
    kind: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same value for every packet that comes by here."""

    value: int
    kind: str
    bits: int = 32


@dataclass(frozen=True, slots=True)
class Absent:
    """Packets of a journey have no such thing (extension headers, options): nothing fits."""


@dataclass(frozen=True, slots=True)
class Open:
    """Nobody can say what value it has; ``needs`` may still rule a packet out."""

    doubt: Doubt
    needs: tuple[Guard, ...] = ()


AnyColumn = Column | InterfaceColumn | Fixed | Absent | Open

# A template, which ``ct zone set`` attaches before tracking, has the state of a new connection and nothing
# else of one: its protocol is 0 (net/netfilter/nft_ct.c, nft_ct_get_eval).
TRACKED = All((In("ctstate", IntSet.of(NEW, ESTABLISHED, RELATED)), In("ctproto", IntSet.span(1, 255))))
_ETHER_TYPES: dict[int, int] = {4: 0x0800, 6: 0x86DD}
_NFPROTO: dict[int, int] = {4: 2, 6: 10}
# nft's bit of each state (1 << (state + 1); 1 invalid, 64 untracked).
_STATE_BITS = {1: INVALID, 2: ESTABLISHED, 4: RELATED, 8: NEW, 64: UNTRACKED}


def _states(values: IntSet) -> IntSet:
    return IntSet.of(*(state for bit, state in _STATE_BITS.items() if bit in values))


def _dscp(values: IntSet) -> IntSet:
    return IntSet.from_intervals((first << 2, last << 2 | 3) for first, last in values)


def _ecn(values: IntSet) -> IntSet:
    return IntSet.of(*(high << 2 | low for high in range(64) for low in range(4) if low in values))


def _proto(*names: str) -> Guard:
    return In("proto", IntSet.of(*(PROTOCOL_NUMBERS[name] for name in names)))


def column(expression: Expression, family: Family) -> AnyColumn:
    """The column of a selector for packets of the family."""
    match expression:
        case Payload(protocol, field):
            return _payload(protocol, field, family)
        case Meta(key):
            return _meta(key, family)
        case Ct(key, direction):
            return _ct(key, direction, family)
        case Numgen(mode, modulus):
            return Open(Doubt("random-choice", (f"numgen {mode} mod {modulus}",)))
        case Hash(modulus):
            return Open(Doubt("random-choice", (f"hash mod {modulus}",)))
        case Lookup(kind, words):
            return _lookup(kind, words)
        case RawPayload(base, offset, length):
            return Open(Doubt("payload", (f"@{base},{offset},{length}",)))
        case _:
            return Open(Doubt("expression-not-understood", (type(expression).__name__,)))


# ------------------------------------------------------------------------------------- payload

_IP_FIELDS: dict[str, tuple[str, int, Translation | None]] = {
    "saddr": ("src", 32, None), "daddr": ("dst", 32, None), "protocol": ("proto", 8, None),
    "nexthdr": ("proto", 8, None), "dscp": ("tos", 6, _dscp), "ecn": ("tos", 2, _ecn),
    "ttl": ("ttl", 8, None), "hoplimit": ("ttl", 8, None),
}  # fmt: skip
_OTHER_PROTOCOLS = {"igmp": 2, "gre": 47, "esp": 50, "ah": 51, "comp": 108}
_PORTED = ("tcp", "udp", "udplite", "sctp", "dccp")


def _payload(protocol: str, field: str, family: Family) -> AnyColumn:
    kind = data_type(Payload(protocol, field))
    if protocol in ("ip", "ip6"):
        if protocol != ("ip" if family == 4 else "ip6"):
            return Absent()
        if field == "version":
            return Fixed(family, kind)
        if field in _IP_FIELDS:
            name, bits, translate = _IP_FIELDS[field]
            return Column(name, BITS[family] if name in ("src", "dst") else bits, kind, translate=translate)
        if field == "length" and family == 4:
            return _length()
        return Open(Doubt("payload", (f"{protocol} {field}",)))
    if protocol in _PORTED:
        return _transport(protocol, field, kind)
    if protocol in ("icmp", "icmpv6"):
        number = ICMP if protocol == "icmp" else ICMPV6
        needs: tuple[Guard, ...] = (In("proto", IntSet.of(number)),)
        if field in ("type", "code"):
            return Column(f"icmp_{field}", 8, kind, needs, present=In(f"icmp_{field}", IntSet.span(0, 255)))
        if field == "id":
            return Column("icmp_id", 16, kind, needs, present=In("icmp_id", IntSet.span(0, 0xFFFF)))
        return Open(Doubt("payload", (f"{protocol} {field}",)), needs)
    if protocol == "th" and field in ("sport", "dport"):
        # Where there are no ports, these are other bytes of the packet.
        return Column(field, 16, kind, doubt=Not(In("proto", IntSet.of(*PORT_PROTOCOLS))))
    if protocol == "ether":
        return _ether(field, kind, family)
    if protocol == "arp":
        return Absent()
    if protocol in _OTHER_PROTOCOLS:
        number = _OTHER_PROTOCOLS[protocol]
        return Open(Doubt("payload", (f"{protocol} {field}",)), (In("proto", IntSet.of(number)),))
    return Open(Doubt("payload", (f"{protocol} {field}",)))


def _length() -> Column:
    return Column("length", 16, INTEGER, present=In("length", IntSet.span(0, 0xFFFF)))


def _transport(protocol: str, field: str, kind: str) -> AnyColumn:
    needs = (_proto(protocol),)
    if field in ("sport", "dport"):
        return Column(field, 16, kind, needs)
    if protocol == "tcp" and field == "flags":
        return Column("tcp_flags", 8, kind, needs, present=In("tcp_flags", IntSet.span(0, 255)))
    return Open(Doubt("payload", (f"{protocol} {field}",)), needs)


def _ether(field: str, kind: str, family: Family) -> AnyColumn:
    if field == "saddr":
        return Column("src_mac", 48, kind, present=In("src_mac", IntSet.span(0, (1 << 48) - 1)))
    if field == "type":
        return Fixed(_ETHER_TYPES[family], kind, 16)
    return Open(Doubt("link-layer", (f"ether {field}",)))


# ---------------------------------------------------------------------------------------- meta

_META_FIELDS: dict[str, tuple[str, int]] = {
    "mark": ("mark", 32), "l4proto": ("proto", 8), "pkttype": ("pkttype", 8), "skuid": ("uid", 32),
    "skgid": ("gid", 32), "length": ("length", 32),
}  # fmt: skip
_MAY_BE_MISSING = frozenset({"skuid", "skgid", "length"})
# Keys whose value no snapshot tells, and why.
_META_OPEN: dict[str, str] = {
    "time": "time-of-day", "day": "time-of-day", "hour": "time-of-day", "cpu": "cpu",
    "random": "random-choice", "cgroup": "cgroup", "ipsec": "ipsec-policy", "rtclassid": "realm",
    "iifgroup": "device-group", "oifgroup": "device-group", "iiftype": "link-layer",
    "oiftype": "link-layer", "iifkind": "link-layer",
    "oifkind": "link-layer", "priority": "packet-priority", "secmark": "packet-priority",
}  # fmt: skip


def _meta(key: str, family: Family) -> AnyColumn:
    kind = data_type(Meta(key))
    if key in ("iif", "oif", "iifname", "oifname"):
        return InterfaceColumn(key[:3], kind)
    if key in ("ibrname", "obrname"):
        return Open(Doubt("link-layer", (key,)))
    if key == "nfproto":
        return Fixed(_NFPROTO[family], kind, 8)
    if key == "protocol":
        return Fixed(_ETHER_TYPES[family], kind, 16)
    if key in _META_FIELDS:
        field, bits = _META_FIELDS[key]
        present: Guard = ALWAYS
        if key in _MAY_BE_MISSING:
            present = In(field, IntSet.span(0, (1 << bits) - 1))
        return Column(field, bits, kind, present=present)
    return Open(Doubt(_META_OPEN.get(key, "expression-not-understood"), (f"meta {key}",)))


# ------------------------------------------------------------------------------------------ ct

_CT_OPEN: dict[str, str] = {
    "helper": "conntrack-helper", "label": "connection-label", "bytes": "connection-volume",
    "packets": "connection-volume", "avgpkt": "connection-volume", "expiration": "connection-age",
    "id": "connection-age", "count": "connection-count",
}  # fmt: skip
_CT_SIDES = {"original": "ctorig", "reply": "ctrepl"}
_CT_ENDS = {"saddr": "src", "daddr": "dst", "proto-src": "sport", "proto-dst": "dport"}


def _ct(key: str, direction: str, family: Family) -> AnyColumn:
    kind = data_type(Ct(key, direction))
    needs = (TRACKED,)
    if key == "state":
        return Column("ctstate", 32, kind, translate=_states)
    if key == "status":
        return Column("ctstatus", 32, kind, needs)
    if key == "direction":
        return Column("ctdir", 8, kind, needs)
    if key == "mark":
        return Column("ctmark", 32, kind, needs)
    if key == "protocol":
        return Column("ctproto", 8, kind, needs)
    if key == "l3proto":
        return Column("ctstate", 8, kind, needs, lambda values: _any_state(values, family))
    if key == "zone" and not direction:
        return Column("zone", 16, kind, needs)
    own, _, end = key.rpartition(" ")
    if end in _CT_ENDS and direction in _CT_SIDES:
        if own and own != ("ip" if family == 4 else "ip6"):
            return Absent()
        field = _CT_SIDES[direction] + _CT_ENDS[end]
        port = end.startswith("proto")
        bits = 16 if port else BITS[family]
        has = In(field, IntSet.span(0, (1 << bits) - 1))
        return Column(field, bits, kind, needs, present=has if port else ALWAYS)
    return Open(Doubt(_CT_OPEN.get(key, "expression-not-understood"), (f"ct {key}",)), needs)


def _any_state(values: IntSet, family: Family) -> IntSet:
    """Every state where the connection's family is wanted, else none."""
    return IntSet.span(0, UNTRACKED) if _NFPROTO[family] in values else IntSet(())


# -------------------------------------------------------------------------------------- others


def _lookup(kind: str, words: tuple[str, ...]) -> AnyColumn:
    if kind in ("exthdr", "ip option", "sctp chunk", "dccp option"):
        return Absent()
    if kind == "tcp option":
        return Open(Doubt("tcp-option", (" ".join(words),)), (In("proto", IntSet.of(TCP)),))
    doubts = {"socket": "socket-lookup", "ipsec": "ipsec-policy", "osf": "payload", "rt": "route-field"}
    if kind == "rt" and words == ("ipsec",):
        return Open(Doubt("ipsec-policy", ("rt ipsec",)))
    return Open(Doubt(doubts.get(kind, "expression-not-understood"), (f"{kind} {' '.join(words)}",)))
