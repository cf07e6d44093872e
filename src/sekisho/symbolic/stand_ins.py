"""Very large sets of addresses in the rules of one station, each replaced by a small one that acts like it.

Addresses that the same sets hold are the same to every rule. Where a large set holds some of the addresses
between the edges of all small sets, one address stands for those that it holds, and one for the others:

    small sets    |--- 10.0.0.0/8 ---|              their edges
    a large one   | |||  ||  | || ||||  ||  |       a million addresses
    stands in     |.                 |.             one address within 10.0.0.0/8, and one outside

What is found with the stand-ins is turned back into what they stand for (``real``). The number of questions
that a diagram asks is then that of the rules, not that of the addresses.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sekisho.semantics.conjunction import leaves
from sekisho.semantics.control import single
from sekisho.semantics.program import (
    All,
    AnyOf,
    ChainCode,
    FirstOf,
    Guard,
    Guarded,
    In,
    Masked,
    Members,
    Not,
    Series,
    Station,
    Translate,
)
from sekisho.values.address import BITS, Family
from sekisho.values.intset import IntSet

# Fields whose sets may be that large.
FIELDS = ("src", "dst")
# A set with more intervals than this is a large one.
LARGE = 2048


@dataclass(frozen=True, slots=True)
class _Cell:
    """Addresses between two edges of small sets, of which large sets hold some: ``told`` are the addresses
    that stand in, by which of the large sets (as bits) hold what they stand for; the last of them stands with
    all addresses of the cell that do not stand in for others."""

    first: int
    last: int
    told: tuple[tuple[int, int], ...]

    def stands(self) -> Iterator[tuple[int, tuple[tuple[int, int], ...]]]:
        """(large sets, the intervals that stand in) of each kind of address."""
        *single, (rest, _) = self.told
        for large, address in single:
            yield large, ((address, address),)
        taken = IntSet.of(*(address for _, address in single))
        whole = IntSet.span(self.first, self.last)
        yield rest, tuple(whole.minus(taken, 128)) if single else whole.intervals


class StandIns:
    """Those of one field in one station."""

    def __init__(self, sets: list[IntSet], bits: int) -> None:
        self._bits = bits
        self._large = [some for some in sets if len(some.intervals) > LARGE]
        small = (some for some in sets if len(some.intervals) <= LARGE)
        self._cells = self._found(sorted({edge for some in small for span in some for edge in _edges(span)}))
        self._starts = [cell.first for cell in self._cells]
        self._for = {id(some): self._stand_in(at) for at, some in enumerate(self._large)}
        self._real: dict[IntSet, IntSet] = {}

    def _found(self, edges: list[int]) -> list[_Cell]:
        """The cells where large sets hold some addresses and not others."""
        size = len(self._large)
        events = [edge * (size + 1) + size for edge in (*edges, 1 << self._bits)]
        for at, some in enumerate(self._large):
            events += (edge * (size + 1) + at for span in some for edge in _edges(span))
        events.sort()
        cells: list[_Cell] = []
        start = before = now = 0
        told: dict[int, int] = {}
        for event in events:
            edge, which = divmod(event, size + 1)
            if edge > before:
                told.setdefault(now, before)
                before = edge
            if which < size:
                now ^= 1 << which
            else:
                if len(told) > 1:
                    cells.append(_Cell(start, edge - 1, tuple(told.items())))
                start, told = edge, {}
        return cells

    def _stand_in(self, at: int) -> IntSet:
        """What stands for one of the large sets: whole cells as they are, and its addresses of the others."""
        some = self._large[at]
        found = [
            span
            for cell in self._cells
            for large, spans in cell.stands()
            if large >> at & 1
            for span in spans
        ]
        return IntSet.from_intervals((*found, *_outside(some, self._cells)))

    def of(self, some: IntSet) -> IntSet:
        """The set, or what stands in for it."""
        return self._for.get(id(some), some)

    def real(self, some: IntSet) -> IntSet:
        """What a set found with stand-ins stands for."""
        known = self._real.get(some)
        if known is None:
            known = self._real[some] = self._meant(some)
        return known

    def _meant(self, some: IntSet) -> IntSet:
        found: list[tuple[int, int]] = []
        partly: list[_Cell] = []
        for cell in self._cells:
            held = [large for large, spans in cell.stands() if spans and spans[0][0] in some]
            if 0 < len(held) < len(cell.told):
                partly.append(cell)
                for large in held:
                    found += self._addresses(cell, large)
        if not partly:
            return some
        return IntSet.from_intervals((*found, *_outside(some, partly)))

    def _addresses(self, cell: _Cell, large: int) -> IntSet:
        """The addresses of a cell that just these large sets hold."""
        found = IntSet.span(cell.first, cell.last)
        for at, some in enumerate(self._large):
            inside = _within(some, cell.first, cell.last)
            found = found & inside if large >> at & 1 else found.minus(inside, self._bits)
        return found


def _edges(span: tuple[int, int]) -> tuple[int, int]:
    return span[0], span[1] + 1


def _within(some: IntSet, first: int, last: int) -> IntSet:
    """The part of a set between two values."""
    intervals = some.intervals
    at = bisect_left(intervals, (first,))
    if at and intervals[at - 1][1] >= first:
        at -= 1
    part = intervals[at : bisect_right(intervals, (last, 1 << 200))]
    return IntSet(tuple((max(one, first), min(other, last)) for one, other in part))


def _outside(some: IntSet, cells: list[_Cell]) -> Iterator[tuple[int, int]]:
    """The part of a set that is in none of the cells."""
    start = 0
    for cell in cells:
        yield from _within(some, start, cell.first - 1)
        start = cell.last + 1
    yield from _within(some, start, 1 << 128)


# -------------------------------------------------------------------------------------------- rules


@dataclass(frozen=True, slots=True)
class Small:
    """A station without large sets, and what stands in for them by field."""

    station: Station
    fields: Mapping[str, StandIns]

    def real(self, name: str, values: IntSet) -> IntSet:
        """What values of a field stand for."""
        return self.fields[name].real(values) if name in self.fields else values


def without_large_sets(station: Station, family: Family) -> Small:
    """The station as it is, where no rule asks for a large set of addresses."""
    asked: dict[str, dict[int, IntSet]] = {name: {} for name in FIELDS}
    masked: set[str] = set()
    for line in single(*station.every):
        exempt = (line.action.exempt,) if isinstance(line.action, Translate) else ()
        for guard in (line.guard, *exempt):
            _collect(guard, asked, masked)
    fields = {
        name: StandIns(list(sets.values()), BITS[family])
        for name, sets in asked.items()
        if name not in masked and any(len(some.intervals) > LARGE for some in sets.values())
    }
    if not fields:
        return Small(station, {})
    chains = {name: _replaced(chain, fields) for name, chain in station.chains.items()}
    return Small(replace(station, base=_replaced(station.base, fields), chains=chains), fields)


def _collect(guard: Guard, asked: dict[str, dict[int, IntSet]], masked: set[str]) -> None:
    for leaf in leaves(guard):
        match leaf:
            case In(name, values) if name in asked:
                asked[name][id(values)] = values
            case Masked(name):
                masked.add(name)
            case Members(fields, entries):
                for at, each in enumerate(fields):
                    for boxes, _ in entries if each in asked else ():
                        box = boxes[at]
                        assert isinstance(box, IntSet)
                        asked[each][id(box)] = box


def _replaced(chain: ChainCode, fields: Mapping[str, StandIns]) -> ChainCode:
    return replace(chain, lines=tuple(_line(line, fields) for line in chain.lines))


def _line(line: Guarded, fields: Mapping[str, StandIns]) -> Guarded:
    guard, action = _guard(line.guard, fields), line.action
    if isinstance(action, FirstOf | Series):
        action = replace(action, lines=tuple(_line(each, fields) for each in action.lines))
    return (
        line if guard is line.guard and action is line.action else replace(line, guard=guard, action=action)
    )


def _guard(guard: Guard, fields: Mapping[str, StandIns]) -> Guard:
    match guard:
        case In(name, values) if name in fields:
            stands = fields[name].of(values)
            return guard if stands is values else In(name, stands)
        case Members(names, entries) if any(name in fields for name in names):
            return Members(names, tuple((_boxes(names, boxes, fields), holds) for boxes, holds in entries))
        case All(inner) | AnyOf(inner):
            changed = tuple(_guard(part, fields) for part in inner)
            same = all(one is other for one, other in zip(inner, changed, strict=True))
            return guard if same else replace(guard, guards=changed)
        case Not(part):
            inside = _guard(part, fields)
            return guard if inside is part else Not(inside)
        case _:
            return guard


def _boxes(
    names: tuple[str, ...], boxes: tuple[IntSet | str, ...], fields: Mapping[str, StandIns]
) -> tuple[IntSet | str, ...]:
    return tuple(
        fields[name].of(box) if name in fields and isinstance(box, IntSet) else box
        for name, box in zip(names, boxes, strict=True)
    )
