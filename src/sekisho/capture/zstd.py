"""Unpacking zstd: Python before 3.14 has no module of its own for it, so the zstd program helps."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
from typing import IO

from sekisho.errors import SourceError, said


def decompress(data: bytes, shown: str, limit: int) -> bytes:
    """The unpacked bytes. Raises SourceError without a zstd program, for bad data, and beyond
    ``limit`` bytes."""
    program = shutil.which("zstd")
    if program is None:
        raise SourceError(
            "zstd archives need the zstd program, which is not here", file=shown,
            advice="install zstd, or unpack it elsewhere and give the .tar or the folder",
        )  # fmt: skip
    with subprocess.Popen(
        [program, "-dcq"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        feeder = threading.Thread(target=_feed, args=(process.stdin, data), daemon=True)
        feeder.start()
        unpacked = process.stdout.read(limit + 1)
        if len(unpacked) > limit:
            process.kill()
        errors = process.stderr.read()
        feeder.join()
    if len(unpacked) > limit:
        raise SourceError(
            said("larger than {0} MiB when unpacked", limit // 1024 // 1024), file=shown,
            advice="a snapshot holds text of some megabytes; leave out what does not belong to it",
        )  # fmt: skip
    if process.returncode:
        raise SourceError(
            said("not valid zstd data: {0}", errors.decode(errors='replace').strip()), file=shown,
            advice="was the archive cut? Copy it again",
        )  # fmt: skip
    return unpacked


def _feed(stdin: IO[bytes], data: bytes) -> None:
    # A program that stops early, at bad data or when it is killed, closes the pipe.
    with contextlib.suppress(BrokenPipeError), stdin:
        stdin.write(data)
