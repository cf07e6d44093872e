"""Expressions as nft prints them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sekisho.model.nft_expression import (
    Binary,
    Concat,
    Constant,
    Ct,
    Element,
    Exists,
    Expression,
    Fib,
    Flags,
    Hash,
    Inner,
    Lookup,
    MapLookup,
    Mapping,
    Meta,
    NetPrefix,
    Number,
    Numgen,
    Payload,
    Range,
    RawPayload,
    SetLiteral,
    SetReference,
    Unknown,
    Word,
)
from sekisho.model.nft_rule import Counter, CtCount, Last, Limit, Quota, Simple, Statement, Verdict
from sekisho.model.nft_types import data_type
from sekisho.sources.nft_units import byte_amount, duration

# Types whose names stand in quotes; numbers of these types do not.
_QUOTED = frozenset({
    "ifname", "iface_index", "string", "devgroup", "realm", "hour", "day", "date", "time", "cgroupsv2",
    "counter", "quota", "limit", "synproxy", "secmark", "ct helper", "ct timeout", "ct expectation",
})  # fmt: skip
# Types printed in hexadecimal, with this many digits.
_HEX_DIGITS = {"mark": 8, "ether_type": 4, "dscp": 2, "ecn": 2, "tcp_flag": 2, "raw": 1}
# How much an operator binds: what binds less stands in parentheses (nft's own order, which is C's).
_BINDS = {"<<": 4, ">>": 4, "&": 3, "^": 2, "|": 1}
# Keys of meta that nft prints without the word.
_UNQUALIFIED = frozenset({"iif", "oif", "iifname", "oifname", "iifgroup", "oifgroup", "ibrname", "obrname"})


def printed(expression: Expression, kind: str = "") -> str:
    """The expression's text; ``kind`` is its data type, for constants."""
    match expression:
        case Number(value, text):
            return text or _number(value, kind)
        case Word(text):
            return f'"{text}"' if kind in _QUOTED else text
        case Exists(value):
            return "exists" if value else "missing"
        case Flags(names):
            return " | ".join(printed(name, kind) for name in names)
        case NetPrefix(address, length):
            return f"{printed(address, kind)}/{length}"
        case Range(first, last):
            return f"{printed(first, kind)}-{printed(last, kind)}"
        case Concat(parts):
            kinds = kind.split(" . ") if kind else []
            kinds += [""] * (len(parts) - len(kinds))
            return " . ".join(printed(part, one) for part, one in zip(parts, kinds, strict=False))
        case Element():
            return element_text(expression, kind)
        case SetLiteral() | SetReference():
            return _map_text(expression, kind, "")
        case Binary(operator, left, right):
            shown = _operand(operator, right, data_type(left))
            return f"{_grouped(operator, left, printed(left))} {operator} {shown}"
        case Constant(value, quoted):
            return _constant(value, quoted)
        case MapLookup(key, data):
            return f"{printed(key)} map {_map_text(data, data_type(key), kind)}"
        case Unknown(text):
            return text
        case _:
            return _selector(expression)


def _map_text(data: SetLiteral | SetReference, kind: str, data_kind: str) -> str:
    """``@name`` or ``{ key : value }``."""
    if isinstance(data, SetReference):
        return f"@{data.name}"
    return "{ " + ", ".join(mapping_text(one, kind, data_kind) for one in data.elements) + " }"


def _number(value: int, kind: str) -> str:
    if kind == "time":
        return duration(value)
    digits = _HEX_DIGITS.get(kind)
    return str(value) if digits is None else f"{value:#0{digits + 2}x}"


def _grouped(operator: str, part: Expression, shown: str) -> str:
    inside = isinstance(part, Binary) and _BINDS[part.operator] < _BINDS[operator]
    return f"({shown})" if inside else shown


def _constant(value: Expression, quoted: bool) -> str:
    """Names are in quotes, addresses and numbers are not; only the text tells of words that may be either."""
    name = isinstance(value, Word) and not re.fullmatch(r"[0-9a-f.:]+|[a-z0-9-]*:[0-9a-f:.]*", value.text)
    return printed(value, "string" if quoted or name else "")


