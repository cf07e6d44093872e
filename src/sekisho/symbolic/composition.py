"""What chains do to all packets, put together from what their parts do: no packet is followed.

    lines 1-4           lines 5-8              what the first half takes
    |--------|          |--------|             is taken off the second's
     taken L             taken R      ->       taken L + R,  accepted L + (accepted R - taken L), ...

Halves of halves, down to single lines, are small sets; a walk from line to line would carry the set of all
packets that are left past each of them. A chain that is called from many places is read once. Only where no
line changes what later ones ask (a mark, tracking) is this the same as walking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sekisho.semantics.control import CHANGING, LEAVING, callees_first, calls_in, calls_of
from sekisho.semantics.program import (
    Accept,
    Action,
    ChainCode,
    Continue,
    FirstOf,
    Goto,
    Guard,
    Guarded,
    Jump,
    NotUnderstood,
    Series,
    Station,
)
from sekisho.symbolic.bits import Set
from sekisho.symbolic.narrow import first_asked
from sekisho.symbolic.reading import Cond
from sekisho.symbolic.space import Space


def changes_nothing(station: Station) -> bool:
    """Whether no line changes what later lines may ask of a packet. A rule that acts more than once does so
    with all its acts but the last."""
    return not any(_changes(line.action) for chain in station.every for line in chain.lines)


def _changes(action: Action) -> bool:
    if isinstance(action, FirstOf):
        return any(_changes(line.action) for line in action.lines)
    return isinstance(action, (Series, *CHANGING))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What consecutive lines do. ``taken`` never come to the next line, for certain; the others are upper
    bounds where guards cannot be decided: the packets ``accepted``, sent ``back`` to the caller, and
    ``refused`` (None: all others that are taken; then nothing is a bound)."""

    taken: Set
    accepted: Set
    back: Set
    refused: Set | None = None

    @property
    def not_let(self) -> Set:
        """The packets refused."""
        return self.taken & ~(self.accepted | self.back) if self.refused is None else self.refused

    def then(self, later: Outcome) -> Outcome:
        """These lines, then others."""
        taken = self.taken | later.taken
        if self.refused is None and later.refused is None:
            accepted, back = (
                self.taken.ite(mine, theirs)
                for mine, theirs in ((self.accepted, later.accepted), (self.back, later.back))
            )
            return Outcome(taken, accepted, back)
        left = ~self.taken
        return Outcome(
            taken,
            self.accepted | (later.accepted & left),
            self.back | (later.back & left),
            self.not_let | (later.not_let & left),
        )


