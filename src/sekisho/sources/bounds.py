"""How far and how much is read: files of a folder that somebody else may have filled.

What a snapshot's folder or a project's holds may be a link, a pipe, a device, or have no end. Files are
read below their own folder, where they are files, up to a number of bytes. What a user names on the command
line is read as it is, up to the same number.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from sekisho.errors import Said, SourceError, said

MIB = 1024 * 1024
USUAL_MOST = 256 * MIB
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# A pipe that nobody writes to must not be waited for before it is known to be one.
_FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class Bounds:
    """``outside``: links and paths in a folder may lead out of it. ``most``: bytes of a snapshot or file.
    ``host``: of a snapshot of several hosts this one; "" for none in particular.

    What few bytes can ask for grows with ``most``, so that one option lifts every limit.
    """

    outside: bool = False
    most: int = USUAL_MOST
    host: str = ""

    @property
    def members(self) -> int:
        """Files and other things in a snapshot's folder or archive; 128 Ki as a rule."""
        return max(self.most >> 11, 1 << 10)

    @property
    def longest_line(self) -> int:
        """Characters of one line; 1 MiB as a rule."""
        return max(self.most >> 8, 1 << 16)

    @property
    def lines(self) -> int:
        """Lines of one text; 1 Mi as a rule."""
        return max(self.most >> 8, 1 << 16)

    @property
    def elements(self) -> int:
        """Lines of a text that lists the elements of sets; 4 Mi as a rule."""
        return max(self.most >> 6, 1 << 16)

    @property
    def json_values(self) -> int:
        """Values of one JSON text, about: 4 Mi as a rule."""
        return max(self.most >> 6, 1 << 16)

    @property
    def nodes(self) -> int:
        """Values of a compose file with all that it includes and extends; 256 Ki as a rule."""
        return max(self.most >> 10, 1 << 10)

    @property
    def ports(self) -> int:
        """Ports that a project publishes or exposes; 64 Ki as a rule."""
        return max(self.most >> 12, 1 << 8)

    @property
    def containers(self) -> int:
        """Containers of a project; 4096 as a rule."""
        return max(self.most >> 16, 1 << 4)


USUAL = Bounds()


class LeadsOutError(SourceError):
    """A link or a path leads out of the folder that it is in."""

    def __init__(self, shown: str, folder: Path) -> None:
        super().__init__(
            said("leads out of the folder {0}", folder), file=shown,
            advice="if you know what is there: --outside reads it all the same",
        )  # fmt: skip


class NoFileError(SourceError):
    """A pipe, a device, a folder."""

    def __init__(self, shown: str) -> None:
        super().__init__("no regular file", file=shown, advice="copy what it holds into a file")


class Folder:
    """A folder whose files are read, below it only."""

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self.path = path
        self.bounds = bounds
        self._root = os.path.realpath(path)

    def holds(self, path: Path) -> bool:
        """Whether a path, with all links followed, ends below the folder (or may lead out)."""
        return self.bounds.outside or self._below(os.path.realpath(path)) is not None

    def read(self, path: Path, shown: str, most: int | None = None) -> bytes:
        """A file's bytes. Raises SourceError: LeadsOutError, NoFileError, or why it cannot be read.

        ``most``: fewer bytes than the bounds allow.
        """
        real = os.path.realpath(path)
        inside = self._below(real)
        if inside is None and not self.bounds.outside:
            raise LeadsOutError(shown, self.path)
        try:
            fd = os.open(real, _FILE) if inside is None else self._open(inside)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO):  # a link to nowhere, a socket
                raise NoFileError(shown) from None
            raise cannot_read(shown, error) from None
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise NoFileError(shown)
        with os.fdopen(fd, "rb") as file:
            limit = self.bounds.most if most is None else most
            data = file.read(limit + 1)
        if len(data) > limit:
            raise too_large(shown, self.bounds.most)
        return data

    def _below(self, real: str) -> tuple[str, ...] | None:
        if real == self._root:
            return ()
        start = self._root if self._root.endswith(os.sep) else self._root + os.sep
        return tuple(real.removeprefix(start).split(os.sep)) if real.startswith(start) else None

    def _open(self, parts: tuple[str, ...]) -> int:
        """Part by part, so that none of them becomes a link meanwhile."""
        if not parts or os.open not in os.supports_dir_fd:
            return os.open(os.path.join(self._root, *parts), _FILE)
        folder = os.open(self._root, os.O_RDONLY | _FOLDER)
        try:
            for part in parts[:-1]:
                below = os.open(part, os.O_RDONLY | _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = below
            return os.open(parts[-1], _FILE | _NO_LINK, dir_fd=folder)
        finally:
            os.close(folder)


def read_named(path: Path, shown: str, bounds: Bounds) -> bytes:
    """What the user named: a file, but also a pipe. Raises SourceError where it cannot be read or is too
    large."""
    try:
        with path.open("rb") as file:
            data = file.read(bounds.most + 1)
    except OSError as error:
        raise cannot_read(shown, error) from None
    if len(data) > bounds.most:
        raise too_large(shown, bounds.most)
    return data


def cannot_read(shown: str, error: OSError) -> SourceError:
    """The system does not give it."""
    return SourceError(
        said("cannot read it: {0}", error.strerror), file=shown, advice="check the path and its permissions"
    )


def too_large(shown: str, most: int) -> SourceError:
    """More than the bounds allow."""
    return SourceError(said("larger than {0} MiB", _mib(most)), file=shown, advice=raise_it(most))


def too_many(shown: str, bounds: Bounds) -> SourceError:
    """More files, links and the like in a folder or archive than the bounds allow."""
    return SourceError(
        said("holds more than {0} files", bounds.members), file=shown, advice=raise_it(bounds.most)
    )


def raise_it(most: int) -> Said:
    """What to do where a limit is reached."""
    return said("leave out what does not belong to it, or raise the limit: --max-input {0}", _mib(2 * most))


def _mib(most: int) -> int | float:
    return most // MIB if most >= MIB else round(most / MIB, 6)
