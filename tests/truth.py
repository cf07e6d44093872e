"""Where the large collection of measured captures is, if it is here at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from sekisho.model.snapshot import Snapshot
from sekisho.sources.load import load

T = TypeVar("T")


def truth_dir() -> Path | None:
    """The folder ``truth`` beside the checkout, or what SEKISHO_TRUTH names; None where absent."""
    named = os.environ.get("SEKISHO_TRUTH")
    if named:
        return Path(named) if Path(named).is_dir() else None
    beside = Path(__file__).resolve().parents[2] / "shared" / "truth"
    return beside if beside.is_dir() else None


@cache
def loaded(folder: Path) -> Snapshot:
    """A capture as a snapshot, which many tests ask for: it is read once."""
    return load(str(folder))


def some(items: Sequence[T], most: int) -> list[T]:
    """So many of the items, evenly; with SEKISHO_TEST_SEARCH all of them."""
    if os.environ.get("SEKISHO_TEST_SEARCH") or len(items) <= most:
        return list(items)
    return [items[at * len(items) // most] for at in range(most)]


needs_truth = pytest.mark.skipif(
    truth_dir() is None,
    reason="the large collection of measured captures is not here (set SEKISHO_TRUTH to its folder)",
)
