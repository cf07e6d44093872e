"""A disagreement made small: the fewest lines of a host, and the plainest packet, that still show it.

Lines are taken away in ever smaller lots (Zeller's ddmin, without its complements); after each try the
kernel is asked again. What is left becomes a folder of tests/cases.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sekisho.errors import SekishoError
from sekisho.lab.agreement import Phase, terms
from sekisho.lab.droplog import DropLog
from sekisho.lab.exchange import decisions, start_at
from sekisho.lab.namespaces import LabError
from sekisho.lab.oracle import Oracle
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.sources.write import snapshot_texts
from sekisho.values.packet import ICMP, ICMPV6, SYN, TCP, Packet
from tests.case_files import FOLDER, packet_fields

Texts = dict[str, str]
Line = tuple[str, int]
Shows = Callable[[Snapshot, Packet], bool]

# (file, line): the lines that may go.
_MAY_GO = (
    (re.compile(r"ip6?tables\b.*\.txt$"), re.compile(r"(\[\d+:\d+\] )?-A ")),
    (re.compile(r"(ip6?-(route|rule)\b.*|sysctl)\.txt$"), re.compile("")),
    (re.compile(r"ipset-save\.txt$"), re.compile("add ")),
    (re.compile(r"ss\.txt$"), re.compile("")),
    # Rules of nftables, one a line; a set's elements and a chain's own line stay.
    (re.compile(r"nft-ruleset\.txt$"), re.compile(r"\t\t(?!type |flags |auto-merge|elements )[a-z].*[^{,]$")),
)


def shrunk(snapshot: Snapshot, packet: Packet, shows: Shows) -> tuple[Texts, Packet]:
    """The files of a small host and a plain packet for which ``shows`` still holds."""
    texts = snapshot_texts(snapshot)

    def without(lines: set[Line]) -> Texts:
        return {
            name: "".join(
                line for at, line in enumerate(text.splitlines(keepends=True)) if (name, at) not in lines
            )
            for name, text in texts.items()
        }

    lines = [
        (name, at)
        for name, text in texts.items()
        for at, line in enumerate(text.splitlines())
        if any(file.search(name) and form.match(line) for file, form in _MAY_GO)
    ]
    small = without(needless(lines, lambda gone: _try(without(gone), packet, shows)))
    return small, _plain(small, packet, shows)


def needless(lines: list[Line], still: Callable[[set[Line]], bool]) -> set[Line]:
    """Lines that can all be away: ``still`` says whether it holds without such a set. Tried are lots of
    half of them, of a quarter... down to single lines."""
    gone: set[Line] = set()
    size = max(1, len(lines) // 2)
    while lines:
        kept: list[Line] = []
        for at in range(0, len(lines), size):
            lot = lines[at : at + size]
            if still(gone | set(lot)):
                gone |= set(lot)
            else:
                kept += lot
        lines = kept
        if size == 1:
            break
        size = max(1, size // 2)
    return gone


def _plain(texts: Texts, packet: Packet, shows: Shows) -> Packet:
    usual: list[tuple[str, int | None]] = [("ttl", 64), ("tos", 0), ("mark", 0), ("uid", 0), ("gid", 0)]
    usual += [("length", None)]
    if packet.proto == TCP:
        usual.append(("tcp_flags", SYN))
    if packet.proto not in (ICMP, ICMPV6):
        usual += [("sport", 40000), ("dport", 80)]
    for name, value in usual:
        plain = replace(packet, **{name: value})  # type: ignore[arg-type]
        if plain != packet and _try(texts, plain, shows):
            packet = plain
    return packet


def _try(texts: Texts, packet: Packet, shows: Shows) -> bool:
    with tempfile.TemporaryDirectory(prefix="sekisho-") as folder:
        _write(texts, Path(folder))
        try:
            return shows(load(folder), packet)
        except (LabError, SekishoError, OSError):
            return False  # what cannot be built or read any more shows nothing


def _write(texts: Texts, folder: Path) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def disagrees(phase: Phase, drops: DropLog) -> Shows:
    """Whether model and kernel differ in that phase."""

    def shows(snapshot: Snapshot, packet: Packet) -> bool:
        world = World(snapshot)
        with Oracle(snapshot, drops) as oracle:
            known = replace(terms(snapshot), sockets=not oracle.node("host").refused_sockets)
            found = decisions(snapshot, known, world, oracle, start_at(packet), True)
            return any(each.phase == phase and each.difference for each in found)

    return shows


def write_case(name: str, texts: Texts, packet: Packet, phase: Phase, about: str) -> Path:
    """A folder of tests/cases without a record; ``python -m tests.cases_record NAME`` makes that."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    _write(texts, folder)  # empty ones too: a file that is missing says that nobody looked
    flow = {"about": about, "why": "", "packet": packet_fields(packet), "phases": [phase]}
    (folder / "flow.json").write_text(json.dumps(flow, indent=1) + "\n", encoding="utf-8")
    return folder
