"""What a local process sends is translated to a broadcast address: it leaves and comes back, which no single
answer tells. A kernel's TCP refuses such a destination where it is asked for at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.lab.exchange import start_at
from sekisho.semantics.world import World
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.journeys import Source, journeys
from sekisho.symbolic.one_journeys import journey
from sekisho.values.address import Address
from sekisho.values.packet import SYN, TCP, UDP, Packet
from tests.case_files import read
from tests.lab.hosts import ruleset
from tests.symbolic.agreement import compare
from tests.symbolic.test_case_agreement import values_of

TRANSLATES = "*nat\n:OUTPUT ACCEPT\n-A OUTPUT -d 203.0.113.9 -j DNAT --to-destination 192.0.2.255\nCOMMIT\n"


@pytest.mark.parametrize(
    ("dst", "proto", "wanted"),
    [
        ("203.0.113.9", TCP, "undetermined"),
        ("203.0.113.9", UDP, "undetermined"),
        ("192.0.2.255", TCP, "no_route"),
        ("192.0.2.255", UDP, "undetermined"),
        ("203.0.113.8", TCP, "exits"),
    ],
)
def test_what_is_sent_to_everybody(dst: str, proto: int, wanted: str) -> None:
    snapshot = read("source-not-looked-up-without-a-reason").snapshot()
    world = World(replace(snapshot, host=replace(snapshot.host, rulesets=(ruleset(TRANSLATES),))))
    flags = SYN if proto == TCP else None
    asked = Packet(4, Address.parse("192.0.2.10").value, Address.parse(dst).value, proto, 40000, 80,
                   tcp_flags=flags, uid=0, gid=0, length=60)  # fmt: skip
    found = journey(world, start_at(asked)).forward
    assert found.disposition == wanted
    if wanted == "undetermined":
        assert [doubt.code for doubt in found.doubts] == ["sent-to-everybody"]
    walk, source = SymbolicWalk(world, 4), Source("process")
    flows = journeys(walk, source, walk.space.everything)
    assert compare(world, walk, source, flows, values_of(asked)) is None
