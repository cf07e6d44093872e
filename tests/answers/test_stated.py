"""Header fields that a question states: what an option takes, and what it makes of the answer."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from sekisho.answers.stated import FIELDS, words_of
from sekisho.answers.trace import Question, question_of_flow, trace
from sekisho.errors import UsageError
from sekisho.lab.frames import build_ip
from sekisho.lab.namespaces import NetworkNamespace
from sekisho.values.address import Address
from sekisho.values.packet import ACK, FIN, PSH, RST, SYN, TCP, Packet
from tests.answers.shop import world as shop

# A segment to a listening socket, and the flags of its answer (measured; 0: none).
SEGMENTS = [
    (SYN, SYN | ACK), (SYN | PSH, SYN | ACK), (ACK, RST), (SYN | ACK, RST), (FIN | ACK, RST), (FIN, 0),
    (RST, 0), (0, 0), (SYN | FIN, 0), (SYN | RST, 0),
]  # fmt: skip
HERE, PORT = Address.parse("127.0.0.1").value, 8080


@pytest.mark.kernel
@pytest.mark.parametrize(("flags", "answer"), SEGMENTS)
def test_what_a_listener_answers(flags: int, answer: int) -> None:
    where = NetworkNamespace()
    try:
        where.run(["ip", "link", "set", "lo", "up"])
        with (
            where.socket(socket.AF_INET, socket.SOCK_STREAM) as listener,
            where.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as ears,
            where.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as mouth,
        ):
            listener.bind(("127.0.0.1", PORT))
            listener.listen()
            ears.settimeout(0.3)
            mouth.sendto(build_ip(Packet(4, HERE, HERE, TCP, 4000, PORT, tcp_flags=flags)), ("127.0.0.1", 0))
            heard = 0
            try:
                while not heard:
                    segment = ears.recv(2000)[20:]
                    heard = segment[13] if segment[:2] == PORT.to_bytes(2) else 0
            except TimeoutError:
                pass
    finally:
        where.close()
    assert heard & (SYN | RST) == answer & (SYN | RST)


@pytest.mark.parametrize(("flags", "answer"), SEGMENTS)
def test_only_an_opening_segment_makes_a_connection(flags: int, answer: int, tmp_path: Path) -> None:
    host = shop(tmp_path)
    found = trace(host, Question("internet", "10.0.0.10:22", sport=40000, stated=(("tcp_flags", flags),)))
    assert found.works is (True if answer == SYN | ACK else None)
    unclear = [lean.code for lean in found.leans_on if lean.code == "segment-opens-nothing"]
    assert bool(unclear) is (answer != SYN | ACK)


@pytest.mark.parametrize(
    ("name", "given", "value", "words"),
    [
        ("length", "1500", 1500, "1500"),
        ("tos", "0x10", 16, "16"),
        ("df", True, 1, "1"),
        ("df", "0", 0, "0"),
        ("tcp_flags", "syn,ack", SYN | ACK, "syn,ack"),
        ("tcp_flags", "FIN", FIN, "fin"),
        ("tcp_flags", "none", 0, "none"),
        ("tcp_flags", 18, SYN | ACK, "syn,ack"),
        ("mac", "02:42:ac:11:00:02", 0x0242AC110002, "02:42:ac:11:00:02"),
    ],
)
def test_values(name: str, given: object, value: int, words: str) -> None:
    assert FIELDS[name].value(name, given) == value
    option, told = words_of(((name, value),))
    assert (option, told) == (f"--{name.replace('_', '-')}", words)
    assert FIELDS[name].value(name, told) == value


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("length", "65536"), ("length", -1), ("length", True), ("df", 2), ("df", "yes"),
        ("tcp_flags", "syn,"), ("tcp_flags", "sin"), ("tcp_flags", 256), ("ttl", ""), ("ttl", 1.5),
        ("mac", "02:42"), ("mac", "x"),
        ("mac", "02:42:ac:11:00:02:03"), ("tos", [16]),
    ],
)  # fmt: skip
def test_what_is_no_value(name: str, given: object) -> None:
    with pytest.raises(UsageError):
        FIELDS[name].value(name, given)


@pytest.mark.parametrize(
    "flow",
    [
        {"dst": "10.0.0.10", "dport": 22, "proto": "udp", "tcp_flags": "syn"},
        {"dst": "10.0.0.10", "icmp_type": 8, "dport": 22, "proto": "tcp"},
        {"dst": "10.0.0.10", "dport": 22, "proto": "tcp", "uid": 0},
    ],
)
def test_a_field_that_such_a_packet_lacks(flow: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="such a packet has none"):
        trace(shop(tmp_path), question_of_flow({"from": "internet", **flow}))


def test_ipv6_has_no_bit_against_cutting(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="df: such a packet has none"):
        trace(shop(tmp_path), Question("2001:db8::9", "[2001:db8::1]:22", iface="eth0", stated=(("df", 1),)))
