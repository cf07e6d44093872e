"""Consecutive lines of a chain that end packets' ways alike, taken together rather than one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sekisho.semantics.program import Accept, Action, Guarded, Jump, Return, Translate
from sekisho.symbolic.bits import Set
from sekisho.symbolic.narrow import ask_apart, first_asked
from sekisho.symbolic.space import Space

# Lines of these kinds are taken by runs, and those that call one chain that changes nothing.
Kind = Literal["accept", "return", "translate"] | Jump
_KINDS: dict[type[Action], Kind] = {Accept: "accept", Return: "return", Translate: "translate"}


def kind_of(action: Action, unchanging: frozenset[str]) -> Kind | None:
    """What lines of one run have in common; None for those that are walked by themselves."""
    if isinstance(action, Jump):
        return action if action.chain in unchanging else None
    return _KINDS.get(type(action))


@dataclass(slots=True)
class Run:
    """The lines, with what each takes of all packets."""

    kind: Kind
    lines: list[tuple[Guarded, Set]] = field(default_factory=list)

    def union(self, space: Space) -> Set:
        """What any of the lines takes; neighbours are joined first."""
        return space.union(
            [some for _, some in sorted(self.lines, key=lambda item: first_asked(item[0].guard))]
        )

    def apart(self, nothing: Set) -> Iterator[tuple[Guarded, Set]]:
        """Each line with what the lines before have left to it."""
        if ask_apart([line.guard for line, _ in self.lines]):
            yield from self.lines
            return
        before = nothing
        for line, some in self.lines:
            if (some & before).satisfiable():
                some &= ~before
            before |= some
            yield line, some
