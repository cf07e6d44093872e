"""A progress bar for what takes longer than two seconds, on a terminal only."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from sekisho.cli.output import Output

_AFTER = 2.0  # seconds without a word
_EVERY = 0.1
_WIDE = 30


class Progress:
    """``with Progress(out) as progress: work(progress.report)``. It writes to stderr, and wipes it."""

    def __init__(self, out: Output) -> None:
        self._shows = sys.stderr.isatty() and not out.json
        self._began = self._last = time.monotonic()
        self._shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    def report(self, phase: str, done: int, total: int) -> None:
        """``done`` of ``total`` steps of a phase are over."""
        now = time.monotonic()
        if not self._shows or now - self._began < _AFTER or now - self._last < _EVERY:
            return
        self._last, self._shown = now, True
        full = _WIDE * done // max(total, 1)
        sys.stderr.write(f"\r\033[K[{'#' * full}{'.' * (_WIDE - full)}] {done}/{total} {phase}")
        sys.stderr.flush()
