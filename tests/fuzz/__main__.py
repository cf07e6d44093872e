"""Damaged and strange inputs for every reader and every verb.

    python -m tests.fuzz --inputs 100000 --seed 1 [--jobs J] [--seconds S] [--readers SHARE] [--keep FOLDER]
    python -m tests.fuzz --seed 1 --only 4711        that input again, with what it gives

Ends with 1 where an input ends in a fault of Sekisho's own, takes more than ten seconds or two gibibytes, or
where a line of it is silently dropped. The same seed and number give the same input, for the same samples
(``--no-truth``: those of the repository alone).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.campaign import Asked, only, run, save
from tests.fuzz.inputs import READERS
from tests.fuzz.worker import limited


def main() -> int:
    """The campaign; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--readers", type=float, default=READERS)
    parser.add_argument("--no-truth", action="store_true")
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=Path, help="where failing inputs are saved (default: a new folder)")
    args = parser.parse_args()
    keep = args.keep or Path(tempfile.mkdtemp(prefix="sekisho-fuzz-kept-"))
    asked = Asked(
        args.seed, args.inputs, args.first, args.jobs, args.seconds, args.readers, not args.no_truth, keep
    )
    if args.only is not None:
        limited()
        given, found = only(asked, args.only)
        print(given.argv, *given.changed)
        if found is None:
            print("nothing is wrong")
            return 0
        save(given, found, asked)
        print(f"{found.key}\n{found.detail}\nkept in {keep}")
        return 1
    began = time.monotonic()
    result = run(asked)
    took = time.monotonic() - began
    slowest = f"the slowest took {result.longest[0]:.1f} s (--only {result.longest[1]})"
    print(f"{result.count} inputs of seed {asked.seed} in {took:.0f} s; {slowest}")
    for key, findings in sorted(result.findings.items()):
        print(f"{len(findings):6} {key}  (--only {findings[0].number})")
    print(f"kept in {keep}" if result.findings else "nothing found")
    return 1 if result.findings else 0


if __name__ == "__main__":
    sys.exit(main())
