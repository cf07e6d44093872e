"""A snapshot as a plan: the customer's host, rebuilt here.

The host and every captured container become nodes. What the snapshot knows only by address (a container
without a namespace of its own in it, a DNAT rule's target) becomes a node too, as far as its address and
ports tell. Everything beyond the host's own interfaces is the node ``world``: it has the gateways'
addresses, answers for everybody else, and forwards nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sekisho.lab import build, topology
from sekisho.lab.not_loaded import NotLoaded
from sekisho.lab.operations import (
    AddRoute,
    Bridge,
    Enslave,
    KnowNeighbour,
    Link,
    OnLink,
    Setting,
    Wire,
)
from sekisho.lab.parameters import captured_sysctls
from sekisho.lab.system.plan import Node, NodeLoad, Origin, Plan, Server, SetSysctl
from sekisho.lab.system.routes import way
from sekisho.model.host import Socket
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.model.routing import NextHop, Route
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.addresses import host_addresses
from sekisho.semantics.proxy import PROCESS
from sekisho.semantics.sharing import shares_host
from sekisho.semantics.world import World
from sekisho.values.address import Address, Family, Prefix, everything, host_prefix
from sekisho.values.names import (
    LOOPBACK,
    InterfaceName,
    LabName,
    interface_name,
    link_address,
    namespace_name,
    sysctl_of,
)
from sekisho.values.numbers import integer, is_number

WORLD = namespace_name("world")
# The Internet in answers as well: RFC 5737's third block for documentation.
INTERNET = Address.parse("203.0.113.10")
_SERVED = ("tcp", "udp")
_LAST = 1 << 30
FAMILIES: tuple[Family, Family] = (4, 6)


def plan_of_snapshot(snapshot: Snapshot, name: LabName, title: str = "") -> Plan:
    """The plan of a snapshot. Facts that were not captured are taken as absent; remarks say which."""
    whole = with_known_containers(snapshot)
    made = snapshot_parts(whole)
    outside = _Outside(whole, made.wires_out)
    return Plan(
        name,
        title or f"rebuilt from {snapshot.path}",
        (*made.nodes, Node(WORLD, "world")),
        links=(*made.links, *outside.links()),
        settings=(*made.settings, *outside.settings()),
        sysctls=(*made.sysctls, *outside.sysctls()),
        loads=made.loads,
        servers=(*made.servers, Server(WORLD, "http", "tcp", None, 80)),
        ipv6=frozenset(node.name for node in made.nodes),
        remarks=(*_remarks(snapshot), *(f"not built: {item}" for item in made.refused if item.understood)),
        origin=_origin(snapshot),
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """A snapshot's own nodes. ``wires_out``: the wires whose far end is not in the snapshot. ``refused``:
    what of its rule sets is not loaded."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    settings: tuple[Setting, ...]
    sysctls: tuple[SetSysctl, ...]
    loads: tuple[NodeLoad, ...]
    servers: tuple[Server, ...]
    wires_out: tuple[topology.Wire, ...]
    refused: tuple[NotLoaded, ...] = ()


