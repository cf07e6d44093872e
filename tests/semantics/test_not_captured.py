"""What was not captured is never taken as empty: a doubt where the missing piece could act, a lean where
there is one usual value. What the kernel does where it is known stands in tests/cases and tests/labworld."""

from __future__ import annotations

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.semantics.journey import Journey, Lean, Leg
from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from tests.agreement.verbs import Agreement

MAIN = """$ ip route
default via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.10 metric 100
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10 metric 100
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
"""
# As `wg-quick` leaves them.
WIREGUARD = """$ ip rule
0:	from all lookup local
32764:	from all lookup main suppress_prefixlength 0
32765:	not from all fwmark 0xca6c lookup 51820
32766:	from all lookup main
32767:	from all lookup default
"""
NAMELESS = """$ route -n
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.0.0.1        0.0.0.0         UG    100    0        0 eth0
10.0.0.0        0.0.0.0         255.255.255.0   U     100    0        0 eth0
172.17.0.0      0.0.0.0         255.255.0.0     U     0      0        0 docker0
"""
NAMELESS6 = """$ ip -6 route
2001:db8:1::/64 dev eth0 proto kernel metric 256 pref medium
fe80::/64 dev eth0 proto kernel metric 256 pref medium
default via fe80::1 dev eth0 proto static metric 1024 pref medium
"""
MASQUERADES = """$ iptables-save -t nat
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
"""
SYMMETRIC = """$ sysctl -a
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.docker0.rp_filter = 0
net.ipv4.conf.eth0.rp_filter = 0
"""


def ask(text: str, source: str, target: str, **asked: object) -> Journey:
    """Trace in the world of a paste."""
    world = World(load_text(text))
    proto = str(asked.pop("proto", "tcp"))
    port = None if proto == "icmp" else 443
    return trace(world, Question(source, target, proto, sport=40000 if port else None, dport=port, **asked))  # type: ignore[arg-type]


def ends(leg: Leg | None) -> set[str]:
    """How the ways of a leg end."""
    assert leg is not None
    return {way.disposition for way in leg.ways or (leg,)}


def why(leg: Leg | None) -> set[tuple[str, ...]]:
    assert leg is not None
    return {(doubt.code, *doubt.args) for doubt in leg.doubts}


def test_a_table_that_a_rule_names_may_have_the_route() -> None:
    found = ask(WIREGUARD + MAIN, "host", "8.8.8.8")
    assert found.disposition == "undetermined"
    assert why(found.forward) == {("routing-table-not-captured", "IPv4", "51820")}


@pytest.mark.parametrize(("listing", "way"), [("", "eth0"), ("default dev wg0 scope link\n", "wg0")])
def test_a_table_is_known_when_it_was_listed(listing: str, way: str) -> None:
    table = f"$ ip route show table 51820\n{listing}"
    found = ask(WIREGUARD + table + MAIN, "host", "8.8.8.8")
    assert (found.forward.disposition, found.forward.packet.oif) == ("exits", way)


def test_a_longer_prefix_of_main_decides_before_the_table_that_is_not_there() -> None:
    found = ask(WIREGUARD + MAIN, "host", "172.17.0.9", proto="icmp")
    assert found.forward.packet.oif == "docker0"


def test_main_is_not_known_by_another_table() -> None:
    only = "$ ip route show table 7\ndefault via 10.0.0.1 dev eth0\n$ ip addr\n2: eth0: <UP> mtu 1500\n"
    only += "    inet 10.0.0.10/24 scope global eth0\n" + SYMMETRIC
    assert why(ask(only, "host", "8.8.8.8").forward) == {("routing-table-not-captured", "IPv4", "main")}
    # Its own addresses are known all the same.
    assert ask(only, "10.0.0.77", "10.0.0.10", iface="eth0").forward.disposition == "delivered"


def test_table_default_is_taken_as_empty_where_it_is_asked() -> None:
    local_only = "$ ip route\n10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10\n"
    found = ask(local_only, "host", "8.8.8.8")
    assert found.forward.disposition == "no_route"
    assert Lean("table-default-empty") in found.leans_on
    assert Lean("table-default-empty") not in ask(MAIN, "host", "8.8.8.8").leans_on


def test_table_local_alone_tells_the_addresses() -> None:
    local = "$ ip route show table local\nlocal 10.0.0.10 dev eth0 proto kernel scope host src 10.0.0.10\n"
    found = ask(NAMELESS + local, "8.8.8.8", "10.0.0.10", iface="eth0")
    assert found.forward.disposition == "delivered"
    assert Lean("local-table-inferred") not in found.leans_on


