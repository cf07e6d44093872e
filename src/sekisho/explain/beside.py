"""What has packets beside the tables: IPsec's policies, tc, virtual services, WireGuard's peers."""

from __future__ import annotations

from sekisho.explain.message import Message, m
from sekisho.model.beside import LISTENS, Beside
from sekisho.semantics.beside import LOSING
from sekisho.values.packet import protocol_name


def explain_beside(fact: Beside) -> tuple[Message, ...]:
    """What it does to packets."""
    match fact.kind:
        case "xfrm":
            return (_policy(fact),)
        case "tc":
            return (_queue(fact),)
        case "ipvs":
            return (_service(fact),)
        case "wireguard":
            return (_peer(fact),)


def _policy(fact: Beside) -> Message:
    if fact.direction == "socket":
        return m("beside.policy.socket")
    return m("beside.policy", fact.direction or "?", str(fact.src), str(fact.dst), fact.word or "?")


def _queue(fact: Beside) -> Message:
    name = fact.interface or ""
    if fact.direction:
        return m("beside.filter", name, fact.direction)
    return m("beside.losing" if fact.word in LOSING else "beside.queue", name, fact.word)


def _service(fact: Beside) -> Message:
    if fact.address is None:
        return m("beside.mark", str(fact.mark))
    address = f"[{fact.address}]" if fact.address.family == 6 else str(fact.address)
    port = "" if fact.port is None else f":{fact.port}"
    proto = "" if fact.proto is None else f"/{protocol_name(fact.proto)}"
    return m("beside.service", f"{address}{port}{proto}")


def _peer(fact: Beside) -> Message:
    name = fact.interface or ""
    if fact.word == LISTENS:
        return m("beside.listens", name, "?" if fact.port is None else str(fact.port))
    if not fact.allowed:
        return m("beside.peer.none", name)
    return m("beside.peer", name, ", ".join(map(str, fact.allowed)))
