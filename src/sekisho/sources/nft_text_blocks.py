"""The blocks of a table in the text of nft: chains, sets and maps, flowtables, named objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.nft import NftChain, NftFlowtable, NftObject, NftRule, NftSet
from sekisho.model.nft_rule import Expression, Mapping, Statement, Synproxy
from sekisho.model.nft_types import data_type
from sekisho.sources.nft_text_expressions import operand
from sekisho.sources.nft_text_stateful import limit, quota, stateful
from sekisho.sources.nft_text_statements import rule_statements, statement_of
from sekisho.sources.nft_text_tokens import Tokens, split_line, unquoted
from sekisho.sources.nft_text_values import set_literal
from sekisho.sources.nft_units import milliseconds, priority_number
from sekisho.sources.text import Unreadable


class BlockLine(Protocol):
    """A line inside a block."""

    @property
    def number(self) -> int: ...

    @property
    def text(self) -> str: ...

    @property
    def handle(self) -> int | None: ...


_BASE = re.compile(
    r"type (\S+) hook (\S+)(?: (device \S+|devices = \{[^}]*\}))? priority ([^;]+);(?: policy (\S+);)?"
)
_COMMENT = re.compile(r'comment "([^"]*)"')
_COUNT = re.compile(r"\s*# count (\d+)$")


def _unread(line: BlockLine, place: Evidence, reason: str, word: str = "") -> Unread:
    return Unread(Evidence(place.file, line.number, line.text), reason, word)


def read_chain(
    name: str, family: str, lines: Sequence[BlockLine], handle: int | None, place: Evidence,
    unread: list[Unread],
) -> NftChain:  # fmt: skip
    """A chain; lines that are no rules and not understood are added to ``unread``."""
    rules: list[NftRule] = []
    kind = hook = policy = comment = None
    priority: int | None = None
    printed = devices = ""
    for line in lines:
        base = _BASE.fullmatch(line.text)
        note = _COMMENT.fullmatch(line.text)
        if base and not rules:
            kind, hook, devices, printed, policy = base.groups()
            devices = devices or ""
            priority = priority_number(printed, family)
            policy = policy or "accept"
            if priority is None:
                unread.append(_unread(line, place, "bad-number", printed))
        elif note and not rules:
            comment = note.group(1)
        else:
            statements, text = rule_statements(line.text, family)
            evidence = Evidence(place.file, line.number, line.text)
            rules.append(NftRule(statements, text, line.handle, evidence))
    names = tuple(unquoted(word) for word in re.findall(r'"[^"]*"|[^\s{},=]+', devices)[1:])
    return NftChain(
        name, kind, hook, priority, policy, tuple(rules), names, devices, printed, comment, handle, place
    )


def read_set(
    name: str, lines: Iterable[BlockLine], handle: int | None, place: Evidence, unread: list[Unread]
) -> NftSet:
    """A set or map; what is not understood is added to ``unread``."""
    draft = _SetDraft()
    for line in lines:
        try:
            draft.take(line.text)
        except Unreadable as fault:
            unread.append(_unread(line, place, fault.reason, fault.word))
    flags = {flag for flag in draft.flags if flag != "dynamic"}
    if draft.numbers.get("timeout") is not None:
        flags.add("timeout")
    return NftSet(
        name, draft.key_type, draft.data_type, tuple(sorted(flags)), draft.elements,
        draft.numbers.get("timeout"), draft.numbers.get("gc-interval"), draft.numbers.get("size"),
        draft.policy, draft.auto_merge, draft.comment, tuple(draft.statements), "dynamic" in draft.flags,
        draft.columns, draft.interval_data, draft.typeof, draft.typeof_data, draft.numbers.get("count"),
        handle, place,
    )  # fmt: skip


class _SetDraft:
    """What the lines of a set say."""

    def __init__(self) -> None:
        self.key_type: tuple[str, ...] = ()
        self.data_type: tuple[str, ...] = ()
        self.flags: tuple[str, ...] = ()
        self.elements: tuple[Expression | Mapping, ...] = ()
        self.numbers: dict[str, int] = {}
        self.policy: str | None = None
        self.auto_merge = False
        self.comment: str | None = None
        self.statements: list[Statement] = []
        self.interval_data = False
        self.typeof = self.typeof_data = ""
        self.columns = 0

    def take(self, text: str) -> None:
        """One line. Raises Unreadable where it is not understood."""
        count = _COUNT.search(text)
        if count:
            self.numbers["count"] = int(count.group(1))
            text = text[: count.start()]
        word, _, rest = text.partition(" ")
        if word in ("type", "typeof"):
            self._types(word, rest)
        elif word == "flags":
            self.flags = tuple(rest.replace(" ", "").split(","))
        elif word in ("timeout", "gc-interval"):
            span = milliseconds(rest)
            if span is None:
                raise Unreadable("bad-number", rest)
            self.numbers[word] = span
        elif word == "size" and rest.isdigit():
            self.numbers[word] = int(rest)
        elif word == "policy":
            self.policy = rest
        elif text == "auto-merge":
            self.auto_merge = True
        elif word == "comment":
            self.comment = unquoted(rest)
        elif word == "elements":
            self._elements(text)
        else:
            tokens = Tokens(split_line(text))
            while tokens:
                found = stateful(tokens)
                if found is None:
                    raise Unreadable("unknown-line", tokens.peek())
                self.statements.append(found)

    def _types(self, word: str, rest: str) -> None:
        key, colon, data = rest.partition(" : ")
        self.interval_data = data.startswith("interval ")
        data = data.removeprefix("interval ")
        if word == "type":
            self.key_type = tuple(key.split(" . "))
            self.data_type = tuple(data.split(" . ")) if colon else ()
            return
        self.typeof, self.typeof_data = key, data
        self.key_type = _type_of(key)
        self.data_type = () if not colon else (data,) if data in _OBJECT_TYPES else _type_of(data)

    def _elements(self, text: str) -> None:
        first = text.split("\n", 1)[0]
        tokens = Tokens(split_line(text.replace("\n", " ")))
        tokens.take()
        tokens.expect("=")
        kind, data = " . ".join(self.key_type), " . ".join(self.data_type)
        self.elements = set_literal(tokens, kind, data, stateful).elements
        if "\n" in text:
            opening = Tokens(split_line(first.rstrip().removesuffix(",") + " }"))
            opening.take()
            opening.expect("=")
            self.columns = len(set_literal(opening, kind, data, stateful).elements)


_OBJECT_TYPES = frozenset({
    "verdict", "counter", "quota", "limit", "secmark", "synproxy", "ct helper", "ct timeout",
    "ct expectation",
})  # fmt: skip


def _type_of(text: str) -> tuple[str, ...]:
    """The data types of ``typeof ip saddr . tcp dport``; meta time's is called time here as JSON does."""
    tokens = Tokens(split_line(text))
    found = operand(tokens)
    if tokens:
        raise Unreadable("unknown-word", tokens.peek())
    return tuple("time" if kind == "date" else kind for kind in data_type(found).split(" . "))


