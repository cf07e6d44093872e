"""A gateway that somebody blacked out is open, the rest of its route is not; both readings say so.

What is expected is what the kernel does for every gateway that could stand there: the interface and its check
of the source (rp_filter) do not depend on it, the source that MASQUERADE takes does (inet_select_addr).
"""

from __future__ import annotations

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.semantics.journey import Journey
from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from tests.agreement.verbs import Agreement

ROUTES = """$ ip route
default via {gateway} dev {dev} src 10.0.0.10
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
$ sysctl -a
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = 1
net.ipv4.conf.eth0.rp_filter = 1
net.ipv4.conf.docker0.rp_filter = 0
"""
LAN = """$ ip addr
2: eth0: <UP> mtu 1500
    inet 10.0.0.10/24 scope global eth0
3: lan: <UP> mtu 1500
    inet 10.1.0.10/24 scope global lan
4: docker0: <UP> mtu 1500
    inet 172.17.0.1/16 scope global docker0
"""
NAT = """$ iptables-save -t nat
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
"""
TWO_ADDRESSES = """$ ip addr
1: lo: <LOOPBACK,UP> mtu 65536 state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,UP> mtu 1500 state UP
    inet 10.0.0.10/24 scope global eth0
    inet 10.0.9.10/24 scope global eth0
3: docker0: <BROADCAST,UP> mtu 1500 state UP
    inet 172.17.0.1/16 scope global docker0
"""
FAILED = "$ ip neigh\n10.0.0.1 dev eth0 FAILED\n"


def ask(text: str, source: str, target: str) -> Journey:
    world = World(load_text(text))
    return trace(world, Question(source, target, "tcp", sport=40000, dport=443))


def routes(gateway: str, dev: str = "eth0") -> str:
    return ROUTES.format(gateway=gateway, dev=dev)


@pytest.mark.parametrize("gateway", ["x.x.x.x", "10.0.0.x", "<redacted>", "[REDACTED]", "***", "a.b.c.d"])
def test_the_way_out_is_known(gateway: str) -> None:
    found = ask(routes(gateway) + NAT, "172.17.0.2", "203.0.113.5")
    assert found.forward.disposition == "exits"
    packet = found.forward.packet
    assert (packet.oif, packet.src) == ("eth0", 0x0A00000A)
    assert found.reply is not None
    assert found.reply.disposition == "delivered"


def test_the_check_of_a_source_needs_no_gateway() -> None:
    assert ask(routes("x.x.x.x"), "203.0.113.5", "10.0.0.10").forward.disposition == "delivered"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (routes("x.x.x.x", "docker0"), "one behind a bridge may be meant"),
        (routes("x.x.x.x", "lan"), "an interface that may be a bridge"),
        (routes("x.x.x.x") + NAT + TWO_ADDRESSES, "the gateway chooses among two addresses"),
        (routes("x.x.x.x") + FAILED, "the gateway may be the one that does not answer"),
    ],
)
def test_where_it_decides_nobody_can_say(text: str, why: str) -> None:
    found = ask(text, "172.17.0.2", "203.0.113.5")
    assert found.forward.disposition == "undetermined", why
    assert "route-gateway-hidden" in {doubt.code for doubt in found.forward.doubts}


@pytest.mark.parametrize(
    "text", [routes("x.x.x.x") + NAT, routes("x.x.x.x", "lan") + LAN, routes("x.x.x.x") + NAT + TWO_ADDRESSES]
)
def test_both_readings_agree(text: str) -> None:
    found = Agreement("hidden gateway", World(load_text(text)), 4, 7, 20).run()
    assert found.differ == []
    assert found.compared["packet"] > 10
