"""Frames: checksums against published values, and what is built is read back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.lab.frames import (
    Content,
    asked_address,
    build_ip,
    checksum,
    crc32c,
    ethernet,
    is_housekeeping,
    read_frame,
    resolution_answer,
)
from sekisho.values.address import Address
from sekisho.values.packet import ICMP, ICMPV6, SCTP, TCP, UDP, Packet


def test_checksum_of_rfc_1071() -> None:
    # RFC 1071, section 3: the sum of these words is ddf2.
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == ~0xDDF2 & 0xFFFF


def test_checksum_of_a_published_ipv4_header() -> None:
    # The header of Wikipedia's article "Internet checksum", checksum b861.
    assert checksum(bytes.fromhex("45000073000040004011" + "0000" + "c0a80001c0a800c7")) == 0xB861


@pytest.mark.parametrize(
    ("data", "want"),
    [  # RFC 3720, B.4
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"123456789", 0xE3069283),
    ],
)
def test_crc32c_of_rfc_3720(data: bytes, want: int) -> None:
    assert crc32c(data) == want


PORTS = st.integers(0, 65535)


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    family = draw(st.sampled_from((4, 6)))
    bits = 32 if family == 4 else 128
    proto = draw(st.sampled_from((TCP, UDP, SCTP, ICMP if family == 4 else ICMPV6, 47)))
    base = Packet(
        4 if family == 4 else 6, draw(st.integers(0, 2**bits - 1)), draw(st.integers(0, 2**bits - 1)), proto,
        tos=draw(st.integers(0, 255)), ttl=draw(st.integers(1, 255)),
    )  # fmt: skip
    if proto in (ICMP, ICMPV6):
        return replace(
            base,
            icmp_type=8 if proto == ICMP else 128,
            icmp_code=draw(st.integers(0, 255)),
            icmp_id=draw(PORTS),
        )
    if proto == 47:
        return base
    ported = replace(base, sport=draw(PORTS), dport=draw(PORTS))
    return replace(ported, tcp_flags=draw(st.integers(0, 255))) if proto == TCP else ported


@given(packets(), st.integers(0, 65535), st.binary(max_size=40))
def test_what_is_built_is_read_back(packet: Packet, ident: int, payload: bytes) -> None:
    data = build_ip(packet, Content(ident, 5, 6, payload))
    frame = read_frame(ethernet(b"\x02" * 6, b"\x04" * 6, packet.family, data))
    assert frame is not None
    assert frame.packet == replace(packet, length=len(data))
    assert frame.ip == data
    if packet.family == 4:
        assert frame.content.ident == ident
        assert checksum(data[:20]) == 0


@given(packets())
def test_transport_checksums_hold(packet: Packet) -> None:
    data = build_ip(packet)
    start = 20 if packet.family == 4 else 40
    body = data[start:]
    if packet.proto == ICMP:
        assert checksum(body) == 0
    elif packet.proto in (TCP, UDP, ICMPV6):
        ends = data[12:20] if packet.family == 4 else data[8:40]
        pseudo = ends + len(body).to_bytes(4, "big") + packet.proto.to_bytes(4, "big")
        assert checksum(pseudo + body) == 0


@pytest.mark.parametrize("length", [28, 60, 1400])
def test_a_packet_is_as_long_as_asked(length: int) -> None:
    packet = Packet(4, 1, 2, UDP, 3, 4, length=length)
    assert len(build_ip(packet)) == length


def test_arp_request_and_answer() -> None:
    # A request as Linux sends it (captured): who has 10.1.0.2, tell 10.1.0.1.
    asked = bytes.fromhex(
        "ffffffffffff02000000000108060001080006040001020000000001" + "0a010001" + "000000000000" + "0a010002"
    )
    assert asked_address(asked) == Address.parse("10.1.0.2")
    answer = resolution_answer(asked, b"\x02\x4e\x0a\x01\x00\x02")
    assert answer == bytes.fromhex(
        "020000000001024e0a010002"
        + "0806"
        + "0001080006040002"
        + "024e0a010002"
        + "0a010002"
        + "020000000001"
        + "0a010001"
    )


def test_other_frames_ask_nothing() -> None:
    frame = ethernet(b"\x02" * 6, b"\x04" * 6, 4, build_ip(Packet(4, 1, 2, UDP, 3, 4, length=60)))
    assert asked_address(frame) is None
    assert not is_housekeeping(Packet(6, 1, 2, ICMPV6, icmp_type=128))
    assert is_housekeeping(Packet(6, 1, 2, ICMPV6, icmp_type=135))
