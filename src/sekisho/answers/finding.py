"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Finding:
    """``id`` is a message id (``trap.*``; ``ID.way`` says the way out), ``severity`` error, warning or
    note. ``places`` are the lines that show it."""

    id: str
    severity: str
    args: tuple[str, ...] = ()
    places: tuple[Evidence, ...] = field(default=(), compare=False)
