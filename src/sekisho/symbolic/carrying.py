"""One packet on its way through chains, with what lines change of it."""

from __future__ import annotations

from collections.abc import Hashable

from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import Action, Continue, Guard
from sekisho.symbolic.effects import effect
from sekisho.symbolic.one_guards import OneGuards
from sekisho.symbolic.state import State


class Carrying:
    """``state`` is the packet as it is now."""

    __slots__ = ("guards", "state")

    def __init__(self, state: State, guards: OneGuards) -> None:
        self.state = state
        self.guards = guards

    def holds(self, guard: Guard) -> bool | None:
        """Whether the guard holds; None: nobody can say."""
        return self.guards.fits(guard, self.state)

    def doubts(self, guard: Guard) -> tuple[Doubt, ...]:
        """Why nobody can say."""
        return self.guards.doubts(guard, self.state)

    def act(self, action: Action) -> None:
        """Carry out an action that lets the chain go on."""
        if action.__class__ is not Continue:
            self.state = self.after(action, self.state)

    def after(self, action: Action, state: State) -> State:
        """What an action that changes the packet makes of it."""
        return effect(action, state, self.guards.space)


def key_of(state: State) -> Hashable:
    """All that lines may look at or change."""
    return tuple(state.__dict__.values())
