"""Several hosts, built for real: every pair connects where the answer says so, there and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.answers.call import Caller
from sekisho.answers.trace import Question
from sekisho.semantics.world import World
from sekisho.sources.load import load_parts
from tests.answers.real_hosts import Hosts

pytestmark = pytest.mark.kernel


def lan(hosts: Hosts, *members: tuple[str, str]) -> None:
    """Hosts with an ``eth0`` each on one wire: a namespace of its own is the switch."""
    hosts.run("lan", "ip link add sw type bridge", "ip link set sw up")
    for number, (host, address) in enumerate(members):
        hosts.wire(host, "eth0", "lan", f"p{number}")
        hosts.run("lan", f"ip link set p{number} master sw")
        hosts.run(host, f"ip addr add {address}/24 dev eth0")


def docker(hosts: Hosts, host: str, container: str, port: int) -> None:
    """As dockerd leaves it: docker0, a container at 172.17.0.2, its port 80 published."""
    hosts.run(
        host, "ip link add docker0 type bridge", "ip addr add 172.17.0.1/16 dev docker0",
        "ip link set docker0 up", "echo 1 > /proc/sys/net/ipv4/ip_forward",
    )  # fmt: skip
    hosts.wire(host, "veth0", container, "eth0")
    hosts.run(host, "ip link set veth0 master docker0")
    hosts.run(container, "ip addr add 172.17.0.2/16 dev eth0", "ip route add default via 172.17.0.1")
    hosts.run(
        host,
        "iptables-nft -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
        f"iptables-nft -t nat -A PREROUTING -p tcp --dport {port} -j DNAT --to-destination 172.17.0.2:80",
        "iptables-nft -P FORWARD DROP",
        "iptables-nft -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "iptables-nft -A FORWARD -i docker0 ! -o docker0 -j ACCEPT",
        "iptables-nft -A FORWARD -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT",
    )
    hosts.listen(container, 80)


def differing(
    hosts: Hosts, folder: Path, tried: list[tuple[str, str, int]]
) -> dict[str, tuple[object, object]]:
    """Pairs of which the answer is another one than what came of the connection, with both."""
    world = World(*load_parts(str(hosts.capture(folder))))
    caller = Caller(world)
    found: dict[str, tuple[object, object]] = {}
    for node, address, port in tried:
        source = f"container:{node}" if "/" in node else f"host:{node}"
        if len(world.sites) == 1:  # then its own name tells nothing
            source = f"container:{node.partition('/')[2]}" if "/" in node else "host"
        answer = caller.call(Question(source, f"{address}:{port}", "tcp", 40000)).works
        real = hosts.connects(node, address, port)
        if answer is not real:
            found[f"{node} -> {address}:{port}"] = answer, real
    return found


def test_two_hosts_with_the_same_addresses_behind_them(tmp_path: Path) -> None:
    """Both have 172.17.0.2 on docker0: who is meant is told by where the packet is."""
    with Hosts(["a", "a/web", "b", "b/db", "lan"]) as hosts:
        lan(hosts, ("a", "10.0.0.11"), ("b", "10.0.0.12"))
        docker(hosts, "a", "a/web", 8080)
        docker(hosts, "b", "b/db", 3306)
        hosts.listen("a", 22)
        hosts.run("b", "iptables-nft -A INPUT -s 10.0.0.11/32 -p tcp --dport 23 -j DROP")
        hosts.listen("b", 22, 23)
        hosts.nodes = hosts.nodes[:-1]
        tried = [
            (node, address, port)
            for node in ("a", "a/web", "b", "b/db")
            for address in ("10.0.0.11", "10.0.0.12", "172.17.0.2", "172.17.0.1")
            for port in (22, 23, 80, 8080, 3306)
        ]
        try:
            assert differing(hosts, tmp_path / "s", tried) == {}
            assert hosts.connects("a/web", "10.0.0.12", 3306)
            assert not hosts.connects("a/web", "10.0.0.12", 23)
        finally:
            hosts.nodes = (*hosts.nodes, "lan")


@pytest.mark.parametrize(
    "rule", ["", "INPUT -p udp --dport 4789 -j DROP", "OUTPUT -p udp --dport 4789 -j DROP"]
)
def test_a_vxlan_between_two_hosts(rule: str, tmp_path: Path) -> None:
    """What goes by it goes inside a packet of the host's own, which the far host's rules may drop."""
    with Hosts(["a", "b"]) as hosts:
        hosts.wire("a", "eth0", "b", "eth0")
        for host, near, far, inner in (("a", 11, 12, 1), ("b", 12, 11, 2)):
            hosts.run(
                host, f"ip addr add 10.0.0.{near}/24 dev eth0",
                f"ip link add vx0 type vxlan id 42 remote 10.0.0.{far} local 10.0.0.{near} dstport 4789",
                f"ip addr add 10.99.0.{inner}/24 dev vx0", "ip link set vx0 up",
            )  # fmt: skip
        hosts.run("a", "ip route add 10.88.0.0/24 via 10.99.0.2")
        hosts.run("b", "ip addr add 10.88.0.1/32 dev lo")
        if rule:
            hosts.run("b", f"iptables-nft -A {rule}")
        hosts.listen("b", 80)
        hosts.listen("a", 80)
        tried = [
            ("a", "10.99.0.2", 80),
            ("a", "10.88.0.1", 80),
            ("b", "10.99.0.1", 80),
            ("a", "10.0.0.12", 80),
        ]
        assert differing(hosts, tmp_path / "s", tried) == {}
        assert hosts.connects("a", "10.88.0.1", 80) is not bool(rule)


def test_bridges_joined_by_a_vxlan(tmp_path: Path) -> None:
    """One network over two hosts, as overlays have it: a container finds another one's address."""
    with Hosts(["a", "a/c1", "b", "b/c2"]) as hosts:
        hosts.wire("a", "eth0", "b", "eth0")
        for host, near, far, inner in (("a", 11, 12, "a/c1"), ("b", 12, 11, "b/c2")):
            hosts.run(
                host, f"ip addr add 10.0.0.{near}/24 dev eth0", "ip link add br0 type bridge",
                f"ip link add vx0 type vxlan id 7 remote 10.0.0.{far} local 10.0.0.{near} dstport 4789",
                "ip link set vx0 master br0", "ip link set vx0 up", "ip link set br0 up",
            )  # fmt: skip
            hosts.wire(host, "veth0", inner, "eth0")
            hosts.run(host, "ip link set veth0 master br0", f"ip addr add 10.50.0.{near}/24 dev br0")
            hosts.run(inner, f"ip addr add 10.50.0.{near + 100}/24 dev eth0")
            hosts.listen(inner, 80)
        tried = [
            ("a/c1", "10.50.0.112", 80), ("b/c2", "10.50.0.111", 80), ("a", "10.50.0.112", 80),
            ("a/c1", "10.50.0.12", 80),
        ]  # fmt: skip
        assert differing(hosts, tmp_path / "s", tried) == {}
        assert hosts.connects("a/c1", "10.50.0.112", 80)


