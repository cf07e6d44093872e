"""What a damaged snapshot may say, held against what the whole one says.

same          the same answer
undetermined  what is no longer told is undetermined, and what is gone is named
leaning       another answer that names what is gone
refused       an error that names what is gone
fault         anything else
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sekisho.symbolic.boxes import Box
from sekisho.values.intset import IntSet
from tests.ablation.answer import ELSEWHERE, OPEN, Answer, Bounds, Value
from tests.ablation.damage import Damage
from tests.ablation.naming import named

# Beyond so many pieces a box counts as covered: what is found is right, what is not found is not proven.
MOST_PIECES = 400
Verdict = Literal["same", "undetermined", "leaning", "refused", "fault", "undecidable"]


@dataclass(frozen=True, slots=True)
class Judged:
    """``cause``: in words, what is wrong with a fault; ``part``: of which part of the answer."""

    verdict: Verdict
    cause: str = ""
    part: str = ""


def judge(whole: Answer, damaged: Answer, damage: Damage) -> Judged:
    """The verdict on one answer."""
    if damaged.crash:
        return Judged("fault", f"crash: {damaged.crash}")
    differing = [part for part in _parts(whole, damaged) if not _same(whole, damaged, part)]
    if not differing or (whole.error and damaged.error):
        return Judged("same")
    tells = named(damaged, damage, whole)
    if damaged.error:
        return (
            Judged("refused")
            if tells
            else _fault(damage, f"refused without the reason: {damaged.error[:70]}")
        )
    definite = [part for part in differing if not _open(whole, damaged, part)]
    if tells:
        return Judged("leaning" if definite else "undetermined")
    if definite:
        part = definite[0]
        return _fault(damage, _change(whole.parts.get(part), damaged.parts.get(part)), part)
    said = ", ".join(sorted({note.code for note in damaged.notes - whole.notes if note.kind != "finding"}))
    return _fault(damage, f"undetermined, and only said: {said[:80] or 'nothing'}", differing[0])


def _fault(damage: Damage, cause: str, part: str = "") -> Judged:
    return Judged("undecidable" if damage.undecidable else "fault", cause, part)


def _parts(whole: Answer, damaged: Answer) -> Iterator[str]:
    yield from dict.fromkeys((*whole.parts, *damaged.parts))


def _same(whole: Answer, damaged: Answer, part: str) -> bool:
    before, after = (answer.parts.get(part, answer.parts.get(ELSEWHERE)) for answer in (whole, damaged))
    if isinstance(before, Bounds) and isinstance(after, Bounds):
        return before == after or (
            not _contradict(before, after) and _covers(before, after) and _covers(after, before)
        )
    return before == after


def _open(whole: Answer, damaged: Answer, part: str) -> bool:
    """Whether the damaged snapshot leaves open what the whole one tells, and what it still tells is right."""
    before, after = whole.parts.get(part), damaged.parts.get(part)
    if after == OPEN:
        return True
    if isinstance(after, Bounds):
        if before is None or isinstance(before, str):
            before = Bounds((), ())
        return bool(after.perhaps) and not _contradict(before, after)
    return False


def _contradict(before: Bounds, after: Bounds) -> bool:
    """Whether what certainly works by one is not even perhaps so by the other."""
    may_before, may_after = (*before.certain, *before.perhaps), (*after.certain, *after.perhaps)
    return not (_within(after.certain, may_before) and _within(before.certain, may_after))


def _covers(one: Bounds, other: Bounds) -> bool:
    return _within(one.certain, other.certain) and _within(one.perhaps, other.perhaps)


def _within(inner: tuple[Box, ...], outer: tuple[Box, ...]) -> bool:
    """Whether all packets of the boxes are in the others; of a vague box nobody can tell, it counts as in."""
    return not any(_left(each, outer) for each in inner if not each.vague)


def _left(box: Box, outer: tuple[Box, ...]) -> bool:
    pieces = [dict(box.fields)]
    for each in outer:
        pieces = [piece for old in pieces for piece in _minus(old, each)]
        if len(pieces) > MOST_PIECES:
            return False
    return bool(pieces)


def _minus(piece: dict[str, IntSet], box: Box) -> list[dict[str, IntSet]]:
    found: list[dict[str, IntSet]] = []
    inside = dict(piece)
    for name, values in box.fields:
        if name not in inside:
            continue
        outside = inside[name].minus(values, 128)
        if outside:
            found.append({**inside, name: outside})
        inside[name] &= values
        if not inside[name]:
            return [piece]
    return found


def _change(before: Value | None, after: Value | None) -> str:
    return f"{_shown(before)} becomes {_shown(after)}"


def _shown(value: Value | None) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Bounds):
        return "some flows" if value.certain else "perhaps some" if value.perhaps else "no flow"
    return value.split()[0] if value else "nothing"
