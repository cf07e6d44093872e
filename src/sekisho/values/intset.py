"""Sets of unsigned integers as sorted, disjoint, closed intervals.

The one set type behind address, port, protocol and ICMP type conditions: a prefix is one interval,
``! -d 127.0.0.0/8`` two.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sekisho.values.address import Prefix

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class IntSet:
    """``intervals`` are (first, last) pairs, ascending, with a gap of at least one between two."""

    intervals: tuple[Interval, ...]

    @staticmethod
    def of(*values: int) -> IntSet:
        """The set of these single values."""
        return IntSet.of_values(values)

    @staticmethod
    def of_values(values: Iterable[int]) -> IntSet:
        """The set of any pile of single values."""
        merged: list[Interval] = []
        first = last = -2
        for value in sorted(values):
            if value > last + 1:
                if last >= 0:
                    merged.append((first, last))
                first = value
            last = value
        if last >= 0:
            merged.append((first, last))
        return IntSet(tuple(merged))

    @staticmethod
    def span(first: int, last: int) -> IntSet:
        """All values from ``first`` to ``last``, both included; empty when last < first."""
        return IntSet(((first, last),)) if first <= last else EMPTY

    @staticmethod
    def prefix(prefix: Prefix) -> IntSet:
        """The addresses of a prefix."""
        return IntSet(((prefix.first, prefix.last),))

    @staticmethod
    def masked(mask: int, value: int, bits: int) -> IntSet:
        """The numbers of ``bits`` bits with ``number & mask == value``: as many intervals as the free bits
        above the lowest bit of the mask allow."""
        top = (1 << bits) - 1
        mask &= top
        if value & ~mask:
            return EMPTY
        low = (mask & -mask).bit_length() - 1 if mask else bits
        free = ~mask & top >> low << low
        found: list[Interval] = []
        above = free
        while True:
            found.append((value | above, value | above | (1 << low) - 1))
            if above == 0:
                return IntSet.from_intervals(found)
            above = above - 1 & free

    @staticmethod
    def from_intervals(intervals: Iterable[Interval]) -> IntSet:
        """Normalise any pile of (first, last) pairs; pairs with last < first are empty."""
        merged: list[Interval] = []
        for first, last in sorted(intervals):
            if last < first:
                continue
            if merged and first <= merged[-1][1] + 1:
                if last > merged[-1][1]:
                    merged[-1] = (merged[-1][0], last)
            else:
                merged.append((first, last))
        return IntSet(tuple(merged))

    def __contains__(self, value: int) -> bool:
        intervals = self.intervals
        if len(intervals) == 1:
            first, last = intervals[0]
            return first <= value <= last
        at = bisect_right(intervals, (value, _INFINITY)) - 1
        return at >= 0 and intervals[at][1] >= value

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __iter__(self) -> Iterator[Interval]:
        return iter(self.intervals)

    def __or__(self, other: IntSet) -> IntSet:
        return IntSet.from_intervals(self.intervals + other.intervals)

    def __and__(self, other: IntSet) -> IntSet:
        mine, theirs, both = self.intervals, other.intervals, []
        i = j = 0
        while i < len(mine) and j < len(theirs):
            first = max(mine[i][0], theirs[j][0])
            last = min(mine[i][1], theirs[j][1])
            if first <= last:
                both.append((first, last))
            if mine[i][1] < theirs[j][1]:
                i += 1
            else:
                j += 1
        return IntSet(tuple(both))

    def complement(self, bits: int) -> IntSet:
        """All values of ``bits`` bits that are not in this set."""
        gaps: list[Interval] = []
        start = 0
        for first, last in self.intervals:
            if start < first:
                gaps.append((start, first - 1))
            start = last + 1
        if start <= (1 << bits) - 1:
            gaps.append((start, (1 << bits) - 1))
        return IntSet(tuple(gaps))

    def minus(self, other: IntSet, bits: int) -> IntSet:
        """The values of this set that are not in ``other``."""
        return self & other.complement(bits)

    def size(self) -> int:
        """How many values the set holds."""
        return sum(last - first + 1 for first, last in self.intervals)


_INFINITY = 1 << 200
EMPTY = IntSet(())


def prefixes_of(values: IntSet, bits: int, most: int | None = None) -> list[Interval]:
    """Cut a set into CIDR blocks: (network value, prefix length) pairs, ascending. With ``most``, cutting
    stops when there are more than that."""
    blocks: list[Interval] = []
    for first, last in values:
        while first <= last:
            aligned = (first & -first).bit_length() - 1 if first else bits
            size = min(aligned, (last - first + 1).bit_length() - 1)
            blocks.append((first, bits - size))
            if most is not None and len(blocks) > most:
                return blocks
            first += 1 << size
    return blocks
