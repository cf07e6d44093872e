"""ICMP errors: the connection that they belong to is that of the packet that they quote.

    client 203.0.113.9 -> 10.1.0.81:3306, sent on to 172.18.0.2:3306     original and reply as in conntrack.py
    router 172.18.0.1  -> 203.0.113.9, quoting 203.0.113.9 -> 172.18.0.2:3306
      the quoted tuple turned round is the connection's reply: the error is RELATED, in reply direction,
      and leaves as from 10.1.0.81

Source: net/netfilter/nf_conntrack_proto_icmp.c (nf_conntrack_inet_error), nf_nat_proto.c
(nf_nat_icmp_reply_translation).
"""

from __future__ import annotations

from dataclasses import replace

from sekisho.semantics.conntrack import Change, Connection, FlowKey, Tracker, key_of, show
from sekisho.semantics.program import CONFIRMED_BIT, DNAT_BIT, INVALID, RELATED, SNAT_BIT
from sekisho.semantics.traveller import Traveller
from sekisho.values.address import format_ip
from sekisho.values.packet import ICMP, ICMPV6, Packet

# Unreachable, source quench, redirect, time exceeded, parameter problem; ICMPv6 has its errors below 128.
_ERRORS4 = frozenset({3, 4, 5, 11, 12})
_FIRST_QUERY6 = 128
_REDIRECT = 5


def is_error(packet: Traveller) -> bool:
    """Whether the packet is an ICMP error, which belongs to the connection of the packet in it."""
    if packet.proto == ICMP:
        return packet.icmp_type in _ERRORS4
    return packet.proto == ICMPV6 and packet.icmp_type is not None and packet.icmp_type < _FIRST_QUERY6


def relate(packet: Traveller, tracker: Tracker) -> Connection | None:
    """Set the state of an ICMP error; its connection, None where it belongs to none (INVALID)."""
    quoted = packet.quoted
    found = (
        None if quoted is None else tracker.find(key_of(quoted).mirrored(), packet.zone, packet.zone_reply)
    )
    if found is not None and found[0].status & CONFIRMED_BIT:
        connection, direction = found
        expected = connection.original if direction == 0 else connection.reply
        if expected.dst == packet.dst:
            packet.ctstate = RELATED
            show(packet, connection, direction)
            return connection
    packet.leave_connection(INVALID)
    return None


def translate(
    connection: Connection, direction: int, side: str, packet: Traveller
) -> tuple[Change, ...] | None:
    """Apply one side of the connection's translation to the error and to what it quotes.

    The error's own address becomes that of a packet of its direction, whoever sent it. None: the kernel
    drops it, as it does redirects of translated connections.
    """
    translated = connection.status & (SNAT_BIT | DNAT_BIT)
    if packet.proto == ICMP and packet.icmp_type == _REDIRECT and translated:
        return None
    bit = SNAT_BIT if side == "src" else DNAT_BIT
    if direction == 1:
        bit ^= SNAT_BIT | DNAT_BIT
    if not connection.status & bit:
        return ()
    assert packet.quoted is not None
    other = connection.reply if direction == 0 else connection.original
    packet.quoted = _requoted(packet.quoted, other, "dst" if side == "src" else "src")
    before, after = getattr(packet, side), getattr(connection.translated(direction), side)
    setattr(packet, side, after)
    if before == after:
        return ()
    return ((side, format_ip(packet.family, before), format_ip(packet.family, after)),)


def _requoted(quoted: Packet, wanted: FlowKey, side: str) -> Packet:
    """One side of the quoted packet as it was before the connection translated it."""
    query = quoted.proto in (ICMP, ICMPV6)
    port = wanted.sport if side == "src" or query else wanted.dport
    address = wanted.src if side == "src" else wanted.dst
    if query:
        quoted = replace(quoted, icmp_id=port)
        return replace(quoted, src=address) if side == "src" else replace(quoted, dst=address)
    if side == "src":
        return replace(quoted, src=address, sport=port)
    return replace(quoted, dst=address, dport=port)
