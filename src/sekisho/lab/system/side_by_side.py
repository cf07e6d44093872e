"""A connection's checkpoints as the model has them beside those that the kernel told of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from sekisho.lab.system.forecast import Forecast
from sekisho.lab.system.tracing import Seen
from sekisho.lab.verdict import Passage, SeenStep
from sekisho.model.snapshot import HOST
from sekisho.semantics.journey import Journey, Leg, Step

Direction = Literal["forward", "onward", "onward-reply", "reply"]
Who = Literal["both", "model", "kernel", "remark"]
_HOOKS = frozenset({"prerouting", "input", "forward", "output", "postrouting"})
_Key = tuple[str, str | None, str | None, int | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One checkpoint. ``remark``: a decision that the kernel's trace does not tell, such as a route."""

    who: Who
    model: Step | None
    kernel: SeenStep | None


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in one node; ``seen``: whether the kernel's trace has it at all."""

    node: str
    iif: str | None
    oif: str | None
    lines: tuple[Line, ...]
    seen: bool
    expected: bool


@dataclass(frozen=True, slots=True)
class Way:
    """One packet's visits in order."""

    direction: Direction
    visits: tuple[Visit, ...]


def ways(forecast: Forecast, seen: Seen) -> tuple[Way, ...]:
    """All four directions that there are, each with the model's and the kernel's steps aligned."""
    last = forecast.segments[-1].journey
    parts: list[tuple[Direction, list[tuple[str, Leg]], Sequence[Passage]]] = [
        ("forward", [(one.node, one.journey.forward) for one in forecast.segments], seen.forward)
    ]
    if last.onward is not None:
        node = forecast.segments[-1].node
        parts.append(("onward", [(node, last.onward.forward)], seen.onward))
        if last.onward.reply is not None:
            parts.append(("onward-reply", [(node, last.onward.reply)], seen.onward_reply))
    back = [(one.node, one.journey.reply) for one in reversed(forecast.segments)]
    legs = [(node, leg) for node, leg in back if leg is not None] if _answers(last) else []
    parts.append(("reply", legs, seen.reply))
    found = (Way(direction, tuple(_visits(legs, passages))) for direction, legs, passages in parts)
    return tuple(way for way in found if way.visits)


def _answers(journey: Journey) -> bool:
    """Whether somebody takes the packet: else no reply sets out, whatever a segment supposes."""
    return journey.forward.disposition == "delivered"


def _visits(legs: Sequence[tuple[str, Leg]], passages: Sequence[Passage]) -> Iterator[Visit]:
    expected = [
        (node if hop.node == HOST else hop.node, hop.iif, hop.oif, tuple(_named(s, node) for s in hop.steps))
        for node, leg in legs
        for hop in leg.hops
    ]
    for at in range(max(len(expected), len(passages))):
        mine = expected[at] if at < len(expected) else None
        theirs = passages[at] if at < len(passages) else None
        if mine is not None and theirs is not None and mine[0] == theirs.node:
            yield Visit(
                mine[0], theirs.iif, theirs.oif or mine[2], tuple(_lines(mine[3], theirs.steps)), True, True
            )
            continue
        if mine is not None:
            yield Visit(mine[0], mine[1], mine[2], tuple(_lines(mine[3], ())), False, True)
        if theirs is not None:
            yield Visit(theirs.node, theirs.iif, theirs.oif, tuple(_lines((), theirs.steps)), True, False)


def _named(step: Step, node: str) -> Step:
    """In the words of a step, a snapshot's host is called by the node's name."""
    return replace(step, args=tuple(node if arg == HOST else arg for arg in step.args)) if step.args else step


def _lines(model: Sequence[Step], kernel: Sequence[SeenStep]) -> Iterator[Line]:
    told = [step for step in model if _is_rule(step)]
    matcher = SequenceMatcher(None, [_model_key(s) for s in told], [_kernel_key(s) for s in kernel], False)
    aligned: list[Line] = []
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            aligned += [Line("both", told[a + at], kernel[c + at]) for at in range(b - a)]
        else:
            aligned += [Line("model", step, None) for step in told[a:b]]
            aligned += [Line("kernel", None, step) for step in kernel[c:d]]
    # What the kernel does not tell of keeps its place among the model's steps.
    rest = iter(aligned)
    for step in model:
        if not _is_rule(step):
            yield Line("remark", step, None)
            continue
        for line in rest:
            yield line
            if line.model is step:
                break
    yield from rest


def _is_rule(step: Step) -> bool:
    """Routing and bridging are no rules: the kernel's trace does not tell of them."""
    return step.hook in _HOOKS and step.chain is not None


def _model_key(step: Step) -> _Key:
    return step.hook, step.table, step.chain, step.rule


def _kernel_key(step: SeenStep) -> _Key:
    return step.hook, step.table, step.chain, step.rule


def agree(found: Sequence[Way]) -> bool:
    """Whether every visit and every rule is in both."""
    return all(
        visit.seen and visit.expected and all(line.who in ("both", "remark") for line in visit.lines)
        for way in found
        for visit in way.visits
    )
