"""Whether IPv6 asks table local first, as the policy rules stand (net/ipv6/fib6_rules.c)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.lab.exchange import start_at
from sekisho.semantics.fib import asks_before_local
from sekisho.semantics.world import World
from sekisho.sources import ip_rule
from sekisho.symbolic.one_journeys import journey
from tests.case_files import read
from tests.lab.hosts import ruleset

LOCAL, MAIN = "0: from all lookup local\n", "32766: from all lookup main\n"
MORE = "100: from all fwmark 0x1 lookup 9\n"


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ("", False),
        (LOCAL + MAIN, False),
        (LOCAL + MORE + MAIN, False),
        (MAIN, False),  # asked all the same, until somebody adds a rule
        (MORE + MAIN, True),
        (MORE + "150: from all lookup local\n" + MAIN, True),
        (MAIN + "40000: from all lookup local\n", True),
    ],
)
def test_what_is_asked_before_table_local(rules: str, wanted: bool) -> None:
    assert asks_before_local(ip_rule.parse(rules, "ip6-rule.txt", 6).facts, 6) is wanted
    assert not asks_before_local(ip_rule.parse(rules, "ip-rule.txt", 4).facts, 4)


def test_the_type_of_an_address_is_open_then() -> None:
    """xt_addrtype and fib look it up by the rules in IPv6 (match_type6; nft_fib6_eval_type, measured)."""
    rules = "*filter\n:INPUT ACCEPT\n-A INPUT -m addrtype --dst-type LOCAL -j DROP\nCOMMIT\n"
    case = read("ipv6-asks-local-without-its-rule")
    snapshot = case.snapshot()
    for text, wanted in ((LOCAL + MAIN, "dropped"), (MORE + "150: from all lookup local\n", "undetermined")):
        host = replace(
            snapshot.host,
            rulesets=(ruleset(rules, 6),),
            rules=ip_rule.parse(text, "ip6-rule.txt", 6).facts,
        )
        found = journey(World(replace(snapshot, host=host)), start_at(case.packet)).forward
        assert found.disposition == wanted
    assert [doubt.code for doubt in found.doubts] == ["address-type-by-route"]
