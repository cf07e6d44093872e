"""Which addresses a namespace has, and what its local routing table therefore holds.

Captured is best: ``ip addr``, or ``table local`` of ``ip route show table all``. Where only the main
table is there, the kernel's own connected routes tell (``proto kernel scope link src ADDRESS``): the
address after ``src`` is one of that interface's. That is an inference and is said so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sekisho.model.routing import NextHop, Route
from sekisho.model.snapshot import Namespace
from sekisho.semantics.fib import longer_in_main
from sekisho.semantics.match_context import AddressTypes
from sekisho.values.address import BITS, Family, Prefix
from sekisho.values.intset import IntSet
from sekisho.values.names import LOOPBACK, InterfaceName


@dataclass(frozen=True, slots=True)
class HostAddress:
    """An address on an interface; ``length`` is its subnet's, in which ``peer`` is where there is one at the
    far end (net/ipv4/devinet.c: ifa_address). ``inferred``: not captured as such;
    ``tentative``: captured while duplicate address detection was under way, so about to be usable;
    ``deprecated``: no source for new connections where there is another."""

    interface: InterfaceName
    family: Family
    value: int
    length: int
    scope: str = "global"
    secondary: bool = False
    broadcast: int | None = None
    inferred: bool = False
    tentative: bool = False
    deprecated: bool = False
    peer: int | None = None

    @property
    def subnet(self) -> Prefix:
        """The prefix that is near by the address."""
        host = BITS[self.family] - self.length
        near = self.value if self.peer is None else self.peer
        return Prefix(self.family, near >> host << host, self.length)


def host_addresses(namespace: Namespace, family: Family) -> tuple[HostAddress, ...]:
    """Every known address of the family, in the interfaces' order. Routes tell those that no listing does,
    and those of a line that could not be read."""
    listed = tuple(_listed(namespace, family))
    unread = any(each.about == "addresses" for each in namespace.unread)
    if namespace.lists_addresses(family) and not unread:
        return listed
    known = {item.value for item in listed}
    return (*listed, *(item for item in _told_by_routes(namespace, family) if item.value not in known))


def _listed(namespace: Namespace, family: Family) -> Iterator[HostAddress]:
    for item in namespace.addresses or ():
        if item.family == family:
            yield HostAddress(
                item.interface,
                family,
                item.address.value,
                item.length,
                item.scope or "global",
                "secondary" in item.flags,
                item.broadcast.value if item.broadcast else None,
                tentative="tentative" in item.flags and "dadfailed" not in item.flags,
                deprecated="deprecated" in item.flags,
                peer=item.peer.value if item.peer else None,
            )


def _told_by_routes(namespace: Namespace, family: Family) -> Iterable[HostAddress]:
    found: dict[tuple[str, int], HostAddress] = {}
    routes = [route for route in namespace.routes if route.family == family]
    captured_local = namespace.shows_table(family, "local")
    for route in routes:
        device = route.nexthops[0].dev if route.nexthops else None
        if device is None or route.src is None or route.src.family != family:
            continue
        connected = route.proto == "kernel" and route.scope == "link" and route.kind == "unicast"
        if connected and route.table == "main":
            inside = route.dst.contains(route.src)
            length = route.dst.length if inside else BITS[family]
            key = (device, route.src.value)
            found[key] = HostAddress(device, family, route.src.value, length, inferred=not captured_local)
    for route in routes:
        device = route.nexthops[0].dev if route.nexthops else None
        if device is None:
            continue
        if route.table == "local" and route.kind == "local" and route.dst.length == BITS[family]:
            loop = "host" if device == "lo" else "global"
            found.setdefault(
                (device, route.dst.value), HostAddress(device, family, route.dst.value, BITS[family], loop)
            )
        elif route.table == "main" and route.src is not None and not captured_local:
            value = route.src.value
            if all(address.value != value for address in found.values()):
                found[(device, route.src.value)] = HostAddress(
                    device, family, route.src.value, BITS[family], inferred=True
                )
    return found.values()


def local_table(
    namespace: Namespace, family: Family, addresses: Iterable[HostAddress]
) -> tuple[tuple[Route, ...], bool]:
    """The routes of table local, and whether they are inferred rather than captured.

    Inferred as the kernel fills it (net/ipv4/fib_frontend.c, fib_add_ifaddr): a local route for each
    address, a broadcast route for the last address of its subnet; on lo 127.0.0.0/8 with its broadcast
    address, and ::1 unless IPv6 is off there (net/ipv6/addrconf.c, addrconf_ifdown; containers without
    IPv6 of old engines). Where IPv6 is forwarded the first address of each subnet is the router's as well
    (addrconf_join_anycast).
    """
    if namespace.shows_table(family, "local"):
        captured = tuple(r for r in namespace.routes if r.family == family and r.table == "local")
        known = {route.dst.value for route in captured if route.dst.length == BITS[family]}
        coming = tuple(
            route
            for item in addresses
            if item.tentative
            for route in _own(namespace, item)
            if route.dst.value not in known
        )
        return captured + coming, False
    routes: list[Route] = []
    loopback = Prefix(4, 127 << 24, 8) if family == 4 else Prefix(6, 1, 128)
    if family == 4 or namespace.sysctl("net.ipv6.conf.lo.disable_ipv6") != "1":
        routes.append(_local(family, loopback, "local", LOOPBACK))
    if family == 4:
        routes.append(_local(4, Prefix(4, loopback.last, 32), "broadcast", LOOPBACK))
    for address in addresses:
        routes += _own(namespace, address)
        subnet = address.subnet
        if family == 4 and address.interface != "lo" and subnet.length < 31:
            lasts = dict.fromkeys((address.broadcast or subnet.last, subnet.last))
            routes += (_local(4, Prefix(4, last, 32), "broadcast", address.interface) for last in lasts)
    if family == 6:
        routes.append(_local(6, Prefix(6, 0xFF << 120, 8), "multicast", None))
    return tuple(routes), True


def last_address(subnet: Prefix, interface: str) -> Route:
    """The kernel's route for the last address of a subnet, which is everybody's there."""
    return _local(4, Prefix(4, subnet.last, 32), "broadcast", InterfaceName(interface))


def added_to_local(namespace: Namespace) -> Iterator[Route]:
    """IPv4 routes of table local, and those of type local of any table, that somebody but the kernel added.

    iproute2 prints ``proto kernel`` of the kernel's and no protocol of those added by hand (RTPROT_BOOT);
    busybox prints none of any route: there, the kernel's are those with an address of their own (fib_magic).
    """
    routes = [route for route in namespace.routes if route.family == 4]
    printed = any(route.proto is not None for route in routes)
    for route in routes:
        if "local" not in (route.table, route.kind) or route.proto == "kernel":
            continue
        if printed or route.table != "local" or route.src is None:
            yield route


def _own(namespace: Namespace, address: HostAddress) -> Iterator[Route]:
    family = address.subnet.family
    yield _local(family, Prefix(family, address.value, BITS[family]), "local", address.interface)
    if family == 6 and 0 < address.length < 127 and _forwards6(namespace, address.interface):
        own = replace(address, peer=None).subnet
        yield _local(6, Prefix(6, own.first, 128), "anycast", address.interface)


def _forwards6(namespace: Namespace, interface: str) -> bool:
    name = interface.replace(".", "/")
    keys = (f"net.ipv6.conf.{name}.forwarding", "net.ipv6.conf.all.forwarding")
    return next((value for key in keys if (value := namespace.sysctl(key)) is not None), "0") != "0"


def _local(family: Family, dst: Prefix, kind: str, device: InterfaceName | None) -> Route:
    return Route(family, dst, kind, "local", (NextHop(device),), proto="kernel", scope="host")


# The types of addresses that routes give. What a route refuses, or throws, is no type: the lookup that asks
# finds nothing (__inet_dev_addr_type).
TYPING = frozenset({"local", "broadcast", "multicast", "anycast"})


def address_types(
    family: Family, local: Iterable[Route], main: Sequence[Route] = (), unseen: bool = False
) -> AddressTypes:
    """What ``-m addrtype`` sees: the types of the local table's routes, and where it is one with table
    main (``fib.table_chains``) those of main's as well; ``unseen``: of some of them only.

    Special addresses come first (net/ipv4/fib_frontend.c, __inet_dev_addr_type): 0.0.0.0 and
    255.255.255.255 are BROADCAST, 224.0.0.0/4 is MULTICAST.
    """
    by_type: dict[str, IntSet] = {}
    by_device: dict[str, dict[str, IntSet]] = {}
    bits = BITS[family]
    special: dict[str, IntSet] = {}
    if family == 4:
        special["BROADCAST"] = IntSet.of(0, (1 << 32) - 1)
        special["MULTICAST"] = IntSet.span(0xE0 << 24, (0xF0 << 24) - 1)
    else:
        special["MULTICAST"] = IntSet.prefix(Prefix(6, 0xFF << 120, 8))
    taken = IntSet(())
    for values in special.values():
        taken |= values
    own = tuple(local)
    for route in sorted((*own, *_typing_in_main(own, main)), key=lambda route: -route.dst.length):
        kind = route.kind.upper()
        mine = IntSet.prefix(route.dst).minus(taken, bits)
        taken |= mine
        if route.kind not in TYPING:
            continue
        by_type[kind] = by_type.get(kind, IntSet(())) | mine
        device = route.nexthops[0].dev if route.nexthops else None
        if device is not None:
            here = by_device.setdefault(device, {})
            here[kind] = here.get(kind, IntSet(())) | mine
    for kind, values in special.items():
        by_type[kind] = by_type.get(kind, IntSet(())) | values
    return AddressTypes(by_type, by_device, unseen)


def _typing_in_main(local: Iterable[Route], main: Sequence[Route]) -> Iterator[Route]:
    """The routes of main that give addresses a type, or take it from those of a shorter prefix in local."""
    typing = [route for route in main if route.kind in TYPING]
    for inside in longer_in_main((*local, *typing), main).values():
        typing += inside
    yield from dict.fromkeys(typing)
