"""Running the command as a user does: in this process, or as a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from sekisho.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command line gave."""

    status: int
    out: str
    err: str


def sekisho(*argv: str) -> Ran:
    """Call ``main`` and collect what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main([str(word) for word in argv])
    return Ran(status, out.getvalue(), err.getvalue())


def process(*argv: str, env: Mapping[str, str] | None = None, stdin: str = "") -> Ran:
    """``python -m sekisho`` with these arguments; ``env`` is added to the environment."""
    done = subprocess.run(
        [sys.executable, "-m", "sekisho", *argv],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **(env or {})},
    )
    return Ran(done.returncode, done.stdout, done.stderr)
