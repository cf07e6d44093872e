"""What each match asks, as iptables-extensions(8) says it; random ones against plain arithmetic."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.lab.namespaces import NetworkNamespace
from sekisho.semantics.program import DNAT_BIT, ESTABLISHED, INVALID, NEW, RELATED, SNAT_BIT, UNTRACKED
from sekisho.values.packet import ICMP, ICMPV6, TCP, UDP
from tests.semantics.one import doubts, holds
from tests.semantics.rules import guard, packet

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
Fields = dict[str, Any]

TABLE: list[tuple[bool | None, str, Fields]] = [
    # ------------------------------------------------------------------------ addresses
    (True, "-s 192.0.2.0/24", {"src": "192.0.2.9"}),
    (False, "-s 192.0.2.0/24", {"src": "192.0.3.9"}),
    (False, "! -s 192.0.2.0/24", {"src": "192.0.2.9"}),
    (True, "-d 10.0.0.1/32", {"dst": "10.0.0.1"}),
    (True, "! -d 127.0.0.0/8", {"dst": "10.0.0.1"}),
    (None, "-s 192.0.2.0/24", {"unstated": "src"}),
    # ------------------------------------------------------------------------ interfaces
    (True, "-i eth0", {"iif": "eth0"}),
    (False, "-i eth0", {"iif": "eth01"}),
    (True, "-i eth+", {"iif": "eth01"}),
    (True, "-i +", {"iif": "anything"}),
    (False, "! -i br-+", {"iif": "br-1234"}),
    (True, "! -i br-+", {"iif": "eth0"}),
    (True, "! -o br0", {"oif": "eth0"}),
    (True, "! -i eth0", {"iif": None}),  # in OUTPUT there is no incoming interface: the name is empty
    (False, "-i eth0", {"iif": None}),
    # ------------------------------------------------------------------------ protocols and ports
    (True, "-p tcp", {"proto": TCP}),
    (False, "! -p tcp", {"proto": TCP}),
    (True, "-p 47", {"proto": 47}),
    (True, "-p tcp -m tcp --dport 80", {"dport": 80}),
    (False, "-p tcp -m tcp --dport 80", {"proto": UDP, "dport": 80}),
    (True, "-p tcp -m tcp --dport 8000:9000", {"dport": 9000}),
    (True, "-p udp -m udp --sport :1023", {"proto": UDP, "sport": 0}),
    (True, "-p udp -m udp --sport 1024:", {"proto": UDP, "sport": 65535}),
    (False, "-p tcp -m tcp ! --dport 80", {"dport": 80}),
    (None, "-p tcp -m tcp --sport 80", {"unstated": "sport"}),
    (False, "-p udp -m udp --sport 80", {"unstated": "sport"}),  # no UDP packet: the port is not asked
    (True, "-p tcp -m multiport --dports 22,80:90,443", {"dport": 85}),
    (False, "-p tcp -m multiport --dports 22,80:90,443", {"dport": 91}),
    (True, "-p tcp -m multiport --ports 22", {"sport": 22, "dport": 1}),
    (True, "-p tcp -m multiport ! --sports 22,23", {"sport": 24}),
    # ------------------------------------------------------------------------ TCP flags
    (True, "-p tcp -m tcp --tcp-flags SYN,ACK,FIN,RST SYN", {"tcp_flags": SYN}),
    (False, "-p tcp -m tcp --tcp-flags SYN,ACK,FIN,RST SYN", {"tcp_flags": SYN | ACK}),
    (True, "-p tcp -m tcp --syn", {"tcp_flags": SYN | PSH}),
    (True, "-p tcp -m tcp ! --syn", {"tcp_flags": ACK}),
    (True, "-p tcp -m tcp --tcp-flags ALL NONE", {"tcp_flags": 0}),
    (True, "-p tcp -m tcp --tcp-flags ALL FIN,PSH,URG", {"tcp_flags": FIN | PSH | URG}),
    (False, "-p tcp -m tcp --tcp-flags ALL FIN,PSH,URG", {"tcp_flags": FIN | PSH}),
    # ------------------------------------------------------------------------ ICMP
    (True, "-p icmp -m icmp --icmp-type 8", {"proto": ICMP}),
    (False, "-p icmp -m icmp --icmp-type 0", {"proto": ICMP}),
    (True, "-p icmp -m icmp --icmp-type any", {"proto": ICMP, "icmp_type": 13}),
    (True, "-p icmp -m icmp --icmp-type 3/4", {"proto": ICMP, "icmp_type": 3, "icmp_code": 4}),
    (False, "-p icmp -m icmp --icmp-type 3/4", {"proto": ICMP, "icmp_type": 3, "icmp_code": 3}),
    (True, "-p icmp -m icmp --icmp-type destination-unreachable",
     {"proto": ICMP, "icmp_type": 3, "icmp_code": 9}),
    # ------------------------------------------------------------------------ connection tracking
    (True, "-m state --state RELATED,ESTABLISHED", {"ctstate": ESTABLISHED, "ctdir": 1}),
    (False, "-m conntrack --ctstate RELATED,ESTABLISHED", {"ctstate": NEW, "ctdir": 0}),
    (True, "-m conntrack --ctstate RELATED", {"ctstate": RELATED, "ctdir": 0}),
    (True, "-m conntrack --ctstate INVALID", {"ctstate": INVALID}),
    (True, "-m conntrack --ctstate UNTRACKED", {"ctstate": UNTRACKED}),
    (True, "-m conntrack ! --ctstate NEW", {"ctstate": ESTABLISHED, "ctdir": 0}),
    (True, "-m conntrack --ctstate DNAT", {"ctstate": NEW, "ctdir": 0, "ctstatus": DNAT_BIT}),
    (False, "-m conntrack --ctstate DNAT", {"ctstate": NEW, "ctdir": 0, "ctstatus": SNAT_BIT}),
    (True, "-m conntrack --ctstate NEW,DNAT", {"ctstate": NEW, "ctdir": 0}),
    (True, "-m conntrack --ctorigdst 10.0.0.0/8", {"ctstate": NEW, "ctdir": 0, "ctorigdst": 0x0A000001}),
    (True, "-m conntrack --ctorigdstport 80", {"ctstate": NEW, "ctdir": 0, "ctorigdport": 80}),
    (True, "-m conntrack --ctdir REPLY", {"ctstate": ESTABLISHED, "ctdir": 1}),
    # ------------------------------------------------------------------------ addresses by type
    (True, "-m addrtype --dst-type LOCAL", {"dst": "10.0.0.1"}),
    (False, "-m addrtype --dst-type LOCAL", {"dst": "10.0.0.2"}),
    (True, "-m addrtype ! --dst-type LOCAL", {"dst": "10.0.0.2"}),
    (True, "-m addrtype --dst-type UNICAST", {"dst": "8.8.8.8"}),
    (False, "-m addrtype --dst-type UNICAST", {"dst": "10.0.0.1"}),
    (True, "-m addrtype --dst-type BROADCAST,MULTICAST", {"dst": "224.0.0.1"}),
    (True, "-m addrtype --dst-type BROADCAST", {"dst": "10.0.0.255"}),
    (True, "-m addrtype --src-type LOCAL --dst-type UNICAST", {"src": "172.18.0.1", "dst": "8.8.8.8"}),
    (True, "-m addrtype --dst-type LOCAL --limit-iface-in", {"dst": "10.0.0.1", "iif": "eth0"}),
    (False, "-m addrtype --dst-type LOCAL --limit-iface-in", {"dst": "10.0.0.1", "iif": "br0"}),
    # ------------------------------------------------------------------------ marks and the rest
    (True, "-m mark --mark 0x4000/0xc000", {"mark": 0x4123}),
    (False, "-m mark --mark 0x4000/0xc000", {"mark": 0xC000}),
    (True, "-m mark ! --mark 1", {"mark": 0}),
    (True, "-m connmark --mark 5", {"ctmark": 5, "ctdir": 0, "ctstate": NEW}),
    (True, '-m comment --comment "some words"', {}),
    (True, "-m iprange --src-range 192.0.2.5-192.0.2.9", {"src": "192.0.2.9"}),
    (False, "-m iprange ! --dst-range 10.0.0.0-10.0.0.9", {"dst": "10.0.0.1"}),
    (True, "-m mac --mac-source 02:00:00:00:00:01", {"src_mac": 0x020000000001, "iif": "eth0"}),
    (None, "-m mac --mac-source 02:00:00:00:00:01", {"iif": "eth0", "unstated": "src_mac"}),
    (True, "-m owner --uid-owner 1000-1999", {"uid": 1500}),
    (True, "-m owner --uid-owner root", {"uid": 0}),
    # Holds unless its object has a quota that is not used up (xt_nfacct.c, nfacct_mt): no snapshot shows it.
    (None, "-m nfacct --nfacct-name web", {}),
    (False, "-m owner ! --uid-owner 0", {"uid": 0}),
    (True, "-m length --length 100:", {"length": 100}),
    (None, "-m length --length 100:", {"unstated": "length"}),
    (True, "-m ttl --ttl-lt 5", {"ttl": 4}),
    (False, "-m ttl --ttl-lt 5", {"ttl": 5}),
    (True, "-m ttl --ttl-gt 5", {"ttl": 6}),
    (False, "-m ttl --ttl-gt 5", {"ttl": 5}),
    (True, "-m dscp --dscp 0x2e", {"tos": 0xB8}),
    (True, "-m pkttype --pkt-type broadcast", {"pkttype": 1}),
    # ------------------------------------------------------------------------ nobody can say
    (None, "-m limit --limit 5/min", {}),
    (False, "-s 198.51.100.0/24 -m limit --limit 5/min", {"src": "192.0.2.9"}),
    (None, "-m statistic --mode random --probability 0.5", {}),
    (None, "-m recent --name x --rcheck", {}),
    (None, "-m whatever --unheard-of 5", {}),
    (None, "-m tcp --unheard-of 5", {}),
    (None, "-m set --match-set blocked src", {}),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "words", "fields"), TABLE, ids=[f"{w}-{t}-{f}" for w, t, f in TABLE])
def test_matches(wanted: bool | None, words: str, fields: Fields) -> None:
    asked, seen = guard(words + " -j DROP"), packet(**fields)
    assert holds(asked, seen) is wanted
    # What cannot be decided always says why.
    assert bool(doubts(asked, seen)) is (wanted is None)


TABLE6: list[tuple[bool | None, str, Fields]] = [
    (True, "-s 2001:db8::/32", {}),
    (False, "-s 2001:db8:1::/48", {}),
    (True, "-p ipv6-icmp -m icmp6 --icmpv6-type 128", {"proto": ICMPV6}),
    (True, "-p ipv6-icmp -m icmp6 --icmpv6-type echo-request", {"proto": ICMPV6}),
    (True, "-m hl --hl-eq 64", {"ttl": 64}),
    (True, "-m hl --hl-gt 63", {"ttl": 64}),
    (False, "-m hl --hl-gt 64", {"ttl": 64}),
    (False, "-m hl --hl-lt 64", {"ttl": 64}),
    (False, "-m frag --fragid 1", {}),
]


@pytest.mark.parametrize(("wanted", "words", "fields"), TABLE6)
def test_matches_of_ipv6(wanted: bool | None, words: str, fields: Fields) -> None:
    seen = packet(src="2001:db8::9", dst="fd00::1", **fields)
    assert holds(guard(words + " -j DROP", 6), seen) is wanted


# Rules that number what they count by their comments, and what a kernel counted of datagrams with each TTL.
TTLS = ("--ttl-eq 5", "! --ttl-eq 5", "--ttl-lt 5", "--ttl-gt 5", "--ttl-gt 254", "--ttl-lt 2")
SENT = (1, 4, 5, 6, 254, 255)


@pytest.mark.kernel
def test_the_kernel_compares_ttls_alike() -> None:
    rules = "".join(f"-A INPUT -m ttl {words}\n" for words in TTLS)
    where = NetworkNamespace()
    try:
        where.run(["ip", "link", "set", "lo", "up"])
        for ttl in SENT:
            where.run(["iptables-restore"], feed=f"*filter\n:INPUT ACCEPT [0:0]\n{rules}COMMIT\n")
            with where.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.bind(("127.0.0.1", 0))
                asking.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
                asking.sendto(b"?", asking.getsockname())
            saved = where.run(["iptables-save", "-c", "-t", "filter"]).splitlines()
            counted = [line.startswith("[1:") for line in saved if "-A INPUT" in line]
            seen = packet(ttl=ttl)
            assert [holds(guard(f"-m ttl {words} -j DROP"), seen) for words in TTLS] == counted, ttl
    finally:
        where.close()


ADDRESSES = st.integers(0, (1 << 32) - 1)
PORTS = st.integers(0, 65535)
MARKS = st.integers(0, 0xFFFFFFFF)


@given(ADDRESSES, st.integers(0, 32), ADDRESSES, st.booleans())
def test_prefixes(value: int, length: int, other: int, negated: bool) -> None:
    network = ip_network((value, length), strict=False)
    near = int(network.network_address) | (other & int(network.hostmask))
    for address in (other, near):
        seen = packet(src=str(ip_address(address)))
        words = f"{'! ' * negated}-s {network} -j DROP"
        assert holds(guard(words), seen) is ((ip_address(address) in network) is not negated)


@given(st.lists(st.tuples(PORTS, PORTS), min_size=1, max_size=7), PORTS, PORTS)
def test_port_lists(spans: list[tuple[int, int]], sport: int, dport: int) -> None:
    ordered = [(min(span), max(span)) for span in spans]
    text = ",".join(f"{low}:{high}" if low != high else str(low) for low, high in ordered)
    seen = packet(sport=sport, dport=dport)
    inside = [any(low <= port <= high for low, high in ordered) for port in (sport, dport)]
    assert holds(guard(f"-p tcp -m multiport --sports {text} -j DROP"), seen) is inside[0]
    assert holds(guard(f"-p tcp -m multiport --dports {text} -j DROP"), seen) is inside[1]
    assert holds(guard(f"-p tcp -m multiport --ports {text} -j DROP"), seen) is any(inside)


@given(MARKS, MARKS, MARKS, st.booleans())
def test_marks(value: int, mask: int, mark: int, negated: bool) -> None:
    words = f"-m mark {'! ' * negated}--mark {value & mask:#x}/{mask:#x} -j DROP"
    assert holds(guard(words), packet(mark=mark)) is ((mark & mask == value & mask) is not negated)


@given(st.integers(0, 63), st.integers(0, 63), st.integers(0, 255))
def test_tcp_flags(mask: int, wanted: int, flags: int) -> None:
    names = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")

    def text(bits: int) -> str:
        return ",".join(name for at, name in enumerate(names) if bits >> at & 1) or "NONE"

    asked = guard(f"-p tcp -m tcp --tcp-flags {text(mask)} {text(wanted & mask)} -j DROP")
    assert holds(asked, packet(tcp_flags=flags)) is (flags & mask == wanted & mask)
