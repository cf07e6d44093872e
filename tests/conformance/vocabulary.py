"""What random rules and packets are made of, for each family: one small network with its edges."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_interface

from sekisho.values.address import Family

BRIDGES = ("docker0", "br-aaaaaaaaaaaa")
INTERFACES = (*BRIDGES, "eth0", "eth1")
PORTS = (22, 53, 79, 80, 81, 443, 999, 1000, 1001, 2000, 2001, 3306, 8080, 32767, 32768, 65535)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``addresses`` of the host by interface, ``behind`` each interface its neighbours and those that
    are reached through them, ``beyond`` what a packet may be sent to, ``prefixes`` for conditions. Of one
    host: ``more`` of its addresses, the interfaces that are ``bare`` of theirs, the neighbours that are
    ``shut`` off, the ports at which something listens: ``busy``."""

    family: Family
    addresses: dict[str, str]
    behind: dict[str, tuple[str, ...]]
    beyond: tuple[str, ...]
    prefixes: tuple[str, ...]
    routes: tuple[str, ...]
    elsewhere: str
    ranges: tuple[str, ...]
    icmp: str
    icmp_module: str
    icmp_option: str
    icmp_types: tuple[str, ...]
    rejects: tuple[str, ...]
    dnat: tuple[str, ...]
    snat: tuple[str, ...]
    netmap: tuple[str, ...]
    ttl_module: str
    ttl_option: str
    ttl_target: str
    more: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    shut: tuple[str, ...] = ()
    busy: frozenset[int] = frozenset()

    @property
    def held(self) -> tuple[str, ...]:
        """All addresses of the host but those of its lo."""
        return (*(self.own(name) for name in INTERFACES if name not in self.bare), *self.more)

    def network(self, interface: str) -> str:
        """The connected prefix of an interface."""
        return str(ip_interface(self.addresses[interface]).network)

    def own(self, interface: str) -> str:
        """The host's address there."""
        return self.addresses[interface].partition("/")[0]

    def to(self, address: str, port: int | None) -> str:
        """A translation's target in the spelling of the family."""
        if port is None:
            return address
        return f"[{address}]:{port}" if self.family == 6 else f"{address}:{port}"


V4 = Vocabulary(
    family=4,
    addresses={
        "docker0": "172.17.0.1/16",
        "br-aaaaaaaaaaaa": "172.18.0.1/16",
        "eth0": "10.0.1.23/24",
        "eth1": "10.0.2.5/24",
    },
    behind={
        "docker0": ("172.17.0.2", "172.17.0.3"),
        "br-aaaaaaaaaaaa": ("172.18.0.2", "172.18.0.3"),
        "eth0": ("10.0.1.1", "10.0.1.77", "8.8.8.8", "203.0.113.9"),
        "eth1": ("10.0.2.9", "192.168.7.7", "8.8.8.8"),
    },
    beyond=("8.8.8.8", "203.0.113.9", "203.0.113.200", "192.168.7.7", "198.51.100.4", "127.0.0.1"),
    prefixes=(
        "10.0.0.0/16", "10.0.1.0/24", "172.17.0.0/16", "172.18.0.0/16", "172.18.0.2/32", "172.18.0.3/32",
        "10.0.1.23/32", "8.8.8.0/24", "203.0.113.0/24", "203.0.113.0/25", "0.0.0.0/1", "192.168.0.0/16",
        "172.16.0.0/12", "10.0.2.5/32", "172.18.0.0/30",
    ),
    routes=(
        "192.168.0.0/16 via 10.0.2.9 dev eth1", "blackhole 198.51.100.0/24", "unreachable 192.168.7.0/24",
        "prohibit 203.0.113.0/24", "8.8.8.0/24 via 10.0.2.9 dev eth1 src 10.0.2.5", "throw 8.0.0.0/8",
        "203.0.113.0/25 via 10.0.1.77 dev eth0 metric 5", "172.18.0.128/25 via 10.0.1.77 dev eth0",
        "198.51.100.4 via 10.0.1.1 dev eth0 metric 9",
    ),
    elsewhere="default via 10.0.2.9 dev eth1 table 100",
    ranges=("10.0.1.1-10.0.1.99", "172.18.0.2-172.18.0.3", "10.0.1.24-10.0.1.77"),
    icmp="icmp", icmp_module="icmp", icmp_option="--icmp-type",
    icmp_types=("8", "0", "3", "3/1", "8/0"),
    rejects=(
        "icmp-port-unreachable", "icmp-admin-prohibited", "icmp-host-unreachable", "icmp-net-prohibited",
    ),
    dnat=("172.18.0.2", "172.18.0.3", "172.17.0.2", "10.0.1.77", "10.0.2.5"),
    snat=("10.0.1.23", "172.18.0.1", "10.0.1.99"),
    netmap=("172.18.0.0/24", "10.0.2.0/24"),
    ttl_module="ttl", ttl_option="--ttl", ttl_target="TTL --ttl-set",
)  # fmt: skip

