"""One real packet through a standing lab: the kernel's own steps in every node that it crosses.

For as long as it takes, each node has a table of the lab's own that makes the kernel tell (nftrace).
"""

from __future__ import annotations

import errno
import os
import select
import socket
import subprocess
import time
from dataclasses import dataclass, replace

from sekisho.errors import UsageError, said
from sekisho.lab.namespaces import LabError, tool
from sekisho.lab.operations import Bridge, Enslave
from sekisho.lab.reading import key_of
from sekisho.lab.system.control import Doors
from sekisho.lab.system.look import apart_once, step_into
from sekisho.lab.system.pairs import Reached
from sekisho.lab.system.plan import Plan
from sekisho.lab.tools import complaint
from sekisho.lab.trace import WITNESS, WITNESS_RULES, Trace
from sekisho.lab.verdict import Passage
from sekisho.values.address import Address
from sekisho.values.packet import ACK, ICMP, SYN, TCP, UDP, Packet

_PATIENCE = 0.7
_SETTLE = 0.03
_ECHO, _ECHO_REPLY = 8, 0
_DNS = 53
# For the resolver to answer: the address of host.ec2.internal (RFC 1035).
_NAME_QUERY = b"\x5e\xc1\x01\0\0\1\0\0\0\0\0\0\4host\3ec2\x08internal\0\0\1\0\1"
PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmp": ICMP}


@dataclass(frozen=True, slots=True)
class Call:
    """What a process asks for; ``port`` is None for icmp."""

    target: Address
    port: int | None
    proto: str = "tcp"


@dataclass(frozen=True, slots=True)
class Seen:
    """The first packet's way (``forward``), its answer's (``reply``), and of a connection that
    docker-proxy made: one Passage for each visit of a namespace. ``packet``: as it set out."""

    packet: Packet
    forward: tuple[Passage, ...]
    reply: tuple[Passage, ...]
    onward: tuple[Passage, ...]
    onward_reply: tuple[Passage, ...]
    reached: Reached

    @property
    def last(self) -> Packet | None:
        """The packet where it was seen last, behind docker-proxy where that is on the way."""
        way = self.onward or self.forward
        return way[-1].last if way else None


def watch(doors: Doors, plan: Plan, source: str, call: Call, beyond: Call | None = None) -> Seen:
    """Send one packet from a process of ``source`` and see where the kernel takes it.

    ``doors`` must hold every node that may be on the way. ``beyond``: what docker-proxy is expected to
    call. Raises UsageError for a protocol that the lab does not send, LabError where the kernel cannot
    be asked.
    """
    if call.proto not in PROTOCOLS or call.target.family != 4:
        raise UsageError("the lab sends tcp, udp and icmp over IPv4", text=f"{call.proto} {call.target}")
    if call.proto != "icmp" and call.port is None:
        raise UsageError(
            said("{0} needs a port", call.proto),
            text=str(call.target),
            advice=said("write {0}:PORT", call.target),
        )
    packet, passages, reached = apart_once(doors, lambda: _watch(doors, source, call))
    return _sorted_out(packet, _Passages(passages, segments(plan)), source, beyond, reached)


def _watch(doors: Doors, source: str, call: Call) -> tuple[Packet, list[Passage], Reached]:
    traces: dict[str, Trace] = {}
    try:
        for name in doors.net:
            step_into(doors, name)
            _nft(f"add table inet {WITNESS}\ndelete table inet {WITNESS}\n{WITNESS_RULES}")
            traces[name] = Trace(name, dict(socket.if_nameindex()))
        step_into(doors, source)
        packet, reached = _send(call)
        time.sleep(_SETTLE)
        return packet, [passage for trace in traces.values() for passage in trace.drain()], reached
    finally:
        for name, trace in traces.items():
            trace.close()
            step_into(doors, name)
            _nft(f"delete table inet {WITNESS}\n")


# ------------------------------------------------------------------- one packet out of what was seen


def segments(plan: Plan) -> dict[tuple[str, str], int]:
    """Which interfaces hear one another: wires and bridges join them; (node, interface) -> number."""
    joined: dict[tuple[str, str], tuple[str, str]] = {}

    def top(end: tuple[str, str]) -> tuple[str, str]:
        while joined.setdefault(end, end) != end:
            end = joined[end]
        return end

    for link in plan.links:
        if isinstance(link, Bridge):
            top((link.node, link.name))
            continue
        near, far = (link.node, link.name), (link.far_node, link.far_name)
        joined[top(near)] = top(far)
        if link.bridge is not None:
            joined[top(near)] = top((link.node, link.bridge))
    for item in plan.settings:
        if isinstance(item, Enslave):
            joined[top((item.node, item.interface))] = top((item.node, item.bridge))
    for node in plan.nodes:
        top((node.name, "lo"))
    numbers = {end: number for number, end in enumerate(dict.fromkeys(map(top, list(joined))))}
    return {end: numbers[top(end)] for end in list(joined)}


