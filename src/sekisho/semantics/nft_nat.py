"""snat, dnat, masquerade and redirect: what each translates to, maps included.

dnat to 10.0.0.2:80                          one Translate
dnat to tcp dport map { 80 : 10.0.0.2 . 8080 }   one Translate for each element: the first that fits
dnat to numgen random mod 2 map { ... }      chance decides which
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from sekisho.model.nft_expression import Concat, Expression, Hash, MapLookup, Mapping, NetPrefix, Numgen, Word
from sekisho.model.nft_rule import Nat, Verdict
from sekisho.semantics.conjunction import both
from sekisho.semantics.nft_column import Open
from sekisho.semantics.nft_columns import column
from sekisho.semantics.nft_context import NftContext, Undecided
from sekisho.semantics.nft_elements import element_guard
from sekisho.semantics.nft_fields import CATCH_ALL
from sekisho.semantics.nft_values import address_span, numbers, plain
from sekisho.semantics.program import (
    ALWAYS,
    Action,
    FirstOf,
    Guard,
    Guarded,
    Translate,
    Unsure,
)
from sekisho.semantics.targets import masqueraded
from sekisho.values.address import Prefix

_Act = Callable[[Expression], Action]

_RANDOM = frozenset({"random", "fully-random"})


def for_others(nat: Nat, context: NftContext) -> bool:
    """Whether it is for packets of the other family: nft tests for that by itself."""
    return bool(nat.family) and nat.family != ("ip" if context.family == 4 else "ip6")


def nat_action(nat: Nat, context: NftContext) -> Action:
    """What the statement does to packets of its family (see ``for_others``).

    Raises ValueError or MissingSetError where it cannot be read.
    """
    what: Literal["src", "dst"] = "src" if nat.kind in ("snat", "masquerade") else "dst"
    start = Translate(what, random=bool(_RANDOM & set(nat.flags)))
    if nat.kind in ("masquerade", "redirect"):
        if nat.kind == "masquerade":
            start = replace(masqueraded(context.family), random=start.random)
        else:
            start = replace(start, own_address="in")
    return _with_address(start, nat, context)


def _with_address(start: Translate, nat: Nat, context: NftContext) -> Action:
    if nat.address is None:
        return _with_port(start, nat.port, context)
    if isinstance(nat.address, MapLookup):
        return mapped(
            nat.address, context, lambda value: _with_port(_to(start, value, nat, context), nat.port, context)
        )
    return _with_port(_to(start, nat.address, nat, context), nat.port, context)


def _with_port(start: Translate, port: Expression | None, context: NftContext) -> Action:
    if port is None:
        return start
    if isinstance(port, MapLookup):
        return mapped(port, context, lambda value: replace(start, ports=_ports(value)))
    return replace(start, ports=_ports(port))


def _to(start: Translate, value: Expression, nat: Nat, context: NftContext) -> Translate:
    """``10.0.0.2``, a range, or an address with its port (``10.0.0.2 . 80``)."""
    if isinstance(value, Concat):
        address, port = value.parts
        return replace(_to(start, address, nat, context), ports=_ports(port))
    if isinstance(value, Numgen | Hash):  # any of so many
        return replace(start, addresses=(value.offset, value.offset + value.modulus - 1))
    if isinstance(value, NetPrefix) and nat.prefix:
        if not isinstance(value.address, Word):
            raise ValueError("a prefix of numbers")
        return replace(start, netmap=Prefix.parse(f"{value.address.text}/{value.length}"))
    return replace(start, addresses=address_span(value, context.family))


def _ports(value: Expression) -> tuple[int, int]:
    intervals = numbers(value, "inet_service").intervals
    if len(intervals) != 1 or intervals[0][1] > 0xFFFF:
        raise ValueError("not one range of ports")
    return intervals[0]


def mapped(lookup: MapLookup, context: NftContext, act: _Act) -> Action:
    """One line for each element of the map: its key's condition, and what its value makes of ``act``.

    Raises ValueError or MissingSetError where key or elements cannot be read.
    """
    if context.moves(lookup.data):
        raise ValueError("a map that rules change")
    elements = context.elements(lookup.data).elements
    if isinstance(lookup.key, Numgen | Hash):
        return _by_chance(lookup.key, elements, context, act)
    # No key is in a map twice, so elements with the same value stand in one line, whatever their order.
    by_value: dict[Expression, list[Mapping]] = {}
    for element in elements:
        found, value = _with_value(element)
        by_value.setdefault(value, []).append(found)
    lines = [
        Guarded(_found(lookup.key, keys, context), act(value))
        for value, keys in sorted(by_value.items(), key=lambda item: CATCH_ALL in map(plain, item[1]))
    ]
    return FirstOf(tuple(lines))


def _with_value(element: Expression | Mapping) -> tuple[Mapping, Expression]:
    """Raises ValueError for what is no ``key : value``."""
    if isinstance(element, Mapping) and not isinstance(element.value, Verdict):
        return element, element.value
    raise ValueError("an element without a value")


def _found(key: Expression, elements: Sequence[Mapping], context: NftContext) -> Guard:
    try:
        return element_guard(key, elements, context)
    except Undecided as found:
        return both(*found.needs, Unsure(found.doubt))


def _by_chance(
    key: Numgen | Hash, elements: Sequence[Expression | Mapping], context: NftContext, act: _Act
) -> Action:
    found = column(key, context)
    assert isinstance(found, Open)
    unsure: Guard = Unsure(found.doubt)
    pairs = [_with_value(element) for element in elements]
    values = [value for _, value in pairs]
    covered = sum(numbers(element.key, "integer").size() for element, _ in pairs)
    last = ALWAYS if covered >= key.modulus else unsure
    guards = [unsure] * (len(values) - 1) + [last]
    return FirstOf(tuple(Guarded(guard, act(value)) for guard, value in zip(guards, values, strict=True)))
