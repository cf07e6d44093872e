"""What listens inside the nodes: all served by the owner, on sockets of the nodes' own namespaces.

http    answers every request with who asked, and whom
echo    gives back what it gets
proxy   passes on to a container, as docker-proxy does: the container sees the host as its client
imds    the instance metadata service, in ``imds``
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from sekisho.lab.namespaces import NetworkNamespace
from sekisho.lab.system.imds import Metadata, read_request
from sekisho.lab.system.plan import Server

if TYPE_CHECKING:
    from sekisho.lab.system.build import Standing

_WAIT = 10.0  # seconds for a client to ask, or for a container to take a connection
_Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def serve(standing: Standing) -> None:
    """Begin to serve every listening socket. They are served as long as the event loop runs."""
    loop = asyncio.get_running_loop()
    metadata = Metadata(standing.plan.instances)
    for server, sock in standing.listeners:
        namespace = standing.namespaces[server.node]
        if server.proto == "udp":
            if server.kind == "proxy":
                proxy = _UdpProxy(server, namespace, sock)
                await loop.create_datagram_endpoint(lambda made=proxy: made, sock=sock)  # type: ignore[misc]
            else:
                await loop.create_datagram_endpoint(_UdpEcho, sock=sock)
        else:
            await asyncio.start_server(_handler(server, namespace, metadata), sock=sock)


def _handler(server: Server, namespace: NetworkNamespace, metadata: Metadata) -> _Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Clients of a lab vanish, break off and send nonsense: that is what it is for.
        with contextlib.suppress(OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError):
            if server.kind == "http":
                await _tell(server, reader, writer)
            elif server.kind == "imds":
                await metadata.answer(reader, writer)
            elif server.kind == "proxy":
                await _pass_on(server, namespace, reader, writer)
            else:
                await _copy(reader, writer)
        with contextlib.suppress(OSError):
            writer.close()

    return handle


async def _tell(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One HTTP request, one answer: the server's node and address, the client as seen from there."""
    request = await asyncio.wait_for(read_request(reader), _WAIT)
    client, here = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
    facts = {
        "node": server.name or server.node,
        "server": f"{here[0]}:{here[1]}",
        "client": f"{client[0]}:{client[1]}",
    }
    if "json" in request.headers.get("accept", ""):
        kind, body = "application/json", json.dumps(facts) + "\n"
    else:
        kind = "text/plain; charset=utf-8"
        body = "".join(f"{name}: {value}\n" for name, value in facts.items())
    if request.method == "HEAD":
        length, body = len(body.encode()), ""
    else:
        length = len(body.encode())
    writer.write(
        f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n"
        f"Connection: close\r\n\r\n{body}".encode()
    )
    await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Everything from one to the other, then the end of it."""
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _pass_on(
    server: Server, namespace: NetworkNamespace, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    assert server.target is not None
    address, port = server.target
    family = socket.AF_INET if address.family == 4 else socket.AF_INET6
    sock = namespace.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, (str(address), port)), _WAIT)
    except (TimeoutError, OSError):
        sock.close()
        raise
    far_reader, far_writer = await asyncio.open_connection(sock=sock)
    try:
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
    finally:
        far_writer.close()


class _UdpEcho(asyncio.DatagramProtocol):
    transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(data, addr)


class _UdpProxy(_UdpEcho):
    """A socket towards the container for each client; forgotten when there are too many."""

    _MOST = 512

    def __init__(self, server: Server, namespace: NetworkNamespace, front: socket.socket) -> None:
        assert server.target is not None
        self._target = (str(server.target[0]), server.target[1])
        self._family = socket.AF_INET if server.target[0].family == 4 else socket.AF_INET6
        self._namespace = namespace
        self._front = front
        self._backs: dict[tuple[str, int], socket.socket] = {}

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        back = self._backs.get(addr)
        if back is None:
            back = self._open(addr)
        with contextlib.suppress(OSError):
            back.send(data)

    def _open(self, addr: tuple[str, int]) -> socket.socket:
        loop = asyncio.get_running_loop()
        if len(self._backs) >= self._MOST:
            old = self._backs.pop(next(iter(self._backs)))
            loop.remove_reader(old)
            old.close()
        back = self._namespace.socket(self._family, socket.SOCK_DGRAM)
        back.setblocking(False)
        back.connect(self._target)
        self._backs[addr] = back
        loop.add_reader(back, self._answered, back, addr)
        return back

    def _answered(self, back: socket.socket, addr: tuple[str, int]) -> None:
        with contextlib.suppress(OSError):
            self.transport.sendto(back.recv(1 << 16), addr)
