"""What lines do with the packets that fit them, folded over whatever is known of those packets.

                  what is carried of the packets of one state     what an open question makes of it
``flow``          the set of them                                 sets for each answer
``forks``         where one packet's ways meet                    ways for both
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import Generic, TypeAlias, TypeVar

from sekisho.semantics.journey import Lean
from sekisho.semantics.program import (
    Action,
    Continue,
    CopyMark,
    FirstOf,
    Goto,
    Guarded,
    Jump,
    Return,
    Series,
    SetBits,
    SetZone,
    Untrack,
)
from sekisho.symbolic.state import State
from sekisho.values.unwound import Call

Some = TypeVar("Some")
# Where a line stands.
At = TypeVar("At")
Live: TypeAlias = dict[State, Some]
# Those for whom a rule goes on, and those for whom it is over.
Acted: TypeAlias = Generator[Call[Live[Some]], Live[Some], tuple[Live[Some], Live[Some]]]


class Fold(ABC, Generic[Some, At]):
    """See the module's text."""

    @abstractmethod
    def split(self, line: Guarded, at: At, state: State, some: Some) -> tuple[Some | None, Some | None]:
        """The packets that a line takes and those that it leaves; None: there are none."""

    @abstractmethod
    def call(self, name: str, at: At, state: State, some: Some) -> Call[Live[Some]]:
        """Walk a chain that a line calls; what comes back."""

    @abstractmethod
    def end(self, action: Action, at: At, state: State, some: Some) -> None:
        """An act ends the packets' way."""

    @abstractmethod
    def join(self, live: Live[Some], state: State, some: Some) -> None:
        """Let packets join those of the same state."""

    @abstractmethod
    def after(self, action: Action, state: State) -> State:
        """What an act that changes packets makes of their state."""

    def lean(self, lean: Lean) -> None:
        """Something is taken for granted."""

    def acted(self, action: Action, at: At, state: State, some: Some, back: Live[Some]) -> Acted[Some]:
        """Carry out what a line does with the packets that fit; ``back`` are those that the chain returns."""
        going: Live[Some] = {}
        over: Live[Some] = {}
        match action:
            case Jump(name):
                return {}, (yield self.call(name, at, state, some))
            case Goto(name):
                for each, those in (yield self.call(name, at, state, some)).items():
                    self.join(back, each, those)
            case Return():
                self.join(back, state, some)
            case Continue(lean):
                if lean is not None:
                    self.lean(lean)
                self.join(going, state, some)
            case SetBits() | CopyMark() | Untrack() | SetZone():
                self.join(going, self.after(action, state), some)
            case FirstOf(lines):
                yield from self._first_of(lines, at, state, some, back, going, over)
            case Series(lines):
                going = yield from self._series(lines, at, {state: some}, back, over)
            case _:
                self.end(action, at, state, some)
        return going, over

    def _first_of(
        self, lines: tuple[Guarded, ...], at: At, state: State, some: Some | None, back: Live[Some],
        going: Live[Some], over: Live[Some],
    ) -> Generator[Call[Live[Some]], Live[Some], None]:  # fmt: skip
        for line in lines:
            if some is None:
                return
            fit, some = self.split(line, at, state, some)
            if fit is not None:
                self._merge((yield from self.acted(line.action, at, state, fit, back)), going, over)
        if some is not None:
            self.join(over, state, some)

    def _series(
        self, lines: tuple[Guarded, ...], at: At, front: Live[Some], back: Live[Some], over: Live[Some]
    ) -> Generator[Call[Live[Some]], Live[Some], Live[Some]]:
        for line in lines:
            going: Live[Some] = {}
            for state, some in front.items():
                fit, left = self.split(line, at, state, some)
                if left is not None:
                    self.join(over, state, left)
                if fit is not None:
                    self._merge((yield from self.acted(line.action, at, state, fit, back)), going, over)
            front = going
        return front

    def _merge(self, acted: tuple[Live[Some], Live[Some]], *into: Live[Some]) -> None:
        for some, front in zip(acted, into, strict=True):
            for state, those in some.items():
                self.join(front, state, those)
