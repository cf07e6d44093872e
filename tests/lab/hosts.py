"""Small hosts for the oracle's tests, written as the commands' own text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sekisho.model.host import Socket, Sysctl
from sekisho.model.links import Interface, InterfaceAddress, Neighbour
from sekisho.model.netfilter import IpSet, Ruleset
from sekisho.model.routing import Route
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.sources import ip_route, ip_rule, iptables_save
from sekisho.values.address import Address, Family
from sekisho.values.names import interface_name as iface
from sekisho.values.names import namespace_name, sysctl_key
from sekisho.values.packet import ICMP, ICMPV6, TCP, Packet

FAMILIES: tuple[Family, Family] = (4, 6)


def address_lines(text: str) -> tuple[InterfaceAddress, ...]:
    """``eth0 10.0.0.10/24`` per line."""
    found = []
    for line in text.split("\n"):
        if line.strip():
            interface, _, rest = line.strip().partition(" ")
            value, _, length = rest.partition("/")
            address = Address.parse(value)
            found.append(InterfaceAddress(iface(interface), address.family, address, int(length)))
    return tuple(found)


def ruleset(text: str, family: Family = 4, backend: str = "nft") -> Ruleset:
    """What iptables-restore would be given."""
    parsed = iptables_save.parse(text, "iptables-save.txt", family)
    assert not parsed.unread, parsed.unread
    return replace(parsed.facts[0], backend=backend)


def namespace(
    name: str = "host",
    *,
    interfaces: tuple[Interface, ...] = (Interface(iface("eth0")), Interface(iface("eth1"))),
    addresses: str = "eth0 10.0.0.10/24\neth1 10.1.0.10/24",
    routes: str = "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0\n10.1.0.0/24 dev eth1",
    routes6: str = "",
    rules: str | None = None,
    rulesets: tuple[Ruleset, ...] = (),
    sysctls: dict[str, str] | None = None,
    sockets: tuple[Socket, ...] = (),
    neighbours: tuple[Neighbour, ...] = (),
    ipsets: tuple[IpSet, ...] | None = None,
) -> Namespace:
    """A namespace that forwards, with two interfaces, unless said otherwise."""
    parsed = [ip_route.parse(routes, "ip-route.txt", 4), ip_route.parse(routes6, "ip6-route.txt", 6)]
    assert not any(each.unread for each in parsed)
    given = {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1", **(sysctls or {})}
    return Namespace(
        namespace_name(name),
        routes=parsed[0].facts + parsed[1].facts,
        route_tables=frozenset(
            (family, table) for family in FAMILIES for table in ("main", *_tables(parsed[0].facts))
        ),
        rules=None if rules is None else ip_rule.parse(rules, "ip-rule.txt", 4).facts,
        interfaces=interfaces,
        addresses=address_lines(addresses),
        neighbours=neighbours,
        rulesets=rulesets,
        ipsets=ipsets,
        sysctls=tuple(Sysctl(sysctl_key(key), value) for key, value in given.items()),
        sockets=sockets,
    )


def _tables(routes: Iterable[Route]) -> Iterator[str]:
    """The tables of which a host has routes, but table local."""
    return (route.table for route in routes if route.table != "local")


def snapshot(host: Namespace, *namespaces: Namespace) -> Snapshot:
    """A snapshot of these."""
    return Snapshot("test", host, namespaces)


def packet(
    src: str, dst: str, dport: int | None = 80, proto: int = TCP, sport: int = 40000, iif: str | None = None
) -> Packet:
    """TCP's first packet, a datagram, or an echo request where the protocol is ICMP."""
    source, target = Address.parse(src), Address.parse(dst)
    if proto in (ICMP, ICMPV6):
        return Packet(
            source.family, source.value, target.value, proto, icmp_type=8 if proto == ICMP else 128,
            icmp_code=0, icmp_id=77, iif=iif,
        )  # fmt: skip
    return Packet(source.family, source.value, target.value, proto, sport, dport, iif=iif)
