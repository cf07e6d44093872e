"""What of nftables' own tables nobody uses: chains, sets, maps and named objects."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.answers.finding import Finding
from sekisho.answers.written_lines import nft_packets
from sekisho.docker.own_lines import is_kept_free, is_own_table
from sekisho.model.evidence import Evidence
from sekisho.model.nft import NftRule, NftTable
from sekisho.model.nft_names import names_in, words_in
from sekisho.model.nft_rule import Counter, Verdict
from sekisho.model.snapshot import Namespace
from sekisho.semantics.nft_tables import native_tables
from sekisho.semantics.unseen import unseen_nft


def unused_of_nft(host: Namespace) -> Iterator[Finding]:
    """Of tables that are shown whole; other programs' tables (iptables-nft's, dockerd's) are not looked
    at."""
    for table in native_tables(host.nft, host.rulesets):
        if unseen_nft(table) is None and not is_own_table(f"{table.family} {table.name}"):
            yield from _unused(table)


def _unused(table: NftTable) -> Iterator[Finding]:
    """What nothing leads to from a base chain, by way of other chains and of maps."""
    chains = {chain.name: chain for chain in table.chains}
    sets = {one.name: one for one in table.sets}
    reached: set[tuple[str, str]] = set()
    waiting = [("chain", chain.name) for chain in table.chains if chain.hook is not None]
    while waiting:
        kind, name = waiting.pop()
        if (kind, name) in reached:
            continue
        reached.add((kind, name))
        if kind == "chain" and name in chains:
            waiting += names_in([rule.statements for rule in chains[name].rules])
        elif kind == "set" and name in sets:
            waiting += names_in(sets[name].elements)
            waiting += (("object", word) for word in words_in(sets[name].elements))
    for chain in table.chains:
        if ("chain", chain.name) in reached or any(map(nft_packets, chain.rules)):
            continue
        if chain.rules and not is_kept_free(chain.name, all(map(_returns, chain.rules))):
            yield _finding("lint.chain-unused", table, chain.name, chain.evidence)
    for one in table.sets:
        if not {("set", one.name), ("meter", one.name)} & reached:
            yield _finding("lint.set-unused", table, one.name, one.evidence)
    for item in table.objects:
        if ("object", item.name) not in reached:
            yield _finding("lint.object-unused", table, item.name, item.evidence)


def _returns(rule: NftRule) -> bool:
    return all(isinstance(one, Counter) or one == Verdict("return") for one in rule.statements)


def _finding(code: str, table: NftTable, name: str, place: Evidence | None) -> Finding:
    places = (place,) if place is not None else ()
    return Finding(code, "note", (f"{table.family} {table.name} {name}",), places)
