"""Statements in the text of nft: one rule's line -> model.

A statement that is not understood becomes ``Unknown`` with all that is left of the line, since nobody
knows where it ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sekisho.model.nft_rule import (
    Assign,
    Binary,
    Element,
    Expression,
    Flags,
    Log,
    Match,
    Meter,
    Nat,
    NetPrefix,
    Number,
    Queue,
    Range,
    Reject,
    SetUpdate,
    Simple,
    Statement,
    Synproxy,
    Tproxy,
    Transfer,
    Unknown,
    UseObject,
    VerdictMap,
    Word,
    Xt,
)
from sekisho.model.nft_types import BITMASKS, data_type
from sekisho.sources.nft_text_expressions import map_data, number_or_range, operand, starts_selector, value
from sekisho.sources.nft_text_stateful import stateful
from sekisho.sources.nft_text_tokens import NOTHING, Tokens, split_line, unquoted
from sekisho.sources.nft_text_values import (
    VERDICTS,
    atom,
    attributed,
    concatenation,
    constant,
    verdict,
)
from sekisho.sources.nft_units import log_flag
from sekisho.sources.text import Unreadable

_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=", "!")
_SPELT = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}
_NAT_FLAGS = frozenset({"random", "fully-random", "persistent", "prefix"})
# What a reject sends where the rule does not say (nft(8), "reject statement").
_USUAL_REJECT = {"ip": "icmp", "ip6": "icmpv6"}


def rule_statements(line: str, family: str) -> tuple[tuple[Statement, ...], str | None]:
    """The statements of a rule's line, and its comment. ``family`` is the table's."""
    try:
        tokens = Tokens(split_line(line, keep_gaps=True))
    except Unreadable:
        return (Unknown(line.strip()),), None
    found: list[Statement] = []
    comment: str | None = None
    while tokens:
        at = tokens.at
        if tokens.peek() == "comment" and len(tokens.words) == at + 2:
            comment = unquoted(tokens.words[at + 1])
            break
        try:
            found.append(_statement(tokens, family))
        except Unreadable:
            tokens.at = at
            found.append(Unknown(tokens.rest()))
    return tuple(found), comment


def statement_of(text: str, family: str = "ip") -> Statement:
    """One statement alone. Raises Unreadable."""
    tokens = Tokens(split_line(text))
    found = _statement(tokens, family)
    if tokens:
        raise Unreadable("unknown-word", tokens.peek())
    return found


def _statement(tokens: Tokens, family: str) -> Statement:
    word = tokens.peek()
    if word == NOTHING:
        tokens.take()
        # nft prints nothing for an iptables comment, and (1.0.6) nothing for a target that it cannot
        # translate, which is the last thing of a rule.
        return Xt("match", "comment") if tokens else Xt("target", "?")
    if word in VERDICTS:
        return verdict(tokens)
    found = _object_use(tokens) or stateful(tokens)
    if found is not None:
        return found
    if word == "reject":
        return _reject(tokens, family)
    reader = _READERS.get(word)
    if reader is not None:
        tokens.take()
        return reader(word, tokens)
    return _expression_statement(tokens)


def _object_use(tokens: Tokens) -> Statement | None:
    word, second = tokens.peek(), tokens.peek(1)
    if word in ("counter", "limit", "quota", "synproxy") and second == "name":
        tokens.take()
        tokens.take()
        return UseObject(word, _object_name(tokens))
    if word == "ct" and second in ("helper", "timeout", "expectation") and tokens.peek(2) == "set":
        tokens.take()
        tokens.take()
        tokens.take()
        return UseObject(f"ct {second}", _object_name(tokens))
    return None


def _object_name(tokens: Tokens) -> Expression:
    return operand(tokens) if starts_selector(tokens) else Word(tokens.string())


def _expression_statement(tokens: Tokens) -> Statement:
    if not starts_selector(tokens):
        raise Unreadable("unknown-word", tokens.peek())
    left = operand(tokens)
    kind = data_type(left)
    if tokens.accept("vmap"):
        return VerdictMap(left, map_data(tokens, kind))
    if tokens.accept("set"):
        return Assign(left, operand(tokens, kind))
    word = tokens.peek()
    operator = _SPELT.get(word, word)
    if operator in _COMPARISONS:
        tokens.take()
        if tokens.peek() in ("seed", "offset"):  # a cluster match of iptables: not worth a form of its own
            raise Unreadable("unknown-word", tokens.peek())
    else:
        operator = ""
    right = _right_side(tokens, kind)
    if tokens.accept("/"):
        mask = constant(tokens, kind)
        return Match(operator or "==", Binary("&", left, mask), right, form="slash")
    if isinstance(left, Binary) and left.operator == "&":
        return Match(operator or "==", left, right, form="and")
    bits = kind in BITMASKS and isinstance(right, Word | Flags | Number)
    return Match(operator or ("in" if bits else "=="), left, right)


def _right_side(tokens: Tokens, kind: str) -> Expression:
    if " . " in kind and tokens.peek() != "{":
        return concatenation(tokens, kind)
    if starts_selector(tokens) and not kind.endswith(("_type", "_proto")):
        return operand(tokens)
    return value(tokens, kind)


def _nat(kind: str, tokens: Tokens) -> Statement:
    family = (
        tokens.take() if tokens.peek() in ("ip", "ip6") and tokens.peek(1) in ("to", "prefix", "addr") else ""
    )
    prefix = tokens.accept("prefix")
    if tokens.accept("addr"):
        tokens.expect(".")
        tokens.expect("port")
    address, port = _target(tokens) if tokens.accept("to") else (None, None)
    flags = _words(tokens, _NAT_FLAGS)
    return Nat(
        kind, family, address, port, tuple(f for f in flags if f != "prefix"), prefix or "prefix" in flags
    )


def _words(tokens: Tokens, allowed: frozenset[str]) -> tuple[str, ...]:
    """``random,persistent``: a list of words with commas, where one of them comes."""
    found: list[str] = []
    while tokens.peek() in allowed:
        found.append(tokens.take())
        if not tokens.accept(","):
            break
    return tuple(found)


_BRACKETED = re.compile(r"\[([^\]]+)\](?:-\[([^\]]+)\])?(?::(.*))?")
_PLAIN_IPV4 = re.compile(r"((?:\d+\.){3}\d+(?:-[\d.]+)?(?:/\d+)?)(?::(.*))?")


def _target(tokens: Tokens) -> tuple[Expression | None, Expression | None]:
    """``10.0.0.1:80``, ``[fe80::1]-[fe80::9]:80-90``, ``:8080``, or a map; for either part."""
    if starts_selector(tokens):
        return operand(tokens), None
    word = tokens.take()
    bracketed, plain = _BRACKETED.fullmatch(word), _PLAIN_IPV4.fullmatch(word)
    address: Expression | None
    if word.startswith(":") and not word.startswith("::"):
        address, port = None, word[1:]
    elif bracketed:
        first, last, port = bracketed.groups()
        address = Range(Word(first), Word(last)) if last else atom(first, "ipv6_addr")
    elif plain:
        address, port = atom(plain.group(1), "ipv4_addr"), plain.group(2)
    else:
        found = atom(word, "ipv6_addr")
        if not isinstance(found, Word | Range | NetPrefix) or (isinstance(found, Word) and ":" not in word):
            raise Unreadable("bad-address", word)
        return found, None
    if port is None:
        return address, None
    if port[:1].isdigit():
        return address, number_or_range(port)
    if port:
        tokens.put_back(port)
    return address, operand(tokens)


def _tproxy(_: str, tokens: Tokens) -> Statement:
    family = tokens.take() if tokens.peek() in ("ip", "ip6") else ""
    tokens.expect("to")
    address, port = _target(tokens)
    return Tproxy(family, address, port)


def _reject(tokens: Tokens, family: str) -> Statement:
    tokens.take()
    if not tokens.accept("with"):
        return Reject(_USUAL_REJECT.get(family, "icmpx"), Word("port-unreachable"))
    kind = tokens.take()
    if kind == "tcp":
        tokens.expect("reset")
        return Reject("tcp reset")
    if kind not in ("icmp", "icmpv6", "icmpx"):
        raise Unreadable("unknown-word", kind)
    tokens.accept("type")
    return Reject(kind, atom(tokens.take(), f"{kind}_code"))


_LOG_OPTIONS = frozenset({"prefix", "group", "snaplen", "queue-threshold", "level"})


def _log(_: str, tokens: Tokens) -> Statement:
    options: list[tuple[str, str]] = []
    while True:
        if tokens.peek() in _LOG_OPTIONS:
            options.append((tokens.take(), tokens.string()))
        elif tokens.accept("flags"):
            words = tokens.take()
            if words in ("tcp", "ip"):
                words += f" {tokens.take()}"
                while tokens.accept(","):
                    words += f",{tokens.take()}"
            options += (("flags", flag) for flag in log_flag(words))
        else:
            return Log(tuple(options))


def _queue(_: str, tokens: Tokens) -> Statement:
    flags: tuple[str, ...] = ()
    allowed = frozenset({"bypass", "fanout"})
    if tokens.accept("flags"):
        flags = _words(tokens, allowed)
    if not (tokens.accept("to") or tokens.accept("num")):
        return Queue(Number(0), flags)
    number = operand(tokens) if starts_selector(tokens) else number_or_range(tokens.take())
    return Queue(number, flags or _words(tokens, allowed))


def _synproxy(_: str, tokens: Tokens) -> Statement:
    mss = tokens.number() if tokens.accept("mss") else None
    wscale = tokens.number() if tokens.accept("wscale") else None
    flags: list[str] = []
    while tokens.peek() in ("timestamp", "sack-perm"):
        flags.append(tokens.take())
    return Synproxy(mss, wscale, tuple(flags))


def _set_update(operation: str, tokens: Tokens) -> Statement:
    name = tokens.take()
    if not name.startswith("@"):
        raise Unreadable("unknown-word", name)
    tokens.expect("{")
    element, inner = _updated(tokens)
    data = operand(tokens) if tokens.accept(":") else None
    tokens.expect("}")
    return SetUpdate(operation, name[1:], element, data, inner)


def _updated(tokens: Tokens) -> tuple[Expression, tuple[Statement, ...]]:
    """The element of an update and the statements that go with it: JSON keeps them apart as well."""
    found = attributed(tokens, operand(tokens), stateful)
    if not isinstance(found, Element):
        return found, ()
    plain = found.timeout is None and found.expires is None and found.comment is None
    rest = found.value if plain else Element(found.value, found.timeout, found.expires, found.comment)
    return rest, found.statements


def _meter(_: str, tokens: Tokens) -> Statement:
    name = tokens.take()
    size = tokens.number() if tokens.accept("size") else None
    tokens.expect("{")
    element, inner = _updated(tokens)
    tokens.expect("}")
    return Meter(name, element, inner, size)


def _transfer(kind: str, tokens: Tokens) -> Statement:
    family = tokens.take() if tokens.peek() in ("ip", "ip6") and tokens.peek(1) == "to" else ""
    tokens.expect("to")
    target = operand(tokens, "ipv4_addr") if not tokens.peek().startswith('"') else Word(tokens.string())
    if tokens.accept("device"):
        return Transfer(kind, target, _device(tokens), family)
    if (
        isinstance(target, Word)
        and not family
        and not re.fullmatch(r"[\d.]+|[0-9a-f:]*:[0-9a-f:.]*", target.text)
    ):
        return Transfer(kind, None, target, family)
    return Transfer(kind, target, None, family)


def _device(tokens: Tokens) -> Expression:
    return operand(tokens) if starts_selector(tokens) else Word(tokens.string())


def _notrack(word: str, tokens: Tokens) -> Statement:
    return Simple((word,))


def _flow(word: str, tokens: Tokens) -> Statement:
    return Simple((word, tokens.take(), tokens.take()))


def _reset(word: str, tokens: Tokens) -> Statement:
    return Simple((word, tokens.take(), tokens.take(), tokens.take()))


def _xt(_: str, tokens: Tokens) -> Statement:
    kind, name = tokens.take(), tokens.take()
    return Xt(kind, unquoted(name), quoted=name.startswith('"'))


_READERS: dict[str, Callable[[str, Tokens], Statement]] = {
    "snat": _nat, "dnat": _nat, "masquerade": _nat, "redirect": _nat, "tproxy": _tproxy, "log": _log,
    "queue": _queue, "synproxy": _synproxy, "add": _set_update, "update": _set_update, "delete": _set_update,
    "destroy": _set_update, "meter": _meter, "dup": _transfer, "fwd": _transfer, "notrack": _notrack,
    "flow": _flow, "reset": _reset, "xt": _xt,
}  # fmt: skip
