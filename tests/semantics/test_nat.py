"""Which port a translation gives: kept where it may be, shifted with its range; as kernels do."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.lab.namespaces import NetworkNamespace
from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from sekisho.values.address import Address
from tests.semantics.wired import HOST, wired

# SNAT --to-source 10.2.0.1:PORTS of a datagram from a port, and the port that the server sees; None: any of
# the range (measured: Linux 6.18).
SOURCES = [
    ("", 40000, 40000),
    ("", 700, 700),
    (":2000-2009", 2000, 2000),
    (":2000-2009", 2005, 2005),
    (":2000-2009", 2009, 2009),
    (":2000-2009", 1999, None),
    (":2000-2009", 2010, None),
    (":2000-2009", 40000, None),
    (":3000", 3001, 3000),
    (":3000", 3000, 3000),
]
# DNAT --to-destination 10.2.0.2:PORTS of a datagram to a port of 10.1.0.1, and where it arrives.
DESTINATIONS = [
    ("", 80, 80),
    (":8080-8082", 8080, 8080),
    (":8080-8082", 8082, 8082),
    (":8080", 80, 8080),
    (":8080-8082/80", 80, 8080),
    (":8080-8082/80", 81, 8081),
    (":8080-8082/80", 82, 8082),
]


def translating(chain: str, rule: str) -> str:
    """One rule in nat."""
    chains = "".join(f":{name} ACCEPT [0:0]\n" for name in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"))
    return f"*nat\n{chains}-A {chain} -p udp {rule}\nCOMMIT\n"


def snat(ports: str) -> str:
    """To the host's own address."""
    return translating("POSTROUTING", f"-o s0 -j SNAT --to-source 10.2.0.1{ports}")


def dnat(ports: str) -> str:
    """From the host's own address to the server."""
    return translating("PREROUTING", f"-d 10.1.0.1/32 -j DNAT --to-destination 10.2.0.2{ports}")


def _bound(where: NetworkNamespace, address: str, port: int, held: ExitStack) -> socket.socket:
    made = held.enter_context(where.socket(socket.AF_INET, socket.SOCK_DGRAM))
    made.bind((address, port))
    made.settimeout(1)
    return made


@pytest.mark.kernel
@pytest.mark.parametrize(("ports", "sport", "seen"), SOURCES)
def test_the_kernel_keeps_a_source_port_that_fits(ports: str, sport: int, seen: int | None) -> None:
    with wired() as (host, client, server), ExitStack() as held:
        host.run(["iptables-restore"], feed=snat(ports))
        waiting = _bound(server, "10.2.0.2", 53, held)
        _bound(client, "10.1.0.2", sport, held).sendto(b"?", ("10.2.0.2", 53))
        address, port = waiting.recvfrom(1)[1]
    assert address == "10.2.0.1"
    assert (port == seen) if seen is not None else 2000 <= port <= 2009


@pytest.mark.parametrize(("ports", "sport", "seen"), SOURCES)
def test_and_so_does_trace(ports: str, sport: int, seen: int | None) -> None:
    world = World(load_text(HOST + snat(ports)))
    found = trace(world, Question("10.1.0.2", "10.2.0.2", "udp", sport, 53, "c0"))
    sent = found.forward.packet
    assert (found.forward.disposition, sent.src) == ("exits", Address.parse("10.2.0.1").value)
    assert sent.sport == seen
    picks = any(lean.code == "nat-picks-port" for lean in found.leans_on)
    assert picks is (seen is None)
    # Whatever it is, the answer finds its way back to the port that asked.
    assert found.reply is not None
    assert found.reply.packet.dport == sport


@pytest.mark.kernel
@pytest.mark.parametrize(("ports", "dport", "seen"), DESTINATIONS)
def test_the_kernel_shifts_a_range_of_destination_ports(ports: str, dport: int, seen: int) -> None:
    with wired() as (host, client, server), ExitStack() as held:
        host.run(["iptables-restore"], feed=dnat(ports))
        waiting = _bound(server, "10.2.0.2", seen, held)
        _bound(client, "10.1.0.2", 40000, held).sendto(b"?", ("10.1.0.1", dport))
        assert waiting.recv(1) == b"?"


@pytest.mark.parametrize(("ports", "dport", "seen"), DESTINATIONS)
def test_and_trace_too(ports: str, dport: int, seen: int) -> None:
    world = World(load_text(HOST + dnat(ports)))
    found = trace(world, Question("10.1.0.2", "10.1.0.1", "udp", 40000, dport, "c0"))
    sent = found.forward.packet
    assert (found.forward.disposition, sent.dst) == ("exits", Address.parse("10.2.0.2").value)
    assert sent.dport == seen
