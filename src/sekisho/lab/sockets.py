"""Sockets inside a namespace: those that listen, and those that a local process sends from."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterable, Iterator

from sekisho.lab.frames import Content, build_ip
from sekisho.lab.namespaces import NetworkNamespace
from sekisho.lab.probes import Probe
from sekisho.model.host import Socket
from sekisho.values.address import format_ip
from sekisho.values.packet import ICMP, SYN, TCP, UDP, Packet

_AF = {4: socket.AF_INET, 6: socket.AF_INET6}
_SO_MARK, _IP_FREEBIND, _IPV6_HDRINCL, _IPV6_FREEBIND = 36, 15, 36, 78
_IP_PKTINFO, _IPV6_PKTINFO = 8, 50
_WITHOUT_LISTENERS = frozenset({"raw", "unix", "icmp", "icmp6", "p_raw", "p_dgr", "nl"})


def listen(namespace: NetworkNamespace, wanted: Iterable[Socket]) -> tuple[list[socket.socket], list[Socket]]:
    """Open the listening sockets; the second list holds those that could not be opened."""
    opened: list[socket.socket] = []
    refused: list[Socket] = []
    with namespace.inside():
        for item in wanted:
            if item.proto in _WITHOUT_LISTENERS or item.state not in ("LISTEN", "UNCONN"):
                continue
            try:
                opened.append(_open_listener(item))
            except OSError:
                refused.append(item)
    return opened, refused


def _open_listener(item: Socket) -> socket.socket:
    six = item.address is None or item.address.family == 6
    kind = socket.SOCK_STREAM if item.proto == "tcp" else socket.SOCK_DGRAM
    family = socket.AF_INET6 if six else socket.AF_INET
    sock = socket.socket(family, kind, 132 if item.proto == "sctp" else 0)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(item.address is not None))
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_FREEBIND, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        if item.interface:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, item.interface.encode())
        sock.bind((str(item.address) if item.address is not None else "::", item.port))
        if kind == socket.SOCK_STREAM:
            sock.listen(65535)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


@contextlib.contextmanager
def _as_user(packet: Packet) -> Iterator[None]:
    """Sockets made meanwhile belong to the packet's user and group, if it names any."""
    if not packet.uid and not packet.gid:
        yield
        return
    os.setegid(packet.gid or 0)
    os.seteuid(packet.uid or 0)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def send(namespace: NetworkNamespace, probe: Probe, ident: int) -> tuple[int, socket.socket | None]:
    """Send a probe as a local process does; (errno or 0, the socket, to be closed when all is seen).

    UDP and TCP's first packet go through real sockets, so that routing sees what it sees of them;
    the rest through a raw socket with the packet's own header.
    """
    packet = probe.packet
    real = (packet.proto == UDP and not probe.payload) or (
        packet.proto == TCP and packet.tcp_flags in (None, SYN)
    )
    with namespace.inside():
        sock = None
        try:
            sock = _plain(packet) if real else _raw(packet)
            if real:
                _send_plain(sock, packet)
            else:
                _send_raw(sock, probe, ident)
        except BlockingIOError:
            return 0, sock
        except OSError as error:
            return error.errno or 0, sock
    return 0, sock


def finds_a_source(packet: Packet) -> bool:
    """Whether the kernel finds the source of such a packet where it is sent without one."""
    return packet.proto in (TCP, UDP, ICMP)


def _plain(packet: Packet) -> socket.socket:
    kind = socket.SOCK_STREAM if packet.proto == TCP else socket.SOCK_DGRAM
    with _as_user(packet):
        sock = socket.socket(_AF[packet.family], kind)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if packet.proto == UDP:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _common(sock, packet)
    if packet.family == 4:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, packet.tos)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, packet.ttl)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, packet.tos)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, packet.ttl)
    return sock


def _common(sock: socket.socket, packet: Packet) -> None:
    if packet.mark:
        sock.setsockopt(socket.SOL_SOCKET, _SO_MARK, struct.pack("=I", packet.mark))
    if packet.oif is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, packet.oif.encode())


def _send_plain(sock: socket.socket, packet: Packet) -> None:
    src, dst = format_ip(packet.family, packet.src), format_ip(packet.family, packet.dst)
    sock.bind((src, packet.sport or 0))
    if packet.proto == TCP:
        sock.connect((dst, packet.dport or 0))
    else:
        length = (packet.length or 0) - (28 if packet.family == 4 else 48)
        sock.sendto(bytes(max(length, 0)), (dst, packet.dport or 0))


def _raw(packet: Packet) -> socket.socket:
    with _as_user(packet):
        if packet.uid:
            os.seteuid(0)
        sock = socket.socket(_AF[packet.family], socket.SOCK_RAW, socket.IPPROTO_RAW)
    sock.setblocking(False)
    if packet.family == 6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_HDRINCL, 1)
    _common(sock, packet)
    return sock


def _send_raw(sock: socket.socket, probe: Probe, ident: int) -> None:
    packet = probe.packet
    data = build_ip(packet, Content(ident, probe.seq, probe.ack, probe.payload))
    dst = format_ip(packet.family, packet.dst)
    if packet.family == 4:
        # The source in the header alone would not be seen by the policy rules.
        info = struct.pack("=i4s4s", 0, packet.src.to_bytes(4, "big"), bytes(4))
        sock.sendmsg([data], [(socket.IPPROTO_IP, _IP_PKTINFO, info)], 0, (dst, 0))
    else:
        info6 = packet.src.to_bytes(16, "big") + struct.pack("=i", 0)
        sock.sendmsg([data], [(socket.IPPROTO_IPV6, _IPV6_PKTINFO, info6)], 0, (dst, 0))
