"""Captures whose texts end too early: ``check`` must not pass what the whole capture fails.

Of each text every so many bytes, and every end of a line, is where it is cut; the rest of the capture stays.
Asked is whether the Internet and the host reach each container, and the Internet the host.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sekisho.answers.check import CheckReport, check
from sekisho.answers.policy import Assertion, load_policy
from sekisho.errors import SekishoError
from sekisho.semantics.world import World
from sekisho.sources.load import load

# What people paste: one text of a kind, and nothing beside it that says the same again.
FEW = (
    "ip-route.txt", "ip-addr.txt", "iptables-save.txt", "nft-ruleset.txt", "ss.txt", "sysctl.txt",
    "docker-containers.json", "docker-networks.json",
)  # fmt: skip
_LONG = 20_000
# Leans that name what a cut took; the one that says of every text that it may be cut is not among them.
NAMED = frozenset({"table-not-shown", "table-not-captured", "nft-rest-not-captured", "ports-not-known"})


@dataclass
class Found:
    """What ``check`` said after the cuts, counted; ``wrong``: (file, bytes left, assertion) that passed."""

    told: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, int, str]] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Take another one's in."""
        self.told += other.told
        self.wrong += other.wrong


class Capture:
    """A copy of a capture, of which texts can be cut. ``few``: without what says a thing a second time."""

    def __init__(self, source: Path, folder: Path, few: bool) -> None:
        shutil.copytree(source, folder)
        for path in folder.iterdir() if few else ():
            if path.name not in FEW:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.folder = folder
        self.policy = _policy(folder)
        self.whole = self._ask()
        assert "failed" in self.statuses(self.whole)

    def _ask(self) -> CheckReport:
        return check(World(load(str(self.folder))), self.policy)

    @staticmethod
    def statuses(report: CheckReport) -> list[str]:
        """What became of each assertion."""
        return [result.status for result in report.results]

    def cut(self, name: str, places: Iterable[int]) -> Found:
        """What is said with so many bytes of one text."""
        found = Found()
        path = self.folder / name
        text = path.read_bytes()
        for place in places:
            path.write_bytes(text[:place])
            try:
                self._compare(self._ask(), name, place, found)
            except SekishoError:
                found.told["refused"] += 1
        path.write_bytes(text)
        return found

    def _compare(self, report: CheckReport, name: str, place: int, found: Found) -> None:
        leans = {lean.code for lean in report.leans_on}
        general = any(
            lean.code == "texts-taken-as-whole" and name in lean.args[0].split(", ")
            for lean in report.leans_on
        )
        for before, after in zip(self.whole.results, report.results, strict=True):
            if before.status != "failed" or after.status != "passed":
                found.told[after.status] += 1
            elif leans & NAMED:
                found.told["passed, and what is missing is named"] += 1
            elif general and name not in ("iptables-save.txt", "nft-ruleset.txt"):
                found.told["passed, and the text is said to be taken as whole"] += 1
            else:
                found.wrong.append((name, place, after.assertion.name))


def places(text: bytes, every: int) -> Iterator[int]:
    """Where to cut: after so many bytes each, and before and after every line's end; of the long list of
    settings only after so many dozen each."""
    if len(text) > _LONG:
        yield from range(0, len(text), 24 * every)
        return
    ends = {at + after for at, byte in enumerate(text) if byte == 10 for after in (0, 1)}
    yield from sorted(({*range(0, len(text), every)} | ends) - {len(text)})


def _policy(folder: Path) -> tuple[Assertion, ...]:
    containers = json.loads((folder / "docker-containers.json").read_text())
    ends = [f"container:{one['Name'].lstrip('/')}" for one in containers]
    pairs = [(source, f'"{end}"') for end in ends for source in ("internet", "host")]
    lines = [f"  - deny: {{from: {a}, to: {b}, proto: tcp}}" for a, b in (*pairs, ("internet", "host"))]
    path = folder.with_suffix(".yaml")
    path.write_text("version: 1\nassertions:\n" + "\n".join(lines) + "\n")
    return load_policy(str(path))
