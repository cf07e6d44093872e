"""Whether connection tracking runs at all: the kernel starts it for the first rule that needs it.

A match on the connection, a translation, a connection's mark: each of them asks for it when it is loaded
(nf_ct_netns_get). Chains of type nat alone do not, and are asked by nobody then (nf_nat_core.c: a packet
without connection is accepted).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, assert_never

from sekisho.semantics.conjunction import leaves
from sekisho.semantics.control import single
from sekisho.semantics.journey import Doubt, Hook
from sekisho.semantics.program import (
    Accept,
    Action,
    Continue,
    CopyMark,
    Drop,
    FirstOf,
    Goto,
    Guard,
    Guarded,
    In,
    Jump,
    Masked,
    Members,
    NotUnderstood,
    Reject,
    Return,
    RouteTo,
    Series,
    SetBits,
    SetZone,
    Station,
    Stop,
    Translate,
    Unsure,
    Untrack,
)

# Doubts about what is known to need no connection, whatever it decides, and about what is known to need one
# (net/netfilter: who calls nf_ct_netns_get, and who does not).
_UNCONNECTED = frozenset({
    "address-type-by-route", "addresses-not-captured", "fib-lookup", "payload", "random-choice", "set-moves",
    "rate-limit", "recent-list", "quota", "time-of-day", "cgroup", "socket-lookup", "ipsec-policy", "realm",
    "cpu", "device-group", "tcp-option", "set-not-captured", "link-layer", "userspace-decides", "tproxy",
    "sent-on-at-ingress", "packet-priority", "route-field",
})  # fmt: skip
_CONNECTED = frozenset({
    "bridge-conntrack", "cluster", "connection-age", "connection-count", "connection-label",
    "connection-status", "connection-volume", "conntrack-helper", "synproxy",
})  # fmt: skip


# A rule needs connections (True), does not, or may: why nobody can say.
Need = bool | Doubt


def with_nat_in_use(
    stations: Mapping[Hook, tuple[Station, ...]], wanted: Need
) -> dict[Hook, tuple[Station, ...]]:
    """The stations that packets are shown to: without those of nat where no rule starts tracking. Where a
    rule that is not understood may start it, those of nat may be asked or not."""
    if wanted is True or not any(station.kind == "nat" for here in stations.values() for station in here):
        return dict(stations)
    return {
        hook: tuple(
            _perhaps(one, wanted) if one.kind == "nat" else one for one in here if wanted or one.kind != "nat"
        )
        for hook, here in stations.items()
    }


def _perhaps(station: Station, doubt: Literal[False] | Doubt) -> Station:
    if doubt is False:
        return station
    asked_by_nobody = Guarded(Unsure(doubt), Accept(), 0, "", "", doubt.evidence)
    return replace(station, base=replace(station.base, lines=(asked_by_nobody, *station.base.lines)))


def wants_tracking(stations: Iterable[Station]) -> Need:
    """Whether any rule needs connections; where only one that is not understood may, why nobody can say."""
    return first_of(
        wanted
        for station in stations
        for part in single(*station.every)
        for wanted in (*map(_leaf, leaves(part.guard)), _action(part.action))
    )


def first_of(needs: Iterable[Need]) -> Need:
    """The need of all together: one that is certain, or else the first doubt."""
    doubt: Doubt | None = None
    for need in needs:
        if need is True:
            return True
        doubt = doubt or need or None
    return doubt or False


def _leaf(guard: Guard) -> Need:
    match guard:
        case In(field) | Masked(field):
            return _is_connections(field)
        case Members(fields):
            return any(_is_connections(field) for field in fields)
        case Unsure(doubt):
            return _of_doubt(doubt)
        case _:
            return False


def _of_doubt(doubt: Doubt) -> Need:
    return doubt.code in _CONNECTED or (doubt.code not in _UNCONNECTED and doubt)


def _is_connections(field: str) -> bool:
    return field.startswith(("ct", "zone"))


def _action(action: Action) -> Need:
    match action:
        case Translate() | CopyMark() | SetZone():
            return True
        case SetBits(field):
            return field == "ctmark"
        case NotUnderstood(doubt):
            return _of_doubt(doubt)
        case Accept() | Drop() | Reject() | Jump() | Goto() | Return() | Continue() | Untrack():
            return False
        case FirstOf() | Series() | RouteTo() | Stop():  # the first two are asked line by line
            return False
        case _:
            assert_never(action)
