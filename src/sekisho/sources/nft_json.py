"""``nft -j list ruleset``: one flat array of objects, put together into tables.

An object that is not understood becomes an ``Unread`` of its table; a part of a rule an ``Unknown`` in
the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sekisho.errors import SourceError, said
from sekisho.model.evidence import Evidence, Partial, Unread
from sekisho.model.nft import NftChain, NftFlowtable, NftObject, NftRule, NftRuleset, NftSet, NftTable
from sekisho.model.nft_expression import Expression, Mapping, Unknown
from sekisho.model.nft_rule import Limit, Quota, Statement, Synproxy
from sekisho.model.nft_types import types_of
from sekisho.sources.json_fields import Fields, compact
from sekisho.sources.json_stream import Json, elements
from sekisho.sources.nft_json_rule import statement
from sekisho.sources.nft_json_stateful import stateful
from sekisho.sources.nft_json_values import elements as set_elements
from sekisho.sources.nft_json_values import expression, fields, names
from sekisho.sources.nft_render_statements import rule_text
from sekisho.sources.nft_render_values import printed
from sekisho.sources.nft_text import braced
from sekisho.sources.text import Unreadable, named
from sekisho.values.names import nft_name


@dataclass(slots=True)
class _Draft:
    """A table while its objects come by; chains by name, as rules name them."""

    table: NftTable
    chains: dict[str, tuple[NftChain, list[NftRule]]] = field(default_factory=dict)
    bound: list[NftChain] = field(default_factory=list)
    sets: list[NftSet] = field(default_factory=list)
    objects: list[NftObject] = field(default_factory=list)
    flowtables: list[NftFlowtable] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def finish(self) -> NftTable:
        chains = [replace(chain, rules=tuple(rules)) for chain, rules in self.chains.values()]
        lack = self.table.incomplete
        if lack is not None and any(chain.rules for chain in chains):
            lack = replace(lack, whole=frozenset(self.chains))
        return replace(
            self.table, incomplete=lack, chains=(*chains, *self.bound), sets=tuple(self.sets),
            objects=tuple(self.objects),
            flowtables=tuple(self.flowtables), unread=tuple(self.unread),
        )  # fmt: skip


def parse(text: str, file: str) -> NftRuleset:
    """A whole listing.

    Raises SourceError where the text is not JSON (a cut file is not), lacks the ``nftables`` array, or
    holds an object that belongs to no table.
    """
    found = elements(text, file)
    top = found[0].value if len(found) == 1 else None
    if not isinstance(top, dict) or not isinstance(top.get("nftables"), list):
        raise SourceError(
            'no JSON object with an "nftables" array, as `nft -j list ruleset` prints it', file=file,
            line=1, text=text.strip()[:120], advice="capture it with: nft -j list ruleset",
        )  # fmt: skip
    reader = _Reader(file)
    array = top["nftables"]
    for item in array if isinstance(array, list) else ():
        reader.take(item)
    tables = tuple(draft.finish() for draft in reader.tables.values())
    return NftRuleset(
        tables=tables, version=reader.version, evidence=Evidence(file, 0, ""),
        complete=all(table.incomplete is None for table in tables),
    )  # fmt: skip


class _Reader:
    """Takes the array's objects one by one."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.version = ""
        self.tables: dict[tuple[str, str], _Draft] = {}

    def take(self, item: Json) -> None:
        """One object: {"chain": {...}}."""
        if not isinstance(item, dict) or len(item) != 1:
            raise self._foreign(item)
        (kind, body), *_ = item.items()
        if not isinstance(body, dict):
            raise self._foreign(item)
        place = Evidence(self.file, 1, compact(item)[:300])
        inside = Fields(body, place)
        try:
            if kind == "metainfo":
                self.version = inside.text("version") or ""
                return
            family = inside.text("family") or ""
            name = inside.text("name" if kind == "table" else "table") or ""
        except Unreadable as fault:
            raise self._unclear(item, fault.word) from None
        if kind == "table":
            self._table(family, name, inside)
            return
        draft = self.tables.get((family, name))
        if draft is None:
            draft = self._of_part(family, name, item)
        try:
            _check_depth(body)
            _OBJECTS.get(kind, _unknown)(kind, inside, draft)
            inside.finish()
        except Unreadable as fault:
            _strange(kind, str(body.get("name", "")), draft, Unread(place, fault.reason, fault.word))

    def _table(self, family: str, name: str, inside: Fields) -> None:
        place = inside.evidence
        if (family, name) in self.tables:
            self.tables[family, name].unread.append(Unread(place, "duplicate-table", name))
            return
        draft = self.tables[family, name] = _Draft(NftTable(family, name, evidence=place))
        try:
            named(nft_name, name)
        except Unreadable as fault:
            draft.unread.append(fault.at(place))
        try:
            handle, comment = inside.number("handle"), inside.text("comment")
            draft.table = replace(draft.table, flags=_flags(inside), comment=comment, handle=handle)
            inside.finish()
        except Unreadable as fault:
            draft.unread.append(fault.at(place))

    def _of_part(self, family: str, name: str, item: Json) -> _Draft:
        """``nft -j list chain`` prints a chain and its rules without the table around them."""
        if not family or not name or any(draft.table.incomplete is None for draft in self.tables.values()):
            raise self._foreign(item)
        lack = Partial("selected", Evidence(self.file, 0, ""))
        draft = self.tables[family, name] = _Draft(NftTable(family, name, incomplete=lack))
        return draft

    def _unclear(self, item: Json, key: str) -> SourceError:
        return SourceError(
            said("the value of {0!r} is no text", key), file=self.file, line=1, text=compact(item)[:120],
            advice="capture the whole output of: nft -j list ruleset",
        )  # fmt: skip

    def _foreign(self, item: Json) -> SourceError:
        return SourceError(
            "an object that belongs to no table before it", file=self.file, line=1, text=compact(item)[:120],
            advice="capture the whole output of: nft -j list ruleset",
        )  # fmt: skip


