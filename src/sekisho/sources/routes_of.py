"""The routes of a namespace from all its route listings, each fact once.

    rank  listing                          covers
    4     ip -j route show table all       (4, "all"), and (6, "all") where IPv6 routes are in it:
    3     ip route show table all          without -4 or -6 iproute2 lists both families
    2     ip -j route                      (4, "main")
    1     ip route, route -n               (4, "main")
    0     ip route show table 10001        (4, "10001"), beside the others where none covers all

One of all tables without the local table's routes covers only those that it shows. A filtered listing covers
nothing for certain, yet its routes are facts. Unreadable lines are in the namespace's ``unread``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sekisho.model.routing import Route
from sekisho.sources import ip_route, ip_route_json, route_n
from sekisho.sources.collected import Collected
from sekisho.sources.parsed import Parsed
from sekisho.sources.pieces import Piece
from sekisho.sources.recognise import Format
from sekisho.values.address import Family

FORMATS = (Format.IP_ROUTE_JSON, Format.IP_ROUTE, Format.ROUTE_N)
Coverage = tuple[Family, str]


@dataclass(slots=True)
class _Listing:
    piece: Piece
    parsed: Parsed[Route]
    all_tables: bool
    order: int

    def rank(self, family: Family) -> tuple[int, bool, bool, int]:
        """How much it says of a family: the more tables, then JSON, its own family's file, the later."""
        kind = 2 if self.all_tables else 1 if self.piece.table is None else 0
        json = self.piece.format is Format.IP_ROUTE_JSON
        return kind, json, self.piece.family == family, self.order

    def routes(self, family: Family) -> tuple[Route, ...]:
        return tuple(route for route in self.parsed.facts if route.family == family)

    def tables(self, family: Family) -> frozenset[str]:
        """The tables that it shows whole. One of all tables holds the local ones of any namespace; without
        them it was filtered, and others may be gone as well."""
        if not self.all_tables:
            return frozenset({self.piece.table or "main"})
        if not self.parsed.facts or any(route.table == "local" for route in self.parsed.facts):
            return frozenset({"all"})
        return frozenset(route.table for route in self.routes(family)) | {"main"}

    def speaks_of(self, family: Family) -> bool:
        """An empty listing speaks of the family it was asked for."""
        return family == self.piece.family or bool(self.routes(family))


def routes_of(pieces: Iterable[Piece], collected: Collected) -> tuple[tuple[Route, ...], frozenset[Coverage]]:
    """All routes, and which tables of which family were captured."""
    listings = [_listing(piece, order) for order, piece in enumerate(pieces) if piece.format in FORMATS]
    chosen: list[tuple[_Listing, Family]] = []
    families: tuple[Family, Family] = (4, 6)
    for family in families:
        chosen += [(listing, family) for listing in _choose(listings, family, collected)]
    routes: list[Route] = []
    covered: set[Coverage] = set()
    taken: list[_Listing] = []
    for listing, family in chosen:
        piece = listing.piece
        if listing not in taken:
            taken.append(listing)
            collected.take(piece, listing.parsed)
        routes += listing.routes(family)
        if not piece.partial and not (listing.parsed.unread and not listing.parsed.facts):
            covered |= {(family, table) for table in listing.tables(family)}
    return tuple(routes), frozenset(covered)


def _choose(listings: list[_Listing], family: Family, collected: Collected) -> list[_Listing]:
    """The richest listing of the family; for one of main alone, single tables' listings beside it."""
    mine = sorted(
        (listing for listing in listings if listing.speaks_of(family)),
        key=lambda listing: (not listing.piece.partial, listing.rank(family)),
        reverse=True,
    )
    if not mine:
        return []
    best = mine[0]
    chosen = [best]
    tables = {best.piece.table or "main"}
    for other in mine[1:]:
        table = other.piece.table or "main"
        if best.all_tables or other.all_tables or table in tables:
            if other.piece.pasted and other.piece.family == family:
                collected.note(other.piece, "another listing says the same or more, this one is left out")
            continue
        tables.add(table)
        chosen.append(other)
    return chosen


def _listing(piece: Piece, order: int) -> _Listing:
    table = piece.table or "main"
    if piece.format is Format.IP_ROUTE_JSON:
        parsed = ip_route_json.parse(piece.text, piece.file, piece.family, table=table)
    elif piece.format is Format.ROUTE_N:
        parsed = route_n.parse(piece.text, piece.file, piece.family)
    else:
        parsed = ip_route.parse(piece.text, piece.file, piece.family, table=table)
    says_local = piece.table is None and any(route.table == "local" for route in parsed.facts)
    return _Listing(piece, parsed, piece.all_tables or says_local, order)
