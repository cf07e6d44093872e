"""What ``ip -d link`` says of interfaces and of a bridge's ports: what decides and is not modelled is a doubt
where frames could stop. Names: iproute2's ipaddress.c (print_link_flags), iplink_bridge_slave.c,
iplink_xdp.c."""

from __future__ import annotations

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.semantics.journey import Leg
from sekisho.semantics.link_settings import FLAGS, PORT_DOUBTS, PORT_WORDS
from sekisho.semantics.world import World
from sekisho.sources import ip_link
from sekisho.sources.load import load_text
from tests.agreement.verbs import Agreement

LINKS = """$ ip -d link
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
2: eth0: <{flags}> mtu 1500 {xdp}qdisc mq {master}state UP mode DEFAULT group default qlen 1000
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff promiscuity 0{kind}
3: br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default
    link/ether 02:00:00:00:00:03 brd ff:ff:ff:ff:ff:ff promiscuity 0
    bridge forward_delay 1500 hello_time 200
4: v0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br0 state UP mode DEFAULT group default
    link/ether 02:00:00:00:00:04 brd ff:ff:ff:ff:ff:ff promiscuity 1
    veth
    bridge_slave state forwarding priority 32 cost 2 hairpin off {port}isolated off
5: v1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br0 state UP mode DEFAULT group default
    link/ether 02:00:00:00:00:05 brd ff:ff:ff:ff:ff:ff promiscuity 1
    veth
    bridge_slave state forwarding priority 32 cost 2 hairpin off isolated off
$ ip addr
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP
    inet 198.51.100.10/24 scope global eth0
3: br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 192.0.2.1/24 scope global br0
$ ip route
default via 198.51.100.1 dev eth0
198.51.100.0/24 dev eth0 proto kernel scope link src 198.51.100.10
192.0.2.0/24 dev br0 proto kernel scope link src 192.0.2.1
$ ip rule
0:	from all lookup local
32766:	from all lookup main
32767:	from all lookup default
$ iptables-save
$ sysctl -a
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.eth0.rp_filter = 0
net.ipv4.conf.br0.rp_filter = 0
"""
PLAIN = "BROADCAST,MULTICAST,UP,LOWER_UP"
IN = Question("203.0.113.9", "198.51.100.10", "tcp", 40000, 22, "eth0", with_reply=False)
OUT = Question("host", "203.0.113.9", "tcp", 40000, 22, with_reply=False)


def text(flags: str = PLAIN, xdp: str = "", master: str = "", kind: str = "", port: str = "") -> str:
    """A host with one interface, a bridge and two ports."""
    said = {"flags": flags, "xdp": xdp, "master": master, "kind": kind, "port": port}
    return LINKS.format(**said)


def said(leg: Leg) -> set[tuple[str, ...]]:
    """What of interfaces it depends on."""
    return {doubt.args for doubt in leg.doubts if doubt.code == "link-not-modelled"}


def ask(listing: str, question: Question) -> set[tuple[str, ...]]:
    """Trace on the host."""
    return said(trace(World(load_text(listing)), question).forward)


@pytest.mark.parametrize("xdp", ["xdp ", "xdpgeneric ", "xdpgeneric/id:12 ", "xdpoffload ", "xdpmulti "])
def test_a_program_has_what_comes_in_before_ip_does(xdp: str) -> None:
    listing = text(xdp=xdp)
    assert ask(listing, IN) == {("eth0", "XDP")}
    assert ask(listing, OUT) == set()
    lines = listing.partition("\n")[2].partition("$ ip addr")[0]
    found = ip_link.parse(lines, "ip-link.txt")
    assert found.unread == ()
    assert f"mtu 1500 {xdp}qdisc mq" in ip_link.render(found.facts)


def test_json_says_the_same_of_a_program() -> None:
    one = (
        '[{"ifindex":2,"ifname":"eth0","flags":["UP","LOWER_UP"],"mtu":1500,'
        '"xdp":{"mode":2,"prog":{"id":12}},"promiscuity":0}]'
    )
    plain = text().partition("$ ip addr")[2]
    assert ask(f"$ ip -j -d link\n{one}\n$ ip addr{plain}", IN) == {("eth0", "XDP")}
    assert ask(f"$ ip -j -d link\n{one.replace('xdp', 'xpd')}\n$ ip addr{plain}", IN) == set()


def test_what_holds_an_interface_together_with_others_has_its_packets() -> None:
    bond = text(f"{PLAIN},SLAVE", master="master bond0 ")
    assert ask(bond, IN) == {("eth0", "SLAVE bond0")}
    assert ask(bond, OUT) == {("eth0", "SLAVE bond0")}
    team = text(master="master team0 ", kind="\n    team_slave")
    assert ask(team, IN) == {("eth0", "team team0")}
    virtual_router = text(kind="\n    vrf table 10")
    assert ask(virtual_router, IN) == ask(virtual_router, OUT) == {("eth0", "vrf")}
    assert ask(text(), IN) == ask(text(), OUT) == set()


@pytest.mark.parametrize("word", PORT_DOUBTS)
def test_a_port_that_may_hold_frames_back_is_a_doubt(word: str) -> None:
    harmless = PORT_DOUBTS[word]
    value = {"on": "off", "off": "on", None: "v1"}[harmless]
    listing = text(port=f"{word} {value} ")
    assert ask(listing, IN) == set()
    assert Agreement("ports", World(load_text(listing)), 4, 3, 15).run().differ == []
    found = World(load_text(listing)).links("host")
    assert found.port("br0", "v0").passes is None
    assert found.port("br0", "v1").passes
    assert found.decides("port", "br0", "somebody").args == ("v0", f"{word} {value}")
    if harmless is not None:
        plain = World(load_text(text(port=f"{word} {harmless} "))).links("host")
        assert plain.port("br0", "v0").passes


def test_one_port_is_not_alone_while_another_is_open() -> None:
    shut = text(port="locked on ").replace(
        "state forwarding priority 32 cost 2 hairpin off iso", "state disabled iso"
    )
    assert World(load_text(shut)).links("host").lone("br0") is None
    shut = shut.replace("locked on ", "locked off ")
    assert World(load_text(shut)).links("host").lone("br0") == "v0"


def test_every_flag_and_word_has_one_of_three_words() -> None:
    for table in (FLAGS, PORT_WORDS):
        assert set(table.values()) == {"modelled", "doubt", "nothing"}
    assert {name for name, word in PORT_WORDS.items() if word == "doubt"} == set(PORT_DOUBTS)
