"""Chains walked by one packet, line by line; see ``one_chain``."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import partial

from sekisho.semantics.choices import Choices
from sekisho.semantics.control import Passed
from sekisho.semantics.journey import Lean
from sekisho.semantics.partial import is_unseen
from sekisho.semantics.program import ChainCode, Guarded, Station, Translate
from sekisho.symbolic.bits import Set
from sekisho.symbolic.carrying import Carrying
from sekisho.symbolic.one_chain import walk
from sekisho.symbolic.one_guards import OneGuards
from sekisho.symbolic.one_packet import ALL
from sekisho.symbolic.reading import Decided
from sekisho.symbolic.state import Front, State
from sekisho.symbolic.told import step_of, told_bits


class OneFlow:
    """Runs chains for one packet."""

    def __init__(self, guards: OneGuards) -> None:
        self.guards = guards
        self.space = guards.space
        self.leans: dict[Lean, None] = {}

    def run(
        self,
        base: ChainCode,
        chains: Mapping[str, ChainCode],
        front: Front,
        key: Hashable,
        asked: list[Set] | None = None,
        station: Station | None = None,
    ) -> list[Decided]:
        """Walk a base chain; the lines of a ``station`` are told. With ``asked``, nothing is answered: it is
        noted there that there are questions."""
        return [
            self._one(base, chains, state, asked, station) for state, some in front.items() if some is ALL
        ]

    def _one(
        self,
        base: ChainCode,
        chains: Mapping[str, ChainCode],
        state: State,
        asked: list[Set] | None,
        station: Station | None,
    ) -> Decided:
        choices = self.space.choices if asked is None else Choices()
        carrying = Carrying(state, self.guards)
        tell: Callable[[Passed], None] | None = None
        if station is not None and not is_unseen(station.base):
            tell = partial(self._tell, station, carrying)
        passed = walk(base, chains, carrying, choices, tell)
        if station is not None and tell is None and passed.line is not None:
            self._tell(station, carrying, passed)
        if asked is not None and choices.taken:
            asked.append(ALL)
            doubts = (doubt for each in choices.taken for doubt in each.doubts)
            self.guards.back_unknown.update(dict.fromkeys(doubts))
        return passed, carrying.state, ALL

    def _tell(self, station: Station, carrying: Carrying, passed: Passed) -> None:
        """A line that fitted; one that translates is told when it is known what that changes."""
        action = passed.action
        if action.__class__ is not Translate:
            self.space.note(step_of(station, passed, action, told_bits(action, carrying.state)))

    def takers(self, chain: ChainCode, state: State, some: Set) -> Iterator[tuple[Guarded | None, Set]]:
        """The line that fits it."""
        passed, _, _ = self._one(chain, {}, state, None, None)
        yield passed.line, some
