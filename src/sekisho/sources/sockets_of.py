"""The sockets of a namespace, from ``ss`` and ``netstat``, and what they cover."""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.model.host import Socket
from sekisho.sources import netstat, ss
from sekisho.sources.collected import Collected
from sekisho.sources.parsed import Parsed
from sekisho.sources.pieces import Piece
from sekisho.sources.recognise import Format

FORMATS = (Format.SS, Format.NETSTAT)
_BOTH = frozenset({"tcp", "udp"})


def sockets_of(
    pieces: Iterable[Piece], collected: Collected
) -> tuple[tuple[Socket, ...] | None, frozenset[str]]:
    """Sockets, and the protocols whose listening sockets are all among them.

    What a part of a listing shows (``ss -tln | grep 8080``) is there all the same; that something is not
    shown there says nothing. Where a listing of all kinds is there, one of a single kind says nothing new.
    """
    mine = [piece for piece in pieces if piece.format in FORMATS]
    whole = [piece for piece in mine if not piece.partial]
    kinds: dict[frozenset[str], list[Piece]] = {}
    for piece in whole:
        kinds.setdefault(_covered(piece), []).append(piece)
    if _BOTH in kinds:
        kinds = {_BOTH: kinds[_BOTH]}
    found: list[Socket] = []
    covered: set[str] = set()
    captured = False
    for protocols, listings in kinds.items():
        sockets = collected.one(listings, FORMATS, _read)
        if sockets is not None:
            captured = True
            found += sockets
            covered |= protocols
    for piece in mine:
        if piece.partial and covered != _BOTH:
            captured = True
            found += collected.take(piece, _read(piece))
    return (tuple(found) if captured else None), frozenset(covered)


def _covered(piece: Piece) -> frozenset[str]:
    if piece.proto is not None:
        return frozenset({piece.proto})
    if piece.format is Format.NETSTAT:
        # Its columns are the same for one kind and for all: only a command tells that both were asked for.
        return netstat.covered(piece.text) if piece.unnamed or not piece.pasted else _BOTH
    kind = ss.only_kind(piece.text)
    return _BOTH if kind is None else frozenset({kind})


def _read(piece: Piece) -> Parsed[Socket]:
    if piece.format is Format.NETSTAT:
        return netstat.parse(piece.text, piece.file)
    return ss.parse(piece.text, piece.file, piece.proto)
