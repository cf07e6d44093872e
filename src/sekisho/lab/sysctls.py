"""The network's kernel parameters of the namespace that the calling thread is in.

Each is reached from the opened folder /proc/sys/net, one part of its name after another, none of them a
link: whatever a key says, it leads to a file below that folder or nowhere. Others than the network's
(``kernel.``, ``fs.``) are the whole machine's and never written.
"""

from __future__ import annotations

import os
from types import TracebackType

from sekisho.values.names import SysctlKey, sysctl_parts

_ROOT = "/proc/sys/net"
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_CLOEXEC


class Parameters:
    """For as long as the thread stays in the namespace. Keys that were not captured anywhere are ``None``."""

    def __init__(self) -> None:
        self._folders: dict[tuple[str, ...], int] = {}

    def __enter__(self) -> Parameters:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for fd in self._folders.values():
            os.close(fd)
        self._folders.clear()

    def read(self, key: SysctlKey) -> str | None:
        """The value with single blanks; None where this kernel has no such parameter."""
        try:
            with os.fdopen(self._open(key, os.O_RDONLY)) as file:
                return " ".join(file.read().split())
        except OSError:
            return None

    def write(self, key: SysctlKey, value: str) -> bool:
        """Whether the kernel has the parameter and takes the value."""
        try:
            fd = self._open(key, os.O_WRONLY)
        except OSError:
            return False
        try:
            os.write(fd, value.encode())
        except OSError:
            return False
        finally:
            os.close(fd)
        return True

    def _open(self, key: SysctlKey, how: int) -> int:
        first, *folders, name = sysctl_parts(key)
        if first != "net" or "" in (*folders, name) or {".", ".."} & {*folders, name}:
            raise FileNotFoundError(key)
        return os.open(name, how | _FILE, dir_fd=self._folder(tuple(folders)))

    def _folder(self, parts: tuple[str, ...]) -> int:
        known = self._folders.get(parts)
        if known is None:
            if parts:
                known = os.open(parts[-1], _FOLDER, dir_fd=self._folder(parts[:-1]))
            else:
                known = os.open(_ROOT, _FOLDER)
            self._folders[parts] = known
        return known
