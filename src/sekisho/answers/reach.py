"""What can reach what: the exact sets of working flows between places, and why others do not work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sekisho.answers.arrivals import Arrival, Arrivals
from sekisho.answers.ends import End, parse_end
from sekisho.answers.places import Origin, Reading, Target
from sekisho.answers.ports import not_shown
from sekisho.answers.services import merged
from sekisho.answers.strangers import looked_up
from sekisho.answers.witness import Witness
from sekisho.errors import UsageError, said
from sekisho.semantics import whose
from sekisho.semantics.journey import ARRIVED, Doubt, Lean
from sekisho.semantics.site import Site
from sekisho.semantics.world import World
from sekisho.symbolic.bits import Set
from sekisho.symbolic.boxes import Box
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.journeys import Flows
from sekisho.values.address import Family
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.packet import ICMP, ICMPV6, TCP, UDP, protocol_number

# Refusals of one cell that are told apart at most; the others are counted.
MOST_REFUSALS = 12


@dataclass(frozen=True, slots=True)
class Question:
    """``sources``/``targets`` as the user wrote them ("any": everybody); ``proto`` a name, a number or
    "all" (None: tcp, udp and icmp); ``ports`` as in ``:80``."""

    source: str = "any"
    target: str = "any"
    proto: str | None = None
    family: Family = 4


@dataclass(frozen=True, slots=True)
class Refusal:
    """Packets for the target that do not work, for one reason. ``forward`` False: the reply fails."""

    fate: Fate
    forward: bool
    boxes: tuple[Box, ...]
    witness: Witness


@dataclass(frozen=True, slots=True)
class Cell:
    """From one place to another. ``status``: yes (``boxes`` work for certain), no, or perhaps (nobody can
    say for some packets, ``doubts`` tell why). ``unaddressed``: addresses of the target that the source
    cannot send to."""

    source: str
    target: str
    status: str
    boxes: tuple[Box, ...] = ()
    perhaps: tuple[Box, ...] = ()
    witness: Witness | None = None
    refusals: tuple[Refusal, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    more_refusals: int = 0
    unaddressed: IntSet = EMPTY


@dataclass(frozen=True, slots=True)
class Row:
    """Several sources that reach a target with the same packets; ``doubts``: why nobody can say whether they
    do, where it is perhaps."""

    sources: tuple[str, ...]
    target: str
    status: str
    boxes: tuple[Box, ...]
    witness: Witness | None
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """The answer: cells (a narrow question) or rows (all pairs), and what it leans on. ``names`` are those
    of well-known sets of addresses."""

    family: Family
    cells: tuple[Cell, ...]
    rows: tuple[Row, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    leans_on: tuple[Lean, ...]
    names: Mapping[IntSet, str] = field(default_factory=dict)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Why nobody can say something of a pair."""
        cells = (doubt for cell in self.cells for doubt in cell.doubts)
        return (*cells, *(doubt for row in self.rows for doubt in row.doubts))


def reach(world: World, question: Question) -> Reach:
    """Answer the question. Raises UsageError where it names nothing that is there."""
    source, target = parse_end(question.source), parse_end(question.target)
    family = _family(source, target, question)
    asked = looked_up(world, family, (source,), (target,))
    reading = Reading(world, family, asked=asked)
    origins, targets = reading.origins_of(source), reading.targets_of(target)
    wanted = wanted_packets(reading, question, source)
    arrivals = Arrivals(reading)
    everything = source.kind == "any" and target.kind == "any"
    if everything or len(origins) * len(targets) > 64:
        rows = all_pairs(arrivals, origins, targets, wanted)
        cells: tuple[Cell, ...] = ()
    else:
        rows = ()
        cells = tuple(
            _joined(arrivals, name, same, t, wanted) for name, same in _named(origins) for t in targets
        )
    names = tuple(dict.fromkeys(item.name for item in origins))
    everybody = "any" in (source.kind, target.kind)
    missing = (lean for site in world.sites.values() if everybody for lean in _not_shown(site))
    return Reach(family, cells, rows, names, tuple(item.name for item in targets),
                 (*missing, *reading.leans_on()), reading.names)  # fmt: skip


def _not_shown(site: Site) -> Iterator[Lean]:
    return (whose.of(site.snapshot.host, lean) for lean in not_shown(site))


