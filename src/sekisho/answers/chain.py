"""A base chain by itself: what it accepts, and for one service who may call whom.

For firewalls of which only the rules are known: no routes say where packets go, so every pair of interfaces
counts. A matrix groups the addresses that the chain treats alike, as callers and as called.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, pairwise

from sekisho.answers.dead_lines import chain_findings
from sekisho.answers.finding import Finding
from sekisho.errors import UsageError, said
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.host import compile_host
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import NEW, Program, Station
from sekisho.symbolic.bits import Set
from sekisho.symbolic.boxes import Box, boxes, by_value
from sekisho.symbolic.chain_view import ChainView
from sekisho.symbolic.overlap import places
from sekisho.symbolic.stand_ins import without_large_sets
from sekisho.values.address import Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import SYN, TCP

# Boxes of one interface that are listed; more are counted.
MOST_BOXES = 40


@dataclass(frozen=True, slots=True)
class Accepted:
    """What first packets of connections from one interface are accepted, for certain and perhaps; ``more``:
    there are more boxes than are listed."""

    iif: str | None
    certain: tuple[Box, ...]
    perhaps: tuple[Box, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Class:
    """Addresses that are treated alike as callers (``sources``), and whom they may call."""

    sources: IntSet
    targets: IntSet


@dataclass(frozen=True, slots=True)
class ChainAnswer:
    """``accepted`` is what is let through by incoming interface, ``matrix`` who may call whom for a service,
    ``dead`` the rules that take nothing or make no difference; None where that was not asked. ``unsure``:
    some of the matrix is let through only perhaps. ``doubts``: the questions that nobody can decide, where
    anything is let through only perhaps."""

    family: Family
    table: str
    chain: str
    accepted: tuple[Accepted, ...] | None = None
    service: tuple[int, int] | None = None
    matrix: tuple[Class, ...] | None = None
    dead: tuple[Finding, ...] | None = None
    unsure: bool = False
    doubts: tuple[Doubt, ...] = ()


def station_of(program: Program, name: str) -> Station:
    """``filter:FORWARD``, or ``FORWARD`` of table filter. Raises UsageError where there is none."""
    table, colon, chain = name.partition(":")
    if not colon:
        table, chain = "filter", name
    every = [station for at_hook in program.stations.values() for station in at_hook]
    found = [station for station in every if station.table == table and station.base.name == chain]
    if not found:
        known = ", ".join(sorted({f"{station.table}:{station.base.name}" for station in every}))
        raise UsageError(said("no base chain {0!r} in this snapshot", name), advice=said("known: {0}", known))
    return found[0]


class ChainReader:
    """Answers about one base chain; what one answer found out helps the next."""

    def __init__(self, snapshot: Snapshot, name: str, family: Family = 4) -> None:
        self.family: Family = family
        self.snapshot = snapshot
        self.host = compile_host(snapshot.host, leaning=False)
        self.station = station_of(self.host.programs[family], name)
        self.small = without_large_sets(self.station, family)
        self.view = ChainView(self.small.station, family)
        self._verdicts: tuple[Set, Set] | None = None

    def answer(
        self, accepted: bool = True, service: tuple[int, int] | None = None, dead: bool = False
    ) -> ChainAnswer:
        """What is asked for: ``service`` is a protocol and a port."""
        everything = self.accepts() if accepted else None
        called = None if service is None else self.calls(*service)
        unsure = called is not None and (called[0] & called[1]).satisfiable()
        perhaps = unsure or any(row.perhaps for row in everything or ())
        return ChainAnswer(
            self.family,
            self.station.table,
            self.station.base.name,
            everything,
            service,
            None if called is None else self._matrix(called[0]),
            self.dead() if dead else None,
            unsure,
            self.view.doubts() if perhaps else (),
        )

    def accepts(self) -> tuple[Accepted, ...]:
        """All that the chain accepts, interface by interface."""
        space, view, field = self.view.space, self.view, self.view.space.field
        may, may_not = self.verdicts()
        shown = [(name, field[name]) for name in ("proto", "src", "dst", "dport")]
        kept = (*(bits for _, bits in shown), *(field[name] for name in ("iif",) if name in field))
        certain, perhaps = (space.showing(some, kept) for some in (may & ~may_not, may & may_not))
        rows: list[Accepted] = []
        for iif in view.incoming:
            here = view.by(iif)
            listed = [
                list(islice(boxes(space, some & here, shown), MOST_BOXES + 1)) for some in (certain, perhaps)
            ]
            certainly, possibly = (tuple(map(self._meant, each[:MOST_BOXES])) for each in listed)
            rows.append(Accepted(iif, certainly, possibly, any(len(each) > MOST_BOXES for each in listed)))
        return tuple(rows)

    def verdicts(self) -> tuple[Set, Set]:
        """What may be accepted and what may be refused of all connections' first packets."""
        if self._verdicts is None:
            self._verdicts = self.view.verdicts(self.view.state_is(NEW))
        return self._verdicts

    def matrix(self, proto: int, port: int) -> tuple[Class, ...]:
        """Who may open connections to whom for one service, over any interfaces."""
        return self._matrix(self.calls(proto, port)[0])

    def calls(self, proto: int, port: int) -> tuple[Set, Set]:
        """The first packets to one service that may be accepted, and those that may be refused."""
        field, space = self.view.space.field, self.view.space
        some = space.member(field["proto"], IntSet.of(proto)) & space.member(field["dport"], IntSet.of(port))
        some &= self.view.state_is(NEW)
        if proto == TCP:
            some &= space.member(field["tcp_flags"], IntSet.of(SYN))
        if self._verdicts is None:
            return self.view.verdicts(some)
        return self._verdicts[0] & some, self._verdicts[1] & some

    def _matrix(self, may: Set) -> tuple[Class, ...]:
        field, space = self.view.space.field, self.view.space
        found = _classes(self.view, space.showing(may, (field["dst"], field["src"])))
        real = self.small.real
        meant = [Class(real("src", one.sources), real("dst", one.targets)) for one in found]
        return tuple(sorted(meant, key=lambda item: -item.targets.size()))

    def _meant(self, box: Box) -> Box:
        return Box(tuple((name, self.small.real(name, values)) for name, values in box.fields))

    def dead(self) -> tuple[Finding, ...]:
        """Rules that take nothing or make no difference, each with its proof."""
        return tuple(chain_findings(self.snapshot, self.station, self.view))


def _classes(view: ChainView, accepted: Set) -> list[Class]:
    """Callers by whom they may call."""
    field = view.space.field
    changes: dict[int, int] = {}  # where a source begins or ceases to be let to targets, as bits
    targets: list[IntSet] = []
    for values, rest in by_value(view.space, accepted, field["dst"]):
        this = 1 << len(targets)
        targets.append(values)
        for first, last in view.space.all_values(rest, field["src"]):
            changes[first] = changes.get(first, 0) ^ this
            changes[last + 1] = changes.get(last + 1, 0) ^ this
    by_targets: dict[int, list[tuple[int, int]]] = {}
    now = 0
    for start, end in pairwise(sorted(changes)):  # the last one ends the last source
        now ^= changes[start]
        if now:
            by_targets.setdefault(now, []).append((start, end - 1))
    found = []
    for called, spans in by_targets.items():
        union = IntSet.from_intervals(i for at in places(called) for i in targets[at])
        found.append(Class(IntSet.from_intervals(spans), union))
    return found