def _operand(operator: str, right: Expression, kind: str) -> str:
    shown = printed(right, "" if operator in ("<<", ">>") else kind)
    return f"({shown})" if isinstance(right, Flags) else _grouped(operator, right, shown)


def _selector(expression: Expression) -> str:
    match expression:
        case Payload(protocol, field):
            return f"{protocol} {field}"
        case Inner(tunnel, field):
            return f"{tunnel} {printed(field)}"
        case RawPayload(base, offset, length):
            return f"@{base},{offset},{length}"
        case Meta(key):
            return key if key in _UNQUALIFIED else f"meta {key}"
        case Ct(key, direction):
            return f"ct {direction} {key}" if direction else f"ct {key}"
        case Fib(flags, result):
            return f"fib {' . '.join(flags)} {result}"
        case Lookup(kind, words):
            shown = " ".join(words)
            return shown if kind == "exthdr" and len(words) > 1 else f"{kind} {shown}"
        case Numgen(mode, modulus, offset):
            return f"numgen {mode} mod {modulus}" + (f" offset {offset}" if offset else "")
        case Hash(modulus, of, seed, offset):
            start = "symhash" if of is None else f"jhash {printed(of)}"
            seeded = "" if seed is None else f" seed {seed:#x}"
            return f"{start} mod {modulus}{seeded}" + (f" offset {offset}" if offset else "")
        case _:
            raise TypeError(expression)


def mapping_text(element: Expression | Mapping, kind: str, data_kind: str) -> str:
    """An element of a set, or ``key : value`` of a map."""
    if not isinstance(element, Mapping):
        return printed(element, kind)
    value = element.value
    shown = verdict_text(value) if isinstance(value, Verdict) else printed(value, data_kind)
    return f"{printed(element.key, kind)} : {shown}"


def element_text(element: Element, kind: str) -> str:
    """An element with what it carries, in nft's order."""
    words = [printed(element.value, kind)]
    if element.timeout is not None:
        words.append(f"timeout {duration(element.timeout)}")
    if element.expires is not None:
        words.append(f"expires {duration(element.expires)}")
    words += (stateful_text(one) for one in element.statements)
    if element.comment is not None:
        words.append(f'comment "{element.comment}"')
    return " ".join(words)


def verdict_text(verdict: Verdict) -> str:
    """``accept``, ``jump NAME``."""
    return f"{verdict.kind} {verdict.chain}" if verdict.chain else verdict.kind


def stateful_text(statement: Statement) -> str:
    """counter, limit, quota, ct count and last."""
    match statement:
        case Counter(packets, amount):
            return "counter" if packets is None else f"counter packets {packets} bytes {amount or 0}"
        case Limit():
            return "limit " + limit_words(statement)
        case Quota():
            return "quota " + quota_words(statement)
        case CtCount(count, over):
            return f"ct count {'over ' if over else ''}{count}"
        case Last(used):
            return f"last used {used}" if used else "last"
        case Simple(words):
            return " ".join(words)
        case _:
            raise TypeError(statement)


def limit_words(limit: Limit) -> str:
    """``rate over 10/second burst 7 packets``."""
    amount = f"{limit.rate} {limit.unit}" if limit.unit else str(limit.rate)
    shown = f"rate {'over ' if limit.over else ''}{amount}/{limit.per}"
    usual = limit.burst == (0 if limit.unit else 5)
    if usual and not limit.burst_printed:
        return shown
    return f"{shown} burst {limit.burst} {limit.burst_unit or 'packets'}"


def quota_words(quota: Quota) -> str:
    """``over 10 mbytes used 3 bytes``."""
    used = f" used {byte_amount(quota.used)}" if quota.used else ""
    return f"{'over ' if quota.over else ''}{byte_amount(quota.bytes)}{used}"


def joined(names: Sequence[str]) -> str:
    """Words with commas."""
    return ",".join(names)
