"""The real listings beside this file; captures/make-routes.sh made them."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "captures"


def capture(name: str) -> str:
    """The text of one listing."""
    return (_FOLDER / name).read_text()
