"""What short listings, commands and front ends tell, in all verbs: a doubt where the untold part could act.

Expected values: what the kernel does with either value of what is not told (an IPv6 socket with or without
IPV6_V6ONLY, a chain with rules before or none).
"""

from __future__ import annotations

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.semantics.journey import Journey
from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from sekisho.values.address import Address
from tests.agreement.verbs import Agreement

ROUTES = """$ ip route
default via 192.0.2.1 dev eth0
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
$ sysctl -a
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.docker0.rp_filter = 0
net.ipv4.conf.eth0.rp_filter = 0
"""
NETSTAT = """$ netstat -tulpn
tcp        0      0 0.0.0.0:22      0.0.0.0:*     LISTEN      1/sshd
tcp        0      0 0.0.0.0:80      0.0.0.0:*     LISTEN      2/docker-proxy
tcp6       0      0 :::80           :::*          LISTEN      3/docker-proxy
tcp6       0      0 :::8080         :::*          LISTEN      4/java
"""
APPENDED = "$ iptables -A INPUT -p tcp --dport 22 -j ACCEPT\n"
INSERTED = "$ iptables -I INPUT -p tcp --dport 22 -j ACCEPT\n"
FLUSHED = "$ iptables -F\n$ iptables -P INPUT DROP\n" + APPENDED
UFW = "$ ufw status\nStatus: active\n"
FIREWALLD = "$ firewall-cmd --list-all\npublic (active)\n  target: default\n"
TEMPLATE = (
    "$ docker inspect -f '{{.Name}} {{.NetworkSettings.IPAddress}}' web cache\n"
    "/web 172.17.0.2\n/cache 172.17.0.3\n"
)


def ask(text: str, port: int, source: str = "203.0.113.9", target: str = "192.0.2.10") -> Journey:
    """Trace in the world of a paste."""
    return trace(World(load_text(text)), Question(source, target, "tcp", sport=40000, dport=port))


def why(journey: Journey) -> set[str]:
    return {doubt.code for doubt in journey.forward.doubts}


@pytest.mark.parametrize(
    ("port", "end", "doubts"),
    [
        (22, "delivered", set()),
        (80, "delivered", set()),  # the IPv4 socket has it, whatever the other one takes
        (8080, "undetermined", {"socket-of-both-families"}),
        (443, "no_socket", set()),
    ],
)
def test_an_ipv6_wildcard_of_netstat_may_take_ipv4(port: int, end: str, doubts: set[str]) -> None:
    found = ask(ROUTES + NETSTAT, port)
    assert (found.forward.disposition, why(found)) == (end, doubts)


def test_in_ipv6_there_is_no_doubt() -> None:
    routes = "$ ip -6 route\n2001:db8::/64 dev eth0 proto kernel\n"
    addresses = "$ ip -br addr\nlo UNKNOWN ::1/128\neth0 UP 2001:db8::10/64\n"
    found = ask(routes + addresses + NETSTAT, 8080, "2001:db8::9", "2001:db8::10")
    assert found.forward.disposition == "delivered"


@pytest.mark.parametrize(
    ("commands", "port", "end", "doubts"),
    [
        (APPENDED, 22, "undetermined", {"table-before"}),
        (INSERTED, 22, "delivered", set()),
        (INSERTED, 80, "undetermined", {"table-before"}),
        (FLUSHED, 22, "delivered", set()),
        (FLUSHED, 80, "dropped", set()),
        (FLUSHED + "$ iptables -R INPUT 1 -j DROP\n", 22, "undetermined", {"table-unread"}),
        (UFW, 22, "undetermined", {"table-frontend"}),
        ("$ ufw status\nStatus: inactive\n", 22, "delivered", set()),
        (FIREWALLD, 22, "undetermined", {"table-frontend"}),
    ],
)
def test_rules_that_are_not_told(commands: str, port: int, end: str, doubts: set[str]) -> None:
    found = ask(ROUTES + NETSTAT + commands, port)
    assert (found.forward.disposition, why(found)) == (end, doubts)


def test_a_container_has_the_address_that_docker_told() -> None:
    found = ask(ROUTES + TEMPLATE, 443, "container:web", "203.0.113.9")
    assert found.packet.src == Address.parse("172.17.0.2").value
    world = World(load_text(ROUTES + TEMPLATE))
    assert {item.name: item.origin for item in world.site.attachments} == {"web": "docker", "cache": "docker"}


def test_what_a_listing_does_not_name_may_still_be_there() -> None:
    """docker ps shows those that run, a template what it was asked for: never all that there is."""
    world = World(load_text(ROUTES + TEMPLATE + "$ docker ps\nNAMES   PORTS\nweb     80/tcp\n"))
    assert world.site.docker_bridges == frozenset()


@pytest.mark.parametrize("commands", [APPENDED, INSERTED, FLUSHED, UFW, FIREWALLD, TEMPLATE])
def test_all_verbs_agree(commands: str) -> None:
    found = Agreement("listed", World(load_text(ROUTES + NETSTAT + commands)), 4, 7, 15).run()
    assert found.differ == []
    assert found.compared["packet"] > 10
