"""Each probe finds the neighbours as captured, and what is dropped besides it is not its own end."""

from __future__ import annotations

import pytest

from sekisho.lab.oracle import Oracle
from sekisho.lab.probes import Probe
from sekisho.model.host import Socket
from sekisho.model.links import Neighbour
from sekisho.values.address import Address
from sekisho.values.names import interface_name
from tests.lab.hosts import namespace, packet, snapshot

pytestmark = pytest.mark.kernel


def test_each_probe_finds_the_neighbours_as_captured() -> None:
    """What an earlier one learned is forgotten: who never answers is asked each time, and so is who does."""
    silent = (Neighbour(Address.parse("10.1.0.66"), interface_name("eth1"), None, "FAILED"),)
    probes = [Probe(packet("10.0.0.77", f"10.1.0.{last}", iif="eth0")) for last in (66, 66, 77, 77)]
    with Oracle(snapshot(namespace(neighbours=silent))) as oracle:
        seen = [oracle.ask(probe).disposition for probe in probes]
        shown = ("ip", "neigh", "show", "nud", "all")
        learned = oracle.node().namespace.run(shown)
        oracle.node().learned.forget()
        kept = oracle.node().namespace.run(shown)
    assert seen == ["neighbour_failed", "neighbour_failed", "exits", "exits"]
    assert "10.1.0.77" in learned
    assert "10.1.0.66" not in learned  # two probes ago
    assert "10.1.0.77" not in kept


def test_the_end_of_an_answer_is_not_that_of_the_packet() -> None:
    """A SYN of this host's own address comes in from outside: its answer ends here, with nobody who waits."""
    wide = {"net.ipv4.conf.all.accept_local": "1", "net.ipv4.conf.eth0.accept_local": "1"}
    listening = (Socket("tcp", "LISTEN", None, 80),)
    with Oracle(snapshot(namespace(sysctls=wide, sockets=listening))) as oracle:
        seen = oracle.ask(Probe(packet("10.1.0.10", "10.0.0.10", 80, iif="eth0")))
    assert (seen.answer, seen.disposition) == ("tcp-syn-ack", "delivered")
    assert "NO_SOCKET" in seen.drops


def test_whoever_is_told_that_a_neighbour_was_not_found_is_forgotten_too() -> None:
    """A packet that waits for its neighbour is given up when that one is forgotten: the error to its sender
    asks for a neighbour itself, and the next probe would find that search under way."""
    known = namespace(
        addresses="eth0 fd00:a::10/64\neth1 fd00:b::10/64",
        routes="",
        routes6="fd00:a::/64 dev eth0\nfd00:b::/64 dev eth1",
        neighbours=(Neighbour(Address.parse("fd00:b::66"), interface_name("eth1"), None, "FAILED"),),
    )
    with Oracle(snapshot(known)) as oracle:
        oracle.ask(Probe(packet("fd00:a::77", "fd00:b::66", iif="eth0")))
        learned = oracle.node().learned
        found = [learned.forget(), learned.forget()]
        oracle.ask(Probe(packet("fd00:a::77", "fd00:b::66", iif="eth0")))
        oracle._forget()
        found.append(learned.forget())
    assert found == [True, True, False]
