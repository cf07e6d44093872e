"""Reading ``nft -j list ruleset``: what cannot be read is refused or named."""

from __future__ import annotations

import json

import pytest

from sekisho.errors import SourceError
from sekisho.lab.namespaces import NetworkNamespace
from sekisho.model.nft_expression import Element, Number, Range, SetLiteral, Unknown
from sekisho.model.nft_rule import Match, Verdict
from sekisho.sources import nft_json, nft_text

TABLE = {"table": {"family": "ip", "name": "t", "handle": 1}}
CHAIN = {"chain": {"family": "ip", "table": "t", "name": "c", "handle": 2}}


def _listing(*objects: object) -> str:
    return json.dumps({"nftables": [{"metainfo": {"version": "1.1.7"}}, *objects]})


@pytest.mark.parametrize("text", ['{"nftables": [', '{"other": []}', "[]", "", "table ip nat {"])
def test_refuses_what_is_not_nft_json(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        nft_json.parse(text, "nft-ruleset.json")
    assert caught.value.advice


def test_refuses_objects_of_a_table_that_is_not_there() -> None:
    other = {"chain": {**CHAIN["chain"], "table": "other"}}
    with pytest.raises(SourceError) as caught:
        nft_json.parse(_listing(TABLE, CHAIN, other), "nft-ruleset.json")
    assert "table" in caught.value.what


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [("handle", "x", "bad-value"), ("comment", [], "bad-value"), ("flags", 5, "bad-value"),
     ("other", 1, "unknown-word")],
)  # fmt: skip
def test_what_is_odd_about_a_table_is_unread(key: str, value: object, why: str) -> None:
    found = nft_json.parse(_listing({"table": {**TABLE["table"], key: value}}, CHAIN), "nft-ruleset.json")
    (table,) = found.tables
    assert [one.reason for one in table.unread] == [why]
    assert [chain.name for chain in table.chains] == ["c"]


@pytest.mark.parametrize(
    "item",
    [{"metainfo": {"version": []}}, {"table": {"family": {}, "name": "t"}},
     {"table": {"family": "ip", "name": True}}, {"chain": {"family": "ip", "table": [], "name": "c"}}],
)  # fmt: skip
def test_refuses_objects_whose_place_is_no_text(item: object) -> None:
    with pytest.raises(SourceError) as caught:
        nft_json.parse(_listing(TABLE, item), "nft-ruleset.json")
    assert (" is no text" in caught.value.what, caught.value.file) == (True, "nft-ruleset.json")
    assert caught.value.advice


def test_a_chain_without_its_table_is_a_part() -> None:
    """``nft -j list chain ip filter FORWARD`` (1.0.6) prints no table; ``list chains`` no rules either."""
    rule = {"rule": {"family": "ip", "table": "t", "chain": "c", "handle": 3, "expr": [{"accept": None}]}}
    for objects, whole in (((CHAIN, rule), frozenset({"c"})), ((CHAIN,), frozenset())):
        ruleset = nft_json.parse(_listing(*objects), "nft-ruleset.json")
        assert not ruleset.complete
        lack = ruleset.tables[0].incomplete
        assert lack is not None
        assert (lack.why, lack.whole) == ("selected", whole)


def test_a_new_statement_is_kept_and_named() -> None:
    rule = {"rule": {"family": "ip", "table": "t", "chain": "c", "handle": 3,
                     "expr": [{"teleport": {"to": "mars"}}, {"accept": None}]}}  # fmt: skip
    ruleset = nft_json.parse(_listing(TABLE, CHAIN, rule), "nft-ruleset.json")
    assert ruleset.version == "1.1.7"
    assert ruleset.tables[0].chains[0].rules[0].statements == (
        Unknown('{"teleport":{"to":"mars"}}'),
        Verdict("accept"),
    )


@pytest.mark.parametrize(
    "match",
    [
        {"op": "==", "left": {"meta": {"key": "mark", "new": 1}}, "right": 5},
        {"op": "==", "left": {"quantum": {"key": "state"}}, "right": 5},
        {"op": "==", "left": {"payload": {"protocol": "tcp"}}, "right": 5},
    ],
)
def test_a_new_expression_makes_its_statement_unknown(match: object) -> None:
    rule = {"rule": {"family": "ip", "table": "t", "chain": "c", "handle": 3, "expr": [{"match": match}]}}
    ruleset = nft_json.parse(_listing(TABLE, CHAIN, rule), "nft-ruleset.json")
    (statement,) = ruleset.tables[0].chains[0].rules[0].statements
    assert isinstance(statement, Unknown)


BASE = {"type": "filter", "hook": "input", "prio": 0, "policy": "drop"}


@pytest.mark.parametrize("key", sorted(BASE))
def test_a_head_that_lacks_a_part_is_unread(key: str) -> None:
    """nft prints all of it (json.c, chain_print_json)."""
    head = {other: value for other, value in BASE.items() if other != key}
    ruleset = nft_json.parse(_listing(TABLE, {"chain": CHAIN["chain"] | head}), "nft-ruleset.json")
    (chain,) = ruleset.tables[0].chains
    assert [(one.reason, one.detail) for one in chain.unread] == [("missing-key", key)]


