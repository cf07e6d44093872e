"""Listings: what was captured comes back as the commands print it, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.model.docker import DockerNetwork
from sekisho.model.evidence import Evidence, Unread
from sekisho.model.netfilter import Ruleset
from sekisho.model.snapshot import Namespace
from sekisho.sources import ip_addr, ip_link, ip_neigh, ip_route, ip_rule, iptables_list, iptables_save
from sekisho.values.names import namespace_name, network_name
from sekisho.views.captured_style import captured_style
from sekisho.views.listing import Listing, NotCaptured, listing, network_ls
from tests.truth import needs_truth, truth_dir

ROUTES = """\
default via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.10 metric 100 
10.0.0.0/16 dev eth0 proto kernel scope link src 10.0.0.10 metric 100 
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1 linkdown 
"""  # noqa: W291 (iproute2 ends its lines with a blank)

# What iptables 1.8.9, 1.8.7 and a web page show of one and the same table.
NFT_189 = """\
Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)
num   pkts bytes target     prot opt in     out     source               destination         
1        0     0 DNAT       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:80 to:10.0.0.2:80

Chain INPUT (policy ACCEPT 0 packets, 0 bytes)
num   pkts bytes target     prot opt in     out     source               destination         
"""  # noqa: W291, E501
OLD_187 = NFT_189.replace("num  ", "").replace("\n1    ", "\n").replace(" 6    --", " tcp  --")
COLLAPSED = "\n".join(
    " ".join(line.split()) for line in OLD_187.splitlines() if line.strip()
) + "\n"  # fmt: skip


def text(answer: Listing | NotCaptured) -> str:
    assert isinstance(answer, Listing)
    return answer.text


def with_routes(captured: str) -> Namespace:
    return Namespace(
        namespace_name("host"), ip_route.parse(captured, "ip-route.txt").facts, frozenset({(4, "main")})
    )


@pytest.mark.parametrize("captured", [ROUTES, ROUTES.replace(" \n", "\n")])
def test_routes_keep_or_lack_the_blank_at_the_end(captured: str) -> None:
    assert text(listing(with_routes(captured), "routes")) == captured


def test_routes_of_one_table_and_of_all() -> None:
    captured = (
        ROUTES + "default via 10.0.1.1 dev eth1 table 10001 \n" + "local 10.0.0.10 dev eth0 table local \n"
    )
    facts = ip_route.parse(captured, "ip-route-table-all.txt").facts
    namespace = Namespace(namespace_name("host"), facts, frozenset({(4, "all")}))
    assert text(listing(namespace, "routes")) == ROUTES
    assert text(listing(namespace, "routes", table="all")) == captured
    assert text(listing(namespace, "routes", table="10001")) == "default via 10.0.1.1 dev eth1 \n"
    assert text(listing(namespace, "routes", table="77")) == ""


def test_what_was_not_captured_is_not_empty() -> None:
    bare = Namespace(namespace_name("host"))
    for what, file in [
        ("routes", "ip-route.txt"), ("rules", "ip-rule.txt"), ("addresses", "ip-addr.txt"),
        ("links", "ip-link.txt"), ("neighbours", "ip-neigh.txt"), ("networks", "docker-networks.json"),
        ("sysctl", "sysctl.txt"), ("sockets", "ss.txt"), ("nat", "iptables-save.txt"),
    ]:  # fmt: skip
        assert listing(bare, what) == NotCaptured(file)  # type: ignore[arg-type]
    assert listing(bare, "routes", family=6) == NotCaptured("ip6-route.txt")
    assert listing(bare, "filter", family=6) == NotCaptured("ip6tables-save.txt")
    # Only table main was captured: another one is unknown.
    assert listing(with_routes(ROUTES), "routes", table="10001") == NotCaptured("ip-route.txt")
    assert listing(with_routes(ROUTES), "routes", family=6) == NotCaptured("ip6-route.txt")


@pytest.mark.parametrize("captured", [NFT_189, OLD_187, COLLAPSED])
def test_a_table_comes_back_in_the_layout_of_its_capture(captured: str) -> None:
    table = iptables_list.parse(captured, "iptables-nat.txt").facts[0]
    namespace = Namespace(namespace_name("host"), rulesets=(Ruleset(4, tables=(table,)),))
    assert text(listing(namespace, "nat")) == captured


def test_a_listing_without_rules_keeps_its_layout_too() -> None:
    captured = "\n".join(line for line in NFT_189.splitlines() if "DNAT" not in line) + "\n"
    table = iptables_list.parse(captured, "iptables-nat.txt").facts[0]
    assert iptables_list.render(table, captured_style(table)) == captured


SAVED = """\
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.2:80
COMMIT
"""


def test_a_saved_table_in_both_forms() -> None:
    ruleset = iptables_save.parse(SAVED, "iptables-save.txt").facts[0]
    namespace = Namespace(namespace_name("host"), rulesets=(ruleset,))
    assert text(listing(namespace, "nat", form="save")) == SAVED
    shown = text(listing(namespace, "nat"))
    assert shown.startswith("Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)\n")
    assert "tcp dpt:80 to:10.0.0.2:80" in shown


def test_a_table_that_a_complete_capture_does_not_have_is_listed_empty() -> None:
    # As iptables does: listing a table creates it. The text is that of iptables 1.8.9.
    namespace = Namespace(namespace_name("host"), rulesets=(Ruleset(4, tables=(), complete=True),))
    heads = [line for line in text(listing(namespace, "raw")).splitlines() if line.startswith("Chain")]
    assert heads == [
        "Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)",
        "Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)",
    ]


def test_two_back_ends_stand_under_headings() -> None:
    table = iptables_save.parse(SAVED, "iptables-save.txt").facts[0].tables[0]
    namespace = Namespace(
        namespace_name("host"), rulesets=(Ruleset(4, "nft", (table,)), Ruleset(4, "legacy", (table,)))
    )
    shown = text(listing(namespace, "nat", form="save"))
    assert shown == f"# iptables-nft\n{SAVED}\n# iptables-legacy\n{SAVED}"


def test_lines_that_were_not_understood_are_named_where_they_belong() -> None:
    lost = [
        Unread(Evidence(file, 7, "???"), "unknown-line")
        for file in ("ip-route.txt", "netns/web/ip-route.txt", "iptables-save.txt", "stdin")
    ]
    facts = with_routes(ROUTES)
    namespace = Namespace(namespace_name("host"), facts.routes, facts.route_tables, unread=tuple(lost))
    answer = listing(namespace, "routes")
    assert isinstance(answer, Listing)
    assert [one.file for one in answer.unread] == ["ip-route.txt", "netns/web/ip-route.txt", "stdin"]


def test_a_cut_table_is_named() -> None:
    cut = SAVED.replace("COMMIT\n", "")
    ruleset = iptables_save.parse(cut, "iptables-save.txt").facts[0]
    answer = listing(Namespace(namespace_name("host"), rulesets=(ruleset,)), "nat")
    assert isinstance(answer, Listing)
    assert answer.unread


RULES = "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"
NEIGHBOURS = "10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE \nfe80::1 dev eth0 FAILED \n"
ADDRESSES = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff
    inet6 2001:db8::2/64 scope global
       valid_lft forever preferred_lft forever
"""


