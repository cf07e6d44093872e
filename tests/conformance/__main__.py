"""Runs the campaign; see the package."""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.lab import doctor

if TYPE_CHECKING:
    from tests.conformance.campaign import Tally


LOT = 25
EVERY = 10.0  # seconds between two lines of progress


def so_far(tally: Tally, seconds: float) -> str:
    """One line of progress."""
    return (
        f"{tally.hosts} hosts, {tally.decisions} decisions ({tally.decisions / seconds:.0f} a second): "
        f"{tally.agreed} agree, {sum(tally.undetermined.values())} undetermined, "
        f"{len(tally.disagreements)} disagree, {len(tally.unrepeated)} once"
    )


def main(argv: list[str] | None = None) -> int:
    """0 all agreed, 1 a disagreement, 2 this machine cannot."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--packets", type=int, default=100, help="decisions a host")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--report",
        type=Path,
        help="write the figures here (docs/conformance.md) and, in Japanese, beside it in ja/",
    )
    parser.add_argument("--nft", action="store_true", help="hosts with nftables' own rule sets")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument(
        "--shrink", action="store_true", help="write one disagreement of each host to tests/cases, made small"
    )
    args = parser.parse_args(argv)
    lacking = doctor.missing()
    if lacking:
        print("the kernel cannot be asked here: " + "; ".join(lacking), file=sys.stderr)
        return 2
    from tests.conformance.campaign import Tally, run_hosts  # where nothing is missing

    begun = time.monotonic()
    print(f"seed {args.seed}", flush=True)
    seeds = list(range(args.seed * 1_000_000, args.seed * 1_000_000 + args.hosts))
    tally, told = Tally(), begun
    lots = [seeds[at : at + LOT] for at in range(0, len(seeds), LOT)]
    ask = partial(run_hosts, packets=args.packets, verbose=args.verbose, nft=args.nft, shrink=args.shrink)
    with ProcessPoolExecutor(args.jobs) if args.jobs > 1 else nullcontext() as pool:
        for done in pool.map(ask, lots) if pool else map(ask, lots):
            tally.add(done)
            if time.monotonic() - told >= EVERY:
                told = time.monotonic()
                print(so_far(tally, told - begun), flush=True)
    seconds = time.monotonic() - begun
    undecided = sum(tally.undetermined.values())
    print(
        f"{tally.hosts} hosts ({tally.unbuilt} not built), {tally.decisions} decisions in {seconds:.0f} s: "
        f"{tally.agreed} agree, {undecided} undetermined, {len(tally.disagreements)} disagree, "
        f"{len(tally.unrepeated)} differed once and not again"
    )
    for reason, count in tally.undetermined.most_common():
        print(f"  undetermined, {reason}: {count}")
    for text in tally.disagreements[:40]:
        print("  " + text)
    for text in tally.unrepeated[:40]:
        print("  once: " + text)
    if args.report:
        from tests.conformance.report import report

        args.report.parent.mkdir(parents=True, exist_ok=True)
        args.report.write_text(report(tally, args, seconds), encoding="utf-8")
        japanese = args.report.parent / "ja" / args.report.name
        japanese.parent.mkdir(exist_ok=True)
        japanese.write_text(report(tally, args, seconds, "ja"), encoding="utf-8")
    return 1 if tally.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
