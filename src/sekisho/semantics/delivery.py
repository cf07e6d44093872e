"""Whether something on the host takes a packet that was let in.

Where ``ss`` was captured, the listening sockets decide; else the containers' commands where they tell what
listens (``listeners``), and the answer leans on that. Where neither tells, a listener is assumed and the
answer leans on that, except for a port that a DNAT rule of this host publishes and that the packet
missed: only docker-proxy could own it, and whether it runs no rule tells.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.semantics.conntrack import Connection
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Disposition, Doubt, Lean, Step
from sekisho.semantics.program import DNAT_BIT, NotUnderstood
from sekisho.semantics.traveller import Traveller, holds
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
    if packet.proto == TCP and packet.route_kind:
        # TCP takes no broadcasts, and answers none (tcp_v4_rcv: pkt_type != PACKET_HOST).
        step = Step("socket", "NO_SOCKET", code="socket-none", args=(name, str(port)))
        return Delivery("no_socket", step, where=host.name)
    program = host.programs[packet.family]
    if program.sockets is None:
        translated = connection is not None and connection.status & DNAT_BIT
        if not translated and holds(program.published, packet):
            doubt = Doubt("only-docker-proxy", (name, str(port)))
            step = Step("socket", "UNDETERMINED", code="socket-docker-proxy", args=(name, str(port)))
            return Delivery("undetermined", step, doubts=(doubt,), where=host.name)
        step = Step("socket", "DELIVERED", code="socket-assumed", args=(name, str(port), host.name))
        lean = Lean("sockets-not-captured", (host.name, name, str(port)))
        return Delivery("delivered", step, (lean,), where=host.name)
    for line in program.sockets.lines:
        if holds(line.guard, packet):
            if isinstance(line.action, NotUnderstood):
                doubt = line.action.doubt
                step = Step(
                    "socket", "UNDETERMINED", code=doubt.code, args=doubt.args, evidence=doubt.evidence
                )
                return Delivery("undetermined", step, doubts=(doubt,), where=host.name)
            step = Step("socket", "DELIVERED", code="socket-found", args=(name, str(port), line.text),
                        evidence=line.evidence)  # fmt: skip
            return Delivery("delivered", step, _by_command(host), where=host.name)
    step = Step("socket", "NO_SOCKET", code="socket-none", args=(name, str(port)))
    answer = "tcp-reset"
    if packet.proto == UDP:
        answer = "icmp-port-unreachable" if packet.family == 4 else "icmp6-port-unreachable"
    return Delivery(
        "no_socket", step, _by_command(host), kernel_reason="NO_SOCKET", answer=answer, where=host.name
    )


def _by_command(host: HostCode) -> tuple[Lean, ...]:
    if not host.commands:
        return ()
    return (Lean("sockets-by-command", (host.name, "; ".join(host.commands))),)
