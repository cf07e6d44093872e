"""The comment line by which a snapshot that Sekisho writes says that something is known in part only."""

from __future__ import annotations

import re
from typing import get_args

from sekisho.model.evidence import Lack, Partial

_LINE = re.compile(r"\s*# known in part only \((\w+)\)\s*")


def partial_line(partial: Partial) -> str:
    """``# known in part only (filtered)``"""
    return f"# known in part only ({partial.why})"


def lack_of(line: str) -> Lack | None:
    """Why something is known in part only, where the line is such a comment."""
    found = _LINE.fullmatch(line)
    return next((why for why in get_args(Lack) if found and why == found[1]), None)
