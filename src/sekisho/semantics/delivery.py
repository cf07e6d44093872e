"""Whether something on the host takes a packet that was let in.

Where ``ss`` was captured, the listening sockets decide. Where it was not, a listener is assumed and the
answer leans on that, except for a port that a DNAT rule of this host publishes and that the packet
missed: only docker-proxy could own it, and whether it runs no rule tells.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.semantics.conntrack import Connection
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Disposition, Doubt, Lean, Step
from sekisho.semantics.program import DNAT_BIT, All, Guard, In, Program, Translate
from sekisho.semantics.traveller import Traveller
from sekisho.values.address import Address
from sekisho.values.packet import ICMP, ICMPV6, TCP, UDP, protocol_name


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the socket lookup found."""

    disposition: Disposition
    step: Step
    leans: tuple[Lean, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    kernel_reason: str | None = None
    answer: str | None = None
    where: str = ""


def socket_lookup(host: HostCode, packet: Traveller, reply: bool, connection: Connection | None) -> Delivery:
    """Who takes the packet in this namespace. ``reply``: a local process waits for it already."""
    name = protocol_name(packet.proto)
    if reply:
        step = Step("socket", "DELIVERED", code="socket-waiting", args=(host.name,))
        return Delivery("delivered", step, where=host.name)
    if packet.proto in (ICMP, ICMPV6) or packet.proto not in (TCP, UDP):
        step = Step("socket", "DELIVERED", code="kernel-takes", args=(name, host.name))
        return Delivery("delivered", step, where=host.name)
    port = packet.dport or 0
    if host.sockets is None:
        translated = connection is not None and connection.status & DNAT_BIT
        publishing = None if translated else _publishing_rule(host.programs[packet.family], packet)
        if publishing is not None:
            doubt = Doubt("only-docker-proxy", (name, str(port)))
            step = Step("socket", "UNDETERMINED", code="socket-docker-proxy", args=(name, str(port)))
            return Delivery("undetermined", step, doubts=(doubt,), where=host.name)
        step = Step("socket", "DELIVERED", code="socket-assumed", args=(name, str(port), host.name))
        lean = Lean("sockets-not-captured", (host.name, name, str(port)))
        return Delivery("delivered", step, (lean,), where=host.name)
    for socket in host.sockets:
        if socket.port != port or not socket.proto.startswith(name):
            continue
        if socket.state not in ("LISTEN", "UNCONN", ""):
            continue
        if _listens(socket.address, packet):
            owner = (socket.process or "").strip()
            step = Step("socket", "DELIVERED", code="socket-found", args=(name, str(port), owner),
                        evidence=socket.evidence)  # fmt: skip
            return Delivery("delivered", step, where=host.name)
    step = Step("socket", "NO_SOCKET", code="socket-none", args=(name, str(port)))
    answer = "tcp-reset"
    if packet.proto == UDP:
        answer = "icmp-port-unreachable" if packet.family == 4 else "icmp6-port-unreachable"
    return Delivery("no_socket", step, kernel_reason="NO_SOCKET", answer=answer, where=host.name)


def _listens(address: Address | None, packet: Traveller) -> bool:
    if address is None:
        return True
    family, value = address.family, address.value
    if family != packet.family:
        return family == 6 and packet.family == 4 and value == (0xFFFF << 32 | packet.dst)
    return value in (0, packet.dst)


def _publishing_rule(program: Program, packet: Traveller) -> str | None:
    """A DNAT rule of this host for the packet's port, whatever else it asks for."""
    for stations in program.stations.values():
        for station in stations:
            for chain in (station.base, *station.chains.values()):
                for line in chain.lines:
                    action = line.action
                    publishes = isinstance(action, Translate) and action.what == "dst"
                    if publishes and _asks_for_port(line.guard, packet):
                        return line.text or line.target
    return None


def _asks_for_port(guard: Guard, packet: Traveller) -> bool:
    parts = guard.guards if isinstance(guard, All) else (guard,)
    wanted = {part.field: part.values for part in parts if isinstance(part, In)}
    for part in parts:
        if isinstance(part, All):
            wanted.update({inner.field: inner.values for inner in part.guards if isinstance(inner, In)})
    return (
        packet.dport is not None
        and "dport" in wanted
        and packet.dport in wanted["dport"]
        and ("dst" not in wanted or packet.dst in wanted["dst"])
        and ("proto" not in wanted or packet.proto in wanted["proto"])
    )