def test_a_namespace_that_routes_for_others(tmp_path: Path) -> None:
    """A VPN container: no bridge between, and no address of the router's is the target's."""
    with Hosts(["a", "a/vpn", "a/inner"]) as hosts:
        hosts.wire("a", "to-vpn", "a/vpn", "eth0")
        hosts.wire("a/vpn", "eth1", "a/inner", "eth0")
        hosts.run("a", "ip addr add 10.1.0.1/24 dev to-vpn", "ip route add 10.2.0.0/24 via 10.1.0.2")
        hosts.run("a/vpn", "ip addr add 10.1.0.2/24 dev eth0", "ip addr add 10.2.0.1/24 dev eth1")
        hosts.run("a/vpn", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        hosts.run("a/vpn", "iptables-nft -A FORWARD -p tcp --dport 81 -j REJECT")
        hosts.run("a/inner", "ip addr add 10.2.0.2/24 dev eth0", "ip route add default via 10.2.0.1")
        hosts.listen("a/inner", 80, 81)
        hosts.listen("a", 80)
        tried = [
            ("a", "10.2.0.2", 80), ("a", "10.2.0.2", 81), ("a", "10.2.0.1", 80), ("a", "10.2.0.3", 80),
            ("a/inner", "10.1.0.1", 80), ("a/inner", "10.1.0.2", 80), ("a/inner", "10.3.0.1", 80),
        ]  # fmt: skip
        assert differing(hosts, tmp_path / "s", tried) == {}
        assert hosts.connects("a", "10.2.0.2", 80)


def test_a_bridge_in_a_container(tmp_path: Path) -> None:
    """Docker in a container: both bridges are called docker0."""
    with Hosts(["a", "a/dind", "a/inner"]) as hosts:
        docker(hosts, "a", "a/dind", 8080)
        hosts.run(
            "a/dind", "ip link add docker0 type bridge", "ip link set docker0 up",
            "ip addr add 172.30.0.1/24 dev docker0", "echo 1 > /proc/sys/net/ipv4/ip_forward",
        )  # fmt: skip
        hosts.wire("a/dind", "vi0", "a/inner", "eth0")
        hosts.run("a/dind", "ip link set vi0 master docker0")
        hosts.run("a/inner", "ip addr add 172.30.0.2/24 dev eth0", "ip route add default via 172.30.0.1")
        hosts.run("a", "ip route add 172.30.0.0/24 via 172.17.0.2")
        hosts.listen("a/inner", 80)
        hosts.listen("a", 22)
        tried = [
            ("a", "172.30.0.2", 80), ("a/dind", "172.30.0.2", 80), ("a/inner", "172.17.0.1", 22),
            ("a/inner", "172.17.0.2", 80), ("a/inner", "172.30.0.1", 80),
        ]  # fmt: skip
        assert differing(hosts, tmp_path / "s", tried) == {}
        assert hosts.connects("a", "172.30.0.2", 80)
