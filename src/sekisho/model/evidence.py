"""Where a fact comes from, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place in a snapshot: file (relative to it), 1-based line (0: the whole file), raw text."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that was not understood. It is kept, named in answers, and never skipped.

    ``reason`` is a short machine word (``truncated``, ``unknown-line``, ``bad-address``...), and
    ``detail`` the offending word where there is one.
    """

    evidence: Evidence
    reason: str
    detail: str = ""
