"""A packet on its way through chains with what lines may change of it, and how they do.

The walk of one packet changes it in place; where a question is open, twins go both ways, and meet again where
nothing tells them apart (``key``).
"""

from __future__ import annotations

from collections.abc import Hashable
from copy import copy
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Protocol

from sekisho.semantics.conntrack import Connection
from sekisho.semantics.program import UNTRACKED, Action, CopyMark, SetBits, SetZone, Untrack
from sekisho.semantics.traveller import Traveller


class Carried(Protocol):
    """What ``chains.run`` walks with."""

    @property
    def packet(self) -> Traveller:
        """The packet as it is now."""

    def act(self, action: Action) -> None:
        """Carry out an action that lets the chain go on."""

    def twin(self) -> Carried:
        """The same once more, to be changed by itself."""

    def key(self) -> Hashable:
        """What tells the packet from its twins."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A packet that no line changes: one that is looked up in routing tables."""

    packet: Traveller

    def act(self, action: Action) -> None:
        """Routing lines change nothing of the packet."""

    def twin(self) -> Unchanged:
        """Itself."""
        return self

    def key(self) -> Hashable:
        """There is one only."""
        return None


class Tracked(Protocol):
    """What a stay in a namespace keeps beside the packet; see ``HookWalk``."""

    packet: Traveller
    connection: Connection | None
    untracked: bool
    template: bool


@dataclass(slots=True)
class Twin:
    """A packet at one station, apart from the walk that it belongs to."""

    packet: Traveller
    connection: Connection | None
    untracked: bool
    template: bool

    def act(self, action: Action) -> None:
        """Carry out an action that lets the chain go on."""
        carry_out(action, self)

    def twin(self) -> Twin:
        """The same once more."""
        return twin_of(self)

    def key(self) -> Hashable:
        """All that lines may look at or change."""
        return key_of(self)


_NAMES = tuple(field.name for field in fields(Traveller))
_ALL = attrgetter(*_NAMES)
_LOOKED_AT = attrgetter(*(name for name in _NAMES if name not in ("reverse_path", "quoted")))


def twin_of(one: Tracked) -> Twin:
    """What lines may change, once more."""
    return Twin(Traveller(*_ALL(one.packet)), copy(one.connection), one.untracked, one.template)


def key_of(one: Tracked) -> Hashable:
    """All that lines may look at or change."""
    mark = None if one.connection is None else one.connection.mark
    return _LOOKED_AT(one.packet), mark, one.untracked, one.template


def asks_connection(action: Action) -> bool:
    """Whether the action reads or writes the connection's mark: without one it does nothing
    (net/netfilter/xt_connmark.c)."""
    if isinstance(action, CopyMark):
        return "ctmark" in (action.source, action.target)
    return isinstance(action, SetBits) and action.field == "ctmark"


def carry_out(action: Action, one: Tracked) -> None:
    """Change the packet, or how tracking is to see it, as an action does that lets the chain go on."""
    packet = one.packet
    if isinstance(action, SetBits | CopyMark):
        set_bits(action, packet)
        if one.connection is not None:
            one.connection.mark = packet.ctmark
    elif one.template or one.connection is not None:
        return  # the first CT or NOTRACK target of a packet wins (net/netfilter/xt_CT.c)
    elif isinstance(action, Untrack):
        one.template = one.untracked = True
        packet.ctstate = UNTRACKED
    elif isinstance(action, SetZone):
        one.template = True
        packet.take_template()
        if action.directions in ("both", "orig"):
            packet.zone = action.zone
        if action.directions in ("both", "reply"):
            packet.zone_reply = action.zone


def set_bits(action: Action, packet: Traveller) -> None:
    """Carry out the actions that change marks and the like."""
    if asks_connection(action) and packet.ctdir is None:
        return
    if isinstance(action, SetBits):
        setattr(packet, action.field, action.of(getattr(packet, action.field)))
        if action.field == "ttl":  # set as a whole, whatever it was
            packet.unstated -= {"ttl"}
    elif isinstance(action, CopyMark):
        taken, before = getattr(packet, action.source), getattr(packet, action.target)
        setattr(packet, action.target, action.of(taken, before))
