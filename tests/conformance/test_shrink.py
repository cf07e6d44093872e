"""Making a disagreement small: the search, and a real host whose needless lines go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.lab.droplog import DropLog
from sekisho.lab.oracle import Oracle
from sekisho.lab.probes import Probe
from sekisho.model.snapshot import Snapshot
from sekisho.values.address import Address
from sekisho.values.packet import Packet
from tests.case_files import read
from tests.conformance.shrink import Line, needless, shrunk


@pytest.mark.parametrize("needed", [set(), {3}, {0, 9}, {2, 3, 7}, set(range(10))])
def test_only_the_needed_lines_stay(needed: set[int]) -> None:
    lines: list[Line] = [("f", at) for at in range(10)]
    asked = 0

    def still(gone: set[Line]) -> bool:
        nonlocal asked
        asked += 1
        return not any(at in needed for _, at in gone)

    assert {at for _, at in needless(lines, still)} == set(range(10)) - needed
    assert asked <= 40


@pytest.mark.kernel
def test_one_of_two_rules_with_which_a_kernel_masquerades_stays() -> None:
    """The kernel itself is asked whether the packet still leaves with the host's address."""
    case = read("a-rule-twice-acts-once")
    drops = DropLog()

    def masqueraded(host: Snapshot, packet: Packet) -> bool:
        with Oracle(host, drops) as oracle:
            seen = oracle.ask(Probe(packet, "host", None, fresh=True))
        return seen.disposition == "exits" and seen.packet.src == Address.parse("192.0.2.10").value

    packet = replace(case.packet, ttl=9, sport=5555)
    texts, small = shrunk(case.snapshot(), packet, masqueraded)
    assert texts["iptables-nat.txt"].count("-A ") == 1
    assert texts["ip-route-table-all.txt"].startswith("default via 192.0.2.1 dev eth0")
    assert len(texts["ip-route-table-all.txt"].splitlines()) < len(case.snapshot().host.routes)
    assert (small.ttl, small.sport) == (64, 40000)
