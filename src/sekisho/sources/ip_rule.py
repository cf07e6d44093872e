"""``ip rule``: the policy rules, as text and as JSON.

One rule per line, in this order (print_rule in ip/iprule.c)::

    PRIORITY:<TAB>[not] from P [to P] [tos T] [fwmark V[/M]] [iif I [[detached]]] [oif I [[detached]]]
        [uidrange F-L] [ipproto P] [sport F[-L]] [dport F[-L]] [tun_id N]
        [lookup T [suppress_prefixlength N] [suppress_ifgroup G]] [realms F/T]
        [goto N [[unresolved]] | nop | blackhole | unreachable | prohibit] [proto P]

``lookup [l3mdev-table]`` asks the table of the VRF that the packet's interface belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sekisho.errors import one_line
from sekisho.model.evidence import Evidence, Unread
from sekisho.model.routing import PolicyRule
from sekisho.sources import ip_rule_json
from sekisho.sources.ip_route import format_dst
from sekisho.sources.json_fields import is_json
from sekisho.sources.parsed import Parsed
from sekisho.sources.route_words import format_tos, parse_tos
from sekisho.sources.rule_draft import (
    ACTIONS,
    EXTRA_MATCHES,
    FULL_MASK,
    RuleDraft,
    format_hex,
    format_protocol,
    format_range,
    read_mark,
    read_protocol,
    read_range,
)
from sekisho.sources.text import Unreadable, Words, numbered_lines, read_prefix, unknown_word
from sekisho.values.address import Family, Prefix
from sekisho.values.names import InterfaceName
from sekisho.values.numbers import integer, is_number

L3MDEV_TABLE = "[l3mdev-table]"


def parse(text: str, file: str, family: Family = 4) -> Parsed[PolicyRule]:
    """Read ``ip rule`` or ``ip -j rule``.

    ``family`` is that of the command, for rules that name no address. Raises SourceError for JSON
    that has no end.
    """
    if is_json(text):
        return ip_rule_json.parse(text, file, family)
    rules: list[PolicyRule] = []
    unread: list[Unread] = []
    for number, line in numbered_lines(text):
        evidence = Evidence(file, number, line)
        try:
            rules.append(_read_line(Words(line)).freeze(family, evidence))
        except Unreadable as fault:
            unread.append(fault.at(evidence))
    return Parsed(tuple(rules), tuple(unread))


def render(rules: Iterable[PolicyRule], *, trailing_space: bool = False) -> str:
    """Print rules as ``ip rule`` does; busybox and older iproute2 end each line with a blank."""
    end = " \n" if trailing_space else "\n"
    return "".join(f"{rule.priority}:\t{one_line(' '.join(_words(rule)))}{end}" for rule in rules)


def _read_line(words: Words) -> RuleDraft:
    priority = words.take()
    if not priority.endswith(":") or not is_number(priority[:-1]):
        raise Unreadable("truncated" if words.is_last and is_number(priority) else "unknown-word", priority)
    draft = RuleDraft(integer(priority[:-1]))
    if words.peek() == "not":
        draft.negated = bool(words.take())
    while words:
        word = words.take()
        reader = _READERS.get(word)
        if reader is not None:
            reader(draft, words)
        elif word in ACTIONS:
            draft.action = word
        elif word in EXTRA_MATCHES:
            draft.attributes.append((word, words.take(word)))
        elif word in ("realms", "realm"):
            draft.attributes.append(("realms", words.take(word)))
        else:
            raise unknown_word(word, _KNOWN, last=words.is_last)
    return draft


def _prefix(words: Words, after: str) -> Prefix | None:
    if words.peek() == "all":
        words.take()
        return None
    return read_prefix(words.take(after), last=words.is_last)


def _interface(draft: RuleDraft, words: Words, name: str) -> InterfaceName:
    interface = words.interface(name)
    if words.peek() == "[detached]":
        words.take()
        draft.attributes.append((f"{name}_detached", ""))
    return interface


def _lookup(draft: RuleDraft, words: Words) -> None:
    draft.action, draft.table = "lookup", words.take("lookup")
    if draft.table == L3MDEV_TABLE:
        draft.l3mdev, draft.table = True, ""


def _goto(draft: RuleDraft, words: Words) -> None:
    draft.action, draft.goto = "goto", words.number("goto")
    if words.peek() == "[unresolved]":
        words.take()
        draft.attributes.append(("unresolved", ""))


def _fwmark(draft: RuleDraft, words: Words) -> None:
    value, slash, mask = words.take("fwmark").partition("/")
    draft.fwmark = read_mark(value, mask if slash else None)


def _from(draft: RuleDraft, words: Words) -> None:
    draft.src = _prefix(words, "from")


def _to(draft: RuleDraft, words: Words) -> None:
    draft.dst = _prefix(words, "to")


def _tos(draft: RuleDraft, words: Words) -> None:
    draft.tos = parse_tos(words.take("tos"))


def _iif(draft: RuleDraft, words: Words) -> None:
    draft.iif = _interface(draft, words, "iif")


def _oif(draft: RuleDraft, words: Words) -> None:
    draft.oif = _interface(draft, words, "oif")


def _uidrange(draft: RuleDraft, words: Words) -> None:
    draft.uidrange = read_range(words.take("uidrange"))


def _ipproto(draft: RuleDraft, words: Words) -> None:
    draft.ipproto = read_protocol(words.take("ipproto"))


def _sport(draft: RuleDraft, words: Words) -> None:
    draft.sport = read_range(words.take("sport"))


def _dport(draft: RuleDraft, words: Words) -> None:
    draft.dport = read_range(words.take("dport"))


def _suppress_prefixlength(draft: RuleDraft, words: Words) -> None:
    draft.suppress_prefixlength = words.number("suppress_prefixlength")


def _suppress_ifgroup(draft: RuleDraft, words: Words) -> None:
    draft.suppress_ifgroup = words.take("suppress_ifgroup")


def _proto(draft: RuleDraft, words: Words) -> None:
    draft.proto = words.take("proto")


_READERS: dict[str, Callable[[RuleDraft, Words], None]] = {
    "from": _from, "to": _to, "tos": _tos, "dsfield": _tos, "fwmark": _fwmark, "iif": _iif, "oif": _oif,
    "uidrange": _uidrange, "ipproto": _ipproto, "sport": _sport, "dport": _dport, "lookup": _lookup,
    "table": _lookup, "suppress_prefixlength": _suppress_prefixlength,
    "suppress_ifgroup": _suppress_ifgroup, "goto": _goto, "proto": _proto,
}  # fmt: skip
_KNOWN = frozenset(_READERS) | ACTIONS | EXTRA_MATCHES | {"realms", "not"}


def _words(rule: PolicyRule) -> Iterable[str]:
    extra = dict(rule.attributes)
    yield from ("not",) if rule.negated else ()
    yield from ("from", "all" if rule.src is None else _format_prefix(rule.src))
    if rule.dst is not None:
        yield from ("to", _format_prefix(rule.dst))
    if rule.tos is not None:
        yield from ("tos", format_tos(rule.tos))
    if rule.fwmark is not None:
        value, mask = rule.fwmark
        mark = format_hex(value)
        yield from ("fwmark", mark if mask == FULL_MASK else f"{mark}/{format_hex(mask)}")
    for name, interface in (("iif", rule.iif), ("oif", rule.oif)):
        if interface is not None:
            yield from (name, interface)
            yield from ("[detached]",) if f"{name}_detached" in extra else ()
    if rule.uidrange is not None:
        yield from ("uidrange", f"{rule.uidrange[0]}-{rule.uidrange[1]}")
    if rule.ipproto is not None:
        yield from ("ipproto", format_protocol(rule.ipproto))
    for name, span in (("sport", rule.sport), ("dport", rule.dport)):
        if span is not None:
            yield from (name, format_range(span))
    for name, value_text in rule.attributes:
        if name in EXTRA_MATCHES:
            yield from (name, value_text)
    yield from _action_words(rule, extra)


def _action_words(rule: PolicyRule, extra: dict[str, str]) -> Iterable[str]:
    if rule.action == "lookup":
        yield from ("lookup", L3MDEV_TABLE if rule.l3mdev else rule.table)
    if rule.suppress_prefixlength is not None:
        yield from ("suppress_prefixlength", str(rule.suppress_prefixlength))
    if rule.suppress_ifgroup is not None:
        yield from ("suppress_ifgroup", rule.suppress_ifgroup)
    if "realms" in extra:
        yield from ("realms", extra["realms"])
    if rule.action == "goto":
        yield from ("goto", str(rule.goto))
        yield from ("[unresolved]",) if "unresolved" in extra else ()
    elif rule.action != "lookup":
        yield rule.action
    if rule.proto is not None:
        yield from ("proto", rule.proto)


def _format_prefix(prefix: Prefix) -> str:
    return str(prefix) if prefix.length == 0 else format_dst(prefix)
