"""The words of ``ip link``: what text calls them, what JSON calls them, which have no value.

``Interface.details`` keeps them in the text's order and spelling, as pairs. Where the detail lines of
a kind begin stands a pair without value::

    ("qdisc", "noqueue"), ("group", "default"), ("link", "ether"), ("brd", "ff:ff:ff:ff:ff:ff"),
    ("promiscuity", "0"), ("veth", ""), ("bridge_slave", ""), ("state", "forwarding"), ("hairpin", "on")
"""

from __future__ import annotations

from dataclasses import replace

from sekisho.model.links import Interface

Pair = tuple[str, str]

# Words of the first line, in its order; mtu, master and state are fields of an interface.
HEADER_WORDS = ("mtu", "qdisc", "master", "state", "mode", "group", "qlen")

# A program that has an interface's packets first; older versions write its number behind it (xdp/id:7).
XDP_WORDS = ("xdp", "xdpgeneric", "xdpoffload", "xdpmulti")

# Words that stand alone, of all kinds: vxlan, geneve, gre, macvlan, ipvlan, tun, can.
_SWITCHES = (
    "learning", "proxy", "rsc", "l2miss", "l3miss", "udpcsum", "udp6zerocsumtx", "udp6zerocsumrx",
    "remcsumtx", "remcsumrx", "gbp", "gpe", "external", "localbypass", "pmtudisc", "encap-csum",
    "encap-csum6", "encap-remcsum", "promisc", "innerprotoinherit", "encap",
)  # fmt: skip
ALONE = frozenset(_SWITCHES) - {"encap"} | frozenset(f"no{word}" for word in _SWITCHES) | {
    "collect_metadata", "iseq", "oseq", "icsum", "ocsum", "ignore-df", "bridge", "private", "vepa",
    "netns-immutable", "multi_queue", "onlink",
    "any", "ipip", "ip6ip", "mplsip",  # what a tunnel carries (iproute2, ip/link_iptnl.c)
}  # fmt: skip
TWO_VALUES = frozenset({"srcport"})

JSON_NAMES: dict[str, str] = {
    "mode": "linkmode", "qlen": "txqlen", "link": "link_type", "brd": "broadcast", "minmtu": "min_mtu",
    "maxmtu": "max_mtu", "addrgenmode": "inet6_addr_gen_mode", "numtxqueues": "num_tx_queues",
    "numrxqueues": "num_rx_queues", "alias": "ifalias", "peer": "link_pointtopoint",
}  # fmt: skip
BRIDGE_JSON_NAMES: dict[str, str] = {
    "designated_root": "root_id", "group_address": "group_addr",
    "mcast_last_member_count": "mcast_last_member_cnt",
    "mcast_startup_query_count": "mcast_startup_query_cnt",
    "mcast_last_member_interval": "mcast_last_member_intvl",
    "mcast_membership_interval": "mcast_membership_intvl",
    "mcast_querier_interval": "mcast_querier_intvl", "mcast_query_interval": "mcast_query_intvl",
    "mcast_query_response_interval": "mcast_query_response_intvl",
    "mcast_startup_query_interval": "mcast_startup_query_intvl",
}  # fmt: skip
SLAVE_JSON_NAMES: dict[str, str] = {
    "designated_root": "root_id", "designated_bridge": "bridge_id", "port_id": "id", "port_no": "no",
    "mcast_router": "multicast_router",
}  # fmt: skip


def info_names(kind: str) -> dict[str, str]:
    """Text word to JSON key, for the details of a kind."""
    if kind == "bridge":
        return BRIDGE_JSON_NAMES
    return SLAVE_JSON_NAMES if kind == "bridge_slave" else {}


def reverse(names: dict[str, str]) -> dict[str, str]:
    """JSON key to text word."""
    return {key: word for word, key in names.items()}


def is_marker(pair: Pair, kind: str | None) -> bool:
    """Whether the lines of a kind begin here."""
    return not pair[1] and (pair[0] == kind or pair[0].endswith("_slave"))


def with_port(interface: Interface) -> Interface:
    """The interface with what its details say of it as a bridge's port."""
    words = [name for name, _ in interface.details]
    if "bridge_slave" not in words:
        return interface
    said = dict(interface.details[words.index("bridge_slave") :])
    switches = (said.get(name) for name in ("hairpin", "isolated"))
    hairpin, isolated = (None if value is None else value == "on" for value in switches)
    return replace(interface, hairpin=hairpin, isolated=isolated, port_state=said.get("state"))