def _flags(inside: Fields) -> tuple[str, ...]:
    """nft 1.0 prints flags cut short ("dorm"): a flag is known by its beginning."""
    return tuple(
        next((flag for flag in ("dormant", "owner", "persist") if flag.startswith(word[:4])), word)
        for word in names(inside.raw("flags"))
    )


def _name(inside: Fields) -> str:
    return named(nft_name, inside.need_text("name"))


# Nothing that nft prints is nested so deep; what walks expressions calls itself for each level.
_DEEPEST = 60


def _check_depth(body: Json) -> None:
    """Raises Unreadable for what is nested deeper than expressions are."""
    level: list[Json] = [body]
    for _ in range(_DEEPEST):
        inner: list[Json] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        level = inner
        if not level:
            return
    raise Unreadable("bad-value", "[")


def _once(name: str, there: Sequence[NftSet | NftFlowtable | NftObject]) -> None:
    if any(one.name == name for one in there):
        raise Unreadable("duplicate-block", name)


def _strange(kind: str, name: str, draft: _Draft, unread: Unread) -> None:
    """Keep what is not understood with the object it is about, if that sees no packet by itself."""
    place, why = unread.evidence, (unread,)
    if unread.reason in ("bad-name", "duplicate-block"):
        draft.unread.append(unread)
    elif kind in ("set", "map"):
        begun = draft.sets.pop() if draft.sets and draft.sets[-1].evidence == place else NftSet(name, ())
        draft.sets.append(replace(begun, unread=why, evidence=place))
    elif kind == "flowtable":
        draft.flowtables.append(NftFlowtable(name, unread=why, evidence=place))
    elif kind in _NAMED:
        draft.objects.append(NftObject(kind, name, unread=why, evidence=place))
    else:
        draft.unread.append(unread)


