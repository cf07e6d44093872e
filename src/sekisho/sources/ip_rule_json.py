"""``ip -j rule``: the same facts as the text form."""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.model.routing import PolicyRule
from sekisho.sources.json_fields import Fields, number_or_word, read_objects, render_array
from sekisho.sources.json_stream import Json
from sekisho.sources.parsed import Parsed
from sekisho.sources.route_words import format_tos, parse_tos
from sekisho.sources.rule_draft import (
    ACTIONS,
    EXTRA_MATCHES,
    FULL_MASK,
    Range,
    RuleDraft,
    format_hex,
    format_protocol,
    read_mark,
    read_protocol,
)
from sekisho.sources.text import Unreadable, read_prefix
from sekisho.values.address import Family, Prefix

JsonObject = dict[str, Json]
_MARKS = ("iif_detached", "oif_detached", "unresolved")


def parse(text: str, file: str, family: Family = 4) -> Parsed[PolicyRule]:
    """Read ``ip -j rule``. Raises SourceError where the file is not JSON."""
    return read_objects(text, file, lambda fields: [_read(fields).freeze(family, fields.evidence)])


def render(rules: Iterable[PolicyRule]) -> str:
    """Print rules as ``ip -j rule`` does."""
    return render_array(_object(rule) for rule in rules)


def _read(fields: Fields) -> RuleDraft:
    priority = fields.number("priority")
    if priority is None:
        raise Unreadable("missing-key", "priority")
    draft = RuleDraft(priority)
    draft.negated = bool(fields.flag("not"))
    draft.src, draft.dst = _prefix(fields, "src"), _prefix(fields, "dst")
    tos, mark, mask = fields.word("tos"), fields.word("fwmark"), fields.word("fwmask")
    draft.tos = None if tos is None else parse_tos(tos)
    draft.fwmark = None if mark is None else read_mark(mark, mask)
    draft.iif, draft.oif = fields.interface("iif"), fields.interface("oif")
    draft.uidrange = _range(fields, "uid")
    ipproto = fields.word("ipproto")
    draft.ipproto = None if ipproto is None else read_protocol(ipproto)
    draft.sport, draft.dport = _range(fields, "sport"), _range(fields, "dport")
    draft.suppress_prefixlength = fields.number("suppress_prefixlen")
    draft.suppress_ifgroup = fields.word("suppress_ifgroup")
    draft.proto = fields.word("protocol")
    for key in list(fields.left):
        if key in EXTRA_MATCHES:
            draft.attributes.append((key, fields.word(key) or ""))
        elif key in _MARKS and fields.flag(key):
            draft.attributes.append((key, ""))
        elif key == "flow_to":
            source, target = fields.word("flow_from"), fields.need_word(key)
            draft.attributes.append(("realms", target if source is None else f"{source}/{target}"))
    _read_action(fields, draft)
    fields.finish()
    return draft


def _read_action(fields: Fields, draft: RuleDraft) -> None:
    table, action, draft.goto = fields.word("table"), fields.word("action"), fields.number("goto")
    draft.l3mdev = bool(fields.flag("l3mdev"))
    if fields.flag("nop"):
        action = "nop"
    if action is not None and action not in ACTIONS:
        raise Unreadable("unknown-word", action)
    if draft.goto is not None:
        draft.action = "goto"
    elif table is not None or draft.l3mdev:
        draft.action, draft.table = "lookup", table or ""
    else:
        draft.action = action or ""


def _prefix(fields: Fields, key: str) -> Prefix | None:
    address, length = fields.word(key), fields.number(f"{key}len")
    if address is None or address == "all":
        return None
    return read_prefix(address if length is None else f"{address}/{length}")


def _range(fields: Fields, key: str) -> Range | None:
    first, last, one = fields.number(f"{key}_start"), fields.number(f"{key}_end"), fields.number(key)
    if one is not None:
        return one, one
    if first is None or last is None:
        return None
    return first, last


def _object(rule: PolicyRule) -> JsonObject:
    extra = dict(rule.attributes)
    out: JsonObject = {"priority": rule.priority}
    if rule.negated:
        out["not"] = None
    out |= {"src": "all"} if rule.src is None else _prefix_keys("src", rule.src)
    if rule.dst is not None:
        out |= _prefix_keys("dst", rule.dst)
    if rule.tos is not None:
        out["tos"] = format_tos(rule.tos)
    if rule.fwmark is not None:
        out["fwmark"] = format_hex(rule.fwmark[0])
        if rule.fwmark[1] != FULL_MASK:
            out["fwmask"] = format_hex(rule.fwmark[1])
    for name, interface in (("iif", rule.iif), ("oif", rule.oif)):
        if interface is not None:
            out[name] = interface
            if f"{name}_detached" in extra:
                out[f"{name}_detached"] = None
    if rule.uidrange is not None:
        out["uid_start"], out["uid_end"] = rule.uidrange
    if rule.ipproto is not None:
        out["ipproto"] = format_protocol(rule.ipproto)
    for name, span in (("sport", rule.sport), ("dport", rule.dport)):
        if span is not None:
            out |= (
                {name: span[0]} if span[0] == span[1] else {f"{name}_start": span[0], f"{name}_end": span[1]}
            )
    out |= {name: number_or_word(value) for name, value in rule.attributes if name in EXTRA_MATCHES}
    return out | _action_keys(rule, extra)


def _action_keys(rule: PolicyRule, extra: dict[str, str]) -> JsonObject:
    out: JsonObject = {}
    if rule.action == "lookup":
        out |= {"l3mdev": None} if rule.l3mdev else {"table": rule.table}
    if rule.suppress_prefixlength is not None:
        out["suppress_prefixlen"] = rule.suppress_prefixlength
    if rule.suppress_ifgroup is not None:
        out["suppress_ifgroup"] = rule.suppress_ifgroup
    if "realms" in extra:
        source, slash, target = extra["realms"].partition("/")
        out |= {"flow_from": source, "flow_to": target} if slash else {"flow_to": source}
    if rule.action == "goto":
        out["goto"] = rule.goto
        if "unresolved" in extra:
            out["unresolved"] = None
    elif rule.action == "nop":
        out["nop"] = None
    elif rule.action != "lookup":
        out["action"] = rule.action
    if rule.proto is not None:
        out["protocol"] = rule.proto
    return out


def _prefix_keys(key: str, prefix: Prefix) -> JsonObject:
    out: JsonObject = {key: str(prefix.address)}
    return out if prefix.length == prefix.bits else out | {f"{key}len": prefix.length}