def _family(source: End, target: End, question: Question) -> Family:
    families = {end.family for end in (source, target) if end.family is not None}
    if len(families) > 1:
        raise UsageError(said("{0} and {1} are of different IP versions", source.text, target.text))
    return next(iter(families), question.family)


def wanted_packets(reading: Reading, question: Question, source: End) -> Set:
    """The packets that a question is about, wherever they are from. Raises UsageError for no protocol."""
    space = reading.space
    if question.proto == "all":
        protocols = None
    elif question.proto is None:
        protocols = IntSet.of(TCP, UDP, ICMP if reading.family == 4 else ICMPV6)
    else:
        try:
            number = protocol_number(question.proto)
        except ValueError as error:
            raise UsageError(said("{0}", error), advice="write tcp, udp, icmp, a number or all") from error
        protocols = IntSet.of(ICMPV6 if number == ICMP and reading.family == 6 else number)
    some = space.everything if protocols is None else space.member(space.field["proto"], protocols)
    if source.ports is not None:
        some &= space.member(space.field["sport"], source.ports) & reading.walk.guards.ported
    return some


def _named(origins: Iterable[Origin]) -> list[tuple[str, list[Origin]]]:
    """Origins by name: the Internet may come in by several interfaces."""
    found: dict[str, list[Origin]] = {}
    for item in origins:
        found.setdefault(item.name, []).append(item)
    return list(found.items())


# --------------------------------------------------------------------------------------- one cell


def _joined(arrivals: Arrivals, name: str, origins: list[Origin], target: Target, wanted: Set) -> Cell:
    boxes: list[Box] = []
    perhaps: list[Box] = []
    refusals: list[Refusal] = []
    witness: Witness | None = None
    doubts: dict[Doubt, None] = {}
    for origin in origins:
        found = arrivals.arrivals(origin, target, wanted)
        for arrival in found:
            boxes += arrivals.boxes(arrival)
        if found and witness is None:
            witness = arrivals.witness(origin, _first(arrivals, found))
        union = _union(arrivals, found)
        unclear = arrivals.perhaps(origin, target, wanted) & ~union
        if unclear.satisfiable():
            perhaps += arrivals.addressed(unclear)
            doubts.update(dict.fromkeys(doubts_of(arrivals, origin, unclear)))
        refusals += _refusals(arrivals, origin, target, wanted)
    status = "yes" if boxes else "perhaps" if perhaps else "no"
    shown = refusals[:MOST_REFUSALS]
    return Cell(
        name, target.name, status, tuple(merged(boxes)), tuple(merged(perhaps)), witness, tuple(shown),
        tuple(doubts), len(refusals) - len(shown), arrivals.unaddressed(origins, target),
    )  # fmt: skip


def _first(arrivals: Arrivals, found: list[Arrival]) -> Arrival:
    """The arrival whose witness people know best: TCP before others."""
    tcp = arrivals.walk.guards.tcp
    return next((item for item in found if (item.some & tcp).satisfiable()), found[0])


def _union(arrivals: Arrivals, found: Iterable[Arrival]) -> Set:
    union = arrivals.space.nothing
    for arrival in found:
        union |= arrival.some
    return arrivals.space.perhaps(union)


def doubts_of(arrivals: Arrivals, origin: Origin, unclear: Set) -> tuple[Doubt, ...]:
    """Why nobody can say: the questions on whose answers the packets' ends depend."""
    found: dict[Doubt, None] = {}
    space = arrivals.space
    for flow in arrivals.reading.flows(origin.group):
        here = flow.some & unclear
        if not here.satisfiable():
            continue
        for fate in (flow.forward, flow.reply):
            if fate is not None and fate.disposition == "undetermined":
                found.update(dict.fromkeys(fate.doubts))
        found.update(dict.fromkeys(arrivals.proxies.doubts(flow, here)))
        for index, doubts in space.doubts.items():
            var = space.manager.var(index)
            if (here & var) != here and (here & ~var) != here:
                continue
            found.update(dict.fromkeys(doubts))
    return tuple(found)


