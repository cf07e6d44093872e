"""Guards over sets: which packets of a state certainly fit, and which perhaps.

``Cond(yes, maybe)``: ``yes`` fit; ``maybe`` (a superset) are those of which it cannot be excluded. The same
three answers as for one packet, packet by packet.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from sekisho.semantics.fields import CT_PORTS, ENDS, LIVING, ROWS, Field
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    All,
    AnyOf,
    Guard,
    In,
    Interface,
    Masked,
    Members,
    Not,
    ReversePath,
    Unsure,
)
from sekisho.symbolic.bits import Bits, ByOrigin, Ends, Set
from sekisho.symbolic.echoes import ANSWERS
from sekisho.symbolic.reading import Cond, ReverseLookup
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import OPEN, UNNAMED, Mac, Name, State
from sekisho.values.intset import IntSet
from sekisho.values.packet import DCCP, ICMP, ICMPV6, PORT_PROTOCOLS, TCP
from sekisho.values.slotted import replace

_PORTED = IntSet.of(*PORT_PROTOCOLS)
_ICMP = IntSet.of(ICMP, ICMPV6)
_TCP = IntSet.of(TCP)


class Guards:
    """Evaluates guards in one space. ``reverse`` looks the way back up; ``back_unknown`` is why some of what
    it was asked for is open."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.reverse: ReverseLookup | None = None
        self.back_unknown: dict[Doubt, None] = {}
        # By the guard's identity, so the guard itself is held: another one could get its place.
        self._members_known: dict[tuple[int, State], tuple[Members, Set]] = {}
        proto = space.field["proto"]
        self.ported = space.member(proto, _PORTED)
        self.icmp = space.member(proto, _ICMP)
        self.tcp = space.member(proto, _TCP)
        self.having = {"all": space.everything, "ported": self.ported, "icmp": self.icmp, "tcp": self.tcp}
        self.dccp = space.member(proto, IntSet.of(DCCP))
        nothing, everything = space.nothing, space.everything
        self.never = Cond(nothing, nothing)
        self.always = Cond(everything, everything)
        self._unsure = Cond(nothing, everything)

    def holds(self, guard: Guard, state: State) -> Cond:
        """Which packets fit."""
        return _EVALUATE[type(guard)](self, guard, state)

    def open_questions(self, guard: Guard, state: State, among: Set) -> tuple[Doubt, ...]:
        """Why a guard cannot be decided for some of the packets."""
        held = self.holds(guard, state)
        if held.maybe is held.yes or not (among & held.maybe & ~held.yes).satisfiable():
            return ()
        match guard:
            case Unsure(doubt):
                return (doubt,)
            case All(parts) | AnyOf(parts):
                return tuple(doubt for part in parts for doubt in self.open_questions(part, state, among))
            case Not(inner):
                return self.open_questions(inner, state, among)
            case In(name) | Masked(name) | Interface(name):
                return (Doubt("field-not-stated", (name,)),)
            case Members(names):
                return tuple(Doubt("field-not-stated", (name,)) for name in names if self._hides(name, state))
            case _:
                return (Doubt("reverse-path-undecided"), *self.back_unknown)

    def _exact(self, some: Set) -> Cond:
        return Cond(some, some)

    # ---------------------------------------------------------------------------------- leaves

    def _in(self, guard: In, state: State) -> Cond:
        if self._is_open(guard.field, state):
            return self._unsure
        if guard.field == "dst_mac":
            fits = partial(self.space.member, values=guard.values)
            return self._known(state.dst_mac, guard.values.__contains__, fits)
        return self._known_but(guard.field, state, self.field_in(guard.field, guard.values, state))

    @staticmethod
    def _is_open(name: str, state: State) -> bool:
        """Whether nobody knows the field."""
        if name in ("uid", "gid", "flow_uid"):
            return state.owner_open and (state.local or name != "flow_uid")
        return name == "src_mac" and state.mac_open

    def _known_but(self, name: str, state: State, some: Set) -> Cond:
        """The packets that fit, where some may have another value than is thought."""
        strange = self._kernels_own(name, state)
        return Cond(some & ~strange, some | strange) if strange.satisfiable() else self._exact(some)

    def _kernels_own(self, name: str, state: State) -> Set:
        """The packets of which the field depends on the kernel: see ``one_fields``."""
        known = name not in CT_PORTS or self._tuple(name, state) is None
        return self.space.nothing if known else self.dccp

    def _known(self, value: Mac, wanted: Callable[[int], bool], among: Callable[[Bits], Set]) -> Cond:
        """The packets with a wanted number, where it may be one that nobody knows. ``among``: those of which
        the number, as bits, is wanted."""
        space = self.space
        if isinstance(value, Bits):
            return self._exact(among(value))
        if isinstance(value, ByOrigin):
            yes = value.where(lambda each: isinstance(each, int) and wanted(each), space.nothing)
            return Cond(yes, yes | value.of(OPEN, space.nothing))
        if value == OPEN:
            return self._unsure
        return self.always if isinstance(value, int) and wanted(value) else self.never

    def field_in(self, name: Field, values: IntSet, state: State) -> Set:
        """The packets that have the field, with a value in the set."""
        match name:
            case "ttl":
                return self._ttl(self._shifted(values, state.spent), state.ttl)
            case "icmp_type":
                return self._icmp_type(values, state)
            case "setsport" | "setdport":
                return self._port_or_type(getattr(state.ends, name.removeprefix("set")), values, state)
            case "ctorigdport" | "ctrepldport" if (ends := self._tuple(name, state)) is not None:
                seen = replace(state, answered=name.startswith("ctrepl"))
                return self._port_or_type(ends.dport, values, seen)
        found = self.space.nothing
        for where, bits in self._views(name, state):
            found |= where & self.space.member(bits, values)
        return found

    def _views(self, name: Field, state: State) -> tuple[tuple[Set, Bits], ...]:
        """The field's value, for disjoint sets of packets; the packets of none of them have no such field."""
        space = self.space
        match name:
            case "sport" | "dport" if state.sees != "ports":
                return ()
            case "proto" if state.sees == "nothing":
                return ((space.everything, space.constant(0, 8)),)
            case "setproto":
                return self._numbers("proto", state)
            case "flow_uid" if not state.local:
                return ((space.everything, space.constant(0, space.width(name))),)
            case "flow_uid":
                return self._numbers("uid", state)
            case "ctproto" if state.ctsent is space.nowhere:
                return ((space.everything, space.constant(0, 8)),)
            case "ctproto":
                return () if state.ctsent is None else ((space.everything, space.field["proto"]),)
            case _ if name.startswith(("ctorig", "ctrepl")):
                return self._tuple_views(name, state)
            case _:
                return self._numbers(name, state)

    def _numbers(self, name: Field, state: State) -> tuple[tuple[Set, Bits], ...]:
        """A number of the state's own, which may be missing or depend on the packet."""
        space, number = self.space, getattr(state.ends if name in ENDS else state, name)
        if isinstance(number, Bits):
            return ((self.having[ROWS[name].of], number),)
        if isinstance(number, ByOrigin):
            cases = ((each, some) for each, some in number.cases if isinstance(each, int))
            return tuple((some, space.constant(each, space.width(name))) for each, some in cases)
        return () if number is None else ((space.everything, space.constant(number, space.width(name))),)

    def _tuple(self, name: str, state: State) -> Ends | None:
        """One of the connection's tuples; None where there is no connection, or an empty one (a template)."""
        if state.ctsent is None or state.ctonward is None or state.ctsent is self.space.nowhere:
            return None
        return state.ctsent if name.startswith("ctorig") else state.ctonward.mirrored()

    def _tuple_views(self, name: Field, state: State) -> tuple[tuple[Set, Bits], ...]:
        space, ends, which = self.space, self._tuple(name, state), name[6:]
        if ends is None:
            nothing = space.constant(0, space.width(name))
            return () if state.ctsent is None else ((space.everything, nothing),)
        if which in ("src", "dst"):
            return ((space.everything, getattr(ends, which)),)
        # Tracking keeps an ICMP query's identifier as its source port; other protocols have none.
        others = ~(self.ported | self.icmp)
        return (self.ported, ends.sport), (self.icmp, state.icmp_id), (others, space.constant(0, 16))

    def _ttl(self, values: IntSet, ttl: Bits) -> Set:
        """A TTL of which nobody knows is one that lives."""
        space = self.space
        if not space.is_open(ttl):
            return space.member(ttl, values)
        both = LIVING & values
        return space.nothing if not both else space.everything if both == LIVING else space.member(ttl, both)

    def _shifted(self, values: IntSet, by: int) -> IntSet:
        return (
            IntSet.from_intervals((first + by, min(last + by, 255)) for first, last in values)
            if by
            else values
        )

    def _icmp_type(self, values: IntSet, state: State) -> Set:
        space = self.space
        if not state.answered:
            return space.member(state.icmp_type, values) & self.icmp
        found = space.nothing
        proto = space.field["proto"]
        for number, answers in ANSWERS.items():
            before = IntSet.of(*(query for query, answer in answers.items() if answer in values))
            plain = values.minus(IntSet.of(*answers), 8)
            found |= space.member(state.icmp_type, before | plain) & space.member(proto, IntSet.of(number))
        return found

    def _port_or_type(self, port: Bits, values: IntSet, state: State) -> Set:
        """A port, ICMP type and code together, or 0: what ipset and tracking have where a port stands."""
        space = self.space
        found = space.member(port, values) & self.ported
        for kind in sorted({kind for first, last in values for kind in range(first >> 8, (last >> 8) + 1)}):
            codes = IntSet.from_intervals(
                (max(first, kind << 8) & 0xFF, min(last, kind << 8 | 0xFF) & 0xFF)
                for first, last in values
                if first <= (kind << 8 | 0xFF) and last >= kind << 8
            )
            if codes:
                found |= self._icmp_type(IntSet.of(kind), state) & space.member(state.icmp_code, codes)
        if 0 in values:
            found |= ~(self.ported | self.icmp)
        return found

    def _masked(self, guard: Masked, state: State) -> Cond:
        name, mask, value = guard.field, guard.mask, guard.value
        if self._is_open(name, state):
            return self._unsure
        fits = partial(self.space.masked, mask=mask, value=value)
        if name == "dst_mac":
            return self._known(state.dst_mac, lambda each: each & mask == value, fits)
        if ROWS[name].by_value:
            fitting = IntSet.masked(mask, value, self.space.width(name))
            return self._known_but(name, state, self.field_in(name, fitting, state))
        views = self._views(name, state)
        return self._known_but(name, state, self.space.union([where & fits(bits) for where, bits in views]))

    def _interface(self, guard: Interface, state: State) -> Cond:
        name: Name = getattr(state, guard.field)
        if isinstance(name, ByOrigin):
            nothing = self.space.nothing
            unknown = name.of(OPEN, nothing)
            if guard.prefix:
                yes = name.where(lambda each: each != OPEN and interface_fits(guard, each), nothing)
            else:
                yes = name.of(guard.name, nothing) if guard.name not in (OPEN, UNNAMED) else nothing
            if not guard.prefix or guard.name:
                unknown |= name.of(UNNAMED, nothing)
            return Cond(yes, yes | unknown) if unknown.satisfiable() else self._exact(yes)
        if name == OPEN:
            return self._unsure
        if name == UNNAMED:  # a bridge's port that is not known: that there is one is all that can be said
            return self.always if guard.prefix and not guard.name else self._unsure
        return self.always if interface_fits(guard, name) else self.never

    def named(self, name: Name, wanted: str | None) -> Set:
        """The packets of which the name is the wanted one."""
        if isinstance(name, ByOrigin):
            return name.of(wanted, self.space.nothing)
        return self.space.everything if name == wanted else self.space.nothing

    def _members(self, guard: Members, state: State) -> Cond:
        """Entries from the last to the first: an earlier one decides over a later one."""
        if any(self._is_open(name, state) for name in guard.fields):
            return self._unsure
        hidden = self._hidden(guard, state)
        if hidden == self.space.everything:
            return self._unsure
        asked = id(guard), state
        known = self._members_known.get(asked)
        if known is None:
            known = self._members_known[asked] = guard, self._any_entry(guard, state)
        found = known[1]
        return Cond(found & ~hidden, found | hidden) if hidden.satisfiable() else self._exact(found)

    def _hides(self, name: str, state: State) -> bool:
        return self._is_open(name, state) or self._hidden_in(name, state).satisfiable()

    def _hidden(self, guard: Members, state: State) -> Set:
        """The packets of which nobody knows a bridge's port or an address."""
        found = self.space.nothing
        for name in guard.fields:
            found |= self._hidden_in(name, state)
        return found

    def _hidden_in(self, name: str, state: State) -> Set:
        found = self._kernels_own(name, state)
        if name not in ("portin", "portout", "dst_mac"):
            return found
        given = getattr(state, name)
        if isinstance(given, ByOrigin):
            return found | given.of(OPEN, self.space.nothing) | given.of(UNNAMED, self.space.nothing)
        return self.space.everything if given in (OPEN, UNNAMED) else found

    def _any_entry(self, guard: Members, state: State) -> Set:
        found = self.space.nothing
        for boxes, answer in reversed(guard.entries):
            here = self.space.everything
            for name, box in zip(guard.fields, boxes, strict=True):
                here &= self._dimension(name, box, state)
                if not here.satisfiable():
                    break
            found = found | here if answer else found & ~here
        return found

    def _dimension(self, name: str, box: IntSet | str, state: State) -> Set:
        if not isinstance(box, str):
            return self.field_in(cast(Field, name), box, state)
        return self.named(getattr(state, name), box)

    def _reverse(self, guard: ReversePath, state: State) -> Cond:
        assert self.reverse is not None
        return self.reverse(state, guard)

    # ------------------------------------------------------------------------------- connectives

    def _all(self, guard: All, state: State) -> Cond:
        every: list[Cond] = []
        for part in guard.guards:
            held = _EVALUATE[type(part)](self, part, state)
            if not held.maybe.satisfiable():
                return self.never
            every.append(held)
        # From the lowest variables up: every step then adds nodes on top and rebuilds none below.
        every.sort(key=_level, reverse=True)
        yes = maybe = self.space.everything
        for held in every:
            if held.maybe is held.yes and maybe is yes:
                yes = maybe = held.yes & yes
            else:
                yes, maybe = held.yes & yes, held.maybe & maybe
        return Cond(yes, maybe) if maybe.satisfiable() else self.never

    def _any(self, guard: AnyOf, state: State) -> Cond:
        yes = maybe = self.space.nothing
        for part in guard.guards:
            held = _EVALUATE[type(part)](self, part, state)
            if held.maybe is held.yes and maybe is yes:
                yes = maybe = yes | held.yes
            else:
                yes, maybe = yes | held.yes, maybe | held.maybe
        return Cond(yes, maybe)

    def _not(self, guard: Not, state: State) -> Cond:
        held = _EVALUATE[type(guard.guard)](self, guard.guard, state)
        if held.maybe is held.yes:
            return self._exact(~held.yes)
        return Cond(~held.maybe, ~held.yes)


def _level(held: Cond) -> int:
    level = held.maybe.node_level()
    return -1 if level is None else level


def interface_fits(guard: Interface, name: str | None) -> bool:
    """Whether an interface of that name fits."""
    if name is None:
        return not guard.name and guard.field in ("iif", "oif")
    return name.startswith(guard.name) if guard.prefix else name == guard.name


# No table of an object's own: that would refer to the object and outlive it, with the diagrams' manager.
_EVALUATE: dict[type, Callable[..., Cond]] = {
    In: Guards._in, Masked: Guards._masked, Interface: Guards._interface, All: Guards._all,
    AnyOf: Guards._any,
    Not: Guards._not, Unsure: lambda guards, guard, state: guards._unsure, Members: Guards._members,
    ReversePath: Guards._reverse,
}  # fmt: skip
