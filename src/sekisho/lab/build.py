"""From facts to the operations that make them true in namespaces of their own.

Pure data: links, addresses, routes and rules as ``operations``, rule sets as ``rulesets`` renders them,
sysctls to write, sockets to open. Routes and addresses are added exactly as captured: addresses without the
connected route that the kernel would add by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sekisho.lab import topology
from sekisho.lab.not_loaded import NotLoaded
from sekisho.lab.operations import (
    AddRoute,
    AddRule,
    Bridge,
    DropRule,
    KnowNeighbour,
    Link,
    Load,
    OnLink,
    Setting,
    Wire,
)
from sekisho.lab.rulesets import loads
from sekisho.lab.topology import WORLD, Topology, interfaces_of
from sekisho.model.host import Socket
from sekisho.model.links import InterfaceAddress
from sekisho.model.routing import PolicyRule, Route
from sekisho.model.snapshot import Namespace
from sekisho.semantics.addresses import host_addresses
from sekisho.values.address import Address, Family
from sekisho.values.names import LOOPBACK, BadNameError, SysctlKey, ethernet_address, sysctl_key, sysctl_parts

_FAMILIES: tuple[Family, Family] = (4, 6)
# Flags that iproute2 prints and that are findings, not settings.
_STATE_FLAGS = frozenset({"linkdown", "dead", "offload", "offload_failed", "trap", "rt_offload"})
# Those that decide nothing about a packet's way, and those of what the kernel has learnt.
_DROPPED_ATTRIBUTES = frozenset({"pref", "expires", "error", "users", "age", "nhid", "congctl"})

# What a fresh namespace would otherwise take from the machine it is made on, or what would make
# noise or waiting: address detection, router and listener chatter, rate limits on ICMP errors.
_BEFORE: tuple[tuple[str, str], ...] = (
    *((f"net.ipv4.conf.{where}.{key}", value)
      for where in ("all", "default")
      for key, value in (
          ("rp_filter", "0"), ("send_redirects", "0"), ("accept_redirects", "0"), ("log_martians", "0"),
          ("route_localnet", "0"), ("accept_local", "0"), ("accept_source_route", "0"),
          ("src_valid_mark", "0"), ("proxy_arp", "0"), ("arp_ignore", "0"), ("arp_announce", "0"),
          ("arp_filter", "0"), ("ignore_routes_with_linkdown", "0"), ("forwarding", "0"),
      )),
    *((f"net.ipv6.conf.{where}.{key}", value)
      for where in ("all", "default")
      for key, value in (
          ("accept_dad", "0"), ("dad_transmits", "0"), ("accept_ra", "0"), ("autoconf", "0"),
          ("router_solicitations", "0"), ("addr_gen_mode", "1"), ("forwarding", "0"),
          ("accept_redirects", "0"), ("disable_ipv6", "0"),
      )),
)  # fmt: skip
_AFTER: tuple[tuple[str, str], ...] = (
    ("net.ipv4.icmp_ratelimit", "0"),
    ("net.ipv4.icmp_msgs_per_sec", "1000000"),
    ("net.ipv4.icmp_msgs_burst", "1000000"),
    ("net.ipv6.icmp.ratelimit", "0"),
    ("net.ipv4.tcp_synack_retries", "0"),
    ("net.ipv4.tcp_syncookies", "0"),
    ("net.ipv4.tcp_max_syn_backlog", "65536"),
    ("net.core.somaxconn", "65535"),
    ("net.ipv4.tcp_challenge_ack_limit", "1000000"),
    ("net.ipv4.tcp_invalid_ratelimit", "0"),
    ("net.netfilter.nf_conntrack_tcp_timeout_syn_sent", "600"),
)
BEFORE_LINKS = tuple((sysctl_key(key), value) for key, value in _BEFORE)
_AFTER_ALL = tuple((sysctl_key(key), value) for key, value in _AFTER)
# What a snapshot may set: the network's own parameters, those that each namespace has for itself.
_SETTABLE = (("net", "ipv4"), ("net", "ipv6"), ("net", "bridge"), ("net", "netfilter"))
# Namespaced, but about time and memory, or names of modules that the kernel would load: nothing a packet's
# way depends on, or reserved for the lab; and what only hands its value on to interfaces, whose IPv6
# addresses would go (net/ipv6/addrconf.c).
_NOT_SET = (
    "net.netfilter.nf_log", "net.ipv4.neigh.", "net.ipv6.neigh.", "net.ipv4.tcp_mem",
    "net.ipv6.conf.all.stable_secret", "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.conf.default.disable_ipv6", "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_buckets", "net.netfilter.nf_conntrack_count",
    "net.ipv4.tcp_congestion_control", "net.ipv4.tcp_allowed_congestion_control", "net.ipv4.tcp_ulp",
    "net.ipv4.tcp_fastopen_key", "net.ipv4.route.flush", "net.ipv6.route.flush",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NodePlan:
    """Everything about one namespace besides its links. ``refused``: what of its rule sets is not loaded."""

    name: str
    sysctls_before: tuple[tuple[SysctlKey, str], ...]
    settings: tuple[Setting, ...]
    sysctls_after: tuple[tuple[SysctlKey, str], ...]
    loads: tuple[Load, ...]
    sockets: tuple[Socket, ...]
    refused: tuple[NotLoaded, ...]


def plan_node(namespace: Namespace, *, must: bool = True) -> NodePlan:
    """The plan of one namespace. ``must``: of its settings."""
    settings = (
        *_addresses(namespace, must),
        *_routes(namespace, must),
        *_rules(namespace, 4, must),
        *_neighbours(namespace, must),
        *_rules(namespace, 6, must),
    )
    refused: list[NotLoaded] = []
    found = tuple(loads(namespace, refused))
    return NodePlan(
        namespace.name, BEFORE_LINKS, settings, (*captured_sysctls(namespace), *_AFTER_ALL), found,
        namespace.sockets or (), tuple(refused),
    )  # fmt: skip


def links_of(laid: Topology) -> Iterator[Link]:
    """Every bridge and wire: those of a namespace after another, bridges first."""
    nodes = [*(bridge.node for bridge in laid.bridges), *(wire.node for wire in laid.wires)]
    for node in dict.fromkeys(nodes):
        for bridge in laid.bridges:
            if bridge.node == node:
                yield bridge_of(bridge)
        for wire in laid.wires:
            if wire.node == node:
                yield wire_of(wire, far_up=wire.far_node != WORLD)


def bridge_of(bridge: topology.Bridge) -> Bridge:
    """The operation that makes it."""
    return Bridge(bridge.node, bridge.name, bridge.mac, up=bridge.up)


def wire_of(wire: topology.Wire, far_up: bool, far_node: str | None = None) -> Wire:
    """The operation that makes it; ``far_node`` where it has another name than in the layout."""
    return Wire(
        wire.node, wire.interface, wire.far_node if far_node is None else far_node, wire.far_interface,
        wire.mac, wire.far_mac, wire.mtu, wire.bridge, hairpin=wire.hairpin, up=wire.up, far_up=far_up,
    )  # fmt: skip


def _addresses(namespace: Namespace, must: bool) -> Iterator[OnLink]:
    for item in namespace.addresses if namespace.addresses is not None else _inferred(namespace):
        # The loopback's own come with the device.
        if item.interface == LOOPBACK and (
            str(item.address) == "::1"
            or (item.family == 4 and item.address.value >> 24 == 127 and item.length == 8)
        ):
            continue
        scope = item.scope if item.family == 4 else None
        yield OnLink(
            namespace.name, item.interface, item.address, item.length, False, item.broadcast, item.peer,
            scope, must,
        )  # fmt: skip


def _inferred(namespace: Namespace) -> Iterator[InterfaceAddress]:
    for family in _FAMILIES:
        for item in host_addresses(namespace, family):
            yield InterfaceAddress(item.interface, family, Address(family, item.value), item.length)


def _routes(namespace: Namespace, must: bool) -> Iterator[AddRoute]:
    wanted = [route for route in namespace.routes if not _made_by_kernel(route)]
    # A gateway must be reachable when its route is added.
    for route in sorted(wanted, key=lambda route: any(hop.via for hop in route.nexthops)):
        bare = replace(
            route,
            nexthops=tuple(
                replace(hop, flags=tuple(flag for flag in hop.flags if flag not in _STATE_FLAGS))
                for hop in route.nexthops
            ),
            nhid=None,
            attributes=tuple(
                pair for pair in route.attributes if pair[0] not in _DROPPED_ATTRIBUTES | _STATE_FLAGS
            ),
        )
        yield AddRoute(namespace.name, bare, must)


def _made_by_kernel(route: Route) -> bool:
    """Routes that come with addresses and devices: they are there already."""
    if route.table == "local" and route.proto in ("kernel", None):
        return True
    return route.family == 6 and (
        (route.kind == "multicast" and route.dst.length == 8)
        or (route.dst.length == 128 and route.dst.value == 1)
        or route.kind == "anycast"
    )


def _rules(namespace: Namespace, family: Family, must: bool) -> Iterator[AddRule | DropRule]:
    rules = [rule for rule in namespace.rules or () if rule.family == family]
    if not rules:
        return
    for rule in rules:
        if not _is_default(rule):
            yield AddRule(namespace.name, replace(rule, proto=None), must)
    for number in (0, 32766, 32767) if family == 4 else (0, 32766):
        if not any(_is_default(rule) and rule.priority == number for rule in rules):
            yield DropRule(namespace.name, family, number, must)


def _is_default(rule: PolicyRule) -> bool:
    table = {0: "local", 32766: "main", 32767: "default"}.get(rule.priority)
    return (
        rule == PolicyRule(rule.family, rule.priority, table=table or "", proto=rule.proto)
        and table is not None
    )


def _neighbours(namespace: Namespace, must: bool) -> Iterator[KnowNeighbour]:
    known = {item.name for item in interfaces_of(namespace)}
    for item in namespace.neighbours or ():
        if item.state == "PERMANENT" and item.mac is not None and item.interface in known:
            try:
                mac = ethernet_address(item.mac)
            except BadNameError:  # of a tunnel
                continue
            yield KnowNeighbour(namespace.name, item.interface, item.address, mac, must)


def captured_sysctls(namespace: Namespace) -> Iterator[tuple[SysctlKey, str]]:
    """The captured ones, the general before the particular: writing one ``all`` sets many."""
    usable = [(item.key, item.value) for item in namespace.sysctls or () if settable(item.key)]
    yield from sorted(usable, key=lambda pair: _rank(pair[0]))


def settable(key: SysctlKey) -> bool:
    """Whether a lab may be told to set it: a parameter that a network namespace has for itself."""
    return sysctl_parts(key)[:2] in _SETTABLE and not key.startswith(_NOT_SET)


def _rank(key: str) -> int:
    if key in ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv6.conf.all.forwarding"):
        return 0
    return 1 if ".conf.all." in key or ".conf.default." in key else 2
