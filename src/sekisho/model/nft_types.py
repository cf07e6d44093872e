"""nftables' data types: which one an expression has, and the names of their values.

Names and numbers are those of ``nft describe`` (nft 1.0.6), ports and addresses have no names.
"""

from __future__ import annotations

from sekisho.model.nft_expression import (
    Binary,
    Concat,
    Ct,
    Expression,
    Fib,
    Hash,
    Inner,
    Lookup,
    MapLookup,
    Meta,
    Numgen,
    Payload,
    RawPayload,
)
from sekisho.values.packet import PROTOCOL_NUMBERS

INTEGER = "integer"

_ICMP_TYPES = {
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
    "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
    "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
    "address-mask-request": 17, "address-mask-reply": 18,
}  # fmt: skip
_ICMP_CODES = {
    "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3,
    "frag-needed": 4, "net-prohibited": 9, "host-prohibited": 10, "admin-prohibited": 13,
}  # fmt: skip
_ICMPV6_TYPES = {
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
    "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
    "mld-listener-done": 132, "mld-listener-reduction": 132, "nd-router-solicit": 133,
    "nd-router-advert": 134, "nd-neighbor-solicit": 135, "nd-neighbor-advert": 136, "nd-redirect": 137,
    "router-renumbering": 138, "ind-neighbor-solicit": 141, "ind-neighbor-advert": 142,
    "mld2-listener-report": 143,
}  # fmt: skip
_DSCP = {
    "cs0": 0, "df": 0, "be": 0, "lephb": 1, "cs1": 8, "cs2": 16, "cs3": 24, "cs4": 32, "cs5": 40, "cs6": 48,
    "cs7": 56, "af11": 10, "af12": 12, "af13": 14, "af21": 18, "af22": 20, "af23": 22, "af31": 26, "af32": 28,
    "af33": 30, "af41": 34, "af42": 36, "af43": 38, "va": 44, "ef": 46,
}  # fmt: skip

# data type -> name -> number
SYMBOLS: dict[str, dict[str, int]] = {
    "inet_proto": PROTOCOL_NUMBERS,
    "icmp_type": _ICMP_TYPES,
    "icmp_code": _ICMP_CODES,
    "icmpv6_type": _ICMPV6_TYPES,
    "icmpv6_code": {"no-route": 0, "admin-prohibited": 1, "addr-unreachable": 3, "port-unreachable": 4,
                    "policy-fail": 5, "reject-route": 6},
    "icmpx_code": {"no-route": 0, "port-unreachable": 1, "host-unreachable": 2, "admin-prohibited": 3},
    # Bits of enum ip_conntrack_info as nf_tables sees them: 1 << (state + 1), invalid 1, untracked 64.
    "ct_state": {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64},
    "ct_status": {"expected": 1, "seen-reply": 2, "assured": 4, "confirmed": 8, "snat": 16, "dnat": 32,
                  "dying": 512},
    "ct_dir": {"original": 0, "reply": 1},
    "tcp_flag": {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128},
    "dscp": _DSCP,
    "ecn": {"not-ect": 0, "ect1": 1, "ect0": 2, "ce": 3},
    "pkt_type": {"host": 0, "unicast": 0, "broadcast": 1, "multicast": 2, "other": 3},
    "nf_proto": {"ipv4": 2, "ipv6": 10},
    "fib_addrtype": {"unspec": 0, "unicast": 1, "local": 2, "broadcast": 3, "anycast": 4, "multicast": 5,
                     "blackhole": 6, "unreachable": 7, "prohibit": 8},
    "iface_type": {"ether": 1, "ppp": 512, "ipip": 768, "ipip6": 769, "loopback": 772, "sit": 776,
                   "ipgre": 778},
    "ether_type": {"ip": 0x0800, "arp": 0x0806, "ip6": 0x86DD, "8021q": 0x8100, "vlan": 0x8100,
                   "8021ad": 0x88A8},
    "arp_op": {"request": 1, "reply": 2, "rrequest": 3, "rreply": 4, "inrequest": 8, "inreply": 9, "nak": 10},
    "dccp_pkttype": {"request": 0, "response": 1, "data": 2, "ack": 3, "dataack": 4, "closereq": 5,
                     "close": 6, "reset": 7, "sync": 8, "syncack": 9},
    "igmp_type": {"membership-query": 17, "membership-report-v1": 18, "membership-report-v2": 22,
                  "leave-group": 23, "membership-report-v3": 34},
    "mh_type": {"binding-refresh-request": 0, "home-test-init": 1, "careof-test-init": 2, "home-test": 3,
                "careof-test": 4, "binding-update": 5, "binding-acknowledgement": 6, "binding-error": 7,
                "fast-binding-update": 8, "fast-binding-acknowledgement": 9, "fast-binding-advertisement": 10,
                "experimental-mobility-header": 11, "home-agent-switch-message": 12},
    "realm": {"cosmos": 0},
    "devgroup": {"default": 0},
}  # fmt: skip

# Types whose values are sets of bits: without an operator, one common bit is enough.
BITMASKS = frozenset({"ct_state", "ct_status", "ct_label", "ct_event", "tcp_flag"})