@pytest.mark.parametrize(
    ("text", "gone", "known"),
    [(NAMELESS, "10.0.0.77", "10.0.0.1"), (NAMELESS6, "2001:db8:1::10", "2001:db8:2::1")],
)
def test_an_address_on_a_link_may_be_the_hosts_own(text: str, gone: str, known: str) -> None:
    outside = "8.8.8.8" if "." in gone else "2001:db8:9::1"
    found = ask(text, outside, gone, iface="eth0")
    assert found.disposition == "undetermined"
    assert ends(found.forward) == {"undetermined", "exits"}
    assert found.works is None
    assert ("own-address-not-captured", "eth0") in why(found.forward)
    # That of the gateway is not, and what is far away is not.
    assert ask(text, outside, known, iface="eth0").forward.disposition == "exits"


@pytest.mark.parametrize(("text", "target"), [(NAMELESS, "8.8.8.8"), (NAMELESS6, "2001:db8:9::1")])
def test_a_source_of_ones_own_is_not_known(text: str, target: str) -> None:
    found = ask(text, "host", target)
    assert (found.forward.disposition, found.forward.packet.oif) == ("exits", "eth0")
    assert found.reply is not None
    assert (found.reply.disposition, why(found.reply)) == (
        "undetermined",
        {("own-address-not-captured", "eth0")},
    )
    assert found.works is None


RULE = (
    "$ iptables-save -t filter\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
)


@pytest.mark.parametrize(
    ("source", "end"),
    # The address lies in its interface's subnet.
    [("10.0.0.0/24", {"dropped"}), ("172.17.0.0/16", {"exits"}), ("10.0.0.0/28", {"dropped", "exits"})],
)
def test_rules_that_ask_for_the_source_are_open_where_it_is(source: str, end: set[str]) -> None:
    text = NAMELESS + RULE + f"-A OUTPUT -s {source} -j DROP\nCOMMIT\n"
    assert ends(ask(text, "host", "8.8.8.8").forward) == end


def test_masquerade_takes_no_other_interfaces_address() -> None:
    found = ask(NAMELESS + MASQUERADES + SYMMETRIC, "172.17.0.2", "8.8.8.8", iface="docker0")
    assert found.disposition == "undetermined"
    assert why(found.forward) == {("own-address-not-captured", "eth0")}
    # Another interface's is known, and not taken.
    known = NAMELESS.replace("$ route -n", "$ ip route").split("Kernel")[0]
    partly = known + "default dev ppp0\n172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1\n"
    found = ask(partly + MASQUERADES + SYMMETRIC, "172.17.0.2", "8.8.8.8", iface="docker0")
    assert why(found.forward) == {("own-address-not-captured", "ppp0")}


def test_a_route_that_nobody_knows_is_no_refusing_one() -> None:
    quiet = "$ sysctl net.ipv4.ip_forward\nnet.ipv4.ip_forward = 0\n"
    found = ask(WIREGUARD + MAIN + quiet, "172.17.0.2", "8.8.8.8", iface="docker0")
    assert found.disposition == "undetermined"


def test_rp_filter_has_no_usual_value() -> None:
    # The way back of 192.0.2.1 is by eth0: strict refuses it on docker0, loose and none do not.
    for settings, wanted in (
        ("", {"exits", "rpfilter"}),
        ("net.ipv4.conf.all.rp_filter = 0\n", {"exits", "rpfilter"}),
        ("net.ipv4.conf.docker0.rp_filter = 0\n", {"exits", "rpfilter"}),
        ("net.ipv4.conf.all.rp_filter = 1\n", {"exits", "rpfilter"}),  # 2 of the interface is loose
        ("net.ipv4.conf.all.rp_filter = 2\n", {"exits"}),
        ("net.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.docker0.rp_filter = 0\n", {"exits"}),
        ("net.ipv4.conf.all.rp_filter = 1\nnet.ipv4.conf.docker0.rp_filter = 0\n", {"rpfilter"}),
    ):
        found = ask(MAIN + "$ sysctl -a\n" + settings, "192.0.2.1", "8.8.8.8", iface="docker0")
        assert ends(found.forward) == wanted, settings
    # What is right by any value is not open.
    assert ask(MAIN, "172.17.0.2", "8.8.8.8", iface="docker0").forward.disposition == "exits"


