"""Which lines of a chain could share packets with a box: per field, a bit set of lines for every interval.

    src  | 0 ... 10.0.0.0 ....... 10.1.0.0 ... |      each interval has the lines (bits of one integer) whose
         | {3}     {1,3,4}          {3,4}      |      condition on the field holds somewhere in it

The lines for a box are the intersection over the fields of the union over the intervals that it touches.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass

from sekisho.semantics.conjunction import conjuncts
from sekisho.semantics.control import LEAVING
from sekisho.semantics.fields import Field, width
from sekisho.semantics.program import (
    ChainCode,
    Goto,
    Guard,
    In,
    Interface,
    Jump,
    Members,
    Not,
)
from sekisho.symbolic.guards import interface_fits
from sekisho.symbolic.one_fields import READ, Value
from sekisho.symbolic.state import State
from sekisho.values.intset import IntSet

FIELDS: tuple[Field, ...] = ("dst", "src", "dport", "proto", "sport", "ctstate")
SIDES = ("iif", "oif")
# Actions with which a packet may leave a chain.
ENDING = (*LEAVING, Jump, Goto)


# For every guard of a set (by its place in memory), what is around its elements.
Around = dict[int, dict[str, IntSet]]


@dataclass(frozen=True, slots=True)
class Region:
    """The box around a guard: what it asks of single fields (absent: anything)."""

    values: dict[str, IntSet]
    names: dict[str, frozenset[str]]

    def meet(self, other: Region) -> Region:
        """The box around both guards together."""
        values = dict(self.values)
        for name, some in other.values.items():
            values[name] = values[name] & some if name in values else some
        names = dict(self.names)
        for name, those in other.names.items():
            names[name] = names[name] & those if name in names else those
        return Region(values, names)

    def without(self, fields: frozenset[str]) -> Region:
        """The box with these fields left open."""
        if fields.isdisjoint(self.values):
            return self
        return Region({name: some for name, some in self.values.items() if name not in fields}, self.names)


def hull(boxes: Iterable[Region]) -> Region | None:
    """The box around several; None around none."""
    found: Region | None = None
    spans: dict[str, list[tuple[int, int]]] = {}
    names: dict[str, frozenset[str]] = {}
    for box in boxes:
        if found is None:
            found = box
            spans = {name: list(some) for name, some in box.values.items()}
            names = dict(box.names)
            continue
        for name in [name for name in spans if name not in box.values]:
            del spans[name]
        for name, some in spans.items():
            some += box.values[name]
        names = {name: those | box.names[name] for name, those in names.items() if name in box.names}
    if found is None:
        return None
    return Region({name: IntSet.from_intervals(some) for name, some in spans.items()}, names)


def region(guard: Guard, interfaces: frozenset[str], address_bits: int, sets: Around) -> Region:
    """The box around a guard. ``interfaces`` are all names that count; ``sets`` remembers what is around the
    elements of a set, which many guards may name."""
    values: dict[str, IntSet] = {}
    names: dict[str, frozenset[str]] = {}
    for part in conjuncts(guard):
        inner, negated = (part.guard, True) if isinstance(part, Not) else (part, False)
        if isinstance(inner, In) and inner.field in FIELDS:
            bits = width(inner.field, address_bits)
            some = inner.values.complement(bits) if negated else inner.values
            if negated and inner.field in ("sport", "dport"):
                continue  # also holds for packets without ports
            values[inner.field] = values[inner.field] & some if inner.field in values else some
        elif isinstance(inner, Interface) and inner.field in SIDES:
            fitting = frozenset(name for name in interfaces if interface_fits(inner, name) != negated)
            names[inner.field] = names.get(inner.field, fitting) & fitting
        elif isinstance(inner, Members) and not negated:
            if id(inner) not in sets:
                sets[id(inner)] = _around(inner)
            for name, some in sets[id(inner)].items():
                values[name] = values[name] & some if name in values else some
    return Region(values, names)


def _around(guard: Members) -> dict[str, IntSet]:
    """For each field the values that some element has."""
    found: dict[str, IntSet] = {}
    for at, name in enumerate(guard.fields):
        name = "proto" if name == "setproto" else name
        if name in FIELDS:
            boxes = [entry[at] for entry, answer in guard.entries if answer]
            found[name] = IntSet.from_intervals(
                span for box in boxes if isinstance(box, IntSet) for span in box
            )
    return found


class Overlaps:
    """The index of one chain. ``ending`` are the lines that may end a packet's way, as bits. What lines ask
    of fields that are ``changing`` on the way is left out: any line may take any value of those."""

    def __init__(
        self,
        chain: ChainCode,
        interfaces: frozenset[str],
        address_bits: int,
        sets: Around,
        changing: frozenset[str] = frozenset(),
    ) -> None:
        boxes = (region(line.guard, interfaces, address_bits, sets) for line in chain.lines)
        self._lay_out(chain, [box.without(changing) for box in boxes])

    def _lay_out(self, chain: ChainCode, regions: list[Region]) -> None:
        self.regions = regions
        self.every = (1 << len(chain.lines)) - 1
        self.ending = sum(1 << at for at, line in enumerate(chain.lines) if type(line.action) in ENDING)
        self._starts: dict[str, list[int]] = {}
        self._masks: dict[str, list[int]] = {}
        self._free: dict[str, int] = {}
        for each in FIELDS:
            self._index(each)
        self._names: dict[str, dict[str, int]] = {side: {} for side in SIDES}
        for side in SIDES:
            free = 0
            for place, box in enumerate(self.regions):
                if side not in box.names:
                    free |= 1 << place
                for name in box.names.get(side, ()):
                    known = self._names[side]
                    known[name] = known.get(name, 0) | 1 << place
            self._free[side] = free

    def narrowed(self, chain: ChainCode, boxes: Mapping[int, Region]) -> Overlaps:
        """The index with smaller boxes for some of the lines, by their places."""
        made = copy(self)
        made._lay_out(chain, [boxes.get(place, box) for place, box in enumerate(self.regions)])
        return made

    def _index(self, name: str) -> None:
        free = 0
        events: dict[int, int] = {0: 0}
        for place, box in enumerate(self.regions):
            values = box.values.get(name)
            if values is None:
                free |= 1 << place
                continue
            for first, last in values:
                events[first] = events.get(first, 0) ^ 1 << place
                events[last + 1] = events.get(last + 1, 0) ^ 1 << place
        starts = sorted(events)
        masks: list[int] = []
        now = free
        for start in starts:
            now ^= events[start]
            masks.append(now)
        self._starts[name], self._masks[name], self._free[name] = starts, masks, free

    def lines(self, box: Region, before: int | None = None) -> Iterator[int]:
        """The places of lines, in order, that the box may share packets with."""
        found = self.every if before is None else (1 << before) - 1
        for name in FIELDS:
            values = box.values.get(name)
            if values is not None and found:
                found &= self._touched(name, values)
        for side in SIDES:
            names = box.names.get(side)
            if names is not None and found:
                mask = self._free[side]
                for each in names:
                    mask |= self._names[side].get(each, 0)
                found &= mask
        yield from places(found)

    def meeting(self, packet: State, before: int | None = None) -> Iterator[int]:
        """The same for one packet."""
        return places(self.met(packet, self.every if before is None else (1 << before) - 1))

    def met(self, packet: State, found: int) -> int:
        """Those of some lines that may take the packet, as bits."""
        for name in FIELDS:
            if not found:
                return 0
            found &= self.at(name, _stated(READ[name](packet)))
        for side in SIDES:
            found &= self.by(side, getattr(packet, side))
        return found

    def at(self, field: str, value: int | None) -> int:
        """The lines that may take packets with this value, as bits."""
        if value is None:
            return self._free[field]
        return self._masks[field][bisect_right(self._starts[field], value) - 1]

    def by(self, side: str, name: str | None) -> int:
        """The lines that may take packets of this interface, as bits."""
        return self._free[side] | self._names[side].get(name or "", 0)

    def _touched(self, name: str, values: IntSet) -> int:
        starts, masks = self._starts[name], self._masks[name]
        found = 0
        for first, last in values:
            at = bisect_right(starts, first) - 1
            end = at + 1 if first == last else bisect_right(starts, last)
            for mask in masks[at:end]:
                found |= mask
        return found


def _stated(value: Value) -> int | None:
    return value if isinstance(value, int) else None


def places(bits: int) -> Iterator[int]:
    """Where bits are set, from the lowest on."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
