"""Which veth pairs and bridges a snapshot's namespaces need, and where each far end lies.

Every interface but bridges and lo becomes one end of a veth pair. Its far end lies in another
namespace of the snapshot where the facts say so (a container's eth0), else in the *world*: a
namespace without addresses in which the oracle sees each frame and puts frames in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sekisho.model.links import Interface
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.addresses import host_addresses
from sekisho.semantics.bridges import bridges_of, is_bridge
from sekisho.semantics.ports import carries, is_up
from sekisho.semantics.sharing import shares_host
from sekisho.semantics.site import BRIDGE_NF
from sekisho.values.address import Address
from sekisho.values.names import (
    LOOPBACK,
    BadNameError,
    EthernetAddress,
    InterfaceName,
    LinkAddress,
    ethernet_address,
    interface_name,
)
from sekisho.values.numbers import integer

WORLD = ""
_BRIDGE_OPTIONS = frozenset(option for _, option in BRIDGE_NF.values())


@dataclass(frozen=True, slots=True)
class Wire:
    """A veth pair. ``far_node`` is WORLD or a namespace's node; ``bridge`` the near end's master, and
    ``hairpin`` and ``isolated`` how it is a port of it."""

    node: str
    interface: InterfaceName
    mac: EthernetAddress
    far_node: str
    far_interface: InterfaceName
    far_mac: EthernetAddress
    bridge: InterfaceName | None = None
    up: bool = True
    carrier: bool = True
    mtu: int | None = None
    hairpin: bool = False
    isolated: bool = False


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge device of a namespace. ``options``: settings of its own that bear on packets' ways."""

    node: str
    name: InterfaceName
    mac: EthernetAddress
    up: bool = True
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Topology:
    """All links; ``place`` says behind which port a bridge's neighbour lives: (node, address) -> port."""

    bridges: tuple[Bridge, ...]
    wires: tuple[Wire, ...]
    places: dict[tuple[str, Address], str]

    def wire(self, node: str, interface: str) -> Wire | None:
        """The wire whose near or far end is this interface."""
        for wire in self.wires:
            if (wire.node, wire.interface) == (node, interface):
                return wire
            if (wire.far_node, wire.far_interface) == (node, interface):
                return wire
        return None

    def ports(self, node: str, bridge: str) -> list[Wire]:
        """The wires whose near end is a port of the bridge."""
        return [wire for wire in self.wires if wire.node == node and wire.bridge == bridge]


def interfaces_of(namespace: Namespace) -> tuple[Interface, ...]:
    """The captured interfaces, or one for each name that routes and addresses mention."""
    if namespace.interfaces is not None:
        return tuple(item for item in namespace.interfaces if item.name != LOOPBACK)
    names: dict[InterfaceName, None] = {}
    for address in namespace.addresses or ():
        names[address.interface] = None
    for route in namespace.routes:
        for hop in route.nexthops:
            if hop.dev is not None:
                names[hop.dev] = None
    names.pop(LOOPBACK, None)
    return tuple(Interface(name) for name in names)


def separate(snapshot: Snapshot) -> tuple[Namespace, ...]:
    """The host's namespace and those of others that are not the host's own."""
    host = snapshot.host
    return (host, *(item for item in snapshot.namespaces if not shares_host(host, item)))


def bridges_in(snapshot: Snapshot, namespace: Namespace) -> frozenset[str]:
    """The names of a namespace's bridges; of others than the host's, only their own lines tell."""
    if namespace is snapshot.host:
        return frozenset(bridges_of(snapshot))
    return frozenset(item.name for item in interfaces_of(namespace) if is_bridge(item))


def lay_out(snapshot: Snapshot, first: int = 0) -> Topology:
    """Decide the links of all namespaces of a snapshot. ``first``: the number of the host's own; names
    and addresses made of numbers from there on are no other host's."""
    host = snapshot.host
    on_host = bridges_in(snapshot, host)
    bridges: list[Bridge] = []
    wires: list[Wire] = []
    taken: set[tuple[str, str]] = set()
    everyone = separate(snapshot)
    for namespace in everyone[1:]:
        for inner in interfaces_of(namespace):
            port = _host_port(host, on_host, namespace, inner, taken)
            if port is not None:
                taken.update({(host.node, port.name), (namespace.node, inner.name)})
                wires.append(_between(host, port, namespace, inner))
    for number, namespace in enumerate(everyone, first):
        names = bridges_in(snapshot, namespace)
        for index, item in enumerate(interfaces_of(namespace)):
            high = f"{number >> 8 & 255:02x}"
            low = f"{number & 255:02x}:{index >> 8 & 255:02x}:{index & 255:02x}"
            mac = _mac(item.mac, f"02:fe:{high}:{low}")
            if item.name in names:
                options = tuple(
                    pair for pair in item.details if pair[0] in _BRIDGE_OPTIONS and pair[1] in "01"
                )
                bridges.append(Bridge(namespace.node, item.name, mac, is_up(item), options))
            elif (namespace.node, item.name) not in taken:
                far, far_mac = interface_name(f"w{number}-{index}"), ethernet_address(f"02:fd:{high}:{low}")
                wires.append(
                    Wire(
                        namespace.node, item.name, mac, WORLD, far, far_mac, item.master, is_up(item),
                        carries(item) or not is_up(item), _mtu(item), bool(item.hairpin), bool(item.isolated),
                    )
                )  # fmt: skip
    wires += _missing_ports(bridges, wires, snapshot, first)
    return Topology(tuple(bridges), tuple(wires), _places(snapshot, wires))


