"""Sets of packets at the hooks and routing tables of one namespace: the twin of ``semantics.hook_walk``.

Every method takes a front (sets by state) and gives the front that goes on; packets whose way ends are
handed to ``walk.end``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import assert_never

from sekisho.semantics.chains import Passed
from sekisho.semantics.hidden_gateways import hop_words
from sekisho.semantics.hooks import NAT_SIDE
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Disposition, Doubt, Hook
from sekisho.semantics.passage import Checkpoint, NatCore, Tracking, checkpoints, reroutes
from sekisho.semantics.program import (
    NEW,
    Accept,
    Action,
    ChainCode,
    Continue,
    CopyMark,
    Drop,
    FirstOf,
    Goto,
    Jump,
    NotUnderstood,
    Program,
    Reject,
    Return,
    ReversePath,
    RouteTo,
    Series,
    SetBits,
    SetZone,
    Station,
    Stop,
    Translate,
    Untrack,
    Way,
)
from sekisho.semantics.routing import A_PORT, found_kind, subnet_bits
from sekisho.semantics.switches import picks_up
from sekisho.semantics.traveller import BROADCAST
from sekisho.symbolic.bits import Set
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.guards import Cond
from sekisho.symbolic.line_runs import Within
from sekisho.symbolic.neighbours import Neighbours
from sekisho.symbolic.state import ByOrigin, Front, Name, State, add
from sekisho.symbolic.tracking import confirm, rewrite, track
from sekisho.symbolic.translation import LINK_LOCAL, Hit, translate
from sekisho.values.slotted import replace


class SymbolicHookWalk(ABC):
    """The stations and tables of one namespace."""

    def __init__(self, walk: Neighbours, host: HostCode) -> None:
        self.walk = walk
        self.host = host
        self.space = walk.space
        self.guards = walk.guards
        self.flow = walk.flow
        self.program: Program = host.programs[walk.space.family]
        self._reversed: dict[object, Cond] = {}

    @abstractmethod
    def route_again(self, checkpoint: Checkpoint, looks_at: int, front: Front) -> Front:
        """A checkpoint of OUTPUT behind which packets may get another route."""

    # ------------------------------------------------------------------------------- checkpoints

    def hook(self, hook: Hook, front: Front) -> Front:
        """Pass every checkpoint of a hook."""
        for checkpoint in checkpoints(self.program, hook):
            if not front:
                break
            looks_at = reroutes(checkpoint) if hook == "output" else 0
            if looks_at:
                front = self.route_again(checkpoint, looks_at, front)
            else:
                front = self._checkpoint(checkpoint, front)
        return self._confirmed(front) if hook in ("input", "postrouting") else front

    def _confirmed(self, front: Front) -> Front:
        """After the last hook, connections are in the table."""
        found, clashing = confirm(front, self.guards)
        fate = Fate("undetermined", self.host.name, doubts=(Doubt("connection-clash"),), hook="conntrack")
        for state, some in clashing:
            self.walk.end(fate, state, some)
        return found

    def _checkpoint(self, checkpoint: Checkpoint, front: Front) -> Front:
        match checkpoint:
            case Station():
                return self._filter(checkpoint, front)
            case Tracking():
                return track(front, self.host.name, self.guards, picks_up(self.host.facts))
            case NatCore(side, stations):
                return self._nat(side, stations, front)

    def _filter(self, station: Station, front: Front) -> Front:
        passing: Front = {}
        if station.devices is not None:
            front, passing = self._concerned(station, front)
        for passed, state, some in self._pass(station, front):
            if isinstance(passed, Within) and passed.within is not None:
                some &= passed.within
            if isinstance(passed.action, Accept):
                add(passing, state, some)
            else:
                self._end(station, passed, passed.action, state, some)
        return passing

    def _concerned(self, station: Station, front: Front) -> tuple[Front, Front]:
        """The packets of the interfaces that a station is for, and the others."""
        concerned: Front = {}
        others: Front = {}
        for state, some in front.items():
            ends: tuple[Name, Name] = (state.oif, state.physout)
            if station.hook == "ingress":
                ends = (state.iif, state.physin)
            mine = self.space.nothing
            for device in station.devices or ():
                for end in ends:
                    mine |= self.guards.named(end, device)
            add(concerned, state, some & mine)
            add(others, state, some & ~mine)
        return concerned, others

    def _nat(self, side: str, stations: tuple[Station, ...], front: Front) -> Front:
        through: Front = {}
        asking: Front = {}
        bound: Front = {}
        for state, some in front.items():
            connection = state.connection
            if connection is None:
                through[state] = some
            elif state.ctstate == NEW and side not in connection.bound:
                asking[state] = some
            else:
                bound[state] = some
        for station in stations:
            hits: list[Hit] = []
            lines: dict[int, Passed] = {}
            following: Front = {}
            for passed, state, some in self._pass(station, asking):
                action = passed.action
                if isinstance(action, Translate):
                    what = NAT_SIDE[station.hook] if action.what == "hook" else action.what
                    key = self._key(id(passed.line), state)
                    within = passed.within if isinstance(passed, Within) else None
                    hits.append(Hit(action, what, state, some, key, within or self.space.everything))
                    lines[id(state)] = passed
                elif isinstance(action, Accept):
                    add(following, state, some)
                else:
                    self._end(station, passed, action, state, some)
            translated, unbound = translate(hits, self.host, self.guards)
            for state, some in translated.items():
                add(bound, state, some)
            for each in unbound:
                action = NotUnderstood(each.unknown) if each.unknown is not None else Drop()
                self._end(station, lines[id(each.state)], action, each.state, each.some)
            asking = following
        for state, some in asking.items():
            add(bound, state, some)
        for state, some in bound.items():
            connection = state.connection
            assert connection is not None
            if state.ctstate == NEW and side not in connection.bound:
                state = state.with_connection(replace(connection, bound=connection.bound | {side}))
            add(through, rewrite(state, side), some)
        return through

    def _pass(self, station: Station, front: Front) -> list[tuple[Passed, State, Set]]:
        return self._flow(station.base, station.chains, front, (station.hook, station.table, station.backend))

    # ----------------------------------------------------------------------------------- routing

    def _lookup(self, front: Front, phase: str, of_root: bool = False) -> list[tuple[Passed, State, Set]]:
        """The line that decides where packets go. Lookups see no outgoing interface, and lo as incoming one
        of local packets; ``of_root``: whoever sends them."""
        found: list[tuple[Passed, State, Set]] = []
        for state, some in front.items():
            seen = replace(state, iif="lo" if state.iif is None else state.iif, oif=None)
            if of_root:
                seen = replace(seen, uid=self.space.constant(0, 32), owner_open=False)
            if phase == "output" and state.reply and self.space.family == 6:
                seen = replace(seen, tos=self.space.constant(0, 8))  # see ``semantics.visit``
            for passed, _, part in self._run(self.program.routing, {seen: some}, phase):
                found.append((passed, state, part))
        return found

    def _run(self, chain: ChainCode, front: Front, phase: str) -> list[tuple[Passed, State, Set]]:
        return self._flow(chain, self.program.route_tables, front, phase)

    def _flow(
        self, chain: ChainCode, chains: dict[str, ChainCode], front: Front, phase: object
    ) -> list[tuple[Passed, State, Set]]:
        """Packets that have been through more namespaces are asked anew."""
        self.guards.reverse = self.reverse_path
        by_visit: dict[object, Front] = {}
        for state, some in front.items():
            by_visit.setdefault(self._key(phase, state), {})[state] = some
        found: list[tuple[Passed, State, Set]] = []
        for key, part in by_visit.items():
            found += self.flow.run(chain, chains, part, key)
        return found

    def _key(self, what: object, state: State) -> object:
        return (what, self.host.name, state.reply, state.visits)

    def _object(self, chain: ChainCode, front: Front, phase: str) -> Front:
        passing: Front = {}
        for passed, state, some in self._run(chain, front, phase):
            if isinstance(passed.action, Accept):
                add(passing, state, some)
            else:
                self._refused(passed, state, some)
        return passing

    def _ways(self, route: RouteTo, state: State, some: Set, key: object) -> Iterator[tuple[Way, Set]]:
        """The ways of a multipath route: the kernel hashes, so each is a choice."""
        names = tuple(f"{hop_words(way.via)} {way.dev or ''}".strip() for way in route.ways)
        for at, way in enumerate(route.ways[:-1]):
            chosen = self.space.choice((self._key(key, state), at), (Doubt("multipath", names),))
            yield way, some & chosen
            some &= ~chosen
        yield route.ways[-1], some

    def reverse_path(self, state: State, guard: ReversePath) -> Cond:
        """A lookup with source and destination exchanged, as from a local process."""
        zero = self.space.constant(0, 32)
        ends = state.ends.mirrored() if guard.side == "src" else state.ends
        if state.route_kind == BROADCAST and guard.side == "src":
            ends = replace(ends, src=self.space.constant(0, ends.src.width))
        way_out = state.oif if guard.sees == "ports" or guard.onward else None
        back = replace(
            state, ends=ends, iif=way_out or "lo", oif=None, uid=zero, local=True, owner_open=False,
            mark=state.mark if guard.use_mark else 0, sees=guard.sees,
        )  # fmt: skip
        found = self._looked_back(back, state.iif, guard)
        if self.space.family == 6:
            # A link-local address is looked for on its own link.
            near = self.space.member(ends.dst, LINK_LOCAL)
            link = state.oif if state.iif is None else state.iif
            link = link if state.portout is None else A_PORT
            here = self._looked_back(replace(back, iif=link), state.iif, guard)
            found = Cond((here.yes & near) | (found.yes & ~near), (here.maybe & near) | (found.maybe & ~near))
        return found

    def _looked_back(self, back: State, iif: Name, guard: ReversePath) -> Cond:
        key = (back, iif, guard)
        found = self._reversed.get(key)
        if found is None:
            found = self._reversed[key] = self._look_back(back, iif, guard)
        return found

    def _look_back(self, back: State, iif: Name, guard: ReversePath) -> Cond:
        nothing = self.space.nothing
        asked: list[Set] = []
        yes = nothing
        front = {back: self.space.everything}
        for passed, _, some in self.flow.run(
            self.program.routing, self.program.lookups(guard.side), front, "", asked
        ):
            action = passed.action
            if isinstance(action, NotUnderstood):
                asked.append(some)
                self.guards.back_unknown.setdefault(action.doubt)
                continue
            zero = subnet_bits(action) if guard.subnets and action is not None else None
            if zero is not None:
                first = some & self.space.masked(back.ends.dst, zero, 0)
                yes |= first if "anycast" in guard.kinds else nothing
                some &= ~first
            if action is not None and found_kind(action) in guard.kinds:
                ways = action.ways if isinstance(action, RouteTo) else ()
                devices = {way.dev for way in ways}
                if guard.device is not None:
                    yes |= some if any(way.dev == guard.device for way in ways[:1]) else nothing
                elif not guard.strict:
                    yes |= some
                elif isinstance(iif, ByOrigin):
                    yes |= some & iif.where(devices.__contains__, nothing)
                elif iif in devices:
                    yes |= some
        unclear = nothing
        for some in asked:
            unclear |= some
        yes &= ~unclear
        return Cond(yes, yes | unclear) if asked else Cond(yes, yes)

    # ----------------------------------------------------------------------------------- endings

    def _fate(self, disposition: Disposition, station: Station, passed: Passed) -> Fate:
        return Fate(
            disposition, self.host.name, kernel_reason="NETFILTER_DROP", hook=station.hook,
            table=station.table, chain=passed.chain, line=passed.line, backend=station.backend,
        )  # fmt: skip

    def _end(self, station: Station, passed: Passed, action: Action | None, state: State, some: Set) -> None:
        match action:
            case Reject(answer):
                fate = replace(self._fate("rejected", station, passed), answer=answer)
            case NotUnderstood(doubt):
                fate = replace(
                    self._fate("undetermined", station, passed), doubts=(doubt,), kernel_reason=None
                )
            case Drop() | Stop() | None:
                fate = self._fate("dropped", station, passed)
            case Accept() | Jump() | Goto() | Return() | Continue() | Translate() | RouteTo() | FirstOf():
                raise AssertionError(action)  # none of these ends a way in a station
            case SetBits() | CopyMark() | Untrack() | SetZone() | Series():
                raise AssertionError(action)
            case _:
                assert_never(action)
        self.walk.end(fate, state, some)

    def _refused(self, passed: Passed, state: State, some: Set) -> None:
        action, name = passed.action, self.host.name
        if isinstance(action, NotUnderstood):
            fate = Fate("undetermined", name, doubts=(action.doubt,), hook="route")
        else:
            assert isinstance(action, Stop)
            fate = Fate(action.disposition, name, answer=action.answer, kernel_reason=action.kernel_reason,
                        hook="route")  # fmt: skip
        self.walk.end(replace(fate, chain=passed.chain, line=passed.line), state, some)
