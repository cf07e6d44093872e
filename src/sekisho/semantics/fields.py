"""The fields that guards may ask of a packet: one row for each, and what their values stand for.

Who adds a field adds its name and its row; what reads packets and sets of them takes the rest from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sekisho.values.intset import IntSet

Field = Literal[
    "proto", "dst", "src", "dport", "sport", "icmp_type", "icmp_code", "icmp_id", "tcp_flags", "tos",
    "src_mac", "length", "ttl", "uid", "gid",
    "dst_mac", "pkttype", "route_kind", "fragment", "mark", "zone", "zone_reply", "flow_uid",
    "ctstate", "ctstatus", "ctdir", "ctmark", "ctproto", "ctorigsrc", "ctorigdst", "ctorigsport",
    "ctorigdport", "ctreplsrc", "ctrepldst", "ctreplsport", "ctrepldport",
    "setproto", "setsport", "setdport",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """``bits`` is the width (None: that of the family's addresses). ``of``: the packets that have the field
    at all. ``by_value``: its bits are not one number's, so that masks are worked out value by value."""

    bits: int | None
    of: Literal["all", "ported", "icmp", "tcp"] = "all"
    by_value: bool = False


_ADDRESS, _MARK, _PORT, _ZONE, _ID = Row(None), Row(32), Row(16), Row(16), Row(32)
# The header of a packet as it sets out; of this order are the diagrams' variables (they grow 4 to 50 times in
# other ones).
HEADER: dict[Field, Row] = {
    "proto": Row(8), "dst": _ADDRESS, "src": _ADDRESS, "dport": Row(16, "ported"), "sport": Row(16, "ported"),
    "icmp_type": Row(8, "icmp", by_value=True), "icmp_code": Row(8, "icmp"), "icmp_id": Row(16, "icmp"),
    "tcp_flags": Row(8, "tcp"), "tos": Row(8), "src_mac": Row(48), "length": Row(16),
    "ttl": Row(8, by_value=True), "uid": _ID, "gid": _ID,
}  # fmt: skip
# ``flow_uid`` is the uid as policy rules see it; fields with ``set`` are what ipset has where they stand. The
# ports of a connection's tuples are an ICMP query's identifier, and type and code.
ROWS: dict[Field, Row] = {
    **HEADER,
    "dst_mac": Row(48), "pkttype": Row(3), "route_kind": Row(2), "fragment": Row(1), "mark": _MARK,
    "zone": _ZONE, "zone_reply": _ZONE, "flow_uid": _ID,
    "ctstate": Row(3), "ctstatus": Row(10), "ctdir": Row(1), "ctmark": _MARK, "ctproto": Row(8),
    "ctorigsrc": _ADDRESS, "ctorigdst": _ADDRESS, "ctorigsport": _PORT, "ctorigdport": Row(16, by_value=True),
    "ctreplsrc": _ADDRESS, "ctrepldst": _ADDRESS, "ctreplsport": _PORT, "ctrepldport": Row(16, by_value=True),
    "setproto": Row(8), "setsport": Row(16, by_value=True), "setdport": Row(16, by_value=True),
}  # fmt: skip
_NAMES: dict[str, Field] = {name: name for name in ROWS}
# Those of the header that say where a packet is from and for.
ENDS: tuple[Field, ...] = ("src", "dst", "sport", "dport")
# What a guard sees of the ports in a connection's tuples.
CT_PORTS = frozenset(name for name in ROWS if name.startswith(("ctorig", "ctrepl")) and name.endswith("port"))


def field(name: str) -> Field:
    """A field by a name that was put together. Raises KeyError where it has no row."""
    return _NAMES[name]


def width(name: Field, address: int) -> int:
    """A field's bits, where addresses have so many."""
    return ROWS[name].bits or address


# Values of ``pkttype`` (xt_pkttype): for this host or another one, for everybody, for a group. ``route_kind``
# has a fourth: for any router on the link (IPv6).
UNICAST, BROADCAST, MULTICAST, ANYCAST = 0, 1, 2, 3
# The TTL of a packet of which nobody states it, when it sets out: no router lets it die on its way.
LIVING = IntSet.span(32, 255)
