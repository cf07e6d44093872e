"""Every node to every listener: what the kernel does, all attempts at once."""

from __future__ import annotations

import errno
import json
import select
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from sekisho.lab.system.control import Doors
from sekisho.lab.system.facts import LabFacts
from sekisho.lab.system.look import apart_once, step_into
from sekisho.lab.system.plan import Plan
from sekisho.model.snapshot import Namespace
from sekisho.values.address import Address

# Nobody listens there: discard, RFC 863.
CLOSED_PORT = 9
_PATIENCE = 0.7  # seconds; everything is in one machine, and a lost SYN comes again after one
_ASK = b"GET / HTTP/1.0\r\nAccept: application/json\r\n\r\n"
_LOOPBACK = 127


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A connection to try: from a process of ``source`` to an address and port."""

    source: str
    address: Address
    port: int
    proto: str = "tcp"

    def __str__(self) -> str:
        return f"{self.source} -> {self.address}:{self.port}/{self.proto}"


@dataclass(frozen=True, slots=True)
class Reached:
    """``node`` and ``client`` are what the server says of itself and of whom it sees, "" where it does
    not say. ``error``: the kernel's word, "" for silence. ``sport``: the client's port, 0 where none."""

    connected: bool
    error: str = ""
    node: str = ""
    client: str = ""
    sport: int = field(default=0, compare=False)

    def __str__(self) -> str:
        if self.connected:
            return f"answered by {self.node} as {self.client}" if self.node else "answered"
        return self.error or "no answer"


def all_pairs(plan: Plan, facts: LabFacts) -> list[Pair]:
    """From every node to every TCP listener by every address it has, to public addresses, to the
    lab's own UDP servers, and to one closed port of each address."""
    targets: dict[tuple[Address, int, str, str | None], None] = {}
    for name, namespace in _namespaces(facts):
        own = [
            item.address
            for item in namespace.addresses or ()
            if item.family == 4 and item.address.value >> 24 != _LOOPBACK
        ]
        public = [item.public for item in plan.instances if item.node == name and item.public is not None]
        served = {
            (server.port, server.address)
            for server in plan.servers
            if server.node == name and server.proto == "udp"
        }
        ports = {
            (item.port, item.address)
            for item in namespace.sockets or ()
            if item.proto == "tcp"
            and item.state == "LISTEN"
            and (item.address is None or item.address.family == 4)
        }
        for proto, listeners in (("tcp", ports), ("udp", served)):
            for port, address in listeners:
                for target in _bound(address, [*own, *public]):
                    targets[target, port, proto, name if target.value >> 24 == _LOOPBACK else None] = None
                if address is None or not address.value:
                    targets[Address(4, _LOOPBACK << 24 | 1), port, proto, name] = None
        for target in (*own, *public):
            targets[target, CLOSED_PORT, "tcp", None] = None
    return sorted(
        Pair(source, address, port, proto)
        for address, port, proto, only in targets
        for source in facts.home
        if only in (None, source)
    )


def _namespaces(facts: LabFacts) -> Iterator[tuple[str, Namespace]]:
    for host, snapshot in facts.snapshots.items():
        yield host, snapshot.host
        for namespace in snapshot.namespaces:
            yield namespace.node, namespace


def _bound(address: Address | None, own: Iterable[Address]) -> Iterable[Address]:
    return own if address is None or not address.value else (address,)


def served_pairs(pairs: Iterable[Pair]) -> list[Pair]:
    """Those to listeners."""
    return [pair for pair in pairs if pair.port != CLOSED_PORT]


def differ(one: Reached, other: Reached) -> bool:
    """Whether a client or a server notices: errors come and go with the kernel's rate limits."""
    return (one.connected, one.node, one.client) != (other.connected, other.node, other.client)


@dataclass(slots=True)
class _Attempt:
    pair: Pair
    sock: socket.socket
    sent: bool = False
    answer: bytes = b""
    sport: int = 0


def attempt(doors: Doors, pairs: Sequence[Pair]) -> dict[Pair, Reached]:
    """Try all pairs; each server is asked who it is and whom it sees."""
    return apart_once(doors, lambda: _attempt_all(doors, pairs))


def _attempt_all(doors: Doors, pairs: Sequence[Pair]) -> dict[Pair, Reached]:
    by_source: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_source.setdefault(pair.source, []).append(pair)
    found: dict[Pair, Reached] = {}
    waiting: dict[int, _Attempt] = {}
    poll = select.poll()
    for source, mine in by_source.items():
        step_into(doors, source)
        for pair in mine:
            kind = socket.SOCK_STREAM if pair.proto == "tcp" else socket.SOCK_DGRAM
            sock = socket.socket(socket.AF_INET, kind)
            sock.setblocking(False)
            code = sock.connect_ex((str(pair.address), pair.port))
            if code not in (0, errno.EINPROGRESS):
                found[pair] = Reached(False, errno.errorcode.get(code, str(code)))
                sock.close()
                continue
            waiting[sock.fileno()] = _Attempt(pair, sock, sport=sock.getsockname()[1])
            poll.register(sock, select.POLLOUT)
    until = time.monotonic() + _PATIENCE
    while waiting and (left := until - time.monotonic()) > 0:
        for fd, _ in poll.poll(left * 1000):
            result = _go_on(waiting[fd], poll)
            if result is not None:
                one = waiting.pop(fd)
                poll.unregister(fd)
                one.sock.close()
                found[one.pair] = replace(result, sport=one.sport)
                until = max(until, time.monotonic() + _PATIENCE / 4)
    for one in waiting.values():
        found[one.pair] = Reached(one.sent and one.pair.proto == "tcp", sport=one.sport)
        one.sock.close()
    return found


def _go_on(one: _Attempt, poll: select.poll) -> Reached | None:
    """What is next for a socket that has something to say; its result once it is known."""
    if not one.sent:
        code = one.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            return Reached(False, errno.errorcode.get(code, str(code)))
        one.sent = True
        with suppress(OSError):
            one.sock.send(_ASK)
        poll.modify(one.sock, select.POLLIN)
        return None
    try:
        data = one.sock.recv(1 << 16)
    except BlockingIOError:
        return None
    except OSError as error:
        connected = one.pair.proto == "tcp"
        return Reached(connected, "" if connected else errno.errorcode.get(error.errno or 0, str(error)))
    one.answer += data
    if data and one.pair.proto == "tcp" and len(one.answer) < 1 << 16:
        return None if not _complete(one.answer) else _said(one.answer)
    return _said(one.answer)


def _complete(answer: bytes) -> bool:
    return answer.startswith(b"GET ") or b"}\n" in answer


def _said(answer: bytes) -> Reached:
    _, _, body = answer.partition(b"\r\n\r\n")
    try:
        facts = json.loads(body)
        client = str(facts["client"]).rpartition(":")[0]
        return Reached(True, "", str(facts["node"]), client)
    except (ValueError, KeyError, TypeError):
        return Reached(True)
