"""Sets of packets against single packets on the hosts of tests/cases: what one reading got wrong once, the
other may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.semantics.world import World
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.journeys import Source, journeys
from sekisho.values.intset import IntSet
from sekisho.values.packet import Packet
from tests.case_files import Case, all_cases
from tests.symbolic.agreement import Values, compare

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_packet_of_a_case_does_what_its_set_does(case: Case) -> None:
    world, packet = World(case.snapshot()), case.packet
    local = Source("process", choose_source=packet.src == 0)
    source = local if packet.iif is None else Source("interface", iif=packet.iif)
    walk = SymbolicWalk(world, packet.family)
    # The hosts that are drawn are asked about all packets; here those of the case's protocol do.
    some = walk.space.member(walk.space.field["proto"], IntSet.of(packet.proto))
    flows = journeys(walk, source, some)
    for length in (60, 1000):
        difference = compare(world, walk, source, flows, values_of(replace(packet, length=length)))
        assert difference is None, difference


def values_of(packet: Packet) -> Values:
    """A packet with everything stated."""
    named = ("proto", "src", "dst", "sport", "dport", "icmp_type", "icmp_code", "icmp_id", "tcp_flags", "tos",
             "ttl", "length", "uid", "gid")  # fmt: skip
    values = {name: getattr(packet, name) or 0 for name in named}
    mac = packet.src_mac or "02:00:00:00:00:01"
    return {**values, "src_mac": int(mac.replace(":", ""), 16)}
