"""What packets a rule's conditions describe: boxes of header fields, and the values at their edges.

Only for finding packets worth sending: what is left out here (an unknown match, a set of several
dimensions beyond its first element) costs a packet that misses, never a wrong answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from sekisho.semantics.fields import width
from sekisho.semantics.program import All, AnyOf, Guard, In, Interface, Masked, Members, Not
from sekisho.values.address import BITS, Family
from sekisho.values.intset import IntSet

FIELDS = ("src", "dst", "proto", "sport", "dport", "tos", "ttl", "icmp_type", "ctstate")
# Alternatives of one rule that are followed.
MOST_ALTERNATIVES = 4


@dataclass(frozen=True, slots=True)
class Wish:
    """A box: values by field (not named: any); interfaces wanted (name, prefix) and those that may not be."""

    fields: tuple[tuple[str, IntSet], ...] = ()
    wanted: tuple[Interface, ...] = ()
    unwanted: tuple[Interface, ...] = ()

    def values(self, field: str) -> IntSet | None:
        """What a field may be; None where it is not named."""
        return dict(self.fields).get(field)

    def fits(self, side: str, name: str | None) -> bool:
        """Whether an interface (None: there is none) may be the packet's ``iif`` or ``oif``."""
        mine = [guard for guard in self.wanted if guard.field == side]
        others = [guard for guard in self.unwanted if guard.field == side]
        return all(_named(guard, name) for guard in mine) and not any(_named(guard, name) for guard in others)


def _named(guard: Interface, name: str | None) -> bool:
    if name is None:
        return guard.prefix and not guard.name
    return name.startswith(guard.name) if guard.prefix else name == guard.name


def meet(one: Wish, other: Wish) -> Wish | None:
    """Both at once; None where a field has no value left."""
    fields = dict(one.fields)
    for name, values in other.fields:
        both = fields[name] & values if name in fields else values
        if not both:
            return None
        fields[name] = both
    return Wish(
        tuple(fields.items()),
        tuple(dict.fromkeys(one.wanted + other.wanted)),
        tuple(dict.fromkeys(one.unwanted + other.unwanted)),
    )


def wishes(guard: Guard, family: Family, holds: bool = True) -> Iterator[Wish]:
    """The boxes of packets for which the guard holds (or does not), the first few of them."""
    yield from islice(_wishes(guard, family, holds), MOST_ALTERNATIVES)


def _wishes(guard: Guard, family: Family, holds: bool) -> Iterator[Wish]:
    match guard:
        case In(field, values):
            bits = width(field, BITS[family])
            some = values if holds else values.complement(bits)
            if field not in FIELDS:
                yield Wish()
            elif some:
                yield Wish(((field, some),))
        case Masked(field, mask, value):
            if field in FIELDS and holds and field not in ("src", "dst"):
                fitting = (n for n in range(1 << width(field, BITS[family])) if n & mask == value)
                yield Wish(((field, IntSet.of(*islice(fitting, 256))),))
            else:
                yield Wish()
        case Interface():
            yield Wish(wanted=(guard,)) if holds else Wish(unwanted=(guard,))
        case Not(inner):
            yield from _wishes(inner, family, not holds)
        case All(guards):
            yield from _together(guards, family) if holds else _one_of(guards, family, False)
        case AnyOf(guards):
            yield from _one_of(guards, family, True) if holds else _together(tuple(map(Not, guards)), family)
        case Members(fields, entries):
            first = next((entry for entry, inside in entries if inside), None) if holds else None
            yield _element(fields, first) if first is not None else Wish()
        case _:
            yield Wish()


def _one_of(guards: tuple[Guard, ...], family: Family, holds: bool) -> Iterator[Wish]:
    for guard in guards:
        yield from _wishes(guard, family, holds)


def _together(guards: tuple[Guard, ...], family: Family) -> Iterator[Wish]:
    found = [Wish()]
    for guard in guards:
        more = [meet(one, other) for one in found for other in islice(_wishes(guard, family, True), 8)]
        found = [wish for wish in more if wish is not None][:8]
    yield from found


def _element(fields: tuple[str, ...], entry: tuple[IntSet | str, ...]) -> Wish:
    wish = Wish()
    for field, value in zip(fields, entry, strict=True):
        if isinstance(value, str):
            if field in ("iif", "oif"):
                side = Interface("iif" if field == "iif" else "oif", value)
                wish = replace(wish, wanted=(*wish.wanted, side))
        elif field in FIELDS:
            wish = replace(wish, fields=(*wish.fields, (field, value)))
    return wish


def edges(values: IntSet, bits: int) -> Iterator[int]:
    """The first and last value inside, and those just outside, of the first two intervals."""
    for first, last in islice(values, 2):
        for value in dict.fromkeys((first, last, first - 1, last + 1)):
            if 0 <= value < 1 << bits:
                yield value