def _unknown(kind: str, inside: Fields, draft: _Draft) -> None:
    raise Unreadable("unknown-line", kind)


def _chain(_: str, inside: Fields, draft: _Draft) -> None:
    name, handle = _name(inside), inside.number("handle")
    devices = names(inside.raw("dev"))
    if name in draft.chains:
        raise Unreadable("duplicate-block", name)
    chain = NftChain(
        name, inside.text("type"), inside.text("hook"), inside.number("prio"), inside.text("policy"),
        devices=devices, comment=inside.text("comment"), handle=handle, evidence=inside.evidence,
    )  # fmt: skip
    head = {"type": chain.type, "hook": chain.hook, "prio": chain.priority, "policy": chain.policy}
    lacking = [key for key, value in head.items() if value is None]
    if 0 < len(lacking) < len(head):  # nft prints all of a base chain's head, and of other chains none
        unread = Unread(inside.evidence, "missing-key", lacking[0])
        chain = replace(chain, type=None, hook=None, priority=None, policy=None, unread=(unread,))
    draft.chains[name] = (chain, [])


def _rule(_: str, inside: Fields, draft: _Draft) -> None:
    chain, handle, comment = inside.need_text("chain"), inside.number("handle"), inside.text("comment")
    body = inside.raw("expr")
    if chain not in draft.chains or not isinstance(body, list):
        raise Unreadable("bad-value", chain)
    family, rules = draft.table.family, draft.chains[chain][1]
    name = f"{chain}#{len(rules) + 1}"
    statements = tuple(_statement(item, name, inside, draft) for item in body)
    rule = NftRule(statements, comment, handle)
    place = replace(inside.evidence, text=rule_text(rule, family))
    rules.append(replace(rule, evidence=place))


def _statement(item: Json, name: str, inside: Fields, draft: _Draft) -> Statement:
    """A statement; a chain in braces (which nft prints as text) is added under the name."""
    if isinstance(item, str) and item.endswith("}") and item.startswith(("jump {", "goto {")):
        try:
            found, chain = braced(item, name, draft.table.family, inside.evidence)
        except Unreadable:
            return Unknown(item)
        draft.bound.append(chain)
        return found
    return statement(item)


def _set(_: str, inside: Fields, draft: _Draft) -> None:
    name, handle = _name(inside), inside.number("handle")
    _once(name, draft.sets)
    key_type, typeof = _key_types(inside.raw("type"))
    data_type = _types(inside.raw("map"))
    interval_data = data_type[:1] == ("interval",)
    data_type = data_type[1:] if interval_data else data_type
    flags = set(names(inside.raw("flags")))
    timeout, gc_interval = inside.number("timeout"), inside.number("gc-interval")
    found: tuple[Expression | Mapping, ...] = ()
    body = inside.raw("elem")
    if body is not None:
        found = set_elements(body, " . ".join(key_type), " . ".join(data_type))
    statements = inside.raw("stmt")
    listed = statements if isinstance(statements, list) else []
    draft.sets.append(
        NftSet(
            name, key_type, data_type, tuple(sorted(flags - {"dynamic"})), found, _milliseconds(timeout),
            _milliseconds(gc_interval), inside.number("size"), inside.text("policy"),
            bool(inside.flag("auto-merge")), inside.text("comment"), tuple(statement(s) for s in listed),
            "dynamic" in flags, interval_data=interval_data, typeof=typeof, handle=handle,
            evidence=inside.evidence,
        )
    )  # fmt: skip


def _key_types(value: Json) -> tuple[tuple[str, ...], str]:
    """The types of a set's elements, and by what example they are told (``{"typeof": ...}``)."""
    if not isinstance(value, dict):
        return _types(value), ""
    inside = fields(value)
    example = expression(inside.raw("typeof"))
    inside.finish()
    return types_of(example), printed(example)


