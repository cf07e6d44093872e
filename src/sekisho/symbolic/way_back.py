"""The way back of packets, as rp_filter, rpfilter and nftables' fib look it up."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.semantics.fields import BROADCAST
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import Action, NotUnderstood, Program, ReversePath, RouteTo
from sekisho.semantics.routing import A_PORT, found_kind, subnet_bits
from sekisho.symbolic.bits import Bits, ByOrigin, Set
from sekisho.symbolic.neighbours import Neighbours
from sekisho.symbolic.reading import Cond
from sekisho.symbolic.state import Name, State
from sekisho.symbolic.translation import LINK_LOCAL
from sekisho.values.slotted import replace, value


@value
class _Found:
    """What a lookup finds for some packets: ``decided`` by what it is, ``unclear``: nobody knows of these,
    for the reasons that are ``unknown``. ``dst``: what was looked up."""

    among: Set
    dst: Bits
    decided: tuple[tuple[Action | None, Set], ...]
    unclear: Set
    unknown: tuple[Doubt, ...]


class WayBack:
    """Lookups of one namespace with source and destination exchanged."""

    def __init__(self, walk: Neighbours, host: HostCode) -> None:
        self.walk = walk
        self.host = host
        self.space = walk.space
        self.guards = walk.guards
        self.flow = walk.flow
        self.program: Program = host.programs[walk.space.family]
        self._reversed: dict[tuple[State, str], _Found] = {}
        self._asked: State | None = None
        self._known: dict[object, tuple[_Found, ...]] = {}

    def reverse_path(self, state: State, guard: ReversePath) -> Cond:
        """A lookup with source and destination exchanged, as from a local process. Where the packets are to
        be forwarded, their way out is its incoming interface; most rules that ask (rpfilter, fib) ask as from
        a local process."""
        yes = maybe = self.space.nothing
        for found in self._lookups(state, guard):
            held = self._judged(found, state.iif, guard)
            yes, maybe = yes | (held.yes & found.among), maybe | (held.maybe & found.among)
        return Cond(yes, yes) if yes == maybe else Cond(yes, maybe)

    def _lookups(self, state: State, guard: ReversePath) -> tuple[_Found, ...]:
        """What is found for packets of a state; many guards of one check ask for the same."""
        if state is not self._asked:
            self._asked, self._known = state, {}
        key = (guard.side, guard.use_mark, guard.sees, guard.onward)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = tuple(self._look_up_back(state, guard))
        return found

    def _look_up_back(self, state: State, guard: ReversePath) -> Iterator[_Found]:
        ends = state.ends.mirrored() if guard.side == "src" else state.ends
        if state.route_kind == BROADCAST and guard.side == "src":
            ends = replace(ends, src=self.space.constant(0, self.space.width("src")))
        way_out = state.oif if guard.sees == "ports" or guard.onward else None
        back = replace(
            state, ends=ends, iif=way_out or "lo", oif=None, uid=self.space.constant(0, 32), local=True,
            owner_open=False, mark=state.mark if guard.use_mark else 0, sees=guard.sees,
        )  # fmt: skip
        if self.space.family == 4:
            yield self._looked_back(back, guard.side, self.space.everything)
            return
        # A link-local address is looked for on its own link (ip6t_rpfilter.c, nft_fib_ipv6.c).
        near = self.space.member(ends.dst, LINK_LOCAL)
        link = state.oif if state.iif is None else state.iif
        if near.satisfiable():
            there = replace(back, iif=link if state.portout is None else A_PORT)
            yield self._looked_back(there, guard.side, near)
        if (~near).satisfiable():
            yield self._looked_back(back, guard.side, ~near)

    def _looked_back(self, back: State, side: str, among: Set) -> _Found:
        if self.space.tells:
            return self._look_back(back, side, among)
        key = (back, side)
        found = self._reversed.get(key)
        if found is None:
            found = self._reversed[key] = self._look_back(back, side, self.space.everything)
        return replace(found, among=among)

    def _look_back(self, back: State, side: str, among: Set) -> _Found:
        asked: list[Set] = []
        front, before = {back: self.space.everything}, dict(self.guards.back_unknown)
        self.guards.back_unknown.clear()
        every = self.flow.run(self.program.routing, self.program.lookups(side), front, "", asked)
        unknown = dict(self.guards.back_unknown)
        self.guards.back_unknown.update(before)
        decided: list[tuple[Action | None, Set]] = []
        for passed, _, some in every:
            if isinstance(passed.action, NotUnderstood):
                asked.append(some)
                unknown.setdefault(passed.action.doubt)
            else:
                decided.append((passed.action, some))
        return _Found(among, back.ends.dst, tuple(decided), self.space.union(asked), tuple(unknown))

    def _judged(self, found: _Found, iif: Name, guard: ReversePath) -> Cond:
        """The packets for which that is what the guard wants."""
        nothing = yes = self.space.nothing
        self.guards.back_unknown.update(dict.fromkeys(found.unknown))
        for action, some in found.decided:
            zero = subnet_bits(action) if guard.subnets and action is not None else None
            if zero is not None:
                first = some & self.space.masked(found.dst, zero, 0)
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
        if not found.unclear.satisfiable():
            return Cond(yes, yes)
        yes &= ~found.unclear
        return Cond(yes, yes | found.unclear)
