"""The walk of one packet through chains: first match decides, jumps come back.

Undecided guards: all ways through the chains are followed together (see ``forks``), and the ``choices`` say
which of the ends that they lead to is this run's. Whoever asks runs it again with other choices to see
whether they matter (see ``choices``).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Mapping

from sekisho.semantics.choices import Choices
from sekisho.semantics.control import PASSING, Passed
from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.program import (
    Action,
    ChainCode,
    Continue,
    FirstOf,
    Goto,
    Guarded,
    Jump,
    NotUnderstood,
    Return,
    Series,
)
from sekisho.symbolic.carrying import Carrying, key_of
from sekisho.symbolic.forks import Outcome, Question, TooManyWaysError, ways
from sekisho.symbolic.state import State

# A walk with more steps is a rule set whose chains call one another again and again.
_LONG = 256
# What a walk may pass: where each chain changes the packet between two calls of the next one, no call is like
# another, and nobody could wait for the end of them.
_MOST_CALLS = 1 << 15


def walk(
    base: ChainCode,
    chains: Mapping[str, ChainCode],
    carried: Carrying,
    choices: Choices,
    tell: Callable[[Passed], None] | None = None,
) -> Passed:
    """Walk a base chain; what decided (never a jump or return), which is told last.

    ``carried`` is told of every action that changes the packet and goes on (marks, untrack), after ``tell``
    was told of the line.
    """
    asking = _Asking(base, chains, carried, choices)
    try:
        passed = _walked(asking, tell)
    except TooManyWaysError:
        chain, at = asking.here
        line = chain.lines[at]
        passed = Passed(chain, line, NotUnderstood(Doubt("too-many-questions", (), line.evidence)))
    if tell is not None:
        tell(passed)
    return passed


def _walked(asking: _Asking, tell: Callable[[Passed], None] | None) -> Passed:
    base, chains, carried, stack = asking.base, asking.chains, asking.carried, asking.callers
    holds, calls = carried.holds, asking.calls
    chain, lines, at = base, base.lines, 0
    while True:
        if at >= len(lines):
            if chain is not base and tell is not None:
                tell(Passed(chain, None, None))
            calls.steps += chain is not base
            if not stack:
                return Passed(base, None, base.policy)
            chain, at = stack.pop()
            lines = chain.lines
            calls.ended(len(stack))
            continue
        line = lines[at]
        at += 1
        held = holds(line.guard)
        if not held and (held is False or not asking.answer(line, (chain, at - 1), carried.state)):
            continue
        action: Action | None = line.action
        kind = action.__class__
        calls.steps += 1
        if kind is FirstOf or kind is Series:
            action, kind = None, type(None)
            for action, more in asking.acts((chain, at - 1)):
                kind = action.__class__
                if kind not in PASSING:
                    break
                if tell is not None:
                    tell(Passed(chain, line, action, more))
                carried.act(action)
            if action is None or kind in PASSING:
                continue
        elif kind in PASSING:
            if tell is not None:
                tell(Passed(chain, line, action))
            carried.act(line.action)
            if isinstance(action, Continue) and action.lean is not None:
                asking.lean(action.lean)
            continue
        if isinstance(action, Jump | Goto):
            if tell is not None:
                tell(Passed(chain, line, action))
            if isinstance(action, Jump):
                if passed := calls.before(action.chain, len(stack)):
                    if tell is not None:
                        tell(Passed(chains[action.chain], None, None, again=passed))
                    continue
                stack.append((chain, at))
            calls.made += 1
            if calls.made > _MOST_CALLS:
                return Passed(chain, line, NotUnderstood(Doubt("too-many-calls", (), line.evidence)))
            chain, at = chains[action.chain], 0
            lines = chain.lines
        elif kind is Return:
            if tell is not None:
                tell(Passed(chain, line, action))
            if not stack:
                return Passed(base, None, base.policy)
            chain, at = stack.pop()
            lines = chain.lines
            calls.ended(len(stack))
        else:
            return Passed(chain, line, action)


class _Calls:
    """Which chains a packet has come back from unchanged and without an open question, by how many steps.

    Where each chain calls the next one twice, nobody could wait for a walk line by line, or read it. On walks
    of ordinary length nothing is noted. ``steps`` counts those of known calls too, ``made`` is how many calls
    were walked.
    """

    __slots__ = ("_carried", "_choices", "_known", "_open", "made", "steps")

    def __init__(self, carried: Carrying, choices: Choices) -> None:
        self.steps = 0
        self.made = 0
        self._carried = carried
        self._choices = choices
        self._known: dict[tuple[str, Hashable], int] = {}
        self._open: list[tuple[int, tuple[str, Hashable], int, int]] = []

    def before(self, name: str, depth: int) -> int:
        """The steps of the call that is about to be made, where it was made before; else it is noted."""
        if self.steps < _LONG:
            return 0
        key = (name, key_of(self._carried.state))
        known = self._known.get(key, 0)
        if not known:
            self._open.append((depth, key, self.steps, self._asked))
        self.steps += known
        return known

    def ended(self, depth: int) -> None:
        """A chain has given the packet back to one at this depth of calls."""
        if not self._open or self._open[-1][0] != depth:
            return
        _, key, steps, asked = self._open.pop()
        if self._asked == asked and key_of(self._carried.state) == key[1]:
            self._known[key] = self.steps - steps

    @property
    def _asked(self) -> int:
        return len(self._choices.taken) + len(self._choices.passed_over)


_Place = tuple[ChainCode, int]
_Acts = Generator[tuple[Action, bool], None, bool]


class _Asking:
    """Whether lines fit; open questions are answered as the choices want it. ``callers``: where the chains
    that called one another go on."""

    __slots__ = ("_choices", "_next", "_wanted", "base", "callers", "calls", "carried", "chains", "here")

    def __init__(
        self, base: ChainCode, chains: Mapping[str, ChainCode], carried: Carrying, choices: Choices
    ) -> None:
        self.base = base
        self.chains = chains
        self.carried = carried
        self.calls = _Calls(carried, choices)
        self.callers: list[_Place] = []
        self.here: _Place = (base, 0)
        self._choices = choices
        self._next: Question | Outcome | None = None
        self._wanted = 0

    def answer(self, line: Guarded, here: _Place, before: State) -> bool:
        """Whether a guard is to hold of which nobody can say it. ``here``: where its rule stands, ``before``
        the packet as it came there."""
        self.here = here
        reasons = self.carried.doubts(line.guard)
        if type(line.action) is Continue:
            self._choices.passed_over += reasons
            return False
        if self._next is None:
            found = ways(self.base, self.chains, (*self.callers, here), self.carried, before)
            self._choices.passed_over += found.passed_over
            self._next = found.first
            self._wanted = self._choices.choose(found.doubts, found.outcomes, found)
        assert isinstance(self._next, Question)
        assert self._next.line is line
        answer, self._next = self._next.answer(self._wanted)
        return answer

    def lean(self, lean: Lean) -> None:
        """Remember what a line took for granted."""
        self._choices.leans.setdefault(lean)

    def acts(self, here: _Place) -> _Acts:
        """The single acts of a rule, each with whether more may follow; whether it came to its end.

        Guards are asked as late as can be: who takes an act carries it out before asking for the next.
        """
        chain, at = here
        return self._acts(chain.lines[at].action, here, self.carried.state, more=False)

    def _acts(self, action: Action, here: _Place, before: State, more: bool) -> _Acts:
        match action:
            case FirstOf(lines):
                for line in lines:
                    if self._fits(line, here, before):
                        return (yield from self._acts(line.action, here, before, more))
                return False
            case Series(lines):
                for number, line in enumerate(lines, 1):
                    if not self._fits(line, here, before):
                        return False
                    if not (yield from self._acts(line.action, here, before, more or number < len(lines))):
                        return False
                return True
            case _:
                yield action, more and type(action) in PASSING
                return True

    def _fits(self, line: Guarded, here: _Place, before: State) -> bool:
        held = self.carried.holds(line.guard)
        return self.answer(line, here, before) if held is None else held
