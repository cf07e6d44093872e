"""Messages for routes, rules and the like make the same as iproute2's commands of the same words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sekisho.lab.build import plan_node
from sekisho.lab.links import Builder
from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.lab.operations import (
    AddRoute,
    AddRule,
    BehindPort,
    Bridge,
    DropRule,
    Enslave,
    KnowNeighbour,
    OnLink,
    Setting,
    Wire,
)
from sekisho.lab.rtnetlink import CannotSayError
from sekisho.lab.rtroutes import add_route, add_rule, table_number
from sekisho.lab.words import setting_words
from sekisho.model.routing import NextHop, PolicyRule, Route
from sekisho.model.snapshot import Namespace
from sekisho.sources import ip_route, ip_rule
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.names import ethernet_address as mac
from sekisho.values.names import interface_name as iface
from sekisho.values.names import namespace_name

V0, V2, BR0 = iface("v0"), iface("v2"), iface("br0")
LINKS = (
    Bridge("here", BR0, mac("02:00:00:00:00:01")),
    Wire("here", V0, "far", V0, mac("02:00:00:00:00:02"), mac("02:00:00:00:00:12")),
    Wire("here", V2, "far", V2, mac("02:00:00:00:00:03"), mac("02:00:00:00:00:13")),
)
ADDRESSES = (
    OnLink("here", V0, Address.parse("10.0.0.10"), 24),
    OnLink("here", V2, Address.parse("192.0.2.10"), 24, scope="link"),
    OnLink("here", V2, Address.parse("10.5.0.1"), 32, False, peer=Address.parse("10.5.0.2")),
    OnLink("here", V0, Address.parse("2001:db8::10"), 64),
)

ROUTES = {
    4: """
default via 10.0.0.1 dev v0 proto dhcp src 10.0.0.10 metric 100
172.17.0.0/16 dev v2 proto kernel scope link src 192.0.2.10
10.0.0.2 via 10.0.0.1 dev v0 proto static
10.1.0.0/16 dev v0
10.2.0.0/16 dev v0 scope host
10.3.0.0/16 via 10.0.0.1 dev v0 tos 0x10
local 10.4.0.1 dev v0 table local proto static scope host
broadcast 10.4.0.255 dev v0 table local scope link
blackhole 10.5.0.0/16
unreachable 10.6.0.0/16 metric 4000000000
prohibit 10.7.0.0/16 table 100
throw 10.8.0.0/16 table 10001
10.9.0.0/16 via 198.51.100.9 dev v2 onlink
10.10.0.0/16 via 10.0.0.3 dev v0 mtu 1400 advmss 1360 hoplimit 7 initcwnd 20
10.11.0.0/16 via 10.0.0.3 dev v0 mtu lock 1300 window 5000 rto_min 250ms features ecn quickack 1
10.12.0.0/16 via 10.0.0.3 dev v0 realms 3/4
10.13.0.0/16 via inet6 fe80::99 dev v0
10.14.0.0/16 metric 7 nexthop via 10.0.0.4 dev v0 weight 1 nexthop via 192.0.2.5 dev v2 weight 20 onlink
10.15.0.0/16 nexthop via 10.0.0.4 realms 9 dev v0 weight 1 nexthop dev v2 weight 256
10.16.0.0/16 via 10.0.0.3 dev v0 table default
10.17.0.0/16 via 10.0.0.3 dev v0 rtt 12ms rttvar 8ms cwnd 3 ssthresh 9
""",
    6: """
default via fe80::1 dev v0 metric 1024
2001:db8:1::/64 dev v2 metric 256
2001:db8:2::/64 via 2001:db8::5 dev v0 proto ra src 2001:db8::10
unreachable 2001:db8:3::/64 dev lo
2001:db8:4::/64 from 2001:db8:9::/48 via fe80::2 dev v0
2001:db8:5::/64 metric 9 nexthop via fe80::3 dev v0 weight 2 nexthop via fe80::4 dev v2 weight 1
2001:db8:6::/64 dev v2 table 200 mtu 1280
blackhole 2001:db8:7::/64
""",
}
RULES = {
    4: """
100:	from 10.0.0.139 lookup 10001
101:	not from 10.0.0.0/8 to 10.2.0.0/16 lookup 100
102:	from all tos 0x10 lookup 100
103:	from all fwmark 0x1/0xff lookup main
104:	from all fwmark 0x10 lookup default
105:	from all iif v0 oif gone0 lookup 100
106:	from all uidrange 1000-2000 lookup 100
107:	from all ipproto tcp sport 80 dport 1000-2000 lookup 100
108:	from all lookup main suppress_prefixlength 0
109:	from all lookup 100 suppress_ifgroup default
110:	from all goto 200
111:	from all iif lo nop
112:	from 10.9.0.0/16 blackhole
113:	from 10.9.0.0/16 unreachable
114:	from 10.9.0.0/16 prohibit
115:	from all tun_id 42 lookup 100
116:	from all lookup 100 realms 3/4
117:	from all lookup [l3mdev-table]
200:	from all lookup 70000
""",
    6: """
