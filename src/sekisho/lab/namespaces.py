"""Anonymous network namespaces that the kernel itself removes when their last holder is gone.

No name in /run/netns, no mount, no background process: a namespace is held by one file descriptor
of this process, so that nothing outlives it, however it ends. The machine's own namespace is only
ever the place that a thread comes back to.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sekisho.errors import SekishoError, said
from sekisho.lab.sysctls import Parameters
from sekisho.lab.tools import blamed_line, complaint, ending_with_parent, readable
from sekisho.values.names import SysctlKey

CLONE_NEWNET = 0x40000000
_OWN = "/proc/thread-self/ns/net"
_TOOL_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))

_libc = ctypes.CDLL(None, use_errno=True)


class LabError(SekishoError):
    """The kernel or one of its tools refused something that the lab asked for."""


def tool(name: str) -> str | None:
    """The full path of a command; the sbin folders are searched too. None where absent."""
    return shutil.which(name, path=_TOOL_PATH)


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


class NetworkNamespace:
    """A private network namespace. Its methods enter it with the calling thread and come back.

    Not meant for several threads at a time. Raises OSError where the system forbids it.
    """

    def __init__(self) -> None:
        home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check(_libc.unshare(CLONE_NEWNET), "unshare")
            try:
                self.fd = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
            finally:
                _check(_libc.setns(home, CLONE_NEWNET), "setns")
        finally:
            os.close(home)

    @property
    def path(self) -> str:
        """A path that other processes (iproute2's ``netns PATH``) can open while this one lives."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The calling thread, and the processes that it starts, are in this namespace meanwhile."""
        home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check(_libc.setns(self.fd, CLONE_NEWNET), "setns")
            try:
                yield
            finally:
                _check(_libc.setns(home, CLONE_NEWNET), "setns")
        finally:
            os.close(home)

    def run(self, argv: Sequence[str], feed: str = "") -> str:
        """Run a command of the lab's own in here with ``feed`` as standard input; its standard output.

        Not for what a stranger wrote: see ``loading.load``. Raises LabError with the command's own words when
        it fails.
        """
        program = tool(argv[0])
        if program is None:
            raise LabError(said("the command {0!r} is not installed", argv[0]))
        with self.inside(), os.fdopen(readable(feed), "rb") as file:
            done = subprocess.run(
                [program, *argv[1:]], stdin=file, capture_output=True, text=True, check=False,
                preexec_fn=ending_with_parent(),
            )  # fmt: skip
        if done.returncode != 0:
            raise LabError(
                said("{0} failed: {1}", " ".join(argv), complaint(done.stderr) or complaint(done.stdout)),
                text=blamed_line(done.stderr, feed),
            )
        return done.stdout

    def socket(self, family: int, kind: int, proto: int = 0) -> socket.socket:
        """A socket that lives in this namespace."""
        with self.inside():
            return socket.socket(family, kind, proto)

    def write_sysctls(self, pairs: Sequence[tuple[SysctlKey, str]]) -> list[tuple[SysctlKey, str]]:
        """Write ``net.``-sysctls; returns the pairs that this kernel does not have or refuses."""
        with self.inside(), Parameters() as here:
            return [(key, value) for key, value in pairs if not here.write(key, value)]

    def close(self) -> None:
        """Let go of the namespace; the kernel removes it with everything inside."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
