"""What a packet passes at a hook, in order: the one list that every reading goes through."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.semantics.hooks import CONNTRACK_PRIORITY, NAT_SIDE, TABLE_HOOKS
from sekisho.semantics.journey import Hook
from sekisho.semantics.program import Program, Station


@dataclass(frozen=True, slots=True)
class Tracking:
    """Connection tracking finds or opens the packet's connection."""


@dataclass(frozen=True, slots=True)
class NatCore:
    """The translation of one side: ``stations`` are the nat chains, asked by a first packet only."""

    side: str
    stations: tuple[Station, ...]


Checkpoint = Station | Tracking | NatCore


def reroutes(checkpoint: Checkpoint) -> int:
    """How much of (destination, source, mark, TOS, and IPv6's hop limit) a checkpoint of OUTPUT compares to
    route again where it changed: all in a chain of type route (iptables' mangle; ip6t_mangle_out), the
    destination in the nat core."""
    if isinstance(checkpoint, NatCore):
        return 1
    return 5 if isinstance(checkpoint, Station) and checkpoint.kind == "route" else 0


def checkpoints(program: Program, hook: Hook) -> tuple[Checkpoint, ...]:
    """Everything on the hook by priority: filter-like stations, tracking, the nat core."""
    queue: list[tuple[int, Checkpoint]] = []
    chains: list[Station] = []
    for station in program.stations.get(hook, ()):
        if station.kind == "nat":
            chains.append(station)
        else:
            queue.append((station.priority, station))
    if hook in ("prerouting", "output"):
        queue.append((CONNTRACK_PRIORITY, Tracking()))
    if hook in NAT_SIDE:
        queue.append((TABLE_HOOKS["nat"].get(hook, 0), NatCore(NAT_SIDE[hook], tuple(chains))))
    return tuple(checkpoint for _, checkpoint in sorted(queue, key=lambda item: item[0]))
