"""The iptables rule sets of a namespace: whole saves, or single tables where that is all there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sekisho.errors import said
from sekisho.model.evidence import Evidence, Partial, Unread
from sekisho.model.netfilter import Ruleset, Table
from sekisho.model.stated import Stated
from sekisho.sources import iptables_S, iptables_save
from sekisho.sources.collected import Collected
from sekisho.sources.parsed import Parsed
from sekisho.sources.partial_words import lack_of
from sekisho.sources.pieces import HOST, UNKNOWN_TABLE, Piece
from sekisho.sources.recognise import Format
from sekisho.values.address import Family

FORMATS = (Format.IPTABLES_SAVE, Format.IPTABLES_LIST, Format.IPTABLES_S)
Key = tuple[Family, str]


def rulesets_of(pieces: Iterable[Piece], collected: Collected) -> tuple[Ruleset, ...]:
    """One rule set per (family, back end).

    A save of all tables wins over listings of single ones from the same program, which can only say
    again what it says; where one says more, of a table that the save has not, the save was not of all.
    A table listed twice is taken from the later text.
    """
    pieces = tuple(pieces)
    mine = [piece for piece in pieces if piece.format in FORMATS]
    found: dict[Key, Ruleset] = {}
    saved: dict[Key, Key] = {}
    single: list[Piece] = []
    for piece in mine:
        if piece.format is not Format.IPTABLES_SAVE or piece.table is not None:
            single.append(piece)
            continue
        ruleset = _saved(piece, collected)
        key = (ruleset.family, ruleset.backend)
        if key in found:
            collected.note(piece, "a second rule set of the same kind, the one before it is left out")
        found[key] = ruleset
        if not piece.partial:
            saved[piece.family, piece.backend] = key
    for piece in single:
        whole = saved.get((piece.family, piece.backend))
        if whole is not None:
            if more := _more(found[whole], piece, collected):
                collected.note(
                    piece, said("table {0} is not in the whole rule set: that one is taken as cut", more.name)
                )
                found[whole] = _with_table(
                    replace(found[whole], complete=False), whole, more, piece, collected
                )
            elif piece.pasted:
                collected.note(piece, "the whole rule set is there as well, this one is left out")
            continue
        if piece.table == UNKNOWN_TABLE:
            collected.note(piece, "no way to tell which table this lists (put its command line before it)")
            key = (piece.family, piece.backend)
            before = found.get(key) or Ruleset(*key, evidence=Evidence(piece.file, 0, ""))
            found[key] = replace(before, incomplete=before.incomplete or Partial("filtered", piece.place()))
            continue
        for table, backend in _tables(piece, collected):
            key = (piece.family, backend)
            found[key] = _with_table(found.get(key), key, table, piece, collected)
    _with_commands(found, pieces, collected)
    return tuple(_one_back_end(found).values())


def _with_commands(found: dict[Key, Ruleset], pieces: tuple[Piece, ...], collected: Collected) -> None:
    """Commands beside a listing of the same table: it shows what those before it did, and is no longer what
    it was after those behind it. Tables that no listing shows are what the commands tell."""
    mine = [piece for piece in pieces if piece.format is Format.IPTABLES_COMMANDS]
    if not mine:
        return
    from sekisho.sources import iptables_commands  # only for what people type

    script = iptables_commands.read_all((piece.text, piece.file) for piece in mine)
    for piece in mine:
        collected.use(piece)
    collected.unread += script.unread
    collected.stated += (*script.stated, *script.undone())
    for key, tables in script.tables().items():
        for table in tables:
            listed = _listed(found, key, table.name)
            if listed is None:
                before = found.get(key) or Ruleset(*key, evidence=Evidence(mine[0].file, 0, ""))
                found[key] = replace(before, tables=(*before.tables, table))
                continue
            place = next(
                (place for place in script.places(key, table.name) if _follows(place, listed, pieces)), None
            )
            for one in script.places(key, table.name) if place is None else ():
                collected.stated.append(Stated("script", "shown", (table.name,), evidence=one))
            if place is not None:
                _mark_changed(found, listed, table.name, place)
                collected.stated += (
                    Stated("script", "changes", (table.name,), evidence=one)
                    for one in script.places(key, table.name)
                )
    if script.lost is not None and not script.made:
        collected.unread.append(Unread(script.lost, "shell"))


def _listed(found: dict[Key, Ruleset], key: Key, table: str) -> Key | None:
    """The captured rule set that shows the table, or would if there were any."""
    for other in (key, *(each for each in found if each[0] == key[0])):
        ruleset = found.get(other)
        another = bool(key[1] and other[1] and key[1] != other[1])
        if ruleset is None or another:
            continue
        if ruleset.complete or any(one.name == table for one in ruleset.tables):
            return other
    return None


def _follows(place: Evidence, listed: Key, pieces: tuple[Piece, ...]) -> bool:
    """Whether a command stands behind the last listing of its family in the same text; of another file nobody
    knows, so it may."""
    lines = [
        piece.place().line or 1
        for piece in pieces
        if piece.format in FORMATS and piece.family == listed[0] and piece.file == place.file
    ]
    return not lines or place.line > max(lines)


def _mark_changed(found: dict[Key, Ruleset], key: Key, name: str, place: Evidence) -> None:
    """Nobody knows what the table is by now."""
    ruleset, lack = found[key], Partial("changed", place)
    tables = tuple(replace(one, incomplete=lack) if one.name == name else one for one in ruleset.tables)
    if all(one.name != name for one in tables):
        tables = (*tables, Table(name, (), lack))
    found[key] = replace(ruleset, tables=tables, complete=False)


def _saved(piece: Piece, collected: Collected) -> Ruleset:
    if piece.blank:
        # iptables-save prints nothing where no table exists, as in most containers; on a host that
        # may as well be a capture without the rights for it.
        collected.use(piece)
        if piece.namespace == HOST and not piece.backend:
            collected.note(piece, "empty: taken as no tables at all")
        lack = _lack(piece, frozenset())
        return Ruleset(piece.family, piece.backend, (), lack is None, lack, Evidence(piece.file, 0, ""))
    ruleset = _taken_save(piece, collected)
    tables = tuple(_cut(table, piece) for table in ruleset.tables)
    return replace(
        ruleset,
        backend=piece.backend or ruleset.backend,
        tables=tables,
        complete=ruleset.complete and not piece.partial,
        incomplete=ruleset.incomplete or _lack(piece, frozenset()),
    )


def _more(saved: Ruleset, piece: Piece, collected: Collected) -> Table | None:
    """What a listing shows of a table that a save of all does not have; None: as good as nothing."""
    if piece.table in (UNKNOWN_TABLE, *(table.name for table in saved.tables)):
        return None
    for table, _ in _tables(piece, collected):
        if any(chain.rules or chain.policy not in (None, "ACCEPT") for chain in table.chains):
            return table
    return None


def _taken_save(piece: Piece, collected: Collected) -> Ruleset:
    parsed = iptables_save.parse(piece.text, piece.file, piece.family)
    ruleset = parsed.facts[0]
    collected.take(piece, Parsed((ruleset,) if ruleset.tables else (), parsed.unread))
    return ruleset


def _tables(piece: Piece, collected: Collected) -> list[tuple[Table, str]]:
    table = piece.table or "filter"
    if piece.format is Format.IPTABLES_SAVE:
        ruleset = _taken_save(piece, collected)
        found = [one for one in ruleset.tables if one.name == table]
        if not found and ruleset.incomplete is not None:
            found = [Table(table, (), ruleset.incomplete)]
        return [(_cut(one, piece), piece.backend or ruleset.backend) for one in found]
    parsed: Parsed[Table]
    if piece.format is Format.IPTABLES_S:
        parsed = iptables_S.parse(piece.text, piece.file, piece.family, table)
    else:
        from sekisho.sources import iptables_list  # which knows every match's words: only for listings

        parsed = iptables_list.parse(piece.text, piece.file, piece.family, table)
    unread = parsed.unread
    if piece.partial:  # that other chains are not there is what was asked for
        unread = tuple(one for one in unread if one.reason != "missing-chain")
    facts = Parsed(tuple(one for one in parsed.facts if one.chains or _says_why(one)), unread)
    return [(_cut(one, piece), piece.backend) for one in collected.take(piece, facts)]


def _says_why(table: Table) -> bool:
    """Whether the text says in so many words that the table is known in part only."""
    return table.incomplete is not None and lack_of(table.incomplete.evidence.text) is not None


def _cut(table: Table, piece: Piece) -> Table:
    """A table from a filtered listing may have more rules than are shown, of a single chain more chains."""
    shown = frozenset(chain.name for chain in table.chains)
    lack = _lack(piece, shown)
    known = table.incomplete
    if lack is None or (known is not None and known.why in ("cut", "unread") and not piece.filtered):
        return table
    return replace(table, incomplete=lack)


def _lack(piece: Piece, shown: frozenset[str]) -> Partial | None:
    if piece.filtered:
        return Partial("filtered", piece.place())
    return Partial("selected", piece.place(), shown) if piece.partial else None


def _with_table(
    ruleset: Ruleset | None, key: Key, table: Table, piece: Piece, collected: Collected
) -> Ruleset:
    if ruleset is None:
        return Ruleset(key[0], key[1], (table,), False, evidence=Evidence(piece.file, 0, ""))
    before = next((one for one in ruleset.tables if one.name == table.name), None)
    if before is None:
        return replace(ruleset, tables=(*ruleset.tables, table))
    if before.incomplete is None and piece.partial:
        collected.note(piece, said("table {0} is there as a whole, this part is left out", table.name))
        return ruleset
    if piece.partial:
        table = _joined(before, table)
    else:
        collected.note(piece, said("table {0} again, the one before it is left out", table.name))
    return replace(ruleset, tables=tuple(table if one is before else one for one in ruleset.tables))


def _joined(before: Table, table: Table) -> Table:
    """Two parts of one table: what either knows whole is known."""
    assert before.incomplete is not None
    assert table.incomplete is not None
    names = {chain.name for chain in table.chains}
    kept = tuple(one for one in before.chains if one.name not in names)
    whole = (before.incomplete.whole - names) | table.incomplete.whole
    return replace(table, chains=(*kept, *table.chains), incomplete=replace(table.incomplete, whole=whole))


def _one_back_end(found: dict[Key, Ruleset]) -> dict[Key, Ruleset]:
    """Listings name no back end: beside single tables of just one named back end they are of it."""
    merged = dict(found)
    families: tuple[Family, Family] = (4, 6)
    for family in families:
        named = [key for key in merged if key[0] == family and key[1]]
        listed = merged.get((family, ""))
        if listed is None or listed.complete or len(named) != 1 or merged[named[0]].complete:
            continue
        other = merged[named[0]]
        names = {table.name for table in other.tables}
        if named[0][1] == "legacy" and any(table.name in names for table in listed.tables):
            continue  # the same table twice, once under the legacy program's name: the listing is nft's
        tables = (*other.tables, *(table for table in listed.tables if table.name not in names))
        merged[named[0]] = replace(other, tables=tables, incomplete=other.incomplete or listed.incomplete)
        del merged[(family, "")]
    return merged
