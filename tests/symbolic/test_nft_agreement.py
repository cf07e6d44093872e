"""Sets of packets against single packets, on random hosts with nftables' own rule sets.

A kernel is needed to have nft read a random rule set and print it back; it is not asked about packets.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from sekisho.semantics.world import World
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.journeys import Source, journeys
from sekisho.values.packet import Packet
from tests.conformance.nft_hosts import Scratch, random_nft_host
from tests.conformance.packets import random_packet
from tests.symbolic.agreement import Values, compare, member

HOSTS, PACKETS = 10, 40
_FROM = (Source("interface", iif="eth0"), Source("interface", iif="docker0"), Source("process"))


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    found = Scratch()
    yield found
    found.close()


@pytest.mark.kernel
@pytest.mark.parametrize("seed", range(HOSTS))
def test_every_packet_does_what_its_set_does(seed: int, scratch: Scratch) -> None:
    host = random_nft_host(seed, scratch)
    world, draw = World(host.snapshot), Random(seed)
    for source in _FROM:
        walk = SymbolicWalk(world, host.family)
        flows = journeys(walk, source, walk.space.everything)
        asked = 0
        while asked < PACKETS:
            packet = random_packet(draw, host.words)
            if asked % 2 and flows:
                values = member(walk, draw.choice(flows).some, draw)
            elif packet.iif == source.iif:
                values = _values(packet)
            else:
                continue
            asked += 1
            difference = compare(world, walk, source, flows, values)
            assert difference is None, difference


def _values(packet: Packet) -> Values:
    named = ("proto", "src", "dst", "sport", "dport", "icmp_type", "icmp_code", "icmp_id", "tcp_flags", "tos",
             "ttl", "length", "uid", "gid")  # fmt: skip
    values = {name: getattr(packet, name) or 0 for name in named}
    mac = packet.src_mac or "02:00:00:00:00:01"
    return {**values, "src_mac": int(mac.replace(":", ""), 16)}
