"""Inputs by the thousand, in processes that may hang and die, and what they found by kind."""

from __future__ import annotations

import gc
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.fuzz.inputs import Input, made
from tests.fuzz.samples import Corpus, corpus
from tests.fuzz.worker import SECONDS, Finding, limited, shrunk, tried

_KEPT = 3  # inputs of one kind that are saved
_GRACE = 5.0  # seconds beyond the worker's own alarm, after which it is ended from outside


@dataclass(frozen=True, slots=True)
class Asked:
    """What is run: ``count`` inputs of ``seed`` from number ``first`` on; ``readers``: the share of single
    texts."""

    seed: int
    count: int
    first: int = 0
    jobs: int = 1
    seconds: float | None = None
    readers: float = 0.8
    truth: bool = True
    keep: Path | None = None


@dataclass(slots=True)
class Result:
    """How many inputs were run, how many per command, and what was found, by kind."""

    count: int = 0
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    longest: tuple[float, int] = (0.0, -1)

    def add(self, found: Finding) -> bool:
        """Whether the kind is new enough to be saved."""
        kind = self.findings.setdefault(found.key, [])
        kind.append(found)
        return len(kind) <= _KEPT


def run(asked: Asked, report: Callable[[str], None] = print) -> Result:
    """Run them; each new kind of finding is reported when it comes up."""
    result = Result()
    ends = time.monotonic() + asked.seconds if asked.seconds else None
    shares = [
        iter(range(asked.first + job, asked.first + asked.count, asked.jobs)) for job in range(asked.jobs)
    ]
    workers = [worker for share in shares if (worker := _Worker.start(asked, share))]
    try:
        while workers:
            ready = wait([worker.connection for worker in workers], timeout=1.0)
            for worker in list(workers):
                if worker.connection in ready:
                    found = worker.receive()
                elif worker.is_late():
                    found = Finding(worker.number, "hang: not even its alarm ends it", "ended from outside")
                    worker.end()
                else:
                    continue
                result.count += 1
                result.longest = max(result.longest, (worker.took, worker.number))
                if found is not None and result.add(found):
                    again = f"    --seed {asked.seed} --only {found.number}"
                    report(f"{found.key}\n{again}\n{_indented(found.detail)}")
                over = ends is not None and time.monotonic() > ends
                if over or not worker.next():
                    worker.end()
                    workers.remove(worker)
    finally:
        for worker in workers:
            worker.end()
    return result


def _indented(text: str) -> str:
    return "".join(f"    {line[:200]}\n" for line in text.splitlines()[-12:])


class _Worker:
    """A process that runs one input at a time; a new one after it died."""

    def __init__(self, asked: Asked, numbers: Iterator[int]) -> None:
        self._asked = asked
        self._numbers = numbers
        self.number = -1
        self.took = 0.0
        self._began = time.monotonic()
        self._process: multiprocessing.process.BaseProcess | None = None
        self.connection: Connection

    @classmethod
    def start(cls, asked: Asked, numbers: Iterator[int]) -> _Worker | None:
        """One with its first input; None where there is none for it."""
        worker = cls(asked, numbers)
        return worker if worker.next() else None

    def next(self) -> bool:
        """Give it the next number; False after the last."""
        number = next(self._numbers, None)
        if number is None:
            return False
        if self._process is None:
            context = multiprocessing.get_context("spawn")
            self.connection, theirs = context.Pipe()
            self._process = context.Process(target=serve, args=(theirs, self._asked), daemon=True)
            self._process.start()
            theirs.close()
            self.connection.recv()  # it is there
        self.number, self._began = number, time.monotonic()
        self.connection.send(number)
        return True

    def receive(self) -> Finding | None:
        """What it found; that it died is a finding too."""
        self.took = time.monotonic() - self._began
        try:
            found: Finding | None = self.connection.recv()
        except (EOFError, ConnectionError):
            self.end()
            return Finding(self.number, "the process dies", "killed, out of memory, or a fault of a library")
        return found

    def is_late(self) -> bool:
        """Whether it must be ended from outside; shrinking takes its time."""
        return time.monotonic() - self._began > (SECONDS + _GRACE) * 8

    def end(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self.connection.close()
            self._process = None


def serve(connection: Connection, asked: Asked) -> None:
    """A worker: numbers come in, findings go out; what was found is shrunk and saved."""
    texts = corpus(truth=asked.truth)
    limited()
    gc.freeze()
    folder = Path(tempfile.mkdtemp(prefix="sekisho-fuzz-"))
    known: dict[str, int] = {}
    connection.send("ready")
    try:
        while True:
            number: int = connection.recv()
            given = made(texts, asked.seed, number, asked.readers)
            found = tried(given, folder / "input")
            if found is not None and asked.keep is not None:
                known[found.key] = known.get(found.key, 0) + 1
                if known[found.key] <= _KEPT:
                    save(shrunk(given, found, folder / "input"), found, asked)
            connection.send(found)
    except EOFError:
        pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def save(given: Input, found: Finding, asked: Asked) -> None:
    """The input as files, with its command line and what it showed."""
    assert asked.keep is not None
    place = asked.keep / f"{asked.seed}-{given.number}"
    for name, data in given.files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    if given.stdin:
        (place / "stdin").write_bytes(given.stdin)
    words = " ".join(repr(word.replace("{}", str(place))) for word in given.argv)
    (place / "FOUND").write_text(f"{words}\n{found.key}\n{found.detail}\n", errors="backslashreplace")


def only(asked: Asked, number: int, texts: Corpus | None = None) -> tuple[Input, Finding | None]:
    """One input again, in this process."""
    given = made(texts or corpus(truth=asked.truth), asked.seed, number, asked.readers)
    with tempfile.TemporaryDirectory(prefix="sekisho-fuzz-") as folder:
        return given, tried(given, Path(folder) / "input")
