"""nftables rule sets in words: tables, chains, sets, and each rule by its statements."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.explain.message import Message, m
from sekisho.model.evidence import Evidence
from sekisho.model.nft import NftRuleset, NftTable
from sekisho.model.snapshot import Namespace
from sekisho.semantics.nft_tables import native_tables

Explained = tuple[Evidence, tuple[Message, ...]]


def explain_nft(ruleset: NftRuleset, namespace: Namespace) -> Iterator[Explained]:
    """(its place and text, its explanation) for every object of the capture."""
    own = native_tables(ruleset, namespace.rulesets)
    for table in ruleset.tables:
        if table not in own:
            yield _at(table.evidence, f"table {table.family} {table.name}"), (m("nft.same"),)
        else:
            yield from _table(table)


def _at(evidence: Evidence | None, text: str) -> Evidence:
    return Evidence(evidence.file, evidence.line, text) if evidence else Evidence("", 0, text)


def _table(table: NftTable) -> Iterator[Explained]:
    more = (m("nft.docker"),) if table.name == "docker-bridges" else ()
    text = f"table {table.family} {table.name}"
    yield _at(table.evidence, text), (m("nft.table", table.name, table.family), *more)
    for item in table.sets:
        kind = "map" if item.is_map else "set"
        yield _at(item.evidence, f"{kind} {item.name}"), (m("nft.set", kind, item.name),)
    for chain in table.chains:
        if chain.hook is not None:
            shown = (chain.hook, str(chain.priority), chain.policy or "accept")
            yield _at(chain.evidence, f"chain {chain.name}"), (m("nft.base", chain.name, *shown),)
        else:
            yield _at(chain.evidence, f"chain {chain.name}"), (m("nft.chain", chain.name),)
        for rule in chain.rules:
            note = m("nft.rule.comment", rule.comment) if rule.comment else ""
            place = rule.evidence or Evidence("", 0, "")
            yield place, (m("nft.rule", chain.name, note),)