def snapshot_parts(snapshot: Snapshot, without: frozenset[str] = frozenset()) -> Parts:
    """Plan the snapshot's nodes; ``without`` names interfaces of the host that somebody else plans."""
    laid = topology.lay_out(snapshot)
    everyone = topology.separate(snapshot)
    host = snapshot.host.name
    out = tuple(wire for wire in laid.wires if wire.far_node == topology.WORLD)
    links: list[Link] = [build.bridge_of(item) for item in laid.bridges]
    # Who plans the host's outside has no world: a bridge's port to nowhere stays away there.
    links += [
        _wire(wire)
        for wire in laid.wires
        if not without or (wire.far_node != topology.WORLD and wire.interface not in without)
    ]
    order: dict[tuple[str, str], int] = {
        (facts.name, item.name): item.index or _LAST for facts in everyone for item in facts.interfaces or ()
    }
    links.sort(key=lambda link: order.get((link.node, link.name), _LAST))
    settings: list[Setting] = []
    sysctls: list[SetSysctl] = []
    loads: list[NodeLoad] = []
    servers: list[Server] = []
    refused: list[NotLoaded] = []
    for facts in everyone:
        planned = build.plan_node(facts, must=False)
        left_out = without if facts.name == host else frozenset()
        settings += [item for item in planned.settings if not _is_about(item, left_out)]
        sysctls += [SetSysctl(facts.name, key, value, must=False) for key, value in captured_sysctls(facts)]
        loads += [NodeLoad(facts.name, load) for load in planned.loads]
        refused += planned.refused
        servers += _servers(facts, snapshot)
    nodes = tuple(
        Node(facts.name, "host" if facts.name == host else "container", None if facts.name == host else host)
        for facts in everyone
    )
    return Parts(
        nodes, tuple(links), tuple(settings), tuple(sysctls), tuple(loads), tuple(servers), out,
        tuple(refused),
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
        yield Server(facts.name, kind, proto, address, item.port, target, facts.name, dual)  # type: ignore[arg-type]


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
    world = World(snapshot)
    owned = {
        address.value
        for namespace in snapshot.namespaces
        for family in FAMILIES
        for address in host_addresses(namespace, family)
    }
    wanted: dict[str, list[tuple[str, Address]]] = {}
    for attachment in world.attachments:
        if attachment.node is not None or attachment.name in world.nodes:
            continue
        for address in sorted(attachment.addresses):
            if address.value not in owned:
                wanted.setdefault(attachment.name, []).append((attachment.bridge, address))
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


# -------------------------------------------------------------------------------- the outside


@dataclass(slots=True)
class _Outside:
    snapshot: Snapshot
    wires: tuple[topology.Wire, ...]

    def _ports(self) -> Iterator[tuple[topology.Wire, Prefix, list[Address]]]:
        """Each wire of the host that is no bridge's port: its IPv4 subnet, the gateways behind it."""
        host = self.snapshot.host
        for wire in self.wires:
            if wire.bridge is not None or wire.node != host.name:
                continue
            for item in host_addresses(host, 4):
                if item.interface != wire.interface or item.scope == "host":
                    continue
                gateways = {
                    hop.via
                    for route in host.routes
                    for hop in route.nexthops
                    if hop.dev == wire.interface and hop.via is not None and hop.via.family == 4
                }
                inside = sorted(via for via in gateways if item.subnet.contains(via))
                yield wire, item.subnet, inside or [self._free(item.subnet)]
                break

    def _free(self, subnet: Prefix) -> Address:
        taken = {item.value for item in host_addresses(self.snapshot.host, 4)}
        numbers = range(subnet.first + (subnet.length < 31), subnet.last + 1)
        return Address(4, next((number for number in numbers if number not in taken), subnet.first))

    def _shared(self) -> dict[Prefix, list[str]]:
        found: dict[Prefix, list[str]] = {}
        for wire, subnet, _ in self._ports():
            found.setdefault(subnet, []).append(wire.far_interface)
        return found

    def links(self) -> Iterator[Link]:
        """Two interfaces of the host in one subnet are on one wire: a bridge out there joins them."""
        for number, ends in enumerate(self._shared().values()):
            if len(ends) > 1:
                yield Bridge(WORLD, _lan(number))

    def settings(self) -> Iterator[Setting]:
        yield OnLink(WORLD, LOOPBACK, INTERNET, 32)
        shared = self._shared()
        first_way: tuple[InterfaceName, Address] | None = None
        done: set[Prefix] = set()
        for wire, subnet, gateways in self._ports():
            dev = wire.far_interface
            if len(shared[subnet]) > 1:
                dev = _lan(list(shared).index(subnet))
                yield Enslave(WORLD, wire.far_interface, dev)
            if subnet in done:
                continue
            done.add(subnet)
            for gateway in gateways:
                yield OnLink(WORLD, dev, gateway, subnet.length)
            own = next(
                (Address(4, item.value) for item in host_addresses(self.snapshot.host, 4)
                 if item.interface == wire.interface), None,
            )  # fmt: skip
            if first_way is None and own is not None:
                first_way = (dev, own)
        if first_way is not None:
            yield way(WORLD, everything(4), first_way[0], first_way[1], src=INTERNET, onlink=True)

    def sysctls(self) -> Iterator[SetSysctl]:
        """It answers for every address that is not the host's own."""
        for wire, _, _ in self._ports():
            name = wire.far_interface
            yield SetSysctl(WORLD, sysctl_of("net", "ipv4", "conf", name, "proxy_arp"), "1", must=False)
            yield SetSysctl(WORLD, sysctl_of("net", "ipv4", "neigh", name, "proxy_delay"), "0", must=False)


def _lan(number: int) -> InterfaceName:
    return interface_name(f"lan{number}")


def _origin(snapshot: Snapshot) -> Origin:
    host = snapshot.host
    rules = sum(len(chain.rules) for one in host.rulesets for table in one.tables for chain in table.chains)
    if host.nft is not None:
        rules += sum(len(chain.rules) for table in host.nft.tables for chain in table.chains)
    counts = {
        "routes": len(host.routes), "rules": rules, "sysctls": len(host.sysctls or ()),
        "namespaces": len(snapshot.namespaces),
    }  # fmt: skip
    return Origin("snapshot", snapshot.path, snapshot.name, counts)


def _remarks(snapshot: Snapshot) -> Iterator[str]:
    for namespace in (snapshot.host, *snapshot.namespaces):
        for unread in namespace.unread:
            place = unread.evidence
            # Connections that were under way are not built anyway.
            if not place.file.endswith("conntrack.txt"):
                yield f"not understood, so not built: {place.file}:{place.line}: {place.text}"
    if not snapshot.host.rulesets and snapshot.host.nft is None:
        yield "no rule set was captured: none is loaded"
    if snapshot.host.sysctls is None:
        yield "no sysctls were captured: forwarding is off"
