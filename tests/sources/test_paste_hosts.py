"""Which listings are whose, where one page shows several hosts."""

from __future__ import annotations

import pytest

from sekisho.sources.paste import gather

A = (
    "default via 192.0.2.1 dev eth0 src 192.0.2.10\n"
    "192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10\n"
)
B = "default via 203.0.113.1 dev ens5\n203.0.113.0/24 dev ens5 proto kernel scope link src 203.0.113.5\n"
BRIDGE = "172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1\n"
ADDR = """1: lo: <LOOPBACK,UP> mtu 65536 state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: {0}: <BROADCAST,UP> mtu 1500 state UP
    inet {1}/24 scope global {0}
3: docker0: <BROADCAST,UP> mtu 1500 state UP
    inet 172.17.0.1/16 scope global docker0
"""
ROUTE_N = (
    "Kernel IP routing table\n"
    "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
    "0.0.0.0         {0}     0.0.0.0         UG    0      0        0 eth0\n"
    "{1}     0.0.0.0         255.255.255.0   U     0      0        0 eth0\n"
)


@pytest.mark.parametrize(
    ("page", "hosts"),
    [
        (f"$ ip route\n{A}{BRIDGE}$ ip route\n{B}{BRIDGE}", ("192.0.2.10", "203.0.113.5")),
        (f"{A}\nthe other machine:\n{B}", ("192.0.2.10", "203.0.113.5")),
        (f"$ ip route\n{A}$ ip addr\n{ADDR.format('eth0', '203.0.113.5')}", ("192.0.2.10", "203.0.113.5")),
        (f"# ip addr\n{ADDR.format('eth0', '192.0.2.10')}# ip route\n{B}", ("192.0.2.10", "203.0.113.5")),
        (f"a@web1:~$ ip route\n{A}a@web2:~$ ip route\n{A}", ("web1", "web2")),
        (f"root@debian:~# ip route\n{A}root@ubuntu:~# ip route\n{A}", ("debian", "ubuntu")),
        (f"web1$ ip route\n{A}web2$ ip route\n{A}", ("web1", "web2")),
        (f"me@pc:~$ ssh web1 ip route\n{A}me@pc:~$ ssh root@web2 ip route\n{B}", ("web1", "web2")),
        (f"$ ip route\n{A}a@web2:~$ ip route\n{B}", ("192.0.2.10", "web2")),
        (f"a@web1:~$ ip route\n{A}Elsewhere:\n$ ip route\n{B}", ("web1", "203.0.113.5")),
        (f"$ route -n\n{ROUTE_N.format('192.0.2.1', '192.0.2.0')}$ route -n\n"
         f"{ROUTE_N.format('198.51.100.1', '198.51.100.0')}", ("host-1", "host-2")),
        (f"$ ip route\n{A}$ ip route\n{B}$ ip route\n{A}", ("192.0.2.10", "203.0.113.5")),
    ],
)  # fmt: skip
def test_two_hosts(page: str, hosts: tuple[str, ...]) -> None:
    gathered = gather(page, "f")
    assert gathered.hosts == hosts
    assert {piece.host for piece in gathered.pieces} == set(hosts)


@pytest.mark.parametrize(
    "page",
    [
        f"$ ip route\n{A}$ ip route\n{A}{BRIDGE}",  # the same again, and more
        f"$ ip route\n{A}$ ip route\ndefault via 192.0.2.254 dev eth0\n",  # another gateway of its network
        f"$ ip route\n{A}$ ip addr\n{ADDR.format('eth0', '192.0.2.10')}",
        f"$ ip route\n{A}$ ip -6 route\ndefault via fe80::1 dev eth0\n2001:db8::/64 dev eth0 proto kernel\n",
        # A VPN changes the default route; the host's own address is still there.
        f"$ ip route\n{A}$ ip route\ndefault dev tun0\n10.8.0.0/24 dev tun0 scope link src 10.8.0.2\n{A}",
        # Another table says nothing of the host's other addresses.
        f"$ ip route\n{A}$ ip route show table 7\ndefault via 203.0.113.1 dev eth1\n"
        "203.0.113.0/24 dev eth1 scope link src 203.0.113.7\n",
        # What a filter left is no whole listing.
        f"$ ip route\n{A}$ ip route | grep 203\n203.0.113.0/24 dev ens5 scope link src 203.0.113.5\n",
        f"a@web1:~$ ip route\n{A}a@web1.example.com:~$ ip route\n{B}",  # the prompt tells: later, it is newer
        f"ubuntu$ ip route\n{A}root# ip rule\n0:\tfrom all lookup local\n",  # users, not hosts
        f"$ ip route\n{A}$ docker exec web ip route\ndefault via 172.17.0.1 dev eth0\n",
        # The prompt of a shell in a container names the container.
        "a@web1:~$ docker exec -it app bash\nroot@app:/# ip route\ndefault via 172.17.0.1 dev eth0\n"
        f"root@app:/# exit\na@web1:~$ ip route\n{A}",
    ],
)
def test_one_host(page: str) -> None:
    gathered = gather(page, "f")
    assert gathered.hosts == ()
    assert {piece.host for piece in gathered.pieces} == {""}


def test_a_listing_between_belongs_to_the_host_before_it() -> None:
    page = f"before\n$ ip route\n{A}$ sysctl a.b\na.b = 1\nand now the other:\n$ ip route\n{B}\nmore\n"
    gathered = gather(page, "f")
    first, second = (gathered.of(host) for host in gathered.hosts)
    assert [len(one.pieces) for one in (first, second)] == [2, 1]
    assert [line.text for line in first.prose] == ["before", "and now the other:"]
    assert [line.text for line in second.prose] == ["more"]


def test_names_that_come_twice_can_be_told_apart() -> None:
    page = f"a@web1:~$ ip route\n{A}Elsewhere:\n$ ip route\n{B.replace('src 203.0.113.5', '')}"
    assert gather(page, "f").hosts == ("web1", "host-2")
