"""A number of one packet that nobody stated."""

from __future__ import annotations

from sekisho.semantics.journey import Doubt
from sekisho.values.intset import IntSet


class Unstated:
    """``value`` is the usual one, where there is one; ``within``: where it lies all the same, ``why`` it is
    not known. Compared by identity."""

    __slots__ = ("value", "why", "within")

    def __init__(
        self, value: int | None = None, within: IntSet | None = None, why: Doubt | None = None
    ) -> None:
        self.value = value
        self.within = within
        self.why = why


ANY = Unstated()


def usual(value: object) -> int:
    """The number, or the usual one; 0 where there is none."""
    if isinstance(value, Unstated):
        return value.value or 0
    return value if isinstance(value, int) else 0
