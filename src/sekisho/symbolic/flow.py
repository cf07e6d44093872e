"""Sets of packets through chains: first match decides, jumps come back. The twin of ``semantics.chains``.

Each line takes from what is left the packets that fit. A guard that cannot be decided takes them on a
choice: a variable of the diagram that says how the question is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sekisho.semantics.chains import Passed
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    Accept,
    Action,
    All,
    AnyOf,
    ChainCode,
    Continue,
    CopyMark,
    FirstOf,
    Goto,
    Guard,
    Guarded,
    Jump,
    Members,
    Not,
    Return,
    ReversePath,
    Series,
    SetBits,
    SetZone,
    Translate,
    Unsure,
    Untrack,
)
from sekisho.symbolic.bits import Set
from sekisho.symbolic.effects import effect
from sekisho.symbolic.guards import Cond, Guards
from sekisho.symbolic.narrow import Lines, Narrowing, ask_apart, first_asked
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import Front, State, add
from sekisho.values.intset import EMPTY, IntSet

# Lines of these kinds are taken by runs.
_RUNS: tuple[type[Action], ...] = (Accept, Return, Translate)
# Chains with fewer lines for single destinations are walked line by line.
_LONG = 16
# What was found of guards, by their identity; the guard itself is held, lest another one gets its place.
Known = dict[int, tuple[Guard, Cond]]
# Packets to more destinations than this are taken to go anywhere.
_FEW = 256

# The packets of one state that a decision took.
Decided = tuple[Passed, State, Set]
# Told of every line that packets fit: where, and which.
Returning = Callable[[str, Set], Set]
Watcher = Callable[[ChainCode, Guarded, State, Set], None]


@dataclass(frozen=True, slots=True)
class _Place:
    """The line that acts, and what a jump from it needs."""

    chain: ChainCode
    line: Guarded
    chains: Mapping[str, ChainCode]
    key: object
    asked: list[Set] | None
    depth: int


@dataclass(frozen=True, slots=True)
class Within(Passed):
    """A translating line of a run: the packets that reach it are those of ``within`` that its set takes.

    Long runs of such lines are not intersected one by one with all that comes to them.
    """

    within: Set | None = None


@dataclass(slots=True)
class _Run:
    """Consecutive lines that end alike, with what each takes of all packets."""

    kind: type[Action]
    lines: list[tuple[Guarded, Set]] = field(default_factory=list)

    def union(self, space: Space) -> Set:
        """What any of the lines takes; neighbours are joined first."""
        return space.union(
            [some for _, some in sorted(self.lines, key=lambda item: first_asked(item[0].guard))]
        )

    def apart(self, nothing: Set) -> Iterator[tuple[Guarded, Set]]:
        """Each line with what the lines before have left to it."""
        if ask_apart([line.guard for line, _ in self.lines]):
            yield from self.lines
            return
        before = nothing
        for line, some in self.lines:
            if (some & before).satisfiable():
                some &= ~before
            before |= some
            yield line, some


class Flow:
    """Runs chains in one space. ``watch`` is told of every line that takes packets; ``returning`` may make
    sets simpler that come back from a chain. With ``bounds``, packets for which a guard cannot be decided
    are both taken and left: results are then upper bounds and may share packets.
    """

    def __init__(self, guards: Guards) -> None:
        self.guards = guards
        self.space = guards.space
        self.narrowing = Narrowing()
        self._known: dict[State, Known] = {}
        self.watch: Watcher | None = None
        self.returning: Returning | None = None
        self.bounds = False

    def run(
        self,
        base: ChainCode,
        chains: Mapping[str, ChainCode],
        front: Front,
        key: object,
        asked: list[Set] | None = None,
    ) -> list[Decided]:
        """Walk a base chain. Every packet ends in one of the results, its action never a jump or return.

        ``key`` tells this passage from others of the same packets, so that open questions are asked anew.
        With ``asked``, packets for which a guard cannot be decided are noted there and taken not to fit.
        """
        results: list[Decided] = []
        left = self._chain(base, chains, front, key, results, asked, 0)
        results += ((Passed(base, None, base.policy), state, some) for state, some in left.items())
        return results

    def _chain(
        self,
        chain: ChainCode,
        chains: Mapping[str, ChainCode],
        front: Front,
        key: object,
        results: list[Decided],
        asked: list[Set] | None,
        depth: int,
    ) -> Front:
        """Walk one chain; what comes back at its end or by RETURN."""
        if depth > 5000:
            raise RecursionError(chain.name)
        back: Front = {}
        for start, some in front.items():
            self._state_through(chain, chains, start, some, key, results, asked, depth, back)
        return back

    def _state_through(
        self,
        chain: ChainCode,
        chains: Mapping[str, ChainCode],
        start: State,
        some: Set,
        key: object,
        results: list[Decided],
        asked: list[Set] | None,
        depth: int,
        back: Front,
    ) -> None:
        """Walk the packets of one state; lines may change the state of some of them on the way."""
        live: Front = {start: some}
        run: _Run | None = None
        known = self.known(start)
        narrowed = self.narrowing.lines(chain, chains, start)
        for line, guard in narrowed.towards(self._destinations(narrowed, start, some)):
            if not live:
                break  # a run that is not ended yet leaves its packets in ``live``
            kind = type(line.action)
            if run is not None and kind is not run.kind:
                self._end_run(run, chain, start, live, back, results)
                run = None
            if kind in _RUNS and self.watch is None and len(live) == 1 and start in live:
                held = self.held(guard, start, known)
                if held.yes is held.maybe:
                    if held.yes.satisfiable():
                        run = run or _Run(kind)
                        run.lines.append((line, held.yes))
                    continue
            if run is not None:
                self._end_run(run, chain, start, live, back, results)
                run = None
            changed: list[tuple[State, Set]] = []
            for state, rest in list(live.items()):
                held = self.held(guard, state, known) if state is start else self.guards.holds(guard, state)
                taken = self._taken(line, held, rest, key, asked)
                if taken is None:
                    continue
                fit, left = taken
                if self.watch is not None:
                    self.watch(chain, line, state, fit)
                if type(line.action) is Continue:
                    continue
                if left.satisfiable():
                    live[state] = left
                else:
                    del live[state]
                going = self._act(
                    line.action, state, fit, _Place(chain, line, chains, key, asked, depth), back, results
                )
                changed += going.items()
            for state, those in changed:
                add(live, state, those)
        if run is not None:
            self._end_run(run, chain, start, live, back, results)
        for state, rest in live.items():
            add(back, state, rest)

    def _end_run(
        self, run: _Run, chain: ChainCode, state: State, live: Front, back: Front, results: list[Decided]
    ) -> None:
        """Let the packets go that a run of lines takes."""
        rest = live.pop(state)
        union = run.union(self.space)
        left = rest & ~union
        if left.satisfiable():
            live[state] = left
        if left == rest:
            return
        if run.kind is Return:
            add(back, state, rest & union)
            return
        if run.kind is Accept:
            line = run.lines[0][0]
            results.append((Passed(chain, line, line.action), state, rest & union))
            return
        for line, yes in run.apart(self.space.nothing):
            results.append((Within(chain, line, line.action, within=rest), state, yes))

    def _act(
        self, action: Action, state: State, fit: Set, place: _Place, back: Front, results: list[Decided]
    ) -> Front:
        """Carry out what a line does with the packets that fit; those that go on with the next line."""
        going, ended = self._acts(action, state, fit, place, back, results)
        for each, those in ended.items():
            add(going, each, those)
        return going

    def _acts(
        self, action: Action, state: State, fit: Set, place: _Place, back: Front, results: list[Decided]
    ) -> tuple[Front, Front]:
        """The packets that a rule's act lets go on in the rule, and those for which the rule has ended."""
        going: Front = {}
        ended: Front = {}
        match action:
            case Jump(name) | Goto(name):
                inner = self._chain(
                    place.chains[name], place.chains, {state: fit}, (place.key, id(place.line)), results,
                    place.asked, place.depth + 1,
                )  # fmt: skip
                if self.returning is not None:
                    inner = {each: self.returning(name, those) for each, those in inner.items()}
                if isinstance(action, Jump):
                    return {}, inner
                for each, those in inner.items():
                    add(back, each, those)
            case Return():
                add(back, state, fit)
            case Continue():
                add(going, state, fit)
            case SetBits() | CopyMark() | Untrack() | SetZone():
                add(going, effect(action, state, self.space), fit)
            case FirstOf(lines):
                for line in lines:
                    taken = self._fitting(line, line.guard, state, fit, place.key, place.asked)
                    if taken is not None:
                        part, fit = taken
                        self._merge(line, state, part, place, back, results, going, ended)
                add(ended, state, fit)
            case Series(lines):
                front: Front = {state: fit}
                for line in lines:
                    acted: Front = {}
                    for each, those in front.items():
                        taken = self._fitting(line, line.guard, each, those, place.key, place.asked)
                        if taken is None:
                            add(ended, each, those)
                            continue
                        part, left = taken
                        add(ended, each, left)
                        self._merge(line, each, part, place, back, results, acted, ended)
                    front = acted
                going = front
            case _:
                results.append((Passed(place.chain, place.line, action), state, fit))
        return going, ended

    def _merge(
        self,
        line: Guarded,
        state: State,
        some: Set,
        place: _Place,
        back: Front,
        results: list[Decided],
        going: Front,
        ended: Front,
    ) -> None:
        inner, over = self._acts(line.action, state, some, place, back, results)
        for each, those in inner.items():
            add(going, each, those)
        for each, those in over.items():
            add(ended, each, those)

    def _destinations(self, lines: Lines, state: State, some: Set) -> IntSet | None:
        """Where the packets go, when that is known to be few places and the chain is long."""
        if len(lines.by_dst) < _LONG:
            return None
        dst = state.ends.dst
        if dst.value is not None:
            return IntSet.of(dst.value)
        met = some & self.space.member(dst, lines.singles)
        return self.space.few_values(met, dst, _FEW) if met.satisfiable() else EMPTY

    def _fitting(
        self, line: Guarded, guard: Guard, state: State, rest: Set, key: object, asked: list[Set] | None
    ) -> tuple[Set, Set] | None:
        return self._taken(line, self.guards.holds(guard, state), rest, key, asked)

    def known(self, state: State) -> Known:
        """What is remembered of guards for states that look like this one to them."""
        return self._known.setdefault(state.seen, {})

    def held(self, guard: Guard, state: State, known: Known) -> Cond:
        """Which packets fit, remembered for states that look alike to guards."""
        found = known.get(id(guard))
        if found is not None:
            return found[1]
        held = self.guards.holds(guard, state)
        if not _looks_further(guard):
            known[id(guard)] = guard, held
        return held

    def _taken(
        self, line: Guarded, held: Cond, rest: Set, key: object, asked: list[Set] | None
    ) -> tuple[Set, Set] | None:
        """The packets that a line takes and those that it leaves; None where it takes none."""
        fit = rest & held.yes
        left: Set | None = None
        if held.maybe is not held.yes and type(line.action) is not Continue:
            unclear = rest & held.maybe & ~held.yes
            if unclear.satisfiable():
                if self.bounds:
                    left = rest & ~held.yes
                    fit |= unclear
                elif asked is None:
                    fit |= unclear & self.space.choice((key, id(line)), open_questions(line.guard))
                else:
                    asked.append(unclear)
        if not fit.satisfiable():
            return None
        return fit, rest & ~fit if left is None else left


def _looks_further(guard: Guard) -> bool:
    """Whether the guard sees more of a state than ``State.seen`` tells: the way back, or the interface as a
    part of what sets hold."""
    match guard:
        case ReversePath():
            return True
        case Members(fields):
            return "iif" in fields
        case All(parts) | AnyOf(parts):
            return any(_looks_further(part) for part in parts)
        case Not(inner):
            return _looks_further(inner)
        case _:
            return False


def open_questions(guard: Guard) -> tuple[Doubt, ...]:
    """Why a guard cannot be decided, for the packets of which it cannot."""
    match guard:
        case Unsure(doubt):
            return (doubt,)
        case All(parts) | AnyOf(parts):
            return tuple(doubt for part in parts for doubt in open_questions(part))
        case Not(inner):
            return open_questions(inner)
        case ReversePath():
            return (Doubt("reverse-path-undecided"),)
        case _:
            return ()
