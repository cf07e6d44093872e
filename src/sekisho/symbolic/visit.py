"""Sets of packets in one namespace, from door to door: the twin of ``semantics.visit``.

Every method takes a front (sets by state) and gives the front that goes on; packets whose way ends are
handed to ``walk.end``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sekisho.semantics.chains import Passed
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt
from sekisho.semantics.passage import Checkpoint
from sekisho.semantics.program import Accept, NotUnderstood, RouteTo, Stop, Way
from sekisho.semantics.routing import GOES_ROUND, comes_back, goes_round, kind_of, refused_onward, stays
from sekisho.semantics.source_address import preferred_by_route
from sekisho.semantics.traveller import BROADCAST, MULTICAST, UNICAST
from sekisho.semantics.visit import SENT_TO_EVERYBODY
from sekisho.symbolic.asked import asks_for
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.bridging import Turned
from sekisho.symbolic.delivery import SymbolicDelivery
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.neighbours import Neighbours
from sekisho.symbolic.second_lookup import look_again
from sekisho.symbolic.state import ByOrigin, Front, Name, State, add
from sekisho.symbolic.together import by_interface
from sekisho.symbolic.translation import by_preference
from sekisho.values.address import Address
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP
from sekisho.values.slotted import replace

_GROUPS = {4: IntSet.span(0xE0 << 24, (0xF0 << 24) - 1), 6: IntSet.span(0xFF << 120, (1 << 128) - 1)}


@dataclass(frozen=True, slots=True)
class Leaving:
    """Packets on their way out by ``interface``; see ``semantics.visit.Leaves``."""

    interface: str
    next_hop: Address | Bits
    state: State
    some: Set
    bridged: bool = False


def bridged(front: Front, next_hop: Address | Bits | None = None) -> list[Leaving]:
    """Packets that a bridge switches to another of its ports (``next_hop`` None: to where they are aimed)."""
    return [
        Leaving(name, next_hop or state.towards, state, here, True)
        for each, some in front.items()
        for name, state, here in by_interface(each, some)
    ]


class SymbolicVisit(SymbolicDelivery):
    """The stations of one namespace."""

    def __init__(self, walk: Neighbours, host: HostCode) -> None:
        super().__init__(walk, host)
        self._asks_frames = asks_for(self.program, "pkttype")

    # ------------------------------------------------------------------------------ the ways in

    def arrive(self, front: Front) -> list[Leaving]:
        """Packets come in by their ``iif``."""
        front = self.walk.homes.found(self.host.name, front)
        return self.input_decision(self.prerouting(front, enters=True))

    def entrance(self, front: Front) -> Front:
        """Those that are not refused before any hook."""
        return self._object(self.program.entrance, front, "entrance")

    def prerouting(self, front: Front, enters: bool = False) -> Front:
        """The interface's own chains, then what no IP packet may be (``enters``), then PREROUTING."""
        front = self.hook("ingress", self._by_frame(front))
        return self.hook("prerouting", self.entrance(front) if enters else front)

    def _by_frame(self, front: Front) -> Front:
        """Note whom the frames are for; told apart at once only where rules ask for it."""
        found: Front = {}
        for state, some in front.items():
            state = replace(state, frame=state.ends.dst, pkttype=UNICAST)
            for kind, here in self.frames(state, some) if self._asks_frames else ():
                add(found, replace(state, pkttype=kind), here)
                some &= ~here
            add(found, state, some)
        return found

    def frames(self, state: State, some: Set) -> Iterator[tuple[int, Set]]:
        """Frames for a group or everybody: those of such an address have such a MAC address too."""
        assert state.frame is not None
        group = some & self.space.member(state.frame, _GROUPS[self.space.family])
        yield MULTICAST, group
        yield BROADCAST, some & ~group & self._for_everybody(state.iif, state.frame)

    def _for_everybody(self, iif: Name, dst: Bits) -> Set:
        """The packets for a broadcast address of the interface that they came in by."""
        if self.space.family == 6:
            return self.space.nothing
        cases = iif.cases if isinstance(iif, ByOrigin) else ((iif, self.space.everything),)
        found = self.space.member(dst, IntSet.of(0xFFFFFFFF))
        for name, where in cases:
            found |= where & self.space.member(dst, IntSet.of(*self.host.broadcasts(str(name or ""))))
        return found

    def arrive_loopback(self, front: Front) -> list[Leaving]:
        """Back in over lo, with the route they have unless their destination is translated once more."""
        local: Front = {}
        routed: Front = {}
        for before, some in front.items():
            for state, part in self.prerouting({before: some}).items():
                same = self.space.equal(part, before.ends.dst, state.ends.dst)
                add(local, state, same)
                add(routed, state, part & ~same)
        self.local_input(local)
        return self.input_decision(routed)

    def input_decision(self, front: Front, turned: Turned | None = None) -> list[Leaving]:
        """The input route lookup and all that follows it.

        ``turned``: their destination was translated while br_netfilter had them on the bridge that is
        their ``iif``; it takes away those that would go back out of the port that they came in by.
        """
        local: Front = {}
        onward: dict[tuple[RouteTo, Way], Front] = {}
        lookup: Front = {}
        decided: list[tuple[Passed, State, Set]] = []
        refused: list[tuple[Passed, State, Set]] = []
        for passed, state, some in self._run(self.program.arrival, front, "arrival"):
            if isinstance(passed.action, Accept):
                add(lookup, state, some)
            else:
                decided.append((passed, state, some))
        for passed, state, some in self._lookup(lookup, "route"):
            (decided if isinstance(passed.action, RouteTo) else refused).append((passed, state, some))
        for passed, state, some in refused:
            # Where nothing may be forwarded, a route that refuses is not even answered.
            asked = {state: some}
            if self.space.family == 4 and not isinstance(passed.action, NotUnderstood):
                asked = self._risen(asked, turned)
                asked = self._object(self.program.forwarding, asked, "forwarding")
            for each, those in asked.items():
                self._refused(passed, each, those)
        checked: Front = {}
        for passed, state, some in decided:
            action = passed.action
            if not isinstance(action, RouteTo):
                self._refused(passed, state, some)
                continue
            for way, part in self._ways(action, state, some, (id(passed.line), "in")):
                if stays(action, self.space.family):
                    arrived = replace(state, route_kind=kind_of(action))
                    unnamed = self.space.nothing
                    part = self._let_in(arrived, part, turned)
                    if action.kind == "broadcast":
                        unnamed = part & self.guards.field_in("src", IntSet.of(0), state)
                    add(checked, arrived, part & ~unnamed)
                    add(local, arrived, unnamed)
                elif goes_round(action, way, self.space.family):
                    self._open(GOES_ROUND, state, part)
                else:
                    add(onward.setdefault((action, way), {}), state, part)
        for each, those in self._object(self.program.source_check, checked, "source").items():
            add(local, each, those)
        self.local_input(local if turned is None else self.above(local))
        ready: Front = {}
        kept: Front = {}  # on their bridge
        for (route, way), waiting in onward.items():
            seen: Front = {}
            for state, some in waiting.items():
                back = self.guards.named(state.iif, way.dev or "") if turned else self.space.nothing
                if self.space.family == 6:  # IPv6 does not ask whether it may forward on a bridge
                    add(kept, state.by_way(way), some & back)
                    some = self._let_in(state, some & ~back, turned)
                add(seen, replace(state, oif=way.dev), some)
            accepted = self._may_forward(seen, turned)
            accepted = self._for_a_host(route, accepted)
            if self.space.family == 6:  # IPv6 looks at the hop limit before it looks at the source
                accepted = self._unexpired(accepted)
            if turned is None or self.space.family == 4:
                accepted = self._object(self.program.source_check, accepted, "source")
            routed: Front = {}
            for state, some in accepted.items():
                back = self.guards.named(state.iif, way.dev or "") if turned else self.space.nothing
                add(routed, state, some & ~back)
                add(kept, state.by_way(way), some & back)
            if turned is not None:  # what br_netfilter routed comes up from the bridge after that
                routed = self.unbound(self.above, routed)
            self._set_forward(routed, way, ready)
        leaving = self.postrouting(self.hook("forward", self.walk.together.shared(ready)))
        # A new neighbour on the same bridge is handed to its port: nothing is taken off the TTL.
        if turned is not None:
            late = self.walk.together.shared(self.late(kept))
            leaving += bridged(self.cross_filtered(turned(late)))
        return leaving

    def _may_forward(self, front: Front, turned: Turned | None) -> Front:
        """What may be forwarded; what may not, and was with br_netfilter, meets that above the bridge."""
        accepted: Front = {}
        for passed, state, some in self._run(self.program.forwarding, front, "forwarding"):
            if isinstance(passed.action, Accept):
                add(accepted, state, some)
                continue
            up: Front = {replace(state, oif=None): some}
            for each, those in self._risen(up, turned).items():
                self._refused(passed, replace(each, oif=state.oif), those)
        return accepted

    def _for_a_host(self, route: RouteTo, front: Front) -> Front:
        """What is routed to a single host; see ``semantics.routing``."""
        stop = refused_onward(route, self.space.family)
        if stop is None:
            return front
        for state, some in front.items():
            self._refused(Passed(self.program.forwarding, None, stop), state, some)
        return {}

    def _let_in(self, state: State, some: Set, turned: Turned | None) -> Set:
        """What br_netfilter had comes up to IPv6 only where it is not handed to a port."""
        if turned is None or self.space.family == 4:
            return some
        return self.entrance({state: some}).get(state, self.space.nothing)

    def _set_forward(self, front: Front, way: Way, ready: Front) -> None:
        """ip_forward(): no frame that was for everybody; the TTL, the way out."""
        living: Front = {}
        for state, some in front.items():
            for _, here in self.frames(state, some):
                self.walk.end(Fate("not_forwarding", self.host.name, hook="forward"), state, here)
                some &= ~here
            add(living, state, some)
        for state, some in self._unexpired(living).items():
            add(ready, replace(state.by_way(way), spent=state.spent + 1), some)

    def _unexpired(self, front: Front) -> Front:
        """Without the packets that have been through as many routers as they may."""
        answer = "icmp-time-exceeded" if self.space.family == 4 else "icmp6-time-exceeded"
        living: Front = {}
        for state, some in front.items():
            dying = some & self.guards.field_in("ttl", IntSet.span(0, 1), state)
            if dying.satisfiable():
                fate = Fate("ttl_expired", self.host.name, answer=answer, kernel_reason="IP_INHDR",
                            hook="forward")  # fmt: skip
                self.walk.end(fate, state, dying)
                some &= ~dying
            add(living, state, some)
        return living

    def send(self, front: Front, choose_source: bool) -> list[Leaving]:
        """Local processes send: output route, OUTPUT, perhaps another route, POSTROUTING."""
        local: Front = {}
        for state, some in front.items():
            add(local, replace(state, local=True, iif=None), some)
        routed: Front = {}
        if choose_source:
            self._choose_sources(local, routed)
        else:
            local = self._answers(local)
            for passed, state, some in self._lookup(local, "output"):
                self._set_out(passed, state, some, "output", routed)
        waiting: Front = {}
        departing = self._object(self.program.departure, routed, "departure")
        for state, some in self.walk.together.shared(departing).items():
            add(waiting, replace(state, way_out=state.oif), some)
        ready: Front = {}
        for state, some in self.hook("output", waiting).items():
            add(ready, replace(state, oif=state.way_out), some)
        return self.postrouting(ready)

    def _answers(self, front: Front) -> Front:
        """Those that the host may answer; see ``semantics.own_source``."""
        asked = {state: some for state, some in front.items() if state.reply}
        plain = {state: some for state, some in front.items() if not state.reply}
        return {**plain, **self._object(self.program.answering, asked, "answer")}

    def route_again(self, checkpoint: Checkpoint, looks_at: int, front: Front) -> Front:
        """A checkpoint of OUTPUT; where it changes what routing looks at, there is another route at once,
        but the rest of OUTPUT still sees the interface of the first one."""
        found: Front = {}
        for before, some in front.items():
            changed: Front = {}
            for after, part in self._checkpoint(checkpoint, {before: some}).items():
                same = self._unchanged(before, after, part, looks_at)
                add(found, after, same)
                add(changed, after, part & ~same)
            phase = f"reroute {looks_at}"
            # IPv4 forgets whose the packets are; see ``semantics.visit``.
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

    def _set_out(self, passed: Passed, state: State, some: Set, phase: str, ready: Front) -> None:
        """Send by the route that was found, or end where none was."""
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
            add(ready, replace(out, oif="lo") if comes_back(action, self.space.family) else out, part)

    def _open(self, doubt: Doubt, state: State, some: Set) -> None:
        """Packets of which nobody can say where they go."""
        self.walk.end(Fate("undetermined", self.host.name, doubts=(doubt,), hook="route"), state, some)

    def _choose_sources(self, front: Front, ready: Front) -> None:
        """Routing gives the packets their source; TCP's connect() then looks up once more with it."""
        nowhere = self.space.constant(0, self.space.width("src"))
        for state, some in front.items():
            for passed, _, part in self._lookup({state.with_ends(src=nowhere): some}, "output"):
                if isinstance(passed.action, Stop) and self.host.looks_again(self.space.family):
                    self._look_again(passed, state, part, ready)
                    continue
                out: Front = {}
                self._set_out(passed, state, part, "output", out)
                for each, those in out.items():
                    assert isinstance(passed.action, RouteTo)
                    hidden = self.host.hidden[self.space.family]
                    if unknown := hidden.source_by(passed.action, self.space.family, each.way or "lo"):
                        self._open(unknown, each, those)
                        continue
                    for source, mine in self._sources(passed.action, each, those):
                        sent = each.with_ends(src=source)
                        sent = sent if sent.reply else replace(sent, first=sent.ends)
                        again = mine & self._looks_again(sent)
                        add(ready, sent, mine & ~again)
                        self._connect(passed, sent, again, ready)

    def _look_again(self, refused: Passed, state: State, some: Set, ready: Front) -> None:
        lookup = partial(self._lookup, phase="output")
        for again, sent, part in look_again(self.host, refused, state, some, self.space, lookup, self._open):
            self._set_out(again, sent, part, "output", ready)

    def _looks_again(self, state: State) -> Set:
        """The packets that are looked up once more with the source they were given."""
        if self.space.family == 6:
            return self.space.nothing
        echoes = self.guards.field_in("proto", IntSet.of(ICMP), state)
        return self.guards.tcp | echoes if state.reply else self.guards.tcp

    def _to_everybody(self, passed: Passed, state: State, some: Set, connects: bool) -> None:
        """connect() of TCP refuses such a destination; other packets leave and come back as well."""
        refused = Fate("no_route", self.host.name, hook="route", chain=passed.chain, line=passed.line)
        fails = some & self.guards.tcp if connects else self.space.nothing
        self.walk.end(refused, state, fails)
        self._open(SENT_TO_EVERYBODY, state, some & ~fails)

    def _connect(self, first: Passed, sent: State, some: Set, ready: Front) -> None:
        may = self._object(self.program.connecting, {sent: some} if some.satisfiable() else {}, "own source")
        for again, _, part in self._lookup(may, "connect"):
            if again.line is first.line:
                add(ready, sent, part)
            else:
                self._set_out(again, sent, part, "connect", ready)

    def _sources(self, route: RouteTo, state: State, some: Set) -> Iterator[tuple[Bits, Set]]:
        width = state.ends.src.width
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

    def postrouting(self, front: Front) -> list[Leaving]:
        """POSTROUTING, and out."""
        passed = self.hook("postrouting", front)
        return [
            Leaving(name, state.towards, state, here)
            for each, some in passed.items()
            for name, state, here in by_interface(each, some)
        ]
