"""The statements of ``nft -j`` that keep a state: counter, limit, quota, ct count, last."""

from __future__ import annotations

from sekisho.model.evidence import Evidence
from sekisho.model.nft_rule import Counter, CtCount, Last, Limit, Quota, Statement
from sekisho.sources.json_fields import Fields, compact
from sekisho.sources.json_stream import Json
from sekisho.sources.nft_units import BYTE_UNITS
from sekisho.sources.text import Unreadable

STATEFUL = ("counter", "limit", "quota", "ct count", "last")


def stateful(kind: str, body: Json) -> Statement:
    """One of ``STATEFUL`` by value. Raises Unreadable."""
    if body is None:
        body = {}
    if not isinstance(body, dict):
        raise Unreadable("bad-value", compact(body)[:60])
    inside = Fields(body, Evidence("", 0, ""))
    found = _READ[kind](inside)
    inside.finish()
    return found


def _counter(inside: Fields) -> Statement:
    return Counter(inside.number("packets"), inside.number("bytes"))


def _limit(inside: Fields) -> Statement:
    rate, per = inside.number("rate"), inside.text("per") or "second"
    unit = inside.text("rate_unit") or ""
    burst, burst_unit = inside.number("burst"), inside.text("burst_unit") or ""
    over = bool(inside.flag("inv"))
    if rate is None:
        raise Unreadable("missing-key", "rate")
    unit = "" if unit == "packets" else unit
    burst_unit = "" if burst_unit == "packets" else burst_unit
    if not burst:
        burst, burst_unit = usual_burst(unit)
    return Limit(rate, per, over, unit, burst, burst_unit)


def usual_burst(unit: str) -> tuple[int, str]:
    """What a limit without ``burst`` has: 5 packets; for bytes none that nft would print."""
    return (0, "bytes") if unit else (5, "")


def _quota(inside: Fields) -> Statement:
    value, unit = inside.number("val"), inside.text("val_unit") or "bytes"
    used, used_unit = inside.number("used") or 0, inside.text("used_unit") or "bytes"
    over = bool(inside.flag("inv"))
    if value is None or unit not in BYTE_UNITS or used_unit not in BYTE_UNITS:
        raise Unreadable("bad-value", unit)
    return Quota(value * BYTE_UNITS[unit], over, used * BYTE_UNITS[used_unit])


def _ct_count(inside: Fields) -> Statement:
    count = inside.number("val")
    if count is None:
        raise Unreadable("missing-key", "val")
    return CtCount(count, bool(inside.flag("inv")))


def _last(inside: Fields) -> Statement:
    inside.raw("used")
    inside.raw("set")
    return Last()


_READ = {"counter": _counter, "limit": _limit, "quota": _quota, "ct count": _ct_count, "last": _last}
