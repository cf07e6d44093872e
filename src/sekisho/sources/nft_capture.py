"""An nftables rule set from what was captured of it: text, JSON, or both.

The text says more than the JSON of the same moment (devices of ingress chains, comments, what the
matches of iptables-nft mean), so it wins where both are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sekisho.errors import SourceError, said
from sekisho.model.evidence import Evidence, Partial, Unread
from sekisho.model.nft import NftRule, NftRuleset, NftTable
from sekisho.model.nft_expression import Unknown
from sekisho.model.nft_names import names_in
from sekisho.sources import nft_json, nft_text
from sekisho.sources.collected import Collected
from sekisho.sources.pieces import Piece
from sekisho.sources.recognise import Format

parse_json = nft_json.parse
parse_text = nft_text.parse


def nft_of(pieces: Sequence[Piece], collected: Collected) -> NftRuleset | None:
    """The best listing of all tables; where there is none, what listings of single tables and chains show.

    Raises SourceError for a listing that nobody cut or filtered and that is none.
    """
    whole = [piece for piece in pieces if not piece.partial]
    chosen = collected.best(whole, (Format.NFT_TEXT, Format.NFT_JSON))
    if chosen is not None:
        collected.use(chosen)
        found = _parsed(chosen)
        collected.unread += unread(found)
        return _perhaps_part(found, chosen) if chosen.unnamed else found
    tables: dict[tuple[str, str], NftTable] = {}
    incomplete: Partial | None = None
    for piece in pieces:
        part = _part(piece, collected)
        incomplete = incomplete or part.incomplete
        for table in part.tables:
            key = (table.family, table.name)
            tables[key] = _joined(tables[key], table) if key in tables else table
    return NftRuleset(
        tuple(tables.values()), evidence=pieces[-1].place(), incomplete=incomplete, complete=False
    )


def _perhaps_part(found: NftRuleset, piece: Piece) -> NftRuleset:
    """Of a listing without its command: it may be that of one table or chain, which look alike. That other
    tables were not captured is taken as for iptables; a table that leads to what it does not have, or whose
    rules no packet ever comes to, was not listed whole."""
    lack = Partial("selected", piece.place())
    tables = tuple(
        replace(one, incomplete=_lack(one, lack)) if one.incomplete is None and _is_part(one) else one
        for one in found.tables
    )
    return replace(found, tables=tables, complete=False)


def _is_part(table: NftTable) -> bool:
    idle = any(chain.rules for chain in table.chains) and all(chain.hook is None for chain in table.chains)
    there = {("chain", chain.name) for chain in table.chains} | {("set", one.name) for one in table.sets}
    named = names_in([rule.statements for chain in table.chains for rule in chain.rules])
    return idle or any(name not in there for name in named if name[0] in ("chain", "set"))


def _parsed(piece: Piece) -> NftRuleset:
    return (parse_json if piece.format is Format.NFT_JSON else parse_text)(piece.text, piece.file)


def _part(piece: Piece, collected: Collected) -> NftRuleset:
    collected.use(piece)
    lack = Partial("filtered" if piece.filtered else "selected", piece.place())
    try:
        found = _parsed(piece)
    except SourceError:
        if not piece.filtered:
            raise
        collected.note(piece, said("not all there is ({0}), left out", piece.partial))
        return NftRuleset(incomplete=lack)
    collected.unread += unread(found)
    if piece.whole_tables and not piece.filtered:
        return found
    tables = tuple(replace(table, incomplete=_lack(table, lack)) for table in found.tables)
    return replace(found, tables=tables, incomplete=found.incomplete or (lack if piece.filtered else None))


def _lack(table: NftTable, lack: Partial) -> Partial:
    if table.incomplete is not None and table.incomplete.why == "cut":
        return table.incomplete
    shown = frozenset(chain.name for chain in table.chains)
    return lack if lack.why == "filtered" else replace(lack, whole=shown)


def _joined(before: NftTable, table: NftTable) -> NftTable:
    """Two listings that show parts of one table; the later one wins where both show a thing."""
    if table.incomplete is None or before.incomplete is None:
        return table if table.incomplete is None else before
    chains = {chain.name: chain for chain in (*before.chains, *table.chains)}
    sets = {one.name: one for one in (*before.sets, *table.sets)}
    shown = {chain.name for chain in table.chains}
    whole = (before.incomplete.whole - shown) | table.incomplete.whole
    return replace(
        table, chains=tuple(chains.values()), sets=tuple(sets.values()),
        objects=(*before.objects, *table.objects), unread=(*before.unread, *table.unread),
        incomplete=replace(table.incomplete, whole=whole),
    )  # fmt: skip


def unread(ruleset: NftRuleset) -> Iterator[Unread]:
    """Everything in the rule set that no reader understood, with its place."""
    yield from ruleset.unread
    for table in ruleset.tables:
        yield from table.unread
        yield from (one for block in table.objects for one in block.unread)
        yield from (one for block in table.sets for one in block.unread)
        yield from (one for block in table.flowtables for one in block.unread)
        for chain in table.chains:
            yield from chain.unread
            for rule in chain.rules:
                yield from (_unread(rule, one.text) for one in unknown_parts(rule))
        if table.incomplete is not None and table.incomplete.why == "cut":
            yield Unread(table.incomplete.evidence, "truncated", table.name)


def unknown_parts(rule: NftRule) -> tuple[Unknown, ...]:
    """The statements of a rule that were not understood."""
    return tuple(part for part in rule.statements if isinstance(part, Unknown))


def _unread(rule: NftRule, text: str) -> Unread:
    return Unread(rule.evidence or Evidence("", 0, text), "unknown-word", text)
