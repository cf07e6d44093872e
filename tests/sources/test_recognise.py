"""Recognising formats by name, by line and by JSON keys."""

from __future__ import annotations

import json

import pytest

from sekisho.errors import SourceError
from sekisho.sources.recognise import Expected, Format, by_content, by_name, of_line
from tests.truth import needs_truth, truth_dir


@pytest.mark.parametrize(
    ("name", "format_", "family", "table", "backend", "all_tables"),
    [
        ("ip-route.txt", Format.IP_ROUTE, 4, None, "", False),
        ("ip6-route.json", Format.IP_ROUTE, 6, None, "", False),
        ("ip-route-table-all.txt", Format.IP_ROUTE, 4, None, "", True),
        ("ip-rule.json", Format.IP_RULE, 4, None, "", False),
        ("ip6-rule.txt", Format.IP_RULE, 6, None, "", False),
        ("ip-addr.txt", Format.IP_ADDR, 4, None, "", False),
        ("ip-link.json", Format.IP_LINK, 4, None, "", False),
        ("ip-neigh.json", Format.IP_NEIGH, 4, None, "", False),
        ("iptables-save.txt", Format.IPTABLES_SAVE, 4, None, "", False),
        ("ip6tables-save.txt", Format.IPTABLES_SAVE, 6, None, "", False),
        ("iptables-legacy-save.txt", Format.IPTABLES_SAVE, 4, None, "legacy", False),
        ("ip6tables-legacy-save.txt", Format.IPTABLES_SAVE, 6, None, "legacy", False),
        ("iptables-nat.txt", Format.IPTABLES_LIST, 4, "nat", "", False),
        ("ip6tables-filter.txt", Format.IPTABLES_LIST, 6, "filter", "", False),
        ("nft-ruleset.json", Format.NFT_JSON, 4, None, "", False),
        ("nft-ruleset.txt", Format.NFT_TEXT, 4, None, "", False),
        ("ipset-save.txt", Format.IPSET_SAVE, 4, None, "", False),
        ("sysctl.txt", Format.SYSCTL, 4, None, "", False),
        ("ss.txt", Format.SS, 4, None, "", False),
        ("conntrack.txt", Format.CONNTRACK, 4, None, "", False),
        ("xfrm.txt", Format.XFRM, 4, None, "", False),
        ("tc.txt", Format.TC, 4, None, "", False),
        ("ipvs.txt", Format.IPVS, 4, None, "", False),
        ("wireguard.txt", Format.WIREGUARD, 4, None, "", False),
        ("docker-networks.json", Format.DOCKER_NETWORKS, 4, None, "", False),
        ("bridge.json", Format.BRIDGE_JSON, 4, None, "", False),
        ("snapshot.toml", Format.SNAPSHOT_TOML, 4, None, "", False),
    ],
)
def test_by_name(name: str, format_: Format, family: int, table: str | None, backend: str,
                 all_tables: bool) -> None:  # fmt: skip
    expected = by_name(name)
    assert isinstance(expected, Expected)
    assert expected.formats[0] is format_
    assert (expected.family, expected.table, expected.backend, expected.all_tables) == (
        family, table, backend, all_tables,
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["probes.json", "hosts", "iptables-save-c-after-probes.txt", "iptables-foo.txt", "ip-route.xml", ""],
)
def test_other_names_are_nobodys(name: str) -> None:
    assert by_name(name) is None


