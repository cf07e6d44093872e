"""What lies around the hosts of a snapshot: the node ``world``, with a LAN for each wire that is shared.

Two interfaces of one host in one subnet are on one wire, and interfaces of several hosts where the model has
them so (``semantics.wires``): a bridge out there, with no rules on it, joins them. A wire has the addresses
of the gateways that are none of the hosts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from sekisho.errors import UsageError, said
from sekisho.lab import topology
from sekisho.lab.operations import Bridge, Enslave, Link, OnLink, Setting
from sekisho.lab.system.plan import SetSysctl
from sekisho.lab.system.routes import way
from sekisho.model.snapshot import Namespace
from sekisho.semantics import attachment
from sekisho.semantics.addresses import host_addresses
from sekisho.semantics.world import World
from sekisho.values.address import Address, Prefix, everything
from sekisho.values.names import LOOPBACK, InterfaceName, interface_name, namespace_name, sysctl_of

WORLD = namespace_name("world")
# The Internet in answers as well: RFC 5737's third block for documentation.
INTERNET = Address.parse("203.0.113.10")


@dataclass(frozen=True, slots=True)
class Outlet:
    """An interface of a host that leads outside, by ``wires`` (of a bridge: those of its cards). ``subnet``
    and ``own`` are its first IPv4 address's, ``gateways`` whom the host's routes have behind it."""

    host: Namespace
    link: attachment.Link
    wires: tuple[topology.Wire, ...]
    subnet: Prefix | None
    own: Address | None
    gateways: tuple[Address, ...]

    def __str__(self) -> str:
        return f"{self.link.owner}/{self.link.device}"


class Outside:
    """``wires``: those of each host, by its node, whose far end is in no namespace of the snapshot. Raises
    UsageError where the hosts' wires cannot be built."""

    def __init__(self, world: World, wires: dict[str, tuple[topology.Wire, ...]]) -> None:
        self._world = world
        self._several = len(world.sites) > 1
        outlets = [outlet for node, mine in wires.items() for outlet in self._outlets(node, mine)]
        self._lans = tuple(tuple(lan) for lan in self._joined(outlets))
        if self._several:
            self._check()

    @property
    def wires(self) -> tuple[tuple[str, ...], ...]:
        """Of several hosts, who shares a wire, in the words of snapshot.toml."""
        return tuple(tuple(map(str, lan)) for lan in self._lans) if self._several else ()

    def links(self) -> Iterator[Link]:
        """A bridge for each LAN."""
        return (Bridge(WORLD, _lan(number)) for number, lan in enumerate(self._lans) if _is_shared(lan))

    def settings(self) -> Iterator[Setting]:
        """The LANs' ports, the gateways' addresses, and the way back."""
        yield OnLink(WORLD, LOOPBACK, INTERNET, 32)
        first_way: tuple[InterfaceName, Address] | None = None
        for number, lan in enumerate(self._lans):
            dev = lan[0].wires[0].far_interface
            if _is_shared(lan):
                dev = _lan(number)
                for wire in (wire for outlet in lan for wire in outlet.wires):
                    yield Enslave(WORLD, wire.far_interface, dev)
            for gateway, length in _gateways(lan):
                yield OnLink(WORLD, dev, gateway, length)
            own = next((outlet.own for outlet in lan if outlet.own is not None), None)
            if first_way is None and own is not None:
                first_way = (dev, own)
        if first_way is not None:
            yield way(WORLD, everything(4), first_way[0], first_way[1], src=INTERNET, onlink=True)

    def sysctls(self) -> Iterator[SetSysctl]:
        """It answers for every address that is not a host's own."""
        for outlet in (outlet for lan in self._lans for outlet in lan):
            for name in (wire.far_interface for wire in outlet.wires):
                proxy, delay = ("conf", name, "proxy_arp"), ("neigh", name, "proxy_delay")
                yield SetSysctl(WORLD, sysctl_of("net", "ipv4", *proxy), "1", must=False)
                yield SetSysctl(WORLD, sysctl_of("net", "ipv4", *delay), "0", must=False)

    # ------------------------------------------------------------------------------ who is where

    def _outlets(self, node: str, wires: Iterable[topology.Wire]) -> Iterator[Outlet]:
        site = self._world.sites[node]
        by_device: dict[str, list[topology.Wire]] = {}
        for wire in wires:
            if wire.node != node:
                continue
            if wire.bridge is None:
                by_device.setdefault(wire.interface, []).append(wire)
            elif self._several and wire.interface in site.cards(wire.bridge):
                by_device.setdefault(wire.bridge, []).append(wire)
        host = site.snapshot.host
        for device, mine in by_device.items():
            here = (item for item in host_addresses(host, 4) if item.interface == device)
            first = next((item for item in here if item.scope != "host"), None)
            if first is None and site.on(device) not in self._wires:
                continue
            vias = {
                hop.via
                for route in host.routes
                for hop in route.nexthops
                if hop.dev == device and hop.via is not None and hop.via.family == 4
            }
            yield Outlet(
                host, site.on(device), tuple(mine), None if first is None else first.subnet,
                None if first is None else Address(4, first.value), tuple(sorted(vias)),
            )  # fmt: skip

    @property
    def _wires(self) -> dict[attachment.Link, frozenset[attachment.Link]]:
        """By each interface of several hosts, who else is on its wire; tunnels are no wires here."""
        return {
            link: frozenset(
                attachment.Link(end.node, end.interface) for end in wire.ends if end.through is None
            )
            for link, wire in (self._world.wires if self._several else {}).items()
        }

    def _joined(self, outlets: list[Outlet]) -> Iterator[list[Outlet]]:
        """Those that are on one wire, in the order of the first ones."""
        wires = self._wires
        stated = {end for site in self._world.sites.values() for wire in site.snapshot.wires for end in wire}
        left = list(outlets)
        while left:
            lan = [left.pop(0)]
            for one in lan:
                more = [
                    other
                    for other in left
                    if other.link in wires.get(one.link, ())
                    or (_are_twins(one, other) and stated.isdisjoint({str(one), str(other)}))
                ]
                lan += more
                left = [other for other in left if other not in more]
            yield lan

    def _check(self) -> None:
        """Raises UsageError for what no LAN can be."""
        wires = self._wires
        for lan in self._lans:
            for one, other in combinations(lan, 2):
                if one.host is not other.host and other.link not in wires.get(one.link, ()):
                    raise UsageError(
                        said("{0} and {1} are on one wire with others, but not with each other", one, other),
                        advice="say in snapshot.toml which interfaces are on one wire: [[wires]]",
                    )
        for lan, apart in combinations(self._lans, 2):
            for one in lan:
                for other in apart:
                    if one.host is not other.host and _overlap(one.subnet, other.subnet):
                        raise UsageError(
                            said(
                                "{0} and {1} are in one subnet on two wires: the lab has one network outside",
                                one, other,
                            ),
                            advice=said("name one of the hosts: --host {0}", one.link.owner),
                        )  # fmt: skip


