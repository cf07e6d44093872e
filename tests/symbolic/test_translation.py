"""Translated ports of sets of packets, on the host whose kernel was asked about single ones."""

from __future__ import annotations

import pytest

from sekisho.values.packet import TCP, UDP
from tests.semantics.test_nat import DESTINATIONS, SOURCES, dnat, snat
from tests.symbolic.test_tracking import OWN, SERVER, differs, sent


@pytest.mark.parametrize("ports", dict.fromkeys(ports for ports, _, _ in SOURCES))
def test_source_ports(ports: str) -> None:
    asked = [sport for range_of, sport, _ in SOURCES if range_of == ports]
    packets = [sent(SERVER, proto, sport) for proto in (UDP, TCP) for sport in asked]
    assert not differs(snat(ports), *packets)


@pytest.mark.parametrize("ports", dict.fromkeys(ports for ports, _, _ in DESTINATIONS))
def test_destination_ports(ports: str) -> None:
    asked = [dport for range_of, dport, _ in DESTINATIONS if range_of == ports]
    packets = [sent(dst, UDP, 40000, dport) for dst in (OWN, SERVER) for dport in asked]
    assert not differs(dnat(ports), *packets)
