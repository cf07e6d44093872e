"""A part of a rule set that is not loaded, and why."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.errors import Said
from sekisho.model.evidence import Evidence


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """``place``: file, line and text of it. ``understood``: whether the model knows what it means, so that a
    kernel without it is another host."""

    place: Evidence
    why: Said
    understood: bool = True

    def __str__(self) -> str:
        where = f"{self.place.file}:{self.place.line}: " if self.place.file else ""
        return f"{where}{self.place.text.strip()}: {self.why}"
