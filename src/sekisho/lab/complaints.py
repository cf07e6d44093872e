"""ICMP errors about a packet that left, sent from where it went: put to the kernel and to the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sekisho.lab.oracle import Oracle
from sekisho.lab.probes import icmp_error
from sekisho.lab.verdict import Egress, Observed
from sekisho.semantics.journey import Leg
from sekisho.semantics.journeys import Start, journey
from sekisho.semantics.world import World
from sekisho.values.packet import Packet

# (type, code): unreachable in several ways, too big, redirect, time exceeded, parameter problem.
KINDS: dict[int, Sequence[tuple[int, int]]] = {
    4: ((3, 0), (3, 1), (3, 3), (3, 4), (3, 13), (11, 0), (12, 0), (5, 1), (4, 0)),
    6: ((1, 0), (1, 3), (1, 4), (2, 0), (3, 0), (4, 0)),
}
_IP_HEADER = {4: 20, 6: 40}


def complain(
    oracle: Oracle, seen: Observed, kind: tuple[int, int], src: int, egress: Egress | None = None
) -> tuple[Packet, Observed]:
    """An error of ``kind`` from ``src`` about the packet that left, and what the kernel does with it."""
    probe = icmp_error(seen, *kind, src, egress)
    length = _IP_HEADER[probe.packet.family] + 8 + len(probe.payload)
    probe = replace(probe, packet=replace(probe.packet, length=length))
    return probe.packet, oracle.ask(probe)


def complained(world: World, start: Start, error: Packet, about_reply: bool) -> tuple[Leg | None, bool]:
    """The model's leg of the error, and whether every condition on the way was decided."""
    both = journey(world, replace(start, complaint=error, about_reply=about_reply))
    return both.reply, not both.undecided
