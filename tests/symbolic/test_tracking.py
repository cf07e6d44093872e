"""Connections of sets of packets, on the host whose kernel was asked about single ones."""

from __future__ import annotations

import pytest

from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.journeys import Source, journeys
from sekisho.values.address import Address
from sekisho.values.packet import SYN, TCP, UDP
from tests.semantics.test_conntrack import ZONES, zoned
from tests.semantics.wired import HOST
from tests.symbolic.agreement import Values, compare

CLIENT, SERVER, OWN = (Address.parse(text).value for text in ("10.1.0.2", "10.2.0.2", "10.1.0.1"))


def sent(dst: int, proto: int = UDP, sport: int = 40000, dport: int = 53) -> Values:
    """What the client sends, everything stated."""
    return {
        "proto": proto, "src": CLIENT, "dst": dst, "sport": sport, "dport": dport, "icmp_type": 8,
        "icmp_code": 0, "icmp_id": 7, "tcp_flags": SYN, "tos": 0, "src_mac": 0x020000000001, "length": 60,
        "ttl": 64, "uid": 0, "gid": 0,
    }  # fmt: skip


def differs(rules: str, *packets: Values) -> list[object]:
    """The packets of the client that do not do as their sets do."""
    world = World(load_text(HOST + rules))
    walk = SymbolicWalk(world, 4)
    source = Source("interface", iif="c0")
    flows = journeys(walk, source, walk.space.everything)
    found = (compare(world, walk, source, flows, values) for values in packets)
    return [difference for difference in found if difference is not None]


@pytest.mark.parametrize(("first", "answer", "belongs"), ZONES)
def test_zones(first: str, answer: str, belongs: bool) -> None:
    assert not differs(zoned(first, answer), sent(SERVER), sent(SERVER, TCP), sent(OWN))


ANSWERED = """*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d 10.1.0.1/32 -j DNAT --to-destination 10.2.0.2
-A POSTROUTING -o s0 -j SNAT --to-source 10.2.0.1
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -i c0 -d 10.2.0.2/32 -j ACCEPT
-A FORWARD -i s0 -d 10.1.0.2/32 -p udp -m udp --dport 40000 -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A FORWARD -i s0 -p tcp -m conntrack --ctdir REPLY --ctorigdst 10.1.0.1 -j ACCEPT
COMMIT
"""


def test_answers_are_restored_side_by_side() -> None:
    packets = (sent(OWN), sent(OWN, TCP), sent(SERVER), sent(SERVER, TCP), sent(OWN, UDP, 40001))
    assert not differs(ANSWERED, *packets)
