"""How the system's own commands are started: their input, their end, and what their complaints point at."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

from sekisho.values.numbers import integer, is_number

_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def readable(text: str) -> int:
    """A file without a name that holds the text, ready to be read from its beginning."""
    fd = os.memfd_create("sekisho")
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(text.encode())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def ending_with_parent() -> Callable[[], None]:
    """For ``subprocess``'s preexec_fn: the kernel ends the command when the thread that started it ends.

    Whatever the command waits for then, it waits no longer (prctl(2), PR_SET_PDEATHSIG).
    """
    parent = os.getpid()

    def bind() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # It may have ended before that; 0 is a parent outside this process namespace.
        if os.getppid() not in (parent, 0):
            os._exit(1)

    return bind


def complaint(said: str) -> str:
    """What a command says of its failure, on one line."""
    return " | ".join(line.strip() for line in said.splitlines() if line.strip())


def blamed_line(said: str, text: str) -> str:
    """The line of the input that a batch tool's message names (``line 7 failed``, ``-:7``)."""
    lines = text.splitlines()
    for word in said.replace(":", " ").split():
        if is_number(word) and 0 < integer(word) <= len(lines):
            return lines[integer(word) - 1]
    return ""