@pytest.mark.parametrize(
    ("line", "format_"),
    [
        ("default via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.10 metric 100", Format.IP_ROUTE),
        ("10.0.0.0/16 dev eth0 proto kernel scope link src 10.0.0.10", Format.IP_ROUTE),
        ("127/8 dev lo scope link", Format.IP_ROUTE),
        ("blackhole 10.99.0.0/16", Format.IP_ROUTE),
        ("fe80::/64 dev eth0 proto kernel metric 256 pref medium", Format.IP_ROUTE),
        ("local ::1 dev lo table local proto kernel metric 0 pref medium", Format.IP_ROUTE),
        ("default proto static metric 5", Format.IP_ROUTE),
        ("\tnexthop via 10.0.0.1 dev eth0 weight 1", Format.IP_ROUTE),
        ("10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE", Format.IP_NEIGH),
        ("10.0.0.9 dev eth0  FAILED", Format.IP_NEIGH),
        ("32766:\tfrom all lookup main", Format.IP_RULE),
        ("99:\tnot from 10.0.0.0/8 lookup 7", Format.IP_RULE),
        ("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536", Format.IP_LINK),
        ("Kernel IP routing table", Format.ROUTE_N),
        ("Destination     Gateway         Genmask", Format.ROUTE_N),
        ("Chain DOCKER (2 references)", Format.IPTABLES_LIST),
        ("Chain INPUT (policy ACCEPT 0 packets, 0 bytes)", Format.IPTABLES_LIST),
        ("pkts bytes target prot opt in out source destination", Format.IPTABLES_LIST),
        ("*nat", Format.IPTABLES_SAVE),
        (":INPUT ACCEPT [0:0]", Format.IPTABLES_SAVE),
        ("[12:720] -A INPUT -j ACCEPT", Format.IPTABLES_SAVE),
        ("COMMIT", Format.IPTABLES_SAVE),
        ("-P INPUT ACCEPT", Format.IPTABLES_S),
        ("-A DOCKER -i docker0 -j RETURN", Format.IPTABLES_S),
        ("src 10.8.0.0/24 dst 10.9.0.0/16 ", Format.XFRM),
        ("qdisc clsact ffff: dev eth0 parent ffff:fff1 ", Format.TC),
        ("tc filter show dev eth0 ingress", Format.TC),
        ("-A -t 192.0.2.1:80 -s rr", Format.IPVS),
        ("-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -m", Format.IPVS),
        ("-A -f 5 -s rr", Format.IPVS),
        ("IP Virtual Server version 1.2.1 (size=4096)", Format.IPVS),
        ("create foo hash:ip family inet hashsize 1024", Format.IPSET_SAVE),
        ("table ip nat {", Format.NFT_TEXT),
        ("net.ipv4.ip_forward = 1", Format.SYSCTL),
        ("net.ipv4.conf.br-528a7aa7b156.rp_filter = 1", Format.SYSCTL),
        ("tcp   LISTEN 0      4096         0.0.0.0:8080      0.0.0.0:*", Format.SS),
        ("State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess", Format.SS),
        ("tcp      6 117 TIME_WAIT src=172.17.0.2 dst=172.18.0.2 sport=45052 dport=80", Format.CONNTRACK),
        ("Here is what I see:", None),
        ("25 1216 DOCKER all -- * * 0.0.0.0/0 0.0.0.0/0 ADDRTYPE match dst-type LOCAL", None),
        ("    inet 10.0.0.10/16 brd 10.0.255.255 scope global eth0", None),
        ("", None),
    ],
)
def test_of_line(line: str, format_: Format | None) -> None:
    assert of_line(line) is format_


def test_addresses_make_the_difference_between_link_and_addr() -> None:
    head = "1: lo: <LOOPBACK,UP> mtu 65536\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
    assert by_content(head) is Format.IP_LINK
    assert by_content(head + "    inet 127.0.0.1/8 scope host lo\n") is Format.IP_ADDR


@pytest.mark.parametrize("text", ["", "[]", "hello", "[12:720]", '[{"unheard": 1}]'])
def test_nothing_tells(text: str) -> None:
    assert by_content(text) is None


def test_cut_json_is_an_error_with_its_line() -> None:
    with pytest.raises(SourceError) as caught:
        by_content('[\n  {"dst": "default",\n')
    assert caught.value.line == 2


@needs_truth
def test_every_real_file_of_the_layout_is_recognised_by_its_content_too() -> None:
    truth = truth_dir()
    assert truth is not None
    seen: set[Format] = set()
    for file in sorted(truth.glob("docker/2[69]*/compose-basic/**/*")):
        expected = by_name(file.name)
        if expected is None or not file.is_file():
            continue
        text = file.read_text()
        if text.strip() and not (file.suffix == ".json" and json.loads(text) == []):
            found = by_content(text)
            assert found in expected.formats, file
            seen.add(found)
    assert len(seen) >= 14
