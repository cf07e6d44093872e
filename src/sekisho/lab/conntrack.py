"""Tracked connections by netlink: look one up by its first packet, or forget all of them.

include/uapi/linux/netfilter/nfnetlink_conntrack.h.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

from sekisho.lab import netlink
from sekisho.model.host import FlowTuple
from sekisho.values.address import Address, Family
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, Packet

_GET, _DELETE = 1, 2
_TUPLE_ORIG, _TUPLE_REPLY, _STATUS, _MARK, _ZONE = 1, 2, 3, 8, 18
_TUPLE_IP, _TUPLE_PROTO = 1, 2
_V4_SRC, _V4_DST, _V6_SRC, _V6_DST = 1, 2, 3, 4
_NUM, _SPORT, _DPORT, _ICMP_ID, _ICMP_TYPE, _ICMP_CODE, _ICMPV6_ID, _ICMPV6_TYPE, _ICMPV6_CODE = range(1, 10)
_AF = {4: 2, 6: 10}


@dataclass(frozen=True, slots=True)
class Tracked:
    """One entry: the two directions' tuples, status bits (IPS_*), connection mark and zone."""

    proto: int
    original: FlowTuple
    reply: FlowTuple
    status: int
    mark: int
    zone: int


class Conntrack:
    """The connection table of the namespace that the thread is in when this is made."""

    def __init__(self) -> None:
        self._socket = netlink.open_netfilter(1 << 20)

    def find(self, packet: Packet, zone: int = 0) -> Tracked | None:
        """The entry of which the packet's addresses and ports are a direction; None: no such entry."""
        body = _pack_tuple(packet)
        if zone:
            body += netlink.attribute(_ZONE, struct.pack("!H", zone))
        request = netlink.netfilter_message(
            netlink.SUBSYS_CTNETLINK, _GET, netlink.NLM_F_ACK, _AF[packet.family], body
        )
        found = None
        try:
            for payload in netlink.ask(self._socket, request):
                found = _unpack(payload)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EPROTO, errno.EINVAL, errno.EOPNOTSUPP):
                return None
            raise
        return found

    def all(self) -> list[Tracked]:
        """Every entry of both families."""
        request = netlink.netfilter_message(netlink.SUBSYS_CTNETLINK, _GET, netlink.NLM_F_DUMP, 0)
        return [_unpack(payload) for payload in netlink.ask(self._socket, request)]

    def flush(self) -> None:
        """Forget every connection."""
        request = netlink.netfilter_message(netlink.SUBSYS_CTNETLINK, _DELETE, netlink.NLM_F_ACK, 0)
        list(netlink.ask(self._socket, request))

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


def _pack_tuple(packet: Packet) -> bytes:
    if packet.family == 4:
        ends = (_V4_SRC, packet.src.to_bytes(4, "big")), (_V4_DST, packet.dst.to_bytes(4, "big"))
    else:
        ends = (_V6_SRC, packet.src.to_bytes(16, "big")), (_V6_DST, packet.dst.to_bytes(16, "big"))
    proto = [netlink.attribute(_NUM, bytes([packet.proto]))]
    if packet.proto in (ICMP, ICMPV6):
        first = _ICMP_ID if packet.proto == ICMP else _ICMPV6_ID
        proto += [
            netlink.attribute(first, struct.pack("!H", packet.icmp_id or 0)),
            netlink.attribute(first + 1, bytes([packet.icmp_type or 0])),
            netlink.attribute(first + 2, bytes([packet.icmp_code or 0])),
        ]
    elif packet.proto in PORT_PROTOCOLS:
        proto += [
            netlink.attribute(_SPORT, struct.pack("!H", packet.sport or 0)),
            netlink.attribute(_DPORT, struct.pack("!H", packet.dport or 0)),
        ]
    return netlink.nested(
        _TUPLE_ORIG,
        netlink.nested(_TUPLE_IP, *(netlink.attribute(kind, value) for kind, value in ends)),
        netlink.nested(_TUPLE_PROTO, *proto),
    )


def _unpack(payload: memoryview) -> Tracked:
    parts = netlink.attributes(payload[4:])
    proto, original = _unpack_tuple(parts[_TUPLE_ORIG])
    _, reply = _unpack_tuple(parts[_TUPLE_REPLY])
    status, mark, zone = (
        netlink.number(parts[key]) if key in parts else 0 for key in (_STATUS, _MARK, _ZONE)
    )
    return Tracked(proto, original, reply, status, mark, zone)


def _unpack_tuple(data: memoryview) -> tuple[int, FlowTuple]:
    parts = netlink.attributes(data)
    ends = netlink.attributes(parts[_TUPLE_IP])
    proto = netlink.attributes(parts[_TUPLE_PROTO])
    family: Family = 4 if _V4_SRC in ends else 6
    src, dst = (ends[_V4_SRC], ends[_V4_DST]) if family == 4 else (ends[_V6_SRC], ends[_V6_DST])
    sport, dport = (netlink.number(proto[key]) if key in proto else None for key in (_SPORT, _DPORT))
    icmp = None
    for first in (_ICMP_ID, _ICMPV6_ID):
        if first in proto:
            kind, code, identifier = (netlink.number(proto[key]) for key in (first + 1, first + 2, first))
            icmp = (kind, code, identifier)
    source, destination = Address(family, netlink.number(src)), Address(family, netlink.number(dst))
    return netlink.number(proto[_NUM]), FlowTuple(source, destination, sport, dport, icmp)
