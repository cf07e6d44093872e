"""Expressions of ``nft -j``: JSON -> model, in the form of libnftables-json(5).

Every reader raises Unreadable where it meets a key or a value that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sekisho.model.evidence import Evidence
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
from sekisho.model.nft_rule import Verdict
from sekisho.model.nft_types import data_type
from sekisho.sources.json_fields import Fields, compact
from sekisho.sources.json_stream import Json
from sekisho.sources.nft_json_stateful import STATEFUL, stateful
from sekisho.sources.text import Unreadable
from sekisho.values.numbers import integer, is_number

VERDICTS = ("accept", "drop", "continue", "return", "jump", "goto")
_OPERATORS = ("|", "&", "^", "<<", ">>")
# Numbers that are too large for JSON's, and some that nft has no name for.
_HEXADECIMAL = re.compile(r"(0x[0-9a-f]+)(?: \[invalid type\])?")
# What stands for something of the packet in a concatenation; the rest are values.
_FIELDS = (
    Payload, Inner, RawPayload, Meta, Ct, Fib, Lookup, Numgen, Hash, Binary, MapLookup, Unknown,
)  # fmt: skip


def fields(value: Json) -> Fields:
    """The object's keys. Raises Unreadable where it is none."""
    if not isinstance(value, dict):
        raise Unreadable("bad-value", compact(value)[:60])
    return Fields(value, Evidence("", 0, ""))


def verdict(value: Json) -> Verdict:
    """``{"accept": null}`` or ``{"jump": {"target": "x"}}``."""
    if not isinstance(value, dict) or len(value) != 1:
        raise Unreadable("bad-value", compact(value)[:60])
    (kind, body), *_ = value.items()
    if kind not in VERDICTS:
        raise Unreadable("unknown-word", kind)
    if kind in ("jump", "goto"):
        inside = fields(body)
        chain = inside.need_text("target")
        inside.finish()
        return Verdict(kind, chain)
    if body is not None:
        raise Unreadable("bad-value", kind)
    return Verdict(kind)


def expression(value: Json, kind: str = "") -> Expression:
    """Any expression; ``kind`` is its data type where something else tells it.

    Raises Unreadable where it is not understood.
    """
    if isinstance(value, bool):
        return Exists(value)
    if isinstance(value, int):
        return Number(value * 1000 if kind == "time" else value)
    if isinstance(value, str):
        return _word(value, kind)
    if isinstance(value, list):
        return Flags(tuple(expression(item, kind) for item in value))
    if not isinstance(value, dict) or len(value) != 1:
        raise Unreadable("bad-value", compact(value)[:60])
    (name, body), *_ = value.items()
    if name in _OPERATORS:
        return _binary(name, body, kind)
    if name == "concat":
        return _concat(body, kind)
    if name == "range":
        first, last = _pair(body)
        return Range(expression(first, kind), expression(last, kind))
    if name == "set":
        return SetLiteral(elements(body, kind))
    if name == "elem":
        return element(body, kind)
    reader = _EXPRESSIONS.get(name)
    if reader is None:
        raise Unreadable("unknown-word", name)
    return reader(body)


def _word(text: str, kind: str) -> Expression:
    if text.startswith("@"):
        return SetReference(text[1:])
    if kind in ("realm", "iface_index") and is_number(text):
        return Number(integer(text))
    odd = _HEXADECIMAL.fullmatch(text)
    if odd:
        return Number(integer(odd.group(1), 16))
    return Word(text)


def _binary(operator: str, body: Json, kind: str) -> Expression:
    if not isinstance(body, list) or len(body) < 2:
        raise Unreadable("bad-value", operator)
    parts = [expression(item, kind) for item in body]
    if not kind:
        kind = data_type(parts[0])
        parts = [parts[0], *(expression(item, kind) for item in body[1:])]
    if operator == "|" and all(isinstance(part, Word | Number | Flags) for part in parts):
        names: list[Expression] = []
        for part in parts:
            names += part.names if isinstance(part, Flags) else (part,)
        return Flags(tuple(names))
    folded = parts[0]
    for part in parts[1:]:
        folded = Binary(operator, folded, part)
    return folded


def _concat(body: Json, kind: str) -> Expression:
    if not isinstance(body, list):
        raise Unreadable("bad-value", "concat")
    kinds = kind.split(" . ") if kind else []
    kinds += [""] * (len(body) - len(kinds))
    parts = tuple(expression(item, one) for item, one in zip(body, kinds, strict=False))
    if not any(isinstance(part, _FIELDS) for part in parts):
        return Concat(parts)
    return Concat(tuple(part if isinstance(part, _FIELDS) else Constant(part) for part in parts))


def _pair(body: Json) -> tuple[Json, Json]:
    if not isinstance(body, list) or len(body) != 2:
        raise Unreadable("bad-value", compact(body)[:60])
    return body[0], body[1]


def elements(body: Json, kind: str, data_kind: str = "") -> tuple[Expression | Mapping, ...]:
    """The elements of a set or map: values, or (key, value) pairs."""
    if not isinstance(body, list):
        # A set of one element is written without the list.
        body = [body]
    return tuple(_element_or_pair(item, kind, data_kind) for item in body)


def _element_or_pair(item: Json, kind: str, data_kind: str) -> Expression | Mapping:
    if isinstance(item, list) and len(item) == 2:
        key, value = item
        if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in VERDICTS:
            return Mapping(expression(key, kind), verdict(value))
        return Mapping(expression(key, kind), expression(value, data_kind))
    return expression(item, kind)


