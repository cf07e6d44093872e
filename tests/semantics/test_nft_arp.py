"""Which chains of a bridge may keep it from finding a neighbour."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.lab.exchange import start_at
from sekisho.semantics.bridging import hidden
from sekisho.semantics.nft_arp import may_hide
from sekisho.semantics.world import World
from sekisho.sources import nft_text
from sekisho.symbolic.one_journeys import journey
from tests.case_files import read


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("counter", False),
        ("meta mark set 0x00000001", False),
        ("drop", True),
        ("tcp dport 80 drop", False),  # neither ARP nor neighbour discovery has one
        ("ip6 hoplimit set 9", True),  # an advertisement with another than 255 counts for nothing (measured)
        ("ip ttl set 9", False),
    ],
)
def test_what_may_hide_a_neighbour(rule: str, wanted: bool) -> None:
    chain = "\t\ttype filter hook prerouting priority 0; policy accept;\n"
    text = f"table bridge t {{\n\tchain c {{\n{chain}\t\t{rule}\n\t}}\n}}\n"
    assert may_hide(nft_text.parse(text, "nft-ruleset.txt")) is wanted


OUTPUT = "table bridge t {{\n\tchain c {{\n\t\ttype filter hook output priority 0;\n\t\t{0}\n\t}}\n}}\n"


@pytest.mark.parametrize(
    ("rule", "known", "ends"),
    [("drop", False, "undetermined"), ("drop", True, "exits"), ("tcp dport 1 drop", False, "exits")],
)
def test_what_br_netfilter_sends_back_to_its_bridge_looks_for_its_neighbour(
    rule: str, known: bool, ends: str
) -> None:
    """The host's own ARP request passes the bridge's output chains (met on a kernel: nothing leaves)."""
    case = read("bridged-dnat-takes-no-ttl")
    snapshot = case.snapshot()
    near = snapshot.host.neighbours if known else ()
    host = replace(snapshot.host, neighbours=near, nft=nft_text.parse(OUTPUT.format(rule), "nft-ruleset.txt"))
    world = World(replace(snapshot, host=host))
    found = journey(world, start_at(case.packet), with_reply=False).forward
    assert found.disposition == ends or (ends, found.disposition) == ("exits", "delivered")
    assert (hidden("docker0") in found.doubts) is (ends == "undetermined")
