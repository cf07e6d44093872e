"""Answers of every verb in one shape: what is told part by part, and what is said beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sekisho.answers.call import Call
from sekisho.answers.chain import ChainAnswer
from sekisho.answers.check import CheckReport
from sekisho.answers.diff import Difference
from sekisho.answers.drift import DriftReport
from sekisho.answers.exposure import Exposed
from sekisho.answers.finding import Finding
from sekisho.answers.lint import LintReport
from sekisho.answers.reach import Reach
from sekisho.errors import SekishoError
from sekisho.model.evidence import Evidence
from sekisho.semantics.journey import ARRIVED, Doubt, Journey, Lean, Leg
from sekisho.symbolic.boxes import Box
from sekisho.symbolic.chain_view import SOMETHING_ELSE


@dataclass(frozen=True, slots=True)
class Bounds:
    """All packets of one pair: what certainly works, and what perhaps does."""

    certain: tuple[Box, ...]
    perhaps: tuple[Box, ...]


Value = str | Bounds
OPEN = "undetermined"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is said beside the answer. ``kind``: doubt, lean, left-out, finding or error."""

    kind: str
    code: str
    args: tuple[str, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """``parts``: what is told, by what it is about; ``OPEN`` where nobody can say. ``passed``: the (table,
    chain) that were walked through, ``nodes`` the namespaces; ``error``: there was no answer."""

    parts: dict[str, Value]
    notes: frozenset[Note] = frozenset()
    passed: frozenset[tuple[str, str]] = frozenset()
    nodes: frozenset[str] = frozenset()
    hooks: frozenset[str] = frozenset()
    error: str = ""
    crash: str = ""


@dataclass(slots=True)
class _Walked:
    passed: set[tuple[str, str]] = field(default_factory=set)
    nodes: set[str] = field(default_factory=set)
    hooks: set[str] = field(default_factory=set)

    def take(self, leg: Leg) -> None:
        for hop in leg.hops:
            self.nodes.add(hop.node)
            for step in hop.steps:
                self.hooks.add(step.hook)
                if step.table and step.chain:
                    self.passed.add((step.table, step.chain))
        for way in leg.ways:
            self.take(way)


def refused(error: SekishoError) -> Answer:
    """There is none, and an error says why."""
    words = f"{error} {error.advice}"
    note = Note("error", type(error).__name__, (words,), error.file, error.line)
    return Answer({"error": str(error)}, frozenset({note}), error=str(error))


def of_call(found: Call) -> Answer:
    """A trace: whether it works, and how the first way ends, there and back."""
    walked = _Walked()
    notes: set[Note] = set()
    for way in found.ways:
        notes.update(_journey_notes(way.journey, walked))
    parts: dict[str, Value] = {"works": OPEN if found.works is None else str(found.works)}
    first = found.first
    journey: Journey | None = first.journey
    name = ""
    while journey is not None:
        parts[f"{name}forward"] = forward = _end(journey.forward, first.kind)
        if journey.reply is not None or forward == OPEN:
            parts[f"{name}reply"] = OPEN if journey.reply is None else _end(journey.reply, "")
        journey, name = journey.onward, name + "onward "
    return Answer(
        parts, frozenset(notes), frozenset(walked.passed), frozenset(walked.nodes), frozenset(walked.hooks)
    )


def _end(leg: Leg, kind: str) -> str:
    if leg.disposition == "undetermined":
        return OPEN
    packet = leg.packet
    at = leg.hops[-1].node if leg.hops else ""
    # By which interface a packet that is dropped would have left is no part of the answer: two rules may
    # drop it, one before routing and one behind it.
    leaves = leg.disposition in ARRIVED
    told = (
        leg.disposition,
        kind,
        at,
        leg.where,
        packet.oif if leaves else "",
        packet.next_hop if leg.disposition == "exits" else "",
        packet.src,
        packet.dst,
        packet.dport,
    )
    return " ".join(map(str, told))


def _journey_notes(journey: Journey, walked: _Walked) -> Iterator[Note]:
    yield from _leans(journey.leans_on)
    for leg in (journey.forward, journey.reply):
        if leg is not None:
            walked.take(leg)
            for way in (leg, *leg.ways):
                yield from _doubts(way.doubts)
    if journey.onward is not None:
        yield from _journey_notes(journey.onward, walked)


def of_reach(found: Reach) -> Answer:
    """Pairs, or rows of many pairs."""
    parts: dict[str, Value] = {}
    notes = set(_leans(found.leans_on))
    for cell in found.cells:
        parts[f"{cell.source} -> {cell.target}"] = _bounds(cell.status, cell.boxes, cell.perhaps)
        notes.update(_doubts(cell.doubts))
    for row in sorted(found.rows, key=lambda one: one.status == "perhaps"):
        notes.update(_doubts(row.doubts))
        for source in row.sources:
            boxes = row.boxes if row.status != "perhaps" else ()
            perhaps = row.boxes if row.status == "perhaps" else ()
            before = parts.get(f"{source} -> {row.target}", Bounds((), ()))
            assert isinstance(before, Bounds)
            both = Bounds((*before.certain, *boxes), (*before.perhaps, *perhaps))
            parts[f"{source} -> {row.target}"] = both
    return Answer(parts, frozenset(notes))


def _bounds(status: str, certain: tuple[Box, ...], perhaps: tuple[Box, ...]) -> Value:
    if status == "perhaps" and not certain and not perhaps:
        return OPEN
    return Bounds(certain, perhaps)


# The packets of reach --chain that come in by an interface which no rule of the chain names.
ELSEWHERE = f"in {SOMETHING_ELSE}"


def of_chain(found: ChainAnswer) -> Answer:
    """What a chain accepts by interface, and its dead rules."""
    parts: dict[str, Value] = {}
    for row in found.accepted or ():
        certain = (*row.certain, *(row.perhaps if row.more else ()))
        parts[f"in {row.iif}"] = Bounds(certain, row.perhaps)
    return Answer(parts, frozenset((*_findings(found.dead or ()), *_doubts(found.doubts))))


def of_exposed(found: Exposed) -> Answer:
    """Each port by each kind of caller."""
    parts: dict[str, Value] = {}
    notes = set(_leans(found.leans_on))
    for port in found.ports:
        for access in port.access:
            notes.update(_doubts(access.doubts))
            place = f"{port.place} {port.address}:{port.port}/{port.proto} from {access.caller}"
            told = " ".join((access.status, *sorted(access.via), *sorted(access.sees)))
            parts[place] = OPEN if access.status == "perhaps" else told
    for caller in found.no_way_in:
        parts[f"no way in from {caller}"] = "so"
    return Answer(parts, frozenset(notes))


def of_check(found: CheckReport) -> Answer:
    """Each assertion."""
    parts: dict[str, Value] = {
        one.assertion.name: OPEN if one.status == "unsure" else one.status for one in found.results
    }
    doubts = (note for one in found.results for note in _doubts(one.doubts))
    return Answer(parts, frozenset((*_leans(found.leans_on), *doubts)))


def of_lint(found: LintReport) -> Answer:
    """Each finding."""
    parts: dict[str, Value] = {f"{one.id} {' '.join(one.args)}": one.severity for one in found.findings}
    left = {Note("left-out", code, args) for code, args in found.left_out}
    notes = (*left, *_findings(found.findings), *_leans(found.leans_on), *_doubts(found.doubts))
    return Answer(parts, frozenset(notes))


def of_drift(found: DriftReport) -> Answer:
    """Each difference."""
    parts: dict[str, Value] = {f"{one.id} {' '.join(one.args)}": "drift" for one in found.findings}
    left = {Note("left-out", code, args) for code, args in found.partial}
    places = {Note("finding", one.id, one.args, *_place(one.evidence)) for one in found.findings}
    return Answer(parts, frozenset((*left, *places)))


def of_diff(found: Iterable[Difference]) -> Answer:
    """Each change, by what it is and between whom."""
    parts: dict[str, Value] = {}
    notes: set[Note] = set()
    for each in found:
        for change in each.changes:
            for side in (change.before, change.after):
                notes.update((*_leans(side.leans_on), *_doubts(side.doubts)))
            key = f"IPv{each.family} {change.kind} {', '.join(change.sources)}"
            more = f" {change.before.disposition} {change.after.disposition}"
            parts[key + more] = OPEN if change.kind == "unsure" else "changed"
        notes.update(_leans((*each.alone[0], *each.alone[1])))
        for name in each.only_one:
            parts[f"only in one: {name}"] = "so"
    return Answer(parts, frozenset(notes))


def _leans(leans: Iterable[Lean]) -> Iterator[Note]:
    return (Note("lean", lean.code, lean.args) for lean in leans)


def _doubts(doubts: Iterable[Doubt]) -> Iterator[Note]:
    return (Note("doubt", doubt.code, doubt.args, *_place(doubt.evidence)) for doubt in doubts)


def _findings(findings: Iterable[Finding]) -> Iterator[Note]:
    for one in findings:
        for place in one.places or (None,):
            yield Note("finding", one.id, one.args, *_place(place))


def _place(evidence: Evidence | None) -> tuple[str, int]:
    return ("", 0) if evidence is None else (evidence.file, evidence.line)
