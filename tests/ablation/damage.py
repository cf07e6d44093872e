"""What was done to a snapshot, and what is gone with it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.ablation.wholes import MANIFEST, Files


@dataclass(frozen=True, slots=True)
class Damage:
    """``files`` are those of the snapshot that are other now (None: no longer there). ``lines``: by file the
    first and last line that is not as it was; ``words`` are names of what is gone (a table, a chain, a
    sysctl's key, a container). ``undecidable``: why nobody could see it; ``harmless``: nothing is gone."""

    kind: str
    files: dict[str, bytes | None]
    lines: dict[str, tuple[int, int]] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    undecidable: str = ""
    harmless: bool = False
    about: str = ""

    def seen(self, whole: Files) -> Damage:
        """The same where the capture lists its files: then it can be seen, but for an edit that keeps a
        file's size."""
        if MANIFEST not in whole or not self.undecidable:
            return self
        sizes = {name: None if data is None else len(data) for name, data in self.files.items()}
        if all(name in whole and len(whole[name]) == size for name, size in sizes.items()):
            return self
        return replace(self, undecidable="")

    def done(self, whole: Files) -> Files:
        """The snapshot's files with the damage done."""
        merged = {**whole, **{name: data for name, data in self.files.items() if data is not None}}
        return {name: data for name, data in merged.items() if self.files.get(name, b"") is not None}


# A way to damage: None where there is nothing of its kind to damage.
Way = Callable[[Files, random.Random], Damage | None]
ENDINGS = (".txt", ".json")


def base(name: str) -> str:
    """A file's name without its folder."""
    return name.rpartition("/")[2]


def pick(files: Files, draw: random.Random, wanted: Callable[[str], bool]) -> str | None:
    """One of the files that are wanted and not empty; the host's own three times of four."""
    about = ("capture-notes.txt", MANIFEST)
    named = [name for name, data in files.items() if name not in about and wanted(name) and data.strip()]
    own = [name for name in named if "/" not in name]
    if own and draw.random() < 0.75:
        named = own
    return draw.choice(named) if named else None


def text_lines(data: bytes) -> list[bytes]:
    """The lines with their ends."""
    return data.splitlines(keepends=True)
