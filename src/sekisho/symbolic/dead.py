"""Lines that take no packet, and lines that make no difference, each with the lines that prove it.

A line is looked at with the packets that it asks for only: from its guard, along every way that its chain
is called, what earlier lines certainly take is taken off. Few earlier lines share packets with it, fewer with
a slice of them (one source, one destination, one interface), and a slice that arrives settles the question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Literal

from sekisho.semantics.control import LEAVING, PASSING
from sekisho.semantics.program import (
    ALWAYS,
    Accept,
    All,
    AnyOf,
    ChainCode,
    Drop,
    FirstOf,
    Guarded,
    Reject,
)
from sekisho.symbolic.bits import ByOrigin, Set
from sekisho.symbolic.chain_view import ChainView
from sekisho.symbolic.changes import Changes
from sekisho.symbolic.overlap import SIDES, Around, Overlaps, Region
from sekisho.symbolic.reading import Cond
from sekisho.symbolic.samples import Samples
from sekisho.symbolic.slices import Slices
from sekisho.symbolic.state import State
from sekisho.symbolic.ways_in import Search, WaysIn
from sekisho.values.address import BITS

# Whether a line of a chain does more than to decide (it logs, marks, adds to a list...).
Acts = Callable[[ChainCode, Guarded], bool]
# Dead lines, each with the lines that make it so.
_Gone = dict[int, frozenset[int]]
Why = Literal["impossible", "unreachable", "shadowed", "contradicted", "redundant"]


@dataclass(frozen=True, slots=True)
class DeadLine:
    """``proof`` are the lines that take all that the line asks for (or do the same with it), or those that
    lead to its chain, where they let none of it through."""

    chain: ChainCode
    line: Guarded
    why: Why
    proof: tuple[tuple[ChainCode, Guarded], ...]


def _asking_wholly(chain: ChainCode) -> ChainCode:
    """The chain with maps that take only what has one of their keys: a key that is missing passes them by."""
    if not any(isinstance(line.action, FirstOf) for line in chain.lines):
        return chain
    lines = (
        replace(line, guard=All((line.guard, AnyOf(tuple(inner.guard for inner in line.action.lines)))))
        if isinstance(line.action, FirstOf)
        else line
        for line in chain.lines
    )
    return replace(chain, lines=tuple(lines))


class DeadLines:
    """Looks for dead lines in one station. ``unseen``: lines that nobody saw may call its user chains, with
    any packet (see ``semantics.unseen``)."""

    def __init__(self, view: ChainView, acts: Acts = lambda chain, line: False, unseen: bool = False) -> None:
        self.view = view
        self.acts = acts
        self.unseen = unseen
        self.space = view.space
        station = view.station
        chains = {station.base.name: station.base, **station.chains}
        self.chains = {name: _asking_wholly(chain) for name, chain in chains.items()}
        self.changes = Changes(view, self.chains)
        self.interfaces = frozenset().union(*map(self._names_of, SIDES))
        names_of = {side: self._names_of(side) for side in SIDES}
        self.samples = Samples(self.space.family, self.chains, names_of, self._index, self._wavers)
        self.slices = Slices(view, self.interfaces)
        self._overlaps: dict[str, Overlaps] = {}
        self._around: Around = {}
        self._held: dict[int, tuple[Cond, bool]] = {}
        self._sample: dict[int, State] = {}
        self.ways = WaysIn(
            self.space, self.chains[station.base.name], self.chains, self.samples, self._holds, self._index,
            self._begins,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of what refers back here, so that the diagrams' manager, with its threads and a gibibyte of
        addresses, goes when this goes: a host has hundreds of chains, and nothing is collected meanwhile."""
        del self.samples, self.ways

    def _names_of(self, side: str) -> frozenset[str]:
        given = getattr(self.view.start, side)
        return frozenset(str(name) for name, _ in given.cases) if isinstance(given, ByOrigin) else frozenset()

    def find(self, names: Collection[str] | None = None) -> list[DeadLine]:
        """All dead lines of the station, or of some of its chains, chain by chain. Lines of chains that
        nobody calls are left out."""
        found: list[DeadLine] = []
        asked = self.chains.values() if names is None else [self.chains[name] for name in names]
        called = [c for c in asked if self._begins(c) or self.ways.callers[c.name]]
        for chain in called:
            for place, line in enumerate(chain.lines):
                if line.number and (dead := self._dead(chain, place, line)):
                    found.append(dead)
        # A line makes no difference where those that others make dead are left out of account.
        gone = {id(dead.line): frozenset(id(each) for _, each in dead.proof) for dead in found}
        for chain in called:
            for place, line in enumerate(chain.lines):
                if line.number and id(line) not in gone:
                    same = self._redundant(chain, place, line, gone)
                    if same is not None:
                        found.append(DeadLine(chain, line, "redundant", same))
        return found

    def _begins(self, chain: ChainCode) -> bool:
        """Whether any packet may set out at the chain's head: a base chain, or one that nobody knows who
        calls."""
        return self.unseen or chain.policy is not None

    def _dead(self, chain: ChainCode, place: int, line: Guarded) -> DeadLine | None:
        if self._a_sample_arrives(chain, place, line):
            return None
        exactly = self.view.holds(line.guard).maybe
        if not exactly.satisfiable():
            return DeadLine(chain, line, "impossible", ())
        asked, box = self._holds(line).maybe, self._index(chain).regions[place]
        if (cover := self._covered(chain, place, exactly, box)) is not None:
            why: Why = "unreachable" if cover.guard == ALWAYS else "shadowed"
            return DeadLine(chain, line, why, ((chain, cover),))
        search = Search()
        if not self._some_slice_arrives(chain, place, asked, box) and not self.ways.arrives(
            chain, place, asked, box, search
        ):
            proof = tuple(search.proof.values())
            whole = [(where, each) for where, each in proof if where is chain and each.guard == ALWAYS]
            if not proof:
                calls = tuple((caller, caller.lines[at]) for caller, at in self.ways.callers[chain.name])
                return DeadLine(chain, line, "contradicted", calls)
            why = "unreachable" if whole else "shadowed"
            return DeadLine(chain, line, why, tuple(whole) or proof)
        return None

    def _a_sample_arrives(self, chain: ChainCode, place: int, line: Guarded) -> bool:
        """Whether a packet is at hand that the line takes and that comes to it."""
        if self._wavers(line):
            return False
        box = self._index(chain).regions[place]
        for way in self.ways.boxes(chain):
            for packet in self.samples.draw(chain, place, box.meet(way)):
                self._sample[id(line)] = packet
                if self.ways.sample_comes(chain, place, packet):
                    return True
        return False

    def _holds(self, line: Guarded) -> Cond:
        """What a line takes of all packets, whatever other lines change of them on the way."""
        return self._held_of(line)[0]

    def _wavers(self, line: Guarded) -> bool:
        """Whether the line asks for what other lines change."""
        return self._held_of(line)[1]

    def _held_of(self, line: Guarded) -> tuple[Cond, bool]:
        held = self._held.get(id(line))
        if held is None:
            exactly = self.view.holds(line.guard)
            widely = self.changes.whatever(exactly)
            held = self._held[id(line)] = widely, widely != exactly
        return held

    def _index(self, chain: ChainCode) -> Overlaps:
        found = self._overlaps.get(chain.name)
        if found is None:
            bits = BITS[self.space.family]
            changing = self.changes.fields
            found = Overlaps(chain, self.interfaces, bits, self._around, changing)
            self._overlaps[chain.name] = found
        return found

    def _covered(self, chain: ChainCode, place: int, some: Set, box: Region) -> Guarded | None:
        """An earlier line of the chain that takes all by itself."""
        sample = self._sample.get(id(chain.lines[place]))
        index = self._index(chain)
        for earlier in index.lines(box, place) if sample is None else index.meeting(sample, place):
            line = chain.lines[earlier]
            if type(line.action) not in LEAVING or (sample and not self.samples.fits(line.guard, sample)):
                continue
            before = self.changes.before(some, self.changes.between(chain, earlier, place))
            if not (before & ~self.view.holds(line.guard).yes).satisfiable():
                return line
        return None

    def _some_slice_arrives(self, chain: ChainCode, place: int, some: Set, box: Region) -> bool:
        """Whether one of a few slices of the packets arrives."""
        for way in self.ways.boxes(chain):
            for slice_ in self.slices.of(box.meet(way)):
                part = some & self.slices.within(slice_)
                if part.satisfiable() and self.ways.arrives(chain, place, part, slice_, Search()):
                    return True
        return False

    # ----------------------------------------------------------------------------------- afterwards

    def _redundant(
        self, chain: ChainCode, place: int, line: Guarded, gone: _Gone
    ) -> tuple[tuple[ChainCode, Guarded], ...] | None:
        """The later lines that do the same with all that the line asks for; None where one does not."""
        if not isinstance(line.action, Accept | Drop | Reject) or self.acts(chain, line):
            return None
        if not chain.lines[0].number:
            return None  # lines that nobody saw may stand anywhere in the chain
        packet = self._sample.get(id(line))
        if packet is not None and self.samples.done_otherwise(
            chain, place, packet, lambda other: id(line) not in gone.get(id(other), {id(line)})
        ):
            return None
        asked, box = self._holds(line).maybe, self._index(chain).regions[place]
        part = next(self.slices.of(box))
        some = asked & self.slices.within(part)
        if some.satisfiable() and self._done_by_others(chain, place, line, some, part, gone) is None:
            return None
        return self._done_by_others(chain, place, line, asked, box, gone)

    def _done_by_others(
        self, chain: ChainCode, place: int, line: Guarded, some: Set, box: Region, gone: _Gone
    ) -> tuple[tuple[ChainCode, Guarded], ...] | None:
        proof: list[tuple[ChainCode, Guarded]] = []
        for later in self._index(chain).lines(box):
            other = chain.lines[later]
            acts = self.acts(chain, other)
            if later <= place or (type(other.action) in PASSING and not acts):
                continue
            if id(line) not in gone.get(id(other), {id(line)}):
                continue
            held = self._holds(other)
            if not (some & held.maybe).satisfiable():
                continue
            if acts or other.action != line.action:
                return None
            proof.append((chain, other))
            some &= ~held.yes
            if not some.satisfiable():
                return tuple(proof)
        return tuple(proof) if chain.policy == line.action else None