def _types(value: Json) -> tuple[str, ...]:
    """``"ipv4_addr"``, ``["ipv4_addr", "mark"]``, ``"ipv4_addr . mark"``, ``"interval ipv4_addr"``."""
    parts = [part for word in names(value) for part in word.split(" . ")]
    if parts and parts[0].startswith("interval "):
        parts = ["interval", parts[0].removeprefix("interval "), *parts[1:]]
    return tuple(parts)


def _milliseconds(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def _flowtable(_: str, inside: Fields, draft: _Draft) -> None:
    name = _name(inside)
    _once(name, draft.flowtables)
    draft.flowtables.append(
        NftFlowtable(
            name, inside.text("hook") or "ingress", inside.number("prio") or 0,
            names(inside.raw("dev")), handle=inside.number("handle"), evidence=inside.evidence,
        )
    )  # fmt: skip


def _named(kind: str, inside: Fields, draft: _Draft) -> None:
    name, handle, comment = _name(inside), inside.number("handle"), inside.text("comment")
    _once(name, [one for one in draft.objects if one.kind == kind])
    statement_, lines = _NAMED[kind](inside)
    draft.objects.append(NftObject(kind, name, statement_, lines, (), comment, (), handle, inside.evidence))


_Named = tuple[Statement | None, tuple[str, ...]]


def _counter(inside: Fields) -> _Named:
    body: Json = {"packets": inside.number("packets"), "bytes": inside.number("bytes")}
    return stateful("counter", body), ()


def _quota(inside: Fields) -> _Named:
    amount, used = inside.number("bytes"), inside.number("used") or 0
    if amount is None:
        raise Unreadable("missing-key", "bytes")
    return Quota(amount, bool(inside.flag("inv")), used), ()


def _limit(inside: Fields) -> _Named:
    keys = ("rate", "per", "burst", "inv", "rate_unit", "burst_unit")
    found = stateful("limit", {key: inside.raw(key) for key in keys if key in inside.left})
    assert isinstance(found, Limit)
    return found, ()


def _synproxy(inside: Fields) -> _Named:
    return Synproxy(inside.number("mss"), inside.number("wscale"), names(inside.raw("flags"))), ()


def _ct_helper(inside: Fields) -> _Named:
    kind, protocol = inside.need_text("type"), inside.need_text("protocol")
    return None, (f'type "{kind}" protocol {protocol}', f"l3proto {inside.need_text('l3proto')}")


def _ct_timeout(inside: Fields) -> _Named:
    protocol, l3proto = inside.need_text("protocol"), inside.need_text("l3proto")
    policy = inside.raw("policy")
    lines = [f"protocol {protocol}", f"l3proto {l3proto}"]
    if isinstance(policy, dict):
        shown = ", ".join(f"{state} : {value}" for state, value in policy.items())
        lines.append(f"policy = {{ {shown} }}")
    return None, tuple(lines)


def _ct_expectation(inside: Fields) -> _Named:
    span = inside.number("timeout") or 0
    return None, (
        f"protocol {inside.need_text('protocol')}", f"dport {inside.number('dport')}",
        f"timeout {span // 1000}", f"size {inside.number('size')}", f"l3proto {inside.need_text('l3proto')}",
    )  # fmt: skip


def _secmark(inside: Fields) -> _Named:
    return None, (f'"{inside.need_text("context")}"',)


_NAMED: dict[str, Callable[[Fields], _Named]] = {
    "counter": _counter, "quota": _quota, "limit": _limit, "synproxy": _synproxy, "ct helper": _ct_helper,
    "ct timeout": _ct_timeout, "ct expectation": _ct_expectation, "secmark": _secmark,
}  # fmt: skip
_OBJECTS: dict[str, Callable[[str, Fields, _Draft], None]] = {
    "chain": _chain, "rule": _rule, "set": _set, "map": _set, "flowtable": _flowtable,
    **dict.fromkeys(_NAMED, _named),
}  # fmt: skip
