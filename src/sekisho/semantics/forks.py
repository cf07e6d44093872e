"""All ways through the chains of one station at once: what open questions lead to, and which of them matter.

Where a guard cannot be decided, twins of the packet go on with both answers; twins that are alike at the same
line are one again, so that the ways are as many as what comes of them, not as the answers there could be.

    -m nobody --knows 1 -j A     ?──no──────────┬──▶ the same packet at the next line
                                 └──yes──▶ A ───┘
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sekisho.semantics.carried import Carried
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    Action,
    ChainCode,
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
# Twins at one line, by what tells them apart.
_Live = dict[Hashable, tuple[Carried, Joint]]
_Twins = list[tuple[Carried, Joint]]
# Those for whom a rule goes on, and those for whom it is over.
_Acted = Generator[Call[_Live], _Live, tuple[_Twins, _Twins]]


def ways(base: ChainCode, chains: Mapping[str, ChainCode], position: Position, carried: Carried) -> Ways:
    """Follow a packet from a line with an open question on. Raises TooManyWaysError."""
    return _Survey(base, chains).of(position, carried)


class _Survey:
    def __init__(self, base: ChainCode, chains: Mapping[str, ChainCode]) -> None:
        self.base = base
        self.chains = chains
        self.calls = 0
        self.questions: list[Question] = []
        self.passed_over: dict[Doubt, None] = {}
        self.ends: dict[tuple[Action | None, Hashable], Outcome] = {}
        # What a chain does to a packet where no question is asked: the packet comes back, or has its end.
        self.known: dict[tuple[str, Hashable], Carried | Outcome] = {}

    def of(self, position: Position, carried: Carried) -> Ways:
        root = Joint()
        live: _Live = {carried.key(): (carried.twin(), root)}
        for chain, at in reversed(position):
            live = unwound(self._through(chain, at, live))
        for each, joint in live.values():
            self._end(self.base.policy, each, joint)
        first = root.next
        assert isinstance(first, Question)
        return self._numbered(first)

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

    def _through(self, chain: ChainCode, at: int, live: _Live) -> Call[_Live]:
        """Walk the twins through a chain from a place on; those that come back at its end or by RETURN."""
        back: _Live = {}
        for line in islice(chain.lines, at, None):
            if not live:
                break
            met = [self._split(line, each, joint) for each, joint in live.values()]
            if all(fit is None for fit, _ in met):
                continue
            live = {}
            for fit, left in met:
                if left is not None:
                    self._join(live, *left)
                if fit is not None:
                    going, over = yield from self._acts(line.action, *fit, back)
                    for twin in (*going, *over):
                        self._join(live, *twin)
        for each, joint in live.values():
            self._join(back, each, joint)
        return back

    def _split(
        self, line: Guarded, carried: Carried, joint: Joint
    ) -> tuple[tuple[Carried, Joint] | None, tuple[Carried, Joint] | None]:
        """Whether the line fits the packet, and whether it may pass it by: both, where nobody can say."""
        held = carried.holds(line.guard)
        if held is False:
            return None, (carried, joint)
        if held:
            return (carried, joint), None
        reasons = carried.doubts(line.guard)
        if type(line.action) is Continue:
            self.passed_over.update(dict.fromkeys(reasons))
            return None, (carried, joint)
        if len(self.questions) >= _MOST_QUESTIONS:
            raise TooManyWaysError
        question = Question(line, reasons, Joint(), Joint())
        self.questions.append(question)
        joint.leads = question
        return (carried.twin(), question.yes), (carried, question.no)

    def _acts(self, action: Action, carried: Carried, joint: Joint, back: _Live) -> _Acted:
        """Carry out what a line does."""
        match action:
            case Jump(name):
                return [], (yield from self._call(name, carried, joint))
            case Goto(name):
                for each, at in (yield from self._call(name, carried, joint)):
                    self._join(back, each, at)
                return [], []
            case Return():
                self._join(back, carried, joint)
                return [], []
            case Continue():
                return [(carried, joint)], []
            case SetBits() | CopyMark() | Untrack() | SetZone():
                carried.act(action)
                return [(carried, joint)], []
            case FirstOf(lines):
                return (yield from self._first_of(lines, carried, joint, back))
            case Series(lines):
                return (yield from self._series(lines, carried, joint, back))
            case _:
                self._end(action, carried, joint)
                return [], []

    def _first_of(self, lines: tuple[Guarded, ...], carried: Carried, joint: Joint, back: _Live) -> _Acted:
        going: _Twins = []
        over: _Twins = []
        rest: tuple[Carried, Joint] | None = (carried, joint)
        for line in lines:
            if rest is None:
                break
            fit, rest = self._split(line, *rest)
            if fit is not None:
                some, others = yield from self._acts(line.action, *fit, back)
                going += some
                over += others
        return going, over if rest is None else [*over, rest]

    def _series(self, lines: tuple[Guarded, ...], carried: Carried, joint: Joint, back: _Live) -> _Acted:
        over: _Twins = []
        front: _Twins = [(carried, joint)]
        for line in lines:
            acted: _Twins = []
            for each in front:
                fit, left = self._split(line, *each)
                if left is not None:
                    over.append(left)
                if fit is not None:
                    some, others = yield from self._acts(line.action, *fit, back)
                    acted += some
                    over += others
            front = acted
        return front, over

    def _call(self, name: str, carried: Carried, joint: Joint) -> Generator[Call[_Live], _Live, _Twins]:
        """Walk a packet through a chain. Where no question is asked there, it does so once for all calls."""
        key = (name, carried.key())
        known = self.known.get(key)
        if isinstance(known, Outcome):
            joint.leads = known
            return []
        if known is not None:
            return [(known.twin(), joint)]
        before = len(self.questions)
        self.calls += 1
        if self.calls > _MOST_CALLS:
            raise TooManyWaysError
        inner = yield self._through(self.chains[name], 0, {key[1]: (carried, joint)})
        if len(self.questions) == before:
            if inner:
                ((after, _),) = inner.values()
                self.known[key] = after.twin()
            else:
                ended = joint.next
                assert isinstance(ended, Outcome)
                self.known[key] = ended
        return list(inner.values())

    def _join(self, live: _Live, carried: Carried, joint: Joint) -> None:
        """Let a packet join those at a line: twins that are alike are one."""
        key = carried.key()
        present = live.get(key)
        if present is None:
            if len(live) >= _MOST_TWINS:
                raise TooManyWaysError
            live[key] = (carried, joint)
        elif present[1] is not joint:
            joint.leads = present[1]

    def _end(self, action: Action | None, carried: Carried, joint: Joint) -> None:
        """Lines that do the same to the same packet lead to one outcome."""
        joint.leads = self.ends.setdefault((action, carried.key()), Outcome())


def _outcomes(at: Question | Outcome) -> int:
    return at.by_no | at.by_yes if isinstance(at, Question) else 1 << at.number
