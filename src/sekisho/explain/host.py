"""What listening sockets and tracked connections mean on this host."""

from __future__ import annotations

import re

from sekisho.explain.context import HostContext, dnat_destination, rules_of
from sekisho.explain.matches import bare
from sekisho.explain.message import Message, join, m
from sekisho.explain.shape import shape_of
from sekisho.model.host import Socket, TrackedConnection
from sekisho.values.address import Address
from sekisho.values.packet import protocol_name

_PROCESS = re.compile(r'"([^"]+)"')


def explain_socket(item: Socket, context: HostContext) -> tuple[Message, ...]:
    """Who takes what arrives for a port, and whether NAT is asked before."""
    names = list(dict.fromkeys(_PROCESS.findall(item.process or "")))
    who: Message | str = m("socket.process", ", ".join(names)) if names else m("socket.process.unknown")
    where = _where(item)
    protocol = item.proto.upper()
    if item.state in ("LISTEN", "UNCONN"):
        said = [m("socket.listen", protocol, item.port, where, who)]
        if item.dual is None:
            said.append(m("socket.dual_unknown"))
    else:
        said = [m("socket.other", protocol, where, item.port, who, item.state)]
    dnat = [
        m("rule.name", chain, number)
        for ruleset in context.namespace.rulesets
        for table in ruleset.tables
        if table.name == "nat" and (item.address is None or item.address.family == ruleset.family)
        for chain, number, rule in rules_of(table)
        if dnat_destination(rule) is not None
        and shape_of(rule).plain("protocol") == item.proto
        and shape_of(rule).plain("dport") == str(item.port)
        and bare(shape_of(rule).plain("destination") or "") in ("", str(item.address))
    ]
    if is_docker_proxy(item):
        said.append(m("socket.docker_proxy"))
    if dnat and item.state in ("LISTEN", "UNCONN"):
        said.append(m("socket.published", join("and", dict.fromkeys(dnat))))
    return tuple(said)


def is_docker_proxy(item: Socket) -> bool:
    """Whether docker-proxy holds the socket."""
    return "docker-proxy" in (item.process or "") or "docker-pr" in (item.process or "")


def _where(item: Socket) -> Message | str:
    if item.address is None:
        where: Message | str = m("socket.any")
    elif item.address.value == 0:
        where = m("socket.any4" if item.address.family == 4 else "socket.any6")
    elif item.address == Address(6, 1) or (item.address.family == 4 and item.address.value >> 24 == 127):
        where = m("socket.loopback", item.address)
    else:
        where = str(item.address)
    return where if item.interface is None else m("socket.on", where, item.interface)


def explain_connection(item: TrackedConnection, context: HostContext) -> tuple[Message, ...]:
    """One tracked connection: from where to where, how it is translated, how long it is kept."""
    sent, answered = item.original, item.reply
    flow = m("conn.flow", protocol_name(item.proto).upper(), _end(sent.src, sent.sport, context),
             _end(sent.dst, sent.dport, context))  # fmt: skip
    said = [flow]
    if _differs(sent.dst, sent.dport, answered.src, answered.sport):
        said.append(m("conn.dnat", _end(answered.src, answered.sport, context)))
    if _differs(sent.src, sent.sport, answered.dst, answered.dport):
        said.append(m("conn.snat", _end(answered.dst, answered.dport, context)))
    if item.state is not None:
        said.append(m("conn.state", item.state))
    if "UNREPLIED" in item.status:
        said.append(m("conn.unreplied"))
    if "ASSURED" in item.status:
        said.append(m("conn.assured"))
    if item.timeout is not None:
        said.append(m("conn.timeout", item.timeout))
    if item.mark:
        said.append(m("conn.mark", f"0x{item.mark:x}"))
    if item.zone:
        said.append(m("conn.zone", item.zone))
    return tuple(said)


def _differs(address: Address, port: int | None, other: Address, other_port: int | None) -> bool:
    return address != other or (port is not None and other_port is not None and port != other_port)


def _end(address: Address, port: int | None, context: HostContext) -> Message | str:
    named = context.name_of(address)
    return named if port is None else m("conn.end", named, port)
