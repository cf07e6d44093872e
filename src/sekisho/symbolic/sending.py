"""What local processes send from one namespace: output route, OUTPUT, perhaps another route."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sekisho.semantics.control import Passed
from sekisho.semantics.journey import Doubt, Step
from sekisho.semantics.passage import Checkpoint
from sekisho.semantics.program import Accept, ChainCode, RouteTo, Stop, Way
from sekisho.semantics.routing import GOES_ROUND, SENT_TO_EVERYBODY, comes_back, goes_round, route_step
from sekisho.semantics.source_address import preferred_by_route
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.delivery import Delivery
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.second_lookup import look_again
from sekisho.symbolic.state import Front, State, add
from sekisho.symbolic.told import Change
from sekisho.symbolic.translation import by_preference
from sekisho.symbolic.unstated import usual
from sekisho.values.address import Address, format_ip
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP
from sekisho.values.slotted import replace

_ICMP = IntSet.of(ICMP)


class Sending(Delivery):
    """Output routes, and what they give packets."""

    def sent(self, front: Front, choose_source: bool, answers: bool = True) -> Front:
        """What goes out, before POSTROUTING. ``answers``: routing has to let the host send from its address,
        where that is not chosen."""
        local: Front = {}
        for state, some in front.items():
            add(local, replace(state, local=True, iif=None), some)
        routed: Front = {}
        if choose_source:
            self._choose_sources(local, routed)
        else:
            local = self._answers(local) if answers else local
            found = self._lookup(local, "output")
            self.space.lean(*self.host.leans[self.space.family])
            for passed, state, some in found:
                self._set_out(passed, state, some, "output", routed)
        waiting: Front = {}
        departing = self._object(self.program.departure, self._short_enough(routed), "departure")
        for state, some in self.walk.shared(departing).items():
            add(waiting, replace(state, way_out=state.oif), some)
        ready: Front = {}
        for state, some in self.hook("output", waiting).items() if waiting else ():
            add(ready, replace(state, oif=state.way_out), some)
        return ready

    def _answers(self, front: Front) -> Front:
        """Those that the host may answer; see ``semantics.own_source``."""
        asked = {state: some for state, some in front.items() if state.reply}
        plain = {state: some for state, some in front.items() if not state.reply}
        return {**plain, **self._may_send(self.program.answering, asked, "answer")}

    def _may_send(self, chain: ChainCode, front: Front, phase: str) -> Front:
        """IPv4 does not let the host send from an address that is none of its own."""
        passing: Front = {}
        for passed, state, some in self._run(chain, front, phase) if front else ():
            if isinstance(passed.action, Accept):
                add(passing, state, some)
                continue
            told = None
            if self.space.tells and isinstance(passed.action, Stop):
                source = format_ip(self.space.family, usual(state.ends.src))
                told = Step("route", "NO_ROUTE", code="route-source-not-own", args=(source,))
            self._refused(passed, state, some, told)
        return passing

    def route_again(self, checkpoint: Checkpoint, looks_at: int, front: Front) -> Front:
        """A checkpoint of OUTPUT; where it changes what routing looks at, there is another route at once,
        but the rest of OUTPUT still sees the interface of the first one (ip_route_me_harder)."""
        found: Front = {}
        for before, some in front.items():
            changed: Front = {}
            for after, part in self._checkpoint(checkpoint, {before: some}).items():
                same = self._unchanged(before, after, part, looks_at)
                add(found, after, same)
                add(changed, after, part & ~same)
            if not changed:
                continue
            phase = f"reroute {looks_at}"
            # IPv4 forgets whose the packets are (ip_route_me_harder sets no uid); IPv6 does not.
            for passed, state, part in self._lookup(changed, phase, of_root=self.space.family == 4):
                sent: Front = {}
                self._set_out(passed, state, part, phase, sent)
                for each, those in self._object(self.program.departure, sent, phase).items():
                    add(found, replace(each, way_out=each.way, oif=state.oif), those)
        return found

    def _unchanged(self, before: State, after: State, some: Set, looks_at: int) -> Set:
        """The packets of which destination, source, mark and TOS are as before, as far as they count."""
        some = self.space.equal(some, before.ends.dst, after.ends.dst)
        if looks_at == 1 or before.mark != after.mark:
            return some if looks_at == 1 else self.space.nothing
        some = self.space.equal(some, before.ends.src, after.ends.src)
        some = self.space.equal(some, before.tos, after.tos)
        return some if self.space.family == 4 else self.space.equal(some, before.ttl, after.ttl)

    def _set_out(
        self, passed: Passed, state: State, some: Set, phase: str, ready: Front, tells: bool = True
    ) -> None:
        """Send by the route that was found, or end where none was. ``tells``: nothing else is to be told of
        it."""
        action = passed.action
        if not isinstance(action, RouteTo):
            self._refused(passed, state, some)
            return
        connects = phase == "output"  # else a translation sent there what was on its way already
        if (connects or phase.startswith("reroute")) and action.kind in ("broadcast", "multicast"):
            self._to_everybody(passed, state, some, connects)
            return
        for way, part in self._ways(action, state, some, (id(passed.line), phase)):
            if goes_round(action, way, self.space.family):
                self._open(GOES_ROUND, state, part)
                continue
            out = state.by_way(way)
            out = replace(out, oif="lo") if comes_back(action, self.space.family) else out
            if tells and part.satisfiable():
                self._tell_output(passed, way, out)
            add(ready, out, part)

    def _tell_output(self, passed: Passed, way: Way, out: State, changes: tuple[Change, ...] = ()) -> None:
        if not self.space.tells:
            return
        step = route_step(passed, "OUTPUT", way)
        if out.oif == "lo":
            step = replace(step, code="route-output-local", args=("lo", ""))
        self.space.note(replace(step, changes=changes) if changes else step)

    def _open(self, doubt: Doubt, state: State, some: Set) -> None:
        """Packets of which nobody can say where they go."""
        self.walk.end(Fate("undetermined", self.host.name, doubts=(doubt,), hook="route"), state, some)

    def _choose_sources(self, front: Front, ready: Front) -> None:
        """Routing gives the packets their source; TCP's connect() then looks up once more with it."""
        nowhere = self.space.constant(0, self.space.width("src"))
        for state, some in front.items():
            found = self._lookup({state.with_ends(src=nowhere): some}, "output")
            self.space.lean(*self.host.leans[self.space.family])
            for passed, _, part in found:
                if isinstance(passed.action, Stop) and self.host.looks_again(self.space.family):
                    self._look_again(passed, state, part, ready)
                    continue
                out: Front = {}
                self._set_out(passed, state, part, "output", out, tells=False)
                for each, those in out.items():
                    self._with_source(passed, each, those, ready)

    def _look_again(self, refused: Passed, state: State, some: Set, ready: Front) -> None:
        """IPv6's second look at the routes, from a source of its own."""
        family, lookup = self.space.family, partial(self._lookup, phase="output")
        for again, sent, part in look_again(self.host, refused, state, some, self.space, lookup, self._open):
            out: Front = {}
            self._set_out(again, sent, part, "output", out, tells=False)
            for each, those in out.items():
                assert isinstance(again.action, RouteTo)
                if self.space.tells:
                    changes = (("src", "", format_ip(family, usual(each.ends.src))),)
                    self._tell_output(again, self._way_of(again.action, each), each, changes)
                add(ready, each, those)

    def _with_source(self, passed: Passed, state: State, some: Set, ready: Front) -> None:
        """The packets of one way with the source that the host gives them."""
        assert isinstance(passed.action, RouteTo)
        family, way = self.space.family, self._way_of(passed.action, state)
        hidden, out = self.host.hidden[family], state.way or "lo"
        if unknown := hidden.source_by(passed.action, family, out):
            self._tell_output(passed, way, state)
            within = hidden.where(out, family)
            sent = replace(state.with_ends(src=self.space.hidden(within, unknown)), hidden=unknown)
            if state.reply or not self.space.tells:
                self._open(unknown, sent if self.space.tells else state, some)
                return
            self._looked_up(passed, sent, some, ready)
            return
        for source, mine in self._sources(passed.action, state, some):
            sent = state.with_ends(src=source)
            sent = sent if sent.reply else replace(sent, first=sent.ends)
            if self.space.tells:
                changes = (("src", "", format_ip(family, usual(source))),)
                self._tell_output(passed, way, sent, changes)
            self._looked_up(passed, sent, mine, ready)

    def _way_of(self, route: RouteTo, state: State) -> Way:
        """The way of a route that the packets take."""
        via = state.next_hop if isinstance(state.next_hop, Address) else None
        return next((way for way in route.ways if (way.dev, way.via) == (state.way, via)), route.ways[0])

    def _looked_up(self, passed: Passed, sent: State, some: Set, ready: Front) -> None:
        again = some & self._looks_again(sent)
        add(ready, sent, some & ~again)
        self._connect(passed, sent, again, ready)

    def _looks_again(self, state: State) -> Set:
        """The packets that are looked up once more with the source they were given: TCP's connect() does so
        (ip_route_connect), and the answer to an echo (icmp_reply)."""
        if self.space.family == 6:
            return self.space.nothing
        answers = state.reply and state.quoted is None
        return self.guards.tcp | self.guards.field_in("proto", _ICMP, state) if answers else self.guards.tcp

    def _to_everybody(self, passed: Passed, state: State, some: Set, connects: bool) -> None:
        """connect() of TCP refuses such a destination; other packets leave and come back as well."""
        refused = Fate("no_route", self.host.name, hook="route", chain=passed.chain, line=passed.line)
        fails = some & self.guards.tcp if connects else self.space.nothing
        if self.space.tells and fails.satisfiable():
            self.space.note(route_step(passed, "NO_ROUTE", None))
        self.walk.end(refused, state, fails)
        self._open(SENT_TO_EVERYBODY, state, some & ~fails)

    def _connect(self, first: Passed, sent: State, some: Set, ready: Front) -> None:
        asked: Front = {sent: some} if some.satisfiable() else {}
        may = asked if sent.hidden else self._may_send(self.program.connecting, asked, "own source")
        for again, _, part in self._lookup(may, "connect"):
            if again.line is first.line:
                add(ready, sent, part)
            else:
                self._set_out(again, sent, part, "connect", ready)

    def _sources(self, route: RouteTo, state: State, some: Set) -> Iterator[tuple[Bits, Set]]:
        width = self.space.width("src")
        if route.src is not None and route.src.family == self.space.family:
            yield self.space.constant(route.src.value, width), some
        elif route.kind == "local":
            yield state.ends.dst, some
        else:
            addresses, way = self.host.addresses[self.space.family], state.way or ""
            via = state.next_hop if isinstance(state.next_hop, Address) else None
            preferences = preferred_by_route(addresses, route, Way(way, via), way)
            for source, part in by_preference(some, preferences, state.ends.dst, self.space):
                yield (self.space.constant(0, width) if isinstance(source, str) else source), part
