"""The packets to ask about: first ones, later ones of the same connection, replies, ICMP errors."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sekisho.lab.verdict import Egress, Observed
from sekisho.values.packet import ACK, ICMP, ICMPV6, SYN, TCP, UDP, Packet

_REPLY_TYPES = {(ICMP, 8): 0, (ICMP, 13): 14, (ICMP, 17): 18, (ICMPV6, 128): 129}


@dataclass(frozen=True, slots=True)
class Probe:
    """One packet to send.

    ``packet.iif`` is the interface where it arrives (a bridge: by its port ``port``); None when a
    process of ``node`` sends it. ``bridged``: the frame carries the destination's own MAC address
    instead of the bridge's (None: when the destination lies in the bridge's subnet). ``fresh``: all
    connections are forgotten first. ``payload`` follows the transport header; for an ICMP error it is
    the quoted packet. ``src_mac``/``dst_mac`` override what the frame would carry.
    """

    packet: Packet
    node: str = "host"
    port: str | None = None
    bridged: bool | None = None
    fresh: bool = False
    seq: int = 1000
    ack: int = 0
    payload: bytes = b""
    dst_mac: str | None = None


def reply(seen: Observed, egress: Egress | None = None) -> Probe:
    """What the receiver of the packet that left would answer; it arrives where that one left.

    TCP's SYN is answered by SYN and ACK, an echo request by its reply. ValueError when nothing left.
    """
    out = egress or seen.egress
    if out is None:
        raise ValueError("nothing left that could be answered")
    packet, content = out.frame.packet, out.frame.content
    return Probe(
        replace(
            _turned(packet), iif=out.interface,
            tcp_flags=SYN | ACK if packet.tcp_flags == SYN else ACK if packet.proto == TCP else None,
        ),
        out.node, out.port, seq=5000 if packet.tcp_flags == SYN else content.ack,
        ack=content.seq + (1 if packet.tcp_flags == SYN else 0),
    )  # fmt: skip


def later(seen: Observed, first: Probe) -> Probe:
    """The next packet of the same direction, after the reply of ``reply`` came (TCP: an ACK)."""
    flags = ACK if first.packet.proto == TCP else first.packet.tcp_flags
    return replace(
        first, packet=replace(first.packet, tcp_flags=flags), fresh=False, seq=first.seq + 1, ack=5001
    )


def icmp_error(seen: Observed, kind: int, code: int, src: int, egress: Egress | None = None) -> Probe:
    """An ICMP error from ``src`` about the packet that left, arriving where that one left."""
    out = egress or seen.egress
    if out is None:
        raise ValueError("nothing left that an error could be about")
    packet = out.frame.packet
    proto = ICMP if packet.family == 4 else ICMPV6
    error = Packet(packet.family, src, packet.src, proto, icmp_type=kind, icmp_code=code, iif=out.interface)
    return Probe(error, out.node, out.port, payload=out.frame.ip[: 28 if packet.family == 4 else 48])


def _turned(packet: Packet) -> Packet:
    kind = packet.icmp_type
    if kind is not None:
        kind = _REPLY_TYPES.get((packet.proto, kind), kind)
    return replace(
        packet, src=packet.dst, dst=packet.src, sport=packet.dport, dport=packet.sport, icmp_type=kind,
        ttl=64, length=packet.length if packet.proto in (TCP, UDP, ICMP, ICMPV6) else None, mark=0,
    )  # fmt: skip
