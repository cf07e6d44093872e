"""Random hosts put to the model and to the kernel, and what came of it.

A disagreement counts if it shows again: the whole host is asked twice more, packet for packet. What never
comes back was not the host's doing. The kernel's log of drops belongs to a thread, not to a packet, and what
a bridge or a timer of the kernel drops meanwhile stands in it as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

from sekisho.lab.agreement import Decision, comparable, kernel_steps, terms
from sekisho.lab.droplog import DropLog
from sekisho.lab.exchange import decisions, start_at
from sekisho.lab.namespaces import LabError
from sekisho.lab.oracle import Oracle
from sekisho.semantics.world import World
from sekisho.values.packet import Packet
from tests.conformance.features import features
from tests.conformance.hosts import Host, random_host
from tests.conformance.nft_hosts import Scratch, random_nft_host
from tests.conformance.packets import random_packet
from tests.conformance.printed import printed
from tests.conformance.shrink import disagrees, shrunk, write_case

_ASKED_AGAIN = 2


@dataclass
class Tally:
    """What came of some hosts: ``decisions`` are those that agreed, are undetermined, disagree or were
    ``unrepeated``."""

    hosts: int = 0
    unbuilt: int = 0
    decisions: int = 0
    agreed: int = 0
    undetermined: Counter[str] = field(default_factory=Counter)
    disagreements: list[str] = field(default_factory=list)
    unrepeated: list[str] = field(default_factory=list)
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
        self.unrepeated += other.unrepeated
        self.features += other.features
        self.kinds += other.kinds


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision about the host's ``at``-th packet."""

    at: int
    packet: Packet
    decision: Decision

    @property
    def what(self) -> tuple[int, str, str]:
        """Which packet and phase, and what differs."""
        return self.at, self.decision.phase, self.decision.difference


def run_hosts(
    seeds: list[int], packets: int, verbose: bool = False, nft: bool = False, shrink: bool = False
) -> Tally:
    """Put random packets to the hosts of these seeds and to the kernel. ``packets``: decisions a host.
    ``nft``: hosts with nftables' own rule sets. ``shrink``: write the first disagreement of a host as a small
    case."""
    tally = Tally()
    drops = DropLog()
    scratch = Scratch() if nft else None
    for seed in seeds:
        host = random_nft_host(seed, scratch) if scratch else random_host(seed)
        try:
            differing = _ask(host, drops, packets, tally)
        except LabError as error:
            tally.unbuilt += 1
            if verbose:
                print(f"host {seed} ({host.kind}) not built: {str(error).splitlines()[-1][:160]}")
            continue
        again = {
            asked.what
            for _ in range(_ASKED_AGAIN if differing else 0)
            for asked in _ask(host, drops, packets, Tally())
        }
        lasting = [asked for asked in differing if asked.what in again]
        for asked in differing:
            text = f"host {seed} ({host.kind}), {asked.decision.phase} {asked.packet} in {asked.packet.iif}"
            found = f"{text}: {asked.decision.difference}"
            (tally.disagreements if asked in lasting else tally.unrepeated).append(found)
            if verbose:
                print("-----" if asked in lasting else "----- not again:", found)
                _show(asked.decision, host)
        if shrink and lasting:
            _shrink(host, lasting[0], drops)
    return tally


def _ask(host: Host, drops: DropLog, packets: int, tally: Tally) -> list[Asked]:
    """Count a host's decisions; those that differ. Raises LabError where it cannot be built."""
    differing: list[Asked] = []
    with Oracle(host.snapshot, drops) as oracle:
        tally.hosts += 1
        tally.kinds[host.kind] += 1
        end = tally.decisions + packets
        host = replace(host, snapshot=printed(host, oracle))
        world = World(host.snapshot)
        known = replace(terms(host.snapshot), sockets=not oracle.node("host").refused_sockets)
        chance = Random(host.seed * 7919 + 1)
        at = 0
        while tally.decisions < end:
            packet = random_packet(chance, host.words)
            for decision in decisions(host.snapshot, known, world, oracle, start_at(packet), True):
                tally.decisions += 1
                if decision.doubt:
                    tally.undetermined[decision.doubt] += 1
                elif decision.difference:
                    differing.append(Asked(at, packet, decision))
                else:
                    tally.agreed += 1
                    features(host, decision, tally.features)
            at += 1
    return differing


def _show(decision: Decision, host: Host) -> None:
    leg, seen = decision.leg, decision.seen
    if leg is not None and leg.steps:
        print("   ended ", leg.steps[-1].code, leg.steps[-1].args)
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


def _shrink(host: Host, asked: Asked, drops: DropLog) -> None:
    phase = asked.decision.phase
    with Oracle(host.snapshot, drops) as oracle:
        shown = printed(replace(host, seed=1), oracle)  # as text, whose lines can go
    texts, small = shrunk(shown, asked.packet, disagrees(phase, drops))
    about = f"Found by the campaign on host {host.seed}: {asked.decision.difference}"
    print(f"   written: {write_case(f'campaign-{host.seed}', texts, small, phase, about)}")