100:	from 2001:db8::/32 lookup 100
101:	from all to 2001:db8::5 ipproto udp lookup 100
102:	not from all fwmark 0x2 lookup 100
103:	from all prohibit
""",
}  # fmt: skip


def routes(family: Family) -> list[tuple[str, Route]]:
    """Each line, and what its words mean."""
    found = []
    for line in ROUTES[family].strip().split("\n"):
        first, *more = line.split(" nexthop ")
        [route] = ip_route.parse("\n\t".join([first, *(f"nexthop {one}" for one in more)]), "", family).facts
        found.append((line, route))
    return found


def rules(family: Family) -> list[tuple[str, PolicyRule]]:
    """The same for rules."""
    lines = RULES[family].strip().split("\n")
    return list(zip(lines, ip_rule.parse(RULES[family], "", family).facts, strict=True))


class Pair:
    """Two namespaces alike: one for messages, one for commands."""

    def __init__(self) -> None:
        self.ours, self.theirs, self.far = NetworkNamespace(), NetworkNamespace(), NetworkNamespace()
        other = NetworkNamespace()
        self.builder = Builder({"here": self.ours, "far": self.far})
        by_commands = Builder({"here": self.theirs, "far": other})
        for builder in (self.builder, by_commands):
            builder.links(LINKS)
            assert list(builder.settings(ADDRESSES)) == []
        by_commands.close()
        self.all = (self.ours, self.theirs, self.far, other)

    def close(self) -> None:
        """Let go of all."""
        self.builder.close()
        for one in self.all:
            one.close()

    def ip(self, family: Family, *words: str) -> None:
        """The command in the second namespace."""
        self.theirs.run(("ip", *(("-6",) if family == 6 else ()), *words))

    def shown(self, *words: str) -> tuple[list[str], list[str]]:
        """What a listing says in both."""
        ours, theirs = (
            [line.strip() for line in space.run(words).splitlines()] for space in (self.ours, self.theirs)
        )
        return ours, theirs


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


@pytest.mark.kernel
@pytest.mark.parametrize("family", [4, 6])
def test_routes(pair: Pair, family: Family) -> None:
    given = routes(family)
    assert list(pair.builder.settings(AddRoute("here", route) for _, route in given)) == []
    for line, _ in given:
        pair.ip(family, "route", "append", *line.split())
    ours, theirs = pair.shown("ip", f"-{family}", "-d", "route", "show", "table", "all")
    assert ours == theirs
    assert len(ours) > len(given)


@pytest.mark.kernel
@pytest.mark.parametrize("family", [4, 6])
def test_rules(pair: Pair, family: Family) -> None:
    given = rules(family)
    bare = [replace(rule, proto=None) for _, rule in given]
    assert list(pair.builder.settings(AddRule("here", rule) for rule in bare)) == []
    for line, rule in given:
        words = line.partition(":\t")[2].replace("lookup [l3mdev-table]", "l3mdev").split()
        pair.ip(family, "rule", "add", *words, "priority", str(rule.priority))
    gone: list[Setting] = [DropRule("here", family, 32766)]
    assert list(pair.builder.settings(gone)) == []
    pair.ip(family, "rule", "del", "priority", "32766")
    ours, theirs = pair.shown("ip", f"-{family}", "rule")
    assert ours == theirs
    assert len(ours) == len(given) + (2 if family == 4 else 1)


@pytest.mark.kernel
def test_addresses_neighbours_and_ports(pair: Pair) -> None:
    known: list[Setting] = [
        KnowNeighbour("here", V0, Address.parse("10.0.0.77"), mac("02:00:00:00:00:77")),
        KnowNeighbour("here", V0, Address.parse("2001:db8::77"), mac("02:00:00:00:00:78")),
        Enslave("here", V2, BR0),
        BehindPort("here", V2, mac("02:00:00:00:00:99")),
    ]
    assert list(pair.builder.settings(known)) == []
    pair.ip(
        4, "neigh", "replace", "10.0.0.77", "lladdr", "02:00:00:00:00:77", "dev", "v0", "nud", "permanent"
    )
    pair.ip(
        6, "neigh", "replace", "2001:db8::77", "lladdr", "02:00:00:00:00:78", "dev", "v0", "nud", "permanent"
    )
    pair.ip(4, "link", "set", "v2", "master", "br0")
    pair.theirs.run(("bridge", "fdb", "replace", "02:00:00:00:00:99", "dev", "v2", "master", "static"))
    for words in (("ip", "-o", "addr"), ("ip", "neigh")):
        ours, theirs = pair.shown(*words)
        assert ours == theirs
        assert ours
    ours, theirs = pair.shown("bridge", "fdb")
    wanted = [line for line in theirs if line.startswith("02:00:00:00:00:99")]
    assert [line for line in ours if line.startswith("02:00:00:00:00:99")] == wanted
    assert wanted


@pytest.mark.kernel
def test_what_the_kernel_refuses_is_said_and_the_rest_stands(pair: Pair) -> None:
    near, nowhere = Address.parse("10.0.0.1"), Address.parse("198.51.100.1")

    def to(prefix: str, via: Address, must: bool, dev: str = "v0") -> AddRoute:
        return AddRoute("here", Route(4, Prefix.parse(prefix), nexthops=(NextHop(iface(dev), via),)), must)

    asked = [to("10.50.0.0/16", nowhere, False), to("10.51.0.0/16", near, False),
             to("10.52.0.0/16", near, False, "gone0")]  # fmt: skip
    said = list(pair.builder.settings(asked))
    assert [line.split(": ")[2] for line in said] == [
        "ip -n here route append 10.52.0.0/16 via 10.0.0.1 dev gone0",
        "ip -n here route append 10.50.0.0/16 via 198.51.100.1 dev v0",
    ]
    assert "invalid gateway" in said[1]
    assert "10.51.0.0/16" in pair.ours.run(("ip", "route"))
    for wrong in (to("10.50.0.0/16", nowhere, True), to("10.50.0.0/16", near, True, "gone0")):
        with pytest.raises(LabError) as caught:
            list(pair.builder.settings([wrong]))
        assert caught.value.text == setting_words(wrong)


@pytest.mark.parametrize(
    "route",
    [
        Route(4, Prefix.parse("10.0.0.0/8"), kind="x\nnetns add p"),
        Route(4, Prefix.parse("10.0.0.0/8"), table="9" * 30),
        Route(4, Prefix.parse("10.0.0.0/8"), scope="link\nx"),
        Route(4, Prefix.parse("10.0.0.0/8"), metric=1 << 40),
        Route(4, Prefix.parse("10.0.0.0/8"), metric=-1),
        Route(4, Prefix.parse("10.0.0.0/8"), tos=4000),
        Route(4, Prefix.parse("10.0.0.0/8"), nexthops=(NextHop(iface("eth9")),)),
        Route(4, Prefix.parse("10.0.0.0/8"), nexthops=(NextHop(None, Address(4, 1), 900),)),
        Route(4, Prefix.parse("10.0.0.0/8"), nexthops=(NextHop(None, Address(4, 1), flags=("x",)),)),
        *(
            Route(4, Prefix.parse("10.0.0.0/8"), attributes=(pair,))
            for pair in (("encap", "ip id 1"), ("mtu", "1\n2"), ("mtu", "1" * 30), ("realms", "a/b"),
                         ("from", "no"), ("from", "fe80::/64"), ("features", "x"))
        ),
    ],
)  # fmt: skip
def test_routes_that_no_message_says(route: Route) -> None:
    with pytest.raises(CannotSayError):
        add_route(route, {"lo": 1})


@pytest.mark.parametrize(
    "rule",
    [
        PolicyRule(4, 1, action="x\ny"), PolicyRule(4, -1), PolicyRule(4, 1, tos=900),
        PolicyRule(4, 1, src=Prefix.parse("fe80::/64")), PolicyRule(4, 1, fwmark=(1 << 33, 1)),
        PolicyRule(4, 1, sport=(9, 1)), PolicyRule(4, 1, suppress_ifgroup="a b"),
        PolicyRule(4, 1, attributes=(("dscp", "1"),)), PolicyRule(4, 1, attributes=(("tun_id", "x"),)),
    ],
)  # fmt: skip
def test_rules_that_no_message_says(rule: PolicyRule) -> None:
    with pytest.raises(CannotSayError):
        add_rule(rule)


def test_a_table_has_a_number() -> None:
    assert [table_number(name) for name in ("main", "local", "100", "4294967295")] == [
        254,
        255,
        100,
        4294967295,
    ]
    with pytest.raises(CannotSayError):
        table_number("mgmt")


def test_each_table_that_a_host_names_for_itself_has_a_number_of_its_own() -> None:
    """The same in its routes and its rules, and none that another table has."""
    names = [f"provider-{letter}" for letter in "abcdefgh"]
    routes = "".join(f"default via 10.0.0.{at} dev eth0 table {name}\n" for at, name in enumerate(names, 2))
    rules = "".join(f"{9 + at}: from 10.0.{at}.0/24 lookup {name}\n" for at, name in enumerate(names))
    host = Namespace(
        namespace_name("host"),
        routes=ip_route.parse(routes + "default dev eth1 table 1048576\n", "f").facts,
        rules=ip_rule.parse(rules, "f").facts,
    )
    settings = plan_node(host).settings
    by_gateway = {
        item.route.nexthops[0].via: item.route.table for item in settings if isinstance(item, AddRoute)
    }
    assert by_gateway.pop(None) == "1048576"
    tables = [item.rule.table for item in settings if isinstance(item, AddRule)]
    assert tables[: len(names)] == list(by_gateway.values())
    assert len({*map(table_number, tables[: len(names)]), 1048576}) == len(names) + 1
