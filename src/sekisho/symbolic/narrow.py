"""Which lines of a chain can matter to a state: long chains are looked through once, not for every set.

Interfaces and connection state are the same for all packets of a state, so what a guard says of them is
settled beforehand; of connection state only where no line of the chain changes it. What is left is sorted by
destination address: packets to few addresses meet few lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from sekisho.semantics.conjunction import conjuncts, leaves
from sekisho.semantics.control import calls_of, does, leading_to
from sekisho.semantics.program import (
    ALWAYS,
    NEVER,
    All,
    AnyOf,
    ChainCode,
    Guard,
    In,
    Interface,
    Members,
    Not,
    SetZone,
    Untrack,
)
from sekisho.symbolic.bits import ByOrigin
from sekisho.symbolic.guards import interface_fits
from sekisho.symbolic.segments import Asking, Item, Segment, cut
from sekisho.symbolic.state import State
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.slotted import replace

# What attaches a template or NOTRACK to packets.
_TRACKING = (Untrack, SetZone)
# A line for this many single destinations is kept with those for any.
_SINGLES = 4


@dataclass(slots=True)
class Lines:
    """The lines of a chain that are left for one combination of interfaces and connection state.

    ``items`` are the lines with what is still to be asked of each, long stretches as one. ``by_dst``: the
    places of lines for one or few destinations, which are ``singles``; ``others`` of those for any.
    """

    items: list[Item]
    by_dst: dict[int, list[int]] = field(default_factory=dict)
    others: list[int] = field(default_factory=list)
    singles: IntSet = EMPTY

    def towards(self, destinations: IntSet | None) -> Iterator[Item]:
        """The lines in order that packets to these destinations may fit (None: to any)."""
        if destinations is None:
            yield from self.items
            return
        places = list(self.others)
        for first, last in destinations:
            for value in range(first, last + 1):
                places += self.by_dst.get(value, ())
        places.sort()
        before = -1
        for place in places:
            if place != before:
                before = place
                yield self.items[place]


class Narrowing:
    """Remembers the lines left of each chain."""

    def __init__(self) -> None:
        self._sorted: dict[int, _Sorted] = {}
        self._known: dict[tuple[object, ...], Lines] = {}
        self._tracks: dict[int, bool] = {}
        self._tracking: dict[int, frozenset[str]] = {}
        self._few: dict[int, tuple[Guard, list[int] | None]] = {}

    def lines(self, chain: ChainCode, chains: Mapping[str, ChainCode], state: State) -> Lines:
        """The lines of the chain that packets may fit which begin it in that state."""
        if self._changes_tracking(chain, chains):
            state = replace(state, ctstate=None)
        seen = (state.iif, state.oif, state.ctstate)
        key = (id(chain), *(each.names if isinstance(each, ByOrigin) else each for each in seen))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._narrowed(chain, state)
        return found

    def _changes_tracking(self, chain: ChainCode, chains: Mapping[str, ChainCode]) -> bool:
        """Whether the chain, or one that it calls, attaches a template or NOTRACK to packets."""
        found = self._tracks.get(id(chain))
        if found is None:
            if id(chains) not in self._tracking:
                self._tracking[id(chains)] = leading_to(_TRACKING, chains)
            tracking = self._tracking[id(chains)]
            found = self._tracks[id(chain)] = does(chain, _TRACKING) or not tracking.isdisjoint(
                calls_of(chain)
            )
        return found

    def _narrowed(self, chain: ChainCode, state: State) -> Lines:
        by_name = self._sorted.get(id(chain))
        if by_name is None:
            by_name = self._sorted[id(chain)] = _Sorted.of(chain)
        known = {name for name in _ASKED if not isinstance(getattr(state, name), ByOrigin)}
        left: list[Asking] = []
        for place in by_name.places(state):
            line = chain.lines[place]
            if by_name.asks[place] & known:
                guard = settled(line.guard, state)
                if guard is not NEVER:
                    left.append((line, guard))
            else:
                left.append((line, line.guard))
        return self._by_destination(list(cut(left)))

    def _by_destination(self, items: list[Item]) -> Lines:
        found = Lines(items)
        singles: set[int] = set()
        for at, item in enumerate(items):
            single = None if isinstance(item, Segment) else self._few_destinations(item[1])
            if single is None:
                found.others.append(at)
            else:
                singles.update(single)
                for value in single:
                    found.by_dst.setdefault(value, []).append(at)
        found.singles = IntSet.of_values(singles)
        return found

    def _few_destinations(self, guard: Guard) -> list[int] | None:
        known = self._few.get(id(guard))
        if known is None:
            known = self._few[id(guard)] = (guard, _destinations(guard))
        return known[1]


@dataclass(slots=True)
class _Sorted:
    """A chain's lines by the interface that they name, outgoing ones first. ``asks`` is what lines ask of
    interfaces and connection state."""

    by_oif: dict[str, list[int]] = field(default_factory=dict)
    by_iif: dict[str, list[int]] = field(default_factory=dict)
    others: list[int] = field(default_factory=list)
    asks: list[frozenset[str]] = field(default_factory=list)

    @staticmethod
    def of(chain: ChainCode) -> _Sorted:
        found = _Sorted()
        for place, line in enumerate(chain.lines):
            found.asks.append(_asks(line.guard))
            named = {
                p.field: p.name
                for p in conjuncts(line.guard)
                if isinstance(p, Interface) and p.name and not p.prefix
            }
            if "oif" in named:
                found.by_oif.setdefault(named["oif"], []).append(place)
            elif "iif" in named:
                found.by_iif.setdefault(named["iif"], []).append(place)
            else:
                found.others.append(place)
        return found

    def places(self, state: State) -> list[int]:
        """The lines for the interfaces of a state and those for any, in order."""
        found = list(self.others)
        for lines, given in ((self.by_oif, state.oif), (self.by_iif, state.iif)):
            for name in given.names if isinstance(given, ByOrigin) else (given,):
                found += lines.get(str(name), ()) if name is not None else ()
        return sorted(found)


def first_asked(guard: Guard) -> tuple[int, int]:
    """The first destination and source that a guard asks for: a place among other guards."""
    dst = src = 0
    for part in conjuncts(guard):
        if isinstance(part, In) and part.values:
            if part.field == "dst":
                dst = part.values.intervals[0][0]
            elif part.field == "src":
                src = part.values.intervals[0][0]
    return dst, src


def ask_apart(guards: Iterable[Guard]) -> bool:
    """Whether no packet fits two of the guards, as far as their ports and protocols tell: published ports
    are many, and each is one line's."""
    spans: list[tuple[int, int]] = []
    for guard in guards:
        asked = {part.field: part.values for part in conjuncts(guard) if isinstance(part, In)}
        ports, proto = asked.get("dport"), asked.get("proto")
        if ports is None or proto is None or proto.size() != 1:
            return False
        above = proto.intervals[0][0] << 16
        spans += ((above | first, above | last) for first, last in ports)
    spans.sort()
    return all(one[1] < other[0] for one, other in pairwise(spans))


