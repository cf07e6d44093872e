"""Listening sockets as a chain, and the ports that rules publish as a guard.

tcp LISTEN 0.0.0.0:80   ->  proto in {6}, dport in {80}                      -> Accept
udp UNCONN 10.0.0.1:53  ->  proto in {17}, dport in {53}, dst in {10.0.0.1}  -> Accept
end of the chain                                                             -> no_socket
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sekisho.model.evidence import Unread
from sekisho.model.host import Socket
from sekisho.semantics.control import single
from sekisho.semantics.journey import Doubt, Hook
from sekisho.semantics.program import (
    Accept,
    All,
    AnyOf,
    ChainCode,
    Guard,
    Guarded,
    In,
    NotUnderstood,
    Station,
    Stop,
    Translate,
)
from sekisho.values.address import Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import TCP, UDP

_PROTOCOLS = {"tcp": TCP, "udp": UDP}
_LISTENING = ("LISTEN", "UNCONN", "")


def socket_chain(
    sockets: Sequence[Socket] | None, family: Family, covered: frozenset[str], unread: Sequence[Unread] = ()
) -> ChainCode | None:
    """The sockets that wait for a first packet of the family; None where they were not captured.

    ``covered`` are the protocols that the listing shows: after ``ss -lt`` nobody knows of UDP. A line
    among ``unread`` that was to tell of a socket may be the very one.
    """
    if sockets is None:
        return None
    lines = [line for line in (_line(socket, family) for socket in sockets) if line]
    if family == 4:
        lines += (line for line in map(_perhaps_both, sockets) if line)
    for name, number in _PROTOCOLS.items():
        if name not in covered:
            doubt = Doubt("sockets-not-shown", (name,))
            lines.append(Guarded(In("proto", IntSet.of(number)), NotUnderstood(doubt)))
    for item in unread:
        if item.about == "sockets":
            doubt = Doubt("socket-line-unread", (f"unread.{item.reason}",), item.evidence)
            both = In("proto", IntSet.of(*_PROTOCOLS.values()))
            lines.append(Guarded(both, NotUnderstood(doubt), 0, item.evidence.text, "", item.evidence))
    return ChainCode("sockets", tuple(lines), Stop("no_socket", "NO_SOCKET"))


def _line(socket: Socket, family: Family) -> Guarded | None:
    proto = next((number for name, number in _PROTOCOLS.items() if socket.proto.startswith(name)), None)
    if proto is None or socket.state not in _LISTENING:
        return None
    asked: list[Guard] = [In("proto", IntSet.of(proto)), In("dport", IntSet.of(socket.port))]
    address = socket.address
    if address is not None:
        if address.family != family:
            # An IPv6 socket takes IPv4 only where it is bound to a mapped address.
            if family != 4 or address.value >> 32 != 0xFFFF:
                return None
            asked.append(In("dst", IntSet.of(address.value & 0xFFFFFFFF)))
        elif address.value:
            asked.append(In("dst", IntSet.of(address.value)))
    return Guarded(All(tuple(asked)), Accept(), 0, (socket.process or "").strip(), "", socket.evidence)


def _perhaps_both(socket: Socket) -> Guarded | None:
    """The IPv6 wildcard of a listing that does not tell whether it takes IPv4 too (``netstat``)."""
    if socket.dual is not None or socket.state not in _LISTENING or socket.proto not in _PROTOCOLS:
        return None
    asked = All((In("proto", IntSet.of(_PROTOCOLS[socket.proto])), In("dport", IntSet.of(socket.port))))
    doubt = Doubt("socket-of-both-families", (str(socket.port),), socket.evidence)
    return Guarded(asked, NotUnderstood(doubt), 0, (socket.process or "").strip(), "", socket.evidence)


def published_ports(stations: Mapping[Hook, Iterable[Station]]) -> Guard:
    """Holds for the destinations that some DNAT rule of this host asks for, whatever else it asks."""
    found: dict[Guard, None] = {}
    for at_hook in stations.values():
        for station in at_hook:
            for line in single(*station.every):
                if isinstance(line.action, Translate) and line.action.what == "dst":
                    target = _asked_target(line.guard)
                    if target is not None:
                        found[target] = None
    return AnyOf(tuple(found))


def _asked_target(guard: Guard) -> Guard | None:
    asked = guard.guards if isinstance(guard, All) else (guard,)
    wanted = {part.field: part for part in asked if isinstance(part, In)}
    for part in asked:
        if isinstance(part, All):
            wanted.update({inner.field: inner for inner in part.guards if isinstance(inner, In)})
    if "dport" not in wanted:
        return None
    return All(tuple(wanted[name] for name in ("proto", "dst", "dport") if name in wanted))