def _refusals(arrivals: Arrivals, origin: Origin, target: Target, wanted: Set) -> list[Refusal]:
    """The packets for the target that are stopped, by what stops them, and those whose reply is."""
    grouped: dict[tuple[object, ...], tuple[Fate, bool, Flows, Set]] = {}
    for flow in arrivals.reading.flows(origin.group):
        fate, forward = flow.forward, True
        some = flow.some & origin.some & wanted
        if fate.disposition in ARRIVED:
            if flow.reply is None:
                continue
            some &= arrivals.aimed(flow, target) & ~arrivals.perhaps_both_ways(flow)
            fate, forward = flow.reply, False
        else:
            some &= arrivals.aimed(flow, target)
        if fate.disposition == "undetermined" or not some.satisfiable():
            continue
        some = arrivals.space.certainly(some) if arrivals.space.doubts else some
        if not some.satisfiable():
            continue
        key = (*fate.key, forward)
        known = grouped.get(key)
        grouped[key] = (fate, forward, flow, some if known is None else known[3] | some)
    found = []
    for fate, forward, flow, some in grouped.values():
        boxes = tuple(merged(arrivals.addressed(some)))
        found.append(Refusal(fate, forward, boxes, arrivals.packet(origin, flow, some & flow.some)))
    return found


# ----------------------------------------------------------------------------------------- all pairs


def all_pairs(
    arrivals: Arrivals, origins: list[Origin], targets: list[Target], wanted: Set
) -> tuple[Row, ...]:
    """Who reaches each target with which packets: origins that reach it alike share a row."""
    groups: dict[tuple[int, str], list[Origin]] = {}
    for item in origins:
        # What callers outside can send depends on more than their addresses.
        outside = item.name if item.kind in ("internet", "vpc") else ""
        groups.setdefault((item.group, outside), []).append(item)
    wholes = [_Group.of(members, arrivals) for members in groups.values()]
    return tuple(
        row for target in targets for group in wholes for row in _rows(arrivals, group, target, wanted)
    )


@dataclass(slots=True)
class _Group:
    """Origins of one run of the walk that their addresses tell apart, or that are one under several names;
    ``whole`` are all of them together."""

    members: list[Origin]
    whole: Origin
    names: dict[IntSet, tuple[str, ...]]

    @staticmethod
    def of(members: list[Origin], arrivals: Arrivals) -> _Group:
        everyone = arrivals.space.nothing
        for item in members:
            everyone |= item.some
        first = members[0]
        return _Group(members, Origin(first.name, first.kind, first.group, everyone, first.addresses), {})

    def named(self, sources: IntSet) -> tuple[str, ...]:
        """The members that have one of the addresses."""
        known = self.names.get(sources)
        if known is None:
            known = tuple(item.name for item in self.members if sources & item.addresses)
            self.names[sources] = known
        return known


def _rows(arrivals: Arrivals, group: _Group, target: Target, wanted: Set) -> list[Row]:
    """One target and the origins of one run, told apart by their source addresses."""
    found = arrivals.arrivals(group.whole, target, wanted)
    rows = _certain_rows(arrivals, group, target, found) if found else []
    if arrivals.is_open(group.whole, target):
        unclear = arrivals.perhaps(group.whole, target, wanted) & ~_union(arrivals, found)
        names = tuple(item.name for item in group.members if (item.some & unclear).satisfiable())
        if names:
            why = doubts_of(arrivals, group.whole, unclear)
            boxes = tuple(merged(arrivals.addressed(unclear)))
            rows.append(Row(names, target.name, "perhaps", boxes, None, why))
    return rows


def _certain_rows(arrivals: Arrivals, group: _Group, target: Target, found: list[Arrival]) -> list[Row]:
    if len({item.some for item in group.members}) == 1:
        boxes = [box for arrival in found for box in arrivals.boxes(arrival)]
        witness = arrivals.witness(group.whole, _first(arrivals, found))
        names = tuple(item.name for item in group.members)
        return [Row(names, target.name, "yes", tuple(merged(boxes)), witness)]
    by_names: dict[tuple[str, ...], list[Box]] = {}
    first: dict[tuple[str, ...], tuple[Arrival, IntSet]] = {}
    for arrival in found:
        for box in arrivals.boxes(arrival):
            names = tuple(name for name in group.named(box["src"]) if name != target.name)
            if names:
                rest = Box(tuple(pair for pair in box.fields if pair[0] != "src"))
                by_names.setdefault(names, []).append(rest)
                first.setdefault(names, (arrival, box["src"]))
    rows = []
    for names, same in by_names.items():
        arrival, sources = first[names]
        src = arrivals.space.member(arrival.sent.src, sources)
        origin = next(item for item in group.members if item.name == names[0])
        witness = arrivals.packet(origin, arrival.flow, arrival.some & src)
        rows.append(Row(names, target.name, "yes", tuple(merged(same)), witness))
    return rows