V6 = Vocabulary(
    family=6,
    addresses={
        "docker0": "fd00:17::1/64",
        "br-aaaaaaaaaaaa": "fd00:18::1/64",
        "eth0": "fd00:1::23/64",
        "eth1": "fd00:2::5/64",
    },
    behind={
        "docker0": ("fd00:17::2", "fd00:17::3"),
        "br-aaaaaaaaaaaa": ("fd00:18::2", "fd00:18::3"),
        "eth0": ("fd00:1::1", "fd00:1::77", "2001:db8:8::8", "2001:db8:f::9"),
        "eth1": ("fd00:2::9", "fd00:7::7", "2001:db8:8::8"),
    },
    beyond=("2001:db8:8::8", "2001:db8:f::9", "2001:db8:f:8000::1", "fd00:7::7", "2001:db8:b::4"),
    prefixes=(
        "fd00::/16", "fd00:1::/64", "fd00:17::/64", "fd00:18::/64", "fd00:18::2/128", "fd00:18::3/128",
        "fd00:1::23/128", "2001:db8:8::/48", "2001:db8:f::/48", "2001:db8:f::/49", "::/1", "fd00:7::/32",
        "fd00:16::/28", "fd00:2::5/128",
    ),
    routes=(
        "fd00:7::/32 via fd00:2::9 dev eth1 metric 1024 pref medium",
        "blackhole 2001:db8:b::/48 dev lo metric 1024 pref medium",
        "unreachable fd00:7::/48 dev lo metric 1024 pref medium",
        "prohibit 2001:db8:f::/48 dev lo metric 1024 pref medium",
        "2001:db8:8::/48 via fd00:2::9 dev eth1 metric 1024 pref medium",
        "throw 2001:db8:8::/46 dev lo metric 1024 pref medium",
        "2001:db8:f::/49 via fd00:1::77 dev eth0 metric 5 pref medium",
    ),
    elsewhere="default via fd00:2::9 dev eth1 table 100 metric 1024 pref medium",
    ranges=("fd00:1::1-fd00:1::99", "fd00:18::2-fd00:18::3"),
    icmp="ipv6-icmp", icmp_module="icmp6", icmp_option="--icmpv6-type",
    icmp_types=("128", "129", "1/4", "128/0"),
    rejects=("icmp6-port-unreachable", "icmp6-adm-prohibited", "icmp6-no-route", "icmp6-addr-unreachable"),
    dnat=("fd00:18::2", "fd00:18::3", "fd00:17::2", "fd00:1::77", "fd00:2::5"),
    snat=("fd00:1::23", "fd00:18::1", "fd00:1::99"),
    netmap=("fd00:18::/112", "fd00:2::/112"),
    ttl_module="hl", ttl_option="--hl", ttl_target="HL --hl-set",
)  # fmt: skip
VOCABULARIES: dict[int, Vocabulary] = {4: V4, 6: V6}

SETS = """\
create ips hash:ip family {inet} hashsize 1024 maxelem 65536
add ips {a77}
add ips {c2}
add ips {far}
create nets hash:net family {inet} hashsize 1024 maxelem 65536
add nets {wide}
add nets {lan} nomatch
add nets {c2}
create ipport hash:ip,port family {inet} hashsize 1024 maxelem 65536
add ipport {c2},tcp:80
add ipport {own},udp:53
add ipport {c3},udp:1000-1001
create netif hash:net,iface family {inet} hashsize 1024 maxelem 65536
add netif {wide},eth0
add netif {lan17},docker0
create lists list:set size 8
add lists ips
add lists nets
"""
BITMAP = """\
create bports bitmap:port range 0-65535
add bports 80
add bports 8080
"""


def sets_text(words: Vocabulary) -> str:
    """ipset save of the family's sets; bitmap:port has no family and comes once."""
    prefix = "" if words.family == 4 else "6"
    text = SETS.format(
        inet="inet" if words.family == 4 else "inet6", a77=words.behind["eth0"][1],
        c2=words.behind["br-aaaaaaaaaaaa"][0], c3=words.behind["br-aaaaaaaaaaaa"][1], far=words.beyond[1],
        wide=words.prefixes[0], lan=words.network("eth0"), own=words.own("eth0"),
        lan17=words.network("docker0"),
    )  # fmt: skip
    if prefix:
        for name in ("ips", "nets", "ipport", "netif", "lists"):
            text = text.replace(f" {name} ", f" {name}6 ").replace(f" {name}\n", f" {name}6\n")
        return text
    return text + BITMAP
