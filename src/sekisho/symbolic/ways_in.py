"""How packets come to a line of a chain: by which calls of its chain, and past which earlier lines.

What a chain does with the same packets is found out once for each question: where chains call the next one
twice, there are more ways than could be followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from sekisho.semantics.control import (
    called,
    callees_first,
    calls_in,
    calls_of,
)
from sekisho.semantics.program import (
    ChainCode,
    Guarded,
)
from sekisho.symbolic.bits import Set
from sekisho.symbolic.overlap import Overlaps, Region
from sekisho.symbolic.past import Left, Looking
from sekisho.symbolic.reading import Cond
from sekisho.symbolic.samples import Samples
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import State
from sekisho.values.unwound import Call, unwound

# Boxes of ways to call a chain that are looked at.
_WAYS = 3
# Ways to call a chain that are followed for one line at most; with more, it is not called dead.
MOST_WAYS = 256


@dataclass(slots=True)
class Search:
    """One line's packets on the way to it: ``proof`` are the lines that take some of them."""

    proof: dict[int, tuple[ChainCode, Guarded]] = field(default_factory=dict)
    ways: int = 0
    passed: dict[tuple[str, Set], Left] = field(default_factory=dict)
    come: dict[tuple[str, int, Set], Set] = field(default_factory=dict)


class WaysIn:
    """The calls of one station's chains. ``hold`` tells which packets a line takes, ``index`` a chain's
    overlaps, ``begins`` whether any packet may set out at its head."""

    def __init__(
        self,
        space: Space,
        base: ChainCode,
        chains: Mapping[str, ChainCode],
        samples: Samples,
        hold: Callable[[Guarded], Cond],
        index: Callable[[ChainCode], Overlaps],
        begins: Callable[[ChainCode], bool],
    ) -> None:
        self.space = space
        self.base = base
        self.chains = chains
        self.samples = samples
        self._come: dict[tuple[object, ...], dict[tuple[str, int], bool]] = {}
        self._hold = hold
        self._index = index
        self._begins = begins
        self.callers: dict[str, list[tuple[ChainCode, int]]] = {name: [] for name in chains}
        for chain in chains.values():
            for place, line in enumerate(chain.lines):
                for name in called(line):
                    if name in chains:
                        self.callers[name].append((chain, place))

    # ------------------------------------------------------------------------------- ways and samples

    def boxes(self, chain: ChainCode) -> list[Region]:
        """The boxes of a few ways in which a chain is called."""
        return self._ways_to(chain, self._boxes)

    def _ways_to(self, chain: ChainCode, called: Mapping[str, list[Region]]) -> list[Region]:
        whole = [Region({}, {})] if self._begins(chain) else []
        return [*whole, *called.get(chain.name, ())][:_WAYS]

    @cached_property
    def _boxes(self) -> dict[str, list[Region]]:
        found: dict[str, list[Region]] = {}
        for name in reversed(callees_first(calls_of(self.base), calls_in(self.chains))):
            every = (
                outer.meet(self._index(caller).regions[at])
                for caller, at in self.callers[name]
                for outer in self._ways_to(caller, found)
            )
            found[name] = list(islice(every, _WAYS))
        return found

    def sample_comes(self, chain: ChainCode, place: int, packet: State) -> bool:
        """Whether the packet may come to the place in the chain, by some way of calling it."""
        passed = self.samples.passing(packet)
        # Lines of chains that call one another get the same packet: it is followed to what is known of it.
        known = self._come.setdefault(tuple(packet.__dict__.values()), {})
        led: dict[tuple[str, int], tuple[str, int] | None] = {}
        waiting: list[tuple[ChainCode, int, tuple[str, int] | None]] = [(chain, place, None)]
        while waiting:
            chain, place, inner = waiting.pop()
            here = (chain.name, place)
            if here in led or known.get(here) is False:
                continue
            led[here] = inner
            if here not in known and not passed(chain, place):
                continue
            if known.get(here) or self._begins(chain):
                at: tuple[str, int] | None = here
                while at is not None:
                    known[at] = True
                    at = led[at]
                return True
            waiting += (
                (caller, line, here)
                for caller, line in self.callers[chain.name]
                if self.samples.fits(caller.lines[line].guard, packet) is not False
            )
        known.update(dict.fromkeys(led, False))
        return False

    # ------------------------------------------------------------------------------------------ sets

    def arrives(self, chain: ChainCode, place: int, some: Set, box: Region, search: Search) -> bool:
        """Whether any of the packets, which are in the box, may come to the place in the chain."""
        return unwound(self._coming(chain, place, some, box, search)).satisfiable()

    def _coming(self, chain: ChainCode, place: int, some: Set, box: Region, search: Search) -> Call[Set]:
        if self._begins(chain):
            return self._past(chain, some, box, search, place)
        asked = (chain.name, place, some)
        if asked in search.come:
            return search.come[asked]
        found = self.space.nothing
        for caller, at in self.callers[chain.name]:
            search.ways += 1
            if search.ways > MOST_WAYS:
                return some
            jump = caller.lines[at]
            entering = some & self._hold(jump).maybe
            if not entering.satisfiable():
                continue
            inside = box.meet(self._index(caller).regions[at])
            entering = yield self._coming(caller, at, entering, inside, search)
            if entering.satisfiable():
                left = self._past(chain, entering, inside, search, place)
                if left.satisfiable():
                    found = left
                    break
        search.come[asked] = found
        return found

    def _past(self, chain: ChainCode, some: Set, box: Region, search: Search, before: int) -> Set:
        return self._looking(box, search).past(chain, some, before)[0]

    def _looking(self, box: Region, search: Search) -> Looking:
        def inside(chain: ChainCode, place: int) -> Looking:
            return self._looking(box.meet(self._index(chain).regions[place]), search)

        def takes(chain: ChainCode, line: Guarded) -> None:
            search.proof[id(line)] = (chain, line)

        def lines(chain: ChainCode, before: int | None) -> Iterator[int]:
            return self._index(chain).lines(box, before)

        return Looking(self.chains, self.space.nothing, lines, self._hold, inside, takes, search.passed)
