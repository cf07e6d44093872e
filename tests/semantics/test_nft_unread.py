"""What cannot be read of an nftables listing takes the answers with it that depend on it, and no others."""

from __future__ import annotations

import json

import pytest

from sekisho.semantics.host import compile_host
from sekisho.sources import nft_capture, nft_json, nft_text
from tests.semantics.nft_host import ask, ask6, end, forward_table, namespace

_SET = "\tset s {{\n\t\ttype {}\n\t\telements = {{ {} }}\n\t}}\n\n"


def _codes(text: str) -> set[str]:
    return {doubt.code for doubt in ask(text).forward.doubts}


def test_a_set_that_cannot_be_read_whole_is_in_doubt() -> None:
    broken = _SET.format("ipv4_addr", "10.0.0.9 teleports 5")
    text = forward_table("ip saddr @s drop", more=broken)
    assert (end(text), _codes(text)) == ("undetermined", {"set-not-read"})
    assert end(forward_table("udp dport 80 ip saddr @s drop", more=broken)) == "exits"
    assert end(forward_table("udp dport 80 drop", more=broken)) == "exits"


def test_a_set_of_a_type_that_nobody_knows_still_ends_the_rule_for_packets_without_the_field() -> None:
    broken = _SET.format("frobnicated", "a, b")
    assert end(forward_table("ip6 saddr @s drop", more=broken)) == "exits"
    assert end(forward_table("ip saddr @s drop", more=broken)) == "undetermined"


def _two_chains(head: str) -> str:
    first = "\t\ttype filter hook forward priority filter; policy accept;\n\t\ttcp dport 81 drop\n"
    return (
        f"table inet fw {{\n\tchain forward {{\n{first}\t}}\n\n"
        f"\tchain strange {{\n\t\t{head}\n\t\ttcp dport 80 drop\n\t}}\n}}\n"
    )


@pytest.mark.parametrize(
    ("head", "want"),
    [
        ("type filter hook forward priority filter + 10; policy accept;", "dropped"),
        ("type filter hook output priority filter + 10; policy accept;", "exits"),
        ("type filter hook sideways priority filter; policy accept;", "undetermined"),
        ("type filter hook forward priority odd + 10; policy accept;", "undetermined"),
    ],
)
def test_a_chain_whose_head_cannot_be_read_may_stand_anywhere(head: str, want: str) -> None:
    assert end(_two_chains(head)) == want


@pytest.mark.parametrize(
    "behind",
    [
        "chain evil { type filter hook forward priority 5; policy drop; }",
        "chain evil {\n\t\ttype filter hook forward priority 5; policy drop;\n\t}",
        "set s { type ipv4_addr; }",
    ],
)
@pytest.mark.parametrize(
    "block", ["chain idle {\n\t\tdrop", "set idle {\n\t\ttype ipv4_addr", "counter idle {"]
)
def test_what_stands_behind_the_brace_of_a_block_is_not_lost(block: str, behind: str) -> None:
    text = forward_table("tcp dport 81 drop", more=f"\t{block}\n\t}} {behind}\n")
    assert end(text) == "undetermined"
    assert list(nft_capture.unread(nft_text.parse(text, "nft-ruleset.txt")))


def test_a_line_outside_all_tables_may_be_anything() -> None:
    text = forward_table("tcp dport 81 drop")
    assert end(text) == "exits"
    assert _codes(text + "frobnicate the rest\n") == {"table-not-read"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("table inet other {{\n}}\n{}", id="outside all tables"),
        pytest.param("table inet fw {{\n{}}}\n", id="in a table"),
    ],
)
def test_a_thousand_lines_that_may_be_anything_are_no_more_than_one(text: str) -> None:
    def stations(lines: str) -> int:
        program = compile_host(namespace(text.format(lines))).programs[4]
        return sum(len(found) for found in program.stations.values())

    assert 0 < stations("frobnicate 1\n") == stations("".join(f"frobnicate {n}\n" for n in range(1000)))


def test_a_cut_listing_may_have_had_more_tables_of_either_family() -> None:
    whole = forward_table("tcp dport 81 drop")
    cut = whole.replace("table inet fw", "table ip6 other")
    cut = cut[: cut.index("\tchain other")]
    assert _codes(whole + cut) == {"table-incomplete"}
    assert ask6(whole + cut).forward.disposition == "undetermined"


@pytest.mark.parametrize(
    ("rule", "want"),
    [
        # A match: whether the rule fits is open, what it would do is not.
        ("tcp dport 80 meta frobnicate 7 accept", "exits"),
        ("tcp dport 80 meta frobnicate 7 drop", "undetermined"),
        # What it is nobody knows.
        ("tcp dport 80 frobnicate 7 accept", "undetermined"),
        ("tcp dport 81 frobnicate 7 accept", "exits"),
        # A set that does not end, and an act behind it.
        ("tcp dport { 80, 443 queue num 3", "undetermined"),
    ],
)
def test_an_unread_piece_leaves_the_rest_of_its_line(rule: str, want: str) -> None:
    assert end(forward_table(rule)) == want


_DYNAMIC = (
    "\tset s {{\n\t\ttype ipv4_addr\n\t\tsize 65535\n\t\tflags dynamic\n\t\telements = {{ {} }}\n\t}}\n\n"
)


