"""What hosts with very many of one thing cost, and how that grows: whole processes, on made hosts.

    .venv/bin/python benchmarks/growth.py [--runs N] [--only NAME]

The hosts are those of ``extremes.py``, and Docker hosts for ``explain``. The table is that of
``all_packets.py``: ``x`` is what doubling the host multiplied the time with.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import extremes  # noqa: E402
from benchmarks.all_packets import Series, ask  # noqa: E402
from benchmarks.hosts import docker_host  # noqa: E402

_CALL = ("203.0.113.9", "10.0.0.10:22", "--in", "eth0")


def _docker(folder: Path, containers: int) -> Path:
    return docker_host(folder, networks=max(5, containers // 25), containers=containers)


# Name, what is counted, how many, the host, the verb and what follows the snapshot.
_QUESTIONS: tuple[tuple[str, str, tuple[int, ...], extremes.Maker, tuple[str, ...]], ...] = (
    ("explain", "containers", (250, 500, 1000), _docker, ("explain",)),
    ("reach, a cluster's pod", "services", (200, 400, 1000), extremes.kubernetes,
     ("reach", "--from", "internet", "--to", "10.244.0.2:8080")),
    ("exposed, a cluster", "services", (200, 400, 1000), extremes.kubernetes, ("exposed",)),
    ("trace, unknown matches", "matches", (20, 40, 80), extremes.unknown, ("trace", *_CALL)),
    ("reach --chain, an ipset", "elements", (100_000, 1_000_000), extremes.ipset,
     ("reach", "--chain", "FORWARD")),
    ("exposed, captured namespaces", "containers", (25, 50, 100), extremes.namespaces, ("exposed",)),
    ("reach, nested chains", "chains", (200, 1000, 5000), extremes.nested, ("reach",)),
    ("lint, nested chains", "chains", (200, 1000, 5000), extremes.nested, ("lint",)),
    ("trace, chains called twice each", "chains", (15, 30), extremes.doubling, ("trace", *_CALL)),
    ("reach, chains called twice each", "chains", (15, 30), extremes.doubling, ("reach",)),
    ("trace, calls that count", "chains", (15, 30), extremes.counting, ("trace", *_CALL)),
    ("reach, calls that count", "chains", (15, 30), extremes.counting, ("reach",)),
    ("lint, chains called one by one", "chains", (1000, 10_000), extremes.calls, ("lint",)),
    ("reach, jumps by sender", "jumps", (1000, 10_000), extremes.jumps, ("reach",)),
    ("reach, routes", "routes", (1000, 10_000), extremes.routes, ("reach",)),
    ("reach, policy rules", "rules", (1000, 10_000), extremes.policy, ("reach",)),
    ("reach, own addresses", "addresses", (1000, 10_000), extremes.addresses, ("reach",)),
    ("reach, a verdict map", "elements", (1000, 10_000), extremes.nft_map, ("reach",)),
)  # fmt: skip


def series(folder: Path, only: str) -> Iterator[Series]:
    """The hosts are written into the folder."""
    for at, (name, unit, sizes, make, (verb, *words)) in enumerate(_QUESTIONS):
        if only in name:
            hosts = [(size, _made(make, folder / f"{at}-{size}", size)) for size in sizes]
            asked = [(size, (sys.executable, "-m", "sekisho", verb, host, *words)) for size, host in hosts]
            yield Series(name, unit, tuple(asked))


def _made(make: extremes.Maker, folder: Path, size: int) -> str:
    """The host, made by a process of its own: the memory of this one would count as that of its children."""
    child = os.fork()
    if not child:
        make(folder, size)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise SystemExit(f"{folder} could not be made")
    return str(folder)


def main() -> int:
    """Print a table for each question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    return ask(parser, lambda folder, args: series(folder, args.only))


if __name__ == "__main__":
    sys.exit(main())
