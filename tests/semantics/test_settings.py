"""The table of settings: every row by what it does to an answer, and against what the readings ask for. What
a setting does: the kernel's Documentation/networking/ip-sysctl.rst and the functions that ``settings`` names;
what kernels have is read from the one that runs the tests."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.model.host import Sysctl
from sekisho.model.snapshot import Namespace
from sekisho.semantics import settings
from sekisho.semantics.host import compile_host
from sekisho.semantics.journey import Journey
from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from tests.agreement.verbs import Agreement

HOST = """$ ip addr
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
    inet6 ::1/128 scope host
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 198.51.100.10/24 brd 198.51.100.255 scope global eth0
    inet6 2001:db8:1::10/64 scope global
    inet6 fe80::10/64 scope link
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 198.51.100.20/32 scope global eth1
    inet 192.0.2.1/24 brd 192.0.2.255 scope global eth1
    inet6 2001:db8:2::1/64 scope global
    inet6 fe80::20/64 scope link
$ ip route
default via 198.51.100.1 dev eth0
198.51.100.0/24 dev eth0 proto kernel scope link src 198.51.100.10
192.0.2.0/24 dev eth1 proto kernel scope link src 192.0.2.1
$ ip -6 route show table all
default via 2001:db8:1::1 dev eth0 metric 1024
2001:db8:1::/64 dev eth0 proto kernel metric 256
2001:db8:2::/64 dev eth1 proto kernel metric 256
local ::1 dev lo table local proto kernel metric 0
local 2001:db8:1::10 dev eth0 table local proto kernel metric 0
anycast 2001:db8:2:: dev eth1 table local proto kernel metric 0
local 2001:db8:2::1 dev eth1 table local proto kernel metric 0
$ ip rule
0:	from all lookup local
100:	from all fwmark 0x7 lookup 7
32766:	from all lookup main
32767:	from all lookup default
$ ip -6 rule
0:	from all lookup local
100:	from all fwmark 0x7 lookup 7
32766:	from all lookup main
$ ip route show table 7
default via 192.0.2.254 dev eth1
$ ip -6 route show table 7
default via 2001:db8:2::fe dev eth1
$ ip route show table default
$ iptables-save
$ ip6tables-save
$ ss -lntu
tcp   LISTEN 0      128          0.0.0.0:22        0.0.0.0:*
tcp   LISTEN 0      128             [::]:22           [::]:*
$ sysctl -a
net.ipv4.ip_forward = 1
net.ipv6.conf.all.forwarding = 1
net.ipv6.conf.all.seg6_enabled = 1
net.ipv6.conf.all.rpl_seg_enabled = 1
net.ipv6.icmp.echo_ignore_anycast = 0
"""
OUT4, OUT6 = "203.0.113.9", "2001:db8:9::9"
# Row: the key and a value that acts, what it touches, what it does not.
SSH = Question(OUT4, "198.51.100.10", "tcp", 40000, 22, "eth0")
SSH6 = Question(OUT6, "2001:db8:1::10", "tcp", 40000, 22, "eth0")
PING = Question(OUT4, "198.51.100.10", "icmp", iface="eth0")
PING6 = Question(OUT6, "2001:db8:1::10", "icmpv6", iface="eth0")
SENT = Question("host", OUT4, "tcp", 40000, 443)
SENT6 = Question("host", OUT6, "tcp", 40000, 443)
THROUGH = Question(OUT4, "192.0.2.77", "tcp", 40000, 443, "eth0")
THROUGH6 = Question(OUT6, "2001:db8:2::77", "tcp", 40000, 443, "eth0")
BACK = Question("192.0.2.77", OUT4, "tcp", 40000, 443, "eth1")
SEGMENT = Question(OUT6, "2001:db8:1::10", "43", iface="eth0")
ROWS: dict[str, tuple[str, str, Question, Question]] = {
    "net.ipv4.conf.*.drop_unicast_in_l2_multicast": (
        "net.ipv4.conf.eth0.drop_unicast_in_l2_multicast", "1",
        Question(OUT4, "198.51.100.255", "udp", 40000, 9, "eth0"), SSH,
    ),
    "net.ipv4.conf.*.arp_ignore": (
        "net.ipv4.conf.all.arp_ignore", "1", Question(OUT4, "198.51.100.20", "tcp", 40000, 22, "eth0"), SSH,
    ),
    "net.ipv4.conf.*.arp_filter": (
        "net.ipv4.conf.eth0.arp_filter", "1", Question(OUT4, "198.51.100.20", "tcp", 40000, 22, "eth0"), SSH,
    ),
    "net.ipv4.fwmark_reflect": ("net.ipv4.fwmark_reflect", "1", PING, PING6),
    "net.ipv6.fwmark_reflect": ("net.ipv6.fwmark_reflect", "1", PING6, PING),
    "net.ipv4.tcp_fwmark_accept": ("net.ipv4.tcp_fwmark_accept", "1", SSH, PING),
    "net.ipv4.ip_default_ttl": ("net.ipv4.ip_default_ttl", "3", SENT, SENT6),
    "net.ipv6.conf.*.hop_limit": ("net.ipv6.conf.eth0.hop_limit", "2", SENT6, SENT),
    "net.ipv4.neigh.*.mcast_solicit": ("net.ipv4.neigh.eth1.mcast_solicit", "0", THROUGH, SENT),
    "net.ipv6.neigh.*.mcast_solicit": ("net.ipv6.neigh.eth1.mcast_solicit", "0", THROUGH6, SENT6),
    "net.ipv6.conf.*.seg6_enabled": ("net.ipv6.conf.eth0.seg6_enabled", "1", SEGMENT, SSH6),
    "net.ipv6.conf.*.rpl_seg_enabled": ("net.ipv6.conf.eth0.rpl_seg_enabled", "1", SEGMENT, SSH6),
    "net.ipv6.conf.*.use_oif_addrs_only": ("net.ipv6.conf.eth0.use_oif_addrs_only", "1", SENT6, THROUGH6),
    "net.ipv4.icmp_echo_enable_probe": (
        "net.ipv4.icmp_echo_enable_probe", "1",
        Question(OUT4, "198.51.100.10", "icmp", iface="eth0", stated=(("icmp_type", 42),)), PING,
    ),
    "net.ipv6.anycast_src_echo_reply": (
        "net.ipv6.anycast_src_echo_reply", "1",
        Question("2001:db8:2::77", "2001:db8:2::", "icmpv6", iface="eth1"), PING6,
    ),
}  # fmt: skip


def ask(question: Question, *lines: str) -> Journey:
    """Trace on the host with further settings."""
    return trace(World(load_text(HOST + "".join(f"{line}\n" for line in lines))), question)


def named(found: Journey) -> set[str]:
    """The settings on which it depends."""
    legs = (found.forward,) if found.reply is None else (found.forward, found.reply)
    doubts = (doubt for leg in legs for doubt in leg.doubts)
    return {doubt.args[0] for doubt in doubts if doubt.code == "setting-not-modelled"}


def test_every_row_has_a_question() -> None:
    assert set(ROWS) == set(settings.doubtful())


@pytest.mark.parametrize("row", ROWS)
def test_a_setting_that_is_not_modelled_is_a_doubt_where_it_could_act(row: str) -> None:
    key, value, touched, spared = ROWS[row]
    harmless = "64" if "ttl" in row or "hop_limit" in row else "3" if "mcast" in row else "0"
    assert named(ask(touched, f"{key} = {value}")) == {f"{key} = {value}"}
    assert named(ask(spared, f"{key} = {value}")) == set()
    assert named(ask(touched, f"{key} = {harmless}")) == set()
    assert named(ask(touched, f"{key} = ?")) == {f"{key} = ?"}
    other = ask(spared, f"{key} = {value}")
    assert other == ask(spared)


@pytest.mark.parametrize("row", ["net.ipv6.conf.*.seg6_enabled", "net.ipv6.conf.*.rpl_seg_enabled"])
def test_some_settings_need_those_of_all_interfaces_too(row: str) -> None:
    key = ROWS[row][0]
    assert named(ask(SEGMENT, f"{key} = 1", f"{row.replace('*', 'all')} = 0")) == set()


def test_arp_that_answers_nobody_touches_all_that_comes_in() -> None:
    assert named(ask(SSH, "net.ipv4.conf.all.arp_ignore = 8")) == {"net.ipv4.conf.all.arp_ignore = 8"}
    assert named(ask(THROUGH6, "net.ipv4.conf.all.arp_ignore = 8")) == set()


def test_marks_are_reflected_in_vain_where_nobody_asks_for_them() -> None:
    text = "".join(line for line in HOST.splitlines(True) if "fwmark" not in line)
    world = World(load_text(f"{text}net.ipv4.fwmark_reflect = 1\n"))
    assert named(trace(world, PING)) == set()


def test_a_full_table_of_connections_takes_no_more() -> None:
    most, count = "net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_count"
    assert named(ask(SSH, f"{most} = 100", f"{count} = 99")) == set()
    assert named(ask(SSH, f"{most} = 100", f"{count} = 100")) == {f"{count} = 100"}
    assert named(ask(SENT, f"{most} = 100", f"{count} = 100")) == {f"{count} = 100"}
    assert named(ask(SSH, f"{most} = 0", f"{count} = 100")) == set()


def test_an_interface_without_ipv6_takes_none() -> None:
    off = ask(SSH6, "net.ipv6.conf.eth0.disable_ipv6 = 1").forward
    assert (off.disposition, off.kernel_reason) == ("dropped", "IPV6DISABLED")
    assert ask(SSH, "net.ipv6.conf.eth0.disable_ipv6 = 1").forward.disposition == "delivered"
    assert ask(SSH6, "net.ipv6.conf.eth1.disable_ipv6 = 1").forward.disposition == "delivered"
    assert ask(SSH6, "net.ipv6.conf.all.disable_ipv6 = 1").forward.disposition == "delivered"  # it has IPv6
    assert ask(SSH6, "net.ipv6.conf.eth0.disable_ipv6 = ?").forward.disposition == "undetermined"


def test_whether_an_interface_of_which_nothing_shows_ipv6_takes_it_is_told() -> None:
    text = "".join(line for line in HOST.splitlines(True) if not re.search("inet6 .*:2?0/64|::1.*eth0", line))
    text = re.sub(r"(?m)^.*(2001:db8:1:|fe80::10).*\n", "", text)
    leg = trace(World(load_text(text)), THROUGH6)
    assert ("sysctl-not-captured", ("net.ipv6.conf.eth0.disable_ipv6", "0")) in {
        (lean.code, lean.args) for lean in leg.leans_on
    }
    off = trace(World(load_text(f"{text}net.ipv6.conf.all.disable_ipv6 = 1\n")), THROUGH6).forward
    assert "net.ipv6.conf.eth0.disable_ipv6" in {doubt.args[0] for doubt in off.doubts}


LOOSE = "net.netfilter.nf_conntrack_tcp_loose"
KEEPS_INVALID_OUT = """$ iptables-save
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate INVALID -j DROP
COMMIT
"""


@pytest.mark.parametrize(("value", "ends"), [("0", "dropped"), ("1", "delivered")])
def test_connections_that_began_unseen_are_invalid_where_none_is_taken_up(value: str, ends: str) -> None:
    text = HOST.replace("$ iptables-save\n", KEEPS_INVALID_OUT)
    world = World(load_text(f"{text}{LOOSE} = {value}\n"))
    middle = Question(OUT4, "198.51.100.10", "tcp", 40000, 22, "eth0", stated=(("tcp_flags", 0x10),))
    assert trace(world, middle).forward.disposition == ends
    assert Agreement("loose", world, 4, 3, 20).run().differ == []


@pytest.mark.parametrize("family", [4, 6])
def test_both_readings_have_the_same_doubts(family: int) -> None:
    lines = [f"{key} = {value}\n" for key, value, _, _ in ROWS.values()]
    world = World(load_text(HOST + "".join(lines) + "net.ipv6.conf.eth1.disable_ipv6 = 1\n"))
    found = Agreement("settings", world, 4 if family == 4 else 6, 5, 25).run()
    assert found.differ == []
    assert found.compared["packet"] > 10


def _asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The keys that compiling hosts and following packets ask for."""
    asked: set[str] = set()
    plain = Namespace.sysctl_fact

    def noted(self: Namespace, key: str) -> Sysctl | None:
        asked.add(key)
        return plain(self, key)

    monkeypatch.setattr(Namespace, "sysctl_fact", noted)
    bridge = """$ ip -d link
9: br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    link/ether 02:00:00:00:00:09 brd ff:ff:ff:ff:ff:ff promiscuity 0
    bridge forward_delay 1500
$ ip route show dev br0
"""
    on = "net.ipv4.conf.all.bc_forwarding = 1\nnet.ipv6.conf.all.forwarding = 0\n"
    for text in (HOST, HOST + on, HOST + bridge):
        world = World(load_text(text))
        for question in (SSH, SSH6, PING, PING6, THROUGH, THROUGH6, BACK):
            trace(world, question)
        for v in (4, 6):
            world.bridge_nf(world.site.on("br0"), 4 if v == 4 else 6)
        big = (("length", 9000),)
        trace(world, Question(OUT6, "2001:db8:2::77", "udp", 40000, 9, "eth0", stated=big))
        compile_host(world.site.snapshot.host, leaning=False)
    yield from asked


