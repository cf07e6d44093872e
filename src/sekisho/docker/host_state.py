"""A network namespace while Docker works on it: interfaces, addresses, routes, sysctls, sockets.

Collections that were not captured stay so: with only Docker's own part in them, they would claim that
the host has nothing else.
"""

from __future__ import annotations

from dataclasses import replace

from sekisho.model.host import Socket, Sysctl
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.model.routing import NextHop, Route
from sekisho.model.snapshot import Namespace
from sekisho.values.address import Address, Family, Prefix, host_prefix
from sekisho.values.names import LOOPBACK, SysctlKey, interface_name, sysctl_key, sysctl_of, sysctl_parts

UP = ("BROADCAST", "MULTICAST", "UP", "LOWER_UP")
_DEFAULTS = ("net.ipv4.conf.default.", "net.ipv6.conf.default.")
_ALL_FORWARDING = sysctl_key("net.ipv4.conf.all.forwarding")
_DEFAULT_FORWARDING = sysctl_key("net.ipv4.conf.default.forwarding")
_DEFAULT_FORWARDING6 = sysctl_key("net.ipv6.conf.default.forwarding")
_REDIRECTS = sysctl_key("net.ipv4.conf.all.accept_redirects")
FORWARDING = {4: sysctl_key("net.ipv4.ip_forward"), 6: sysctl_key("net.ipv6.conf.all.forwarding")}
NO_CARRIER = ("NO-CARRIER", "BROADCAST", "MULTICAST", "UP")


