"""Whether connection tracking runs at all: the kernel starts it for the first rule that needs it.

A match on the connection, a translation, a connection's mark: each of them asks for it when it is loaded
(nf_ct_netns_get). Chains of type nat alone do not, and are asked by nobody then (nf_nat_core.c: a packet
without connection is accepted).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sekisho.semantics.conjunction import parts
from sekisho.semantics.journey import Hook
from sekisho.semantics.program import (
    Action,
    All,
    AnyOf,
    CopyMark,
    Guard,
    In,
    Masked,
    Members,
    Not,
    SetBits,
    SetZone,
    Station,
    Translate,
    Unsure,
)

# Doubts about conditions that are known to need no connection, whatever they decide.
_UNCONNECTED = frozenset({"address-type-by-route", "fib-lookup", "payload", "random-choice", "set-moves"})


def without_idle_nat(stations: Mapping[Hook, tuple[Station, ...]]) -> dict[Hook, tuple[Station, ...]]:
    """The stations that packets are shown to: without those of nat where no rule starts tracking."""
    known = (station for hook, here in stations.items() if hook != "bridge" for station in here)
    if wants_tracking(known):
        return dict(stations)
    return {hook: tuple(one for one in here if one.kind != "nat") for hook, here in stations.items()}


def wants_tracking(stations: Iterable[Station]) -> bool:
    """Whether any rule needs connections. What is not understood counts as a rule that does."""
    return any(
        _guard(part.guard) or _action(part.action)
        for station in stations
        for chain in (station.base, *station.chains.values())
        for line in chain.lines
        for part in parts(line)
    )


def _guard(guard: Guard) -> bool:
    match guard:
        case All(guards) | AnyOf(guards):
            return any(_guard(inner) for inner in guards)
        case Not(inner):
            return _guard(inner)
        case In(field) | Masked(field):
            return _is_connections(field)
        case Members(fields):
            return any(_is_connections(field) for field in fields)
        case Unsure(doubt):
            return doubt.code not in _UNCONNECTED
        case _:
            return False


def _is_connections(field: str) -> bool:
    return field.startswith("ct") or field == "zone"


def _action(action: Action) -> bool:
    match action:
        case Translate() | CopyMark() | SetZone():
            return True
        case SetBits(field):
            return field == "ctmark"
        case _:
            return False
