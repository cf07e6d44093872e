"""The interfaces and addresses of a namespace: the richest listing of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sekisho.model.evidence import Evidence
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.sources import ifconfig, ip_addr, ip_addr_json, ip_brief, ip_link, ip_link_json
from sekisho.sources.collected import Collected
from sekisho.sources.parsed import Parsed
from sekisho.sources.pieces import Piece
from sekisho.sources.recognise import Format
from sekisho.values.address import Family

ADDRESSES = (Format.IP_ADDR_JSON, Format.IP_ADDR, Format.IP_BRIEF_ADDR, Format.IFCONFIG)
_LINKS = (
    Format.IP_LINK_JSON, Format.IP_LINK, Format.IP_ADDR_JSON, Format.IP_ADDR, Format.IFCONFIG,
    Format.IP_BRIEF_LINK, Format.IP_BRIEF_ADDR,
)  # fmt: skip
_FAMILIES: tuple[Family, Family] = (4, 6)


@dataclass(frozen=True, slots=True)
class Listed:
    """``families``: of which IP version ``addresses`` are. ``hidden``: where a listing stands that leaves out
    further IPv4 addresses."""

    interfaces: tuple[Interface, ...] | None
    addresses: tuple[InterfaceAddress, ...] | None
    families: frozenset[Family]
    hidden: Evidence | None


def interfaces_of(pieces: Iterable[Piece], collected: Collected) -> Listed:
    """The facts; ``ip -4 addr`` and ``ip -6 addr`` are two halves of one listing. What a part shows (``ip
    addr show eth0``) is so, and says nothing of the others."""
    every = [piece for piece in pieces if piece.format in _LINKS or piece.format in ADDRESSES]
    mine = [piece for piece in every if not piece.partial]
    interfaces = collected.one(mine, _LINKS, _read_links)
    chosen: dict[Family, Piece] = {}
    for family in _FAMILIES:
        of_it = [piece for piece in mine if piece.only_family in (None, family)]
        best = (collected if family == 4 else Collected()).best(of_it, ADDRESSES)
        if best is not None:
            chosen[family] = best
    found: list[InterfaceAddress] = []
    families: set[Family] = set()
    for piece in dict.fromkeys(chosen.values()):
        mine_too = frozenset(family for family, one in chosen.items() if one is piece)
        addresses = collected.one([piece], ADDRESSES, read_addresses)
        if addresses is not None:
            families |= mine_too
            found += (item for item in addresses if item.family in mine_too)
    known = {(item.interface, item.address) for item in found}
    for piece in every:
        if piece.partial and piece.format in ADDRESSES:
            shown = collected.take(piece, read_addresses(piece))
            found += (item for item in shown if (item.interface, item.address) not in known)
    hidden = chosen[4].place() if 4 in chosen and chosen[4].format is Format.IFCONFIG else None
    nothing = not families and not found
    covered = frozenset(_FAMILIES if nothing else families)
    return Listed(interfaces, None if nothing else tuple(found), covered, hidden)


def _read_links(piece: Piece) -> Parsed[Interface]:
    """``ip addr`` lists the interfaces as well."""
    if piece.format is Format.IFCONFIG:
        found = ifconfig.parse(piece.text, piece.file)
        return Parsed(found.interfaces, found.unread)
    if piece.format in (Format.IP_BRIEF_ADDR, Format.IP_BRIEF_LINK):
        brief = ip_brief.parse(piece.text, piece.file)
        return Parsed(brief.interfaces, brief.unread)
    json = piece.format in (Format.IP_LINK_JSON, Format.IP_ADDR_JSON)
    read = ip_link_json.parse if json else ip_link.parse
    return read(piece.text, piece.file, piece.format in (Format.IP_ADDR, Format.IP_ADDR_JSON))


def read_addresses(piece: Piece) -> Parsed[InterfaceAddress]:
    """The addresses of a listing that tells some, in whichever form."""
    if piece.format is Format.IFCONFIG:
        found = ifconfig.parse(piece.text, piece.file)
        return Parsed(found.addresses, found.unread if found.addresses or not found.interfaces else ())
    if piece.format is Format.IP_BRIEF_ADDR:
        brief = ip_brief.parse(piece.text, piece.file)
        return Parsed(brief.addresses, brief.unread if brief.addresses or not brief.interfaces else ())
    read = ip_addr_json.parse if piece.format is Format.IP_ADDR_JSON else ip_addr.parse
    return read(piece.text, piece.file)