class HostState:
    """The host's namespace, changed in place. ``before`` is never changed."""

    def __init__(self, before: Namespace) -> None:
        self.before = before
        self.interfaces = list(before.interfaces or ())
        self.addresses = list(before.addresses or ())
        self.routes = list(before.routes)
        # By the order in which they were opened, and which of them are on a port.
        self._sockets: dict[int, Socket] = {}
        self._by_port: dict[tuple[str, int], dict[int, Socket]] = {}
        self._opened = 0
        for item in before.sockets or ():
            self._open(item)
        self._default_keys: list[SysctlKey] = []
        self._sysctls: dict[SysctlKey, str] = {item.key: item.value for item in before.sysctls or ()}

    # ------------------------------------------------------------------------------------- sysctls

    def sysctl(self, key: SysctlKey) -> str | None:
        return self._sysctls.get(key)

    def set_sysctl(self, key: SysctlKey, value: str) -> None:
        """Set it. The two forwarding switches set every interface's as well, as in the kernel."""
        self._sysctls[key] = value
        if key == FORWARDING[4]:
            self._sysctls[_ALL_FORWARDING] = value
            self._sysctls[_DEFAULT_FORWARDING] = value
            # devinet.c: a router does not listen to redirects, a host does.
            self._set_if_known(_REDIRECTS, "0" if value == "1" else "1")
            self._for_interfaces("net.ipv4.conf.", ".forwarding", value)
        elif key == FORWARDING[6]:
            self._set_if_known(_DEFAULT_FORWARDING6, value)
            self._for_interfaces("net.ipv6.conf.", ".forwarding", value)

    def _set_if_known(self, key: SysctlKey, value: str) -> None:
        if key in self._sysctls:
            self._sysctls[key] = value

    def _for_interfaces(self, start: str, end: str, value: str) -> None:
        for key in self._sysctls:
            if key.startswith(start) and key.endswith(end):
                self._sysctls[key] = value

    def _new_interface_sysctls(self, name: str, mtu: int) -> None:
        """An interface starts with the values of ``default``."""
        if not self._default_keys:
            self._default_keys = [key for key in self._sysctls if key.startswith(_DEFAULTS)]
        for key in self._default_keys:
            net, family, conf, _, *rest = sysctl_parts(key)
            self._sysctls[sysctl_of(net, family, conf, name, *rest)] = self._sysctls[key]
        self._set_if_known(sysctl_of("net", "ipv6", "conf", name, "mtu"), str(mtu))

    # -------------------------------------------------------------------------------------- links

    def has_interface(self, name: str) -> bool:
        return any(item.name == name for item in self.interfaces)

    def next_index(self) -> int:
        return max((item.index or 0 for item in self.interfaces), default=0) + 1

    def add_bridge(self, name: str, mtu: int) -> None:
        """A bridge without ports: it is up, but has no carrier yet."""
        if self.has_interface(name):
            return
        self.interfaces.append(
            Interface(interface_name(name), self.next_index(), "bridge", NO_CARRIER, "DOWN", mtu)
        )
        self._new_interface_sysctls(name, mtu)

    def add_port(self, name: str, bridge: str, mtu: int, hairpin: bool, peer: str, index: int) -> None:
        """The host's end of a veth pair as a port of the bridge."""
        end, master = interface_name(name), interface_name(bridge)
        self.interfaces.append(
            Interface(end, index, "veth", UP, "UP", mtu, master=master, peer=peer, hairpin=hairpin)
        )
        self._new_interface_sysctls(name, mtu)
        self._carrier(bridge, True)
        for dev in (bridge, name):
            self._link_local(dev)

    def _link_local(self, dev: str) -> None:
        """The route that the kernel adds once an interface with IPv6 has a carrier."""
        if self.sysctl(sysctl_of("net", "ipv6", "conf", dev, "disable_ipv6")) != "0":
            return
        prefix = Prefix.parse("fe80::/64")
        if not any(r.dst == prefix and r.nexthops[0].dev == dev for r in self.routes if r.nexthops):
            pref = (("pref", "medium"),)
            hops = (NextHop(interface_name(dev)),)
            self.routes.append(Route(6, prefix, nexthops=hops, metric=256, proto="kernel", attributes=pref))

    def remove_interface(self, name: str) -> None:
        """With its addresses, routes and sysctls; a bridge that loses its last port loses its carrier."""
        gone = next((item for item in self.interfaces if item.name == name), None)
        self.interfaces = [item for item in self.interfaces if item.name != name]
        self.addresses = [item for item in self.addresses if item.interface != name]
        self.routes = [item for item in self.routes if not any(hop.dev == name for hop in item.nexthops)]
        for family in ("ipv4", "ipv6"):
            folder = sysctl_of("net", family, "conf", name)
            for key in [key for key in self._sysctls if key.startswith(f"{folder}.")]:
                del self._sysctls[key]
        if gone is not None and gone.master is not None:
            left = any(item.master == gone.master for item in self.interfaces)
            self._carrier(gone.master, left)

    def _carrier(self, bridge: str, on: bool) -> None:
        self.interfaces = [
            replace(item, flags=UP if on else NO_CARRIER, state="UP" if on else "DOWN")
            if item.name == bridge
            else item
            for item in self.interfaces
        ]
        self.routes = [_linkdown(route, bridge, not on) for route in self.routes]

    # ------------------------------------------------------------------------------ addresses, routes

    def add_address(self, name: str, address: Address, length: int) -> None:
        """The address with the routes that the kernel adds for it."""
        subnet = _subnet(address, length)
        last = Address(4, subnet.last) if address.family == 4 and length < 31 else None
        label = name if address.family == 4 else None
        scope = "link" if address.family == 6 and address.value >> 118 == 0x3FA else "global"
        if any(a.interface == name and a.address == address for a in self.addresses):
            return
        self.addresses.append(
            InterfaceAddress(
                interface_name(name),
                address.family,
                address,
                length,
                last,
                None,
                scope,
                label,
                ("nodad",) if address.family == 6 else (),
            )
        )
        down = self._is_down(name)
        self.routes += kernel_routes(name, address, length, down)

    def _is_down(self, name: str) -> bool:
        return any(item.name == name and "NO-CARRIER" in item.flags for item in self.interfaces)

    def local_table(self, family: Family) -> bool:
        """Whether the capture covers the local table, so that a missing route would be a claim."""
        return self.before.shows_table(family, "local")

    # ----------------------------------------------------------------------------------------- result

    def namespace(self) -> Namespace:
        """The facts. Routes of tables that were not captured before are left out."""
        routes = [route for route in self.routes if route.table != "local" or self.local_table(route.family)]
        routes.sort(key=route_order)
        before = self.before
        return replace(
            before,
            routes=tuple(_bare(route) for route in routes),
            interfaces=tuple(self.interfaces) if before.interfaces is not None else None,
            addresses=tuple(self.addresses) if before.addresses is not None else None,
            sysctls=tuple(Sysctl(key, value) for key, value in self._sysctls.items()),
            sockets=tuple(self._sockets.values()) if before.sockets is not None else None,
            neighbours=before.neighbours,
        )

    def listen(self, proto: str, address: Address, port: int, process: str) -> None:
        state = "LISTEN" if proto != "udp" else "UNCONN"
        self._open(Socket(proto, state, address, port, None, process))

    def _open(self, item: Socket) -> None:
        self._sockets[self._opened] = item
        self._by_port.setdefault((item.proto, item.port), {})[self._opened] = item
        self._opened += 1

    def unlisten(self, proto: str, address: Address, port: int) -> None:
        there = self._by_port.get((proto, port), {})
        for number in [number for number, item in there.items() if item.address == address]:
            del there[number], self._sockets[number]

    def port_is_free(self, proto: str, address: Address, port: int) -> bool:
        """Whether nothing listens there yet (the wildcard takes every address of its family)."""
        for item in self._by_port.get((proto, port), {}).values():
            if item.address is None:
                return False
            if item.address.family == address.family and (
                item.address == address or not item.address.value or not address.value
            ):
                return False
        return True


