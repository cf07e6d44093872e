"""What nftables' selectors look at, as fields of a packet: selector -> column.

Sources: nft(8), net/netfilter/nft_meta.c, nft_ct.c, nft_exthdr.c; what nft adds to a rule by itself: its
src/payload.c and src/evaluate.c.
"""

from __future__ import annotations

from sekisho.model.nft_expression import (
    Ct,
    Expression,
    Hash,
    Inner,
    Lookup,
    Meta,
    Numgen,
    Payload,
    RawPayload,
)
from sekisho.model.nft_types import data_type
from sekisho.semantics.fields import Field
from sekisho.semantics.fields import field as field_named
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_bridge import bridge_column
from sekisho.semantics.nft_column import (
    ELSEWHERE,
    TRACKED,
    Absent,
    AnyColumn,
    Column,
    Fixed,
    InterfaceColumn,
    Open,
    of_protocol,
)
from sekisho.semantics.nft_context import NftContext
from sekisho.semantics.nft_links import link_column
from sekisho.semantics.nft_payload import ETHER_TYPES, payload_column
from sekisho.semantics.nft_raw import raw_column
from sekisho.semantics.program import (
    ALWAYS,
    ESTABLISHED,
    INVALID,
    NEVER,
    NEW,
    RELATED,
    UNTRACKED,
    Guard,
    In,
    Not,
)
from sekisho.values.address import BITS, Family
from sekisho.values.intset import IntSet


def column(expression: Expression, context: NftContext) -> AnyColumn:
    """The column of a selector for packets of the context's family."""
    of_bridge = bridge_column(expression) if context.table == "bridge" else None
    if of_bridge is not None:
        return of_bridge
    match expression:
        case Payload(protocol, field):
            return payload_column(protocol, field, context)
        case RawPayload():
            return raw_column(expression, context)
        case Inner(tunnel):
            return Open(Doubt("payload", (tunnel,)), _carrying(tunnel))
        case Meta(key):
            return _meta(key, context)
        case Ct(key, direction):
            return _ct(key, direction, context.family)
        case Numgen(mode, modulus):
            return Open(Doubt("random-choice", (f"numgen {mode} mod {modulus}",)), always=True)
        case Hash(modulus):
            return Open(Doubt("random-choice", (f"hash mod {modulus}",)), always=True)
        case Lookup(kind, words):
            return _lookup(kind, words, context.family)
        case _:
            return Open(Doubt("expression-not-understood", (type(expression).__name__,)))


def _carrying(tunnel: str) -> tuple[Guard, ...]:
    return (of_protocol("gre" if tunnel in ("gre", "gretap") else "udp"),)


# ---------------------------------------------------------------------------------------- meta

_NFPROTO: dict[int, int] = {4: 2, 6: 10}
_META_FIELDS: dict[str, tuple[Field, int]] = {
    "mark": ("mark", 32), "l4proto": ("proto", 8), "pkttype": ("pkttype", 8), "skuid": ("uid", 32),
    "skgid": ("gid", 32), "length": ("length", 32),
}  # fmt: skip
_MAY_BE_MISSING = frozenset({"skuid", "skgid", "length"})
# Keys whose value no snapshot tells, and why.
_META_OPEN: dict[str, str] = {
    "time": "time-of-day", "day": "time-of-day", "hour": "time-of-day", "cpu": "cpu",
    "random": "random-choice", "cgroup": "cgroup", "ipsec": "ipsec-policy", "rtclassid": "realm",
    "priority": "packet-priority", "secmark": "packet-priority",
}  # fmt: skip
_META_ALWAYS = frozenset({"time", "day", "hour", "cpu", "random", "ipsec", "priority", "secmark"})


