"""What has packets beside netfilter (``model.beside``): doubts by name where it acts, and WireGuard's peers.

IPsec policy in         entrance: its packets, and what IPsec carries (ESP, AH, IPComp, UDP port 4500)
             fwd        forwarding
             out        forwarding, departure           net/xfrm/xfrm_policy.c
filter of tc ingress    entrance                        net/core/dev.c, sch_handle_ingress
             egress     forwarding, departure
queue that may lose     the same as egress
virtual service         entrance, departure             net/netfilter/ipvs/ip_vs_core.c
WireGuard's peers       what leaves for nobody's address is refused, what comes from nobody's is dropped:
                        drivers/net/wireguard/device.c (wg_xmit), receive.c (wg_packet_consume_data_done)
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.model.beside import LISTENS, Beside
from sekisho.model.snapshot import Namespace
from sekisho.semantics.fields import Field
from sekisho.semantics.journey import Doubt, Hook
from sekisho.semantics.missing import unread_line
from sekisho.semantics.program import (
    ALWAYS,
    Accept,
    Action,
    All,
    AnyOf,
    ChainCode,
    Drop,
    Guard,
    Guarded,
    In,
    Interface,
    Not,
    NotUnderstood,
    Reject,
    Station,
    Unsure,
)
from sekisho.values.address import Family, Prefix
from sekisho.values.intset import IntSet
from sekisho.values.packet import UDP

_IN, _OUT = ("entrance",), ("forwarding", "departure")
_BOTH = ("entrance", "forwarding", "departure")
# ESP, AH, IPComp; ESP inside UDP.
_CARRIES = (50, 51, 108)
_NAT_TRAVERSAL = 4500
# Queues that lose or keep packets by what they are told; others only send them in another order or later.
LOSING = frozenset({"netem", "plug", "blackhole"})
# After every table, and before.
_LAST, _FIRST = 1 << 33, -(1 << 33)
_UNREACHABLE = {4: "icmp-host-unreachable", 6: "icmp6-addr-unreachable"}


def beside_lines(namespace: Namespace, family: Family) -> Iterator[tuple[Guarded, tuple[str, ...]]]:
    """Doubtful lines, each with the chains of ``unmodelled`` that it stands in."""
    for unread in namespace.unread:
        if unread.about == "beside":
            yield unread_line("beside-line-unread", unread), _BOTH
    for failure in namespace.failed:
        if failure.about == "beside":
            doubt = Doubt("command-failed", (failure.command, failure.reason), failure.evidence)
            yield Guarded(ALWAYS, NotUnderstood(doubt), 0, failure.evidence.text, "", failure.evidence), _BOTH
    for fact in namespace.beside:
        for guard, chains in _places(fact, family):
            yield _line(fact, guard), chains


def _line(fact: Beside, guard: Guard) -> Guarded:
    text = " ".join(" ".join(fact.lines).split())
    doubt = Doubt(f"beside-{fact.kind}", (text,), fact.evidence)
    whole = Unsure(doubt) if guard == ALWAYS else All((guard, Unsure(doubt)))
    return Guarded(whole, NotUnderstood(doubt), 0, text, "", fact.evidence)


def _places(fact: Beside, family: Family) -> Iterator[tuple[Guard, tuple[str, ...]]]:
    match fact.kind:
        case "xfrm":
            yield from _policy(fact, family)
        case "tc":
            yield from _queue(fact)
        case "ipvs":
            yield from _service(fact, family)


def _policy(fact: Beside, family: Family) -> Iterator[tuple[Guard, tuple[str, ...]]]:
    """A socket's own policies let the key daemon's packets pass and touch nobody else's."""
    if fact.direction == "socket" or fact.src is None or fact.dst is None:
        return
    sides: tuple[tuple[Field, Prefix], ...] = (("src", fact.src), ("dst", fact.dst))
    guards = tuple(In(side, IntSet.prefix(prefix)) for side, prefix in sides if prefix.length)
    if fact.src.family == family:
        chains = {"in": _IN, "fwd": ("forwarding",), "out": _OUT}.get(fact.direction, _BOTH)
        yield (All(guards) if guards else ALWAYS), chains
    if fact.direction != "out":
        inside = All((In("proto", IntSet.of(UDP)), In("dport", IntSet.of(_NAT_TRAVERSAL))))
        yield AnyOf((In("proto", IntSet.of(*_CARRIES)), inside)), _IN


def _queue(fact: Beside) -> Iterator[tuple[Guard, tuple[str, ...]]]:
    assert fact.interface is not None
    if fact.direction == "ingress":
        yield Interface("iif", fact.interface), _IN
    elif fact.direction == "egress" or fact.word in LOSING:
        yield Interface("oif", fact.interface), _OUT


def _service(fact: Beside, family: Family) -> Iterator[tuple[Guard, tuple[str, ...]]]:
    """One that goes by marks has any packet: they are set later."""
    if fact.address is None:
        yield ALWAYS, _BOTH
    elif fact.address.family == family:
        guards: list[Guard] = [In("dst", IntSet.of(fact.address.value))]
        guards += [In("proto", IntSet.of(fact.proto))] if fact.proto is not None else []
        guards += [In("dport", IntSet.of(fact.port))] if fact.port is not None else []
        yield All(tuple(guards)), ("entrance", "departure")


def with_peers(
    stations: dict[Hook, tuple[Station, ...]], namespace: Namespace, family: Family
) -> dict[Hook, tuple[Station, ...]]:
    """The stations, with those of WireGuard's interfaces: which peer has an address."""
    peers: dict[str, list[Beside]] = {}
    for fact in namespace.beside:
        if fact.kind == "wireguard" and fact.interface is not None and fact.word != LISTENS:
            peers.setdefault(fact.interface, []).append(fact)
    found = dict(stations)
    for name, mine in peers.items():
        incoming = _peers(name, "ingress", "src", mine, family, Drop())
        outgoing = _peers(name, "postrouting", "dst", mine, family, Reject(_UNREACHABLE[family]))
        found["ingress"] = (incoming, *found.get("ingress", ()))
        found["postrouting"] = (*found.get("postrouting", ()), outgoing)
    return found


def _peers(
    name: str, hook: Hook, side: Field, peers: list[Beside], family: Family, otherwise: Action
) -> Station:
    allowed = IntSet(())
    for peer in peers:
        for prefix in peer.allowed:
            if prefix.family == family:
                allowed |= IntSet.prefix(prefix)
    text = f"allowed-ips {', '.join(str(prefix) for peer in peers for prefix in peer.allowed) or '(none)'}"
    line = Guarded(Not(In(side, allowed)), otherwise, 0, text, "", peers[0].evidence)
    base = ChainCode(name, (line,), Accept(), peers[0].evidence)
    priority = _FIRST if hook == "ingress" else _LAST
    return Station(hook, priority, "wireguard", base, {}, "filter", "", (name,))