def _subnet(address: Address, length: int) -> Prefix:
    bits = 32 if address.family == 4 else 128
    return Prefix(address.family, address.value >> (bits - length) << (bits - length), length)


def kernel_routes(name: str, address: Address, length: int, down: bool = False) -> list[Route]:
    """What the kernel adds with an address: the connected route, and those of the local table."""
    subnet = _subnet(address, length)
    device = interface_name(name)
    hop = (NextHop(device, flags=("linkdown",) if down else ()),)
    plain = (NextHop(device),)
    if address.family == 4:
        found = [
            Route(4, subnet, nexthops=hop, src=address, proto="kernel", scope="link"),
            Route(4, host_prefix(address), "local", "local", plain, address, None, "kernel", "host"),
        ]
        if length < 31:
            last = Prefix(4, subnet.last, 32)
            found.append(Route(4, last, "broadcast", "local", hop, address, None, "kernel", "link"))
        return found
    pref = (("pref", "medium"),)
    return [
        Route(6, subnet, nexthops=hop, metric=256, proto="kernel", attributes=pref),
        Route(6, Prefix(6, subnet.value, 128), "anycast", "local", plain, None, 0, "kernel", attributes=pref),
        Route(6, host_prefix(address), "local", "local", plain, None, 0, "kernel", attributes=pref),
    ]


def loopback_routes() -> list[Route]:
    """The local table's routes of 127.0.0.1/8."""
    one, net = Address(4, 0x7F000001), Prefix.parse("127.0.0.0/8")
    hop = (NextHop(LOOPBACK),)
    return [
        Route(4, net, "local", "local", hop, one, None, "kernel", "host"),
        Route(4, host_prefix(one), "local", "local", hop, one, None, "kernel", "host"),
        Route(4, Prefix(4, net.last, 32), "broadcast", "local", hop, one, None, "kernel", "link"),
    ]


def _linkdown(route: Route, dev: str, down: bool) -> Route:
    """IPv4's on-link routes of a bridge say ``linkdown`` while it has no carrier."""
    if not any(hop.dev == dev for hop in route.nexthops) or route.kind not in ("unicast", "broadcast"):
        return route
    hops = tuple(
        replace(hop, flags=tuple(f for f in hop.flags if f != "linkdown") + (("linkdown",) if down else ()))
        if hop.dev == dev
        else hop
        for hop in route.nexthops
    )
    return replace(route, nexthops=hops)


def _bare(route: Route) -> Route:
    return replace(route, evidence=None) if route.evidence is not None else route


def route_order(route: Route) -> tuple[int, bool, int, int]:
    """As ``ip route`` lists: table main first, by destination, longer prefixes after shorter."""
    return (route.family, route.table != "main", route.dst.value, route.dst.length)
