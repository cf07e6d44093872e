"""Runs it; see the package."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue

import tests.mutants
from tests.mutants.listed import MUTANTS
from tests.mutants.mutant import ROOT, Mutant, faults
from tests.mutants.workshop import Outcome, Workshop, WorkshopError

# So many of the whole list may survive, none that must be caught.
_MAY_SURVIVE = 1


def main(argv: list[str] | None = None) -> int:
    """0 the tests notice enough, 1 they do not, 2 the list is wrong or no tests can be run."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=tests.mutants.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--list", action="store_true", help="print the changes and run nothing")
    parser.add_argument("--only", action="append", metavar="NAME", choices=[one.name for one in MUTANTS])
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many at a time")
    args = parser.parse_args(argv)
    wrong = faults(MUTANTS)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 2
    chosen = [one for one in MUTANTS if args.only is None or one.name in args.only]
    if args.list:
        print("\n".join(_described(one) for one in chosen))
        return 0
    begun = time.monotonic()
    try:
        outcomes = list(_printed(_tried(chosen, max(1, args.jobs))))
    except WorkshopError as error:
        print(error, file=sys.stderr)
        return 2
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    survived = [one.mutant for one in outcomes if one.test is None]
    print(
        f"{len(outcomes) - len(survived)} of {len(outcomes)} caught in {time.monotonic() - begun:.0f} s, "
        f"{used.ru_utime + used.ru_stime:.0f} s of CPU"
    )
    return verdict(survived, whole=args.only is None)


def verdict(survived: Sequence[Mutant], whole: bool) -> int:
    """The exit code: of the ``whole`` list one may survive, of a choice none."""
    missed = [one for one in survived if one.must]
    return 1 if missed or len(survived) > (_MAY_SURVIVE if whole else 0) else 0


def _described(mutant: Mutant) -> str:
    must = " (must be caught)" if mutant.must else ""
    return (
        f"{mutant.name}{must}\n    {mutant.file}: {_short(mutant.before)}  ->  {_short(mutant.after)}\n"
        f"    {mutant.means}"
    )


def _short(text: str) -> str:
    return " ".join(text.split())


def _tried(mutants: Sequence[Mutant], jobs: int) -> Iterator[Outcome]:
    """As they come in; each worker takes a copy and gives it back."""
    with tempfile.TemporaryDirectory(prefix="sekisho-mutants-") as folder, ThreadPoolExecutor(jobs) as pool:
        free: SimpleQueue[Workshop] = SimpleQueue()
        for number in range(min(jobs, len(mutants))):
            free.put(Workshop(Path(folder) / str(number)))

        def one(mutant: Mutant) -> Outcome:
            workshop = free.get()
            try:
                return workshop.tried(mutant)
            finally:
                free.put(workshop)

        running = [pool.submit(one, mutant) for mutant in mutants]
        try:
            for done in as_completed(running):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _printed(outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    for outcome in outcomes:
        mutant = outcome.mutant
        if outcome.test is None:
            ran = ", ".join(mutant.tests_in(ROOT))
            print(f"SURVIVED  {mutant.name}  {mutant.file}  ({ran} pass): {mutant.means}", flush=True)
        else:
            print(f"caught    {mutant.name}  {mutant.file}  {outcome.test}", flush=True)
        for test in outcome.broken:
            print(f"          passed over, for it fails without any change: {test}", flush=True)
        yield outcome


if __name__ == "__main__":
    sys.exit(main())
