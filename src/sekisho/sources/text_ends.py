"""What a file's text tells of being whole before any reader looks at it.

10.0.0.0/24 dev eth0 s     no line end behind the last line: more may be missing, and the line be half
(nothing)                  a text without a byte: there is nothing, or nothing could be asked
"""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.sources.pieces import HOST, Piece
from sekisho.sources.recognise import Format as F

# Listings whose cut nothing inside them shows.
_LISTS = frozenset({
    F.IP_ROUTE, F.ROUTE_N, F.IP_RULE, F.IP_ADDR, F.IP_LINK, F.IP_NEIGH, F.SS, F.SYSCTL, F.BRIDGE,
    F.IPSET_SAVE,
})  # fmt: skip
_MAY_SAY_NONE = frozenset({F.IPTABLES_SAVE, F.IP_ROUTE, F.SS})


def ends_early(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """The files of line after line whose last line has no end: what was pasted often has none."""
    return tuple(
        piece.file
        for piece in pieces
        if piece.format in _LISTS
        and not (piece.pasted or piece.blank or piece.kept == "confirmed" or piece.text.endswith("\n"))
    )


def changed_since(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """The files that a capture's manifest says were changed, line for line, since they were written."""
    return tuple(piece.file for piece in pieces if piece.kept == "changed")


def taken_as_none(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """The host's files without a byte that are taken to say that there is nothing of the kind: a command
    without the rights prints nothing either."""
    return tuple(
        piece.file
        for piece in pieces
        if piece.format in _MAY_SAY_NONE and piece.blank and not piece.pasted and not piece.kept
        and (piece.namespace, piece.family) == (HOST, 4)
    )  # fmt: skip
