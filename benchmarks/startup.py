"""What starting costs: CPU time of whole processes, beside a Python that does nothing.

    .venv/bin/python benchmarks/startup.py [--runs N]

Each command runs N times in turn with the others, so that a busy machine disturbs all alike; the
median of user plus system time is printed, and its ratio to the bare interpreter's. The ratio is what
can be compared between machines. The sources are compiled beforehand, as they are in an installation.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOST = ROOT / "examples" / "host-10.1.0.81"
BARE = "python3 -c pass"


@dataclass(frozen=True, slots=True)
class Case:
    """``budget`` is the CPU time that must not be exceeded, in milliseconds; None where there is none."""

    name: str
    command: tuple[str, ...]
    budget: int | None = None
    statuses: tuple[int, ...] = (0,)


def cases() -> list[Case]:
    """The bare interpreter first, then what users start most."""
    sekisho = (sys.executable, "-m", "sekisho")
    return [
        Case(BARE, (sys.executable, "-c", "pass")),
        Case("sekisho --version", (*sekisho, "--version"), budget=100),
        Case("sekisho --help", (*sekisho, "--help")),
        Case("sekisho vpc subnet 10.0.0.0/24", (*sekisho, "vpc", "subnet", "10.0.0.0/24")),
        Case(
            "sekisho trace internet -> :3306",
            (*sekisho, "trace", str(HOST), "internet", "10.1.0.81:3306"),
            budget=250,
            statuses=(0, 1, 3),
        ),
        Case("sekisho explain", (*sekisho, "explain", str(HOST))),
    ]


def cpu_seconds(case: Case) -> float:
    """User plus system time of one run. Raises SystemExit where the command fails."""
    child = subprocess.Popen(
        case.command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stderr.close()
    if child.returncode not in case.statuses:
        raise SystemExit(f"{case.name}: status {child.returncode}\n{said.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime


def measure(chosen: Sequence[Case], runs: int) -> dict[str, float]:
    """The median CPU time of each case in milliseconds; the first run of each warms the caches."""
    times: dict[str, list[float]] = {case.name: [] for case in chosen}
    for turn in range(runs + 1):
        for case in chosen:
            spent = cpu_seconds(case)
            if turn:
                times[case.name].append(spent * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> int:
    """Print the table; status 1 where a budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=15, metavar="N", help="runs of each command (15)")
    runs = max(1, parser.parse_args().runs)
    compileall.compile_dir(ROOT / "src", quiet=2)
    chosen = cases()
    medians = measure(chosen, runs)
    print(f"{'command':<34} {'CPU ms':>8} {'ratio':>7} {'budget':>8}")
    over = False
    for case in chosen:
        spent = medians[case.name]
        budget = "" if case.budget is None else str(case.budget)
        late = case.budget is not None and spent > case.budget
        over = over or late
        ratio = spent / medians[BARE]
        print(f"{case.name:<34} {spent:>8.1f} {ratio:>7.2f} {budget:>8}{'  over' if late else ''}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
