"""From facts to the commands that make them true in namespaces of their own.

Pure text: one ``ip -batch`` per namespace, one restore per rule set, sysctls to write, sockets to
open. Routes and addresses are added exactly as captured: addresses with ``noprefixroute``, so that
the kernel adds no connected route by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sekisho.lab.topology import WORLD, Topology, interfaces_of
from sekisho.model.host import Socket
from sekisho.model.links import InterfaceAddress
from sekisho.model.netfilter import IpSet, Ruleset
from sekisho.model.nft import NftRuleset
from sekisho.model.routing import TABLE_NAMES, PolicyRule, Route
from sekisho.model.snapshot import Namespace
from sekisho.semantics.addresses import host_addresses
from sekisho.semantics.nft_tables import native_tables
from sekisho.sources import ip_route, ip_rule, iptables_save, nft_render
from sekisho.values.address import Address, Family

_FAMILIES: tuple[Family, Family] = (4, 6)
# Flags that iproute2 prints and that are findings, not settings.
_STATE_FLAGS = frozenset({"linkdown", "dead", "offload", "offload_failed", "trap", "rt_offload"})
_DROPPED_ATTRIBUTES = frozenset({"pref", "expires", "error", "users", "age", "nhid"})
_RESTORE = {
    (4, "nft"): "iptables-nft-restore", (4, ""): "iptables-nft-restore",
    (4, "legacy"): "iptables-legacy-restore",
    (6, "nft"): "ip6tables-nft-restore", (6, ""): "ip6tables-nft-restore",
    (6, "legacy"): "ip6tables-legacy-restore",
}  # fmt: skip

# What a fresh namespace would otherwise take from the machine it is made on, or what would make
# noise or waiting: address detection, router and listener chatter, rate limits on ICMP errors.
BEFORE_LINKS: tuple[tuple[str, str], ...] = (
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
_AFTER_ALL: tuple[tuple[str, str], ...] = (
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
_SETTABLE = ("net.ipv4.", "net.ipv6.", "net.bridge.", "net.netfilter.")
# Namespaced, but about time and memory: nothing a packet's way depends on, or reserved for the lab; and what
# only hands its value on to interfaces, whose IPv6 addresses would go (net/ipv6/addrconf.c).
_NOT_SET = (
    "net.netfilter.nf_log", "net.ipv4.neigh.", "net.ipv6.neigh.", "net.ipv4.tcp_mem",
    "net.ipv6.conf.all.stable_secret", "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.conf.default.disable_ipv6", "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_buckets", "net.netfilter.nf_conntrack_count",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Load:
    """A rule set to load: the command, what it reads on standard input."""

    argv: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class NodePlan:
    """Everything about one namespace besides its links' far ends.

    ``batch6`` is what ``ip -6`` must read: policy rules do not tell their family themselves.
    """

    name: str
    sysctls_before: tuple[tuple[str, str], ...]
    batch: tuple[str, ...]
    batch6: tuple[str, ...]
    sysctls_after: tuple[tuple[str, str], ...]
    loads: tuple[Load, ...]
    sockets: tuple[Socket, ...]


def plan_node(namespace: Namespace, topology: Topology, far_paths: dict[str, str]) -> NodePlan:
    """The plan of one namespace. ``far_paths``: each node's name (WORLD too) -> its namespace's path."""
    batch = [
        "link set lo up",
        *_links(namespace.name, topology, far_paths),
        *_addresses(namespace),
        *_routes(namespace),
        *_rules(namespace, 4),
        *_neighbours(namespace),
    ]
    return NodePlan(
        namespace.name, BEFORE_LINKS, tuple(batch), tuple(_rules(namespace, 6)),
        (*captured_sysctls(namespace), *_AFTER_ALL),
        tuple(_loads(namespace)), namespace.sockets or (),
    )  # fmt: skip


def _links(node: str, topology: Topology, far_paths: dict[str, str]) -> Iterator[str]:
    for bridge in topology.bridges:
        if bridge.node == node:
            yield f"link add {bridge.name} address {bridge.mac} type bridge"
    for wire in topology.wires:
        if wire.node == node:
            mtu = f" mtu {wire.mtu}" if wire.mtu else ""
            yield (
                f"link add {wire.interface} address {wire.mac}{mtu} type veth peer name {wire.far_interface}"
                f" address {wire.far_mac}{mtu} netns {far_paths[wire.far_node]}"
            )
            if wire.bridge is not None:
                yield f"link set {wire.interface} master {wire.bridge}"
                if wire.hairpin:
                    yield f"link set {wire.interface} type bridge_slave hairpin on"
            if wire.up:
                yield f"link set {wire.interface} up"
        elif wire.far_node == node and node != WORLD:
            yield f"link set {wire.far_interface} up"
    for bridge in topology.bridges:
        if bridge.node == node and bridge.up:
            yield f"link set {bridge.name} up"


def _addresses(namespace: Namespace) -> Iterator[str]:
    for item in namespace.addresses if namespace.addresses is not None else _inferred(namespace):
        # The loopback's own come with the device.
        if item.interface == "lo" and (
            str(item.address) == "::1"
            or (item.family == 4 and item.address.value >> 24 == 127 and item.length == 8)
        ):
            continue
        words = [f"address add {item.address}"]
        if item.peer is not None:
            words.append(f"peer {item.peer}/{item.length}")
        else:
            words[0] += f"/{item.length}"
        if item.broadcast is not None:
            words.append(f"broadcast {item.broadcast}")
        if item.scope is not None and item.family == 4:
            words.append(f"scope {item.scope}")
        words.append(f"dev {item.interface} noprefixroute")
        if item.family == 6:
            words.append("nodad")
        yield " ".join(words)


def _inferred(namespace: Namespace) -> Iterator[InterfaceAddress]:
    for family in _FAMILIES:
        for item in host_addresses(namespace, family):
            yield InterfaceAddress(item.interface, family, Address(family, item.value), item.length)


def _routes(namespace: Namespace) -> Iterator[str]:
    wanted = [route for route in namespace.routes if not _made_by_kernel(route)]
    # A gateway must be reachable when its route is added.
    for route in sorted(wanted, key=lambda route: any(hop.via for hop in route.nexthops)):
        bare = replace(
            route,
            table=table_number(route.table),
            nexthops=tuple(
                replace(hop, flags=tuple(flag for flag in hop.flags if flag not in _STATE_FLAGS))
                for hop in route.nexthops
            ),
            proto=route.proto if route.proto in ("kernel", "static", "boot", "dhcp", "ra") else None,
            nhid=None,
            attributes=tuple(pair for pair in route.attributes if pair[0] not in _DROPPED_ATTRIBUTES),
        )
        words = ip_route.render([bare], table=None).split()
        # A batch has one default family; a destination in full tells it.
        if route.family == 6:
            words = ["::/0" if word == "default" else word for word in words]
        # Not "add": several routes may differ in nothing but the device (fe80::/64).
        yield f"route append {' '.join(words)}"


def _made_by_kernel(route: Route) -> bool:
    """Routes that come with addresses and devices: they are there already."""
    if route.table == "local" and route.proto in ("kernel", None):
        return True
    return route.family == 6 and (
        (route.kind == "multicast" and route.dst.length == 8)
        or (route.dst.length == 128 and route.dst.value == 1)
        or route.kind == "anycast"
    )


def _rules(namespace: Namespace, family: Family) -> Iterator[str]:
    rules = [rule for rule in namespace.rules or () if rule.family == family]
    if not rules:
        return
    for rule in rules:
        if not _is_default(rule):
            printed = ip_rule.render([replace(rule, table=table_number(rule.table), proto=None)])
            priority, _, words = printed.strip().partition(":\t")
            yield f"rule add {words} priority {priority}"
    for number in (0, 32766, 32767) if family == 4 else (0, 32766):
        if not any(_is_default(rule) and rule.priority == number for rule in rules):
            yield f"rule del priority {number}"


def _is_default(rule: PolicyRule) -> bool:
    table = {0: "local", 32766: "main", 32767: "default"}.get(rule.priority)
    return (
        rule == PolicyRule(rule.family, rule.priority, table=table or "", proto=rule.proto)
        and table is not None
    )


def table_number(name: str) -> str:
    """A routing table as iproute2 knows it here: a name that only the captured host had gets a number."""
    if name.isdigit() or name in TABLE_NAMES.values():
        return name
    return str(1 << 20 | sum(ord(letter) << 3 * index for index, letter in enumerate(name)) & 0xFFFFF)


def _neighbours(namespace: Namespace) -> Iterator[str]:
    known = {item.name for item in interfaces_of(namespace)}
    for item in namespace.neighbours or ():
        if item.state == "PERMANENT" and item.mac is not None and item.interface in known:
            yield f"neigh replace {item.address} lladdr {item.mac} dev {item.interface} nud permanent"


def captured_sysctls(namespace: Namespace) -> Iterator[tuple[str, str]]:
    """The captured ones, the general before the particular: writing one ``all`` sets many."""
    usable = [
        (item.key, item.value)
        for item in namespace.sysctls or ()
        if item.key.startswith(_SETTABLE) and not item.key.startswith(_NOT_SET)
    ]
    yield from sorted(usable, key=lambda pair: _rank(pair[0]))


def _rank(key: str) -> int:
    if key in ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv6.conf.all.forwarding"):
        return 0
    return 1 if ".conf.all." in key or ".conf.default." in key else 2


def _loads(namespace: Namespace) -> Iterator[Load]:
    if namespace.ipsets:
        yield Load(("ipset", "restore"), "".join(f"{line}\n" for line in _set_lines(namespace.ipsets)))
    # Of chains with equal priorities the kernel asks those first that came last (net/netfilter/core.c,
    # nf_hook_entries_grow): legacy ones, as the model takes it.
    for ruleset in sorted(namespace.rulesets, key=lambda each: each.backend == "legacy"):
        if ruleset.tables:
            argv = (_RESTORE[ruleset.family, ruleset.backend],)
            yield Load(argv, iptables_save.render(ruleset, counters=False))
    # What iptables-nft manages is loaded by it, above.
    own = native_tables(namespace.nft, namespace.rulesets)
    if own:
        yield Load(("nft", "-f", "-"), nft_render.render(NftRuleset(own), nft_render.Style(numeric=True)))


def _set_lines(sets: Iterable[IpSet]) -> Iterator[str]:
    for item in sets:
        yield " ".join(("create", item.name, item.type, *_words(item.options)))
    for item in sets:
        for element, options in item.entries:
            yield " ".join(("add", item.name, element, *_words(options)))


def _words(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for key, value in pairs:
        yield from (key, value) if value else (key,)


def backends(rulesets: Iterable[Ruleset]) -> frozenset[str]:
    """Which kinds of iptables are loaded: nft, legacy."""
    return frozenset(ruleset.backend or "nft" for ruleset in rulesets if ruleset.tables)
