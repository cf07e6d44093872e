"""Reading ``nft -j list ruleset``: what cannot be read is refused or named."""

from __future__ import annotations

import json

import pytest

from sekisho.errors import SourceError
from sekisho.model.nft_expression import Unknown
from sekisho.model.nft_rule import Verdict
from sekisho.sources import nft_json

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


def test_a_new_object_is_unread() -> None:
    tunnel = {"tunnel": {"family": "ip", "table": "t", "name": "x", "handle": 9}}
    ruleset = nft_json.parse(_listing(TABLE, tunnel), "nft-ruleset.json")
    assert [(one.reason, one.detail) for one in ruleset.tables[0].unread] == [("unknown-line", "tunnel")]
