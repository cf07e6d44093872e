"""What readers leave besides facts, gathered over all pieces of a namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sekisho.errors import Said, SourceError, said
from sekisho.model.evidence import About, Evidence, Unread, note
from sekisho.model.stated import Stated
from sekisho.sources.parsed import Parsed
from sekisho.sources.pieces import Piece
from sekisho.sources.recognise import Format

T = TypeVar("T")

ABOUT: dict[Format, About] = {
    Format.IP_ROUTE: "routes",
    Format.IP_ROUTE_JSON: "routes",
    Format.ROUTE_N: "routes",
    Format.IP_RULE: "policy-rules",
    Format.IP_RULE_JSON: "policy-rules",
    Format.IP_ADDR: "addresses",
    Format.IP_ADDR_JSON: "addresses",
    Format.IP_LINK: "links",
    Format.IP_LINK_JSON: "links",
    Format.BRIDGE: "links",
    Format.BRIDGE_JSON: "links",
    Format.SS: "sockets",
    Format.NETSTAT: "sockets",
    Format.IFCONFIG: "addresses",
    Format.IP_BRIEF_ADDR: "addresses",
    Format.IP_BRIEF_LINK: "links",
    Format.XFRM: "beside",
    Format.TC: "beside",
    Format.IPVS: "beside",
    Format.WIREGUARD: "beside",
}


# What is not readable of these is told as any unread line; no answer about packets needs them.
_ASIDE = frozenset({Format.CONNTRACK})


@dataclass(slots=True)
class Collected:
    """``unread``, ``files`` and ``stated`` of the namespace; ``notes`` go to the snapshot."""

    unread: list[Unread] = field(default_factory=list)
    notes: list[Evidence] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    stated: list[Stated] = field(default_factory=list)

    def note(self, piece: Piece, why: str | Said) -> None:
        """Say something about a whole piece, at its command or its file. A plain text has no places."""
        place = piece.place()
        why = said(why) if isinstance(why, str) else why
        self.notes.append(note(place.file, place.line, why, place.text.strip()))

    def use(self, piece: Piece) -> None:
        """Remember the piece's file as read."""
        if piece.file not in self.files:
            self.files.append(piece.file)

    def take(self, piece: Piece, parsed: Parsed[T]) -> tuple[T, ...]:
        """The facts. Raises SourceError for a file of which no single line is readable."""
        self.use(piece)
        if parsed.unread and not parsed.facts and not piece.pasted and piece.format not in _ASIDE:
            raise not_the_format(piece, parsed.unread[0].evidence)
        self.unread += (_about(unread, piece) for unread in parsed.unread)
        return parsed.facts

    def one(
        self, pieces: Iterable[Piece], formats: Sequence[Format], read: Callable[[Piece], Parsed[T]]
    ) -> tuple[T, ...] | None:
        """The facts of the best piece of these formats (the first format first; of equals the last,
        which is the newest); None where there is none or where nothing of it could be read."""
        chosen = self.best(pieces, formats)
        if chosen is None:
            return None
        parsed = read(chosen)
        facts = self.take(chosen, parsed)
        return None if parsed.unread and not facts else facts

    def best(self, pieces: Iterable[Piece], formats: Sequence[Format]) -> Piece | None:
        """The best piece; that another one of the same format was left out is noted."""
        chosen: Piece | None = None
        for piece in pieces:
            if piece.format not in formats:
                continue
            if chosen is None or formats.index(piece.format) <= formats.index(chosen.format):
                if chosen is not None and chosen.format is piece.format:
                    self.note(chosen, "shown again later, this one is left out")
                chosen = piece
        return chosen


def _about(unread: Unread, piece: Piece) -> Unread:
    """The line with what it would have told; a listing of all tables may hold both IP versions."""
    about = ABOUT.get(piece.format, "") if unread.reason != "not-modelled" else ""
    both = piece.all_tables or about in ("addresses", "links", "sockets", "beside")
    return replace(unread, about=about, family=None if both else piece.family)


def not_the_format(piece: Piece, place: Evidence) -> SourceError:
    """No line of the piece can be read as its format."""
    return SourceError(
        said("no line reads as output of `{0}`", piece.format.value), file=place.file, line=place.line,
        text=place.text, advice="give the command's output as it is; a file is named after what it holds",
    )  # fmt: skip
