"""Runs the campaign; see the package."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from sekisho.lab import doctor

if TYPE_CHECKING:
    from sekisho.lab.agreement import Decision
    from sekisho.lab.droplog import DropLog
    from sekisho.values.packet import Packet


@dataclass
class Tally:
    """What came of some hosts: all counts add up."""

    hosts: int = 0
    unbuilt: int = 0
    decisions: int = 0
    agreed: int = 0
    undetermined: Counter[str] = field(default_factory=Counter)
    disagreements: list[str] = field(default_factory=list)
    features: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Take another one's counts in."""
        self.hosts += other.hosts
        self.unbuilt += other.unbuilt
        self.decisions += other.decisions
        self.agreed += other.agreed
        self.undetermined += other.undetermined
        self.disagreements += other.disagreements
        self.features += other.features
        self.kinds += other.kinds


def run_hosts(
    seeds: list[int], packets: int, verbose: bool = False, nft: bool = False, shrink: bool = False
) -> Tally:
    """Put random packets to the hosts of these seeds and to the kernel. ``nft``: hosts with nftables' own
    rule sets. ``shrink``: write the first disagreement of a host as a small case."""
    from sekisho.lab.agreement import terms
    from sekisho.lab.droplog import DropLog
    from sekisho.lab.exchange import decisions, start_at
    from sekisho.lab.namespaces import LabError
    from sekisho.lab.oracle import Oracle
    from sekisho.semantics.world import World
    from tests.conformance.features import features
    from tests.conformance.hosts import random_host
    from tests.conformance.nft_hosts import Scratch, random_nft_host
    from tests.conformance.packets import random_packet

    tally = Tally()
    drops = DropLog()
    scratch = Scratch() if nft else None
    shown: set[int] = set()
    for seed in seeds:
        host = random_nft_host(seed, scratch) if scratch else random_host(seed)
        try:
            oracle = Oracle(host.snapshot, drops).__enter__()
        except LabError as error:
            tally.unbuilt += 1
            if verbose:
                print(f"host {seed} ({host.kind}) not built: {str(error).splitlines()[-1][:160]}")
            continue
        try:
            world, known = World(host.snapshot), terms(host.snapshot)
            chance = Random(seed * 7919 + 1)
            tally.hosts += 1
            tally.kinds[host.kind] += 1
            end = tally.decisions + packets
            while tally.decisions < end:
                packet = random_packet(chance, host.words)
                for decision in decisions(host.snapshot, known, world, oracle, start_at(packet), True):
                    tally.decisions += 1
                    if decision.doubt:
                        tally.undetermined[decision.doubt] += 1
                    elif decision.difference:
                        text = f"host {seed} ({host.kind}), {decision.phase} {packet} in {packet.iif}"
                        tally.disagreements.append(f"{text}: {decision.difference}")
                        if verbose:
                            _show(text, decision, host)
                        if shrink and seed not in shown:
                            shown.add(seed)
                            _shrink(host, packet, decision, drops)
                    else:
                        tally.agreed += 1
                        features(host, decision, tally.features)
        finally:
            oracle.__exit__(None, None, None)
    return tally


def _show(text: str, decision: object, host: object) -> None:
    from sekisho.lab.agreement import Decision, comparable, kernel_steps
    from tests.conformance.hosts import Host

    assert isinstance(decision, Decision)
    assert isinstance(host, Host)
    print("-----", text, "|", decision.difference)
    leg, seen = decision.leg, decision.seen
    print("   packet", decision.packet, "flags", decision.packet.tcp_flags, "ttl", decision.packet.ttl)
    if leg is not None:
        routes = [(s.verdict, s.text) for s in leg.steps if s.hook == "route"]
        print(
            "   model ", leg.disposition, leg.packet, leg.packet.oif, leg.packet.next_hop, leg.answer, routes
        )
        ours, theirs = comparable(list(decision.steps)), comparable(kernel_steps(seen.passages))
        at = next(
            (n for n in range(max(len(ours), len(theirs))) if ours[n : n + 1] != theirs[n : n + 1]), None
        )
        if at is not None and "steps" in decision.difference:
            print("   step", at, "model", ours[at : at + 2], "kernel", theirs[at : at + 2])
            for hook, table, chain, rule, last in (*ours[at : at + 1], *theirs[at : at + 1]):
                for ruleset in host.snapshot.host.rulesets:
                    if not isinstance(rule, int) or (ruleset.backend == "legacy") != (last == "legacy"):
                        continue
                    for each in (
                        c for t in ruleset.tables if t.name == table for c in t.chains if c.name == chain
                    ):
                        evidence = each.rules[rule - 1].evidence
                        print("       ", hook, table, evidence.text if evidence else "")
    print("   kernel", seen.disposition, seen.packet, seen.packet.oif, seen.packet.next_hop, seen.answer,
          seen.reason, seen.error)  # fmt: skip


def _shrink(host: object, packet: Packet, decision: Decision, drops: DropLog) -> None:
    from tests.conformance.hosts import Host
    from tests.conformance.shrink import disagrees, shrunk, write_case

    assert isinstance(host, Host)
    texts, small = shrunk(host.snapshot, packet, disagrees(decision.phase, drops))
    about = f"Found by the campaign on host {host.seed}: {decision.difference}"
    print(f"   written: {write_case(f'campaign-{host.seed}', texts, small, decision.phase, about)}")


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
    begun = time.monotonic()
    print(f"seed {args.seed}", flush=True)
    seeds = list(range(args.seed * 1_000_000, args.seed * 1_000_000 + args.hosts))
    tally = Tally()
    if args.jobs == 1:
        tally.add(run_hosts(seeds, args.packets, args.verbose, args.nft, args.shrink))
    else:
        lots = [seeds[at : at + 25] for at in range(0, len(seeds), 25)]
        with ProcessPoolExecutor(args.jobs, max_tasks_per_child=None) as pool:
            for done in pool.map(
                partial(
                    run_hosts, packets=args.packets, verbose=args.verbose, nft=args.nft, shrink=args.shrink
                ),
                lots,
            ):
                tally.add(done)
                if tally.hosts % 500 < 25:
                    print(f"{tally.hosts} hosts, {tally.decisions} decisions, "
                          f"{len(tally.disagreements)} disagreements", flush=True)  # fmt: skip
    seconds = time.monotonic() - begun
    undecided = sum(tally.undetermined.values())
    print(
        f"{tally.hosts} hosts ({tally.unbuilt} not built), {tally.decisions} decisions in {seconds:.0f} s: "
        f"{tally.agreed} agree, {undecided} undetermined, {len(tally.disagreements)} disagree"
    )
    for reason, count in tally.undetermined.most_common():
        print(f"  undetermined, {reason}: {count}")
    for text in tally.disagreements[:40]:
        print("  " + text)
    if args.report:
        from tests.conformance.report import report

        args.report.write_text(report(tally, args, seconds), encoding="utf-8")
        japanese = args.report.parent / "ja" / args.report.name
        japanese.parent.mkdir(exist_ok=True)
        japanese.write_text(report(tally, args, seconds, "ja"), encoding="utf-8")
    return 1 if tally.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
