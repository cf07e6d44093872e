"""Every flag of an interface and what ``ip -d link`` says of it and of a bridge's port, in the same three
words as kernel settings (``settings``).

What decides and is not modelled is a doubt: at the port, where frames may stop between a bridge's ports; for
all that comes in by an interface or leaves by it where a program (XDP), a virtual router (VRF) or what holds
it together with others (a bond, a team, Open vSwitch) has it before IP does.

Sources: include/uapi/linux/if.h, net/bridge/br_input.c (br_handle_frame_finish: locked, learning),
br_forward.c (br_flood), br_arp_nd_proxy.c, br_vlan_tunnel.c, net/core/dev.c (__netif_receive_skb_core:
rx_handler), drivers/net/vrf.c (vrf_l3_rcv).
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.model.links import Interface
from sekisho.semantics.settings import Word

FLAGS: dict[str, Word] = {
    **dict.fromkeys(("UP", "LOWER_UP", "NO-CARRIER", "NOARP", "POINTOPOINT", "MASTER"), "modelled"),
    "SLAVE": "doubt",
    **dict.fromkeys(
        (
            "LOOPBACK", "BROADCAST", "MULTICAST", "PROMISC", "ALLMULTI", "DYNAMIC", "DEBUG", "NOTRAILERS",
            "RUNNING", "PORTSEL", "AUTOMEDIA", "DORMANT", "ECHO", "M-DOWN",
        ),
        "nothing",
    ),
}  # fmt: skip

# A port's words whose value with which they do nothing is this one; None: they do whenever they are there.
PORT_DOUBTS: dict[str, str | None] = {
    "flood": "on", "bcast_flood": "on", "mcast_flood": "on", "locked": "off", "neigh_suppress": "off",
    "neigh_vlan_suppress": "off", "proxy_arp": "off", "proxy_arp_wifi": "off", "vlan_tunnel": "off",
    "backup_port": None,
}  # fmt: skip
PORT_WORDS: dict[str, Word] = {
    **dict.fromkeys(("state", "hairpin", "isolated"), "modelled"),
    **dict.fromkeys(PORT_DOUBTS, "doubt"),
    **dict.fromkeys(
        (
            "priority", "cost", "guard", "root_block", "fastleave", "learning", "mab", "mcast_to_unicast",
            "multicast_router", "mcast_router", "mcast_fast_leave", "mcast_n_groups", "mcast_max_groups",
            "group_fwd_mask", "group_fwd_mask_str", "backup_nhid", "port_id", "port_no", "designated_port",
            "designated_cost", "designated_bridge", "designated_root", "hold_timer", "message_age_timer",
            "forward_delay_timer", "topology_change_ack", "config_pending",
        ),
        "nothing",
    ),
}  # fmt: skip

_BRIDGE = "bridge_slave"
# What an interface is plugged into that is no bridge of Linux's own; XDP, as text and JSON say it.
_SLAVE = "_slave"
_XDP = ("xdp", "xdpgeneric", "xdpoffload", "xdpmulti", "prog/xdp")


def port_doubt(port: Interface) -> str | None:
    """What of a bridge's port decides and is not modelled, as it stands; None: nothing."""
    words = [name for name, _ in port.details]
    said = port.details[words.index(_BRIDGE) + 1 :] if _BRIDGE in words else ()
    found = (f"{name} {value}".strip() for name, value in said if _does(name, value))
    return next(found, None) or ("XDP" if _has_program(port) else None)


def _does(name: str, value: str) -> bool:
    return name in PORT_DOUBTS and value != PORT_DOUBTS[name]


def _has_program(link: Interface) -> bool:
    return any(name.partition("/id:")[0] in _XDP for name, _ in link.details)


def link_doubt(link: Interface) -> str | None:
    """What has an interface's packets before IP does, or after it, and is not modelled; None: nothing."""
    return next(_before_ip(link), None)


def _before_ip(link: Interface) -> Iterator[str]:
    if _has_program(link):
        yield "XDP"
    for name, value in link.details:
        if name.endswith(_SLAVE) and name != _BRIDGE and not value:
            yield f"{name.removesuffix(_SLAVE)} {link.master or ''}".strip()
    if "SLAVE" in link.flags:
        yield f"SLAVE {link.master or ''}".strip()
    if link.kind == "vrf":
        yield "vrf"
