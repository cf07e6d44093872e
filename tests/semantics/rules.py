"""Rules as typed, compiled; and packets to put before them."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from sekisho.model.netfilter import Rule
from sekisho.semantics.match_context import AddressTypes, MatchContext
from sekisho.semantics.matches import rule_guard
from sekisho.semantics.program import Action, Guard
from sekisho.semantics.targets import rule_action
from sekisho.sources import iptables_save
from sekisho.symbolic.state import State
from sekisho.values.address import Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP, ICMPV6, TCP, Packet
from tests.semantics.one import made

# A host with 10.0.0.1 on eth0 and 172.18.0.1 on br0, as its table local would have it.
_LOCAL = {"eth0": 0x0A000001, "br0": 0xAC120001}
_BROADCAST = {"eth0": 0x0A0000FF, "br0": 0xAC12FFFF}
HOST = AddressTypes(
    {"LOCAL": IntSet.of(*_LOCAL.values()), "BROADCAST": IntSet.of(*_BROADCAST.values(), 0, 0xFFFFFFFF),
     "MULTICAST": IntSet.span(0xE0000000, 0xEFFFFFFF)},
    {name: {"LOCAL": IntSet.of(_LOCAL[name]), "BROADCAST": IntSet.of(_BROADCAST[name])} for name in _LOCAL},
)  # fmt: skip


def rule(words: str, family: Family = 4) -> Rule:
    """``-p tcp --dport 80 -j DROP`` as iptables-save would print it after ``-A FORWARD``."""
    text = f"*filter\n:FORWARD ACCEPT [0:0]\n:other - [0:0]\n-A FORWARD {words}\nCOMMIT\n"
    name = "iptables-save.txt" if family == 4 else "ip6tables-save.txt"
    parsed = iptables_save.parse(text, name, family)
    assert not parsed.unread, parsed.unread
    (table,) = parsed.facts[0].tables
    return table.chains[0].rules[0]


def guard(words: str, family: Family = 4) -> Guard:
    """The condition of the rule."""
    return rule_guard(rule(words, family).matches, MatchContext(family, HOST))


def action(words: str, family: Family = 4) -> Action:
    """What the rule does."""
    return rule_action(rule(words, family).target, frozenset({"other"}), family)


def packet(
    src: str = "192.0.2.9", dst: str = "10.0.0.1", proto: int = TCP, unstated: str = "", **fields: Any
) -> State:
    """A packet on its way; ``fields`` are its state's, ``unstated`` names with blanks."""
    first, second = ip_address(src), ip_address(dst)
    family: Family = 4 if first.version == 4 else 6
    echo: dict[str, Any] = {"icmp_type": 8 if proto == ICMP else 128, "icmp_code": 0}
    kinds = echo if proto in (ICMP, ICMPV6) else {}
    sent = Packet(family, int(first), int(second), proto, **kinds)
    return made(sent, frozenset(unstated.split()), **fields)
