"""The files of a compose project: those that the user named, and what they name in the project's folder.

Compose reads what a file includes, extends or takes variables from, wherever that is. A compose file may be
somebody else's: here a path of its leads below the project's own folder (that of the first file, or of
another file that the user named), or is refused, unless the user allows more.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from sekisho.errors import SourceError
from sekisho.sources.bounds import Bounds, Folder, LeadsOutError, NoFileError, read_named

# Compose reads it as a file without variables.
NOTHING = "/dev/null"


class ProjectFiles:
    """What may be read. ``named``: the files that the user named."""

    def __init__(self, named: Sequence[Path], bounds: Bounds) -> None:
        self._named = {os.path.realpath(path) for path in named}
        folders = dict.fromkeys(os.path.dirname(os.path.realpath(path)) for path in named)
        self._folders = [Folder(Path(path), bounds) for path in folders]
        self.bounds = bounds
        self._left = bounds.most

    def check(self, path: Path | str) -> None:
        """Raises LeadsOutError for a path that is outside; whether something is there is not looked at."""
        real = os.path.realpath(path)
        if str(path) == NOTHING or real in self._named or any(top.holds(Path(real)) for top in self._folders):
            return
        raise LeadsOutError(str(path), self._folders[0].path)

    def text(self, path: Path | str) -> str:
        """A file's text. Raises SourceError where it is outside, no file, too large, or no UTF-8; OSError
        where the system does not give it."""
        self.check(path)
        if str(path) == NOTHING:
            return ""
        data = self._bytes(Path(path))
        self._left -= len(data)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SourceError("is not UTF-8 text", file=str(path)) from None

    def _bytes(self, path: Path) -> bytes:
        if os.path.realpath(path) in self._named:
            return read_named(path, str(path), self.bounds)
        if stat.S_ISDIR(os.stat(path).st_mode):  # what is not there, or a folder, is compose's own to say
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        top = next(top for top in self._folders if top.holds(path))
        try:
            return top.read(path, str(path), self._left)
        except NoFileError:
            raise SourceError("is no regular file", file=str(path)) from None
