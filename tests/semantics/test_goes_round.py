"""A plain IPv6 route over lo leads back to itself; a kernel makes one for ::1, behind that of table local.
Measured where table main is asked first: each packet is forwarded until its hop limit is used up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.lab.exchange import start_at
from sekisho.semantics.world import World
from sekisho.sources import ip_route, ip_rule
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.journeys import Source, journeys
from sekisho.symbolic.one_journeys import journey
from sekisho.values.packet import UDP, Packet
from tests.case_files import read
from tests.symbolic.agreement import compare
from tests.symbolic.test_case_agreement import values_of

LATER = "100: from all lookup main\n150: from all lookup local\n"
FIRST = "0: from all lookup local\n32766: from all lookup main\n"


@pytest.mark.parametrize(("rules", "wanted"), [(LATER, "undetermined"), (FIRST, "delivered")])
def test_what_is_sent_to_the_loopback_address(rules: str, wanted: str) -> None:
    snapshot = read("ipv6-source-fits-the-destination").snapshot()
    more = ip_route.parse("::1 dev lo proto kernel metric 256 pref medium", "ip6-route.txt", 6).facts
    host = replace(
        snapshot.host,
        routes=(*snapshot.host.routes, *more),
        rules=ip_rule.parse(rules, "ip6-rule.txt", 6).facts,
    )
    world = World(replace(snapshot, host=host))
    asked = Packet(6, 1, 1, UDP, 40000, 53, uid=0, gid=0, length=60)
    found = journey(world, start_at(asked)).forward
    assert found.disposition == wanted
    assert [doubt.code for doubt in found.doubts] == ["route-goes-round"] * (wanted == "undetermined")
    walk, source = SymbolicWalk(world, 6), Source("process")
    flows = journeys(walk, source, walk.space.everything)
    assert compare(world, walk, source, flows, values_of(asked)) is None
