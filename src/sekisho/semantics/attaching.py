"""Who hangs on which bridge and wire of a host, by what was captured: strongest first.

docker       its lists: containers, their networks' members, what its short listings tell
namespaces   with an address of a bridge's subnet, or whose veth pair is a port of a bridge inside another
neighbours   addresses that the host has heard of on a bridge
rules        addresses that a DNAT rule sends to
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sekisho.semantics.attachment import Attachment, Link, attached
from sekisho.semantics.captured import Captured
from sekisho.semantics.conjunction import parts
from sekisho.semantics.listed import told_addresses
from sekisho.semantics.program import Translate
from sekisho.values.address import Address

# Drivers that put containers on an interface's own wire, and the mode in which siblings see one another.
_WIRE_MODES = {"macvlan": "bridge", "ipvlan": "l2"}


def certain(host: Captured) -> Iterable[Attachment]:
    """Those that Docker names or whose namespaces were captured."""
    inside = tuple(_inside(host))
    yield from inside
    yield from _from_docker(host)
    yield from _from_namespaces(host, {(item.node, item.interface) for item in inside})


def inferred(host: Captured, known: Collection[Attachment], closed: Collection[str]) -> Iterable[Attachment]:
    """Those of which an address alone tells, beside the ``known`` ones; ``closed``: the bridges on which
    there are no others."""
    yield from _from_neighbours(host, known, closed)
    yield from _from_rules(host)


def on_wires(host: Captured) -> Iterable[Attachment]:
    """Containers of macvlan networks in bridge mode and of ipvlan networks in l2 mode, by parent."""
    parents: dict[str, str] = {}
    for network in host.snapshot.networks or ():
        options = dict(network.options)
        mode = options.get(f"{network.driver}_mode") or _WIRE_MODES.get(network.driver)
        parent = options.get("parent")
        if parent and network.driver in _WIRE_MODES and mode == _WIRE_MODES[network.driver]:
            parents[network.name] = parent
    for container in host.snapshot.containers or ():
        for endpoint in container.endpoints if container.running else ():
            parent = parents.get(endpoint.network)
            if parent is not None and endpoint.addresses:
                node = host.node_of(container)
                interface = host.interface_with(node, endpoint.addresses)
                addresses = frozenset(endpoint.addresses)
                yield Attachment(
                    host.called(container.name), host.on(parent), addresses, "wire", node, interface,
                    mac=endpoint.mac,
                )  # fmt: skip


def _from_docker(host: Captured) -> Iterable[Attachment]:
    networks = {network.name: network for network in host.snapshot.networks or ()}
    known: set[tuple[str, str]] = set()
    for container in host.snapshot.containers or ():
        for endpoint in container.endpoints if container.running else ():
            if networks:
                bridge: str | None = (
                    networks[endpoint.network].bridge if endpoint.network in networks else None
                )
            else:
                bridge = host.bridge_for(set(endpoint.addresses))
            if bridge is None or not endpoint.addresses:
                continue
            known.add((bridge, container.id))
            node = host.node_of(container)
            interface = host.interface_with(node, endpoint.addresses)
            port = host.port(node, interface, bridge, endpoint.mac)
            yield attached(
                host.called(container.name), host.on(bridge), endpoint.addresses, "docker", port, node,
                interface, endpoint.mac,
            )  # fmt: skip
    for name, address, mac in told_addresses(host.snapshot):
        if (found := host.bridge_for({address})) is not None:
            port = host.port(None, None, found, mac)
            yield attached(host.called(name), host.on(found), (address,), "docker", port, mac=mac)
    for network in networks.values():
        for member in network.members or ():
            # Containers that were not inspected, and swarm's own end.
            if network.bridge and member.addresses and (network.bridge, member.id) not in known:
                node = host.namespace(member.name)
                interface = host.interface_with(node, member.addresses)
                port = host.port(node, interface, network.bridge, member.mac)
                yield attached(
                    host.called(member.name), host.on(network.bridge), member.addresses, "docker", port,
                    node, interface, member.mac,
                )  # fmt: skip


def _inside(host: Captured) -> Iterable[Attachment]:
    """Namespaces on a bridge that is not the host's own (Docker in a container): the pair of their
    interface is a port of it."""
    for (node, interface), (owner, name) in host.pairs.items():
        master = host.links[owner].by_name[name].master
        if master is None or Link(owner, master) not in host.inner:
            continue
        mine = host.nodes[node].addresses.values()
        found = {Address(a.family, a.value) for every in mine for a in every if a.interface == interface}
        port = host.links[owner].port(master, name)
        yield attached(node, Link(owner, master), found, "namespace", port, node, interface)


def _from_namespaces(
    host: Captured, inside: Collection[tuple[str | None, str | None]]
) -> Iterable[Attachment]:
    for name, node in host.nodes.items():
        if name == host.id:
            continue
        by_interface: dict[str, set[Address]] = {}
        for addresses in node.addresses.values():
            for item in addresses:
                if item.interface != "lo" and item.scope != "link":
                    by_interface.setdefault(item.interface, set()).add(Address(item.family, item.value))
        for interface, found in by_interface.items():
            bridge = None if (name, interface) in inside else host.bridge_for(found)
            if bridge is not None:
                port = host.port(name, interface, bridge, None)
                yield attached(name, host.on(bridge), found, "namespace", port, name, interface)


def _from_neighbours(
    host: Captured, known: Collection[Attachment], closed: Collection[str]
) -> Iterable[Attachment]:
    """Addresses that the host's neighbour table knows on a bridge, behind the port that the bridge
    learned for their MAC address. Where Docker knows all, only a further address of one of those."""
    macs = {(item.bridge, item.mac) for item in known}
    for item in host.host.facts.neighbours or ():
        if item.interface not in host.bridges or not item.resolved or item.state == "FAILED":
            continue
        if item.interface in closed and (item.interface, item.mac) not in macs:
            continue
        port = host.port(None, None, item.interface, item.mac)
        if _outside(host, item.interface, port.name):
            continue
        yield attached(
            host.called(str(item.address)),
            host.on(item.interface),
            (item.address,),
            "neighbour",
            port,
            mac=item.mac,
        )


def _outside(host: Captured, bridge: str, port: str | None) -> bool:
    """Whether who is behind a bridge's port (None: nobody knows which) is on the wire of its card."""
    cards = host.cards(bridge)
    return port in cards or (port is None and bool(cards and host.snapshot.host.site))


def _from_rules(host: Captured) -> Iterable[Attachment]:
    """Addresses that a DNAT rule of the host sends packets to, where they lie on a bridge."""
    found: set[Address] = set()  # many rules name one address
    for program in host.host.programs.values():
        for stations in program.stations.values():
            for station in stations:
                for chain in (station.base, *station.chains.values()):
                    for line in (part for whole in chain.lines for part in parts(whole)):
                        action = line.action
                        if not isinstance(action, Translate) or action.what != "dst":
                            continue
                        if action.addresses is None or action.addresses[0] != action.addresses[1]:
                            continue
                        address = Address(program.family, action.addresses[0])
                        if address in found:
                            continue
                        found.add(address)
                        bridge = host.bridge_for({address})
                        if bridge is not None:
                            yield host.stranger(address, bridge)
