"""One nftables rule -> one line of a chain.

A rule's statements are worked off from left to right. Matches before the first act are the line's guard;
with one act after them that is all. A rule that acts more than once, or matches again after an act, is a
``Series``, because its later matches see what the earlier acts have done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from sekisho.model.evidence import Evidence
from sekisho.model.nft import NftRule
from sekisho.model.nft_expression import (
    Expression,
    Hash,
    Mapping,
    Meta,
    Numgen,
    Payload,
    SetLiteral,
    SetReference,
    Unknown,
)
from sekisho.model.nft_rule import (
    Assign,
    Counter,
    CtCount,
    Last,
    Limit,
    Match,
    Meter,
    Nat,
    Queue,
    Quota,
    Reject,
    SetUpdate,
    Simple,
    Statement,
    Synproxy,
    Tproxy,
    Transfer,
    UseObject,
    Verdict,
    VerdictMap,
    Xt,
)
from sekisho.semantics.conjunction import both
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_actions import reject_action, verdict_action
from sekisho.semantics.nft_assign import Part, assign_parts
from sekisho.semantics.nft_context import NftContext, Undecided
from sekisho.semantics.nft_elements import present
from sekisho.semantics.nft_fields import CATCH_ALL
from sekisho.semantics.nft_matches import match_guard
from sekisho.semantics.nft_nat import for_others, nat_action
from sekisho.semantics.nft_translated import hidden_match, hidden_target, says_a_part
from sekisho.semantics.nft_values import plain
from sekisho.semantics.program import (
    ALWAYS,
    NEVER,
    Action,
    Continue,
    Drop,
    FirstOf,
    Guard,
    Guarded,
    In,
    NotUnderstood,
    Series,
    Unsure,
    Untrack,
)
from sekisho.semantics.program import Reject as Refuse
from sekisho.semantics.targets import PASSING
from sekisho.values.intset import IntSet
from sekisho.values.packet import TCP


def rule_line(number: int, rule: NftRule, context: NftContext) -> Guarded:
    """The line of the rule that stands at ``number`` (from 1) in its chain."""
    pieces: list[Guarded] = []
    guards: list[Guard] = list(_of_a_reject(rule, context))
    for statement in rule.statements:
        if isinstance(statement, Reject) and statement.kind == "tcp reset" and _lists_protocols(rule):
            parts: list[Part] = [(ALWAYS, _RESET_OR_DROP)]
        else:
            parts = _parts(statement, rule.evidence, context)
        for guard, act in parts:
            if guard != ALWAYS:
                guards.append(guard)
            if act is not None:
                pieces.append(Guarded(both(*guards), act))
                guards = []
    if guards or not pieces:
        pieces.append(Guarded(both(*guards), Continue()))
    text = rule.evidence.text.strip() if rule.evidence else ""
    target = _target(rule)
    if len(pieces) == 1:
        return Guarded(pieces[0].guard, pieces[0].action, number, text, target, rule.evidence)
    first, *rest = pieces
    series = Series((replace(first, guard=ALWAYS), *rest))
    return Guarded(first.guard, series, number, text, target, rule.evidence)


# What nft does not keep from other protocols than TCP drops them, and tells nobody (nf_send_reset).
_RESET_OR_DROP: Action = FirstOf(
    (Guarded(In("proto", IntSet.of(TCP)), Refuse("tcp-reset")), Guarded(ALWAYS, Drop()))
)


def _of_a_reject(rule: NftRule, context: NftContext) -> Iterator[Guard]:
    """The test for TCP that a reset needs, or for the family of an ICMP error: nft puts it before all of the
    rule, where no match before the reject makes it (evaluate.c, stmt_reject_gen_dependency)."""
    for at, statement in enumerate(rule.statements):
        if not isinstance(statement, Reject):
            continue
        before = [one.left for one in rule.statements[:at] if isinstance(one, Match)]
        if statement.kind == "tcp reset":
            if not _lists_protocols(rule) and not any(map(_is_of_tcp, before)):
                yield In("proto", IntSet.of(TCP))
        elif reject_action(statement, context) is None and not any(map(_is_of_a_family, before)):
            yield NEVER


def _is_of_a_family(left: Expression) -> bool:
    return left in (Meta("nfproto"), Meta("protocol")) or (
        isinstance(left, Payload) and left.protocol in ("ip", "ip6", "icmp", "icmpv6", "ether")
    )


def _is_of_tcp(left: Expression) -> bool:
    return left in (Meta("l4proto"), Payload("ip", "protocol"), Payload("ip6", "nexthdr")) or (
        isinstance(left, Payload) and left.protocol == "tcp"
    )


def _lists_protocols(rule: NftRule) -> bool:
    """Whether a match names several transport protocols: nft adds none of its own for a reset then."""
    named = (Meta("l4proto"), Payload("ip", "protocol"), Payload("ip6", "nexthdr"))
    return any(
        isinstance(one, Match)
        and one.operator == "=="
        and one.left in named
        and isinstance(one.right, SetLiteral | SetReference)
        for one in rule.statements
    )


def _target(rule: NftRule) -> str:
    """The word for what the rule does: its verdict or translation."""
    for statement in reversed(rule.statements):
        match statement:
            case Verdict(kind):
                return kind
            case Nat(kind):
                return kind
            case VerdictMap():
                return "vmap"
            case Reject():
                return "reject"
            case Queue():
                return "queue"
    return ""


def _parts(statement: Statement, evidence: Evidence | None, context: NftContext) -> list[Part]:
    if context.translated and (hidden := _hidden(statement, evidence, context)):
        certain = _said(statement, evidence, context) if says_a_part(statement) else []
        return [*certain, *hidden]
    return _said(statement, evidence, context)


def _said(statement: Statement, evidence: Evidence | None, context: NftContext) -> list[Part]:
    reader = _READERS.get(type(statement))
    if reader is None:
        return [(ALWAYS, None)]
    try:
        return reader(statement, evidence, context)
    except Undecided as found:
        doubt = replace(found.doubt, evidence=found.doubt.evidence or evidence)
        return [(both(*found.needs, Unsure(doubt)), NotUnderstood(doubt))]
    except (ValueError, LookupError) as error:
        shown = evidence.text.strip() if evidence else ""
        return _unknown(Doubt("match-not-readable", (shown, str(error)), evidence))


def _hidden(statement: Statement, evidence: Evidence | None, context: NftContext) -> list[Part]:
    """What stands behind words that nft prints for a rule of iptables-nft; none where they tell all."""
    name = hidden_match(statement, context.table)
    if name:
        return [(Unsure(Doubt("match-lost-in-listing", (name,), evidence)), None)]
    if name := hidden_target(statement):
        return [(ALWAYS, NotUnderstood(Doubt("target-lost-in-listing", (name,), evidence)))]
    return []


def _unknown(doubt: Doubt) -> list[Part]:
    """Nobody can say whether this fits, nor what it does then."""
    return [(Unsure(doubt), NotUnderstood(doubt))]


def _match(statement: Match, evidence: Evidence | None, context: NftContext) -> list[Part]:
    return [(match_guard(statement, context, evidence), None)]


def _verdict(statement: Verdict, evidence: Evidence | None, context: NftContext) -> list[Part]:
    return [(ALWAYS, verdict_action(statement, context))]


def _vmap(statement: VerdictMap, evidence: Evidence | None, context: NftContext) -> list[Part]:
    elements = context.elements(statement.data).elements
    if isinstance(statement.data, SetReference) and context.moves(statement.data):
        return _unknown(Doubt("set-moves", (statement.data.name,), evidence))
    if isinstance(statement.key, Numgen | Hash):
        return _chance_verdicts(statement, evidence, context)
    # No key is in a map twice, so elements with the same verdict stand in one line, whatever their order.
    by_verdict: dict[Action, list[Expression]] = {}
    for element in elements:
        key, verdict = _with_verdict(element)
        by_verdict.setdefault(verdict_action(verdict, context), []).append(key)
    by_verdict, others = _without_catch_all(by_verdict)
    lines = tuple(
        Guarded(_key_guard(statement.key, keys, context, evidence), act)
        for act, keys in (*by_verdict.items(), *others.items())
    )
    return [(ALWAYS, FirstOf(lines))]


def _with_verdict(element: Expression | Mapping) -> tuple[Expression, Verdict]:
    """Raises ValueError for what is no ``key : verdict``."""
    if isinstance(element, Mapping) and isinstance(element.value, Verdict):
        return element.key, element.value
    raise ValueError("an element without a verdict")


_ByVerdict = dict[Action, list[Expression]]


def _without_catch_all(by_verdict: _ByVerdict) -> tuple[_ByVerdict, _ByVerdict]:
    """The elements with keys of their own, and the one that is asked after all of them."""
    kept = {act: [key for key in keys if plain(key) != CATCH_ALL] for act, keys in by_verdict.items()}
    last: _ByVerdict = {act: [CATCH_ALL] for act, keys in by_verdict.items() if len(kept[act]) < len(keys)}
    return {act: keys for act, keys in kept.items() if keys}, last


def _key_guard(
    key: Expression, keys: Sequence[Expression], context: NftContext, evidence: Evidence | None
) -> Guard:
    """As a match of the key alone: what cannot be decided is ``Unsure``."""
    return match_guard(Match("==", key, SetLiteral(tuple(keys))), context, evidence)


def _chance_verdicts(statement: VerdictMap, evidence: Evidence | None, context: NftContext) -> list[Part]:
    assert isinstance(statement.key, Numgen | Hash)
    elements = context.elements(statement.data).elements
    shown = evidence.text.strip() if evidence else ""
    unsure = both(present(statement.key, context), Unsure(Doubt("random-choice", (shown,), evidence)))
    verdicts = [_with_verdict(element)[1] for element in elements]
    lines = [Guarded(unsure, verdict_action(verdict, context)) for verdict in verdicts]
    return [(ALWAYS, FirstOf(tuple(lines)))]


def _limit(statement: Statement, evidence: Evidence | None, context: NftContext) -> list[Part]:
    codes = {Limit: "rate-limit", Quota: "quota", CtCount: "connection-count"}
    shown = evidence.text.strip() if evidence else ""
    return [(Unsure(Doubt(codes[type(statement)], (shown,), evidence)), None)]


def _object(statement: UseObject, evidence: Evidence | None, context: NftContext) -> list[Part]:
    needs = _all_present(context, statement.name)
    if statement.kind in ("limit", "quota"):
        return [(both(needs, Unsure(Doubt("rate-limit", _shown(evidence), evidence))), None)]
    if statement.kind == "synproxy":
        return [(needs, None), *_synproxy(Synproxy(), evidence, context)]
    return [(needs, None)]


def _assign(statement: Assign, evidence: Evidence | None, context: NftContext) -> list[Part]:
    return assign_parts(statement, evidence, context)


def _shown(evidence: Evidence | None) -> tuple[str, ...]:
    return (evidence.text.strip() if evidence else "",)


def _all_present(context: NftContext, *expressions: Expression | None) -> Guard:
    """What a statement looks at besides: where a packet lacks some of it, the rule ends."""
    return both(*(present(one, context) for one in expressions if one is not None))


def _nat(statement: Nat, evidence: Evidence | None, context: NftContext) -> list[Part]:
    if for_others(statement, context):
        # Its own tracking is for its own family, but a key that asks for connections starts that of both.
        return [(both(_all_present(context, statement.address, statement.port), NEVER), None)]
    return [(ALWAYS, nat_action(statement, context))]


def _reject(statement: Reject, evidence: Evidence | None, context: NftContext) -> list[Part]:
    act = reject_action(statement, context)
    if act is None:
        return [(NEVER, None)]
    if statement.kind == "tcp reset":
        return [(In("proto", IntSet.of(TCP)), act)]
    return [(ALWAYS, act)]


def _queue(statement: Queue, evidence: Evidence | None, context: NftContext) -> list[Part]:
    needs = _all_present(context, statement.number)
    return [(needs, NotUnderstood(Doubt("userspace-decides", ("queue",), evidence)))]


def _synproxy(statement: Synproxy, evidence: Evidence | None, context: NftContext) -> list[Part]:
    # nft_synproxy.c: not TCP ends the rule.
    return [(In("proto", IntSet.of(TCP)), NotUnderstood(Doubt("synproxy", _shown(evidence), evidence)))]


def _tproxy(statement: Tproxy, evidence: Evidence | None, context: NftContext) -> list[Part]:
    if statement.family and statement.family != ("ip" if context.family == 4 else "ip6"):
        return [(NEVER, None)]
    needs = _all_present(context, statement.address, statement.port)
    return [(needs, NotUnderstood(Doubt("tproxy", _shown(evidence), evidence)))]


def _transfer(statement: Transfer, evidence: Evidence | None, context: NftContext) -> list[Part]:
    needs = _all_present(context, statement.address, statement.device)
    if statement.kind == "dup":
        return [(needs, None)]
    return [(needs, NotUnderstood(Doubt("sent-on-at-ingress", _shown(evidence), evidence)))]


def _update(statement: SetUpdate | Meter, evidence: Evidence | None, context: NftContext) -> list[Part]:
    """A limit inside may end the rule, and so may a set that is full (nft_dynset.c)."""
    data = statement.data if isinstance(statement, SetUpdate) else None
    needs = _all_present(context, statement.element, data)
    if any(not isinstance(inner, Counter | Last) for inner in statement.statements):
        return [(both(needs, Unsure(Doubt("rate-limit", _shown(evidence), evidence))), None)]
    if not isinstance(statement, SetUpdate) or statement.operation not in ("add", "update"):
        return [(needs, None)]
    into = context.sets.get(statement.name)
    if into is None or into.unread:
        return [(both(needs, Unsure(Doubt("set-not-read", (statement.name,), evidence))), None)]
    if into.size is not None and len(into.elements) >= into.size:
        return [(both(needs, Unsure(Doubt("set-moves", (statement.name,), evidence))), None)]
    return [(needs, None)]


def _simple(statement: Simple, evidence: Evidence | None, context: NftContext) -> list[Part]:
    if (
        statement.words[0] == "reset"
    ):  # an option of TCP's; where there is none of that protocol, the rule ends
        return [(In("proto", IntSet.of(TCP)), None)]
    return [(ALWAYS, Untrack() if statement.words == ("notrack",) else None)]


def _xt(statement: Xt, evidence: Evidence | None, context: NftContext) -> list[Part]:
    if statement.name == "comment" or (statement.kind == "target" and statement.name in PASSING):
        return [(ALWAYS, None)]
    if statement.kind == "match":
        return [(Unsure(Doubt("match-not-understood", (f"xt match {statement.name}",), evidence)), None)]
    doubt = Doubt("target-not-understood", (f"xt {statement.kind} {statement.name}".strip(),), evidence)
    return [(ALWAYS, NotUnderstood(doubt))]


def _foreign(statement: Unknown, evidence: Evidence | None, context: NftContext) -> list[Part]:
    doubt = Doubt("match-not-understood", (statement.text,), evidence)
    return [(Unsure(doubt), None)] if statement.matches else _unknown(doubt)


_Reader = Callable[..., list[Part]]
_READERS: dict[type, _Reader] = {
    Match: _match, Verdict: _verdict, VerdictMap: _vmap, Limit: _limit, Quota: _limit, CtCount: _limit,
    UseObject: _object, Assign: _assign, Nat: _nat, Reject: _reject, Queue: _queue, Synproxy: _synproxy,
    Tproxy: _tproxy, Transfer: _transfer, SetUpdate: _update, Meter: _update, Simple: _simple, Xt: _xt,
    Unknown: _foreign,
}  # fmt: skip