@pytest.mark.parametrize(
    ("held", "rules", "want"),
    [
        ("10.0.0.9", ("udp dport 53 add @s { ip saddr }", "ip saddr @s drop"), "dropped"),
        ("10.0.0.9", ("udp dport 53 add @s { ip saddr }", "ip saddr != @s drop"), "exits"),
        ("10.0.0.7", ("udp dport 53 add @s { ip saddr }", "ip saddr @s drop"), "undetermined"),
        ("10.0.0.7", ("udp dport 53 add @s { ip saddr }", "ip saddr != @s drop"), "undetermined"),
        ("10.0.0.9", ("udp dport 53 delete @s { ip saddr }", "ip saddr @s drop"), "undetermined"),
        ("10.0.0.9", ("udp dport 53 delete @s { ip saddr }", "ip saddr != @s drop"), "undetermined"),
    ],
)
def test_a_set_that_moves_is_sure_of_one_side(held: str, rules: tuple[str, ...], want: str) -> None:
    assert end(forward_table(*rules, more=_DYNAMIC.format(held))) == want


_MAP = "\tmap m {{\n\t\ttype inet_service : {}\n\t\telements = {{ {} }}\n\t}}\n\n"


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("tcp dport vmap { 80 : zork }", ""),
        ("tcp dport vmap { 80 }", ""),
        ("tcp dport vmap { 81 : accept, 80 }", ""),
        ("numgen inc mod 2 vmap { 0 : accept, 1 : zork }", ""),
        ("numgen inc mod 2 vmap { 0, 1 }", ""),
        ("tcp dport vmap @m", _MAP.format("verdict", "80")),
        ("tcp dport vmap @m", _MAP.format("verdict", "80 : zork")),
        ("meta priority set tcp dport map { 80 }", ""),
        ("meta mark set tcp dport map { 80 : drop } meta mark 1 drop", ""),
        ("meta mark set numgen inc mod 2 map { 0 : 1, 1 } meta mark 1 drop", ""),
        ("meta mark set tcp dport map @m meta mark 1 drop", _MAP.format("mark", "80")),
    ],
)
def test_elements_of_maps_without_what_they_map_to_are_in_doubt(rule: str, more: str) -> None:
    assert end(forward_table(rule, more=more)) == "undetermined"


def test_elements_of_json_without_verdicts_are_in_doubt() -> None:
    chain = {"family": "ip", "table": "t", "name": "c", "type": "filter", "hook": "forward", "prio": 0}
    chain["policy"] = "accept"
    vmap = {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": [[80, "zork"]]}}
    rule = {"family": "ip", "table": "t", "chain": "c", "expr": [{"vmap": vmap}]}
    listed = [{"table": {"family": "ip", "name": "t"}}, {"chain": chain}, {"rule": rule}]
    ruleset = nft_json.parse(json.dumps({"nftables": listed}), "nft-ruleset.json")
    assert ask(ruleset).forward.disposition == "undetermined"


@pytest.mark.parametrize(
    ("element", "want"), [("80 timeout 1m expires 9s : drop", "undetermined"), ("80 : drop", "dropped")]
)
def test_a_verdict_map_whose_elements_run_out_moves(element: str, want: str) -> None:
    more = _MAP.format("verdict", element).replace("elements", "flags timeout\n\t\telements")
    assert end(forward_table("tcp dport vmap @m", more=more)) == want


@pytest.mark.parametrize("moves", [True, False])
def test_a_map_that_moves_is_open_for_keys_by_chance_too(moves: bool) -> None:
    more = _MAP.format("mark", "0 : 0x1, 1 : 0x1").replace("inet_service", "mark")
    changed = "udp dport 53 add @m { meta mark : 0x2 }" if moves else "udp dport 53 accept"
    text = forward_table(changed, "meta mark set numgen inc mod 2 map @m", "meta mark 1 drop", more=more)
    assert end(text) == ("undetermined" if moves else "dropped")


@pytest.mark.parametrize(
    ("held", "want"),
    [
        ("size 9\n\t\telements = { 10.0.0.7 }", "dropped"),
        ("size 1\n\t\telements = { 10.0.0.7 }", "undetermined"),
        ("size 1\n\t\telements = { 10.0.0.7 teleports 5 }", "undetermined"),
        ("size many\n\t\telements = { 10.0.0.7 }", "undetermined"),
    ],
)
def test_a_set_that_cannot_be_read_whole_may_be_full(held: str, want: str) -> None:
    """nft_dynset.c: where a set is full, the rule that adds to it ends."""
    more = f"\tset s {{\n\t\ttype ipv4_addr\n\t\tflags dynamic\n\t\t{held}\n\t}}\n\n"
    assert end(forward_table("add @s { ip saddr } drop", more=more)) == want


def test_a_set_that_the_listing_lacks_may_be_full() -> None:
    assert end(forward_table("add @s { ip saddr } drop")) == "undetermined"


@pytest.mark.parametrize("brace", ["zork }", "}; zork", "} zork"])
def test_a_brace_that_is_not_where_it_belongs_loses_no_line(brace: str) -> None:
    """What stands behind may be anything, and each line of it is told."""
    rules = "type filter hook forward priority 5; policy accept;\n\t\ttcp dport 81 drop"
    text = f"table ip t {{\n\tcounter c {{\n\t{brace}\n\n\tchain n {{\n\t\t{rules}\n\t}}\n}}\n"
    told = list(nft_capture.unread(nft_text.parse(text, "nft-ruleset.txt")))
    assert told
    ruleset = nft_text.parse(text, "nft-ruleset.txt")
    read = {chain.name for chain in ruleset.tables[0].chains}
    assert "n" in read or {5, 6, 7} <= {one.evidence.line for one in told}
    assert "n" in read or end(text) == "undetermined"
