"""The flows that differ between two snapshots, for all packets, grouped by what makes the difference.

Both are read over the same variables, place by place (the Internet, the VPC, the host, every container of
the same name), so that the difference of two sets is exact and nothing that is only spelled differently
shows. A packet's fate is yes (it and its reply arrive), no, or perhaps; ``moved`` are those that arrive
both times, but at another address or port; ``source`` those whose server sees another source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sekisho.answers.arrivals import Arrivals
from sekisho.answers.places import Origin, Reading
from sekisho.answers.reach import doubts_of
from sekisho.answers.services import Names, merged
from sekisho.answers.sides import Side, side_of
from sekisho.answers.strangers import Asked
from sekisho.answers.trace import trace
from sekisho.answers.witness import Witness
from sekisho.errors import UsageError, said
from sekisho.model.routing import Route
from sekisho.semantics.journey import ARRIVED, Doubt, Lean
from sekisho.semantics.world import World
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.boxes import Box
from sekisho.symbolic.domain import TRANSLATED
from sekisho.symbolic.journeys import Flows
from sekisho.symbolic.space import Space
from sekisho.values.address import BITS, Family, Prefix
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP, ICMPV6, TCP, UDP

KINDS = ("opened", "closed", "moved", "source", "unsure")


@dataclass(frozen=True, slots=True)
class Change:
    """Flows that changed for one reason. ``boxes`` are what the packets were sent as."""

    kind: str
    sources: tuple[str, ...]
    boxes: tuple[Box, ...]
    witness: Witness
    before: Side
    after: Side


@dataclass(frozen=True, slots=True)
class Difference:
    """The whole answer for one family. ``only_one``: places that only one of the snapshots has, ``alone``:
    what only one of them, before or after, takes for granted."""

    family: Family
    changes: tuple[Change, ...]
    only_one: tuple[str, ...] = ()
    names: Names = field(default_factory=dict)
    alone: tuple[tuple[Lean, ...], tuple[Lean, ...]] = ((), ())

    @property
    def open_doubts(self) -> tuple[Doubt, ...]:
        """Why nobody can say something of a change."""
        return tuple(doubt for side in self._sides for doubt in side.doubts)

    @property
    def leans_on(self) -> tuple[Lean, ...]:
        """What the changes, or only one of the snapshots, take for granted."""
        return (*(lean for side in self._sides for lean in side.leans_on), *self.alone[0], *self.alone[1])

    @property
    def _sides(self) -> tuple[Side, ...]:
        return tuple(side for change in self.changes for side in (change.before, change.after))


def diff(before: World, after: World, family: Family = 4, every_protocol: bool = False) -> Difference:
    """Compare all flows of one family."""
    space = Space(family)
    return _Comparison(before, after, space, family, every_protocol).answer()


@dataclass(slots=True)
class _Fates:
    """The packets of one origin on one side. ``yes`` are certain; ``maybe`` are those that are not ``no``.

    ``plain`` arrive at what they were sent to; ``translated`` elsewhere, by the name of who takes them ("":
    nobody known, with the address in the variables tdst), with the port in tdport. ``seen``: by the
    source that the server sees.
    """

    yes: Set
    maybe: Set
    plain: Set
    translated: dict[str, Set]
    seen: dict[Bits | None, Set]

    def within(self, some: Set) -> _Fates:
        """The same for some of the packets only."""
        seen = {key: each & some for key, each in self.seen.items()}
        translated = {key: each & some for key, each in self.translated.items()}
        return _Fates(self.yes & some, self.maybe & some, self.plain & some, translated, seen)


class _Comparison:
    def __init__(
        self, before: World, after: World, space: Space, family: Family, every_protocol: bool
    ) -> None:
        self.worlds = (before, after)
        self.space = space
        self.family = family
        self.readings = (
            Reading(before, family, space, asked=Asked(groups=True)),
            Reading(after, family, space, asked=Asked(groups=True)),
        )
        self.arrivals = (Arrivals(self.readings[0]), Arrivals(self.readings[1]))
        self.wanted = space.everything
        if not every_protocol:
            shown = IntSet.of(TCP, UDP, ICMP if family == 4 else ICMPV6)
            self.wanted = space.member(space.field["proto"], shown)
        if family == 6:
            # Link-local addresses come from MAC addresses, which are others on every start.
            local = IntSet.prefix(Prefix(6, 0xFE80 << 112, 10))
            self.wanted &= ~space.member(space.field["dst"], local)

    def answer(self) -> Difference:
        """All changes."""
        first, second = (_by_name(reading.origins) for reading in self.readings)
        changes: list[Change] = []
        untouched = self._untouched(first, second)
        for name in first:
            if name in second and name not in untouched:
                changes += self._changes(first[name], second[name])
        only = tuple(name for name in {**first, **second} if (name in first) != (name in second))
        names = {**self.readings[0].names, **self.readings[1].names}
        leans = tuple(dict.fromkeys(reading.leans_on()) for reading in self.readings)
        alone = tuple(tuple(x for x in leans[at] if x not in leans[1 - at]) for at in (0, 1))
        return Difference(self.family, tuple(_joined(changes)), only, names, (alone[0], alone[1]))

    def _untouched(self, first: dict[str, list[Origin]], second: dict[str, list[Origin]]) -> set[str]:
        """The containers of one run of the walk of which nothing changed, found for all of them at once."""
        alike = {
            name: (first[name][0], second[name][0])
            for name in first
            if name in second and len(first[name]) == len(second[name]) == 1
            and first[name][0].addresses == second[name][0].addresses
            and all(self._shares_run(side, each[name][0]) for side, each in enumerate((first, second)))
        }  # fmt: skip
        runs: dict[tuple[int, int], list[str]] = {}
        for name, (one, other) in alike.items():
            runs.setdefault((one.group, other.group), []).append(name)
        found: set[str] = set()
        for names in runs.values():
            wholes = [self._whole([alike[name][side] for name in names]) for side in (0, 1)]
            fates = [self._fates(side, [wholes[side]], keep_source=True) for side in (0, 1)]
            changed = self._changed(*fates)
            found |= {name for name in names if not (alike[name][0].some & changed).satisfiable()}
        return found

    def _shares_run(self, side: int, origin: Origin) -> bool:
        return self.readings[side].sources[origin.group].how == "attachment"

    def _whole(self, members: list[Origin]) -> Origin:
        some = self.space.nothing
        for item in members:
            some |= item.some
        return replace(members[0], some=some)

    def _changed(self, before: _Fates, after: _Fates) -> Set:
        """The packets of which anything is not as before."""
        found = (before.yes ^ after.yes) | (before.maybe ^ after.maybe) | self._elsewhere(before, after)
        for source in {**before.seen, **after.seen}:
            old, new = (side.seen.get(source, self.space.nothing) for side in (before, after))
            found |= old ^ new
        return found

    def _elsewhere(self, before: _Fates, after: _Fates) -> Set:
        """The packets that arrive at another place or port."""
        found = before.plain ^ after.plain
        for name in {**before.translated, **after.translated}:
            old, new = (side.translated.get(name, self.space.nothing) for side in (before, after))
            found |= self.space.without(old ^ new, ("tdst", "tdport"))
        return found

    # ------------------------------------------------------------------------------- one origin

    def _changes(self, one: list[Origin], other: list[Origin]) -> Iterator[Change]:
        sides = (one, other)
        before, after = (self._fates(side, sides[side]) for side in (0, 1))
        if one[0].kind == "container":
            # What a container sends to its own loopback (Docker's resolver has a random port) stays inside.
            loopback = IntSet.prefix(Prefix(4, 127 << 24, 8)) if self.family == 4 else IntSet.of(1)
            outward = ~self.space.member(self.space.field["dst"], loopback)
            before, after = before.within(outward), after.within(outward)
        gone, come = before.yes & ~after.maybe, after.yes & ~before.maybe
        both = before.yes & after.yes
        yield from self._grouped("closed", gone, sides, 1)
        yield from self._grouped("opened", come, sides, 0)
        unsure = ((before.yes ^ after.yes) | (before.maybe ^ after.maybe)) & ~gone & ~come
        yield from self._grouped("unsure", unsure, sides, None)
        elsewhere = self._elsewhere(before, after)
        moved = both & elsewhere
        yield from self._grouped("moved", moved, sides, None)
        same_source = self.space.nothing
        for source, some in before.seen.items():
            same_source |= some & after.seen.get(source, self.space.nothing)
        yield from self._grouped("source", both & ~same_source & ~moved, sides, None)

    def _fates(self, side: int, origins: list[Origin], keep_source: bool = False) -> _Fates:
        space, arrivals, nothing = self.space, self.arrivals[side], self.space.nothing
        found = _Fates(nothing, nothing, nothing, {}, {})
        for origin in origins:
            for flow in self.readings[side].flows(origin.group):
                mine = flow.some & origin.some & self.wanted
                if not mine.satisfiable():
                    continue
                works = mine & arrivals.both_ways(flow)
                found.yes |= works
                found.maybe |= works
                for fate in (flow.forward, flow.reply):
                    if fate is not None and fate.disposition == "undetermined":
                        found.maybe |= mine
                if works.satisfiable():
                    self._place(found, flow, works, arrivals)
        forgotten = self._forgotten(origins[0], keep_source)
        # Where to a packet is translated is told apart below, and is no part of whether it arrives.
        arrive, perhaps = (space.without(some, TRANSLATED) for some in (found.yes, found.maybe))
        found.yes = space.certainly(arrive.exists(forgotten))
        found.maybe = space.perhaps(perhaps.exists(forgotten))
        found.plain = space.perhaps(found.plain.exists(forgotten))
        found.translated = {k: space.perhaps(s.exists(forgotten)) for k, s in found.translated.items()}
        found.seen = {key: space.perhaps(some.exists(forgotten)) for key, some in found.seen.items()}
        return found

    def _place(self, found: _Fates, flow: Flows, works: Set, arrivals: Arrivals) -> None:
        space = self.space
        sent, ends = arrivals.sent(flow), flow.state.ends
        if ends.dst is sent.dst and ends.dport is sent.dport:
            found.plain |= space.without(works, ("tdst", "tdport"))
        else:
            for name, bits in (("tdst", ends.dst), ("tdport", ends.dport)):
                if bits.value is not None:
                    works &= space.member(space.field[name], IntSet.of(bits.value))
            for name, some in self._takers(flow, works, arrivals):
                found.translated[name] = found.translated.get(name, space.nothing) | some
        source = None if ends.src is sent.src else ends.src
        plain = space.without(works, ("tdst", "tdport"))
        found.seen[source] = found.seen.get(source, space.nothing) | plain

    def _takers(self, flow: Flows, works: Set, arrivals: Arrivals) -> Iterator[tuple[str, Set]]:
        """Who takes translated packets: a container is the same whatever address it has."""
        space, fate = self.space, flow.forward
        if fate.disposition != "delivered":
            yield "", works
        elif not fate.bridge:
            yield fate.where, space.without(works, ("tdst",))
        else:
            next_hop = flow.state.next_hop
            assert next_hop is not None
            for item in arrivals.walk.attachments(fate.link):
                here = works & arrivals.walk.at(item, next_hop)
                if here.satisfiable():
                    yield item.name, space.without(here, ("tdst",))

    def _forgotten(self, origin: Origin, keep_source: bool = False) -> Set:
        """What does not count of a packet: a container's own address may be another one."""
        names = ["src_mac", "uid", "gid", "ttl", "length", "icmp_id", "tos"]
        if origin.kind not in ("internet", "vpc") and not keep_source:
            names.append("src")
        return self.space.of_fields(names)

    # ---------------------------------------------------------------------------------- grouping

    def _grouped(
        self, kind: str, some: Set, sides: tuple[list[Origin], list[Origin]], refusing: int | None
    ) -> Iterator[Change]:
        """One change for each line that refuses (on the side ``refusing``), else one for each way of
        arriving before."""
        if not some.satisfiable():
            return
        some = self.space.without(some, ("tdst", "tdport"))
        side = 0 if refusing is None else refusing
        groups: dict[tuple[object, ...], Set] = {}
        for origin in sides[side]:
            for flow in self.readings[side].flows(origin.group):
                here = self.space.without(flow.some & origin.some, ("tdst", "tdport"))
                here = self.space.perhaps(here.exists(self._forgotten(origin))) & some
                if here.satisfiable():
                    fate = flow.forward
                    if fate.disposition in ARRIVED and flow.reply is not None:
                        fate = flow.reply
                    chain = fate.chain.name if fate.chain is not None else ""
                    key = (fate.disposition, fate.hook, fate.table, chain, fate.node)
                    groups[key] = groups.get(key, self.space.nothing) | here
        for here in groups.values():
            here &= some  # open questions may put a packet into two groups
            if here.satisfiable():
                yield self._change(kind, here, sides)
                some &= ~here

    def _change(self, kind: str, some: Set, sides: tuple[list[Origin], list[Origin]]) -> Change:
        origin, flow = self._example(some, sides[0])
        packet = self.arrivals[0].packet(origin, flow, some & flow.some)
        journeys = [trace(world, packet.question) for world in self.worlds]
        arrivals = self.arrivals[0]
        whole = IntSet.from_intervals(i for item in sides[0] for i in item.addresses)
        everybody = IntSet.span(0, (1 << BITS[self.family]) - 1)
        boxes = tuple(
            _without_source(box) if box["src"] in (whole, everybody) else box
            for box in merged(arrivals.addressed(some))
        )
        why = [self._open_questions(kind, some, at, sides[at]) for at in (0, 1)]
        before, after = (side_of(*each) for each in zip(journeys, why, strict=True))
        return Change(kind, (origin.name,), boxes, packet, before, after)

    def _open_questions(self, kind: str, some: Set, at: int, origins: list[Origin]) -> Iterator[Doubt]:
        """Why nobody can say: to the packet that stands for all it need not matter."""
        for origin in origins if kind == "unsure" else ():
            yield from doubts_of(self.arrivals[at], origin, some)

    def _example(self, some: Set, origins: list[Origin]) -> tuple[Origin, Flows]:
        """A flow of the side before that has packets of the set: TCP where there is."""
        best: tuple[Origin, Flows] | None = None
        tcp = self.arrivals[0].walk.guards.tcp
        for origin in origins:
            for flow in self.readings[0].flows(origin.group):
                here = flow.some & origin.some & some
                if (here & tcp).satisfiable():
                    return origin, flow
                if best is None and here.satisfiable():
                    best = (origin, flow)
        assert best is not None
        return best


