"""All ways through the chains of one station at once: what open questions lead to, and which of them matter.

Where a guard cannot be decided, twins of the packet go on with both answers; twins that are alike at the same
line are one again, so that the ways are as many as what comes of them, not as the answers there could be.

    -m nobody --knows 1 -j A     ?──no──────────┬──▶ the same packet at the next line
                                 └──yes──▶ A ───┘
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    Action,
    ChainCode,
    Continue,
    Guarded,
)
from sekisho.symbolic.carrying import Carrying, key_of
from sekisho.symbolic.fold import Fold, Live
from sekisho.symbolic.state import State
from sekisho.values.unwound import Call, unwound

# Beyond these nobody can say what comes of the packet.
_MOST_TWINS = 256
_MOST_QUESTIONS = 4096
_MOST_CALLS = 1 << 14


class TooManyWaysError(Exception):
    """There are too many questions, or too much comes of them."""


@dataclass(slots=True, eq=False)
class Joint:
    """A place between two lines where ways may meet. ``leads``: to what comes next there."""

    leads: Joint | Question | Outcome | None = field(default=None, repr=False)

    @property
    def next(self) -> Question | Outcome:
        """The next question, or what comes of the packet where there is none."""
        at: Joint | Question | Outcome = self
        while isinstance(at, Joint):
            assert at.leads is not None
            at = at.leads
        return at


@dataclass(slots=True, eq=False)
class Outcome:
    """What comes of the packet; its number in the order in which ways lead there."""

    number: int = 0


@dataclass(slots=True, eq=False)
class Question:
    """A line whose guard nobody can decide; ``by_no`` and ``by_yes`` are the outcomes that the answers can
    lead to, as bits."""

    line: Guarded
    doubts: tuple[Doubt, ...]
    no: Joint = field(repr=False)
    yes: Joint = field(repr=False)
    by_no: int = 0
    by_yes: int = 0

    def answer(self, wanted: int) -> tuple[bool, Question | Outcome]:
        """The answer that leads to the wanted outcome (No where both do), and what comes next."""
        yes = not self.by_no >> wanted & 1
        return yes, (self.yes if yes else self.no).next


@dataclass(frozen=True, slots=True)
class Ways:
    """Everything that may come of a packet in one station: ``first`` is the first question that it meets,
    ``outcomes`` how many there are. ``passed_over``: questions on which only a log line depends."""

    first: Question
    questions: tuple[Question, ...]
    outcomes: int
    passed_over: tuple[Doubt, ...]

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Why the questions are open, in the order in which they are met."""
        return tuple(dict.fromkeys(doubt for each in self.questions for doubt in each.doubts))

    def deciding(self, ends: Mapping[int, int]) -> Iterator[Doubt]:
        """The questions of which one answer may end otherwise than the other. ``ends``: what each outcome
        may end in, as bits."""
        for each in self.questions:
            if _ends_of(each.by_no, ends) != _ends_of(each.by_yes, ends):
                yield from each.doubts


def _ends_of(outcomes: int, ends: Mapping[int, int]) -> int:
    found = 0
    for number, bits in ends.items():
        if outcomes >> number & 1:
            found |= bits
    return found


# Where a packet is: the chains that called one another, each with the place to go on at.
Position = Sequence[tuple[ChainCode, int]]


def ways(
    base: ChainCode, chains: Mapping[str, ChainCode], position: Position, carried: Carrying, state: State
) -> Ways:
    """Follow a packet from a line with an open question on. Raises TooManyWaysError."""
    return _Survey(base, chains, carried).of(position, state)


