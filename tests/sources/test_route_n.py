"""``route -n`` and ``netstat -rn``: what they say, and what they cannot."""

from __future__ import annotations

import pytest

from sekisho.model.evidence import Evidence
from sekisho.model.routing import NextHop, Route
from sekisho.sources import ip_route, route_n
from sekisho.values.address import Address, Prefix
from sekisho.values.names import interface_name as iface
from tests.sources.capture_files import capture

A, P = Address.parse, Prefix.parse
HEAD = (
    "Kernel IP routing table\n"
    "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
)  # fmt: skip
GOLDEN = [
    (Route(4, P("0.0.0.0/0"), nexthops=(NextHop(iface("v0"), A("10.0.0.1")),), metric=100),
     "0.0.0.0         10.0.0.1        0.0.0.0         UG    100    0        0 v0"),
    (Route(4, P("10.0.0.0/16"), nexthops=(NextHop(iface("v0")),)),
     "10.0.0.0        0.0.0.0         255.255.0.0     U     0      0        0 v0"),
    (Route(4, P("10.0.0.2/32"), nexthops=(NextHop(iface("v0"), A("10.0.0.1")),), metric=100),
     "10.0.0.2        10.0.0.1        255.255.255.255 UGH   100    0        0 v0"),
    (Route(4, P("10.110.0.0/16"), nexthops=(NextHop(iface("v0"), A("10.0.0.3")),), metric=4000000000),
     "10.110.0.0      10.0.0.3        255.255.0.0     UG    -294967296 0        0 v0"),
    (Route(4, P("10.120.0.0/16"), kind="blackhole"),
     "10.120.0.0      0.0.0.0         255.255.0.0     U     0      0        0 *"),
    (Route(4, P("10.121.0.0/16"), kind="unreachable", metric=3),
     "10.121.0.0      -               255.255.0.0     !     3      -        0 -"),
]  # fmt: skip


@pytest.mark.parametrize(("want", "line"), GOLDEN, ids=[line.split()[0] for _, line in GOLDEN])
def test_reads_each_form_and_prints_it_back(want: Route, line: str) -> None:
    parsed = route_n.parse(f"{HEAD}{line}\n", "f")
    assert (parsed.facts, parsed.unread) == ((want,), ())
    assert parsed.facts[0].evidence == Evidence("f", 3, line)
    assert route_n.render(parsed.facts) == f"{HEAD}{line}\n"


@pytest.mark.parametrize(
    "name", ["route-n.txt", "busybox-route-n.txt", "netstat-rn.txt", "busybox-netstat-rn.txt"]
)
def test_the_first_way_of_each_route_is_that_of_ip_route(name: str) -> None:
    parsed = route_n.parse(capture(name), name)
    assert [(item.reason, item.evidence.text.split()[0]) for item in parsed.unread] == [
        ("gateway-not-shown", "10.107.0.0"), ("gateway-not-shown", "10.109.0.0"),
    ]  # fmt: skip
    full = {(r.dst, r.metric): r for r in ip_route.parse(capture("ip-route.txt"), "f").facts}
    with_metric = "netstat" not in name
    for route in parsed.facts:
        same = [
            r
            for (dst, metric), r in full.items()
            if dst == route.dst and (metric == route.metric or not with_metric)
        ]
        ways = {(r.nexthops[0].dev, r.nexthops[0].via) if r.nexthops else (None, None) for r in same}
        mine = (route.nexthops[0].dev, route.nexthops[0].via) if route.nexthops else (None, None)
        assert mine in ways, route


def test_netstat_tells_path_values() -> None:
    parsed = route_n.parse(capture("netstat-rn.txt"), "f")
    found = {str(route.dst): route.attributes for route in parsed.facts if route.attributes}
    assert found["10.100.0.0/16"] == (("advmss", "1360"), ("window", "64000"))
    assert found["10.101.0.0/16"] == (("rtt", "100ms"),)


@pytest.mark.parametrize("name", ["route-n6.txt", "busybox-route-n6.txt"])
def test_the_ipv6_table(name: str) -> None:
    parsed = route_n.parse(capture(name), name, 6)
    assert parsed.unread == ()
    found = {(str(route.dst), route.metric): route for route in parsed.facts}
    assert found["::/0", 1024].nexthops == (NextHop(iface("v0"), A("fe80::1")),)
    assert (found["::1/128", 0].kind, found["::1/128", 0].table) == ("local", "local")
    assert found["2001:db8:103::/48", 77].kind == "unreachable"
    assert found["::/0", 4294967295].kind == "unreachable"


@pytest.mark.parametrize(
    ("reason", "word", "line"),
    [
        ("truncated", "10.0.0.1", "0.0.0.0         10.0.0.1"),
        ("bad-address", "10.0.0.256/0.0.0.0", "10.0.0.256 10.0.0.1 0.0.0.0 UG 0 0 0 v0"),
        ("bad-address", "10.0.0.0/255.0.255.0", "10.0.0.0 10.0.0.1 255.0.255.0 UG 0 0 0 v0"),
        ("unknown-word", "UGz", "10.0.0.0 10.0.0.1 255.255.0.0 UGz 0 0 0 v0"),
        ("unknown-word", "more", "10.0.0.0 10.0.0.1 255.255.0.0 UG 0 0 0 v0 more"),
        ("bad-number", "many", "10.0.0.0 10.0.0.1 255.255.0.0 UG many 0 0 v0"),
    ],
)
def test_a_line_with_a_fault_is_kept_as_unread(reason: str, word: str, line: str) -> None:
    parsed = route_n.parse(f"{HEAD}{line}", "f")
    assert parsed.facts == ()
    assert [(item.evidence, item.reason, item.detail) for item in parsed.unread] == [
        (Evidence("f", 3, line), reason, word)
    ]