def _mac(captured: LinkAddress | None, otherwise: str) -> EthernetAddress:
    """The captured address where a veth interface can have it: six bytes, of one station, not all zero."""
    try:
        found = ethernet_address(captured or "")
        if not integer(found[1], 16) & 1 and found.strip("0:"):
            return found
    except BadNameError:
        pass
    return ethernet_address(otherwise)


def _mtu(interface: Interface) -> int | None:
    """What a veth interface can have (drivers/net/veth.c: ETH_MAX_MTU), None for anything else."""
    return interface.mtu if interface.mtu is not None and 68 <= interface.mtu <= 65535 else None


def _host_port(
    host: Namespace, bridges: frozenset[str], namespace: Namespace, inner: Interface,
    taken: set[tuple[str, str]],
) -> Interface | None:  # fmt: skip
    """The host's end of a container's interface: by index, else a new port in a bridge of its subnet."""
    free = [item for item in interfaces_of(host) if (host.node, item.name) not in taken]
    for item in free:
        if inner.peer in (f"if{item.index}", item.name) and item.name not in bridges:
            # A macvlan or ipvlan interface names its parent there.
            return item if inner.kind in (None, "", "veth") else None
    for address in _own_addresses(namespace, inner.name):
        for candidate in interfaces_of(host):
            if candidate.name in bridges and any(
                other.interface == candidate.name and other.subnet.contains(address)
                for other in host_addresses(host, address.family)
            ):
                return Interface(interface_name(f"skc{len(taken)}"), master=candidate.name)
    return None


def _own_addresses(namespace: Namespace, interface: str) -> list[Address]:
    return [
        Address(item.family, item.value)
        for family in (4, 6)
        for item in host_addresses(namespace, 4 if family == 4 else 6)
        if item.interface == interface and item.scope == "global"
    ]


def _between(host: Namespace, port: Interface, namespace: Namespace, inner: Interface) -> Wire:
    seed = sum(ord(letter) * (index + 1) for index, letter in enumerate(f"{namespace.node}/{inner.name}"))
    low = f"{seed >> 16 & 255:02x}:{seed >> 8 & 255:02x}:{seed & 255:02x}"
    return Wire(
        host.node, port.name, _mac(port.mac, f"02:fc:00:{low}"), namespace.node, inner.name,
        _mac(inner.mac, f"02:fb:00:{low}"), port.master, is_up(port), carries(port) or not is_up(port),
        _mtu(port), bool(port.hairpin), bool(port.isolated),
    )  # fmt: skip


def _missing_ports(
    bridges: Iterable[Bridge], wires: list[Wire], snapshot: Snapshot, first: int
) -> list[Wire]:
    """A bridge without a single port has no carrier; one that had it when captured gets a port."""
    without_carrier: set[tuple[str, str]] = {
        (namespace.node, item.name)
        for namespace in separate(snapshot)
        for item in interfaces_of(namespace)
        if not carries(item)
    }
    for namespace in separate(snapshot):
        without_carrier |= {
            (namespace.node, hop.dev or "")
            for route in namespace.routes
            for hop in route.nexthops
            if "linkdown" in hop.flags
        }
    added = []
    for number, bridge in enumerate(bridges, first):
        key = (bridge.node, bridge.name)
        if key in without_carrier or any((wire.node, wire.bridge) == key for wire in wires):
            continue
        low = f"{number >> 8 & 255:02x}:{number & 255:02x}"
        mac, far_mac = (ethernet_address(f"02:{kind}:00:00:{low}") for kind in ("fa", "f9"))
        port, far = interface_name(f"skp{number}"), interface_name(f"wp{number}")
        added.append(Wire(bridge.node, port, mac, WORLD, far, far_mac, bridge.name))
    return added


def _places(snapshot: Snapshot, wires: Iterable[Wire]) -> dict[tuple[str, Address], str]:
    """Neighbours whose MAC the bridge's forwarding table knows, and containers with their own namespace."""
    places: dict[tuple[str, Address], str] = {}
    host = snapshot.host
    behind = {entry.mac: entry.port for entry in host.bridge_entries or () if entry.bridge != entry.port}
    for neighbour in host.neighbours or ():
        port = behind.get(neighbour.mac) if neighbour.mac is not None else None
        if port is not None:
            places[host.node, neighbour.address] = port
    by_name: dict[str, Namespace] = {namespace.node: namespace for namespace in snapshot.namespaces}
    for wire in wires:
        if wire.far_node in by_name:
            for address in _own_addresses(by_name[wire.far_node], wire.far_interface):
                places[wire.node, address] = wire.interface
    return places