def test_what_is_listed_twice_is_unread() -> None:
    body = {"family": "ip", "table": "t", "name": "x", "handle": 9}
    things = [
        {"set": body | {"type": "ipv4_addr"}}, {"map": body | {"type": "ipv4_addr", "map": "mark"}},
        {"flowtable": body}, {"flowtable": body | {"handle": 8}},
        {"counter": body | {"packets": 1, "bytes": 1}}, {"counter": body | {"packets": 2, "bytes": 1}},
    ]  # fmt: skip
    base = {"chain": CHAIN["chain"] | BASE}
    ruleset = nft_json.parse(_listing(TABLE, base, *things, CHAIN, TABLE), "nft-ruleset.json")
    (table,) = ruleset.tables
    assert [one.reason for one in table.unread] == ["duplicate-block"] * 4 + ["duplicate-table"]
    assert [(chain.hook, chain.policy) for chain in table.chains] == [("input", "drop")]
    assert (len(table.sets), len(table.flowtables), len(table.objects)) == (1, 1, 1)


def test_a_new_object_is_unread() -> None:
    tunnel = {"tunnel": {"family": "ip", "table": "t", "name": "x", "handle": 9}}
    ruleset = nft_json.parse(_listing(TABLE, tunnel), "nft-ruleset.json")
    assert [(one.reason, one.detail) for one in ruleset.tables[0].unread] == [("unknown-line", "tunnel")]


# Durations: libnftables-json(5) has them in seconds. What nft 1.0.6 prints of `ct expiration ...`.
DURATIONS = [
    ("30s", 30, Number(30_000)),
    ("2m", 120, Number(120_000)),
    ("1h30m", 5400, Number(5_400_000)),
    ("30s-1m", {"range": [30, 60]}, Range(Number(30_000), Number(60_000))),
    ("{ 30s, 1m30s }", {"set": [30, 90]}, SetLiteral((Number(30_000), Number(90_000)))),
]


@pytest.mark.parametrize(("words", "printed", "wanted"), DURATIONS)
def test_durations_are_seconds(words: str, printed: object, wanted: object) -> None:
    match = {"op": "==", "left": {"ct": {"key": "expiration"}}, "right": printed}
    rule = {"rule": {"family": "ip", "table": "t", "chain": "c", "handle": 3, "expr": [{"match": match}]}}
    ruleset = nft_json.parse(_listing(TABLE, CHAIN, rule), "nft-ruleset.json")
    (statement,) = ruleset.tables[0].chains[0].rules[0].statements
    assert isinstance(statement, Match)
    assert statement.right == wanted
    text = f"table ip t {{\n\tchain c {{\n\t\tct expiration {words}\n\t}}\n}}\n"
    assert nft_text.parse(text, "nft-ruleset.txt").tables[0].chains[0].rules[0].statements == (statement,)


def test_timeouts_of_sets_are_seconds() -> None:
    printed = {"family": "ip", "table": "t", "name": "s", "type": "ipv4_addr", "handle": 2, "timeout": 60,
               "flags": ["timeout"],
               "elem": [{"elem": {"val": "10.0.0.1", "timeout": 30, "expires": 29}}]}  # fmt: skip
    (found,) = nft_json.parse(_listing(TABLE, {"set": printed}), "nft-ruleset.json").tables[0].sets
    (element,) = found.elements
    assert isinstance(element, Element)
    assert (found.timeout, element.timeout, element.expires) == (60_000, 30_000, 29_000)


@pytest.mark.kernel
def test_nft_prints_durations_so() -> None:
    rules = "".join(f"add rule ip t c ct expiration {words}\n" for words, _, _ in DURATIONS)
    sets = "add set ip t s { type ipv4_addr; timeout 1m; elements = { 10.0.0.1 timeout 30s } }\n"
    where = NetworkNamespace()
    try:
        where.run(["nft", "-f", "-"], feed=f"add table ip t\nadd chain ip t c\n{rules}{sets}")
        listed = json.loads(where.run(["nft", "-j", "list", "ruleset"]))["nftables"]
    finally:
        where.close()
    assert [item["rule"]["expr"][0]["match"]["right"] for item in listed if "rule" in item] == [
        printed for _, printed, _ in DURATIONS
    ]
    (made,) = (item["set"] for item in listed if "set" in item)
    assert (made["timeout"], made["elem"][0]["elem"]["timeout"]) == (60, 30)


@pytest.mark.parametrize("levels", [100, 900])
def test_what_nests_deeper_than_anything_is_unread(levels: int) -> None:
    value: object = 1
    for _ in range(levels):
        value = [value]
    rule = {"family": "ip", "table": "t", "chain": "c", "expr": [{"mangle": {"key": value, "value": 1}}]}
    ruleset = nft_json.parse(_listing(TABLE, CHAIN, {"rule": rule}), "nft-ruleset.json")
    assert [one.reason for one in ruleset.tables[0].unread] == ["bad-value"] or any(
        isinstance(one, Unknown) for one in ruleset.tables[0].chains[0].rules[0].statements
    )
