"""The blocks of a table in the text of nft: chains, sets and maps, flowtables, named objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.nft import NftChain, NftFlowtable, NftObject, NftRule, NftSet
from sekisho.model.nft_expression import Expression, Mapping
from sekisho.model.nft_rule import Statement, Synproxy
from sekisho.model.nft_types import types_of
from sekisho.sources.nft_text_expressions import operand
from sekisho.sources.nft_text_stateful import limit, quota, stateful
from sekisho.sources.nft_text_statements import rule_statements, statement_of
from sekisho.sources.nft_text_tokens import Tokens, split_line, unquoted
from sekisho.sources.nft_text_values import set_literal
from sekisho.sources.nft_units import milliseconds, priority_number
from sekisho.sources.text import Unreadable
from sekisho.values.numbers import integer, is_number


class BlockLine(Protocol):
    """A line inside a block; ``inner`` are those in the braces that it opens, ``after`` is what ends them:
    the closing brace and what follows."""

    @property
    def number(self) -> int: ...

    @property
    def text(self) -> str: ...

    @property
    def handle(self) -> int | None: ...

    @property
    def inner(self) -> Sequence[BlockLine]: ...

    @property
    def after(self) -> str: ...


_BASE = re.compile(
    r"type (\S+) hook (\S+)(?: (device \S+|devices = \{[^}]*\}))? priority ([^;]+);(?: policy (\S+);)?"
    r"(?: flags (\S+);)?"
)
_COMMENT = re.compile(r'comment "([^"]*)"')
_COUNT = re.compile(r"# count ([0-9]{1,20})$")


def _unread(line: BlockLine, place: Evidence, reason: str, word: str = "") -> Unread:
    return Unread(Evidence(place.file, line.number, line.text), reason, word)


def read_chain(
    name: str,
    family: str,
    lines: Sequence[BlockLine],
    handle: int | None,
    place: Evidence,
    *,
    in_braces: bool = False,
) -> tuple[NftChain, ...]:
    """A chain, and those that stand in braces in its rules; ``in_braces``: it is such a one itself, which can
    be no base chain."""
    rules: list[NftRule] = []
    bound: list[NftChain] = []
    unread: list[Unread] = []
    kind = hook = policy = comment = flags = None
    priority: int | None = None
    printed = devices = ""
    for line in lines:
        base = _BASE.fullmatch(line.text)
        note = _COMMENT.fullmatch(line.text)
        if base and not rules and kind is None and not in_braces:
            kind, hook, devices, printed, policy, flags = base.groups()
            devices = devices or ""
            priority = priority_number(printed, family)
            policy = policy or "accept"
            if priority is None:
                unread.append(_unread(line, place, "bad-number", printed))
        elif note and not rules:
            comment = note.group(1)
        elif line.text.startswith(("type ", "hook ")):
            unread.append(_unread(line, place, "unknown-line"))
        else:
            rule, own = _rule(line, f"{name}#{len(rules) + 1}", family, place)
            rules.append(rule)
            bound += own
    names = tuple(unquoted(word) for word in re.findall(r'"[^"]*"|[^\s{},=]+', devices)[1:])
    chain = NftChain(
        name, kind, hook, priority, policy, tuple(rules), names, devices, printed,
        tuple(flags.split(",")) if flags else (), comment, unread=tuple(unread), handle=handle,
        evidence=place,
    )  # fmt: skip
    return chain, *bound


_LEADS = re.compile(r"(?:^|.* )(?:jump|goto) \{")


def _rule(line: BlockLine, name: str, family: str, place: Evidence) -> tuple[NftRule, tuple[NftChain, ...]]:
    """A rule; ``name`` is for a chain in braces that it leads to."""
    evidence = Evidence(place.file, line.number, line.text)
    if not _LEADS.fullmatch(line.text):
        statements, comment = rule_statements(_in_one_line(line), family)
        return NftRule(statements, comment, line.handle, evidence), ()
    text = f'{line.text.removesuffix("{")}"{name}"'
    after = line.after.removeprefix("}").strip()
    statements, comment = rule_statements(f"{text} {after}" if after else text, family)
    inner, *deeper = read_chain(name, family, line.inner, None, evidence, in_braces=True)
    found = replace(inner, bound=True), *deeper
    return NftRule(statements, comment, line.handle, evidence), found


def _in_one_line(line: BlockLine) -> str:
    """A line with what stands in the braces that it opens, as of a set written over several lines."""
    if not (line.inner or line.after):
        return line.text
    return " ".join(filter(None, (line.text, *(_in_one_line(one).strip() for one in line.inner), line.after)))


def read_set(name: str, lines: Iterable[BlockLine], handle: int | None, place: Evidence) -> NftSet:
    """A set or map."""
    draft, unread = _SetDraft(), list[Unread]()
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
        tuple(unread), handle, place,
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
            self.numbers["count"] = integer(count.group(1))
            text = text[: count.start()].rstrip()
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
        elif word == "size" and is_number(rest):
            self.numbers[word] = integer(rest)
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
        if tokens:
            raise Unreadable("unknown-word", tokens.peek())
        if "\n" in text:
            opening = Tokens(split_line(first.rstrip().removesuffix(",") + " }"))
            opening.take()
            opening.expect("=")
            self.columns = len(set_literal(opening, kind, data, stateful).elements)


# What a block of a table may be besides chains, sets, maps and flowtables: it sees no packet by itself.
OBJECTS = frozenset({
    "counter", "quota", "limit", "secmark", "synproxy", "ct helper", "ct timeout", "ct expectation", "tunnel",
})  # fmt: skip
_OBJECT_TYPES = frozenset({
    "verdict", "counter", "quota", "limit", "secmark", "synproxy", "ct helper", "ct timeout",
    "ct expectation",
})  # fmt: skip


def _type_of(text: str) -> tuple[str, ...]:
    """The data types of ``typeof ip saddr . tcp dport``."""
    tokens = Tokens(split_line(text))
    found = operand(tokens)
    if tokens:
        raise Unreadable("unknown-word", tokens.peek())
    return types_of(found)


def read_flowtable(
    name: str, lines: Iterable[BlockLine], handle: int | None, place: Evidence
) -> NftFlowtable:
    """A flowtable."""
    hook, priority, printed, listed = "ingress", 0, "", ""
    devices: tuple[str, ...] = ()
    rest: list[str] = []
    unread: list[Unread] = []
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
            devices, listed = tuple(unquoted(word) for word in words), line.text
        elif line.text in ("counter", "flags offload"):
            rest.append(line.text)
        else:
            unread.append(_unread(line, place, "unknown-line"))
    return NftFlowtable(
        name, hook, priority, devices, tuple(rest), listed, printed, tuple(unread), handle, place
    )


def read_object(
    kind: str, name: str, lines: Iterable[BlockLine], handle: int | None, place: Evidence
) -> NftObject:
    """A named counter, quota..."""
    comment: str | None = None
    rest: list[BlockLine] = []
    unread: list[Unread] = []
    for line in lines:
        note = _COMMENT.fullmatch(line.text)
        if note:
            comment = note.group(1)
        else:
            rest.append(line)
    printed = tuple(line.text for line in rest)
    statement: Statement | None = None
    kept = tuple(_normal(line) for line in printed)
    if kind in ("counter", "quota", "limit", "synproxy"):
        kept = ()
        try:
            statement = _object_statement(kind, printed)
        except Unreadable as fault:
            unread += (_unread(line, place, fault.reason, fault.word) for line in rest)
    return NftObject(kind, name, statement, kept, printed, comment, tuple(unread), handle, place)


def _object_statement(kind: str, printed: Sequence[str]) -> Statement:
    text = " ".join(printed)
    if kind in ("limit", "quota"):
        tokens = Tokens(split_line(text))
        amount = limit(tokens) if kind == "limit" else quota(tokens)
        if tokens:
            raise Unreadable("unknown-word", tokens.peek())
        return amount
    found = statement_of(f"{kind} {text}")
    if kind == "synproxy" and not isinstance(found, Synproxy):
        raise Unreadable("unknown-line", text)
    return found


_AMOUNT = re.compile(r"(?<=[:t] )[0-9][0-9a-z]*\b")


def _normal(line: str) -> str:
    """Times in seconds, whatever the version prints: ``policy = { close : 20s }``, ``timeout 1h``."""
    if not line.startswith(("policy", "timeout")):
        return line

    def seconds(match: re.Match[str]) -> str:
        span = milliseconds(match.group())
        return match.group() if span is None else str(span // 1000)

    return _AMOUNT.sub(seconds, line)
