"""``ip rule``: every selector and action, as text and as JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.evidence import Evidence
from sekisho.model.routing import PolicyRule
from sekisho.sources import ip_rule, ip_rule_json
from sekisho.values.address import Family, Prefix
from sekisho.values.names import interface_name as iface
from tests.sources.capture_files import capture
from tests.strategies.routing import families, rules
from tests.truth import needs_truth, truth_dir

P = Prefix.parse
# Real lines of iproute2 6.1; what they mean is what the command that made them was told.
GOLDEN = [
    (PolicyRule(4, 0, table="local"), "0:\tfrom all lookup local"),
    (PolicyRule(4, 10, table="10001", src=P("10.0.0.139")), "10:\tfrom 10.0.0.139 lookup 10001"),
    (PolicyRule(4, 11, table="100", negated=True, src=P("10.0.0.0/8"), dst=P("10.2.0.0/16")),
     "11:\tnot from 10.0.0.0/8 to 10.2.0.0/16 lookup 100"),
    (PolicyRule(4, 12, table="100", tos=0x10), "12:\tfrom all tos 0x10 lookup 100"),
    (PolicyRule(4, 13, fwmark=(0x1, 0xFF)), "13:\tfrom all fwmark 0x1/0xff lookup main"),
    (PolicyRule(4, 14, table="200", fwmark=(0x10, 0xFFFFFFFF)), "14:\tfrom all fwmark 0x10 lookup 200"),
    (PolicyRule(4, 15, table="100", iif=iface("v0"), oif=iface("v2")),
     "15:\tfrom all iif v0 oif v2 lookup 100"),
    (PolicyRule(4, 16, table="100", iif=iface("gone0"), attributes=(("iif_detached", ""),)),
     "16:\tfrom all iif gone0 [detached] lookup 100"),
    (PolicyRule(4, 17, table="100", ipproto=6, sport=(1000, 2000), dport=(443, 443)),
     "17:\tfrom all ipproto tcp sport 1000-2000 dport 443 lookup 100"),
    (PolicyRule(4, 18, table="100", ipproto=99), "18:\tfrom all ipproto ipproto-99 lookup 100"),
    (PolicyRule(4, 19, table="100", uidrange=(0, 1000)), "19:\tfrom all uidrange 0-1000 lookup 100"),
    (PolicyRule(4, 20, table="", l3mdev=True), "20:\tfrom all lookup [l3mdev-table]"),
    (PolicyRule(4, 21, suppress_prefixlength=0), "21:\tfrom all lookup main suppress_prefixlength 0"),
    (PolicyRule(4, 22, suppress_ifgroup="5"), "22:\tfrom all lookup main suppress_ifgroup 5"),
    (PolicyRule(4, 23, action="goto", goto=100), "23:\tfrom all goto 100"),
    (PolicyRule(4, 24, action="blackhole", src=P("10.66.0.0/16")), "24:\tfrom 10.66.0.0/16 blackhole"),
    (PolicyRule(4, 25, action="unreachable", dst=P("10.67.0.0/16")),
     "25:\tfrom all to 10.67.0.0/16 unreachable"),
    (PolicyRule(4, 26, action="prohibit", iif=iface("v2")), "26:\tfrom all iif v2 prohibit"),
    (PolicyRule(4, 27, action="nop"), "27:\tfrom all nop"),
    (PolicyRule(4, 28, table="100", src=P("10.68.0.0/16"), attributes=(("realms", "3/4"),)),
     "28:\tfrom 10.68.0.0/16 lookup 100 realms 3/4"),
    (PolicyRule(4, 29, table="100", src=P("10.69.0.0/16"), proto="static"),
     "29:\tfrom 10.69.0.0/16 lookup 100 proto static"),
    (PolicyRule(4, 30, action="goto", goto=12345, attributes=(("unresolved", ""),)),
     "30:\tfrom all goto 12345 [unresolved]"),
    (PolicyRule(4, 31, table="100", attributes=(("tun_id", "5"),)), "31:\tfrom all tun_id 5 lookup 100"),
    (PolicyRule(6, 51, action="prohibit", dst=P("2001:db8:5::5"), ipproto=58),
     "51:\tfrom all to 2001:db8:5::5 ipproto ipv6-icmp prohibit"),
]  # fmt: skip


@pytest.mark.parametrize(("want", "line"), GOLDEN, ids=[line for _, line in GOLDEN])
def test_reads_each_form_and_prints_it_back(want: PolicyRule, line: str) -> None:
    parsed = ip_rule.parse(f"{line}\n", "ip-rule.txt")
    assert (parsed.facts, parsed.unread) == ((want,), ())
    assert parsed.facts[0].evidence == Evidence("ip-rule.txt", 1, line)
    assert ip_rule.render(parsed.facts) == f"{line}\n"


@pytest.mark.parametrize(("name", "family"), [("ip-rule", 4), ("ip6-rule", 6)])
def test_real_text_and_json_say_the_same_and_come_back(name: str, family: Family) -> None:
    text, json = capture(f"{name}.txt"), capture(f"{name}.json")
    parsed, from_json = ip_rule.parse(text, "f", family), ip_rule.parse(json, "f", family)
    assert (parsed.unread, from_json.unread) == ((), ())
    assert parsed.facts == from_json.facts
    assert ip_rule.render(parsed.facts) == text
    assert ip_rule_json.render(from_json.facts).rstrip() == json.rstrip()


def test_details_and_busybox_come_back() -> None:
    detailed = capture("ip-d-rule.txt")
    assert ip_rule.render(ip_rule.parse(detailed, "f").facts) == detailed
    busybox = capture("busybox-ip-rule.txt")
    assert ip_rule.render(ip_rule.parse(busybox, "f").facts, trailing_space=True) == busybox


UNREADABLE = [
    ("truncated", "from", "10:\tfrom"),
    ("truncated", "10.0.", "10:\tfrom 10.0."),
    ("truncated", "10", "10:\tfrom all"),
    ("truncated", "lookup", "10:\tfrom all lookup"),
    ("truncated", "look", "10:\tfrom all look"),
    ("truncated", "10", "10"),
    ("bad-address", "10.0.0.256", "10:\tfrom 10.0.0.256 lookup main"),
    ("unknown-word", "moonphase", "10:\tfrom all moonphase full lookup main"),
    ("unknown-word", "quux", "10:\tfrom all ipproto quux lookup main"),
    ("bad-number", "0xzz", "10:\tfrom all fwmark 0xzz lookup main"),
    ("unknown-word", "RTNETLINK", "RTNETLINK answers: Operation not supported"),
    ("mixed-families", "2001:db8::/32", "10:\tfrom 10.0.0.1 to 2001:db8::/32 lookup main"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "word", "line"), UNREADABLE)
def test_a_line_with_a_fault_is_kept_as_unread(reason: str, word: str, line: str) -> None:
    parsed = ip_rule.parse(f"0:\tfrom all lookup local\n{line}", "f")
    assert len(parsed.facts) == 1
    [unread] = parsed.unread
    assert (unread.evidence, unread.reason, unread.detail) == (Evidence("f", 2, line), reason, word)


def test_a_json_key_that_nobody_knows_makes_its_rule_unread() -> None:
    parsed = ip_rule.parse('[{"priority":5,"src":"all","moonphase":"full","table":"main"}]', "f")
    assert parsed.facts == ()
    assert [(item.reason, item.detail) for item in parsed.unread] == [("unknown-word", "moonphase")]


@given(families.flatmap(lambda f: st.tuples(st.just(f), st.lists(rules(f), max_size=4))))
def test_printing_and_reading_gives_the_rules_back(case: tuple[Family, list[PolicyRule]]) -> None:
    family, wanted = case
    for text in (ip_rule.render(wanted), ip_rule_json.render(wanted)):
        parsed = ip_rule.parse(text, "f", family)
        assert (list(parsed.facts), parsed.unread) == (wanted, ())


@needs_truth
def test_every_measured_listing_comes_back() -> None:
    root = truth_dir()
    assert root is not None
    files = sorted((root / "docker").rglob("ip-rule.json"))
    assert files
    for file in files:
        parsed = ip_rule.parse(file.read_text(), "f")
        assert (file, parsed.unread) == (file, ())
        assert ip_rule_json.render(parsed.facts).rstrip() == file.read_text().rstrip()
