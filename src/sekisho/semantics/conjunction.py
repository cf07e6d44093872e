"""Guards put together and taken apart: what must hold together, and the single acts of a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sekisho.semantics.program import ALWAYS, All, AnyOf, FirstOf, Guard, Guarded, Not, Series


def both(*guards: Guard) -> Guard:
    """All of them, without what always holds; conjunctions among them are taken apart."""
    kept: list[Guard] = []
    for guard in guards:
        kept += conjuncts(guard)
    return kept[0] if len(kept) == 1 else All(tuple(kept)) if kept else ALWAYS


def conjuncts(guard: Guard) -> tuple[Guard, ...]:
    """The guards that must all hold for a guard to hold; none of them is a conjunction."""
    if type(guard) is not All:
        return (guard,)
    if not any(type(part) is All for part in guard.guards):
        return guard.guards
    return tuple(each for part in guard.guards for each in conjuncts(part))


def leaves(guard: Guard) -> tuple[Guard, ...]:
    """All that a guard asks, whether it must hold or not."""
    if type(guard) is All or type(guard) is AnyOf:
        return tuple([each for part in guard.guards for each in leaves(part)])
    return leaves(guard.guard) if type(guard) is Not else (guard,)


def parts(line: Guarded) -> Iterator[Guarded]:
    """The single acts of a line, each with all that must hold for it; a plain line is its only part."""
    if not isinstance(line.action, FirstOf | Series):
        yield line
        return
    for inner in line.action.lines:
        yield from parts(replace(line, guard=both(line.guard, inner.guard), action=inner.action))
