"""nftables' constants as sets of numbers, by the data type of what they are compared with."""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.model.nft_expression import (
    Element,
    Exists,
    Expression,
    Flags,
    Mapping,
    NetPrefix,
    Number,
    Range,
    SetLiteral,
    Word,
)
from sekisho.model.nft_types import SYMBOLS
from sekisho.values.address import BITS, Address, Family, Prefix
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.numbers import integer

_WIDTHS = {
    "ether_addr": 48,
    "mark": 32,
    "uid": 32,
    "gid": 32,
    "inet_service": 16,
    "ether_type": 16,
    "inet_proto": 8,
}
_FAMILIES: dict[str, Family] = {"ipv4_addr": 4, "ipv6_addr": 6}


def plain(element: Expression | Mapping) -> Expression:
    """An element's value without its key's value, its timeout and its comment."""
    if isinstance(element, Mapping):
        element = element.key
    return element.value if isinstance(element, Element) else element


def number(expression: Expression, kind: str) -> int:
    """One number. Raises ValueError for what is none of the type ``kind``."""
    match expression:
        case Number(value):
            return value
        case Exists(value):
            return int(value)
        case Word(text):
            return _word(text, kind)
        case Flags(names):
            bits = 0
            for name in names:
                bits |= number(name, kind)
            return bits
        case Element():
            return number(expression.value, kind)
        case _:
            raise ValueError(f"not a constant: {type(expression).__name__}")


def _word(text: str, kind: str) -> int:
    if kind in _FAMILIES:
        address = Address.parse(text)
        if address.family != _FAMILIES[kind]:
            raise ValueError(f"{text} is not of type {kind}")
        return address.value
    if kind == "ether_addr":
        parts = text.split(":")
        if len(parts) != 6:
            raise ValueError(f"not a MAC address: {text}")
        return integer("".join(parts), 16)
    symbols = SYMBOLS.get(kind, {})
    if text in symbols:
        return symbols[text]
    if "." in text or ":" in text:
        return Address.parse(text).value
    raise ValueError(f"{text} is not a value of {kind}")


def numbers(expression: Expression | Mapping, kind: str) -> IntSet:
    """The numbers that a constant, a range, a prefix or a set of these stands for.

    Raises ValueError where one is not of the type ``kind``.
    """
    match plain(expression):
        case Range(first, last):
            return IntSet.span(number(first, kind), number(last, kind))
        case NetPrefix(address, length):
            return _prefix(address, length, kind)
        case SetLiteral(elements):
            return union(elements, kind)
        case single:
            return IntSet.of(number(single, kind))


def union(elements: Iterable[Expression | Mapping], kind: str) -> IntSet:
    """All numbers of a set's elements."""
    found: list[tuple[int, int]] = []
    for element in elements:
        found += numbers(element, kind)
    return IntSet.from_intervals(found) if found else EMPTY


def _prefix(address: Word | Number, length: int, kind: str) -> IntSet:
    if isinstance(address, Word) and kind != "ether_addr":
        return IntSet.prefix(Prefix.parse(f"{address.text}/{length}"))
    if kind not in _WIDTHS:
        raise ValueError(f"a prefix of {kind}")
    value, host = number(address, kind), _WIDTHS[kind] - length
    return (
        IntSet.span(value >> host << host, value | ((1 << host) - 1))
        if value >> host << host == value
        else EMPTY
    )


def address_span(expression: Expression, family: Family) -> tuple[int, int]:
    """An address, a range or a prefix as (first, last). Raises ValueError for another family."""
    kind = "ipv4_addr" if family == 4 else "ipv6_addr"
    intervals = numbers(expression, kind).intervals
    if len(intervals) != 1 or intervals[0][1] >> BITS[family]:
        raise ValueError("not one range of addresses")
    return intervals[0]