def element(body: Json, kind: str) -> Expression:
    """``{"val": ..., "timeout": ..., "comment": ...}``."""
    inside = fields(body)
    value = expression(inside.raw("val"), kind)
    timeout, expires = inside.number("timeout"), inside.number("expires")
    comment = inside.text("comment")
    statements = tuple(stateful(key, inside.raw(key)) for key in STATEFUL if key in inside.left)
    inside.finish()
    return Element(value, _milliseconds(timeout), _milliseconds(expires), comment, statements)


def _milliseconds(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def _payload(body: Json) -> Expression:
    inside = fields(body)
    if "base" in inside.left:
        base, offset, length = inside.need_text("base"), inside.number("offset"), inside.number("len")
        inside.finish()
        if offset is None or length is None:
            raise Unreadable("missing-key", "offset")
        return RawPayload(base, offset, length)
    tunnel = inside.text("tunnel")
    found = Payload(inside.need_text("protocol"), inside.need_text("field"))
    inside.finish()
    return Inner(tunnel, found) if tunnel else found


def _meta(body: Json) -> Expression:
    inside = fields(body)
    found = Meta(inside.need_text("key"))
    inside.finish()
    return found


def _ct(body: Json) -> Expression:
    inside = fields(body)
    key, direction = inside.need_text("key"), inside.text("dir")
    family = inside.text("family")
    inside.finish()
    return Ct(f"{family} {key}" if family else key, direction or "")


def _fib(body: Json) -> Expression:
    inside = fields(body)
    flags = inside.raw("flags")
    found = Fib(names(flags), inside.need_text("result"))
    inside.finish()
    return found


def names(value: Json) -> tuple[str, ...]:
    """One word or a list of them."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(str(item) for item in value)
    if value is None:
        return ()
    raise Unreadable("bad-value", compact(value)[:60])


def _rt(body: Json) -> Expression:
    inside = fields(body)
    key, family = inside.need_text("key"), inside.text("family")
    inside.finish()
    return Lookup("rt", (family, key) if family else (key,))


def _socket(body: Json) -> Expression:
    inside = fields(body)
    key, level = inside.need_text("key"), inside.text("level")
    inside.finish()
    return Lookup("socket", (key, "level", level) if level else (key,))


def _osf(body: Json) -> Expression:
    inside = fields(body)
    key, ttl = inside.need_text("key"), inside.text("ttl")
    inside.finish()
    return Lookup("osf", ("ttl", ttl, key) if ttl else (key,))


def _ipsec(body: Json) -> Expression:
    inside = fields(body)
    key, direction = inside.need_text("key"), inside.need_text("dir")
    number, family = inside.number("spnum"), inside.text("family")
    inside.finish()
    words = (direction, *(("spnum", str(number)) if number else ()), *((family,) if family else ()), key)
    return Lookup("ipsec", words)


def _header(kind: str) -> Callable[[Json], Expression]:
    def read(body: Json) -> Expression:
        inside = fields(body)
        if "base" in inside.left:
            raise Unreadable("unknown-word", "base")
        name, field, offset = inside.need_text("name"), inside.text("field"), inside.number("offset")
        inside.finish()
        if offset:
            field = f"{field}[{offset}]"
        return Lookup(kind, (name, field) if field else (name,))

    return read


def _numgen(body: Json) -> Expression:
    inside = fields(body)
    found = Numgen(inside.need_text("mode"), inside.number("mod") or 0, inside.number("offset") or 0)
    inside.finish()
    return found


def _jhash(body: Json) -> Expression:
    inside = fields(body)
    of = expression(inside.raw("expr"))
    found = Hash(inside.number("mod") or 0, of, inside.number("seed"), inside.number("offset") or 0)
    inside.finish()
    return found


def _symhash(body: Json) -> Expression:
    inside = fields(body)
    found = Hash(inside.number("mod") or 0, offset=inside.number("offset") or 0)
    inside.finish()
    return found


def _prefix(body: Json) -> Expression:
    inside = fields(body)
    address, length = expression(inside.raw("addr")), inside.number("len")
    inside.finish()
    if length is None:
        raise Unreadable("missing-key", "len")
    if not isinstance(address, Word | Number):
        raise Unreadable("bad-value", "addr")
    return NetPrefix(address, length)


def _map(body: Json) -> Expression:
    inside = fields(body)
    key = expression(inside.raw("key"))
    data = map_data(inside.raw("data"), data_type(key))
    inside.finish()
    return MapLookup(key, data)


def map_data(value: Json, kind: str) -> SetLiteral | SetReference:
    """What a map or verdict map looks in: its elements, or the name of one."""
    data = expression(value, kind) if not isinstance(value, list) else SetLiteral(elements(value, kind))
    if not isinstance(data, SetLiteral | SetReference):
        raise Unreadable("bad-value", compact(value)[:60])
    return data


_EXPRESSIONS: dict[str, Callable[[Json], Expression]] = {
    "payload": _payload, "meta": _meta, "ct": _ct, "fib": _fib, "rt": _rt, "socket": _socket, "osf": _osf,
    "ipsec": _ipsec, "exthdr": _header("exthdr"), "tcp option": _header("tcp option"),
    "ip option": _header("ip option"), "sctp chunk": _header("sctp chunk"), "numgen": _numgen,
    "jhash": _jhash, "symhash": _symhash, "prefix": _prefix, "map": _map,
}  # fmt: skip
