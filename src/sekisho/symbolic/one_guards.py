"""Guards asked of one packet: True, False, None ("nobody can say"). ``and``, ``or`` and ``not`` follow
Kleene: False and unknown is False, True or unknown is True."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import TypeAlias

from sekisho.semantics.fields import LIVING, Field
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
from sekisho.symbolic.bits import Set
from sekisho.symbolic.echoes import ANSWERS
from sekisho.symbolic.one_fields import READ
from sekisho.symbolic.one_packet import ALL, NONE, OnePacket
from sekisho.symbolic.reading import Cond, ReverseLookup
from sekisho.symbolic.state import OPEN, UNNAMED, Name, State
from sekisho.symbolic.unstated import ANY, Unstated
from sekisho.values.intset import IntSet
from sekisho.values.packet import PORT_PROTOCOLS, TCP

Ask: TypeAlias = Callable[[State], bool | None]


class OneGuards:
    """See the module's text. Guards are made functions when they are first asked."""

    def __init__(self, space: OnePacket) -> None:
        self.space = space
        self.reverse: ReverseLookup | None = None
        self.back_unknown: dict[Doubt, None] = {}
        self.never, self.always, self.unsure = Cond(NONE, NONE), Cond(ALL, ALL), Cond(NONE, ALL)
        # By the guard's identity, so the guard itself is held: another one could get its place.
        self._asked: dict[int, tuple[Ask, Guard]] = {}
        self.begin(0)

    def begin(self, proto: int) -> None:
        """Another packet sets out, of this protocol."""
        self.ported = ALL if proto in PORT_PROTOCOLS else NONE
        self.icmp = ALL if proto in ANSWERS else NONE
        self.tcp = ALL if proto == TCP else NONE

    def holds(self, guard: Guard, state: State) -> Cond:
        """All or nothing, or between."""
        held = self.fits(guard, state)
        return self.unsure if held is None else self.always if held else self.never

    def fits(self, guard: Guard, state: State) -> bool | None:
        """Whether the guard holds for the packet as it is now."""
        known = self._asked.get(id(guard))
        if known is None:
            known = self._asked[id(guard)] = self._asking(guard), guard
        return known[0](state)

    def field_in(self, name: Field, values: IntSet, state: State) -> Set:
        """Whether the field, or its usual value, is in the set."""
        value = READ[name](state)
        if isinstance(value, Unstated):
            value = None if value.value is None else value.value - (state.spent if name == "ttl" else 0)
        return ALL if value is not None and value in values else NONE

    def named(self, name: Name, wanted: str | None) -> Set:
        """Whether the name is the wanted one."""
        return ALL if name == wanted else NONE

    def doubts(self, guard: Guard, state: State) -> tuple[Doubt, ...]:
        """Why a guard could not be decided."""
        if self.fits(guard, state) is not None:
            return ()
        match guard:
            case Unsure(doubt):
                return (doubt,)
            case In(name) | Masked(name):
                value = READ[name](state)
                why = value.why if isinstance(value, Unstated) else None
                return (why or Doubt("field-not-stated", (name,)),)
            case Interface(name):
                return (Doubt("field-not-stated", (name,)),)
            case Members(names):
                unknown = (name for name in names if _dimension(name, state).__class__ is Unstated)
                return tuple(Doubt("field-not-stated", (name,)) for name in unknown)
            case All(parts) | AnyOf(parts):
                return tuple(doubt for part in parts for doubt in self.doubts(part, state))
            case Not(inner):
                return self.doubts(inner, state)
            case ReversePath():
                return (Doubt("reverse-path-undecided"), *self.back_unknown)

    # --------------------------------------------------------------------------------- functions

    def _asking(self, guard: Guard) -> Ask:
        match guard:
            case In():
                return _in(guard)
            case Masked():
                return _masked(guard)
            case Interface():
                return _interface(guard)
            case All(guards) if len(guards) == 1:
                return self._asking(guards[0])
            case All(guards):
                return _all(tuple(map(self._asking, guards)))
            case AnyOf(guards):
                return _any(tuple(map(self._asking, guards)))
            case Not(inner):
                return _not(self._asking(inner))
            case Unsure():
                return lambda state: None
            case Members():
                return _members(guard)
            case ReversePath():
                return partial(self._reverse, guard)

    def _reverse(self, guard: ReversePath, state: State) -> bool | None:
        assert self.reverse is not None
        self.back_unknown.clear()
        found = self.reverse(state, guard)
        return None if found.yes is not found.maybe else found.yes is ALL


