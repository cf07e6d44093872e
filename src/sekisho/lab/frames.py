"""Packets as bytes: Ethernet frames built from packet values, and packet values read from frames.

Layouts: RFC 791 (IPv4), 8200 (IPv6), 9293 (TCP), 768 (UDP), 792 and 4443 (ICMP), 9260 (SCTP).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sekisho.values.address import Address, Family
from sekisho.values.packet import DCCP, ICMP, ICMPV6, SCTP, SYN, TCP, UDP, UDPLITE, Packet

ETH_IP, ETH_IPV6, ETH_ARP = 0x0800, 0x86DD, 0x0806
BROADCAST = b"\xff" * 6
_ERRORS4 = frozenset({3, 4, 5, 11, 12})
_ERRORS6 = frozenset({1, 2, 3, 4})
_PLAIN_PORTS = frozenset({UDP, UDPLITE})


@dataclass(frozen=True, slots=True)
class Content:
    """What a packet carries besides the header fields of a Packet.

    ``ident`` is IPv4's identification, ``seq``/``ack`` TCP's numbers, ``payload`` what follows the
    transport header (for an ICMP error: the quoted packet's bytes).
    """

    ident: int = 0
    seq: int = 1000
    ack: int = 0
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame read from a wire: addresses of its Ethernet header, and its IP packet."""

    dst_mac: bytes
    src_mac: bytes
    packet: Packet
    ip: bytes
    content: Content


def mac_text(mac: bytes) -> str:
    """``02:00:00:00:00:01``."""
    return mac.hex(":")


def mac_bytes(mac: str) -> bytes:
    """The six bytes of a MAC address in text form."""
    return bytes.fromhex(mac.replace(":", ""))


def checksum(data: bytes) -> int:
    """The Internet checksum, RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    return ~total & 0xFFFF


def _crc32c_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


_CRC32C = _crc32c_table()


def crc32c(data: bytes) -> int:
    """The checksum of SCTP, RFC 9260 appendix A."""
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _CRC32C[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def is_icmp_error(packet: Packet) -> bool:
    """Whether the packet is an ICMP error, which carries the packet that it is about."""
    if packet.proto == ICMP:
        return packet.icmp_type in _ERRORS4
    return packet.proto == ICMPV6 and packet.icmp_type in _ERRORS6


def build_ip(packet: Packet, content: Content | None = None) -> bytes:
    """The packet as bytes, checksums included; padded to ``packet.length`` when that is longer."""
    content = content or Content()
    width = 4 if packet.family == 4 else 16
    src, dst = packet.src.to_bytes(width, "big"), packet.dst.to_bytes(width, "big")
    header_length = 20 if packet.family == 4 else 40
    body = _transport(packet, content, src, dst, header_length)
    if packet.family == 4:
        header = struct.pack(
            "!BBHHHBBH4s4s",
            0x45, packet.tos, 20 + len(body), content.ident, (packet.df or 0) << 14, packet.ttl, packet.proto,
            0, src, dst,
        )  # fmt: skip
        return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + body
    first = 6 << 28 | packet.tos << 20
    return struct.pack("!IHBB16s16s", first, len(body), packet.proto, packet.ttl, src, dst) + body


def _transport(packet: Packet, content: Content, src: bytes, dst: bytes, header_length: int) -> bytes:
    proto, payload = packet.proto, content.payload
    sport, dport = packet.sport or 0, packet.dport or 0
    options = _syn_options(packet)
    if packet.length is not None:
        header = _TRANSPORT_LENGTHS.get(proto, 0) + len(options)
        missing = packet.length - header_length - header - len(payload)
        payload += bytes(max(missing, 0))
    if proto == TCP:
        flags = SYN if packet.tcp_flags is None else packet.tcp_flags
        offset = 0x50 + (len(options) << 2)
        body = struct.pack(
            "!HHIIBBHHH", sport, dport, content.seq, content.ack, offset, flags, 65535, 0, 0
        ) + options + payload  # fmt: skip
        return _sealed(body, 16, src, dst, proto)
    if proto in _PLAIN_PORTS:
        body = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
        return _sealed(body, 6, src, dst, proto)
    if proto in (ICMP, ICMPV6):
        kind, code = packet.icmp_type or 0, packet.icmp_code or 0
        rest = 0 if is_icmp_error(packet) else (packet.icmp_id or 0) << 16 | 1
        body = struct.pack("!BBHI", kind, code, 0, rest) + payload
        if proto == ICMPV6:
            return _sealed(body, 2, src, dst, proto)
        return body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    if proto == SCTP:
        # An INIT chunk (verification tag 0): initiate tag, window, streams, initial number.
        chunk = payload or struct.pack("!BBHIIHHI", 1, 0, 20, 1, 65535, 1, 1, 1)
        head = struct.pack("!HHI", sport, dport, 0)
        seal = struct.pack("<I", crc32c(head + bytes(4) + chunk))
        return head + seal + chunk
    if proto == DCCP:
        # A request: data offset 7 words, type 0, extended sequence numbers, service code 0.
        body = struct.pack("!HHBBHBBHII", sport, dport, 7, 0, 0, 1, 0, 0, 1, 0) + bytes(4)
        return _sealed(body, 6, src, dst, proto)
    return payload or bytes(8)


def _syn_options(packet: Packet) -> bytes:
    """What every system's SYN carries, the segment size of an Ethernet: without it TCPMSS would add it."""
    if packet.proto != TCP or not (SYN if packet.tcp_flags is None else packet.tcp_flags) & SYN:
        return b""
    return struct.pack("!BBH", 2, 4, 1460 if packet.family == 4 else 1440)


_TRANSPORT_LENGTHS = {TCP: 20, UDP: 8, UDPLITE: 8, ICMP: 8, ICMPV6: 8}


def _sealed(body: bytes, at: int, src: bytes, dst: bytes, proto: int) -> bytes:
    """``body`` with the checksum over the pseudo header at offset ``at``."""
    pseudo = src + dst + struct.pack("!II", len(body), proto)
    value = checksum(pseudo + body) or 0xFFFF
    return body[:at] + struct.pack("!H", value) + body[at + 2 :]


def ethernet(dst: bytes, src: bytes, family: int, ip: bytes) -> bytes:
    """An Ethernet frame around an IP packet."""
    return dst + src + (b"\x08\x00" if family == 4 else b"\x86\xdd") + ip


def read_frame(data: bytes) -> Frame | None:
    """The IP packet of a frame; None for anything else."""
    kind = data[12] << 8 | data[13] if len(data) >= 14 else 0
    if kind not in (ETH_IP, ETH_IPV6):
        return None
    ip = data[14:]
    read = read_headers(ip)
    if read is None:
        return None
    return Frame(data[0:6], data[6:12], read[0], ip, read[1])


def read_headers(ip: bytes) -> tuple[Packet, Content] | None:
    """The header fields of an IP packet, which may be cut off after its transport header's ports."""
    if len(ip) >= 20 and ip[0] >> 4 == 4:
        start = (ip[0] & 15) * 4
        _, tos, length, ident, _, ttl, proto, _, src, dst = struct.unpack_from("!BBHHHBBHII", ip)
        return _read_transport(4, src, dst, proto, tos, ttl, length, ident, ip[start:])
    if len(ip) >= 40 and ip[0] >> 4 == 6:
        first, size, proto, ttl = struct.unpack_from("!IHBB", ip)
        src, dst = int.from_bytes(ip[8:24], "big"), int.from_bytes(ip[24:40], "big")
        start = 40
        if proto == 0 and len(ip) > 48:  # hop-by-hop options (multicast listener reports)
            proto, start = ip[40], 40 + 8 + ip[41] * 8
        return _read_transport(6, src, dst, proto, first >> 20 & 255, ttl, size + 40, 0, ip[start:])
    return None


def _read_transport(
    family: Family, src: int, dst: int, proto: int, tos: int, ttl: int, length: int, ident: int, rest: bytes
) -> tuple[Packet, Content]:
    sport = dport = flags = kind = code = icmp_id = None
    seq = ack = 0
    if proto in (ICMP, ICMPV6) and len(rest) >= 8:
        kind, code = rest[0], rest[1]
        if kind not in (_ERRORS4 if proto == ICMP else _ERRORS6):
            icmp_id = rest[4] << 8 | rest[5]
    elif proto in (TCP, UDP, SCTP, UDPLITE, DCCP) and len(rest) >= 4:
        sport, dport = rest[0] << 8 | rest[1], rest[2] << 8 | rest[3]
        if proto == TCP and len(rest) >= 14:
            flags = rest[13]
            seq, ack = struct.unpack_from("!II", rest, 4)
    packet = Packet(
        family, src, dst, proto, sport, dport, kind, code, icmp_id, flags,
        tos=tos, ttl=ttl, length=length,
    )  # fmt: skip
    return packet, Content(ident, seq, ack)


# ---------------------------------------------------------------------- address resolution


def asked_address(data: bytes) -> Address | None:
    """The address that an ARP request or a neighbour solicitation asks for, None for other frames."""
    kind = data[12] << 8 | data[13]
    if kind == ETH_ARP and data[20:22] == b"\0\1":
        return Address(4, int.from_bytes(data[38:42], "big"))
    # A solicitation that came over a router, as its hop limit tells, counts for nothing.
    if kind == ETH_IPV6 and len(data) >= 78 and data[20:22] == b"\x3a\xff" and data[54] == 135:
        return Address(6, int.from_bytes(data[62:78], "big"))
    return None


def resolution_answer(asked: bytes, mac: bytes) -> bytes:
    """The ARP reply or neighbour advertisement that answers the frame ``asked`` with ``mac``."""
    if asked[12:14] == b"\x08\x06":
        sender, wanted = asked[22:32], asked[38:42]
        return sender[:6] + mac + b"\x08\x06" + asked[14:20] + b"\0\2" + mac + wanted + sender
    source, wanted = asked[22:38], asked[62:78]
    # RFC 4861, 4.4: solicited and override flags, option 2 (target link-layer address).
    body = struct.pack("!BBHI", 136, 0, 0, 0x60000000) + wanted + b"\x02\x01" + mac
    body = _sealed(body, 2, wanted, source, ICMPV6)
    ip = struct.pack("!IHBB", 6 << 28, len(body), ICMPV6, 255) + wanted + source + body
    return ethernet(asked[6:12], mac, 6, ip)


# 224.0.0.22 and ff02::16: all multicast routers (RFC 3376, RFC 3810).
_REPORTS_TO = frozenset({0xE0000016, 0xFF02 << 112 | 0x16})


def is_housekeeping(packet: Packet) -> bool:
    """Neighbour discovery, router discovery and reports of multicast listeners: never an answer."""
    if packet.dst in _REPORTS_TO:
        return True
    return packet.proto == ICMPV6 and packet.icmp_type in (130, 131, 132, 133, 134, 135, 136, 137, 143)
