"""Whether something on the host takes a packet that was let in.

Where ``ss`` was captured, the listening sockets decide; else the containers' commands where they tell what
listens (``listeners``), and the answer leans on that. Where neither tells, a listener is assumed and the
answer leans on that, except for a port that a DNAT rule of this host publishes and that the packet
missed: only docker-proxy could own it, and whether it runs no rule tells.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.semantics.carried import Unchanged
from sekisho.semantics.chains import run
from sekisho.semantics.choices import Choices
from sekisho.semantics.conntrack import Connection
from sekisho.semantics.echo import ECHO, asked_of, switch
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Disposition, Doubt, Lean, Step
from sekisho.semantics.program import DNAT_BIT, NotUnderstood, Stop
from sekisho.semantics.traveller import BROADCAST, MULTICAST, Traveller, holds
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


def socket_lookup(
    host: HostCode, packet: Traveller, reply: bool, connection: Connection | None, choices: Choices
) -> Delivery:
    """Who takes the packet in this namespace. ``reply``: a local process waits for it already; ``choices``:
    a port that a translation picked may be a socket's."""
    name = protocol_name(packet.proto)
    if reply:
        step = Step("socket", "DELIVERED", code="socket-waiting", args=(host.name,))
        return Delivery("delivered", step, where=host.name)
    if packet.proto in (ICMP, ICMPV6):
        return _icmp(host, packet, choices)
    if packet.proto not in (TCP, UDP):
        step = Step("socket", "DELIVERED", code="kernel-takes", args=(name, host.name))
        return Delivery("delivered", step, where=host.name)
    port = packet.dport or 0
    if packet.proto == TCP and packet.route_kind:
        # TCP takes no broadcasts, and answers none (tcp_v4_rcv: pkt_type != PACKET_HOST; tcp_v6_conn_request:
        # ipv6_unicast_destination).
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
    passed = list(run(program.sockets, {}, Unchanged(packet), choices))[-1]
    line, action = passed.line, passed.action
    if isinstance(action, NotUnderstood):
        doubt = action.doubt
        step = Step("socket", "UNDETERMINED", code=doubt.code, args=doubt.args, evidence=doubt.evidence)
        return Delivery("undetermined", step, doubts=(doubt,), where=host.name)
    if line is not None:
        step = Step("socket", "DELIVERED", code="socket-found", args=(name, str(port), line.text),
                    evidence=line.evidence)  # fmt: skip
        return Delivery("delivered", step, _by_command(host), where=host.name)
    step = Step("socket", "NO_SOCKET", code="socket-none", args=(name, str(port)))
    own = program.own_sources
    if packet.route_kind in (BROADCAST, MULTICAST):
        return Delivery("no_socket", step, _by_command(host), where=host.name)  # __udp4_lib_mcast_deliver
    answer: str | None = "tcp-reset"
    if packet.proto == UDP:
        answer = "icmp-port-unreachable" if packet.family == 4 else "icmp6-port-unreachable"
    if own is not None and packet.dst not in own:
        answer = None  # see ``own_source``
    return Delivery(
        "no_socket", step, _by_command(host), kernel_reason="NO_SOCKET", answer=answer, where=host.name
    )


def _icmp(host: HostCode, packet: Traveller, choices: Choices) -> Delivery:
    """The kernel itself takes it, and answers a question unless it is told not to."""
    name = protocol_name(packet.proto)
    passed = list(run(host.programs[packet.family].echo, {}, Unchanged(packet), choices))[-1]
    if isinstance(passed.action, NotUnderstood):
        doubt = passed.action.doubt
        step = Step("socket", "UNDETERMINED", code=doubt.code, args=doubt.args, evidence=doubt.evidence)
        return Delivery("undetermined", step, doubts=(doubt,), where=host.name)
    leans = _taken_for_granted(host, packet)
    if isinstance(passed.action, Stop):
        line = passed.line
        step = Step("socket", "NO_SOCKET", text=line.text if line else "", code="icmp-ignored",
                    args=(name, host.name), evidence=line.evidence if line else None)  # fmt: skip
        reason = passed.action.kernel_reason
        return Delivery("no_socket", step, leans, kernel_reason=reason, where=host.name)
    step = Step("socket", "DELIVERED", code="kernel-takes", args=(name, host.name))
    return Delivery("delivered", step, leans, where=host.name)


def _taken_for_granted(host: HostCode, packet: Traveller) -> tuple[Lean, ...]:
    """The settings that decide whether an echo is answered, where they were not captured."""
    if (packet.proto, packet.icmp_type) != ECHO[packet.family]:
        return ()
    asked = asked_of(packet.family, packet.route_kind)
    missing = (key for key in asked if host.facts.sysctl(key) is None)
    return tuple(Lean("sysctl-not-captured", (key, str(int(switch(host.facts, key))))) for key in missing)


def _by_command(host: HostCode) -> tuple[Lean, ...]:
    if not host.commands:
        return ()
    return (Lean("sockets-by-command", (host.name, "; ".join(host.commands))),)
