"""Statements in the text of nft: one rule's line -> model.

A statement that is not understood becomes ``Unknown`` with what is left of the line, up to a verdict or the
like from which on all is understood; nobody knows where else it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sekisho.model.nft_expression import (
    Binary,
    Element,
    Expression,
    Flags,
    MapLookup,
    Meta,
    Number,
    Unknown,
    Word,
)
from sekisho.model.nft_rule import (
    Assign,
    Log,
    Match,
    Meter,
    Queue,
    Reject,
    SetUpdate,
    Simple,
    Statement,
    Synproxy,
    UseObject,
    VerdictMap,
    Xt,
)
from sekisho.model.nft_types import BITMASKS, data_type
from sekisho.sources.nft_text_expressions import (
    map_data,
    number_or_range,
    operand,
    starts_concatenation,
    starts_selector,
    value,
)
from sekisho.sources.nft_text_nat import nat, tproxy, transfer, words
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
            found.append(_piece(tokens, family))
        except RecursionError:  # nothing that nft prints is nested so deep
            return (Unknown(line.strip()),), None
    return tuple(found), comment


# What begins a statement and is nothing else: where a line can be read on behind what is not understood.
_BEGINNINGS = frozenset(
    {"counter", "log", "comment", "reject", "masquerade", "snat", "dnat", "redirect", *VERDICTS}
)


def _piece(tokens: Tokens, family: str) -> Unknown:
    """What is not understood, up to where all the rest of the line can be read."""
    at, end = tokens.at, len(tokens.words)
    failing: set[int] = set()
    for place in range(at + 1, end):
        if tokens.words[place] in _BEGINNINGS and _readable(tokens.words, place, family, failing):
            end = place
            break
    acts = _READERS.keys() | _BEGINNINGS | {"set", "vmap"}
    matches = starts_selector(tokens) and acts.isdisjoint(tokens.words[at + 1 : end])
    tokens.at = end
    return Unknown(" ".join(tokens.words[at:end]), matches)


def _readable(words: Sequence[str], place: int, family: str, failing: set[int]) -> bool:
    """Whether all words from a place on can be read. ``failing``: places from which they cannot."""
    rest = Tokens(words)
    rest.at = place
    passed: list[int] = []
    while rest and not (rest.peek() == "comment" and rest.at + 2 == len(rest.words)):
        passed.append(rest.at)
        try:
            if rest.at in failing:
                raise Unreadable("unknown-word", rest.peek())
            _statement(rest, family)
        except Unreadable:
            failing.update(passed)
            return False
    return True


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
        # nft prints nothing for an iptables comment nor for matches that ask nothing, for some of IPv6
        # (frag, rt) whatever they ask, and (1.0.6) nothing for a target that it cannot translate, which is
        # the last thing of a rule.
        return Xt("match", "?" if family == "ip6" else "comment") if tokens else Xt("target", "?")
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
    if not starts_concatenation(tokens):
        raise Unreadable("unknown-word", tokens.peek())
    left = operand(tokens)
    kind = data_type(left)
    if tokens.accept("vmap"):
        return VerdictMap(left, map_data(tokens, kind))
    if tokens.accept("set"):
        given = operand(tokens, kind)
        named = left == Meta("secmark") and isinstance(given, Word | MapLookup)
        return UseObject("secmark", given) if named else Assign(left, given)
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
        flags = words(tokens, allowed)
    if not (tokens.accept("to") or tokens.accept("num")):
        return Queue(Number(0), flags)
    number = operand(tokens) if starts_selector(tokens) else number_or_range(tokens.take())
    return Queue(number, flags or words(tokens, allowed))


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
    data = _data(tokens) if tokens.accept(":") else None
    tokens.expect("}")
    return SetUpdate(operation, name[1:], element, data, inner)


def _data(tokens: Tokens) -> Expression:
    return operand(tokens) if starts_concatenation(tokens) else concatenation(tokens, "")


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
    "snat": nat, "dnat": nat, "masquerade": nat, "redirect": nat, "tproxy": tproxy, "log": _log,
    "queue": _queue, "synproxy": _synproxy, "add": _set_update, "update": _set_update, "delete": _set_update,
    "destroy": _set_update, "meter": _meter, "dup": transfer, "fwd": transfer, "notrack": _notrack,
    "flow": _flow, "reset": _reset, "xt": _xt,
}  # fmt: skip
