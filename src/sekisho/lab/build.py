"""From facts to the operations that make them true in namespaces of their own.

Pure data: links, addresses, routes and rules as ``operations``, rule sets as ``rulesets`` renders them,
sysctls to write, sockets to open. Routes and addresses are added exactly as captured: addresses without the
connected route that the kernel would add by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

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
from sekisho.lab.parameters import AFTER_ALL, BEFORE_LINKS, captured_sysctls
from sekisho.lab.rulesets import loads
from sekisho.lab.topology import WORLD, Topology, interfaces_of
from sekisho.model.host import Socket
from sekisho.model.links import InterfaceAddress
from sekisho.model.routing import TABLE_NUMBERS, Route
from sekisho.model.snapshot import Namespace
from sekisho.semantics.addresses import added_to_local, host_addresses
from sekisho.semantics.fib import DEFAULT_RULES, is_default
from sekisho.values.address import Address, Family
from sekisho.values.names import LOOPBACK, BadNameError, SysctlKey, ethernet_address

_FAMILIES: tuple[Family, Family] = (4, 6)
# What rt_tables names is mostly below 256; far above that nobody has a table.
_OWN_TABLES = 1 << 20
# Flags that iproute2 prints and that are findings, not settings.
_STATE_FLAGS = frozenset({"linkdown", "dead", "offload", "offload_failed", "trap", "rt_offload"})
# Those that decide nothing about a packet's way, and those of what the kernel has learnt.
_DROPPED_ATTRIBUTES = frozenset({"pref", "expires", "error", "users", "age", "nhid", "congctl"})


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
    namespace = _with_numbers(namespace)
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
        namespace.node, BEFORE_LINKS, settings, (*captured_sysctls(namespace), *AFTER_ALL), found,
        namespace.sockets or (), tuple(refused),
    )  # fmt: skip


def _with_numbers(namespace: Namespace) -> Namespace:
    """Routing tables whose names only the host's own rt_tables knows get numbers that no other one has."""
    routes, rules = namespace.routes, namespace.rules
    used = dict.fromkeys((*(each.table for each in routes), *(each.table for each in rules or ())))
    free = (str(number) for number in count(_OWN_TABLES) if str(number) not in used)
    numbers = {name: next(free) for name in used if name.strip("0123456789") and name not in TABLE_NUMBERS}
    if not numbers:
        return namespace
    return replace(
        namespace,
        routes=tuple(replace(each, table=numbers.get(each.table, each.table)) for each in routes),
        rules=rules and tuple(replace(each, table=numbers.get(each.table, each.table)) for each in rules),
    )


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
    return Bridge(bridge.node, bridge.name, bridge.mac, up=bridge.up, options=bridge.options)


def wire_of(wire: topology.Wire, far_up: bool, far_node: str | None = None) -> Wire:
    """The operation that makes it; ``far_node`` where it has another name than in the layout."""
    return Wire(
        wire.node, wire.interface, wire.far_node if far_node is None else far_node, wire.far_interface,
        wire.mac, wire.far_mac, wire.mtu, wire.bridge, hairpin=wire.hairpin, up=wire.up,
        far_up=far_up, isolated=wire.isolated,
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
            namespace.node, item.interface, item.address, item.length, False, item.broadcast, item.peer,
            scope, must, item.family == 6 and "deprecated" in item.flags,
        )  # fmt: skip


def _inferred(namespace: Namespace) -> Iterator[InterfaceAddress]:
    for family in _FAMILIES:
        for item in host_addresses(namespace, family):
            yield InterfaceAddress(item.interface, family, Address(family, item.value), item.length)


def _routes(namespace: Namespace, must: bool) -> Iterator[AddRoute]:
    added = set(added_to_local(namespace))
    wanted = [route for route in namespace.routes if route in added or not _made_by_kernel(route)]
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
        yield AddRoute(namespace.node, bare, must)


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
        if not is_default(rule):
            yield AddRule(namespace.node, replace(rule, proto=None), must)
    for number, _ in DEFAULT_RULES[family]:
        if not any(is_default(rule) and rule.priority == number for rule in rules):
            yield DropRule(namespace.node, family, number, must)


def _neighbours(namespace: Namespace, must: bool) -> Iterator[KnowNeighbour]:
    known = {item.name for item in interfaces_of(namespace)}
    for item in namespace.neighbours or ():
        if item.state == "PERMANENT" and item.mac is not None and item.interface in known:
            try:
                mac = ethernet_address(item.mac)
            except BadNameError:  # of a tunnel
                continue
            yield KnowNeighbour(namespace.node, item.interface, item.address, mac, must)
