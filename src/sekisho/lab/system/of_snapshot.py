"""A snapshot as a plan: the customer's host, or hosts, rebuilt here.

A host and every captured container become nodes. What the snapshot knows only by address (a container
without a namespace of its own in it, a DNAT rule's target) becomes a node too, as far as its address and
ports tell. Everything beyond the host's own interfaces is the node ``world``: it has the gateways'
addresses, answers for everybody else, and forwards nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain as all_of

from sekisho.lab import build, topology
from sekisho.lab.not_loaded import NotLoaded
from sekisho.lab.operations import (
    AddRoute,
    KnowNeighbour,
    Link,
    OnLink,
    Setting,
    Wire,
)
from sekisho.lab.parameters import captured_sysctls
from sekisho.lab.system.outside import WORLD, Outside
from sekisho.lab.system.plan import Node, NodeLoad, Origin, Plan, Server, SetSysctl
from sekisho.model.host import Socket
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.model.routing import NextHop, Route
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.addresses import host_addresses
from sekisho.semantics.proxy import PROCESS
from sekisho.semantics.sharing import shares_host
from sekisho.semantics.site import Site
from sekisho.semantics.world import World
from sekisho.values.address import Address, Family, Prefix, everything, host_prefix
from sekisho.values.names import (
    LOOPBACK,
    LabName,
    interface_name,
    link_address,
    namespace_name,
    node_name,
)
from sekisho.values.numbers import integer, is_number

_SERVED = ("tcp", "udp")
_LAST = 1 << 30
FAMILIES: tuple[Family, Family] = (4, 6)


def plan_of_snapshot(*hosts: Snapshot, name: LabName, title: str = "") -> Plan:
    """The plan of a snapshot's hosts. Facts that were not captured are taken as absent; remarks say which.

    Raises UsageError where several hosts cannot stand together.
    """
    whole = [with_known_containers(snapshot) for snapshot in hosts]
    made: list[Parts] = []
    for snapshot in whole:
        made.append(snapshot_parts(snapshot, first=sum(parts.numbers for parts in made)))
    nodes = [node for parts in made for node in parts.nodes]
    outside = Outside(
        World(*whole), {host.host.node: parts.wires_out for host, parts in zip(whole, made, strict=True)}
    )
    return Plan(
        name,
        title or f"rebuilt from {hosts[0].path}",
        (*nodes, Node(WORLD, "world")),
        links=(*all_of.from_iterable(parts.links for parts in made), *outside.links()),
        settings=(*all_of.from_iterable(parts.settings for parts in made), *outside.settings()),
        sysctls=(*all_of.from_iterable(parts.sysctls for parts in made), *outside.sysctls()),
        loads=tuple(all_of.from_iterable(parts.loads for parts in made)),
        servers=(
            *all_of.from_iterable(parts.servers for parts in made), Server(WORLD, "http", "tcp", None, 80),
        ),
        ipv6=frozenset(node.name for node in nodes),
        remarks=(
            *all_of.from_iterable(map(_remarks, hosts)),
            *(f"not built: {item}" for parts in made for item in parts.refused if item.understood),
        ),
        origin=_origin(hosts),
        sites=tuple(snapshot.host.site for snapshot in hosts if snapshot.host.site),
        wires=outside.wires,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parts:
    """A snapshot's own nodes. ``wires_out``: the wires whose far end is not in the snapshot. ``refused``:
    what of its rule sets is not loaded. ``numbers``: how many numbers are taken (``topology.lay_out``)."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    settings: tuple[Setting, ...]
    sysctls: tuple[SetSysctl, ...]
    loads: tuple[NodeLoad, ...]
    servers: tuple[Server, ...]
    wires_out: tuple[topology.Wire, ...]
    refused: tuple[NotLoaded, ...] = ()
    numbers: int = 0


