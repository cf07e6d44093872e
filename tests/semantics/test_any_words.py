"""No words of a rule may break a reading: what nobody knows is unsure, of one packet and of all.

What iptables itself takes in upper and lower case was measured with iptables 1.8.9.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.model.netfilter import Option, Target
from sekisho.semantics.match_context import MatchContext
from sekisho.semantics.matches import rule_guard
from sekisho.semantics.program import Guard
from sekisho.semantics.targets import rule_action
from sekisho.sources.iptables_options import MATCHES, SHORT_OF, TARGETS
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.space import Space
from sekisho.values.address import Family
from tests.semantics.one import holds
from tests.semantics.rules import HOST, guard, packet

WORDS = (
    "", "loopback", "Otherhost", "ORIGINAL", "both", "none", "-1", "4:3", "1:2:3", "0x", "65536",
    "99999999999999999999", "10.0.0.1", "10.0.0.0/99", "2001:db8::/64", "2001:db8::1", "/", "/8", "1/",
    "0x1/0xzz", ",", ",,", "a,b", "any", "255", "256", "8/300", "[", "[::1", "[::1]:", "10.0.0.9-10.0.0.1",
    ":", "-", "!", "eth0", "0-", "all", "SYN,XYZ",
)  # fmt: skip
OPTIONS = [
    (module, name, count)
    for module, options in {"": dict.fromkeys(SHORT_OF, 1), **MATCHES}.items()
    for name, count in options.items()
]
TARGET_OPTIONS = [
    (target, name, count) for target, options in TARGETS.items() for name, count in options.items()
]


def both_readings(asked: Guard, family: Family, space: Space) -> None:
    """Neither reading raises; where one packet's is sure, so is that of all."""
    held = holds(asked, packet() if family == 4 else packet("2001:db8::1", "2001:db8::2"))
    guards = Guards(space)
    guards.reverse = lambda _, __: guards.never
    field = space.field
    state = replace(at_start(space), src_mac=field["src_mac"], uid=field["uid"], gid=field["gid"], local=True)
    found = guards.holds(asked, state)
    assert held in (True, False, None)
    if held is True:
        assert found.maybe.satisfiable()


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize(("module", "name", "count"), OPTIONS)
def test_any_word_of_a_match(module: str, name: str, count: int, family: Family) -> None:
    space = Space(family)
    for word in WORDS if count else WORDS[:1]:
        for values in {(word,) * count, (word,) * (count + 1), ()}:
            options = (Option(module, name, False, values),)
            both_readings(rule_guard(options, MatchContext(family, HOST, {})), family, space)


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize(("target", "name", "count"), TARGET_OPTIONS)
def test_any_word_of_a_target(target: str, name: str, count: int, family: Family) -> None:
    for word in WORDS if count else WORDS[:1]:
        for values in {(word,) * count, ()}:
            assert rule_action(
                Target(target, False, (Option(target, name, False, values),)), frozenset(), family
            )


SAME = [
    ("-m pkttype --pkt-type Broadcast", "-m pkttype --pkt-type broadcast"),
    ("-m pkttype --pkt-type mcast", "-m pkttype --pkt-type multicast"),
    ("-m conntrack --ctdir original", "-m conntrack --ctdir ORIGINAL"),
    ("-m conntrack --ctstate new,dnat", "-m conntrack --ctstate NEW,DNAT"),
    ("-m conntrack --ctstatus seen_reply", "-m conntrack --ctstatus SEEN_REPLY"),
    ("-m addrtype --src-type local", "-m addrtype --src-type LOCAL"),
    ("-m dscp --dscp-class af11", "-m dscp --dscp 0x0a"),
    ("-m tos --tos minimize-delay", "-m tos --tos 0x10/0x3f"),
    ("-p icmp -m icmp --icmp-type Echo-Request", "-p icmp -m icmp --icmp-type 8"),
]


@pytest.mark.parametrize(("written", "printed"), SAME)
def test_words_in_upper_and_lower_case(written: str, printed: str) -> None:
    assert guard(written) == guard(printed)


def test_what_is_for_another_host_is_not_for_this_one() -> None:
    """PACKET_OTHERHOST is 3 (include/uapi/linux/if_packet.h); IP refuses such packets before any hook."""
    asked = guard("-m pkttype --pkt-type otherhost")
    assert holds(asked, packet(pkttype=3)) is True
    assert holds(asked, packet(pkttype=0)) is False
