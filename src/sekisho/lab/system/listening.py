"""The listening sockets of the lab's own servers."""

from __future__ import annotations

import socket

from sekisho.errors import said
from sekisho.lab.namespaces import LabError
from sekisho.lab.system.plan import Server

_FREEBIND, _V6_FREEBIND = 15, 78


def listen(server: Server) -> socket.socket:
    """The listening socket; addresses need not be there yet."""
    six = server.dual if server.address is None else server.address.family == 6
    kind = socket.SOCK_STREAM if server.proto == "tcp" else socket.SOCK_DGRAM
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(
            socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP, _V6_FREEBIND if six else _FREEBIND, 1
        )
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not server.dual))
        any_address = "::" if six else "0.0.0.0"
        sock.bind((str(server.address) if server.address is not None else any_address, server.port))
        if server.proto == "tcp":
            sock.listen(1024)
    except OSError as error:
        sock.close()
        raise LabError(
            said(
                "{0}: cannot listen on {1}:{2}/{3}: {4}",
                server.node,
                server.address or "*",
                server.port,
                server.proto,
                error.strerror,
            )
        ) from None
    sock.setblocking(False)
    return sock