def snapshot_parts(snapshot: Snapshot, without: frozenset[str] = frozenset(), first: int = 0) -> Parts:
    """Plan the snapshot's nodes; ``without`` names interfaces of the host that somebody else plans; ``first``
    is the first number that no other host has."""
    laid = topology.lay_out(snapshot, first)
    everyone = topology.separate(snapshot)
    host = node_name(snapshot.host.node)
    out = tuple(wire for wire in laid.wires if wire.far_node == topology.WORLD)
    links: list[Link] = [build.bridge_of(item) for item in laid.bridges]
    # Who plans the host's outside has no world: a bridge's port to nowhere stays away there.
    links += [
        _wire(wire)
        for wire in laid.wires
        if not without or (wire.far_node != topology.WORLD and wire.interface not in without)
    ]
    order: dict[tuple[str, str], int] = {
        (facts.node, item.name): item.index or _LAST for facts in everyone for item in facts.interfaces or ()
    }
    for wire in laid.wires:
        if wire.bridge is not None:  # a bridge is there before its ports, whatever their numbers
            ports = order.get((wire.node, wire.bridge), _LAST), order.get((wire.node, wire.interface), _LAST)
            order[wire.node, wire.bridge] = min(ports)
    links.sort(key=lambda link: (order.get((link.node, link.name), _LAST), isinstance(link, Wire)))
    settings: list[Setting] = []
    sysctls: list[SetSysctl] = []
    loads: list[NodeLoad] = []
    servers: list[Server] = []
    refused: list[NotLoaded] = []
    for facts in everyone:
        planned = build.plan_node(facts, must=False)
        left_out = without if facts.node == host else frozenset()
        settings += [item for item in planned.settings if not _is_about(item, left_out)]
        sysctls += [SetSysctl(facts.node, key, value, must=False) for key, value in captured_sysctls(facts)]
        loads += [NodeLoad(facts.node, load) for load in planned.loads]
        refused += planned.refused
        servers += _servers(facts, snapshot)
    nodes = tuple(
        Node(host, "host") if facts.node == host else Node(node_name(facts.node), "container", host)
        for facts in everyone
    )
    return Parts(
        nodes, tuple(links), tuple(settings), tuple(sysctls), tuple(loads), tuple(servers), out,
        tuple(refused), max(len(everyone), len(laid.bridges)),
    )  # fmt: skip


def _is_about(item: Setting, interfaces: frozenset[str]) -> bool:
    match item:
        case OnLink(_, interface) | KnowNeighbour(_, interface):
            return interface in interfaces
        case AddRoute(_, route):
            return any(hop.dev in interfaces for hop in route.nexthops)
        case _:
            return False


def _wire(wire: topology.Wire) -> Wire:
    outside = wire.far_node == topology.WORLD
    return build.wire_of(wire, wire.carrier, WORLD if outside else None)


# ------------------------------------------------------------------------- what listens where


def _servers(facts: Namespace, snapshot: Snapshot) -> Iterator[Server]:
    """A server for each captured socket; those of docker-proxy pass on to their container."""
    seen: set[tuple[str, int, str]] = set()
    for item in sorted(facts.sockets or (), key=lambda item: item.address is not None):
        if item.proto not in _SERVED or item.state not in ("LISTEN", "UNCONN") or not item.port:
            continue
        if item.address is not None and item.address.family == 4 and item.address.value >> 24 == 127:
            address: Address | None = item.address
        else:
            address = None if item.address is None or not item.address.value else item.address
        dual = item.address is None
        if item.address is not None and item.address.family == 6 and address is None:
            address = item.address
        key = (item.proto, item.port, str(address))
        if key in seen or (item.proto, item.port, "None") in seen:
            continue
        seen.add(key)
        target = _proxy_target(item, snapshot) if PROCESS in (item.process or "") else None
        proto = "tcp" if item.proto == "tcp" else "udp"
        kind = "proxy" if target is not None else "http" if proto == "tcp" else "echo"
        yield Server(facts.node, kind, proto, address, item.port, target, facts.node, dual)  # type: ignore[arg-type]


def _proxy_target(item: Socket, snapshot: Snapshot) -> tuple[Address, int] | None:
    for container in snapshot.containers or ():
        for port in container.published:
            if (port.host_port, port.proto) != (item.port, item.proto):
                continue
            addresses = [a for end in container.endpoints for a in end.addresses if a.family == 4]
            if addresses:
                return addresses[0], port.container_port
    return None


# ------------------------------------------------------------ containers known only by address


def with_known_containers(snapshot: Snapshot) -> Snapshot:
    """The snapshot with a namespace for each address on a bridge that has none yet, and with one only for
    containers that share theirs."""
    apart: list[Namespace] = []
    for namespace in snapshot.namespaces:
        if not any(shares_host(other, namespace) for other in apart):
            apart.append(namespace)
    snapshot = replace(snapshot, namespaces=tuple(apart))
    site = Site(snapshot)
    owned = {
        address.value
        for namespace in snapshot.namespaces
        for family in FAMILIES
        for address in host_addresses(namespace, family)
    }
    wanted: dict[str, list[tuple[str, Address]]] = {}
    for attachment in site.attachments:
        if attachment.node is not None or attachment.name in site.nodes:
            continue
        for address in sorted(attachment.addresses):
            if address.value not in owned:
                name = attachment.name.removeprefix(f"{snapshot.host.site}/")
                wanted.setdefault(name, []).append((attachment.bridge, address))
    made = tuple(_container(name, places, snapshot) for name, places in wanted.items())
    captured = tuple(_serving(namespace, snapshot) for namespace in snapshot.namespaces)
    return replace(snapshot, namespaces=(*captured, *made))


def _serving(namespace: Namespace, snapshot: Snapshot) -> Namespace:
    """Where the sockets were not captured, what is published, exposed or translated to is served."""
    if namespace.sockets is not None:
        return namespace
    own = [Address(family, item.value) for family in FAMILIES for item in host_addresses(namespace, family)]
    return replace(namespace, sockets=services(namespace.name, own, snapshot))