_ADDRESSES = {"ip": "ipv4_addr", "ip6": "ipv6_addr", "ether": "ether_addr"}
_PAYLOADS: dict[tuple[str, str], str] = {
    ("ip", "protocol"): "inet_proto", ("ip", "dscp"): "dscp", ("ip", "ecn"): "ecn",
    ("ip6", "nexthdr"): "inet_proto", ("ip6", "dscp"): "dscp", ("ip6", "ecn"): "ecn",
    ("tcp", "flags"): "tcp_flag", ("icmp", "type"): "icmp_type", ("icmp", "code"): "icmp_code",
    ("icmpv6", "type"): "icmpv6_type", ("icmpv6", "code"): "icmpv6_code", ("igmp", "type"): "igmp_type",
    ("ether", "type"): "ether_type", ("vlan", "type"): "ether_type", ("arp", "operation"): "arp_op",
    ("arp", "ptype"): "ether_type", ("dccp", "type"): "dccp_pkttype", ("ah", "nexthdr"): "inet_proto",
    ("comp", "nexthdr"): "inet_proto", ("arp", "saddr ip"): "ipv4_addr", ("arp", "daddr ip"): "ipv4_addr",
    ("arp", "saddr ether"): "ether_addr", ("arp", "daddr ether"): "ether_addr",
    ("icmpv6", "taddr"): "ipv6_addr", ("icmpv6", "daddr"): "ipv6_addr",
}  # fmt: skip
_META: dict[str, str] = {
    "iif": "iface_index", "oif": "iface_index", "sdif": "iface_index", "iifname": "ifname",
    "oifname": "ifname", "sdifname": "ifname", "ibrname": "ifname", "obrname": "ifname", "iifkind": "ifname",
    "oifkind": "ifname", "iiftype": "iface_type", "oiftype": "iface_type", "mark": "mark",
    "protocol": "ether_type", "ibrvproto": "ether_type", "nfproto": "nf_proto", "l4proto": "inet_proto",
    "pkttype": "pkt_type", "skuid": "uid", "skgid": "gid", "priority": "classid", "rtclassid": "realm",
    "iifgroup": "devgroup", "oifgroup": "devgroup", "hour": "hour", "day": "day", "time": "date",
    "ipsec": "boolean", "secmark": "secmark",
}  # fmt: skip
_CT: dict[str, str] = {
    "state": "ct_state", "status": "ct_status", "mark": "mark", "direction": "ct_dir", "label": "ct_label",
    "event": "ct_event", "expiration": "time", "helper": "string", "l3proto": "nf_proto",
    "protocol": "inet_proto", "ip saddr": "ipv4_addr", "ip daddr": "ipv4_addr", "ip6 saddr": "ipv6_addr",
    "ip6 daddr": "ipv6_addr", "proto-src": "inet_service", "proto-dst": "inet_service",
}  # fmt: skip
_FIB = {"type": "fib_addrtype", "oif": "iface_index", "oifname": "string"}


def data_type(expression: Expression) -> str:
    """nft's name for the type of an expression's value; parts of a concatenation joined with " . ".

    ``date`` is meta time's, which nft calls time as it does durations. ``integer`` where there is no
    special type.
    """
    match expression:
        case Payload(protocol, field):
            if field in ("saddr", "daddr") and protocol in _ADDRESSES:
                return _ADDRESSES[protocol]
            if field in ("sport", "dport"):
                return "inet_service"
            return _PAYLOADS.get((protocol, field), INTEGER)
        case Meta(key):
            return _META.get(key, INTEGER)
        case Ct(key):
            return _CT.get(key, INTEGER)
        case Fib(_, result):
            return _FIB.get(result, INTEGER)
        case Lookup():
            return _lookup_type(expression)
        case Inner(_, field):
            return data_type(field)
        case Concat(parts):
            return " . ".join(data_type(part) for part in parts)
        case Binary(_, left, _):
            return data_type(left)
        case RawPayload() | Numgen() | Hash() | MapLookup() | _:
            return INTEGER


def types_of(example: Expression) -> tuple[str, ...]:
    """The data types of a set that is declared by example (``typeof ip saddr . meta time``); meta time's is
    called time there, too."""
    return tuple("time" if kind == "date" else kind for kind in data_type(example).split(" . "))


def _lookup_type(lookup: Lookup) -> str:
    words = lookup.words
    match lookup.kind, words:
        case "rt", ("classid",):
            return "realm"
        case "rt" | "ipsec", (*_, "ipsec"):
            return "boolean"
        case "rt", ("ip", "nexthop"):
            return "ipv4_addr"
        case "rt", ("ip6", "nexthop"):
            return "ipv6_addr"
        case "ipsec", (*_, family, "saddr" | "daddr"):
            return _ADDRESSES.get(family, INTEGER)
        case "socket", ("mark",):
            return "mark"
        case "socket", ("cgroupv2", *_):
            return "cgroupsv2"
        case "osf", _:
            return "string"
        case "exthdr", (_, "nexthdr"):
            return "inet_proto"
        case "exthdr", ("mh", "type"):
            return "mh_type"
        case "exthdr", ("srh" | "rt0", field) if field.startswith(("sid", "addr")):
            return "ipv6_addr"
        case (("exthdr" | "tcp option" | "ip option" | "sctp chunk" | "dccp option"), (_,)):
            return "boolean"
        case _:
            return INTEGER