def _without_source(box: Box) -> Box:
    return Box(tuple(pair for pair in box.fields if pair[0] != "src"))


def _by_name(origins: list[Origin]) -> dict[str, list[Origin]]:
    found: dict[str, list[Origin]] = {}
    for item in origins:
        found.setdefault(item.name, []).append(item)
    return found


def _joined(changes: list[Change]) -> Iterator[Change]:
    """Changes of several places with the same lines on both sides, as one."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for item in changes:
        key = (
            item.kind,
            item.before.disposition, item.after.disposition, item.before.reply, item.after.reply,
            _chains(item.before), _chains(item.after),
        )  # fmt: skip
        groups.setdefault(key, []).append(item)
    for same in groups.values():
        sources = tuple(dict.fromkeys(name for item in same for name in item.sources))
        boxes = tuple(merged(box for item in same for box in item.boxes))
        yield replace(same[0], sources=sources, boxes=boxes)


def _chains(side: Side) -> tuple[object, ...]:
    return tuple(dict.fromkeys((step.table, step.chain, step.verdict) for step in side.lines))


def families(before: World, after: World) -> tuple[Family, ...]:
    """The families that both snapshots have routes of; IPv4 at least."""
    found: list[Family] = [4]
    if all(any(route.family == 6 for route in _routes(world)) for world in (before, after)):
        found.append(6)
    return tuple(found)


def same_kind(before: World, after: World) -> None:
    """Raises UsageError where the two cannot be compared at all."""
    for site in (site for world in (before, after) for site in world.sites.values()):
        if not site.host.facts.routes:
            raise UsageError(
                said("{0}: no routes were captured, so nothing tells where packets go", site.snapshot.path),
                advice="add ip-route.txt to the snapshot",
            )


def _routes(world: World) -> Iterator[Route]:
    return (route for site in world.sites.values() for route in site.host.facts.routes)
