"""Sets of packets through chains: first match decides, jumps come back.

Each line takes from what is left the packets that fit. A guard that cannot be decided takes them on a
choice: a variable of the diagram that says how the question is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterator, Mapping
from dataclasses import dataclass

from sekisho.semantics.control import Passed
from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.program import (
    Action,
    ChainCode,
    Continue,
    Guard,
    Guarded,
    Jump,
    NotUnderstood,
    Station,
)
from sekisho.symbolic.asked import looks_further
from sekisho.symbolic.bits import Set
from sekisho.symbolic.calls import Budget, Calls, Decided, Told, merged
from sekisho.symbolic.effects import effect
from sekisho.symbolic.fold import Fold
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.line_runs import Run, kind_of
from sekisho.symbolic.narrow import Lines, Narrowing
from sekisho.symbolic.reading import Cond, Within
from sekisho.symbolic.segments import Segment
from sekisho.symbolic.state import Front, State, add
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.slotted import replace
from sekisho.values.unwound import Call, unwound

# Chains with fewer lines for single destinations are walked line by line.
_LONG = 16
# What was found of guards, by their identity; the guard itself is held, lest another one gets its place.
Known = dict[int, tuple[Guard, Cond]]
# Packets to more destinations than this are taken to go anywhere.
_FEW = 256

# Makes simpler what comes back from a chain.
Returning = Callable[[str, Set], Set]


@dataclass(frozen=True, slots=True)
class _Passage:
    """What is the same for all packets that are in a chain together: see ``Flow.run``."""

    chains: Mapping[str, ChainCode]
    key: Hashable
    asked: list[Set] | None
    results: list[Decided]
    budget: Budget


# A line, its chain, and the passage.
_At = tuple[ChainCode, Guarded, _Passage]


class Flow(Fold[Set, _At]):
    """Runs chains in one space. ``returning`` may make sets simpler that come back from a chain. With
    ``bounds``, packets for which a guard cannot be decided are both taken and left: results are then upper
    bounds and may share packets. ``leans`` is what lines that any packet passed took for granted.
    """

    def __init__(self, guards: Guards) -> None:
        self.guards = guards
        self.space = guards.space
        self.narrowing = Narrowing()
        self._known: dict[State, Known] = {}
        self._calls = Calls()
        self.returning: Returning | None = None
        self.bounds = False
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
        """Walk a base chain; see ``reading.Running``."""
        passage = _Passage(chains, key, asked, [], Budget(base, self._calls.table(chains), len(front)))
        left = unwound(self._chain(base, passage, front))
        left_over = ((Passed(base, None, base.policy), state, some) for state, some in left.items())
        return [*passage.results, *left_over]

    def takers(self, chain: ChainCode, state: State, some: Set) -> Iterator[tuple[Guarded | None, Set]]:
        """The packets by the line of a chain without calls that fits them first; None: no line does."""
        for line in chain.lines:
            those = some & self.guards.holds(line.guard, state).yes
            if those.satisfiable():
                some &= ~those
                yield line, those
        if some.satisfiable():
            yield None, some

    def _chain(self, chain: ChainCode, passage: _Passage, front: Front) -> Call[Front]:
        """Walk one chain; what comes back at its end or by RETURN."""
        back: Front = {}
        table = self._calls.table(passage.chains)
        several = passage.asked is None and chain.name in table.several
        for state, some in front.items():
            if not several:
                if not self._may_walk(chain, passage, state, some):
                    continue
                yield from self._state_through(chain, passage, state, some, back)
                continue
            told = self._calls.known(chain, state, some, self.bounds)
            if told is None:
                if not self._may_walk(chain, passage, state, some):
                    continue
                here: Front = {}
                before, opened = len(passage.results), self._calls.opened
                yield from self._state_through(chain, passage, state, some, here)
                told = Told(merged(passage.results[before:]), here)
                passage.results[before:] = told.decided
                if self._calls.opened == opened:
                    self._calls.remember(chain, state, some, self.bounds, told)
            else:
                passage.results.extend(told.decided)
            for each, those in told.back.items():
                add(back, each, those)
        if self.returning is not None and chain.policy is None:
            return {each: self.returning(chain.name, those) for each, those in back.items()}
        return back

    def _may_walk(self, chain: ChainCode, passage: _Passage, state: State, some: Set) -> bool:
        """Whether there is a walk left for these packets; nobody can say what becomes of the others."""
        if passage.budget.spend():
            return True
        nobody = NotUnderstood(Doubt("too-many-calls"))
        passage.results.append((Passed(chain, None, nobody), state, some))
        return False

    def _state_through(
        self, chain: ChainCode, passage: _Passage, start: State, some: Set, back: Front
    ) -> Generator[Call[Front], Front, None]:
        """Walk the packets of one state; lines may change the state of some of them on the way."""
        live: Front = {start: some}
        run: Run | None = None
        known = self.known(start)
        narrowed = self.narrowing.lines(chain, passage.chains, start)
        unchanging = self._calls.table(passage.chains).unchanging
        for item in narrowed.towards(self._destinations(narrowed, start, some)):
            if not live:
                break  # a run that is not ended yet leaves its packets in ``live``
            if isinstance(item, Segment):
                if run is not None:
                    yield from self._end_run(run, chain, start, live, back, passage)
                    run = None
                live = yield from self._segment(item, chain, passage, live, back)
                continue
            line, guard = item
            kind = kind_of(line.action, unchanging)
            if run is not None and kind != run.kind:
                yield from self._end_run(run, chain, start, live, back, passage)
                run = None
            if kind is not None and len(live) == 1 and start in live:
                held = self.held(guard, start, known)
                if held.yes is held.maybe:
                    if held.yes.satisfiable():
                        run = run or Run(kind)
                        run.lines.append((line, held.yes))
                    continue
            if run is not None:
                yield from self._end_run(run, chain, start, live, back, passage)
                run = None
            changed: list[tuple[State, Set]] = []
            for state, rest in list(live.items()):
                held = self.held(guard, state, known) if state is start else self.guards.holds(guard, state)
                at = chain, line, passage
                fit, left = self._taken(line, at, held, rest, state)
                if left is rest:
                    continue
                if type(line.action) is Continue:
                    if line.action.lean is not None:
                        self.lean(line.action.lean)
                    continue
                if left.satisfiable():
                    live[state] = left
                else:
                    del live[state]
                if fit is not None:
                    going, over = yield from self.acted(line.action, at, state, fit, back)
                    changed += (*going.items(), *over.items())
            for state, those in changed:
                add(live, state, those)
        if run is not None:
            yield from self._end_run(run, chain, start, live, back, passage)
        for state, rest in live.items():
            add(back, state, rest)

    def _segment(
        self, segment: Segment, chain: ChainCode, passage: _Passage, live: Front, back: Front
    ) -> Generator[Call[Front], Front, Front]:
        """Walk a stretch of lines of which at most one acts on a packet; those that go on."""
        going: Front = {}
        for state, rest in live.items():
            for line, some in segment.held(state, self.space):
                fit = rest & some
                if fit.satisfiable():
                    rest &= ~some
                    at = chain, line, passage
                    _, over = yield from self.acted(line.action, at, state, fit, back)
                    for each, those in over.items():
                        add(going, each, those)
            add(going, state, rest)
        return going

    def _end_run(
        self, run: Run, chain: ChainCode, state: State, live: Front, back: Front, passage: _Passage
    ) -> Generator[Call[Front], Front, None]:
        """Let the packets go that a run of lines takes."""
        rest = live.pop(state)
        union = run.union(self.space)
        left = rest & ~union
        if left.satisfiable():
            live[state] = left
        if left == rest:
            return
        if run.kind == "return":
            add(back, state, rest & union)
            return
        if isinstance(run.kind, Jump):
            for each, some in (yield from self._called(run, chain, state, rest, union, passage)).items():
                add(live, each, some)
            return
        if run.kind == "accept":
            line = run.lines[0][0]
            passage.results.append((Passed(chain, line, line.action), state, rest & union))
            return
        for line, yes in run.apart(self.space.nothing):
            passage.results.append((Within(chain, line, line.action, within=rest), state, yes))

    def _called(
        self, run: Run, chain: ChainCode, state: State, rest: Set, union: Set, passage: _Passage
    ) -> Generator[Call[Front], Front, Front]:
        """Call a chain for all packets that any line of a run calls it for; what comes back. Where it asks an
        open question, each line asks for its own packets, those that came back from an earlier one too."""
        before, opened = len(passage.results), self._calls.opened
        line, nowhere = run.lines[0][0], dict[State, Set]()
        assert isinstance(run.kind, Jump)
        called = passage.chains[run.kind.chain]
        if id(called) not in self._calls.asking:
            at = chain, line, passage
            _, inner = yield from self.acted(line.action, at, state, rest & union, nowhere)
            if self._calls.opened == opened or len(run.lines) == 1:
                return inner
            self._calls.asking.add(id(called))  # not tried again: within others, each try would be two more
            del passage.results[before:]
        rest &= union
        for line, yes in run.lines:
            fit = rest & yes
            if fit.satisfiable():
                at = chain, line, passage
                _, inner = yield from self.acted(line.action, at, state, fit, nowhere)
                rest = (rest & ~yes) | inner.get(state, self.space.nothing)
        return {state: rest}

    # --------------------------------------------------------------------------- what lines do

    def split(self, line: Guarded, at: _At, state: State, some: Set) -> tuple[Set | None, Set]:
        return self._taken(line, at, self.guards.holds(line.guard, state), some, state)

    def call(self, name: str, at: _At, state: State, some: Set) -> Call[Front]:
        _, line, passage = at
        inside = replace(passage, key=self._calls.way(passage.key, line))
        return self._chain(passage.chains[name], inside, {state: some})

    def end(self, action: Action, at: _At, state: State, some: Set) -> None:
        chain, line, passage = at
        passage.results.append((Passed(chain, line, action), state, some))

    def join(self, live: Front, state: State, some: Set) -> None:
        add(live, state, some)

    def after(self, action: Action, state: State) -> State:
        return effect(action, state, self.space)

    def lean(self, lean: Lean) -> None:
        self.leans.setdefault(lean)

    def _destinations(self, lines: Lines, state: State, some: Set) -> IntSet | None:
        """Where the packets go, when that is known to be few places and the chain is long."""
        if len(lines.by_dst) < _LONG:
            return None
        dst = state.ends.dst
        if dst.value is not None:
            return IntSet.of(dst.value)
        met = some & self.space.member(dst, lines.singles)
        return self.space.few_values(met, dst, _FEW) if met.satisfiable() else EMPTY

    def known(self, state: State) -> Known:
        """What is remembered of guards for states that look like this one to them."""
        return self._known.setdefault(state.seen, {})

    def held(self, guard: Guard, state: State, known: Known) -> Cond:
        """Which packets fit, remembered for states that look alike to guards."""
        found = known.get(id(guard))
        if found is not None:
            return found[1]
        held = self.guards.holds(guard, state)
        if not looks_further(guard):
            known[id(guard)] = guard, held
        return held

    def _taken(self, line: Guarded, at: _At, held: Cond, rest: Set, state: State) -> tuple[Set | None, Set]:
        """The packets that a line takes (None: it takes none) and those that it leaves."""
        fit, left = rest & held.yes, rest
        if held.maybe is not held.yes and type(line.action) is not Continue:
            unclear = rest & held.maybe & ~held.yes
            if unclear.satisfiable():
                chain, _, passage = at
                self._calls.opened += not self.bounds
                if self.bounds:
                    return fit | unclear, rest & ~held.yes
                if passage.asked is not None:
                    passage.asked.append(unclear)
                elif self._calls.may_ask(passage.key, line, passage.budget):
                    why = self.guards.open_questions(line.guard, state, unclear)
                    fit |= unclear & self.space.choice((passage.key, id(line)), why)
                else:
                    doubt = Doubt("too-many-questions", (), line.evidence)
                    passage.results.append((Passed(chain, line, NotUnderstood(doubt)), state, unclear))
                    left = rest & ~unclear
        return (fit, left & ~fit) if fit.satisfiable() else (None, left)
