"""Statements of ``nft -j``: JSON -> model, in the form of libnftables-json(5).

What is not understood becomes ``Unknown`` with its JSON text.
"""

from __future__ import annotations

from collections.abc import Callable

from sekisho.model.nft_expression import Expression, Number, Unknown, Word
from sekisho.model.nft_rule import (
    Assign,
    Log,
    Match,
    Meter,
    Nat,
    Queue,
    Reject,
    SetUpdate,
    Simple,
    Statement,
    Synproxy,
    Tproxy,
    Transfer,
    UseObject,
    VerdictMap,
    Xt,
)
from sekisho.model.nft_types import data_type
from sekisho.sources.json_fields import Fields, compact
from sekisho.sources.json_stream import Json
from sekisho.sources.nft_json_stateful import STATEFUL, stateful
from sekisho.sources.nft_json_values import VERDICTS, element, expression, fields, map_data, names, verdict
from sekisho.sources.nft_text_statements import statement_of
from sekisho.sources.nft_text_values import is_address
from sekisho.sources.text import Unreadable

_LOG_OPTIONS = ("prefix", "group", "snaplen", "queue-threshold", "level")


def statement(value: Json) -> Statement:
    """One element of a rule's ``expr``."""
    try:
        return _statement(value)
    except Unreadable:
        return Unknown(compact(value))


def _statement(value: Json) -> Statement:
    if isinstance(value, str):
        # nft 1.0 prints what it has no JSON for as text ("add @m { ip saddr : 5 }").
        return statement_of(value)
    if not isinstance(value, dict) or len(value) != 1:
        raise Unreadable("bad-value", compact(value)[:60])
    (kind, body), *_ = value.items()
    if kind in VERDICTS:
        return verdict(value)
    if kind in _OBJECTS and not _by_value(body):
        return UseObject(kind, expression(body))
    if kind in STATEFUL:
        return stateful(kind, body)
    reader = _STATEMENTS.get(kind)
    if reader is None:
        raise Unreadable("unknown-word", kind)
    if body is None:
        body = {}
    if not isinstance(body, dict):
        raise Unreadable("bad-value", kind)
    inside = fields(body)
    found = reader(kind, inside)
    inside.finish()
    return found


_OBJECTS = ("counter", "limit", "quota", "ct helper", "ct timeout", "ct expectation", "secmark", "synproxy")


def _by_value(body: Json) -> bool:
    """Whether a counter, limit or quota stands in the rule itself instead of being named."""
    return body is None or (isinstance(body, dict) and "map" not in body)


def _match(_: str, inside: Fields) -> Statement:
    left = expression(inside.raw("left"))
    return Match(inside.need_text("op"), left, expression(inside.raw("right"), data_type(left)))


def _vmap(_: str, inside: Fields) -> Statement:
    key = expression(inside.raw("key"))
    return VerdictMap(key, map_data(inside.raw("data"), data_type(key)))


def _mangle(_: str, inside: Fields) -> Statement:
    key = expression(inside.raw("key"))
    return Assign(key, expression(inside.raw("value"), data_type(key)))


def _optional(inside: Fields, key: str) -> Expression | None:
    return expression(inside.raw(key)) if key in inside.left else None


def _nat(kind: str, inside: Fields) -> Statement:
    family = inside.text("family") or ""
    address, port = _optional(inside, "addr"), _optional(inside, "port")
    flags, more = names(inside.raw("flags")), names(inside.raw("type_flags"))
    if not set(more) <= {"prefix", "interval", "concat"}:
        raise Unreadable("unknown-word", " ".join(more))
    shown = tuple(flag for flag in flags if flag != "netmap")
    return Nat(kind, family, address, port, shown, "prefix" in more)


def _tproxy(_: str, inside: Fields) -> Statement:
    return Tproxy(inside.text("family") or "", _optional(inside, "addr"), _optional(inside, "port"))


def _reject(_: str, inside: Fields) -> Statement:
    kind = inside.text("type")
    code = _optional(inside, "expr")
    if kind is None:
        raise Unreadable("missing-key", "type")
    return Reject(kind, code)


def _log(_: str, inside: Fields) -> Statement:
    options: list[tuple[str, str]] = []
    for key in _LOG_OPTIONS:
        value = inside.text(key)
        if value is not None:
            options.append((key, value))
    options += (("flags", flag) for flag in names(inside.raw("flags")))
    return Log(tuple(options))


def _queue(_: str, inside: Fields) -> Statement:
    number = _optional(inside, "num")
    return Queue(Number(0) if number is None else number, names(inside.raw("flags")))


def _synproxy(_: str, inside: Fields) -> Statement:
    return Synproxy(inside.number("mss"), inside.number("wscale"), names(inside.raw("flags")))


def _set(_: str, inside: Fields) -> Statement:
    operation, name = inside.need_text("op"), inside.text("set") or inside.text("map") or ""
    body, data = inside.raw("elem"), _optional(inside, "data")
    return SetUpdate(operation, name.removeprefix("@"), _updated(body), data, _inner(inside))


def _updated(body: Json) -> Expression:
    if isinstance(body, dict) and set(body) == {"elem"}:
        return element(body["elem"], "")
    return expression(body)


def _inner(inside: Fields) -> tuple[Statement, ...]:
    body = inside.raw("stmt")
    if body is None:
        return ()
    return tuple(_statement(item) for item in (body if isinstance(body, list) else [body]))


def _meter(_: str, inside: Fields) -> Statement:
    name, size = inside.need_text("name"), inside.number("size")
    return Meter(name, _updated(inside.raw("key")), _inner(inside), size)


def _transfer(kind: str, inside: Fields) -> Statement:
    address, device = _optional(inside, "addr"), _optional(inside, "dev")
    if device is None and isinstance(address, Word) and not is_address(address.text):
        address, device = None, address  # netdev's dup has its device here
    return Transfer(kind, address, device, inside.text("family") or "")


def _notrack(_: str, inside: Fields) -> Statement:
    return Simple(("notrack",))


def _flow(_: str, inside: Fields) -> Statement:
    return Simple(("flow", inside.need_text("op"), inside.need_text("flowtable")))


def _reset(_: str, inside: Fields) -> Statement:
    option = inside.object("tcp option")
    if option is None:
        raise Unreadable("unknown-word", "reset")
    name = option.need_text("name")
    option.finish()
    return Simple(("reset", "tcp", "option", name))


def _xt(_: str, inside: Fields) -> Statement:
    kind, name = inside.text("type"), inside.text("name")
    return Xt(kind or "", name or "")


_STATEMENTS: dict[str, Callable[[str, Fields], Statement]] = {
    "match": _match, "vmap": _vmap, "mangle": _mangle, "snat": _nat, "dnat": _nat, "masquerade": _nat,
    "redirect": _nat, "tproxy": _tproxy, "reject": _reject, "log": _log, "queue": _queue,
    "synproxy": _synproxy, "set": _set, "map": _set, "meter": _meter, "dup": _transfer, "fwd": _transfer,
    "notrack": _notrack, "flow": _flow, "reset": _reset, "xt": _xt,
}  # fmt: skip