def test_a_rule_for_marks_may_be_asked_on_the_way_back() -> None:
    """wg-quick sets src_valid_mark; without it the way back of a marked packet is by the tunnel."""
    table = "$ ip route show table 51820\ndefault dev wg0 scope link\n"
    marked = (
        RULE.replace("filter", "mangle").replace(
            ":INPUT ACCEPT [0:0]", ":PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]"
        )
        + "-A PREROUTING -i eth0 -j MARK --set-mark 0xca6c\nCOMMIT\n"
    )
    strict = "$ sysctl -a\nnet.ipv4.conf.all.rp_filter = 1\nnet.ipv4.conf.eth0.rp_filter = 1\n"
    for setting, wanted in (
        ("", {"delivered", "rpfilter"}),
        ("net.ipv4.conf.all.src_valid_mark = 1\n", {"delivered"}),
        ("net.ipv4.conf.all.src_valid_mark = 0\nnet.ipv4.conf.eth0.src_valid_mark = 0\n", {"rpfilter"}),
    ):
        text = WIREGUARD + table + MAIN + marked + strict + setting
        assert ends(ask(text, "8.8.8.8", "10.0.0.10", iface="eth0").forward) == wanted, setting


def test_route_localnet_is_usually_off_but_not_where_docker_sets_it() -> None:
    found = ask(MAIN, "10.0.0.77", "127.0.0.1", iface="eth0")
    assert found.disposition == "martian"
    assert Lean("sysctl-not-captured", ("net.ipv4.conf.eth0.route_localnet", "0")) in found.leans_on
    swarm = MAIN + "172.18.0.0/16 dev docker_gwbridge proto kernel scope link src 172.18.0.1\n"
    found = ask(swarm, "172.18.0.3", "127.0.0.1", iface="docker_gwbridge")
    assert ends(found.forward) == {"martian", "delivered"}


def test_a_source_of_ones_own_is_refused_where_accept_local_is_usual() -> None:
    key = "net.ipv4.conf.eth0.accept_local"
    found = ask(MAIN, "172.17.0.1", "10.0.0.10", iface="eth0")
    assert found.disposition == "martian"
    assert Lean("sysctl-not-captured", (key, "0")) in found.leans_on
    settings = f"$ sysctl -a\n{key} = 0\nnet.ipv4.conf.all.accept_local = 0\n"
    known = ask(MAIN + settings, "172.17.0.1", "10.0.0.10", iface="eth0")
    assert not any(lean.code == "sysctl-not-captured" for lean in known.leans_on)


def test_a_route_that_was_not_read_is_open_in_its_own_table() -> None:
    address = "$ ip addr\n2: eth0: <UP> mtu 1500\n    inet 10.0.0.10/24 scope global eth0\n"
    text = address + MAIN + "10.9.0.0/16 via 10.0.0.300 dev eth0\n" + SYMMETRIC
    assert ask(text, "10.0.0.77", "10.0.0.10", iface="eth0").forward.disposition == "delivered"
    assert {code for code, *_ in why(ask(text, "host", "8.8.8.8").forward)} == {"route-line-unread"}


# As somebody leaves it who cuts the ends of lines off.
PARTLY = MAIN.replace(" src 10.0.0.10 metric 100", "")


@pytest.mark.parametrize("text", [PARTLY, WIREGUARD + MAIN, PARTLY + MASQUERADES, PARTLY + SYMMETRIC, MAIN])
def test_the_readings_of_sets_say_the_same(text: str) -> None:
    world = World(load_text(text))
    found = Agreement("not captured", world, 4, 7, 20).run()
    assert found.differ == []
    assert found.compared["packet"] > 10


BLACKED_OUT = """$ ip addr
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500
    inet x.x.x.x/24 brd x.x.x.255 scope global eth0
       valid_lft forever preferred_lft forever
3: docker0: <BROADCAST,UP,LOWER_UP> mtu 1500
    inet 172.17.0.1/16 scope global docker0
"""


