"""Guards over sets: which packets of a state certainly fit, and which perhaps.

``Cond(yes, maybe)``: ``yes`` fit; ``maybe`` (a superset) are those of which it cannot be excluded. The same
three answers as for one packet, packet by packet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

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
from sekisho.semantics.traveller import LIVING
from sekisho.symbolic.bits import Bits, Ends, Set
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import OPEN, ByOrigin, Mac, Name, State
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, TCP

_PORTED = IntSet.of(*PORT_PROTOCOLS)
_ICMP = IntSet.of(ICMP, ICMPV6)
_TCP = IntSet.of(TCP)
# ICMP queries and their answers; what ``State.answered`` maps.
ANSWERS = {ICMP: {8: 0, 13: 14, 15: 16, 17: 18}, ICMPV6: {128: 129, 139: 140}}


@dataclass(frozen=True, slots=True)
class Cond:
    """``yes`` is a subset of ``maybe``; they are one object where everything is decided."""

    yes: Set
    maybe: Set


ReverseLookup = Callable[[State, ReversePath], Cond]


class Guards:
    """Evaluates guards in one space. ``reverse`` looks the way back up."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.reverse: ReverseLookup | None = None
        self._members_known: dict[tuple[int, State], Set] = {}
        proto = space.field["proto"]
        self.ported = space.member(proto, _PORTED)
        self.icmp = space.member(proto, _ICMP)
        self.tcp = space.member(proto, _TCP)
        nothing, everything = space.nothing, space.everything
        self.never = Cond(nothing, nothing)
        self.always = Cond(everything, everything)
        self._unsure = Cond(nothing, everything)
        self._evaluate: dict[type, Callable[..., Cond]] = {
            In: self._in, Masked: self._masked, Interface: self._interface, All: self._all, AnyOf: self._any,
            Not: self._not, Unsure: lambda guard, state: self._unsure, Members: self._members,
            ReversePath: self._reverse,
        }  # fmt: skip

    def holds(self, guard: Guard, state: State) -> Cond:
        """Which packets fit."""
        return self._evaluate[type(guard)](guard, state)

    def _exact(self, some: Set) -> Cond:
        return Cond(some, some)

    # ---------------------------------------------------------------------------------- leaves

    def _in(self, guard: In, state: State) -> Cond:
        if guard.field == "src_mac" and state.mac_open:
            return self._unsure
        if guard.field == "dst_mac":
            return self._known(state.dst_mac, guard.values.__contains__, guard.values)
        return self._exact(self.field_in(guard.field, guard.values, state))

    def _known(self, value: Mac, wanted: Callable[[int], bool], values: IntSet | None = None) -> Cond:
        """The packets with a wanted number, where it may be one that nobody knows."""
        space = self.space
        if isinstance(value, Bits):
            return self._exact(space.member(value, values)) if values is not None else self._unsure
        if isinstance(value, ByOrigin):
            yes = value.where(lambda each: isinstance(each, int) and wanted(each), space.nothing)
            return Cond(yes, yes | value.where(lambda each: each == OPEN, space.nothing))
        if value == OPEN:
            return self._unsure
        return self.always if isinstance(value, int) and wanted(value) else self.never

    def field_in(self, name: str, values: IntSet, state: State) -> Set:
        """The packets that have the field, with a value in the set."""
        space = self.space
        match name:
            case "src" | "dst":
                return space.member(getattr(state.ends, name), values)
            case "sport" | "dport" if state.sees != "ports":
                return space.nothing
            case "proto" if state.sees == "nothing":
                return space.everything if 0 in values else space.nothing
            case "sport" | "dport":
                return space.member(getattr(state.ends, name), values) & self.ported
            case "proto" | "setproto":
                return space.member(space.field["proto"], values)
            case "icmp_type":
                return self._icmp_type(values, state)
            case "icmp_code":
                return space.member(state.icmp_code, values) & self.icmp
            case "tcp_flags":
                return space.member(state.tcp_flags, values) & self.tcp
            case "tos" | "length":
                return space.member(getattr(state, name), values)
            case "ttl":
                return self._ttl(self._shifted(values, state.spent), state.ttl)
            case "uid" | "gid" | "src_mac":
                bits = getattr(state, name)
                return space.nothing if bits is None else space.member(bits, values)
            case "flow_uid":
                if not state.local:
                    return space.everything if 0 in values else space.nothing
                return space.nothing if state.uid is None else space.member(state.uid, values)
            case "setsport" | "setdport":
                return self._set_port(name, values, state)
            case _ if name.startswith(("ctorig", "ctrepl")):
                return self._tuple_field(name, values, state)
            case "ctproto":
                known = state.ctsent is not None
                if state.ctsent is space.nowhere:
                    return space.everything if 0 in values else space.nothing
                return space.member(space.field["proto"], values) if known else space.nothing
            case _:
                number = getattr(state, name)
                if isinstance(number, ByOrigin):
                    return number.where(lambda each: each is not None and each in values, space.nothing)
                if isinstance(number, Bits):
                    return space.member(number, values)
                return space.everything if number is not None and number in values else space.nothing

    def _ttl(self, values: IntSet, ttl: Bits) -> Set:
        """The twin of ``traveller``'s: a TTL of which nobody knows is one that lives."""
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

    def _set_port(self, name: str, values: IntSet, state: State) -> Set:
        """ipset's port dimension: a port, ICMP type and code together, or 0."""
        space = self.space
        port = state.ends.sport if name == "setsport" else state.ends.dport
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

    def _tuple_field(self, name: str, values: IntSet, state: State) -> Set:
        space = self.space
        if state.ctsent is None or state.ctonward is None:
            return space.nothing
        ends: Ends = state.ctsent if name.startswith("ctorig") else state.ctonward.mirrored()
        which = name[6:]
        if which in ("src", "dst"):
            return space.member(getattr(ends, which), values)
        found = space.member(getattr(ends, which), values) & self.ported
        if which == "sport":  # tracking keeps an ICMP query's identifier there, and its type as dport
            return found | (space.member(state.icmp_id, values) & self.icmp)
        return found | self._icmp_type(values, replace(state, answered=name.startswith("ctrepl")))

    def _masked(self, guard: Masked, state: State) -> Cond:
        space, name = self.space, guard.field
        mask, value = guard.mask, guard.value
        if name in ("mark", "ctmark", "ctstatus", "pkttype", "zone", "ctdir", "ctstate"):
            number = getattr(state, name)
            if isinstance(number, Bits):
                return self._exact(space.masked(number, mask, value))
            return self.always if number is not None and number & mask == value else self.never
        if name in ("src", "dst"):
            return self._exact(space.masked(getattr(state.ends, name), mask, value))
        if name in ("sport", "dport") and state.sees == "ports":
            return self._exact(space.masked(getattr(state.ends, name), mask, value) & self.ported)
        if name == "tcp_flags":
            return self._exact(space.masked(state.tcp_flags, mask, value) & self.tcp)
        if name == "proto":
            return self._exact(space.masked(space.field[name], mask, value))
        if name in ("tos", "length"):
            return self._exact(space.masked(getattr(state, name), mask, value))
        if name in ("uid", "gid", "src_mac") and not (name == "src_mac" and state.mac_open):
            bits = getattr(state, name)
            return self.never if bits is None else self._exact(space.masked(bits, mask, value))
        if name == "src_mac":
            return self._unsure
        if name == "dst_mac":
            return self._known(state.dst_mac, lambda each: each & mask == value)
        raise NotImplementedError(f"masked {name}")

    def _interface(self, guard: Interface, state: State) -> Cond:
        name: Name = getattr(state, guard.field)
        if isinstance(name, ByOrigin):
            yes = name.where(lambda each: each != OPEN and interface_fits(guard, each), self.space.nothing)
            unknown = name.where(lambda each: each == OPEN, self.space.nothing)
            return Cond(yes, yes | unknown) if unknown.satisfiable() else self._exact(yes)
        if name == OPEN:
            return self._unsure
        if name == "":  # a bridge's port that is not known: that there is one is all that can be said
            return self.always if guard.prefix and not guard.name else self._unsure
        return self.always if interface_fits(guard, name) else self.never

    def named(self, name: Name, wanted: str | None) -> Set:
        """The packets of which the name is the wanted one."""
        if isinstance(name, ByOrigin):
            return name.where(lambda each: each == wanted, self.space.nothing)
        return self.space.everything if name == wanted else self.space.nothing

    def _members(self, guard: Members, state: State) -> Cond:
        """Entries from the last to the first: an earlier one decides over a later one."""
        if state.mac_open and "src_mac" in guard.fields:
            return self._unsure
        hidden = self._hidden(guard, state)
        if hidden == self.space.everything:
            return self._unsure
        asked = id(guard), state
        found = self._members_known.get(asked)
        if found is None:
            found = self._members_known[asked] = self._any_entry(guard, state)
        return Cond(found & ~hidden, found | hidden) if hidden.satisfiable() else self._exact(found)

    def _hidden(self, guard: Members, state: State) -> Set:
        """The packets of which nobody knows a bridge's port or an address."""
        found = self.space.nothing
        for name in guard.fields:
            if name not in ("portin", "portout", "dst_mac"):
                continue
            given = getattr(state, name)
            if isinstance(given, ByOrigin):
                found |= given.where(lambda each: each == OPEN, self.space.nothing)
            elif given == OPEN:
                return self.space.everything
        return found

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
            return self.field_in(name, box, state)
        return self.named(getattr(state, name), box)

    def _reverse(self, guard: ReversePath, state: State) -> Cond:
        assert self.reverse is not None
        return self.reverse(state, guard)

    # ------------------------------------------------------------------------------- connectives

    def _all(self, guard: All, state: State) -> Cond:
        every: list[Cond] = []
        for part in guard.guards:
            held = self._evaluate[type(part)](part, state)
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
            held = self._evaluate[type(part)](part, state)
            if held.maybe is held.yes and maybe is yes:
                yes = maybe = yes | held.yes
            else:
                yes, maybe = yes | held.yes, maybe | held.maybe
        return Cond(yes, maybe)

    def _not(self, guard: Not, state: State) -> Cond:
        held = self._evaluate[type(guard.guard)](guard.guard, state)
        if held.maybe is held.yes:
            return self._exact(~held.yes)
        return Cond(~held.maybe, ~held.yes)


def _level(held: Cond) -> int:
    level = held.maybe.node_level()
    return -1 if level is None else level


def interface_fits(guard: Interface, name: str | None) -> bool:
    """Whether an interface of that name fits."""
    if name is None:
        return guard.prefix and not guard.name and guard.field in ("iif", "oif")
    return name.startswith(guard.name) if guard.prefix else name == guard.name