def _meta(key: str, context: NftContext) -> AnyColumn:
    kind = data_type(Meta(key))
    match key:
        case "iif" | "iifname":
            return InterfaceColumn("iif", kind)
        case "oif" | "oifname":
            return InterfaceColumn("oif", kind)
        case "iiftype" | "oiftype" | "iifgroup" | "oifgroup" | "iifkind" | "oifkind":
            return link_column(key, kind, context)
        case "ibrname" | "obrname":
            return Open(Doubt("link-layer", (key,)))
        case "nfproto":
            return Fixed(_NFPROTO[context.family], kind, 8)
        case "protocol":
            return Fixed(ETHER_TYPES[context.family], kind, 16)
    if key in _META_FIELDS:
        field, bits = _META_FIELDS[key]
        present: Guard = ALWAYS
        if key in _MAY_BE_MISSING:
            present = In(field, IntSet.span(0, (1 << bits) - 1))
        return Column(field, bits, kind, present=present)
    doubt = Doubt(_META_OPEN.get(key, "expression-not-understood"), (f"meta {key}",))
    return Open(doubt, always=key in _META_ALWAYS)


# ------------------------------------------------------------------------------------------ ct

# nft's bit of each state (1 << (state + 1); 1 invalid, 64 untracked).
_STATE_BITS = {1: INVALID, 2: ESTABLISHED, 4: RELATED, 8: NEW, 64: UNTRACKED}
_CT_OPEN: dict[str, str] = {
    "helper": "conntrack-helper", "label": "connection-label", "bytes": "connection-volume",
    "packets": "connection-volume", "avgpkt": "connection-volume", "expiration": "connection-age",
    "id": "connection-age", "count": "connection-count", "secmark": "packet-priority",
}  # fmt: skip
_CT_SIDES = {"original": "ctorig", "reply": "ctrepl"}
_CT_ENDS = {"saddr": "src", "daddr": "dst", "proto-src": "sport", "proto-dst": "dport"}


def _states(values: IntSet) -> IntSet:
    return IntSet.of(*(state for bit, state in _STATE_BITS.items() if bit in values))


def _ct(key: str, direction: str, family: Family) -> AnyColumn:
    kind = data_type(Ct(key, direction))
    needs = (TRACKED,)
    match key:
        case "state":
            return Column("ctstate", 32, kind, translate=_states)
        case "status":
            return Column("ctstatus", 32, kind, needs)
        case "direction":
            return Column("ctdir", 8, kind, needs)
        case "mark":
            return Column("ctmark", 32, kind, needs)
        case "protocol":
            return Column("ctproto", 8, kind, needs)
        case "l3proto":
            return Fixed(_NFPROTO[family], kind, 8, needs)
        case "zone":
            return Column("zone_reply" if direction == "reply" else "zone", 16, kind, needs)
    own, _, end = key.rpartition(" ")
    if end in _CT_ENDS and direction in _CT_SIDES:
        if own and own != ("ip" if family == 4 else "ip6"):
            return Absent((TRACKED, NEVER))  # tracking runs for both families all the same
        field = field_named(_CT_SIDES[direction] + _CT_ENDS[end])
        port = end.startswith("proto")
        bits = 16 if port else BITS[family]
        has = In(field, IntSet.span(0, (1 << bits) - 1))
        return Column(field, bits, kind, needs, present=has if port else ALWAYS)
    always = key in ("bytes", "packets", "label", "id", "secmark")
    return Open(Doubt(_CT_OPEN.get(key, "expression-not-understood"), (f"ct {key}",)), needs, always=always)


# -------------------------------------------------------------------------------------- others

_DOUBTS = {"socket": "socket-lookup", "ipsec": "ipsec-policy", "osf": "payload", "rt": "route-field"}


def _lookup(kind: str, words: tuple[str, ...], family: Family) -> AnyColumn:
    """Things that a packet may lack. nft adds no test for the protocol before it looks for TCP's options or
    SCTP's chunks: packets of others have none."""
    text = f"{kind} {' '.join(words)}"
    match kind:
        case "exthdr":
            return Absent() if family == 6 else ELSEWHERE
        case "ip option":
            return Absent() if family == 4 else ELSEWHERE
        case "tcp option" | "sctp chunk" | "dccp option":
            own = of_protocol(kind.split()[0])
            doubt = (
                Doubt("tcp-option", (" ".join(words),)) if kind == "tcp option" else Doubt("payload", (text,))
            )
            return Open(doubt, (own,), missing=Not(own))
        case "rt" if words == ("ipsec",):
            return Open(Doubt("ipsec-policy", ("rt ipsec",)))
        case _:
            return Open(Doubt(_DOUBTS.get(kind, "expression-not-understood"), (text,)))
