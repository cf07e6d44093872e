"""What table local holds where it was not captured: as a kernel fills it (fib_add_ifaddr)."""

from __future__ import annotations

import pytest

from sekisho.model.snapshot import Namespace
from sekisho.semantics.addresses import host_addresses, local_table
from sekisho.sources import ip_addr
from sekisho.values.names import namespace_name


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