def test_the_table_names_what_the_readings_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = re.compile(r"(net\.ipv[46]\.(?:conf|neigh)\.)[^.]+(\.\w+)")
    asked = {pattern.sub(r"\1*\2", key) for key in _asked(monkeypatch)}
    known = {*settings.modelled(), *settings.doubtful()}
    assert {key for key in asked if key not in known} == set()
    assert {key for key in settings.modelled() if key not in asked} == set()


def keys() -> list[str]:
    """The settings of the kernel that runs this."""
    command = "grep -rs '' /proc/sys/net | cut -d: -f1 | sort -u"
    found = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False).stdout.split()
    return [file.removeprefix("/proc/sys/").replace("/", ".") for file in found]


def test_every_setting_of_a_kernel_is_in_the_table() -> None:
    if not Path("/proc/sys/net").is_dir():
        pytest.skip("no /proc/sys/net here")
    here = keys()
    assert len(here) > 200
    assert {key for key in here if settings.setting_of(key) is None} == set()


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("net.ipv4.conf.eth0/100.rp_filter", "modelled"),
        ("net.ipv4.conf.all.forwarding", "modelled"),
        ("net.ipv4.conf.eth0.disable_policy", "nothing"),
        ("net.ipv4.tcp_syncookies", "nothing"),
        ("net.ipv4.vs.conntrack", "nothing"),
        ("net.netfilter.nf_conntrack_acct", "nothing"),
        ("net.ipv4.conf.eth0.no_such_setting", None),
        ("net.ipv4.no_such_setting", None),
        ("net.ipv6.no_such_setting", None),
        ("net.bridge.no-such-setting", None),
        ("net.newthing.enabled", None),
    ],
)
def test_the_word_for_a_key(key: str, word: str | None) -> None:
    row = settings.setting_of(key)
    assert (None if row is None else row.word) == word
