"""Chains that are called from several places, and the open questions that they ask there.

What a chain does to the same packets of the same state it does at every call, unless nobody can decide one of
its lines: that is asked anew at each.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from sekisho.semantics.chains import Passed
from sekisho.semantics.conjunction import parts
from sekisho.semantics.program import ChainCode, Goto, Guarded, Jump
from sekisho.symbolic.bits import Set
from sekisho.symbolic.state import Front, State

# The packets of one state that a decision took.
Decided = tuple[Passed, State, Set]
# A line that is asked in more places than this is not understood there.
_MOST_PLACES = 1024


@dataclass(frozen=True, slots=True)
class Told:
    """What a chain did with packets: the decisions in it, and what came back."""

    decided: tuple[Decided, ...]
    back: Front


class _Way:
    """A call within others; one object for each."""


class Calls:
    """Remembers for one space. ``opened`` counts the times that a question was asked."""

    def __init__(self) -> None:
        self.opened = 0
        self._several: dict[int, tuple[Mapping[str, ChainCode], frozenset[str]]] = {}
        self._told: dict[tuple[int, State, Set, bool], Told] = {}
        self._ways: dict[tuple[Hashable, int], _Way] = {}
        self._places: dict[int, set[Hashable]] = {}

    def way(self, key: Hashable, line: Guarded) -> Hashable:
        """The key of a call from a line, within a passage or another call."""
        found = self._ways.get((key, id(line)))
        if found is None:
            found = self._ways[key, id(line)] = _Way()
        return found

    def may_ask(self, key: Hashable, line: Guarded) -> bool:
        """Whether a line's question is asked here once more, or there are too many already."""
        places = self._places.setdefault(id(line), set())
        if key not in places:
            if len(places) >= _MOST_PLACES:
                return False
            places.add(key)
        return True

    def known(self, chain: ChainCode, state: State, some: Set, bounds: bool) -> Told | None:
        """What the chain did with these packets before."""
        return self._told.get((id(chain), state, some, bounds))

    def remember(self, chain: ChainCode, state: State, some: Set, bounds: bool, told: Told) -> None:
        """Note what a chain did, which asked no question."""
        self._told[id(chain), state, some, bounds] = told

    def several(self, chains: Mapping[str, ChainCode]) -> frozenset[str]:
        """The chains of a table that more than one line calls."""
        found = self._several.get(id(chains))
        if found is None:
            seen: set[str] = set()
            again: set[str] = set()
            for chain in chains.values():
                for line in chain.lines:
                    for part in parts(line):
                        if isinstance(part.action, Jump | Goto):
                            name = part.action.chain
                            (again if name in seen else seen).add(name)
            found = self._several[id(chains)] = (chains, frozenset(again))
        return found[1]
