"""A packet on its way through chains with what lines may change of it, and how they do.

Lines change one packet in place; where a question is open, twins go both ways, and meet again where nothing
tells them apart (``key``).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import Action, CopyMark, Guard, SetBits


class Carried(Protocol):
    """What ``chains.run`` walks with."""

    def holds(self, guard: Guard) -> bool | None:
        """Whether a guard holds for the packet as it is now; None: nobody can say."""

    def doubts(self, guard: Guard) -> tuple[Doubt, ...]:
        """Why nobody can say."""

    def act(self, action: Action) -> None:
        """Carry out an action that lets the chain go on."""

    def twin(self) -> Carried:
        """The same once more, to be changed by itself."""

    def key(self) -> Hashable:
        """What tells the packet from its twins."""


def asks_connection(action: Action) -> bool:
    """Whether the action reads or writes the connection's mark: without one it does nothing
    (net/netfilter/xt_connmark.c)."""
    if isinstance(action, CopyMark):
        return "ctmark" in (action.source, action.target)
    return isinstance(action, SetBits) and action.field == "ctmark"
