"""``ip -j route``: the same facts as the text form, in the same words.

iproute2 loses a little on the way: ``mtu lock 1400`` becomes ``"mtu": 1400``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sekisho.model.routing import NextHop, Route
from sekisho.sources.encap import encap_pairs, fold_encap
from sekisho.sources.ip_route import format_dst, single_hop
from sekisho.sources.json_fields import Fields, compact, number_or_word, read_objects
from sekisho.sources.json_stream import Json
from sekisho.sources.parsed import Parsed
from sekisho.sources.route_draft import HopDraft, RouteDraft, common_family
from sekisho.sources.route_words import (
    AFTER_DST,
    FEATURES,
    FLAGS,
    KINDS,
    METRICS,
    Pair,
    format_tos,
    parse_tos,
)
from sekisho.sources.text import Unreadable, read_address, read_prefix
from sekisho.values.address import Address, Family
from sekisho.values.names import is_word

_UNITS = {"rtt": "ms", "rttvar": "ms", "rto_min": "ms", "expires": "sec"}
_METRIC_KEYS = {"congctl": "congestion"}
_METRIC_NAMES = {key: name for name, key in _METRIC_KEYS.items()}
_ATTRIBUTES = ("mark", "uid", "expires", "error", "users", "age", "used", "iif", "pref", "ttl-propagate")


def parse(text: str, file: str, family: Family = 4, *, table: str = "main") -> Parsed[Route]:
    """Read ``ip -j route``; ``family`` and ``table`` as for the text form.

    Raises SourceError where the file is not JSON.
    """
    drafts = read_objects(text, file, lambda fields: [_read_route(fields, table)])
    fallback = common_family(drafts.facts, family)
    return Parsed(tuple(draft.freeze(fallback) for draft in drafts.facts), drafts.unread)


def render(routes: Iterable[Route], *, table: str | None = "main") -> str:
    """Print routes as ``ip -j route`` does; ``table`` is the one whose name is not printed."""
    return "[" + ",".join(str(_route_object(route, table)) for route in routes) + "]\n"


def _read_route(fields: Fields, table: str) -> RouteDraft:
    if '"encap"' in fields.source:
        fields = Fields(json.loads(fields.source, object_pairs_hook=fold_encap), fields.evidence)
    draft = RouteDraft(table, evidence=fields.evidence)
    kind = fields.word("type")
    if kind is not None:
        if kind not in KINDS:
            raise Unreadable("unknown-word", kind)
        draft.kind, draft.kind_printed = kind, kind == "unicast"
    dst = fields.need_word("dst")
    if dst != "default":
        draft.dst = read_prefix(dst)
        draft.family = draft.dst.family
    _read_before_hop(fields, draft)
    draft.hop = _read_hop(fields, draft)
    draft.table = fields.word("table") or table
    draft.proto, draft.scope = fields.word("protocol"), fields.word("scope")
    draft.src, draft.metric = fields.address("prefsrc"), fields.number("metric")
    if draft.src is not None:
        draft.tell(draft.src.family, "prefsrc")
    for hop_fields in fields.objects("nexthops"):
        draft.hops.append(_read_nexthop(hop_fields, draft))
    _read_attributes(fields, draft)
    fields.finish()
    draft.settle(bare=False)
    return draft


def _read_before_hop(fields: Fields, draft: RouteDraft) -> None:
    for key, name, prefix in (("from", "from", ""), ("to", "as", "to "), ("encap", "encap", "")):
        value = _encap(fields) if key == "encap" else fields.word(key)
        if value is not None:
            draft.add_attribute((name, prefix + value))
    draft.nhid = fields.number("nhid")
    tos = fields.word("tos")
    draft.tos = 0 if tos is None else parse_tos(tos)


def _read_hop(fields: Fields, draft: RouteDraft) -> HopDraft:
    hop = HopDraft(dev=fields.interface("dev"), via=fields.address("gateway"))
    if hop.via is not None:
        draft.tell(hop.via.family, "gateway")
    other = fields.object("via")
    if other is not None:
        hop.via = read_address(other.need_word("host"))
        if other.word("family") != ("inet6" if hop.via.family == 6 else "inet"):
            raise Unreadable("bad-value", "family")
        other.finish()
    hop.flags = list(fields.words("flags"))
    for flag in hop.flags:
        if flag not in FLAGS:
            raise Unreadable("unknown-word", flag)
    return hop


def _read_nexthop(fields: Fields, draft: RouteDraft) -> NextHop:
    hop = _read_hop(fields, draft)
    encap = _encap(fields)
    if encap is not None:
        hop.attributes.append(("encap", encap))
    hop.attributes += _read_realms(fields)
    weight = fields.number("weight")
    hop.weight = 1 if weight is None else weight
    fields.finish()
    if hop.dev is None and hop.via is None:
        raise Unreadable("no-next-hop", "nexthops")
    return hop.freeze()


def _encap(fields: Fields) -> str | None:
    """Several words, all of which can be seen."""
    value = fields.text("encap")
    if value is not None and not value.isprintable():
        raise Unreadable("unknown-word", value)
    return value


def _read_realms(fields: Fields) -> list[Pair]:
    flow = fields.object("flow")
    if flow is None:
        return []
    source, target = flow.word("from"), flow.need_word("to")
    flow.finish()
    return [("realm", target)] if source is None else [("realms", f"{source}/{target}")]


def _read_attributes(fields: Fields, draft: RouteDraft) -> None:
    # In the object's own order, which is that of the text.
    for key in list(fields.left):
        if key == "flow":
            draft.attributes += _read_realms(fields)
        elif key == "cache":
            words = fields.words(key)
            for word in words:
                if not is_word(word):
                    raise Unreadable("unknown-word", word)
            draft.add_attribute((key, f"<{','.join(words)}>" if words else ""))
        elif key == "metrics":
            for metrics in fields.objects(key):
                draft.attributes += _read_metrics(metrics)
        elif key == "nh_info":
            info = fields.raw(key)
            shown = info if isinstance(info, str) else compact(info)
            if not shown.isprintable():
                raise Unreadable("unknown-word", shown)
            draft.add_attribute((key, shown))
        elif key in _ATTRIBUTES:
            draft.add_attribute((key, (fields.word(key) or "") + _UNITS.get(key, "")))


def _read_metrics(fields: Fields) -> list[Pair]:
    found: list[Pair] = []
    features: list[str] = []
    for key in list(fields.left):
        name = _METRIC_NAMES.get(key, key)
        if key in FEATURES:
            fields.flag(key)
            if not features:
                found.append(("features", ""))
            features.append(key)
        elif name in METRICS:
            found.append((name, (fields.word(key) or "") + _UNITS.get(name, "")))
    fields.finish()
    return [
        (name, " ".join(features)) if (name, value) == ("features", "") else (name, value)
        for name, value in found
    ]


def _route_object(route: Route, table: str | None) -> _Object:
    out = _Object()
    if route.kind != "unicast" or route.kind_printed:
        out.put("type", route.kind)
    out.put("dst", format_dst(route.dst))
    for name, value in route.attributes:
        if name == "encap":
            out.put_all(encap_pairs(value))
        elif name == "as":
            out.put("to", value.removeprefix("to "))
        elif name == "from":
            out.put(name, value)
    out.put_known("nhid", route.nhid)
    out.put_known("tos", format_tos(route.tos) if route.tos else None)
    single = single_hop(route)
    if single is not None:
        _put_gateway(out, single.via, route.family)
        out.put_known("dev", single.dev)
    out.put_known("table", route.table if route.table != table else None)
    out.put_known("protocol", route.proto)
    out.put_known("scope", route.scope)
    out.put_known("prefsrc", None if route.src is None else str(route.src))
    out.put_known("metric", route.metric)
    loose = [name for name, value in route.attributes if name in FLAGS and not value]
    out.put("flags", list(loose if single is None else single.flags))
    _put_attributes(out, [pair for pair in route.attributes if pair[0] not in AFTER_DST | FLAGS])
    if single is None and route.nexthops:
        hops = ",".join(_nexthop(hop, route.family) for hop in route.nexthops)
        out.pairs.append(("nexthops", f"[{hops}]"))
    return out


class _Object:
    """A JSON object being written: keys may repeat, which no dict can hold."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []

    def put(self, key: str, value: Json) -> None:
        self.pairs.append((key, compact(value)))

    def put_known(self, key: str, value: str | int | None) -> None:
        if value is not None:
            self.put(key, value)

    def put_all(self, pairs: list[tuple[str, Json]]) -> None:
        for key, value in pairs:
            self.put(key, value)

    def __str__(self) -> str:
        return "{" + ",".join(f"{json.dumps(key)}:{text}" for key, text in self.pairs) + "}"


