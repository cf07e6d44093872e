"""One input put to the program, in this process: its exit status and words, its time and memory, its gaps."""

from __future__ import annotations

import codecs
import gc
import io
import os
import re
import resource
import shutil
import signal
import sys
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from sekisho.cli.main import main
from sekisho.errors import SekishoError
from sekisho.sources.load import load
from tests.fuzz.accounted import dropped, lost_canary, unshown
from tests.fuzz.inputs import Input

SECONDS = 10.0
BYTES = 2 << 30
# The library of decision diagrams reserves gibibytes of addresses that it never touches: this only stops what
# would take the machine's memory at once. What an input really takes is looked at while it runs, and after.
_ADDRESSES = 64 << 30
_WAITS = 4
_LOOKS = 0.2  # seconds between two looks
_SHRINK_RUNS = 60


class Over(BaseException):
    """The time or the memory is at its end. No Exception, so that no ``except`` of the program takes it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What went wrong. ``key`` tells kinds apart; ``detail`` is for people."""

    number: int
    key: str
    detail: str


def limited() -> None:
    """From here on this process cannot take all of the machine's memory, and faults print their trace."""
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    os.environ["SEKISHO_DEBUG"] = "1"
    os.environ["LC_ALL"] = "C.UTF-8"


def tried(given: Input, folder: Path, seconds: float = SECONDS) -> Finding | None:
    """Write the files into the folder, run the command line, and look at what it did."""
    _write(given, folder)
    if not given.reader:
        gc.collect()  # the diagrams of the input before
    _forget_peak()

    began, worked = time.monotonic(), time.process_time()

    def look(_signal: int, _frame: FrameType | None) -> None:
        # Its own time: a busy machine makes nothing hang. What only waits ends too.
        if time.process_time() - worked > seconds or time.monotonic() - began > _WAITS * seconds:
            raise Over(f"hang: {given.argv[0]}")
        if peak() > BYTES:
            raise Over(f"memory: {given.argv[0]}")

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, min(_LOOKS, seconds), _LOOKS)
    try:
        found = _ran(given, folder)
        if found is None and (most := peak()) > BYTES:
            return Finding(given.number, f"memory: {given.argv[0]}", f"{most >> 20} MiB")
        return found
    except Over as over:
        stack = "".join(traceback.format_tb(over.__traceback__)[-8:])
        return Finding(given.number, str(over), stack)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def peak() -> int:
    """The most bytes that this process held at once in this input; 0 where the system does not tell."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        return 0
    return int(found[1]) << 10 if found else 0


def _forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _write(given: Input, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in given.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _ran(given: Input, folder: Path) -> Finding | None:
    if given.reader and (found := _gaps(given, folder)):
        return found
    out, err = io.StringIO(), io.StringIO()
    stdin = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(given.stdin))
    try:
        with redirect_stdout(out), redirect_stderr(err):
            status = main([word.replace("{}", str(folder)) for word in given.argv])
    except Exception as error:
        return Finding(given.number, f"raises: {type(error).__name__}", repr(error))
    finally:
        sys.stdin = stdin
    said = err.getvalue()
    if "this is a fault of sekisho" in said or "sekisho自身の不具合" in said or "Traceback (most" in said:
        return Finding(given.number, _kind(said), said)
    if status not in (0, 1, 2, 3):
        return Finding(given.number, f"status {status}", said)
    if status == 2 and not said.startswith("sekisho: "):
        return Finding(given.number, "status 2 without a word", said + out.getvalue()[:500])
    # A listing of nothing, or no flows at all, is answered by nothing.
    may_be_empty = given.argv[0] == "show" or "--flows" in given.argv
    if status != 2 and not out.getvalue() and not may_be_empty:
        return Finding(given.number, f"status {status} without an answer", said)
    if status == 0 and given.reader and (missing := _unshown(given, out.getvalue())):
        return Finding(given.number, f"line left out: {given.changed[0]}", "\n".join(missing))
    return None


def _kind(said: str) -> str:
    """``KeyError, sources/ss.py:82`` of the message."""
    first = said.split("\n", 1)[0]
    return "fault: " + first.partition("(")[2].partition(")")[0]


def _gaps(given: Input, folder: Path) -> Finding | None:
    """A line that nobody tells of; what the reader refuses or raises is for the command line to tell."""
    [name] = given.files
    try:
        snapshot = load(str(folder / name))
    except (SekishoError, Exception):
        return None
    missing = dropped(snapshot)
    if missing:
        return Finding(given.number, f"dropped line: {name}", "\n".join(missing))
    if given.canary and lost_canary(snapshot):
        return Finding(given.number, f"dropped word: {name}", "a word that no format has is gone")
    return None


def _unshown(given: Input, explained: str) -> list[str]:
    [(name, data)] = given.files.items()
    if name == "snapshot.toml":
        return []
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if wide else "utf-8-sig")
    return unshown(explained, text.replace("\r\n", "\n").replace("\r", "\n"))


def shrunk(given: Input, found: Finding, folder: Path) -> Input:
    """The input with fewer lines in the files that were changed, as long as it shows the same."""
    if found.key.startswith(("hang", "memory")):
        return given
    runs = _SHRINK_RUNS
    for name in given.changed:
        size = max(1, given.files[name].count(b"\n") // 2)
        while size and runs > 0:
            at = 0
            while at <= given.files[name].count(b"\n") and runs > 0:
                lines = given.files[name].split(b"\n")
                smaller = replace(
                    given, files={**given.files, name: b"\n".join(lines[:at] + lines[at + size :])}
                )
                runs -= 1
                again = tried(smaller, folder)
                if again is not None and again.key == found.key:
                    given = smaller
                else:
                    at += size
            size //= 2
    return given