class _Passages:
    """What was seen, each passage to be taken once."""

    def __init__(self, passages: list[Passage], places: dict[tuple[str, str], int]) -> None:
        self._left = passages
        self._places = places

    def take(self, start: Packet, node: str) -> tuple[Passage, ...]:
        """The way of a packet that a process of ``node`` sent: each visit begins on the link where the
        one before ended, with the headers that it ended with."""
        way: list[Passage] = []
        packet = start
        while True:
            fitting = [
                passage
                for passage in self._left
                if _same(passage.first, packet)
                and (self._follows(way[-1], passage) if way else passage.made_here and passage.node == node)
            ]
            if not fitting:
                return tuple(way)
            # A bridge's own node sees a frame that crosses it before the receiver does.
            way.append(next((one for one in fitting if one.oif is not None), fitting[0]))
            self._left.remove(way[-1])
            packet = replace(way[-1].last, tcp_flags=packet.tcp_flags)

    def first_made(self, node: str, call: Call) -> Packet | None:
        """The first packet that a process of the node sent there."""
        for passage in self._left:
            first = passage.first
            if passage.made_here and passage.node == node and (first.dst, first.dport) == (
                call.target.value, call.port,
            ):  # fmt: skip
                return first
        return None

    def _follows(self, before: Passage, after: Passage) -> bool:
        if after.made_here or before.oif is None:
            return False
        here = self._places.get((before.node, before.oif))
        return here is not None and here == self._places.get((after.node, after.iif or ""))


def _same(one: Packet, other: Packet) -> bool:
    """The same packet of the same flow: of TCP's, those with the same flags."""
    return key_of(one) == key_of(other) and (one.proto != TCP or one.tcp_flags == other.tcp_flags)


def _sorted_out(
    packet: Packet, passages: _Passages, source: str, beyond: Call | None, reached: Reached
) -> Seen:
    forward = passages.take(packet, source)
    reply = _back(forward, passages)
    made = passages.first_made(forward[-1].node, beyond) if beyond is not None and forward else None
    onward = passages.take(made, forward[-1].node) if made is not None else ()
    return Seen(packet, forward, reply, onward, _back(onward, passages), reached)


def _back(way: tuple[Passage, ...], passages: _Passages) -> tuple[Passage, ...]:
    """The answer's way: it is made where the packet ended, with the addresses exchanged."""
    if not way:
        return ()
    last = way[-1].last
    answer = replace(
        last, src=last.dst, dst=last.src, sport=last.dport, dport=last.sport,
        icmp_type=_ECHO_REPLY if last.icmp_type == _ECHO else last.icmp_type,
        tcp_flags=SYN | ACK if last.proto == TCP else None,
    )  # fmt: skip
    return passages.take(answer, way[-1].node)


def _nft(text: str) -> None:
    path = tool("nft")
    if path is None:
        raise LabError(said("the command {0!r} is not installed", "nft"), advice="see: sekisho lab doctor")
    done = subprocess.run([path, "-f", "-"], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(said("{0} failed: {1}", "nft", complaint(done.stderr)))


# ------------------------------------------------------------------------------------ sending


def _send(call: Call) -> tuple[Packet, Reached]:
    target, port, proto = call.target, call.port, call.proto
    kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM, "icmp": socket.SOCK_DGRAM}[proto]
    with socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP if proto == "icmp" else 0) as sock:
        sock.setblocking(False)
        code = sock.connect_ex((str(target), port or 0))
        if code not in (0, errno.EINPROGRESS):
            nowhere = Packet(4, 0, target.value, PROTOCOLS[proto], None, port)
            return nowhere, Reached(False, errno.errorcode.get(code, os.strerror(code)))
        source, sport = sock.getsockname()
        packet = Packet(
            4, Address.parse(source).value, target.value, PROTOCOLS[proto], sport, port,
            tcp_flags=SYN if proto == "tcp" else None,
        )  # fmt: skip
        if proto == "icmp":
            # A ping socket's port is the identifier of its echo requests.
            sock.send(bytes((_ECHO, 0, 0, 0, 0, 0, 0, 1)) + b"sekisho lab")
            ident = sock.getsockname()[1]
            packet = replace(packet, sport=None, dport=None, icmp_type=_ECHO, icmp_code=0, icmp_id=ident)
        elif proto == "udp":
            sock.send(_NAME_QUERY if port == _DNS else b"sekisho lab")
        return packet, _outcome(sock, proto)


def _outcome(sock: socket.socket, proto: str) -> Reached:
    poll = select.poll()
    poll.register(sock, select.POLLOUT if proto == "tcp" else select.POLLIN)
    if not poll.poll(_PATIENCE * 1000):
        return Reached(False)
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return Reached(not code, errno.errorcode.get(code, "") if code else "")