def test_a_blacked_out_address_is_open_in_its_subnet_alone() -> None:
    found = ask(BLACKED_OUT + PARTLY, "172.17.0.2", "8.8.8.8", iface="docker0")
    assert (found.forward.disposition, found.forward.packet.oif) == ("exits", "eth0")
    assert ask(BLACKED_OUT + PARTLY, "8.8.8.8", "10.0.0.77", iface="eth0").disposition == "undetermined"
    assert ask(BLACKED_OUT + PARTLY, "8.8.8.8", "172.17.0.1", iface="eth0").disposition == "delivered"
    # Routes tell it, and so does nothing where the kernel made none for it.
    assert ask(BLACKED_OUT + MAIN, "8.8.8.8", "10.0.0.10", iface="eth0").disposition == "delivered"
    one_more = BLACKED_OUT.replace("3: docker0", "    inet 10.0.0.10/24 scope global eth0\n3: docker0")
    assert ask(one_more + MAIN, "8.8.8.8", "10.0.0.10", iface="eth0").disposition == "delivered"
    assert ask(one_more + MAIN, "8.8.8.8", "10.0.0.77", iface="eth0").disposition == "undetermined"
    unrouted = BLACKED_OUT.replace("scope global eth0", "scope global noprefixroute eth0")
    assert ask(unrouted + PARTLY, "8.8.8.8", "192.0.2.1", iface="eth0").disposition == "undetermined"


def test_one_interfaces_addresses_are_known_and_no_more() -> None:
    one = "$ ip addr show eth0\n2: eth0: <UP> mtu 1500\n    inet 10.0.0.10/24 scope global eth0\n"
    assert ask(one + NAMELESS, "8.8.8.8", "10.0.0.10", iface="eth0").disposition == "delivered"
    assert ask(one + NAMELESS, "8.8.8.8", "172.17.0.9", iface="eth0").disposition == "undetermined"
    found = ask(one + NAMELESS + MASQUERADES + SYMMETRIC, "172.17.0.2", "8.8.8.8", iface="docker0")
    assert found.forward.disposition == "exits"


REDIRECTED = MASQUERADES.replace("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE", "{}")
# An address that table local tells and the listing does not, for its line cannot be read.
SECOND = """$ ip addr
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500
    inet {}/24 scope global eth0
    inet 10.0.5.1/32 scope global eth0
$ ip route show table all
default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10
local 10.0.0.10 dev eth0 table local proto kernel scope host src 10.0.0.10
local 10.0.5.1 dev eth0 table local proto kernel scope host src 10.0.5.1
"""


@pytest.mark.parametrize(("address", "works"), [("10.0.0.10", True), ("10.0.0.x", None)])
def test_which_address_is_the_first_no_route_tells(address: str, works: bool | None) -> None:
    """REDIRECT takes the interface's first address (nf_nat_redirect_ipv4), and table local is sorted."""
    rule = "-A PREROUTING -i eth0 -p tcp -m tcp --dport 443 -j REDIRECT"
    text = SECOND.format(address) + REDIRECTED.format(rule)
    found = ask(text, "internet", "10.0.5.1")
    assert (found.forward.disposition == "delivered") is (works is True)
    if works:
        assert found.forward.packet.dst == 0x0A00000A
    else:
        assert why(found.forward) == {("own-address-not-captured", "eth0")}
    agreed = Agreement("first address", World(load_text(text)), 4, 7, 20).run()
    assert agreed.differ == []
    assert agreed.compared["packet"] > 10


@pytest.mark.parametrize(("address", "source"), [("10.0.0.10", 0x0A00000A), ("10.0.0.x", None)])
def test_masquerade_over_lo_takes_the_first_of_all_interfaces(address: str, source: int | None) -> None:
    """inet_select_addr asks the devices in their order; what docker0 sends to itself is one that meets it."""
    docker = "3: docker0: <BROADCAST,UP,LOWER_UP> mtu 1500\n    inet 172.17.0.1/16 scope global docker0\n"
    text = SECOND.format(address).replace("    inet 10.0.5.1/32 scope global eth0\n", docker)
    text += "local 172.17.0.1 dev docker0 table local proto kernel scope host src 172.17.0.1\n"
    found = ask(text + REDIRECTED.format("-A POSTROUTING -o lo -j MASQUERADE"), "host", "172.17.0.1")
    assert (found.forward.packet.src if found.forward.disposition == "delivered" else None) == source
    if source is None:
        assert {code for code, *_ in why(found.forward)} == {"addresses-not-captured"}


def test_a_chain_of_nat_that_is_not_shown_may_have_been_lost() -> None:
    text = SECOND.format("10.0.0.10") + REDIRECTED.format("")
    lean = Lean("policy-not-shown", ("INPUT", "nat"))
    assert lean not in ask(text, "internet", "10.0.0.10").leans_on
    assert lean in ask(text.replace(":INPUT ACCEPT [0:0]\n", ""), "internet", "10.0.0.10").leans_on
