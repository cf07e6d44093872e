"""The ``sekisho`` command."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; the exit status."""
    from sekisho import __version__

    print(f"sekisho {__version__}")
    return 0
