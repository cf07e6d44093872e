"""Ctrl-C: the command ends without a word, and with the status that a shell expects."""

from __future__ import annotations

# The part of ``signal`` that is in the interpreter itself: the other half is 2 ms of imports, in which Ctrl-C
# would be a traceback still.
import _signal as signal  # type: ignore[import-not-found]
import os

INTERRUPTED = 130  # what a shell reports for a command that SIGINT ended
_raises = False
_raised = False


def end_at_once() -> None:
    """From now on Ctrl-C ends the process. Where it is ignored (a job in the background of a script) it
    stays so; what was held back until now comes."""
    global _raises
    _raises = False
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def raise_it() -> None:
    """From now on Ctrl-C is KeyboardInterrupt: for what has something to put back before it ends."""
    global _raises
    _raises = True


def was_raised() -> bool:
    """Whether that has happened. It may come as another error: amid an import as a RuntimeError, say."""
    return _raised


def _interrupted(_signum: int, _frame: object) -> None:
    global _raised
    if not _raises:
        os._exit(INTERRUPTED)
    _raised = True
    raise KeyboardInterrupt