_ASKED = ("iif", "oif", "ctstate")


def _asks(guard: Guard) -> frozenset[str]:
    """Which of the things that are settled beforehand a guard asks about."""
    asked: set[str] = set()
    for leaf in leaves(guard):
        if isinstance(leaf, Members):
            asked |= {"iif", "oif"}.intersection(leaf.fields)
        elif isinstance(leaf, Interface) or (isinstance(leaf, In) and leaf.field == "ctstate"):
            asked.add(leaf.field)
    return frozenset(asked)


def settled(guard: Guard, state: State) -> Guard:
    """The guard with its questions about interfaces and connection state answered."""
    match guard:
        case Interface(name):
            given = getattr(state, name)
            if isinstance(given, ByOrigin) or name not in ("iif", "oif"):
                return guard
            return ALWAYS if interface_fits(guard, given) else NEVER
        case Members():
            return _members_left(guard, state)
        case In("ctstate", values) if isinstance(state.ctstate, int):
            return ALWAYS if state.ctstate in values else NEVER
        case All(parts):
            kept: list[Guard] = []
            for part in parts:
                part = settled(part, state)
                if part is NEVER:
                    return NEVER
                if part is not ALWAYS:
                    kept.append(part)
            if len(kept) == len(parts):
                return guard
            return kept[0] if len(kept) == 1 else All(tuple(kept)) if kept else ALWAYS
        case AnyOf(parts):
            options: list[Guard] = []
            for part in parts:
                part = settled(part, state)
                if part is ALWAYS:
                    return ALWAYS
                if part is not NEVER:
                    options.append(part)
            return options[0] if len(options) == 1 else AnyOf(tuple(options)) if options else NEVER
        case Not(inner):
            part = settled(inner, state)
            return ALWAYS if part is NEVER else NEVER if part is ALWAYS else Not(part)
        case _:
            return guard


def _members_left(guard: Members, state: State) -> Guard:
    """The elements of a set that interfaces of the state leave, without these dimensions."""
    known = [
        at
        for at, name in enumerate(guard.fields)
        if name in ("iif", "oif") and not isinstance(getattr(state, name), ByOrigin)
    ]
    if not known:
        return guard
    left = [at for at in range(len(guard.fields)) if at not in known]
    entries = tuple(
        (tuple(boxes[at] for at in left), holds)
        for boxes, holds in guard.entries
        if all(boxes[at] == getattr(state, guard.fields[at]) for at in known)
    )
    if not entries:
        return NEVER
    if not left:
        return ALWAYS if entries[0][1] else NEVER
    return Members(tuple(guard.fields[at] for at in left), entries)


def _destinations(guard: Guard) -> list[int] | None:
    """The few destinations that a guard asks for; None where it takes many."""
    for part in conjuncts(guard):
        if isinstance(part, In) and part.field == "dst" and part.values.size() <= _SINGLES:
            return [value for first, last in part.values for value in range(first, last + 1)]
    return None
