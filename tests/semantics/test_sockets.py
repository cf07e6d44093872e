"""Which socket takes what, by the address that it is bound to; as a kernel's do."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from sekisho.lab.namespaces import NetworkNamespace
from sekisho.semantics.choices import Choices
from sekisho.semantics.program import Accept, Stop
from sekisho.semantics.sockets import socket_chain
from sekisho.sources import ss
from sekisho.values.address import Address
from sekisho.values.packet import UDP, Packet
from tests.semantics.one import made, run

OWN = ("127.0.0.1", "10.0.0.1", "::1", "fd00::1")
# What a socket is bound to (with IPV6_V6ONLY or not), how ss prints it, and to which of the host's addresses
# datagrams reach it (measured: Linux 6.18, iproute2 6.1).
TABLE = [
    ("0.0.0.0", False, "0.0.0.0:53", ("127.0.0.1", "10.0.0.1")),
    ("10.0.0.1", False, "10.0.0.1:53", ("10.0.0.1",)),
    ("::", False, "*:53", ("127.0.0.1", "10.0.0.1", "::1", "fd00::1")),
    ("::", True, "[::]:53", ("::1", "fd00::1")),
    ("fd00::1", False, "[fd00::1]:53", ("fd00::1",)),
    ("::ffff:10.0.0.1", False, "[::ffff:10.0.0.1]:53", ("10.0.0.1",)),
]


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@pytest.mark.kernel
@pytest.mark.parametrize(("bound", "alone", "printed", "reached"), TABLE)
def test_the_kernel_finds_them_so(bound: str, alone: bool, printed: str, reached: tuple[str, ...]) -> None:
    where = NetworkNamespace()
    with ExitStack() as held:
        held.callback(where.close)
        where.run(["ip", "link", "set", "lo", "up"])
        for address in ("10.0.0.1/32", "fd00::1/128"):
            where.run(["ip", "addr", "add", address, "dev", "lo", *(["nodad"] if ":" in address else [])])
        waiting = held.enter_context(where.socket(_family(bound), socket.SOCK_DGRAM))
        if alone:
            waiting.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        waiting.bind((bound, 53))
        waiting.settimeout(0.3)
        assert where.run(["ss", "-Hnlu"]).split()[3] == printed
        found = []
        for address in OWN:
            with where.socket(_family(address), socket.SOCK_DGRAM) as asking:
                asking.sendto(b"?", (address, 53))
            try:
                found += [address] if waiting.recv(1) else []
            except TimeoutError:
                continue
    assert tuple(found) == reached


@pytest.mark.parametrize(("bound", "alone", "printed", "reached"), TABLE)
def test_and_so_does_the_model(bound: str, alone: bool, printed: str, reached: tuple[str, ...]) -> None:
    parsed = ss.parse(f"UNCONN 0      0      {printed}      0.0.0.0:*\n", "ss.txt", "udp")
    assert not parsed.unread
    found = []
    for text in OWN:
        address = Address.parse(text)
        chain = socket_chain(parsed.facts, address.family, frozenset({"tcp", "udp"}))
        assert chain is not None
        # One to another port and one of another protocol are never taken.
        ends = [
            run(chain, {}, made(packet), Choices())[-1].action
            for packet in (
                Packet(address.family, address.value, address.value, UDP, 4000, 53, iif="lo"),
                Packet(address.family, address.value, address.value, UDP, 53, 4000, iif="lo"),
                Packet(address.family, address.value, address.value, 6, 4000, 53, iif="lo"),
            )
        ]
        assert all(isinstance(end, Stop) for end in ends[1:])
        found += [text] if isinstance(ends[0], Accept) else []
    assert tuple(found) == reached
