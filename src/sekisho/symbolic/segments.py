"""Long stretches of lines that ask for one address only: routes, policy rules by source, lists of senders.

    10.1.2.0/24 via A      ┐                A: 10.1.2.0/24, 10.1.5.0/24, ...
    10.1.5.0/24 via A      │   taken as     B: 10.1.3.0/24, ...
    10.1.3.0/24 via B      ┘
    default via A                           one set of addresses for each thing that is done

Which line decides for an address is found with numbers, once; the diagrams are asked as often as different
things are done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise

from sekisho.semantics.program import Accept, Action, Guard, Guarded, In, Jump, Return, RouteTo
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import State
from sekisho.values.intset import Interval, IntSet

_FIELDS = ("src", "dst")
# Shorter stretches are walked line by line.
LONG = 64


@dataclass(slots=True)
class Segment:
    """What is done with the addresses of one field, each with one of the lines that do it."""

    name: str
    parts: tuple[tuple[Guarded, IntSet], ...]
    _held: dict[Bits, list[tuple[Guarded, Set]]] = field(default_factory=dict)

    def held(self, state: State, space: Space) -> list[tuple[Guarded, Set]]:
        """The packets of a state for which each thing is done."""
        bits = state.ends.src if self.name == "src" else state.ends.dst
        found = self._held.get(bits)
        if found is None:
            found = self._held[bits] = [(line, space.member(bits, values)) for line, values in self.parts]
        return found


# A line with what is still to be asked of it.
Asking = tuple[Guarded, Guard]
Item = Asking | Segment


def cut(lines: Sequence[Asking]) -> Iterator[Item]:
    """The lines in order, long stretches as one."""
    stretch: list[Asking] = []
    name: str | None = None
    for each in lines:
        asked = _asked(*each)
        if asked != name or asked is None:
            yield from _taken(stretch, name)
            stretch, name = [], asked
        if asked is None:
            yield each
        else:
            stretch.append(each)
    yield from _taken(stretch, name)


def _asked(line: Guarded, guard: Guard) -> str | None:
    """The field that the line asks for, where that is all and it does not matter which line does it."""
    action = line.action
    alike = type(action) in (Accept, Return, Jump) or (type(action) is RouteTo and len(action.ways) == 1)
    return guard.field if alike and type(guard) is In and guard.field in _FIELDS else None


def _taken(
    stretch: list[tuple[Guarded, Guard]], name: str | None
) -> Iterator[tuple[Guarded, Guard] | Segment]:
    if name is None or len(stretch) < LONG:
        yield from stretch
        return
    sets = [guard.values for _, guard in stretch if isinstance(guard, In)]
    decided, apart = _deciding(sets)
    if not apart and any(isinstance(line.action, Jump) for line, _ in stretch):
        yield from stretch  # what comes back from a call may be taken by a later line
        return
    by_action: dict[Action, tuple[Guarded, list[Interval]]] = {}
    for (line, _), spans in zip(stretch, decided, strict=True):
        if spans:
            by_action.setdefault(line.action, (line, []))[1].extend(spans)
    yield Segment(name, tuple((line, IntSet.from_intervals(spans)) for line, spans in by_action.values()))


def _deciding(sets: Sequence[IntSet]) -> tuple[list[list[Interval]], bool]:
    """The values for which each set is the first to hold them, and whether no two sets share any."""
    starts = sorted((first, place, last) for place, values in enumerate(sets) for first, last in values)
    edges = sorted({edge for first, _, last in starts for edge in (first, last + 1)})
    found: list[list[Interval]] = [[] for _ in sets]
    holding: list[tuple[int, int]] = []  # by place, with the last value
    at = 0
    for edge, next_ in pairwise(edges):
        while at < len(starts) and starts[at][0] == edge:
            heappush(holding, starts[at][1:])
            at += 1
        while holding and holding[0][1] < edge:
            heappop(holding)
        if holding:
            found[holding[0][0]].append((edge, next_ - 1))
    return found, all(one[2] < other[0] for one, other in pairwise(starts))