def _container(name: str, places: list[tuple[str, Address]], snapshot: Snapshot) -> Namespace:
    bridges = list(dict.fromkeys(bridge for bridge, _ in places))
    interfaces = [Interface(LOOPBACK, 1, "loopback")]
    for at, bridge in enumerate(bridges):
        value = next(address.value for where, address in places if where == bridge) & 0xFFFFFFFF
        mac = link_address("02:42:" + value.to_bytes(4, "big").hex(":"))
        interfaces.append(Interface(interface_name(f"eth{at}"), kind="veth", mac=mac))
    addresses = []
    routes = []
    for at, bridge in enumerate(bridges):
        device = interface_name(f"eth{at}")
        for address in (address for where, address in places if where == bridge):
            subnet, gateway = _subnet(snapshot, bridge, address)
            addresses.append(InterfaceAddress(device, address.family, address, subnet.length))
            hop = NextHop(device)
            routes.append(
                Route(address.family, subnet, nexthops=(hop,), proto="kernel", scope="link", src=address)
            )
            if at == 0 and gateway is not None:
                hop = NextHop(device, gateway)
                routes.append(Route(address.family, everything(address.family), nexthops=(hop,)))
    sockets = services(name, [address for _, address in places], snapshot)
    return Namespace(
        namespace_name(name),
        tuple(routes),
        interfaces=tuple(interfaces),
        addresses=tuple(addresses),
        sockets=sockets,
        site=snapshot.host.site,
    )


def _subnet(snapshot: Snapshot, bridge: str, address: Address) -> tuple[Prefix, Address | None]:
    for item in host_addresses(snapshot.host, address.family):
        if item.interface == bridge and item.subnet.contains(address):
            return item.subnet, Address(address.family, item.value)
    return host_prefix(address), None


def services(name: str, addresses: Iterable[Address], snapshot: Snapshot) -> tuple[Socket, ...]:
    """Listening sockets for every port that something says the container serves."""
    return tuple(
        Socket(proto, "LISTEN" if proto == "tcp" else "UNCONN", None, port)
        for proto, port in sorted(_ports(name, addresses, snapshot))
    )


def _ports(name: str, addresses: Iterable[Address], snapshot: Snapshot) -> set[tuple[str, int]]:
    """What it is said to serve: Docker's published and exposed ports, and DNAT rules' targets."""
    found: set[tuple[str, int]] = set()
    for container in snapshot.containers or ():
        if container.name == name:
            found |= {(port.proto, port.container_port) for port in container.published}
            found |= {(proto, port) for port, proto in container.exposed}
    texts = {str(address) for address in addresses}
    for ruleset in snapshot.host.rulesets:
        for table in ruleset.tables:
            for chain in table.chains:
                for rule in chain.rules:
                    target = rule.target
                    if target is None or target.name != "DNAT":
                        continue
                    proto = next(
                        (o.values[0] for o in rule.matches if (o.module, o.name) == ("", "protocol")), ""
                    )
                    for option in target.options:
                        where, _, port = option.values[0].rpartition(":") if option.values else ("", "", "")
                        if where.strip("[]") in texts and is_number(port) and proto in _SERVED:
                            found.add((proto, integer(port)))
    return {(proto, port) for proto, port in found if proto in _SERVED}


def _origin(hosts: Sequence[Snapshot]) -> Origin:
    counts = {
        "routes": sum(len(one.host.routes) for one in hosts),
        "rules": sum(_rules(one.host) for one in hosts),
        "sysctls": sum(len(one.host.sysctls or ()) for one in hosts),
        "namespaces": sum(len(one.namespaces) for one in hosts),
    }
    if len(hosts) > 1:
        counts["hosts"] = len(hosts)
    return Origin("snapshot", hosts[0].path, hosts[0].name if len(hosts) == 1 else "", counts)


def _rules(host: Namespace) -> int:
    found = sum(len(chain.rules) for one in host.rulesets for table in one.tables for chain in table.chains)
    if host.nft is not None:
        found += sum(len(chain.rules) for table in host.nft.tables for chain in table.chains)
    return found


def _remarks(snapshot: Snapshot) -> Iterator[str]:
    for namespace in (snapshot.host, *snapshot.namespaces):
        for unread in namespace.unread:
            place = unread.evidence
            # Connections that were under way are not built anyway.
            if not place.file.endswith("conntrack.txt"):
                yield f"not understood, so not built: {place.file}:{place.line}: {place.text}"
    whose = f"{snapshot.host.site}: " if snapshot.host.site else ""
    if not snapshot.host.rulesets and snapshot.host.nft is None:
        yield f"{whose}no rule set was captured: none is loaded"
    if snapshot.host.sysctls is None:
        yield f"{whose}no sysctls were captured: forwarding is off"
