"""Chains that are called from several places, and the open questions that they ask there.

What a chain does to the same packets of the same state it does at every call, unless nobody can decide one of
its lines: that is asked anew at each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from sekisho.semantics.control import CHANGING, Passed, called, leading_to
from sekisho.semantics.program import (
    ChainCode,
    Guarded,
)
from sekisho.symbolic.bits import Set
from sekisho.symbolic.state import Front, State

# The packets of one state that a decision took.
Decided = tuple[Passed, State, Set]
# A line that is asked in more places than this is not understood there.
_MOST_PLACES = 1024
# So many questions of one passage are asked of a line that asked there before.
_MOST_AGAIN = 512
# Walks of chains that are not known from before, for packets of one state: so many, and for each call so
# many more. Where each chain changes packets between two calls of the next one, no walk is like another.
_MOST_WALKS = 1 << 11
_WALKS_EACH = 16


@dataclass(frozen=True, slots=True)
class Told:
    """What a chain did with packets: the decisions in it, and what came back."""

    decided: tuple[Decided, ...]
    back: Front


@dataclass(frozen=True, slots=True)
class Table:
    """``several`` are the chains that more than one line calls, ``calls`` is how many lines call any,
    ``unchanging`` are those in which, and in whose callees, no line changes what later ones ask."""

    chains: Mapping[str, ChainCode]
    several: frozenset[str]
    calls: int
    unchanging: frozenset[str]


class Budget:
    """How many walks of a chain are left in one passage of packets of so many states. ``spend`` tells whether
    there is one more."""

    def __init__(self, base: ChainCode, table: Table, states: int) -> None:
        self._left = states * (_MOST_WALKS + _WALKS_EACH * (len(base.lines) + table.calls))
        self._again = _MOST_AGAIN
        self._chains = len(table.chains)
        self._asked: set[int] = set()

    def spend(self) -> bool:
        self._left -= 1
        return self._left >= 0

    def ask(self, line: Guarded) -> bool:
        """Whether a line's question may be asked in one more place of the passage."""
        if id(line) in self._asked:
            self._again -= 1
            self._left += 2 * self._chains  # what was asked anew is walked anew, by all chains that led there
        self._asked.add(id(line))
        return self._again >= 0


def merged(decided: Sequence[Decided]) -> tuple[Decided, ...]:
    """The decisions, those of one line about packets of one state as one: a chain that calls another twice
    would tell everything of it twice."""
    found: dict[tuple[int, int, State], Decided] = {}
    for passed, state, some in decided:
        if type(passed) is not Passed or passed.line is None:
            return tuple(decided)
        key = (id(passed.line), id(passed.action), state)
        known = found.get(key)
        found[key] = (passed, state, some if known is None else known[2] | some)
    return tuple(found.values())


class _Way:
    """A call within others; one object for each."""


class Calls:
    """Remembers for one space. ``opened`` counts the times that a question was asked, ``asking`` are
    chains (by id) that were called for several lines at once and asked one."""

    def __init__(self) -> None:
        self.opened = 0
        self.asking: set[int] = set()
        self._tables: dict[int, Table] = {}
        self._told: dict[tuple[int, State, Set, bool], Told] = {}
        self._ways: dict[tuple[Hashable, int], _Way] = {}
        self._places: dict[int, set[Hashable]] = {}

    def way(self, key: Hashable, line: Guarded) -> Hashable:
        """The key of a call from a line, within a passage or another call."""
        found = self._ways.get((key, id(line)))
        if found is None:
            found = self._ways[key, id(line)] = _Way()
        return found

    def may_ask(self, key: Hashable, line: Guarded, budget: Budget) -> bool:
        """Whether a line's question is asked here once more, or there are too many already."""
        places = self._places.setdefault(id(line), set())
        if key not in places:
            if len(places) >= _MOST_PLACES or not budget.ask(line):
                return False
            places.add(key)
        return True

    def known(self, chain: ChainCode, state: State, some: Set, bounds: bool) -> Told | None:
        """What the chain did with these packets before."""
        return self._told.get((id(chain), state, some, bounds))

    def remember(self, chain: ChainCode, state: State, some: Set, bounds: bool, told: Told) -> None:
        """Note what a chain did, which asked no question."""
        self._told[id(chain), state, some, bounds] = told

    def table(self, chains: Mapping[str, ChainCode]) -> Table:
        """What is known of a table's chains beforehand."""
        found = self._tables.get(id(chains))
        if found is None:
            found = self._tables[id(chains)] = _table(chains)
        return found


def _table(chains: Mapping[str, ChainCode]) -> Table:
    calls = Counter(name for chain in chains.values() for line in chain.lines for name in called(line))
    several = frozenset(name for name, count in calls.items() if count > 1)
    return Table(chains, several, calls.total(), frozenset(chains.keys() - leading_to(CHANGING, chains)))
