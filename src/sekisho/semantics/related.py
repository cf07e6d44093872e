"""ICMP errors: the connection that they belong to is that of the packet that they quote.

    client 203.0.113.9 -> 10.1.0.81:3306, sent on to 172.18.0.2:3306     original and reply as in conntrack.py
    router 172.18.0.1  -> 203.0.113.9, quoting 203.0.113.9 -> 172.18.0.2:3306
      the quoted tuple turned round is the connection's reply: the error is RELATED, in reply direction,
      and leaves as from 10.1.0.81

Source: net/netfilter/nf_conntrack_proto_icmp.c (nf_conntrack_inet_error), nf_nat_proto.c
(nf_nat_icmp_reply_translation).
"""

from __future__ import annotations

from sekisho.values.packet import ICMP, ICMPV6, Packet

# Unreachable, source quench, redirect, time exceeded, parameter problem; ICMPv6 has its errors below 128.
_ERRORS4 = frozenset({3, 4, 5, 11, 12})
_FIRST_QUERY6 = 128
REDIRECT = 5


def is_error(packet: Packet) -> bool:
    """Whether the packet is an ICMP error, which belongs to the connection of the packet in it."""
    if packet.proto == ICMP:
        return packet.icmp_type in _ERRORS4
    return packet.proto == ICMPV6 and packet.icmp_type is not None and packet.icmp_type < _FIRST_QUERY6
