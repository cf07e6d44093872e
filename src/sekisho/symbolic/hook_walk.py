"""Packets at the hooks and routing tables of one namespace.

Every method takes a front (sets by state) and gives the front that goes on; packets whose way ends are
handed to ``walk.end``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import assert_never

from sekisho.semantics.control import Passed
from sekisho.semantics.hidden_gateways import hop_words
from sekisho.semantics.hooks import NAT_SIDE
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Disposition, Doubt, Hook, Lean, Step
from sekisho.semantics.passage import Checkpoint, NatCore, Tracking, checkpoints, reroutes
from sekisho.semantics.program import (
    DNAT_BIT,
    ESTABLISHED,
    NEW,
    RELATED,
    SNAT_BIT,
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
    Reject,
    Return,
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
from sekisho.semantics.related import REDIRECT
from sekisho.semantics.routing import route_step
from sekisho.semantics.switches import picks_up
from sekisho.symbolic.bits import Set
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.neighbours import Neighbours
from sekisho.symbolic.reading import Within
from sekisho.symbolic.state import Front, Name, State, add
from sekisho.symbolic.told import Change, step_of, told_changes
from sekisho.symbolic.tracking import confirm, rewrite, track, translate_error
from sekisho.symbolic.translation import Hit, Unbound, leans_of, translate
from sekisho.symbolic.way_back import WayBack
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP
from sekisho.values.slotted import replace


class HookWalk(WayBack, ABC):
    """The stations and tables of one namespace."""

    def __init__(self, walk: Neighbours, host: HostCode) -> None:
        super().__init__(walk, host)
        self._checkpoints: dict[Hook, tuple[Checkpoint, ...]] = {}

    @abstractmethod
    def route_again(self, checkpoint: Checkpoint, looks_at: int, front: Front) -> Front:
        """A checkpoint of OUTPUT behind which packets may get another route."""

    # ------------------------------------------------------------------------------- checkpoints

    def hook(self, hook: Hook, front: Front) -> Front:
        """Pass every checkpoint of a hook."""
        if not front:
            return front
        if gaps := self.program.gaps.get(hook):
            self.space.lean(*gaps)
        known = self._checkpoints.get(hook)
        if known is None:
            known = self._checkpoints[hook] = checkpoints(self.program, hook)
        for checkpoint in known:
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
            if isinstance(passed.action, Accept) or self._spared(passed.action):
                add(passing, state, some)
            else:
                self._end(station, passed, passed.action, state, some)
        return passing

    def _spared(self, decided: Action | None) -> bool:
        """Whether a rule's drop was none when the connection was made."""
        if not self.walk.spares or not isinstance(decided, Drop | Reject):
            return False
        self.space.lean(Lean("connection-assumed", ("dropped" if isinstance(decided, Drop) else "rejected",)))
        return True

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
        """The nat core: chains only for a connection's first packets, then the translation itself."""
        through: Front = {}
        asking: Front = {}
        bound: Front = {}
        for state, some in front.items():
            connection = state.connection
            if connection is None:
                through[state] = some
            elif state.quoted is not None and state.ctstate == RELATED:
                self._nat_of_error(side, state, some, through)
            elif state.ctstate in (NEW, RELATED) and side not in connection.bound:
                asking[state] = some
            else:
                bound[state] = some
        for station in stations if asking else ():
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
                elif isinstance(action, Accept) or self._spared(action):
                    add(following, state, some)
                else:
                    self._end(station, passed, action, state, some)
            translated, unbound = translate(hits, self.host, self.guards) if hits else ({}, [])
            if self.space.tells and hits:
                self._tell_translated(station, lines[id(hits[0].state)], hits[0], translated, unbound)
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
            if state.ctstate in (NEW, RELATED) and side not in connection.bound:
                state = state.with_connection(replace(connection, bound=connection.bound | {side}))
            after = rewrite(state, side)
            if self.space.tells and (state.ctstate == ESTABLISHED or state.ctdir == 1):
                self._tell_rewritten(side, state, after)  # a first packet's change stands at its rule
            add(through, after, some)
        return through

    def _nat_of_error(self, side: str, state: State, some: Set, through: Front) -> None:
        """An ICMP error is translated as its connection is; no chain is asked. Redirects of translated
        connections are dropped."""
        assert state.connection is not None
        translated = state.connection.status & (SNAT_BIT | DNAT_BIT)
        redirects = some & self.guards.field_in("proto", IntSet.of(ICMP), state)
        redirects &= self.guards.field_in("icmp_type", IntSet.of(REDIRECT), state)
        if translated and redirects.satisfiable():
            fate = Fate("dropped", self.host.name, kernel_reason="NETFILTER_DROP", hook="conntrack")
            self.walk.end(fate, state, redirects)
            some &= ~redirects
        after = translate_error(state, side)
        self._tell_rewritten(side, state, after)
        add(through, after, some)

    def _tell_rewritten(self, side: str, before: State, after: State) -> None:
        if changes := told_changes(self.space, before, after.ends, side):
            code = f"conntrack-{'restores' if before.ctdir else 'translates'}-{side}"
            verdict = "DNAT" if side == "dst" else "SNAT"
            self.space.note(Step("conntrack", verdict, changes=changes, code=code))

    def _tell_translated(
        self, station: Station, passed: Passed, hit: Hit, translated: Front, unbound: Sequence[Unbound]
    ) -> None:
        """The step of a translating line, once it is known what it changes."""
        changes: tuple[Change, ...] = ()
        decided: Action = hit.action
        for state in translated:
            assert state.connection is not None
            changes = told_changes(self.space, hit.state, state.connection.onward, NAT_SIDE[station.hook])
            self.space.lean(*leans_of(hit, self.guards))
        for each in unbound:
            if each.some.satisfiable():
                decided = NotUnderstood(each.unknown) if each.unknown is not None else Drop()
        self.space.note(step_of(station, passed, decided, changes))

    def _pass(self, station: Station, front: Front) -> list[tuple[Passed, State, Set]]:
        key = (station.hook, station.table, station.backend)
        return self._flow(station.base, station.chains, front, key, station)

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
                # Answers to IPv6 are routed without the traffic class that they carry (icmpv6_echo_reply,
                # tcp_v6_send_response).
                seen = replace(seen, tos=self.space.constant(0, 8))
            for passed, _, part in self._run(self.program.routing, {seen: some}, phase):
                found.append((passed, state, part))
        return found

    def looked_up(self, state: State) -> Passed:
        """The line that decides where one packet goes."""
        ((passed, _, _),) = self._lookup({state: self.space.everything}, "route")
        return passed

    def _run(self, chain: ChainCode, front: Front, phase: str) -> list[tuple[Passed, State, Set]]:
        return self._flow(chain, self.program.route_tables, front, phase)

    def _flow(
        self,
        chain: ChainCode,
        chains: dict[str, ChainCode],
        front: Front,
        phase: object,
        station: Station | None = None,
    ) -> list[tuple[Passed, State, Set]]:
        """Packets that have been through more namespaces are asked anew. What they pass at a ``station`` is
        told."""
        self.guards.reverse = self.reverse_path
        if self.space.tells:
            return self.flow.run(chain, chains, front, phase, station=station)
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
        if len(route.ways) == 1:
            yield route.ways[0], some
            return
        names = tuple(f"{hop_words(way.via)} {way.dev or ''}".strip() for way in route.ways)
        doubts = (Doubt("multipath", names),)
        chosen = self.space.pick(self._key(key, state), doubts, len(route.ways))
        for way, here in zip(route.ways, chosen, strict=True):
            yield way, some & here

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

    def _refused(self, passed: Passed, state: State, some: Set, told: Step | None = None) -> None:
        """The end of packets that a routing decision, or one of its checks, stops; ``told`` as that."""
        if not some.satisfiable():
            return
        action, name = passed.action, self.host.name
        if isinstance(action, NotUnderstood):
            fate = Fate("undetermined", name, doubts=(action.doubt,), hook="route")
        else:
            assert isinstance(action, Stop)
            if self.space.tells:
                self.space.note(told or route_step(passed, action.disposition.upper(), None))
            fate = Fate(action.disposition, name, answer=action.answer, kernel_reason=action.kernel_reason,
                        hook="route")  # fmt: skip
        self.walk.end(replace(fate, chain=passed.chain, line=passed.line), state, some)
