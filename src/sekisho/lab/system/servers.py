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
from sekisho.lab.system import datagrams
from sekisho.lab.system.imds import Metadata, read_request
from sekisho.lab.system.plan import Server

if TYPE_CHECKING:
    from sekisho.lab.system.build import Standing

_MAPPED = "::ffff:"  # how a socket of both families writes IPv4 addresses
_WAIT = 10.0  # seconds for a client to ask, or for a container to take a connection
_Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def serve(standing: Standing) -> None:
    """Begin to serve every listening socket. They are served as long as the event loop runs."""
    metadata = Metadata(standing.plan.instances)
    for server, sock in standing.listeners:
        namespace = standing.namespaces[server.node]
        if server.proto == "tcp":
            await asyncio.start_server(_handler(server, namespace, metadata), sock=sock)
        elif server.kind == "proxy":
            datagrams.Proxy(sock, server, namespace)
        else:
            datagrams.Echo(sock)


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
        "server": f"{here[0].removeprefix(_MAPPED)}:{here[1]}",
        "client": f"{client[0].removeprefix(_MAPPED)}:{client[1]}",
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
