"""The process above a command that somebody runs in a node: when that somebody is gone, so is the command.

A command may start others and end before them; the keeper is where the kernel hangs those up (prctl(2),
PR_SET_CHILD_SUBREAPER), so that it can end them all. What a command leaves behind when it ends by itself is
the lab's and goes on.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time
from collections.abc import Iterator, Sequence

from sekisho.values.numbers import is_number

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_PATIENCE = 5.0  # seconds for killed processes to be gone
_MOST = 1 << 16

_libc = ctypes.CDLL(None, use_errno=True)


def keep(outer: Sequence[int]) -> None:
    """Fork. The child comes back, to become the command; this process stays and never does.

    It ends as the command does; as soon as a process of ``outer`` (pidfds) is gone it ends the command.
    """
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    keeper = os.getpid()
    command = os.fork()
    if command == 0:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != keeper:
            os._exit(1)
        for fd in outer:
            os.close(fd)
        return
    status = 1
    try:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        ended = os.pidfd_open(command)
        _close_all_but(*outer, ended)
        if _first([*outer, ended]) == ended:
            status = as_status(os.waitpid(command, 0)[1])
        else:
            _end_all(command)
    finally:
        os._exit(status)


def as_status(status: int) -> int:
    """A wait status as a shell's."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _first(pidfds: Sequence[int]) -> int:
    """The first process that ends; the last of the list where it is among them."""
    poll = select.poll()
    for fd in pidfds:
        poll.register(fd, select.POLLIN)
    gone = {fd for fd, _ in poll.poll()}
    return next(fd for fd in reversed(pidfds) if fd in gone)


def _close_all_but(*kept: int) -> None:
    """Whoever reads what the command writes waits until nobody has it open."""
    low = 0
    for fd in sorted(kept):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, _MOST)


def _end_all(command: int) -> None:
    """The command and all that came of it, as far as this process's /proc shows them."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        for pid in (*_descendants(), command):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _descendants() -> Iterator[int]:
    if os.readlink("/proc/self") != str(os.getpid()):
        return  # numbers of another process namespace
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if is_number(name):
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    # The command's name, in brackets, may hold anything.
                    parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
    own = os.getpid()
    for pid in parents:
        above = parents[pid]
        for _ in parents:
            if above == own or above not in parents:
                break
            above = parents[above]
        if above == own:
            yield pid
