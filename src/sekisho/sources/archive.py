"""The files of a snapshot as bytes: from a folder, or a tar in memory (plain, gz, xz, bz2, zst).

Nothing is ever written: an archive's members are only read. Names that lead out of the archive or the
folder, and contents beyond the bounds, are refused.
"""

from __future__ import annotations

import io
import os
import posixpath
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from sekisho.errors import SourceError, said
from sekisho.model.evidence import Evidence, note
from sekisho.sources.bounds import USUAL, Bounds, Folder, LeadsOutError, NoFileError, too_large, too_many

if TYPE_CHECKING:
    import tarfile

_MAGIC = ((b"\x1f\x8b", "gz"), (b"\xfd7zXZ\x00", "xz"), (b"BZh", "bz2"), (b"\x28\xb5\x2f\xfd", "zst"))

_UNPACKERS = {"gz": "gzip", "xz": "lzma", "bz2": "bz2"}
_BLOCK = 512
_LONGEST_NAME = 4096  # PATH_MAX of include/uapi/linux/limits.h
_MOST_HEADERS = 64
LAYOUT_FOLDERS = frozenset({"netns", "hosts", "aws"})

Files = dict[str, bytes]
# (packed bytes, the archive's name for errors, at most so many bytes) -> the unpacked bytes.
Unzstd = Callable[[bytes, str, int], bytes]


def archive_kind(data: bytes) -> str | None:
    """ "tar", "gz", "xz", "bz2" or "zst" by the data's first bytes; None for anything else."""
    if data[257:262] == b"ustar":
        return "tar"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)


def read_folder(
    path: Path, bounds: Bounds = USUAL, known: Callable[[str], bool] = lambda _: True
) -> tuple[Files, list[Evidence]]:
    """The files of a snapshot folder by their relative path.

    Only the folders that the layout has are entered; other ones, and what is no regular file, come
    back as notes. Hidden files are nobody's business. Raises SourceError for a link that leads out of the
    folder where a file of the layout is due: ``known`` tells by the relative path.
    """
    files: Files = {}
    notes: list[Evidence] = []
    left = bounds.most
    top = Folder(path, bounds)
    seen = 0
    # Links to folders are followed: the layout's depth bounds the walk.
    for where, folders, names in os.walk(path, followlinks=True):
        inside = Path(where).relative_to(path)
        seen += len(folders) + len(names)
        if seen > bounds.members:
            raise too_many(path.as_posix(), bounds)
        visible = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in visible if _is_layout_folder(inside / name)]
        notes += [
            note((inside / name).as_posix(), 0, said("not read")) for name in visible if name not in folders
        ]
        for name in folders:
            if not top.holds(path / inside / name):
                raise LeadsOutError((inside / name).as_posix(), path)
        for name in sorted(name for name in names if not name.startswith(".")):
            shown = (inside / name).as_posix()
            try:
                files[shown] = top.read(path / shown, shown, left)
                left -= len(files[shown])
            except LeadsOutError:
                if known(shown):
                    raise
                notes.append(note(shown, 0, said("not read: leads out of the folder")))
            except NoFileError:
                notes.append(note(shown, 0, said("not read: no regular file")))
    return files, notes


def _is_layout_folder(folder: Path) -> bool:
    """``netns``, ``netns/NAME``, ``hosts/NAME/netns/NAME``: each second part is a free name."""
    return len(folder.parts) <= 4 and all(part in LAYOUT_FOLDERS for part in folder.parts[::2])


def read_archive(
    data: bytes, shown: str, unzstd: Unzstd | None = None, bounds: Bounds = USUAL
) -> tuple[Files, list[Evidence]]:
    """The regular files of an archive by name, without the one folder that holds them all, if any.

    ``unzstd`` unpacks zstd: Python before 3.14 cannot do it, so a program has to, and running one is
    the caller's to allow.
    """
    import tarfile  # only here: it brings half the compression library along

    kind = archive_kind(data) or "tar"
    if kind == "zst":
        if unzstd is None:
            raise SourceError(
                "a zstd archive cannot be unpacked here",
                file=shown,
                advice="unpack it with `zstd -d` and give the .tar",
            )
        data = unzstd(data, shown, bounds.most)
    files: Files = {}
    notes: list[Evidence] = []
    size = 0
    try:
        # First all of it, within the bounds: a name or header before a member may be larger than the members.
        if kind in _UNPACKERS:
            data = _unpacked(data, import_module(_UNPACKERS[kind]), bounds.most + 1)
            if len(data) > bounds.most:
                raise too_large(shown, bounds.most)
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            for number, member in enumerate(tar, 1):
                # Each member has a copy of what the global headers before it say.
                if len(tar.pax_headers) > _MOST_HEADERS:
                    what = said("holds more than {0} headers that count for all members", _MOST_HEADERS)
                    raise SourceError(what, file=shown)
                if number > bounds.members:
                    raise too_many(shown, bounds)
                name = _safe_name(member.name, shown)
                if member.isdir():
                    continue
                if not member.isfile():
                    notes.append(note(name, 0, said("not read: no regular file")))
                    continue
                size += member.size
                if size > bounds.most:
                    raise too_large(f"{shown}:{name}", bounds.most)
                content = tar.extractfile(member)
                if name in files:
                    raise SourceError(
                        "the archive has two members of this name", file=shown, text=name,
                        advice="make the archive with: tar -C SNAPSHOT -cf snapshot.tar .",
                    )  # fmt: skip
                if content is not None and not posixpath.basename(name).startswith("."):
                    files[name] = content.read()
            _must_end(tar)
    except (tarfile.TarError, EOFError, OSError, ValueError, ImportError, RecursionError) as error:
        raise SourceError(
            said("not a whole tar archive: {0}", error), file=shown,
            advice="a snapshot is a folder, a .tar, .tar.gz, .tar.xz or .tar.zst of one; was it cut?",
        ) from None  # fmt: skip
    return _without_top_folder(files), notes


def _unpacked(data: bytes, module: ModuleType, most: int) -> bytes:
    """The first so many bytes. Raises EOFError, OSError, or ValueError where it is damaged."""
    import zlib

    try:
        with module.open(io.BytesIO(data)) as packed:
            return bytes(packed.read(most))
    except (zlib.error, getattr(module, "LZMAError", zlib.error)) as error:
        raise ValueError(error) from None


def _must_end(tar: tarfile.TarFile) -> None:
    """tarfile takes a cut between two members for the end; a whole archive ends in blocks of zeros."""
    assert tar.fileobj is not None
    tar.fileobj.seek(tar.offset)
    if tar.fileobj.read(_BLOCK) != bytes(_BLOCK):
        raise EOFError("its end is missing")


def _safe_name(name: str, shown: str) -> str:
    if len(name) > _LONGEST_NAME:
        raise SourceError(
            said("a member's name is longer than {0} characters", _LONGEST_NAME), file=shown, text=name[:80]
        )
    clean = posixpath.normpath(name)
    if clean.startswith(("/", "../")) or clean == "..":
        raise SourceError(
            "a member's name leads out of the archive", file=shown, text=name,
            advice="make the archive with: tar -C SNAPSHOT -cf snapshot.tar .",
        )  # fmt: skip
    return clean


def _without_top_folder(files: Files) -> Files:
    tops = {name.partition("/")[0] for name in files}
    if len(tops) != 1 or any("/" not in name for name in files) or tops & LAYOUT_FOLDERS:
        return files
    return {name.partition("/")[2]: content for name, content in files.items()}
