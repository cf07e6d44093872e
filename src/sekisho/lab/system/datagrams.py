"""UDP servers that answer from the address that was called, however many the node has.

A socket on the wildcard address would let routing choose the source of an answer; its client, and
connection tracking, wait for one from the address they sent to. The kernel tells that address with each
datagram, and takes it back with the answer (IP_PKTINFO, IPV6_PKTINFO).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from sekisho.lab.namespaces import NetworkNamespace
from sekisho.lab.system.plan import Server

_IP_PKTINFO, _V6_RECVPKTINFO, _V6_PKTINFO = 8, 49, 50
_CONTROL = 64
_BIGGEST = 1 << 16
# Clients that a proxy remembers; beyond that the oldest is forgotten.
_MOST = 512

Peer = tuple[str, int] | tuple[str, int, int, int]
Control = list[tuple[int, int, bytes]]


class Echo:
    """Gives every datagram back."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        six = sock.family == socket.AF_INET6
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, _V6_RECVPKTINFO, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        asyncio.get_running_loop().add_reader(sock, self._arrived)

    def _arrived(self) -> None:
        with contextlib.suppress(OSError):
            data, control, _, peer = self.sock.recvmsg(_BIGGEST, _CONTROL)
            self.received(data, peer, _from_there(control))

    def received(self, data: bytes, peer: Peer, called: Control) -> None:
        """A datagram; ``called`` sends an answer from the address that it came to."""
        self.answer(data, peer, called)

    def answer(self, data: bytes, peer: Peer, called: Control) -> None:
        """Send to a client."""
        with contextlib.suppress(OSError):
            self.sock.sendmsg([data], called, 0, peer)


class Proxy(Echo):
    """docker-proxy's role: a socket towards the container for each client and address called."""

    def __init__(self, sock: socket.socket, server: Server, namespace: NetworkNamespace) -> None:
        assert server.target is not None
        self._target = (str(server.target[0]), server.target[1])
        self._family = socket.AF_INET if server.target[0].family == 4 else socket.AF_INET6
        self._namespace = namespace
        self._backs: dict[tuple[Peer, bytes], socket.socket] = {}
        super().__init__(sock)

    def received(self, data: bytes, peer: Peer, called: Control) -> None:
        """Pass on to the container."""
        key = (peer, called[0][2] if called else b"")
        back = self._backs.get(key) or self._open(key, called)
        with contextlib.suppress(OSError):
            back.send(data)

    def _open(self, key: tuple[Peer, bytes], called: Control) -> socket.socket:
        loop = asyncio.get_running_loop()
        if len(self._backs) >= _MOST:
            old = self._backs.pop(next(iter(self._backs)))
            loop.remove_reader(old)
            old.close()
        back = self._namespace.socket(self._family, socket.SOCK_DGRAM)
        back.setblocking(False)
        back.connect(self._target)
        self._backs[key] = back
        loop.add_reader(back, self._answered, back, key[0], called)
        return back

    def _answered(self, back: socket.socket, peer: Peer, called: Control) -> None:
        with contextlib.suppress(OSError):
            self.answer(back.recv(_BIGGEST), peer, called)


def _from_there(control: Control) -> Control:
    """What arrives says where a datagram was sent to; the same says where an answer is to come from."""
    for level, kind, data in control:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            _, local, called = struct.unpack("=i4s4s", data[:12])
            return [(level, kind, struct.pack("=i4s4s", 0, called if called[0] != 255 else local, bytes(4)))]
        if (level, kind) == (socket.IPPROTO_IPV6, _V6_PKTINFO):
            return [(level, kind, data[:16] + bytes(4))]
    return []