class Composition:
    """Puts together what a station's chains do to ``some`` packets. ``holds`` tells which packets fit a
    guard, ``simpler`` may forget of what a chain does what nobody asks for any more."""

    def __init__(
        self,
        space: Space,
        station: Station,
        some: Set,
        holds: Callable[[Guard], Cond],
        simpler: Callable[[str, Set], Set],
    ) -> None:
        self.space = space
        self.chains: Mapping[str, ChainCode] = station.chains
        self.base = station.base
        self.some = some
        self._holds = holds
        self._simpler = simpler
        self._known: dict[str, Outcome] = {}
        nothing = space.nothing
        self._none = Outcome(nothing, nothing, nothing)

    def verdicts(self) -> tuple[Set, Set]:
        """The packets that the station may accept, and those that it may refuse."""
        for name in callees_first(calls_of(self.base), calls_in(self.chains)):
            self._known[name] = self._call(name)
        whole = self._chain(self.base)
        left = (self.some & ~whole.taken) | whole.back
        accepts = isinstance(self.base.policy, Accept | NotUnderstood)
        refuses = not isinstance(self.base.policy, Accept)
        return whole.accepted | (left if accepts else self.space.nothing), (
            whole.not_let | left if refuses else whole.not_let
        )

    def _chain(self, chain: ChainCode) -> Outcome:
        outcomes = list(self._outcomes(chain))
        while len(outcomes) > 1:
            odd = outcomes[-1:] if len(outcomes) % 2 else []
            pairs = zip(outcomes[::2], outcomes[1::2], strict=False)
            outcomes = [*(first.then(second) for first, second in pairs), *odd]
        return outcomes[0] if outcomes else self._none

    def _outcomes(self, chain: ChainCode) -> Iterator[Outcome]:
        """Of each line that acts on some of the packets; lines in a row that end alike are one."""
        run: list[tuple[Guarded, Set]] = []
        kind: str | None = None
        for line in chain.lines:
            held = self._held(line.guard)
            if held is None or isinstance(line.action, Continue):
                continue
            ends = LEAVING.get(type(line.action)) if held.yes is held.maybe else None
            if run and ends != kind:
                yield self._run(run)
                run = []
            kind = ends
            if ends is not None:
                run.append((line, held.yes))
            else:
                yield self._acted(line.action, held)
        if run:
            yield self._run(run)

    def _held(self, guard: Guard, among: Cond | None = None) -> Cond | None:
        """The packets that fit, as far as they count; None where there are none."""
        held = self._holds(guard)
        within = among or Cond(self.some, self.some)
        maybe = held.maybe & within.maybe
        if not maybe.satisfiable():
            return None
        exact = held.yes is held.maybe and within.yes is within.maybe
        return Cond(maybe if exact else held.yes & within.yes, maybe)

    def _run(self, run: list[tuple[Guarded, Set]]) -> Outcome:
        """Lines that do the same: their order does not count, so neighbours are joined first."""
        run.sort(key=lambda item: first_asked(item[0].guard))
        union = self.space.union([some for _, some in run])
        return self._acted(run[0][0].action, Cond(union, union))

    def _acted(self, action: Action, held: Cond) -> Outcome:
        """What an act does with packets that certainly or perhaps fit."""
        nothing, exact = self.space.nothing, held.yes is held.maybe
        match action:
            case Jump(name) | Goto(name):
                called = self._known[name]
                accepted, through = held.maybe & called.accepted, held.maybe & called.back
                refused = None if exact and called.refused is None else held.maybe & called.not_let
                if isinstance(action, Jump):
                    return Outcome(held.yes & ~through, accepted, nothing, refused)
                return Outcome(held.yes, accepted, through, refused)
            case FirstOf(lines):
                return self._first_of(lines, held)
            case NotUnderstood():
                return Outcome(nothing, held.maybe, held.maybe, held.maybe)
        match LEAVING[type(action)]:
            case "accepted":
                return Outcome(held.yes, held.maybe, nothing, None if exact else nothing)
            case "back":
                return Outcome(held.yes, nothing, held.maybe, None if exact else nothing)
            case _:
                return Outcome(held.yes, nothing, nothing, None if exact else held.maybe)

    def _call(self, name: str) -> Outcome:
        """What a chain does; ``back`` are then all that may come back from it."""
        inner = self._chain(self.chains[name])
        returned = (self.some & ~inner.taken) | inner.back
        through, accepted = self._simpler(name, returned), self._simpler(name, inner.accepted)
        exact = inner.refused is None and (through, accepted) == (returned, inner.accepted)
        refused = None if exact else self._simpler(name, inner.not_let)
        return Outcome(self.some & ~through, accepted, through, refused)

    def _first_of(self, lines: tuple[Guarded, ...], rest: Cond) -> Outcome:
        """The first line that fits acts; whom it lets go on has done with the others too."""
        found = self._none
        for line in lines:
            held = self._held(line.guard, rest)
            if held is None:
                continue
            if not isinstance(line.action, Continue):
                found = _beside(found, self._acted(line.action, held))
            rest = _without(rest, held.yes, held.maybe)
        return found


def _without(some: Cond, taken: Set, perhaps: Set) -> Cond:
    """What is left where some packets are taken for certain, and more of them perhaps."""
    left = some.maybe & ~taken
    return Cond(left if some.yes is some.maybe and taken is perhaps else some.yes & ~perhaps, left)


def _beside(one: Outcome, other: Outcome) -> Outcome:
    """Two outcomes of packets that are apart."""
    exact = one.refused is None and other.refused is None
    return Outcome(
        one.taken | other.taken,
        one.accepted | other.accepted,
        one.back | other.back,
        None if exact else one.not_let | other.not_let,
    )