def read_flowtable(
    name: str, lines: Iterable[BlockLine], handle: int | None, place: Evidence, unread: list[Unread]
) -> NftFlowtable:
    """A flowtable; what is not understood is added to ``unread``."""
    hook, priority, printed = "ingress", 0, ""
    devices: tuple[str, ...] = ()
    rest: list[str] = []
    for line in lines:
        where = re.fullmatch(r"hook (\S+) priority ([^;]+);?", line.text)
        if where:
            hook, printed = where.groups()
            number = priority_number(printed, "netdev")
            if number is None:
                unread.append(_unread(line, place, "bad-number", printed))
            priority = number or 0
        elif line.text.startswith("devices = {"):
            words = re.findall(r'"[^"]*"|[^\s{},]+', line.text.removeprefix("devices = "))
            devices = tuple(unquoted(word) for word in words)
        elif line.text in ("counter", "flags offload"):
            rest.append(line.text)
        else:
            unread.append(_unread(line, place, "unknown-line"))
    return NftFlowtable(name, hook, priority, devices, tuple(rest), printed, handle, place)


def read_object(
    kind: str, name: str, lines: Iterable[BlockLine], handle: int | None, place: Evidence,
    unread: list[Unread],
) -> NftObject:  # fmt: skip
    """A named counter, quota... ; what is not understood is added to ``unread``."""
    comment: str | None = None
    rest: list[BlockLine] = []
    for line in lines:
        note = _COMMENT.fullmatch(line.text)
        if note:
            comment = note.group(1)
        else:
            rest.append(line)
    printed = tuple(line.text for line in rest)
    statement: Statement | None = None
    if kind in ("counter", "quota", "limit", "synproxy"):
        try:
            statement = _object_statement(kind, printed)
        except Unreadable as fault:
            unread += (_unread(line, place, fault.reason, fault.word) for line in rest)
        return NftObject(kind, name, statement, (), printed, comment, handle, place)
    if kind not in _OBJECT_TYPES:
        unread += (_unread(line, place, "unknown-line") for line in rest)
    return NftObject(
        kind, name, None, tuple(_normal(line) for line in printed), printed, comment, handle, place
    )


def _object_statement(kind: str, printed: Sequence[str]) -> Statement:
    text = " ".join(printed)
    if kind == "limit":
        return limit(Tokens(split_line(text)))
    if kind == "quota":
        return quota(Tokens(split_line(text)))
    found = statement_of(f"{kind} {text}")
    if kind == "synproxy" and not isinstance(found, Synproxy):
        raise Unreadable("unknown-line", text)
    return found


_AMOUNT = re.compile(r"(?<=[:t] )\d[0-9a-z]*\b")


def _normal(line: str) -> str:
    """Times in seconds, whatever the version prints: ``policy = { close : 20s }``, ``timeout 1h``."""
    if not line.startswith(("policy", "timeout")):
        return line

    def seconds(match: re.Match[str]) -> str:
        span = milliseconds(match.group())
        return match.group() if span is None else str(span // 1000)

    return _AMOUNT.sub(seconds, line)
