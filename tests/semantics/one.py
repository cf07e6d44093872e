"""One packet as its walk has it: made, changed, and put before guards and chains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from typing import Any

from sekisho.semantics.choices import Choices
from sekisho.semantics.control import Passed
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import ChainCode, Guard
from sekisho.symbolic.bits import Ends
from sekisho.symbolic.carrying import Carrying
from sekisho.symbolic.one_chain import walk
from sekisho.symbolic.one_guards import OneGuards
from sekisho.symbolic.one_header import state_of
from sekisho.symbolic.one_packet import ALL, OnePacket, value_of
from sekisho.symbolic.state import OPEN, Connection, State
from sekisho.symbolic.tracking import track
from sekisho.symbolic.unstated import ANY
from sekisho.values.packet import Packet
from sekisho.values.slotted import replace

_ENDS = ("src", "dst", "sport", "dport")
_NAMES = ("iif", "oif", "physin", "physout", "portin", "portout")


def made(packet: Packet, unstated: frozenset[str] = frozenset(), **fields: Any) -> State:
    """A packet with some fields of its state besides; those of a connection's tuples by their names."""
    header = {each.name for each in dataclass_fields(Packet)}
    state: State = state_of(packet, unstated & header)
    for name in unstated - header:
        fields.setdefault(name, OPEN if name in _NAMES else value_of(ANY))
    ends = {name: value_of(fields.pop(name)) for name in _ENDS if name in fields}
    tuples = {name: fields.pop(name) for name in list(fields) if name.startswith(("ctorig", "ctrepl"))}
    connected = bool(tuples) or fields.pop("ctproto", None) is not None
    assert fields.keys() <= state.__dict__.keys(), fields
    state = replace(state.with_ends(**ends), **fields)
    if connected:
        sides = (
            Ends(*(value_of(tuples.get(side + name, 0)) for name in _ENDS)) for side in ("ctorig", "ctrepl")
        )
        sent, reply = sides
        onward = reply.mirrored()
        known = (("host", Connection(sent, onward)),)
        state = replace(state, ctsent=sent, ctonward=onward, connections=known, tracked=0)
    return state


def guards_for(state: State) -> OneGuards:
    """What asks guards of the packet."""
    guards = OneGuards(OnePacket(4))
    guards.begin(OnePacket(4).number(state.proto) or 0)
    guards.reverse = lambda state, guard: guards.unsure
    return guards


def holds(guard: Guard, state: State) -> bool | None:
    """Whether the guard holds for the packet."""
    return guards_for(state).fits(guard, state)


def doubts(guard: Guard, state: State) -> tuple[Doubt, ...]:
    """Why nobody can say."""
    return guards_for(state).doubts(guard, state)


def carrying(state: State) -> Carrying:
    """The packet in a chain."""
    return Carrying(state, guards_for(state))


def run(
    base: ChainCode, chains: Mapping[str, ChainCode], state: State, choices: Choices | None = None
) -> list[Passed]:
    """All that is passed of a chain."""
    told: list[Passed] = []
    walk(base, chains, carrying(state), choices or Choices(), told.append)
    return told


def track_one(state: State, *before: State) -> State:
    """The packet behind connection tracking, which has seen what came ``before`` it."""
    known = before[-1].connections if before else ()
    (found,) = track({replace(state, connections=known): ALL}, "host", guards_for(state), loose=True)
    return found
