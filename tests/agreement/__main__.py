"""Runs it; see the package."""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from oxidd.util import DDMemoryError

from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.values.address import Family
from tests.agreement.verbs import Agreement, Tally
from tests.conformance.hosts import random_host
from tests.symbolic.worlds import random_world


def main(argv: list[str] | None = None) -> int:
    """0 all verbs agree, 1 some do not."""
    parser = argparse.ArgumentParser(prog="python -m tests.agreement", description=__doc__)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--packets", type=int, default=12, help="random packets of each place")
    parser.add_argument("--captures", type=Path, help="a folder of snapshots, or of folders of them")
    parser.add_argument("--verbose", action="store_true", help="print each difference as it is found")
    args = parser.parse_args(argv)
    print(f"seed {args.seed}", flush=True)
    tally, begun, shown = Tally(), time.monotonic(), 0.0
    for name, world, family in _worlds(args.captures, args.hosts, args.seed):
        found = asked(name, world, family, args.seed, args.packets)
        tally.add(found)
        if args.verbose and found.differ:
            print("\n".join(found.differ), flush=True)
        if time.monotonic() - shown > 30:
            shown = time.monotonic()
            print(f"{shown - begun:.0f} s  {tally.line()}", flush=True)
    print(f"{time.monotonic() - begun:.0f} s  {tally.line()}")
    for kind, count in Counter(
        text.partition(") ")[2].partition(":")[0] for text in tally.differ
    ).most_common():
        print(f"  {count} differ in: {kind}")
    for text in tally.differ[:60]:
        print(f"  {text}")
    return 1 if tally.differ else 0


def asked(name: str, world: World, family: Family, seed: int, packets: int) -> Tally:
    """One world; an error is a difference."""
    try:
        return Agreement(name, world, family, seed, packets).run()
    except DDMemoryError:  # what the sets of such a host take is told and is no answer
        return Tally(1, Counter({"host too large for sets": 1}))
    except Exception:
        return Tally(1, differ=[f"{name} (IPv{family}): {traceback.format_exc()}"])


def _worlds(captures: Path | None, hosts: int, seed: int) -> Iterator[tuple[str, World, Family]]:
    if captures is not None:
        for folder in sorted(path for path in (captures, *captures.glob("*"), *captures.glob("*/*"))):
            if (folder / "ip-route.txt").exists() or (folder / "ip-route.json").exists():
                world = World(load(str(folder)))
                for family in (4, 6):
                    typed: Family = 4 if family == 4 else 6
                    if any(route.family == family for route in world.site.host.facts.routes):
                        yield str(folder), world, typed
        return
    for number in range(seed, seed + hosts):
        if number % 3:
            yield f"world {number}", random_world(number), 4
        else:
            host = random_host(number)
            yield f"host {number} ({host.kind})", World(host.snapshot), host.family


if __name__ == "__main__":
    sys.exit(main())
