"""Which address a host sends from, by what its route says (`ip route get` says the same)."""

from __future__ import annotations

import pytest

from sekisho.lab.namespaces import NetworkNamespace
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.journeys import Start
from sekisho.semantics.world import World
from sekisho.sources import ip_addr, ip_route
from sekisho.symbolic.one_journeys import journey
from sekisho.values.address import Address
from sekisho.values.names import namespace_name
from sekisho.values.packet import UDP, Packet

ADDRESSES = (
    "169.254.7.7/16 brd 169.254.255.255 scope link",
    "192.0.2.10/24 brd 192.0.2.255 scope global",
    "10.0.3.5/24 brd 10.0.3.255 scope global",
)
ROUTES = (
    "169.254.0.0/16 dev eth0 scope link",
    "192.0.2.0/24 dev eth0 scope link",
    "10.0.3.0/24 dev eth0 scope link",
    "100.64.0.0/10 dev eth0 scope link",
    "100.64.7.0/24 dev eth0 scope global",
    "203.0.113.0/24 via 10.0.3.9 dev eth0",
    "198.51.100.0/24 via 192.0.2.1 dev eth0",
    "198.51.100.128/25 via 192.0.2.1 dev eth0 src 10.0.3.5",
    "8.8.0.0/16 via 169.254.0.1 dev eth0",
)
WANTED = {
    "100.64.1.1": "169.254.7.7",  # the first
    "100.64.7.1": "192.0.2.10",  # the first that reaches as far as the route
    "203.0.113.9": "10.0.3.5",  # that of the gateway's subnet
    "198.51.100.9": "192.0.2.10",
    "198.51.100.200": "10.0.3.5",  # as the route says
    "8.8.8.8": "192.0.2.10",  # that of the gateway's subnet does not reach
}


@pytest.mark.parametrize(("dst", "src"), WANTED.items())
def test_the_source_by_the_route(dst: str, src: str) -> None:
    text = "2: eth0: <UP> mtu 1500\n" + "".join(f"    inet {line} eth0\n" for line in ADDRESSES)
    addresses, routes = (
        ip_addr.parse(text, "ip-addr.txt"),
        ip_route.parse("\n".join(ROUTES), "ip-route.txt", 4),
    )
    assert not addresses.unread
    assert not routes.unread
    host = Namespace(
        namespace_name("host"),
        addresses=addresses.facts,
        routes=routes.facts,
        route_tables=frozenset({(4, "main")}),
    )
    asked = Packet(4, 0, Address.parse(dst).value, UDP, 40000, 53, uid=0, gid=0)
    start = Start(asked, "host", "process", unstated=frozenset({"src"}))
    found = journey(World(Snapshot("", host)), start).forward.packet
    assert str(Address(4, found.src)) == src


@pytest.mark.kernel
def test_a_kernel_says_the_same() -> None:
    namespace = NetworkNamespace()
    try:
        namespace.run(("ip", "link", "add", "eth0", "type", "bridge"))
        namespace.run(("ip", "link", "set", "eth0", "up"))
        for line in ADDRESSES:
            namespace.run(("ip", "addr", "add", *line.split(), "dev", "eth0", "noprefixroute"))
        for line in ROUTES:
            namespace.run(("ip", "route", "add", *line.split()))
        said = {dst: namespace.run(("ip", "route", "get", dst)) for dst in WANTED}
    finally:
        namespace.close()
    assert {dst: text.split(" src ")[1].split()[0] for dst, text in said.items()} == WANTED
