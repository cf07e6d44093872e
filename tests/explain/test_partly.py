"""``explain`` does not call a chain unused or empty where the text shows only a part of its table."""

from __future__ import annotations

import pytest

from sekisho.explain.report import explain
from sekisho.explain.words import sentences
from sekisho.sources.load import load_text

_CUT = "*filter\n:INPUT ACCEPT\n:A -\n-A A -j DROP\n"
_WHOLE = f"{_CUT}COMMIT\n"
_ONE = "$ iptables -S A\n-N A\n-A A -p tcp -j DROP\n"
_LISTED = (
    "$ iptables -L A\nChain A (0 references)\n"
    "target     prot opt source               destination\n"
    "DROP       tcp  --  anywhere             anywhere\n"
)
_NFT = "$ nft list chain ip filter A\ntable ip filter {\n\tchain A {\n\t\ttcp dport 22 drop\n\t}\n}\n"


def _said(text: str, of: str) -> str:
    """What is said of the line that begins so."""
    lines = [line for section in explain(load_text(text), (), "en").sections for line in section.lines]
    return next(sentences(line.messages, "en") for line in lines if line.text.strip().startswith(of))


@pytest.mark.parametrize(
    ("text", "chain"), [(_CUT, ":A"), (_ONE, "-N A"), (_LISTED, "Chain A"), (_NFT, "chain A")]
)
def test_who_calls_a_chain_may_not_have_been_captured(text: str, chain: str) -> None:
    assert "No captured rule calls it; one that was not captured may." in _said(text, chain)


def test_in_a_whole_table_nobody_else_calls() -> None:
    said = _said(_WHOLE, ":A")
    assert "No captured rule calls it, so nothing in it takes effect." in said


def test_a_chain_may_hold_rules_behind_the_cut() -> None:
    assert "No rule of it was captured." in _said(_CUT, ":INPUT")
    assert "It has no rules." in _said(_WHOLE, ":INPUT")


@pytest.mark.parametrize(
    ("text", "head"), [(_CUT, "*filter"), (_ONE, "-N A"), (_LISTED, "Chain A"), (_NFT, "table")]
)
def test_a_table_in_part_is_said_once_where_it_begins(text: str, head: str) -> None:
    lines = [line for section in explain(load_text(text), (), "en").sections for line in section.lines]
    told = [line for line in lines if "of this table" in sentences(line.messages, "en")]
    assert len(told) == 1
    assert told[0].text.startswith(head)
