"""What the table local holds of a host's addresses, as a kernel fills it (fib_add_ifaddr)."""

from __future__ import annotations

import pytest

from sekisho.lab.namespaces import NetworkNamespace
from sekisho.model.links import InterfaceAddress
from sekisho.model.snapshot import Namespace
from sekisho.semantics.addresses import host_addresses, local_table
from sekisho.semantics.host import compile_host
from sekisho.sources import ip_addr
from sekisho.values.address import Prefix, format_ip
from sekisho.values.names import interface_name, namespace_name

# An address of an interface, and the routes of table local that come with it (measured: Linux 6.18).
TABLE = [
    ("10.0.0.5/24", {"local 10.0.0.5", "broadcast 10.0.0.255"}),
    ("10.0.0.5/30", {"local 10.0.0.5", "broadcast 10.0.0.7"}),
    ("10.0.0.4/31", {"local 10.0.0.4"}),
    ("10.0.0.5/31", {"local 10.0.0.5"}),
    ("10.0.0.5/32", {"local 10.0.0.5"}),
]
LOOPBACK = {"local 127.0.0.0/8", "local 127.0.0.1", "broadcast 127.255.255.255"}


@pytest.mark.kernel
@pytest.mark.parametrize(("address", "routes"), TABLE)
def test_the_kernel_fills_table_local(address: str, routes: set[str]) -> None:
    where = NetworkNamespace()
    try:
        where.run(["ip", "link", "set", "lo", "up"])
        where.run(["ip", "link", "add", "a0", "type", "veth", "peer", "name", "b0"])
        where.run(["ip", "addr", "add", address, "brd", "+", "dev", "a0"])
        for name in ("a0", "b0"):
            where.run(["ip", "link", "set", name, "up"])
        listed = where.run(["ip", "route", "show", "table", "local"])
        assert {" ".join(line.split()[:2]) for line in listed.splitlines()} == routes | LOOPBACK
    finally:
        where.close()


@pytest.mark.parametrize(("address", "routes"), TABLE)
def test_so_it_is_told_where_only_addresses_are_known(address: str, routes: set[str]) -> None:
    prefix = Prefix.parse(f"{address.partition('/')[0]}/32")
    given = InterfaceAddress(
        interface_name("a0"), 4, prefix.address, int(address.partition("/")[2]), scope="global"
    )
    facts = Namespace(namespace_name("host"), addresses=(given,))
    found, told = local_table(facts, 4, host_addresses(facts, 4))
    assert told
    kinds = {f"{one.kind} {one.dst.address if one.dst.length == 32 else one.dst}" for one in found}
    # 127.0.0.1 is an address like others, and was not captured here.
    assert kinds == routes | LOOPBACK - {"local 127.0.0.1"}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        # Measured: `ip route show table local` after `ip addr add`, but for lo's.
        ("10.0.0.10/24 brd 10.0.0.255", {"10.0.0.255"}),
        ("10.0.0.10/24", {"10.0.0.255"}),
        ("10.0.0.10/24 brd 10.0.0.200", {"10.0.0.200", "10.0.0.255"}),
        ("10.0.0.10/31", set()),
        ("10.0.0.10/32", set()),
        ("10.0.5.1 peer 10.0.6.2/24", {"10.0.6.255"}),
        ("10.0.5.1 peer 10.0.5.2/32", set()),
    ],
)
def test_broadcast_addresses_of_an_address(line: str, wanted: set[str]) -> None:
    text = f"2: eth0: <UP> mtu 1500\n    inet {line} scope global eth0\n"
    read = ip_addr.parse(text, "ip-addr.txt")
    assert not read.unread
    host = Namespace(namespace_name("host"), addresses=read.facts)
    routes, inferred = local_table(host, 4, host_addresses(host, 4))
    assert inferred
    everybody = {str(route.dst.address) for route in routes if route.kind == "broadcast"}
    assert everybody - {"127.255.255.255"} == wanted
    # Frames for them are for everybody.
    assert {format_ip(4, value) for value in compile_host(host).broadcasts("eth0")} == wanted
