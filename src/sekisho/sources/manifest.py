"""What a capture wrote of its own files, held against the files that are there.

    0 420 12 ip-route.txt: ip route          status, bytes, lines, file: command (capture/snapshot.sh)

lost        listed with status 0, and not there       as if the command had failed
shorter     lines are gone                            known in part, or as if the command had failed
changed     no fewer lines, other bytes (redacted)    taken as it stands, and answers say so
confirmed   as it was written                         an empty one is whole: there is nothing of the kind

Snapshots that are made by hand have none, and none is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from sekisho.model.evidence import Evidence, Failure
from sekisho.sources.collected import ABOUT
from sekisho.sources.failures import CUT, LOST
from sekisho.sources.pieces import HOST, Piece
from sekisho.sources.recognise import Format, by_name
from sekisho.values.numbers import integer

NAME = "capture-manifest.txt"
_ENTRY = re.compile(r"([0-9]{1,5}) ([0-9]{1,15}) ([0-9]{1,15}) ((?:netns/[^/:]+/)?[\w.-]+): (.*)")
# What is known of these in part is told apart by their readers; settings stand for themselves, key by key.
_IN_PARTS = frozenset({
    Format.IPTABLES_SAVE, Format.IPTABLES_LIST, Format.IPTABLES_S, Format.NFT_TEXT, Format.IP_ROUTE,
    Format.IP_ROUTE_JSON, Format.SS,
})  # fmt: skip
_BY_LINE = frozenset({Format.SYSCTL, Format.CONNTRACK, Format.SYSCTL_FILES, Format.CAPTURE_NOTES})


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as it was written."""

    file: str
    status: int
    size: int
    lines: int
    command: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of the files since: ``failures`` by namespace, ``parts`` with the line of the manifest that
    tells of more, ``changed`` in place, ``confirmed`` as they were written."""

    failures: tuple[tuple[str, Failure], ...] = ()
    parts: Mapping[str, Evidence] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()
    confirmed: frozenset[str] = frozenset()

    def untold(self, file: str) -> bool:
        """Whether what is left of the file tells nothing for certain."""
        return any(_full(name, failure) == file for name, failure in self.failures)

    def marked(self, piece: Piece, file: str) -> Piece:
        """The piece with what the manifest says of its file."""
        if file in self.parts:
            return replace(piece, partial="shorter than captured", filtered=True, command=self.parts[file])
        kept = "confirmed" if file in self.confirmed else "changed" if file in self.changed else ""
        return replace(piece, kept=kept) if kept else piece


def checked(files: Mapping[str, bytes], prefix: str = "") -> Checked:
    """The files of a host, by their place in its folder, held against its manifest, if it has one. ``prefix``
    is that folder's place."""
    text = files.get(NAME, b"").decode("utf-8", "replace")
    failures: list[tuple[str, Failure]] = []
    parts: dict[str, Evidence] = {}
    changed: set[str] = set()
    confirmed: set[str] = set()
    for entry in _entries(text, prefix + NAME):
        if entry.status != 0:
            continue  # the notes tell why, or another command was asked instead
        data = files.get(entry.file)
        if data is None:
            failures.append(_failure(entry, LOST))
            continue
        written = data.replace(b"\r\n", b"\n")  # as they become on their way over some systems
        if len(written) == entry.size:
            confirmed.add(entry.file)
        elif written.count(b"\n") >= entry.lines or _format(entry.file) in _BY_LINE:
            changed.add(entry.file)
        elif _format(entry.file) in _IN_PARTS:
            parts[entry.file] = entry.evidence
        else:
            failures.append(_failure(entry, CUT))
    return Checked(tuple(failures), parts, frozenset(changed), frozenset(confirmed))


def _entries(text: str, shown: str) -> Iterator[Entry]:
    for number, line in enumerate(text.split("\n"), 1):
        found = _ENTRY.fullmatch(line.strip())
        if found is not None and by_name(found[4].rpartition("/")[2]) is not None:
            status, size, lines = (integer(found[at]) for at in (1, 2, 3))
            yield Entry(found[4], status, size, lines, found[5].strip(), Evidence(shown, number, line))


def _format(file: str) -> Format | None:
    expected = by_name(file.rpartition("/")[2])
    return None if expected is None else expected.usual(file)


def _failure(entry: Entry, reason: str) -> tuple[str, Failure]:
    place, _, name = entry.file.rpartition("/")
    expected = by_name(name)
    assert expected is not None  # ``_entries`` takes no other
    about = ABOUT.get(expected.formats[0], "")
    failure = Failure(name, entry.command, reason, entry.evidence, about, expected.family)
    return (place.split("/")[1] if place else HOST), failure


def _full(namespace: str, failure: Failure) -> str:
    return failure.file if namespace == HOST else f"netns/{namespace}/{failure.file}"