class _Survey(Fold[Joint, None]):
    def __init__(self, base: ChainCode, chains: Mapping[str, ChainCode], carried: Carrying) -> None:
        self.base = base
        self.chains = chains
        self.carried = carried
        self.calls = 0
        self.questions: list[Question] = []
        self.passed_over: dict[Doubt, None] = {}
        self.ends: dict[tuple[Action | None, State], Outcome] = {}
        # What a chain does to a packet where no question is asked: the packet comes back, or has its end.
        self.known: dict[tuple[str, State], State | Outcome] = {}
        self.states: dict[Hashable, State] = {}

    def of(self, position: Position, state: State) -> Ways:
        root = Joint()
        live = {self._one(state): root}
        for chain, at in reversed(position):
            live = unwound(self._through(chain, at, live))
        for each, joint in live.items():
            self.end(self.base.policy, None, each, joint)
        first = root.next
        assert isinstance(first, Question)
        return self._numbered(first)

    def _one(self, state: State) -> State:
        """The one state of all twins that are alike."""
        return self.states.setdefault(key_of(state), state)

    def _numbered(self, first: Question) -> Ways:
        """Number what comes of the packet as ``explored`` gets there: 0, then from the last one down."""
        ordered: dict[Question, None] = {}
        reached: dict[Outcome, None] = {}
        waiting: list[Question | Outcome] = [first]
        while waiting:
            here = waiting.pop()
            if isinstance(here, Outcome):
                reached[here] = None
            elif here not in ordered:
                ordered[here] = None
                waiting += (here.yes.next, here.no.next)
        for place, outcome in enumerate(reached):
            outcome.number = place and len(reached) - place
        # What comes after a question was asked later than it.
        for question in reversed(self.questions):
            question.by_no, question.by_yes = _outcomes(question.no.next), _outcomes(question.yes.next)
        return Ways(first, tuple(ordered), len(reached), tuple(self.passed_over))

    # -------------------------------------------------------------------------------------- lines

    def _through(self, chain: ChainCode, at: int, live: Live[Joint]) -> Call[Live[Joint]]:
        """Walk the twins through a chain from a place on; those that come back at its end or by RETURN."""
        back: Live[Joint] = {}
        for line in islice(chain.lines, at, None):
            if not live:
                break
            met = [(state, self.split(line, None, state, joint)) for state, joint in live.items()]
            if all(fit is None for _, (fit, _) in met):
                continue
            live = {}
            for state, (fit, left) in met:
                if left is not None:
                    self.join(live, state, left)
                if fit is not None:
                    for front in (yield from self.acted(line.action, None, state, fit, back)):
                        for each, joint in front.items():
                            self.join(live, each, joint)
        for state, joint in live.items():
            self.join(back, state, joint)
        return back

    def split(self, line: Guarded, at: None, state: State, some: Joint) -> tuple[Joint | None, Joint | None]:
        """Both, where nobody can say."""
        held = self.carried.guards.fits(line.guard, state)
        if held is False:
            return None, some
        if held:
            return some, None
        reasons = self.carried.guards.doubts(line.guard, state)
        if type(line.action) is Continue:
            self.passed_over.update(dict.fromkeys(reasons))
            return None, some
        if len(self.questions) >= _MOST_QUESTIONS:
            raise TooManyWaysError
        question = some.leads = Question(line, reasons, Joint(), Joint())
        self.questions.append(question)
        return question.yes, question.no

    def call(self, name: str, at: None, state: State, some: Joint) -> Call[Live[Joint]]:
        """Where no question is asked in the chain, it is walked once for all calls."""
        known = self.known.get((name, state))
        if isinstance(known, Outcome):
            some.leads = known
            return {}
        if known is not None:
            return {known: some}
        before = len(self.questions)
        self.calls += 1
        if self.calls > _MOST_CALLS:
            raise TooManyWaysError
        inner = yield self._through(self.chains[name], 0, {state: some})
        if len(self.questions) == before:
            if inner:
                (self.known[name, state],) = inner
            else:
                ended = some.next
                assert isinstance(ended, Outcome)
                self.known[name, state] = ended
        return inner

    def join(self, live: Live[Joint], state: State, some: Joint) -> None:
        """Twins that are alike are one."""
        present = live.setdefault(state, some)
        if len(live) > _MOST_TWINS:
            raise TooManyWaysError
        if present is not some:
            some.leads = present

    def end(self, action: Action | None, at: None, state: State, some: Joint) -> None:
        """Lines that do the same to the same packet lead to one outcome."""
        some.leads = self.ends.setdefault((action, state), Outcome())

    def after(self, action: Action, state: State) -> State:
        return self._one(self.carried.after(action, state))


def _outcomes(at: Question | Outcome) -> int:
    return at.by_no | at.by_yes if isinstance(at, Question) else 1 << at.number
