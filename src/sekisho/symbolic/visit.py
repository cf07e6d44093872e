"""Packets' stay in one namespace: in by an interface or a process, out by an interface or a socket.

wire ─► [bridge] ─► PREROUTING ─► martians ─► route ─┬─► source check ─► INPUT ─► socket
                                                     └─► forwarding ─► source check ─► ttl ─► FORWARD ─┐
process ─► route ─► OUTPUT ─► (route again) ──────────────────────────────────► POSTROUTING ◄──────────┘

Every method takes a front (sets by state) and gives the front that goes on; packets whose way ends are
handed to ``walk.end``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from sekisho.semantics.control import Passed
from sekisho.semantics.fields import BROADCAST, MULTICAST, UNICAST
from sekisho.semantics.journey import Lean, Step
from sekisho.semantics.program import Accept, NotUnderstood, RouteTo, Way
from sekisho.semantics.routing import GOES_ROUND, goes_round, kind_of, refused_onward, route_step, stays
from sekisho.symbolic.asked import asks_for
from sekisho.symbolic.bits import Bits, ByOrigin, Set
from sekisho.symbolic.bridging import Turned
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.sending import Sending
from sekisho.symbolic.state import Front, Name, State, add, by_interface
from sekisho.values.address import Address
from sekisho.values.intset import IntSet
from sekisho.values.slotted import replace, value

_EVERYBODY, _DYING, _NOBODY = IntSet.of(0xFFFFFFFF), IntSet.span(0, 1), IntSet.of(0)
_GROUPS = {4: IntSet.span(0xE0 << 24, (0xF0 << 24) - 1), 6: IntSet.span(0xFF << 120, (1 << 128) - 1)}


@value
class Leaving:
    """Packets on their way out by ``interface`` towards ``next_hop``. ``bridged``: a bridge switches them
    from another port."""

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


class Visit(Sending):
    """The stations of one namespace."""

    @cached_property
    def _asks_frames(self) -> bool:
        return self.space.tells or asks_for(self.program, "pkttype")

    @cached_property
    def _leans(self) -> tuple[Lean, ...]:
        return self.host.leans[self.space.family]

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
            frame = state.ends.dst
            for kind, here in self.frames(state.iif, frame, some) if self._asks_frames else ():
                if here.satisfiable():
                    add(found, replace(state, frame=frame, pkttype=kind), here)
                    some &= ~here
            if some.satisfiable():
                add(found, replace(state, frame=frame, pkttype=UNICAST), some)
        return found

    def frames(self, iif: Name, dst: Bits, some: Set) -> Iterator[tuple[int, Set]]:
        """Frames for a group or everybody: those of such an address have such a MAC address too."""
        group = some & self.space.member(dst, _GROUPS[self.space.family])
        yield MULTICAST, group
        yield BROADCAST, some & ~group & self._for_everybody(iif, dst)

    def _for_everybody(self, iif: Name, dst: Bits) -> Set:
        """The packets for a broadcast address of the interface that they came in by."""
        if self.space.family == 6:
            return self.space.nothing
        cases = iif.cases if isinstance(iif, ByOrigin) else ((iif, self.space.everything),)
        found = self.space.member(dst, _EVERYBODY)
        for name, where in cases:
            found |= where & self.space.member(dst, self._broadcast(name))
        return found

    def _broadcast(self, interface: object) -> IntSet:
        found = self._broadcasts.get(interface)
        if found is None:
            values = self.host.broadcasts(str(interface or ""))
            found = self._broadcasts[interface] = IntSet.of(*values)
        return found

    @cached_property
    def _broadcasts(self) -> dict[object, IntSet]:
        return {}

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
        if not front:
            return []
        local: Front = {}
        onward: dict[tuple[RouteTo, Way], tuple[Passed, Front]] = {}
        lookup: Front = {}
        decided: list[tuple[Passed, State, Set]] = []
        refused: list[tuple[Passed, State, Set]] = []
        for passed, state, some in self._run(self.program.arrival, front, "arrival"):
            if isinstance(passed.action, Accept):
                add(lookup, state, some)
            else:
                decided.append((passed, state, some))
        found = self._lookup(lookup, "route")
        self.space.lean(*self._leans)
        for passed, state, some in found:
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
                if not part.satisfiable():
                    continue
                if stays(action, self.space.family):
                    arrived = replace(state, route_kind=kind_of(action))
                    unnamed = self.space.nothing
                    part = self._let_in(arrived, part, turned)
                    if action.kind == "broadcast":
                        unnamed = part & self.guards.field_in("src", _NOBODY, state)
                    add(checked, arrived, part & ~unnamed)
                    add(local, arrived, unnamed)
                    taken = passed, way
                elif goes_round(action, way, self.space.family):
                    self._open(GOES_ROUND, state, part)
                else:
                    add(onward.setdefault((action, way), (passed, {}))[1], state, part)
        for each, those in self._object(self.program.source_check, checked, "source").items():
            add(local, each, those)
        if local:
            self._tell_route(taken[0], "LOCAL", taken[1])
            self.local_input(local if turned is None else self.above(local))
        return self._onward(onward, turned) if onward else []

    def _onward(
        self, onward: dict[tuple[RouteTo, Way], tuple[Passed, Front]], turned: Turned | None
    ) -> list[Leaving]:
        """What is routed on to somebody else, by route and way."""
        ready: Front = {}
        kept: Front = {}  # on their bridge
        for (route, way), (passed, waiting) in onward.items():
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
                accepted = self._unexpired(accepted, routed=False)
            # What br_netfilter routed for its new destination seems to IPv6 to come in where it goes out.
            if turned is None or self.space.family == 4:
                accepted = self._from_where_it_may(accepted)
            routed: Front = {}
            for state, some in accepted.items():
                back = self.guards.named(state.iif, way.dev or "") if turned else self.space.nothing
                add(routed, state, some & ~back)
                add(kept, state.by_way(way), some & back)
            if routed or kept:
                self._tell_route(passed, "FORWARD", way)
            if turned is not None:  # what br_netfilter routed comes up from the bridge after that
                routed = self.unbound(self.above, routed)
            self._set_forward(routed, way, ready)
        leaving = list[Leaving]()
        if ready:
            passing = self.hook("forward", self.walk.shared(ready))
            leaving = [each for each in self.postrouting(passing) if self._still_fits(each)]
        # A new neighbour on the same bridge is handed to its port: nothing is taken off the TTL.
        if turned is not None and kept:
            late = self.walk.shared(self.late(kept))
            leaving += bridged(self.cross_filtered(turned(late)))
        return leaving

    def _from_where_it_may(self, front: Front) -> Front:
        """Without those whose source is refused, which have no way out."""
        passing: Front = {}
        for passed, state, some in self._run(self.program.source_check, front, "source"):
            if isinstance(passed.action, Accept):
                add(passing, state, some)
            else:
                self._refused(passed, replace(state, oif=None), some)
        return passing

    def _tell_route(self, passed: Passed, verdict: str, way: Way) -> None:
        if self.space.tells:
            self.space.note(route_step(passed, verdict, way))

    def _may_forward(self, front: Front, turned: Turned | None) -> Front:
        """What may be forwarded; what may not, and was with br_netfilter, meets that above the bridge."""
        accepted: Front = {}
        for passed, state, some in self._run(self.program.forwarding, front, "forwarding"):
            if isinstance(passed.action, Accept):
                add(accepted, state, some)
                continue
            up: Front = {replace(state, oif=None): some}
            for each, those in self._risen(up, turned).items():
                self._refused(passed, each, those)
        return accepted

    def _for_a_host(self, route: RouteTo, front: Front) -> Front:
        """What is routed to a single host; see ``semantics.routing``."""
        stop = refused_onward(route, self.space.family)
        if stop is None:
            return front
        for state, some in front.items():
            refused = Passed(self.program.forwarding, None, stop)
            self._refused(refused, replace(state, oif=None), some)
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
            if not self._asks_frames or state.pkttype != UNICAST:  # else they are known to be none
                some = self._for_one(state, some)
            add(living, state, some)
        for state, some in self._unexpired(living).items():
            if (fitting := self.fitting(state, some, way, forwards=True)) is not None:
                add(ready, replace(fitting.by_way(way), spent=state.spent + 1), some)

    def _for_one(self, state: State, some: Set) -> Set:
        """The packets whose frame was for this host alone."""
        assert state.frame is not None
        for _, here in self.frames(state.iif, state.frame, some):
            if here.satisfiable():
                self.space.note(Step("forward", "NOT_FORWARDING", code="forward-for-everybody"))
                self.walk.end(Fate("not_forwarding", self.host.name, hook="forward"), state, here)
                some &= ~here
        return some

    def _still_fits(self, leaving: Leaving) -> bool:
        """IPv6 cuts what is forwarded after POSTROUTING only (ip6_fragment)."""
        way = leaving.state.route
        if way is None or self.space.family == 4:
            return True
        return self.fitting(leaving.state, leaving.some, way) is not None

    def _unexpired(self, front: Front, routed: bool = True) -> Front:
        """Without the packets that have been through as many routers as they may. ``routed``: they have a way
        out."""
        answer = "icmp-time-exceeded" if self.space.family == 4 else "icmp6-time-exceeded"
        living: Front = {}
        for state, some in front.items():
            dying = some & self.guards.field_in("ttl", _DYING, state)
            if dying.satisfiable():
                self.space.note(Step("forward", "TTL_EXPIRED", code="ttl-expired"))
                fate = Fate("ttl_expired", self.host.name, answer=answer, kernel_reason="IP_INHDR",
                            hook="forward")  # fmt: skip
                self.walk.end(fate, state if routed else replace(state, oif=None), dying)
                some &= ~dying
            add(living, state, some)
        return living

    def send(self, front: Front, choose_source: bool, answers: bool = True) -> list[Leaving]:
        """Local processes send: output route, OUTPUT, perhaps another route, POSTROUTING."""
        return self.postrouting(self.sent(front, choose_source, answers))

    def postrouting(self, front: Front) -> list[Leaving]:
        """POSTROUTING, and out."""
        passed = self.hook("postrouting", front)
        return [
            Leaving(name, state.towards, state, here)
            for each, some in passed.items()
            for name, state, here in by_interface(each, some)
        ]
