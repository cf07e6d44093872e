"""What answers for all packets cost, and how that grows: whole processes, on made hosts.

    .venv/bin/python benchmarks/all_packets.py [--runs N] [--large]

Docker hosts (published ports, one network for every 25 containers) are asked for ``exposed`` and for the
matrix of all pairs; firewalls of several shapes for all of their FORWARD chain (the accepted set, who may
call port 22, and the dead rules: ``reach --chain FORWARD --to :22 --full``), and one for its dead lines alone
(``lint``). The median of user plus system time is printed with its ratio to the bare interpreter's, the peak
memory, and a bar; ``x`` is what doubling the host multiplied the time with. ``--large`` goes on to 5,000
containers and 20,000 rules; ``--only NAME`` asks the questions whose name has the word.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.firewalls import SHAPES  # noqa: E402
from benchmarks.hosts import docker_host, firewall  # noqa: E402

BAR = 40


@dataclass(frozen=True, slots=True)
class Series:
    """One question, asked of larger and larger hosts: (size, command)."""

    name: str
    unit: str
    commands: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of CPU, and MiB at the most."""

    seconds: float
    memory: float


def spent(command: Sequence[str]) -> Spent:
    """One run of a whole process. Raises SystemExit where it fails."""
    child = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stderr.close()
    if child.returncode not in (0, 1, 3):
        raise SystemExit(f"{' '.join(command)}: status {child.returncode}\n{said.decode(errors='replace')}")
    return Spent(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def series(folder: Path, large: bool) -> Iterator[Series]:
    """The hosts are written into the folder."""
    sekisho = (sys.executable, "-m", "sekisho")
    containers = [125, 250, 500, 1000, *((2500, 5000) if large else ())]
    hosts = [
        (n, str(docker_host(folder / f"d{n}", networks=max(5, n // 25), containers=n))) for n in containers
    ]
    yield Series("exposed", "containers", tuple((n, (*sekisho, "exposed", at)) for n, at in hosts))
    yield Series("reach, all pairs", "containers", tuple((n, (*sekisho, "reach", at)) for n, at in hosts))
    rules = [1250, 2500, 5000, 10000, *((20000,) if large else ())]
    chains = [(n, str(firewall(folder / f"f{n}", n))) for n in rules]
    yield Series("lint", "rules", tuple((n, (*sekisho, "lint", at)) for n, at in chains))
    everything = ("--chain", "FORWARD", "--to", ":22", "--full")
    yield Series(
        "reach --full", "rules", tuple((n, (*sekisho, "reach", at, *everything)) for n, at in chains)
    )
    for name, make in SHAPES.items():
        made = [(n, str(make(folder / f"{name}{n}", n))) for n in rules[1:4]]
        six = ("-6",) if name == "six" else ()
        commands = tuple((n, (*sekisho, "reach", at, *everything, *six)) for n, at in made)
        yield Series(f"reach --full, {name}", "rules", commands)


def main() -> int:
    """Print a table for each question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--large", action="store_true", help="larger hosts too")
    return ask(parser, lambda folder, args: series(folder, args.large))


def ask(parser: argparse.ArgumentParser, made: Callable[[Path, argparse.Namespace], Iterator[Series]]) -> int:
    """Measure the questions, and print a table for each."""
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="runs of each command (3)")
    parser.add_argument("--only", default="", metavar="NAME", help="questions whose name has this word")
    args = parser.parse_args()
    compileall.compile_dir(ROOT / "src", quiet=2)
    bare = statistics.median(spent((sys.executable, "-c", "pass")).seconds for _ in range(9))
    with tempfile.TemporaryDirectory(prefix="sekisho-") as folder:
        for each in made(Path(folder), args):
            if args.only not in each.name:
                continue
            found = [
                (size, [spent(command) for _ in range(max(1, args.runs))]) for size, command in each.commands
            ]
            _show(each, found, bare)
    return 0


def _show(each: Series, found: list[tuple[int, list[Spent]]], bare: float) -> None:
    medians = [(size, statistics.median(run.seconds for run in runs)) for size, runs in found]
    longest = max(seconds for _, seconds in medians)
    print(f"{each.name}\n{each.unit:>12} {'CPU s':>8} {'ratio':>8} {'MiB':>6} {'x':>6}")
    before: tuple[int, float] | None = None
    for (size, runs), (_, seconds) in zip(found, medians, strict=True):
        memory = max(run.memory for run in runs)
        factor = ""
        if before is not None:
            factor = f"{2 ** (log2(seconds / before[1]) / log2(size / before[0])):.2f}"
        before = (size, seconds)
        bar = "#" * max(1, round(BAR * seconds / longest))
        print(
            f"{size:>12} {seconds:>8.2f} {seconds / bare:>8.1f} {memory:>6.0f} {factor:>6}  {bar}", flush=True
        )


if __name__ == "__main__":
    sys.exit(main())
