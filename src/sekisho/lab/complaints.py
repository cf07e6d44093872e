"""ICMP errors about a packet that left, sent from where it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sekisho.lab.oracle import Oracle
from sekisho.lab.probes import icmp_error
from sekisho.lab.verdict import Egress, Observed
from sekisho.values.packet import Packet

# (type, code): unreachable in several ways, too big, time exceeded, parameter problem, redirect, quench.
KINDS: dict[int, Sequence[tuple[int, int]]] = {
    4: ((3, 0), (3, 1), (3, 3), (3, 4), (3, 13), (11, 0), (12, 0), (5, 1), (4, 0)),
    6: ((1, 0), (1, 3), (1, 4), (2, 0), (3, 0), (4, 0)),
}
_IP_HEADER = {4: 20, 6: 40}


def complain(oracle: Oracle, seen: Observed, egress: Egress | None) -> tuple[Packet, Observed]:
    """An error about the packet that left by ``egress`` (None: ``seen.egress``), and what became of it.

    Its kind, and whether the next hop or the receiver sends it, follow from the packet's ports: not by
    chance, so that asking again asks the same.
    """
    out = egress or seen.egress
    if out is None:
        raise ValueError("nothing left that an error could be about")
    packet = out.frame.packet
    seed = (packet.sport or packet.icmp_id or 0) + (packet.dport or 0)
    kinds = KINDS[packet.family]
    from_router = seed // len(kinds) % 2 == 0 and out.next_hop is not None
    src = out.next_hop.value if from_router and out.next_hop else packet.dst
    probe = icmp_error(seen, *kinds[seed % len(kinds)], src, out)
    length = _IP_HEADER[packet.family] + 8 + len(probe.payload)
    probe = replace(probe, packet=replace(probe.packet, length=length))
    return probe.packet, oracle.ask(probe)
