"""What has packets beside netfilter, as its commands print it: `ip xfrm policy` and `tc` of iproute2 6.1 in a
network namespace (the filters: iproute2's own examples), ipvsadm(8), net/netfilter/ipvs/ip_vs_ctl.c
(ip_vs_info_seq_show), wg(8)."""

from __future__ import annotations

import pytest

from sekisho.model.beside import BesideKind
from sekisho.sources import beside
from sekisho.values.address import Address, Prefix
from sekisho.values.packet import TCP, UDP

XFRM = """src 10.8.0.0/24 dst 10.9.0.0/16 
	dir out priority 0 ptype main 
	mark 0x1/0xff 
	if_id 0x5
src 2001:db8::/64 dst ::/0 proto tcp sport 5 dport 80 
	dir fwd action block priority 7 ptype main 
src 10.9.0.0/16 dst 10.0.0.0/24 
	dir in priority 5 ptype main 
	tmpl src 192.0.2.2 dst 192.0.2.1
		proto esp reqid 7 mode tunnel
src 0.0.0.0/0 dst 0.0.0.0/0 
	socket in priority 0 ptype main 
"""  # noqa: W291
TC = """qdisc noqueue 0: dev lo root refcnt 2 
qdisc clsact ffff: dev eth0 parent ffff:fff1 
qdisc netem 8001: dev eth1 root refcnt 2 limit 1000 loss 10%
tc filter show dev eth0 ingress
filter protocol ip pref 49152 u32 chain 0 
filter protocol ip pref 49152 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 not_in_hw 
  match 01020304/ffffffff at 16
	action order 1: gact action drop
tc filter show dev eth0 egress
filter protocol all pref 1 bpf chain 0 
"""  # noqa: W291
IPVS = """-A -t 192.0.2.1:80 -s rr
-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 1
-A -u [2001:db8::1]:53 -s wlc
-A -f 5 -s rr
"""
IPVS_PROC = """IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0000201:0050 rr  
  -> 0A000002:1F90      Masq    1      0          0         
UDP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0035 wlc 
FWM  00000005 rr  
"""  # noqa: W291
WIREGUARD = """wg0	10.9.0.2/32 10.9.1.0/24
wg0	(none)
wg1	2001:db8:9::/48
"""
ALL: dict[BesideKind, str] = {"xfrm": XFRM, "tc": TC, "ipvs": IPVS, "wireguard": WIREGUARD}


@pytest.mark.parametrize("kind", ALL)
def test_every_line_is_read_and_printed_again(kind: BesideKind) -> None:
    found = beside.parse(kind, ALL[kind], f"{kind}.txt")
    assert found.unread == ()
    assert beside.render(kind, found.facts) == ALL[kind]
    assert beside.parse(kind, "", "f").facts == ()


def test_policies_have_directions_and_packets() -> None:
    facts = beside.parse("xfrm", XFRM, "f").facts
    assert [(str(one.src), str(one.dst), one.direction, one.word) for one in facts] == [
        ("10.8.0.0/24", "10.9.0.0/16", "out", "allow"),
        ("2001:db8::/64", "::/0", "fwd", "block"),
        ("10.9.0.0/16", "10.0.0.0/24", "in", "allow"),
        ("0.0.0.0/0", "0.0.0.0/0", "socket", ""),
    ]


def test_filters_belong_to_the_interface_above_them() -> None:
    facts = beside.parse("tc", TC, "f").facts
    assert [(one.interface, one.direction, one.word, len(one.lines)) for one in facts] == [
        ("lo", "", "noqueue", 1), ("eth0", "", "clsact", 1), ("eth1", "", "netem", 1),
        ("eth0", "ingress", "filter", 1), ("eth0", "ingress", "filter", 3), ("eth0", "egress", "filter", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("text", [IPVS, IPVS_PROC])
def test_services_have_an_address_or_a_mark(text: str) -> None:
    facts = beside.parse("ipvs", text, "f")
    assert facts.unread == ()
    assert [(one.address, one.proto, one.port, one.mark) for one in facts.facts] == [
        (Address.parse("192.0.2.1"), TCP, 80, None),
        (Address.parse("2001:db8::1"), UDP, 53, None),
        (None, None, None, 5),
    ]


def test_peers_have_addresses_and_no_keys() -> None:
    key = "x" * 43 + "="
    facts = beside.parse("wireguard", WIREGUARD.replace("\t", f"\t{key}\t"), "f").facts
    assert [(one.interface, one.allowed) for one in facts] == [
        ("wg0", (Prefix.parse("10.9.0.2/32"), Prefix.parse("10.9.1.0/24"))),
        ("wg0", ()),
        ("wg1", (Prefix.parse("2001:db8:9::/48"),)),
    ]
    assert key not in beside.render("wireguard", facts)


@pytest.mark.parametrize(
    ("kind", "line", "reason"),
    [
        ("xfrm", "src 10.8.0.0/24", "truncated"),
        ("xfrm", "src 10.8.0.0/99 dst 10.9.0.0/16", "bad-address"),
        ("xfrm", "something else", "unknown-line"),
        ("tc", "filter protocol ip pref 1 u32", "unknown-line"),
        ("tc", "qdisc noqueue 0: root refcnt 2", "unknown-line"),
        ("ipvs", "-A -t 192.0.2.1 -s rr", "bad-address"),
        ("ipvs", "-A -f x -s rr", "bad-number"),
        ("ipvs", "TCP  C00002:0050 rr", "bad-address"),
        ("ipvs", "SOMETHING 1", "unknown-line"),
        ("wireguard", "wg0", "truncated"),
        ("wireguard", "wg0 10.0.0.0/99", "bad-address"),
    ],
)
def test_what_is_not_understood_is_kept(kind: BesideKind, line: str, reason: str) -> None:
    found = beside.parse(kind, f"{line}\n\tdir out priority 0\n", "f")
    assert found.facts == ()
    assert found.unread[0].reason == reason
    assert [each.evidence.text for each in found.unread] == [line, "\tdir out priority 0"][
        : len(found.unread)
    ]
    assert len(found.unread) == 2 or kind in ("ipvs", "wireguard")


def test_an_unknown_direction_is_no_policy() -> None:
    found = beside.parse("xfrm", "src 10.8.0.0/24 dst 10.9.0.0/16 \n\tdir sideways priority 0\n", "f")
    assert [each.reason for each in found.unread] == ["unknown-word"]
    assert [fact.direction for fact in found.facts] == [""]
