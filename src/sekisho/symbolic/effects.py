"""What the actions of lines do to the packets of a state."""

from __future__ import annotations

from sekisho.semantics.program import (
    CONFIRMED_BIT,
    NEW,
    UNTRACKED,
    Action,
    CopyMark,
    SetBits,
    SetZone,
    Untrack,
)
from sekisho.symbolic.domain import Domain
from sekisho.symbolic.state import Free, State
from sekisho.values.slotted import replace


def effect(action: Action, state: State, space: Domain) -> State:
    """What an action that lets the chain go on makes of a state."""
    if state.ctdir is None and asks_connection(action):
        return state
    match action:
        case SetBits(field, mask, value):
            if field == "ttl":
                return replace(state, ttl=space.constant(value, 8), spent=0)
            if field == "tos":
                return replace(state, tos=space.set_bits(state.tos, mask, value))
            if field == "tcp_flags":
                return replace(state, tcp_flags=space.set_bits(state.tcp_flags, mask, value))
            return _with_mark(state, field, _set_free(space, getattr(state, field), mask, value))
        case CopyMark(source, target):
            taken, before = getattr(state, source), getattr(state, target)
            if isinstance(taken, int) and isinstance(before, int):
                return _with_mark(state, target, action.of(taken, before))
            # Where both are free, nothing is known of the outcome but that it is some number.
            return _with_mark(state, target, space.extra(f"copied {target}", 32))
        case Untrack() | SetZone() if state.template or state.tracked is not None:
            return state  # the first CT or NOTRACK target of a packet wins
        case Untrack():
            return replace(state, template=True, untracked=True, ctstate=UNTRACKED)
        case SetZone(zone, directions):
            # An empty connection is attached, which later raw rules see as a new one.
            nothing = space.nowhere
            state = replace(
                state, template=True, ctstate=NEW, ctstatus=CONFIRMED_BIT, ctmark=0, ctdir=0,
                ctsent=nothing, ctonward=nothing,
            )  # fmt: skip
            if directions in ("both", "orig"):
                state = replace(state, zone=zone)
            if directions in ("both", "reply"):
                state = replace(state, zone_reply=zone)
            return state
        case _:
            raise TypeError(action)


def _with_mark(state: State, field: str, number: Free) -> State:
    state = replace(state, mark=number) if field == "mark" else replace(state, ctmark=number)
    connection = state.connection
    if connection is None or not isinstance(state.ctmark, int):
        return state
    return state.with_connection(replace(connection, mark=state.ctmark))


def _set_free(space: Domain, number: Free, mask: int, value: int) -> Free:
    if isinstance(number, int):
        return (number & ~mask) ^ value
    changed = space.set_bits(number, mask, value)
    known = space.number(changed)
    return changed if known is None else known


def asks_connection(action: Action) -> bool:
    """Whether the action reads or writes the connection's mark: without one it does nothing
    (net/netfilter/xt_connmark.c)."""
    if isinstance(action, CopyMark):
        return "ctmark" in (action.source, action.target)
    return isinstance(action, SetBits) and action.field == "ctmark"
