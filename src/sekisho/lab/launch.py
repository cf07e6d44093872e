"""Programs are started in the room, each in a network namespace, with no more power than it needs there."""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence

from sekisho.lab import powers, room
from sekisho.lab.namespaces import CLONE_NEWNET, NetworkNamespace
from sekisho.lab.tools import ending_with_parent

_CLONE_FS = 0x200

_libc = ctypes.CDLL(None, use_errno=True)


def start(
    argv: Sequence[str],
    namespace: NetworkNamespace,
    feed: int,
    *,
    errors: int = subprocess.DEVNULL,
    environment: Mapping[str, str] = room.ENVIRONMENT,
    kept: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program, ``feed`` its standard input. It ends when this process does.

    ``kept``: powers over its network besides NET_ADMIN and NET_RAW. Raises LabError where the program is not
    installed, or where no room can be made.
    """
    known = room.program(argv[0])
    place = room.descriptor()
    powers.call_filter()  # made here, and not for every program

    def open_process(enter: Callable[[], None] | None) -> subprocess.Popen[bytes]:
        # The first of a process namespace has opened all its files itself, none of them to be passed on.
        return subprocess.Popen(
            known.argv(*argv[1:]), executable=known.path, stdin=feed, stdout=subprocess.DEVNULL,
            stderr=errors, env=environment, preexec_fn=enter, close_fds=enter is not None,
        )  # fmt: skip

    if os.getpid() == 1:
        return _by_a_thread(place, namespace, kept, open_process)
    bind = ending_with_parent()

    def enter() -> None:
        room.go_in(place, kept)
        bind()

    with namespace.inside():
        return open_process(enter)


def _by_a_thread(
    place: int,
    namespace: NetworkNamespace,
    kept: Sequence[int],
    open_process: Callable[[None], subprocess.Popen[bytes]],
) -> subprocess.Popen[bytes]:
    """For the first process of a process namespace, with which all others end: no copy of it is made for each
    program. Namespaces, powers and refused calls are a thread's; it goes in, starts the program and ends."""
    made: list[subprocess.Popen[bytes]] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            if _libc.setns(namespace.fd, CLONE_NEWNET) != 0 or _libc.unshare(_CLONE_FS) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            room.go_in(place, kept)
            made.append(open_process(None))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return made[0]
