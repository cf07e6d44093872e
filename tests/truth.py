"""Where the large collection of measured captures is, if it is here at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def truth_dir() -> Path | None:
    """The folder ``truth`` beside the checkout, or what SEKISHO_TRUTH names; None where absent."""
    named = os.environ.get("SEKISHO_TRUTH")
    if named:
        return Path(named) if Path(named).is_dir() else None
    beside = Path(__file__).resolve().parents[2] / "shared" / "truth"
    return beside if beside.is_dir() else None


needs_truth = pytest.mark.skipif(
    truth_dir() is None,
    reason="the large collection of measured captures is not here (set SEKISHO_TRUTH to its folder)",
)
