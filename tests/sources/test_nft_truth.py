"""Every nftables listing that was captured from real engines: text and JSON, read and printed back."""

from __future__ import annotations

from pathlib import Path

from sekisho.model.nft import NftRule, NftRuleset
from sekisho.model.nft_rule import Statement, Xt
from sekisho.sources import nft_capture, nft_json, nft_render, nft_text
from tests.truth import needs_truth, truth_dir


def _files(pattern: str) -> list[Path]:
    root = truth_dir()
    found = [] if root is None else sorted(root.rglob(pattern))
    assert found
    return found


@needs_truth
def test_texts_come_back_byte_for_byte() -> None:
    for path in _files("nft-*.txt"):
        text = path.read_text()
        ruleset = nft_text.parse(text, str(path))
        assert list(nft_capture.unread(ruleset)) == []
        assert nft_render.render(ruleset) == text, path


@needs_truth
def test_json_and_text_are_equal() -> None:
    native = 0
    for path in _files("nft-ruleset.json"):
        ruleset = nft_json.parse(path.read_text(), str(path))
        text = path.with_suffix(".txt").read_text()
        other = nft_text.parse(text, str(path))
        assert list(nft_capture.unread(ruleset)) == []
        if any(isinstance(part, Xt) for rule in _rules(ruleset) for part in rule.statements):
            # JSON has but the names of iptables' matches, where the text has their meaning.
            rules, others = _rules(ruleset), _rules(other)
            assert len(rules) == len(others)
            for rule, shown in zip(rules, others, strict=True):
                assert _fits(rule.statements, shown.statements), (path, rule, shown)
            continue
        native += 1
        assert ruleset == other, path
        assert nft_render.render(ruleset) == text, path
    assert native


def _rules(ruleset: NftRuleset) -> list[NftRule]:
    return [rule for table in ruleset.tables for chain in table.chains for rule in chain.rules]


def _fits(mine: tuple[Statement, ...], theirs: tuple[Statement, ...]) -> bool:
    """Equal, where an iptables match or target may stand for any statements."""
    if not mine:
        return not theirs
    if isinstance(mine[0], Xt):
        return any(_fits(mine[1:], theirs[at:]) for at in range(len(theirs) + 1))
    return bool(theirs) and mine[0] == theirs[0] and _fits(mine[1:], theirs[1:])