def test_rules_and_neighbours() -> None:
    namespace = Namespace(
        namespace_name("host"),
        rules=ip_rule.parse(RULES, "ip-rule.txt").facts,
        neighbours=ip_neigh.parse(NEIGHBOURS, "ip-neigh.txt").facts,
    )
    assert text(listing(namespace, "rules")) == RULES
    assert listing(namespace, "rules", family=6) == NotCaptured("ip6-rule.txt")
    assert text(listing(namespace, "neighbours")) == NEIGHBOURS
    assert text(listing(namespace, "neighbours", family=6)) == "fe80::1 dev eth0 FAILED \n"


def test_addresses_of_one_family_leave_the_link_layer_out() -> None:
    namespace = Namespace(
        namespace_name("host"),
        interfaces=ip_link.parse(ADDRESSES, "ip-addr.txt").facts,
        addresses=ip_addr.parse(ADDRESSES, "ip-addr.txt").facts,
    )
    assert text(listing(namespace, "addresses")) == ADDRESSES
    lines = ADDRESSES.splitlines(keepends=True)
    assert text(listing(namespace, "addresses", family=4)) == "".join([lines[0], *lines[2:4]])
    assert text(listing(namespace, "addresses", family=6)) == "".join([lines[4], *lines[6:8]])


# What the command `docker network ls` 28.2.2 printed for these networks, given to it in another order.
NETWORK_LS = """\
NETWORK ID     NAME                       DRIVER    SCOPE
222222222222   10x                        bridge    local
333333333333   Net3                       bridge    local
ffffffffffff   Zed                        macvlan   local
eeeeeeeeeeee   a_very_long_network_name   overlay   swarm
cccccccccccc   bridge                     bridge    local
dddddddddddd   net2                       bridge    local
111111111111   net02                      bridge    local
bbbbbbbbbbbb   net10                      bridge    local
aaaaaaaaaaaa   none                       null      local
"""


def test_networks_as_docker_lists_them() -> None:
    rows = [line.split() for line in NETWORK_LS.splitlines()[1:]]
    rows.sort(key=lambda row: row[1] not in ("net2", "net02"))  # these two keep their order
    networks = [
        DockerNetwork(network_name(name), short + "0" * 52, driver, scope)
        for short, name, driver, scope in rows
    ]
    assert network_ls(networks) == NETWORK_LS
    assert network_ls([]) == "NETWORK ID   NAME      DRIVER    SCOPE\n"


def captured_tables() -> list[Path]:
    truth = truth_dir()
    if truth is None:
        return []
    # A spread of versions and scenarios; all of them would say the same again.
    found = [path for path in sorted(truth.rglob("iptables-*.txt")) if path.read_text().startswith("Chain")]
    return found[::7]


@needs_truth
def test_every_captured_listing_comes_back() -> None:
    checked = 0
    for path in captured_tables():
        table = iptables_list.parse(path.read_text(), path.name).facts[0]
        assert iptables_list.render(table, captured_style(table)) == path.read_text(), path
        checked += 1
    assert checked > 50