def _are_twins(one: Outlet, other: Outlet) -> bool:
    return one.host is other.host and one.subnet is not None and one.subnet == other.subnet


def _overlap(one: Prefix | None, other: Prefix | None) -> bool:
    return one is not None and other is not None and one.first <= other.last and other.first <= one.last


def _is_shared(lan: Iterable[Outlet]) -> bool:
    return sum(len(outlet.wires) for outlet in lan) > 1


def _lan(number: int) -> InterfaceName:
    return interface_name(f"lan{number}")


def _gateways(lan: tuple[Outlet, ...]) -> Iterator[tuple[Address, int]]:
    """What the outside has on a wire: the gateways, else an address that nobody has, and its length."""
    taken = {item.value for outlet in lan for item in host_addresses(outlet.host, 4)}
    here: set[int] = set()
    for outlet in lan:
        subnet = outlet.subnet
        if subnet is None:
            continue
        for via in outlet.gateways:
            if subnet.contains(via) and via.value not in taken | here:
                here.add(via.value)
                yield via, subnet.length
    for subnet in dict.fromkeys(outlet.subnet for outlet in lan if outlet.subnet is not None):
        if any(subnet.first <= value <= subnet.last for value in here):
            continue
        numbers = range(subnet.first + (subnet.length < 31), subnet.last + 1)
        free = next((number for number in numbers if number not in taken), subnet.first)
        here.add(free)
        yield Address(4, free), subnet.length
