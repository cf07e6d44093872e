"""Unpacking zstd: Python before 3.14 has no module of its own for it, so the zstd program helps."""

from __future__ import annotations

import shutil
import subprocess
import threading

from sekisho.errors import SourceError


def decompress(data: bytes, shown: str, limit: int) -> bytes:
    """The unpacked bytes. Raises SourceError without a zstd program, for bad data, and beyond
    ``limit`` bytes."""
    program = shutil.which("zstd")
    if program is None:
        raise SourceError(
            "zstd archives need the zstd program, which is not here", file=shown,
            advice="install zstd, or unpack it elsewhere and give the .tar or the folder",
        )  # fmt: skip
    process = subprocess.Popen(
        [program, "-dcq"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    feeder = threading.Thread(target=_feed, args=(process, data), daemon=True)
    feeder.start()
    unpacked = process.stdout.read(limit + 1)
    if len(unpacked) > limit:
        process.kill()
    _, errors = process.communicate()
    feeder.join()
    if len(unpacked) > limit:
        raise SourceError(
            f"larger than {limit // 1024 // 1024} MiB when unpacked", file=shown,
            advice="a snapshot holds text of some megabytes; leave out what does not belong to it",
        )  # fmt: skip
    if process.returncode:
        raise SourceError(
            f"not valid zstd data: {errors.decode(errors='replace').strip()}", file=shown,
            advice="was the archive cut? Copy it again",
        )  # fmt: skip
    return unpacked


def _feed(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(data)
        process.stdin.close()
    except BrokenPipeError:
        return