def _put_gateway(out: _Object, via: Address | None, family: Family) -> None:
    if via is None:
        return
    if via.family == family:
        out.put("gateway", str(via))
    else:
        out.put("via", {"family": "inet6" if via.family == 6 else "inet", "host": str(via)})


def _nexthop(hop: NextHop, family: Family) -> str:
    out = _Object()
    for name, value in hop.attributes:
        if name == "encap":
            out.put_all(encap_pairs(value))
    _put_gateway(out, hop.via, family)
    for name, value in hop.attributes:
        if name in ("realm", "realms"):
            out.put("flow", _flow(value))
    out.put_known("dev", hop.dev)
    out.put("weight", hop.weight)
    out.put("flags", list(hop.flags))
    return str(out)


def _flow(value: str) -> dict[str, Json]:
    source, slash, target = value.partition("/")
    return {"from": source, "to": target} if slash else {"to": source}


def _put_attributes(out: _Object, attributes: list[Pair]) -> None:
    metrics: dict[str, Json] = {}
    for name, value in attributes:
        if name in METRICS:
            if not metrics:
                out.pairs.append(("metrics", ""))
            if name == "features":
                metrics.update(dict.fromkeys(value.split()))
            else:
                plain = value.removeprefix("lock ").removesuffix(_UNITS.get(name, ""))
                metrics[_METRIC_KEYS.get(name, name)] = number_or_word(plain)
        elif name in ("realm", "realms"):
            out.put("flow", _flow(value))
        elif name == "cache":
            out.put(name, [word for word in value.strip("<>").split(",") if word])
        elif name == "nh_info":
            out.put(name, json.loads(value) if value.startswith("{") else value)
        else:
            out.put(name, number_or_word(value.removesuffix(_UNITS.get(name, ""))))
    if metrics:
        text = compact([metrics])
        out.pairs = [(key, text if key == "metrics" else old) for key, old in out.pairs]
