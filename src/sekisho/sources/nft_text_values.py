"""Values in the text of nft: numbers, addresses, names, ranges, sets and their elements."""

from __future__ import annotations

import re
from collections.abc import Callable

from sekisho.model.nft_expression import (
    Concat,
    Element,
    Exists,
    Expression,
    Flags,
    Mapping,
    NetPrefix,
    Number,
    Range,
    SetLiteral,
    SetReference,
    Word,
)
from sekisho.model.nft_rule import Statement, Verdict
from sekisho.model.nft_types import SYMBOLS
from sekisho.sources.nft_text_tokens import Tokens, unquoted
from sekisho.sources.nft_units import milliseconds
from sekisho.sources.text import Unreadable
from sekisho.values.numbers import integer, is_number

VERDICTS = ("accept", "drop", "continue", "return", "jump", "goto")

_NUMBER = re.compile(r"(?:0x[0-9a-fA-F]{1,32}|0|[1-9][0-9]{0,19})(?: \[invalid type\])?")
_IPV4 = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}\.[0-9]{1,20}\.[0-9]{1,20}")
_IPV6 = re.compile(r"[0-9a-f.]*:[0-9a-f:.]*")
_MAC = re.compile(r"(?:[0-9a-f]{2}:)+[0-9a-f]{2}")
_NAME = re.compile(r"[A-Za-z0-9_.*/\\:+@\[\]-]+")
# Types whose durations are written with units.
_TIMES = ("time",)


def atom(word: str, kind: str) -> Expression:
    """One word as a value of the data type ``kind``: a constant, a prefix or a range."""
    if word.startswith('"'):
        first, dash, last = word.partition('"-"')
        if dash:
            return Range(Word(first[1:]), Word(last[:-1]))
        return Word(unquoted(word))
    if word == "exists":
        return Exists(True)
    if word == "missing":
        return Exists(False)
    if word.startswith("@"):
        return SetReference(word[1:])
    found = _single(word, kind)
    if found is not None:
        return found
    address, slash, length = word.rpartition("/")
    network = _single(address, kind) if slash and is_number(length) else None
    if isinstance(network, Word | Number):
        return NetPrefix(network, integer(length))
    for dash_at in (at for at, char in enumerate(word) if char == "-"):
        low, high = _single(word[:dash_at], kind), _single(word[dash_at + 1 :], kind)
        if low is not None and high is not None:
            return Range(low, high)
    if _NAME.fullmatch(word):
        return Word(word)
    raise Unreadable("unknown-word", word)


def _single(word: str, kind: str) -> Expression | None:
    """A constant that is no free name."""
    if _NUMBER.fullmatch(word):
        return Number(integer(word.split()[0], 0) * (1000 if kind in _TIMES else 1), word)
    if _IPV4.fullmatch(word) or _MAC.fullmatch(word) or (_IPV6.fullmatch(word) and kind != "classid"):
        return Word(word)
    if kind in _TIMES:
        span = milliseconds(word)
        return None if span is None else Number(span, word)
    return Word(word) if word in SYMBOLS.get(kind, ()) else None


def constant(tokens: Tokens, kind: str, *, commas: bool = True) -> Expression:
    """A constant with all its bits: ``established,related``, ``syn | ack``, ``(syn | ack)``.

    ``commas``: a comma joins bits (in a set it parts elements).
    """
    opened = 0
    while tokens.accept("("):
        opened += 1
    if opened:
        found = constant(tokens, kind)
        for _ in range(opened):
            tokens.expect(")")
        return found
    first = atom(tokens.take(), kind)
    names = [first]
    while tokens.peek() == "|" or (commas and tokens.peek() == ","):
        tokens.take()
        names.append(atom(tokens.take(), kind))
    return first if len(names) == 1 else Flags(tuple(names))


def concatenation(tokens: Tokens, kind: str) -> Expression:
    """``10.0.0.1 . 80``, each part of its own type; or a single value."""
    kinds = kind.split(" . ")
    parts = [constant(tokens, kinds[0], commas=False)]
    while tokens.accept("."):
        one = kinds[len(parts)] if len(parts) < len(kinds) else ""
        parts.append(constant(tokens, one, commas=False))
    return parts[0] if len(parts) == 1 else Concat(tuple(parts))


def verdict(tokens: Tokens) -> Verdict:
    """``accept``, ``jump NAME``..."""
    kind = tokens.take()
    if kind not in VERDICTS:
        raise Unreadable("unknown-word", kind)
    return Verdict(kind, tokens.string() if kind in ("jump", "goto") else "")


def is_address(text: str) -> bool:
    """Whether it is an IPv4 or IPv6 address (no name of an interface looks like one)."""
    return bool(_IPV4.fullmatch(text) or _IPV6.fullmatch(text))


Stateful = Callable[[Tokens], Statement | None]


def set_literal(tokens: Tokens, kind: str, data_kind: str, stateful: Stateful) -> SetLiteral:
    """``{ element, element }``; ``stateful`` reads a counter, limit or the like of an element."""
    tokens.expect("{")
    elements: list[Expression | Mapping] = []
    while not tokens.accept("}"):
        elements.append(set_element(tokens, kind, data_kind, stateful))
        if tokens.peek() != "}":
            tokens.expect(",")
    return SetLiteral(tuple(elements))


def set_element(tokens: Tokens, kind: str, data_kind: str, stateful: Stateful) -> Expression | Mapping:
    """One element with its attributes, and its value in a map."""
    value = attributed(tokens, concatenation(tokens, kind), stateful)
    if not tokens.accept(":"):
        return value
    if tokens.peek() in VERDICTS:
        return Mapping(value, verdict(tokens))
    return Mapping(value, concatenation(tokens, data_kind))


def attributed(tokens: Tokens, value: Expression, stateful: Stateful) -> Expression:
    """The value with ``timeout``, ``expires``, ``comment`` and stateful statements after it."""
    times: dict[str, int] = {}
    comment: str | None = None
    statements: list[Statement] = []
    while True:
        word = tokens.peek()
        if word in ("timeout", "expires"):
            tokens.take()
            span = milliseconds(tokens.take())
            if span is None:
                raise Unreadable("bad-number", tokens.peek())
            times[word] = span
        elif word == "comment":
            tokens.take()
            comment = tokens.string()
        else:
            found = stateful(tokens)
            if found is None:
                break
            statements.append(found)
    if not times and comment is None and not statements:
        return value
    return Element(value, times.get("timeout"), times.get("expires"), comment, tuple(statements))
