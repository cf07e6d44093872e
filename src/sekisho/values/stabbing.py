"""Which of many sets of integers hold a value.

0 ... 10.0.0.0 ....... 10.1.0.0 ...      each interval has the sets (bits of one number) that hold it
{}    {1}              {0, 1}
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Generic, TypeVar

from sekisho.values.intset import IntSet

T = TypeVar("T")


class Stabbing(Generic[T]):
    """Things with a set each; ``at`` finds those whose set holds a value, in the order given."""

    def __init__(self, items: Iterable[tuple[T, IntSet]]) -> None:
        self._items: list[T] = []
        events: dict[int, int] = {0: 0}
        for place, (item, values) in enumerate(items):
            self._items.append(item)
            for first, last in values:
                events[first] = events.get(first, 0) ^ 1 << place
                events[last + 1] = events.get(last + 1, 0) ^ 1 << place
        self._starts = sorted(events)
        self._holding: list[int] = []
        now = 0
        for start in self._starts:
            now ^= events[start]
            self._holding.append(now)

    def at(self, value: int) -> list[T]:
        """What holds the value."""
        bits = self._holding[bisect_right(self._starts, value) - 1]
        found: list[T] = []
        while bits:
            low = bits & -bits
            found.append(self._items[low.bit_length() - 1])
            bits ^= low
        return found
