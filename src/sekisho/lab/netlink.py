"""Netlink messages as far as the lab needs them: netfilter's subsystems, read without copies.

    nlmsghdr   length u32, type u16, flags u16, sequence u32, port u32
    nfgenmsg   family u8, version u8, resource id u16 (big endian)
    nlattr     length u16, type u16, payload, padded to 4

include/uapi/linux/netlink.h, include/uapi/linux/netfilter/nfnetlink.h. Numbers inside netfilter's
attributes are big endian.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

NETLINK_NETFILTER = 12
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
SUBSYS_CTNETLINK, SUBSYS_ULOG, SUBSYS_NFTABLES = 1, 4, 10
NLA_F_NESTED = 0x8000
NLA_TYPE_MASK = 0x3FFF

_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1
_SO_RCVBUFFORCE = 33
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")

Attributes = dict[int, memoryview]


def attribute(kind: int, payload: bytes) -> bytes:
    """One attribute, padded."""
    length = 4 + len(payload)
    return _ATTRIBUTE.pack(length, kind) + payload + bytes(-length % 4)


def nested(kind: int, *inner: bytes) -> bytes:
    """An attribute that holds attributes."""
    return attribute(kind | NLA_F_NESTED, b"".join(inner))


def netfilter_message(
    subsystem: int, message: int, flags: int, family: int, body: bytes = b"", resource: int = 0
) -> bytes:
    """A request to one of nfnetlink's subsystems."""
    return request(subsystem << 8 | message, flags, struct.pack("!BBH", family, 0, resource) + body)


def request(message: int, flags: int, payload: bytes) -> bytes:
    """A request of whatever family of netlink."""
    return _HEADER.pack(16 + len(payload), message, flags | NLM_F_REQUEST, 1, 0) + payload


def attributes(data: memoryview) -> Attributes:
    """The attributes of one level; the last of a kind wins."""
    found: Attributes = {}
    at, end = 0, len(data)
    while at + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < 4:
            break
        found[kind & NLA_TYPE_MASK] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    return found


def text(value: memoryview) -> str:
    """A NUL-terminated string attribute."""
    return bytes(value).rstrip(b"\0").decode(errors="replace")


def number(value: memoryview) -> int:
    """A big-endian number of whatever width."""
    return int.from_bytes(value, "big")


def open_netfilter(receive_buffer: int) -> socket.socket:
    """A netfilter netlink socket of the namespace that the thread is in."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, receive_buffer)
    sock.bind((0, 0))
    return sock


def join(sock: socket.socket, group: int) -> None:
    """Hear a multicast group, such as NFNLGRP_NFTRACE (9)."""
    sock.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)


def messages(data: bytes) -> Iterator[tuple[int, memoryview]]:
    """(type, payload after the nlmsghdr) of each message in a datagram."""
    view, at = memoryview(data), 0
    while at + 16 <= len(view):
        length, kind, _, _, _ = _HEADER.unpack_from(view, at)
        if length < 16:
            break
        yield kind, view[at + 16 : at + length]
        at += (length + 3) & ~3


def ask(sock: socket.socket, request: bytes) -> Iterator[memoryview]:
    """Send a request and yield the payload of each answer, up to the end or the acknowledgement.

    The request must carry NLM_F_DUMP or NLM_F_ACK. Raises OSError with the kernel's error number.
    """
    sock.send(request)
    while True:
        for kind, payload in messages(sock.recv(1 << 18)):
            if kind == NLMSG_DONE:
                return
            if kind == NLMSG_ERROR:
                (code,) = struct.unpack_from("=i", payload)
                if code:
                    raise OSError(-code, os.strerror(-code))
                return
            yield payload