def _in(guard: In) -> Ask:
    read, values = READ[guard.field], guard.values
    if len(values.intervals) == 1:
        first, last = values.intervals[0]

        def within(state: State) -> bool | None:
            value = read(state)
            if value.__class__ is Unstated:
                return _of_any(guard, value, state)
            return value is not None and first <= value <= last  # type: ignore[operator]

        return within

    def among(state: State) -> bool | None:
        value = read(state)
        if value.__class__ is Unstated:
            return _of_any(guard, value, state)
        return value is not None and value in values  # type: ignore[operator]

    return among


def _of_any(guard: In, value: object, state: State) -> bool | None:
    """What holds of every value that the field may have."""
    assert isinstance(value, Unstated)
    if guard.field == "ttl":  # no router lets it die on its way
        spent = state.spent
        possible = IntSet.from_intervals((first - spent, last - spent) for first, last in LIVING)
    elif value.within is not None and guard.field == "src":
        possible = value.within
    else:
        return None
    both = possible & guard.values
    return False if not both else True if both == possible else None


def _masked(guard: Masked) -> Ask:
    read, mask, wanted = READ[guard.field], guard.mask, guard.value

    def fits(state: State) -> bool | None:
        value = read(state)
        if isinstance(value, Unstated):
            return None
        return value is not None and value & mask == wanted

    return fits


def _interface(guard: Interface) -> Ask:
    read, wanted, prefix = attrgetter(guard.field), guard.name, guard.prefix
    none = not wanted and guard.field in ("iif", "oif")

    def fits(state: State) -> bool | None:
        name = read(state)
        if name == wanted and name:
            return True
        if name is None:
            return none
        if name == OPEN:
            return None
        if name == UNNAMED:  # that there is one is all that can be said
            return True if prefix and not wanted else None
        return prefix and bool(name.startswith(wanted))

    return fits


def _all(parts: tuple[Ask, ...]) -> Ask:
    def fits(state: State) -> bool | None:
        answer: bool | None = True
        for part in parts:
            held = part(state)
            if not held:
                if held is False:
                    return False
                answer = None
        return answer

    return fits


def _any(parts: tuple[Ask, ...]) -> Ask:
    def fits(state: State) -> bool | None:
        answer: bool | None = False
        for part in parts:
            held = part(state)
            if held:
                return True
            if held is None:
                answer = None
        return answer

    return fits


def _not(inner: Ask) -> Ask:
    def fits(state: State) -> bool | None:
        held = inner(state)
        return None if held is None else not held

    return fits


def _members(guard: Members) -> Ask:
    names, entries = guard.fields, guard.entries

    def fits(state: State) -> bool | None:
        values = [_dimension(name, state) for name in names]
        if any(value.__class__ is Unstated for value in values):
            return None
        for boxes, answer in entries:
            if all(map(_in_box, values, boxes)):
                return answer
        return False

    return fits


def _in_box(value: object, box: IntSet | str) -> bool:
    if isinstance(box, str):
        return value == box
    return isinstance(value, int) and value in box


def _dimension(name: str, state: State) -> object:
    """A field of a set with several dimensions: a number, a name, or None."""
    if name in READ:
        return READ[name](state)
    value = getattr(state, name)
    return ANY if value in (OPEN, UNNAMED) else value
