"""A piece: one command's output on its way to a reader, with all that is known of it from outside."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.errors import SourceError, said
from sekisho.model.evidence import Evidence, Failure, Unread
from sekisho.sources.recognise import Format
from sekisho.values.address import Family

HOST = "host"
# The table of a listing of iptables that nothing tells.
UNKNOWN_TABLE = "?"


@dataclass(frozen=True, slots=True)
class Piece:
    """``text`` keeps the line numbers of ``file`` (a paste's piece is led by blank lines).

    ``namespace``: whose output it is. ``partial`` (not empty) says why there may be more than the
    text shows (``filtered``: anywhere in it; ``whole_tables``: in tables of their own only), ``command``
    is the line it followed (or its own first line). ``pasted``: the format was told from a mixture, so
    that a strange line is no reason to refuse the whole. ``unnamed``: the text came without a command and
    without a file's name. ``host`` names whose it is, where a text shows several hosts.
    ``only_family``: what was asked for leaves out the other family (``ip -4 addr``).
    ``subject``: of what the command asks, where the text does not say it again (``docker port NAME``).
    ``kept``: of a capture with a manifest, whether the text is as it was written (confirmed, changed).
    """

    format: Format
    text: str
    file: str
    family: Family = 4
    namespace: str = HOST
    table: str | None = None
    backend: str = ""
    all_tables: bool = False
    partial: str = ""
    proto: str | None = None
    command: Evidence | None = None
    pasted: bool = False
    filtered: bool = False
    whole_tables: bool = False
    unnamed: bool = False
    host: str = ""
    only_family: Family | None = None
    subject: tuple[str, ...] = ()
    kept: str = ""

    @property
    def blank(self) -> bool:
        return not self.text.strip()

    def place(self) -> Evidence:
        """The command, or else the file, as the place of a finding about the whole piece."""
        return self.command or Evidence(self.file, 0, "")


@dataclass(frozen=True, slots=True)
class Gathered:
    """The pieces of a snapshot, and what was set aside on the way to them.

    ``notes`` are outputs and files that no reader reads, ``unread`` single lines of no known format,
    ``prose`` people's words around the outputs. ``hosts`` names the hosts, where it is more than one: then
    each piece has its ``host``, and ``owners`` tells, line by line from one on, whose the rest of a page is.
    ``failed``: by namespace, the commands of which a file holds the error alone.
    """

    pieces: tuple[Piece, ...]
    notes: tuple[Evidence, ...] = ()
    unread: tuple[Unread, ...] = ()
    prose: tuple[Evidence, ...] = ()
    hosts: tuple[str, ...] = ()
    owners: tuple[tuple[int, str], ...] = ()
    failed: tuple[tuple[str, Failure], ...] = ()

    def of(self, host: str) -> Gathered:
        """What is one host's; what stands before the first belongs to that one."""

        def mine(place: Evidence) -> bool:
            return self._owner(place) in (host, None)

        return Gathered(
            tuple(piece for piece in self.pieces if piece.host == host),
            tuple(note for note in self.notes if mine(note)),
            tuple(line for line in self.unread if mine(line.evidence)),
            tuple(line for line in self.prose if mine(line)),
            failed=tuple((name, one) for name, one in self.failed if mine(one.evidence)),
        )

    def pieces_beside(self, place: Evidence) -> Iterator[Piece]:
        """The pieces of the host to which a line of the page belongs."""
        owner = self._owner(place)
        return (piece for piece in self.pieces if owner in (piece.host, None))

    def _owner(self, place: Evidence) -> str | None:
        """Whose a line of the page is; None where there is one host alone."""
        at = bisect_right(self.owners, place.line, key=lambda owner: owner[0])
        return self.owners[max(at - 1, 0)][1] if self.owners else None


# What these print may be nothing at all: an empty file says "there are none".
MAY_BE_EMPTY = frozenset(
    {
        Format.IP_NEIGH, Format.SS, Format.IPSET_SAVE, Format.CONNTRACK, Format.IP_RULE,
        Format.DOCKER_PORT, Format.NFT_TEXT, Format.SYSCTL_FILES, Format.CAPTURE_NOTES, Format.SNAPSHOT_TOML,
        Format.CAPTURE_MANIFEST, Format.XFRM, Format.TC, Format.IPVS, Format.WIREGUARD,
    }
)  # fmt: skip


def empty_error(piece: Piece) -> SourceError:
    """An empty text where the command always prints something."""
    return SourceError(
        "the file is empty", file=piece.file,
        advice=said(
            "capture it again with `{0}` (as root), or remove the file: what is missing counts as not known",
            command_for(piece),
        ),
    )  # fmt: skip


def command_for(piece: Piece) -> str:
    """The command that prints such a file."""
    if piece.format in (Format.IPTABLES_LIST, Format.IPTABLES_S):
        six = "6" if piece.family == 6 else ""
        return f"ip{six}tables -t {piece.table or 'nat'} -nL -v"
    command = str(piece.format.value)
    if piece.family == 6 and command.startswith("ip"):
        return command.replace("iptables", "ip6tables").replace("ip ", "ip -6 ", 1)
    return command
