"""Routing tables and policy rules, held to plain searches by ip-route(8) and ip-rule(8)."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.host import Sysctl
from sekisho.model.snapshot import Namespace
from sekisho.semantics import fib
from sekisho.semantics.choices import Choices
from sekisho.semantics.host import compile_host
from sekisho.semantics.program import Action, NotUnderstood, RouteTo, Stop
from sekisho.sources import ip_route, ip_rule
from sekisho.values.address import Family
from sekisho.values.names import namespace_name, sysctl_key
from tests.semantics.one import run
from tests.semantics.rules import packet


def decided(routes: str, dst: str, rules: str = "", **fields: Any) -> Action:
    """What the lookup of a packet to ``dst`` ends with; the texts are as iproute2 prints them."""
    listed = ip_route.parse(routes, "ip-route.txt", 4)
    asked = ip_rule.parse(rules, "ip-rule.txt", 4)
    assert not listed.unread, listed.unread
    assert not asked.unread, asked.unread
    tables = fib.table_chains(listed.facts, 4, frozenset())
    base, tables = fib.rule_chains(asked.facts or None, 4, tables)
    walk = run(base, tables, packet(dst=dst, **fields), Choices())
    found = walk[-1].action
    assert found is not None
    return found


def way(found: Action) -> str:
    """``eth0``, ``eth0 via 10.0.0.1``, or the disposition of a refusal."""
    if isinstance(found, Stop):
        return found.disposition
    assert isinstance(found, RouteTo), found
    (only,) = found.ways
    return f"{only.dev} via {only.via}" if only.via else only.dev or ""


ARTICLE = """\
default via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.10 metric 100
10.0.0.2 via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.10 metric 100
10.0.0.0/16 dev eth0 proto kernel scope link src 10.0.0.10 metric 100
172.18.0.0/16 dev br0 proto kernel scope link src 172.18.0.1
blackhole 192.168.0.0/16
unreachable 192.168.1.0/24
prohibit 192.168.2.0/24
192.168.3.0/24 dev br0 scope link
203.0.113.0/24 via 10.0.0.7 dev eth0 metric 50
203.0.113.0/24 via 10.0.0.8 dev eth0 metric 10
"""


@pytest.mark.parametrize(
    ("wanted", "dst"),
    [
        ("eth0 via 10.0.0.1", "10.0.0.2"),
        ("eth0", "10.0.5.5"),
        ("eth0 via 10.0.0.1", "1.1.1.1"),
        ("br0", "172.18.0.2"),
        ("blackhole", "192.168.9.1"),
        ("unreachable", "192.168.1.1"),
        ("prohibited", "192.168.2.1"),
        ("br0", "192.168.3.1"),
        ("eth0 via 10.0.0.8", "203.0.113.5"),
    ],
)
def test_one_table(wanted: str, dst: str) -> None:
    assert way(decided(ARTICLE, dst)) == wanted


def test_no_route() -> None:
    assert way(decided("10.0.0.0/8 dev eth0 scope link\n", "1.1.1.1")) == "no_route"


RULES = """\
0:\tfrom all lookup local
100:\tfrom 192.0.2.9 lookup 100
200:\tfrom all fwmark 0x1/0xf lookup 200
300:\tfrom all iif eth9 lookup 300
400:\tnot from 192.0.2.0/24 lookup 100
500:\tfrom all to 198.51.100.0/24 prohibit
600:\tfrom all lookup main suppress_prefixlength 0
700:\tfrom all ipproto tcp dport 25 blackhole
32766:\tfrom all lookup main
32767:\tfrom all lookup default
"""
TABLES = """\
default via 10.0.0.1 dev eth0
10.0.0.0/16 dev eth0 scope link
10.9.0.0/16 dev eth0 table 100 scope link
throw 10.0.8.0/24 table 100
8.8.8.0/24 via 10.0.0.3 dev eth0 table 100
10.0.0.0/12 via 10.0.0.3 dev eth0 table 100
default via 10.0.0.4 dev eth0 table 200
default via 10.0.0.5 dev eth0 table 300
"""


@pytest.mark.parametrize(
    ("wanted", "dst", "fields"),
    [
        # Table 100 has no answer for it, or throws it: the next rule is asked.
        ("eth0 via 10.0.0.1", "1.1.1.1", {}),
        ("eth0", "10.0.8.1", {}),
        ("eth0 via 10.0.0.3", "8.8.8.8", {}),
        ("eth0 via 10.0.0.1", "8.8.8.8", {"src": "192.0.2.10"}),
        ("eth0 via 10.0.0.3", "8.8.8.8", {"src": "198.51.100.1"}),
        ("eth0 via 10.0.0.4", "1.1.1.1", {"mark": 0x31}),
        ("eth0 via 10.0.0.1", "1.1.1.1", {"mark": 0x32}),
        ("eth0 via 10.0.0.5", "1.1.1.1", {"iif": "eth9"}),
        ("prohibited", "198.51.100.7", {}),
        # main is asked early, but its default route does not count there.
        ("blackhole", "1.1.1.1", {"dport": 25}),
        ("eth0", "10.0.0.7", {"dport": 25, "src": "192.0.2.10"}),
    ],
)
def test_policy_rules(wanted: str, dst: str, fields: dict[str, object]) -> None:
    assert way(decided(TABLES, dst, RULES, **fields)) == wanted


def test_goto_passes_rules_over() -> None:
    rules = "10:\tfrom 192.0.2.9 goto 30\n20:\tfrom all blackhole\n30:\tfrom all lookup main\n"
    assert way(decided(ARTICLE, "1.1.1.1", rules)) == "eth0 via 10.0.0.1"
    assert way(decided(ARTICLE, "1.1.1.1", rules, src="192.0.2.10")) == "blackhole"


def test_a_goto_that_leads_back_is_not_followed() -> None:
    rules = "10:\tfrom 192.0.2.0/24 lookup 9\n20:\tfrom all goto 10\n30:\tfrom all lookup main\n"
    assert isinstance(decided(ARTICLE, "1.1.1.1", rules), NotUnderstood)


def test_every_way_of_a_multipath_route_is_kept() -> None:
    routes = (
        "default proto static \n"
        "\tnexthop via 10.0.0.1 dev eth0 weight 1 \n"
        "\tnexthop via 10.1.0.1 dev eth1 weight 2 \n"
    )
    found = decided(routes, "1.1.1.1")
    assert isinstance(found, RouteTo)
    assert [(one.dev, str(one.via), one.weight) for one in found.ways] == [
        ("eth0", "10.0.0.1", 1), ("eth1", "10.1.0.1", 2),
    ]  # fmt: skip


def test_what_is_not_understood_is_not_passed_over() -> None:
    routes = "default via 10.0.0.1 dev eth0\n10.0.0.0/8 encap mpls 200 via 10.0.0.1 dev eth0\n"
    assert isinstance(decided(routes, "10.1.1.1"), NotUnderstood)


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[IPv4Network, int, int]]:
    """(prefix, metric, number) in one corner of the address space, so that prefixes overlap."""
    found = []
    seen = set()
    for number in range(draw(st.integers(1, 12))):
        length = draw(st.integers(0, 32))
        network = ip_network(
            (0x0A000000 | draw(st.integers(0, 255)) << draw(st.integers(0, 16)), length), strict=False
        )
        metric = draw(st.integers(0, 3))
        if (network, metric) not in seen:  # the kernel has one route for each
            seen.add((network, metric))
            found.append((IPv4Network(network), metric, number))
    return found


@given(tables(), st.integers(0, 0xFFFFFF))
def test_the_longest_prefix_then_the_smallest_metric(
    routes: list[tuple[IPv4Network, int, int]], host: int
) -> None:
    dst = ip_address(0x0A000000 | host)
    text = "".join(f"{net} dev dev{number} metric {metric}\n" for net, metric, number in routes)
    fitting = [(-net.prefixlen, metric, number) for net, metric, number in routes if dst in net]
    wanted = f"dev{min(fitting)[2]}" if fitting else "no_route"
    assert way(decided(text, str(dst))) == wanted


@pytest.mark.parametrize(("family", "of", "device", "ignored"), [
    (4, "eth0/1", "eth0.1", True), (4, "eth0", "eth0", True), (4, "all", "eth0.1", True),
    (4, "eth1", "eth0", False), (6, "eth0", "eth0", True), (6, "all", "eth0", False),
])  # fmt: skip
def test_routes_without_a_carrier_are_passed_over_where_that_is_set(
    family: Family, of: str, device: str, ignored: bool
) -> None:
    """Measured (6.18): IPv4's ``all`` counts for every interface, IPv6's is copied to each when set."""
    other = "ipv6" if family == 4 else "ipv4"
    keys = [f"net.ipv{family}.conf.{of}.ignore_routes_with_linkdown", f"net.{other}.conf.all.forwarding"]
    net = "10.0.0.0/24" if family == 4 else "fd00::/64"
    host = Namespace(
        namespace_name("host"),
        routes=ip_route.parse(f"{net} dev {device} metric 9 linkdown\n", "f", family).facts,
        route_tables=frozenset({(family, "main")}),
        sysctls=tuple(Sysctl(sysctl_key(key), "1") for key in keys),
    )
    assert bool(compile_host(host).programs[family].route_tables["main"].lines) != ignored
