"""``python -m sekisho``."""

from __future__ import annotations

from sekisho.cli.main import program

program()
