"""An nftables rule set from what was captured of it: text, JSON, or both.

The text says more than the JSON of the same moment (devices of ingress chains, comments, what the
matches of iptables-nft mean), so it wins where both are there.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.nft import NftRule, NftRuleset
from sekisho.model.nft_rule import Unknown
from sekisho.sources import nft_json, nft_text

parse_json = nft_json.parse
parse_text = nft_text.parse


def unread(ruleset: NftRuleset) -> Iterator[Unread]:
    """Everything in the rule set that no reader understood, with its place."""
    for table in ruleset.tables:
        yield from table.unread
        for chain in table.chains:
            for rule in chain.rules:
                yield from (_unread(rule, one.text) for one in unknown_parts(rule))
        if table.incomplete is not None:
            yield Unread(table.incomplete, "truncated", table.name)


def unknown_parts(rule: NftRule) -> tuple[Unknown, ...]:
    """The statements of a rule that were not understood."""
    return tuple(part for part in rule.statements if isinstance(part, Unknown))


def _unread(rule: NftRule, text: str) -> Unread:
    return Unread(rule.evidence or Evidence("", 0, text), "unknown-word", text)
