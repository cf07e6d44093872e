"""What is in an ipset, as a kernel counts it."""

from __future__ import annotations

import socket
import struct

import pytest

from sekisho.lab.namespaces import NetworkNamespace
from sekisho.semantics.match_context import MatchContext
from sekisho.semantics.matches import rule_guard
from sekisho.semantics.program import Guard
from sekisho.sources import ipset_save
from sekisho.symbolic.state import State
from sekisho.values.packet import ICMP, UDP
from tests.semantics.one import holds
from tests.semantics.rules import HOST, packet, rule

SETS = """create nets hash:net family inet hashsize 1024 maxelem 65536
add nets 10.1.0.0/16
add nets 10.1.2.0/24 nomatch
add nets 10.1.2.3
create pairs hash:ip,port family inet hashsize 1024 maxelem 65536
add pairs 10.1.0.5,udp:53
add pairs 10.1.0.5,tcp:80
add pairs 10.1.0.5,icmp:8/0
create ports bitmap:port range 0-1024
add ports 80
create wide hash:ip family inet hashsize 1024 maxelem 65536 netmask 24
add wide 10.5.5.0
create all list:set size 8
add all nets
add all wide
"""
Sent = tuple[int, int] | int
# A question, the destination, and a datagram's ports (source, destination) or an ICMP type: whether the rule
# fits (measured: Linux 6.18, ipset 7).
TABLE: list[tuple[str, str, Sent, bool]] = [
    ("--match-set nets dst", "10.1.9.9", (1000, 53), True),
    ("--match-set nets dst", "10.1.2.9", (1000, 53), False),
    ("--match-set nets dst", "10.1.2.3", (1000, 53), True),
    ("--match-set nets dst", "10.2.0.1", (1000, 53), False),
    ("--match-set nets src", "10.1.9.9", (1000, 53), False),
    ("! --match-set nets dst", "10.1.9.9", (1000, 53), False),
    ("! --match-set nets dst", "10.1.2.9", (1000, 53), True),
    ("--match-set nets dst --return-nomatch", "10.1.9.9", (1000, 53), False),
    ("--match-set nets dst --return-nomatch", "10.1.2.9", (1000, 53), True),
    ("--match-set nets dst --return-nomatch", "10.1.2.3", (1000, 53), False),
    # The options of one -m set belong together, in any order; another one may follow.
    ("--return-nomatch --match-set nets dst", "10.1.2.9", (1000, 53), True),
    ("--match-set nets dst --return-nomatch -m set ! --match-set wide dst", "10.1.2.9", (1000, 53), True),
    ("! --match-set wide dst -m set --return-nomatch --match-set nets dst", "10.1.2.9", (1000, 53), True),
    ("! --match-set wide dst -m set --return-nomatch --match-set nets dst", "10.1.9.9", (1000, 53), False),
    ("! --match-set wide dst -m set ! --match-set nets dst", "10.1.9.9", (1000, 53), False),
    ("--match-set pairs dst,dst", "10.1.0.5", (1000, 53), True),
    ("--match-set pairs dst,dst", "10.1.0.5", (53, 1000), False),
    ("--match-set pairs dst,src", "10.1.0.5", (53, 1000), True),
    ("--match-set pairs dst,dst", "10.1.0.6", (1000, 53), False),
    ("--match-set pairs dst,dst", "10.1.0.5", (1000, 80), False),
    ("--match-set pairs dst,dst", "10.1.0.5", 8, True),
    ("--match-set pairs dst,dst", "10.1.0.5", 13, False),
    ("! --match-set pairs dst,dst", "10.1.0.5", 13, True),
    ("--match-set ports dst", "10.9.0.1", (1000, 80), True),
    ("--match-set ports src", "10.9.0.1", (1000, 80), False),
    ("--match-set ports dst", "10.9.0.1", (1000, 81), False),
    ("--match-set wide dst", "10.5.5.77", (1000, 53), True),
    ("--match-set wide dst", "10.5.6.77", (1000, 53), False),
    ("--match-set all dst", "10.5.5.77", (1000, 53), True),
    ("--match-set all dst", "10.1.9.9", (1000, 53), True),
    ("--match-set all dst", "10.9.9.9", (1000, 53), False),
]


def _send(where: NetworkNamespace, dst: str, sent: Sent) -> None:
    if isinstance(sent, int):
        with where.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as asking:
            asking.sendto(struct.pack("!BBHHH", sent, 0, 0, 7, 1) + bytes(12), (dst, 0))
        return
    with where.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind(("10.9.9.1", sent[0]))
        asking.sendto(b"?", (dst, sent[1]))


@pytest.mark.kernel
def test_the_kernel_counts_them_so() -> None:
    where = NetworkNamespace()
    try:
        where.run(["ip", "link", "set", "lo", "up"])
        where.run(["ip", "route", "add", "local", "10.0.0.0/8", "dev", "lo"])
        where.run(["ipset", "restore"], feed=SETS)
        found = []
        for words, dst, sent, _ in TABLE:
            proto = "icmp" if isinstance(sent, int) else "udp"
            text = f"*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -d {dst} -p {proto} -m set {words}\nCOMMIT\n"
            where.run(["iptables-restore"], feed=text)
            _send(where, dst, sent)
            saved = where.run(["iptables-save", "-c", "-t", "filter"])
            found.append((words, dst, sent, "\n[1:" in saved))
        assert found == TABLE
    finally:
        where.close()


def asked(words: str) -> Guard:
    """The rule's condition, with the sets at hand."""
    parsed = ipset_save.parse(SETS, "ipset-save.txt")
    assert not parsed.unread
    context = MatchContext(4, HOST, {one.name: one for one in parsed.facts})
    return rule_guard(rule(f"-m set {words} -j DROP").matches, context)


def packet_of(dst: str, sent: Sent) -> State:
    """The packet that the kernel was given."""
    if isinstance(sent, int):
        return packet("10.9.9.1", dst, ICMP, icmp_type=sent)
    return packet("10.9.9.1", dst, UDP, sport=sent[0], dport=sent[1])


@pytest.mark.parametrize(("words", "dst", "sent", "fits"), TABLE)
def test_membership(words: str, dst: str, sent: Sent, fits: bool) -> None:
    assert holds(asked(words), packet_of(dst, sent)) is fits
