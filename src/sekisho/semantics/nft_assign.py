"""``KEY set VALUE``: marks, zones, header fields -> what must hold, and what is done.

meta mark set ct mark & 0xff | 0x10      the mark from the connection's, then some bits of it set
meta mark set tcp dport map { 22 : 1 }   one line for each element of the map
meta mark set ip dscp << 2               one line for each of the few values that a field can have
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sekisho.model.evidence import Evidence
from sekisho.model.nft_expression import (
    Binary,
    Ct,
    Expression,
    Hash,
    Lookup,
    MapLookup,
    Meta,
    Number,
    Numgen,
    Payload,
    RawPayload,
)
from sekisho.model.nft_rule import Assign
from sekisho.model.nft_types import data_type
from sekisho.semantics.conjunction import both
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_bits import Mix, mix
from sekisho.semantics.nft_bridge import turns_frames
from sekisho.semantics.nft_column import Column, Fixed, OneOf, Open
from sekisho.semantics.nft_columns import column
from sekisho.semantics.nft_context import NftContext
from sekisho.semantics.nft_elements import present
from sekisho.semantics.nft_fields import column_guard
from sekisho.semantics.nft_nat import mapped
from sekisho.semantics.nft_values import number
from sekisho.semantics.program import (
    ALWAYS,
    Action,
    Continue,
    CopyMark,
    FirstOf,
    Guard,
    Guarded,
    NotUnderstood,
    Series,
    SetBits,
    SetZone,
    Unsure,
)
from sekisho.values.intset import IntSet

# What a statement comes to: a condition, then perhaps an act.
Part = tuple[Guard, Action | None]

# A random value that may become a mark is followed for each of at most so many, a field's for each of these
# bits.
_MOST_VALUES = 16
_MOST_BITS = 8
_MarkField = Literal["mark", "ctmark"]
_MARKS: dict[Expression, _MarkField] = {Meta("mark"): "mark", Ct("mark"): "ctmark"}
_DIRECTIONS = {"": "both", "original": "orig", "reply": "reply"}
# Keys whose setting changes nothing of where a packet goes.
_IDLE_META = frozenset({"priority", "nftrace", "secmark"})
_IDLE_CT = frozenset({"label", "event", "helper", "secmark"})


@dataclass(frozen=True, slots=True)
class Target:
    """Where the value goes: ``bits`` of a field of the packet, from ``shift`` on."""

    field: Literal["mark", "ctmark", "tos", "ttl", "tcp_flags"]
    bits: int
    shift: int = 0


_TARGETS: dict[Expression, Target] = {
    Meta("mark"): Target("mark", 32), Ct("mark"): Target("ctmark", 32),
    Payload("ip", "ttl"): Target("ttl", 8),
    Payload("ip6", "hoplimit"): Target("ttl", 8), Payload("ip", "dscp"): Target("tos", 6, 2),
    Payload("ip6", "dscp"): Target("tos", 6, 2), Payload("ip", "ecn"): Target("tos", 2),
    Payload("ip6", "ecn"): Target("tos", 2), Payload("tcp", "flags"): Target("tcp_flags", 8),
}  # fmt: skip


def assign_parts(assign: Assign, evidence: Evidence | None, context: NftContext) -> list[Part]:
    """The statement's parts in order. Raises ValueError, KeyError and Undecided for what cannot be read."""
    key, value = assign.key, assign.value
    needs = both(_key_needs(key, context), present(value, context))
    if context.table == "bridge" and turns_frames(assign):
        return [(needs, _unknown(evidence))]
    if isinstance(value, MapLookup):
        return [(needs, mapped(value, context, lambda one: _one_act(key, one, evidence, context)))]
    if isinstance(value, Numgen | Hash):
        return [(needs, _by_chance(key, value, evidence, context))]
    acts = _acts(key, value, evidence, context)
    return [(needs, None)] if not acts else [(needs, acts[0]), *((ALWAYS, act) for act in acts[1:])]


def _key_needs(key: Expression, context: NftContext) -> Guard:
    """A header is only written in packets that have it."""
    if isinstance(key, Payload | RawPayload):
        return present(key, context)
    if isinstance(key, Lookup):
        found = column(key, context)
        return both(*found.needs) if isinstance(found, Open) else present(key, context)
    return ALWAYS


def _unknown(evidence: Evidence | None, doubt: Doubt | None = None) -> Action:
    shown = evidence.text.strip() if evidence else ""
    return NotUnderstood(doubt or Doubt("target-not-understood", (shown,), evidence))


def _one_act(key: Expression, value: Expression, evidence: Evidence | None, context: NftContext) -> Action:
    acts = _acts(key, value, evidence, context)
    if not acts:
        return Continue()
    return acts[0] if len(acts) == 1 else Series(tuple(Guarded(ALWAYS, act) for act in acts))


def _acts(key: Expression, value: Expression, evidence: Evidence | None, context: NftContext) -> list[Action]:
    """Acts in order; one that nobody knows where the key or the value is not understood."""
    match key:
        case Meta(name) if name in _IDLE_META:
            return []
        case Ct(name) if name in _IDLE_CT:
            return []
        case Ct("zone", direction):
            return [SetZone(number(value, "integer"), _DIRECTIONS[direction])]
        case Payload("ether" | "vlan") | Payload(_, "checksum") | Lookup("tcp option") | RawPayload("ih"):
            return []
        case _ if key in _TARGETS:
            return _computed(key, value, evidence, context)
        case _:
            return [_unknown(evidence)]


def _computed(
    key: Expression, value: Expression, evidence: Evidence | None, context: NftContext
) -> list[Action]:
    others = [one for one in dict.fromkeys(_selectors(value)) if one != key and one not in _MARKS]
    columns = [column(one, context) for one in others]
    for found in columns:
        if isinstance(found, Open):
            return [_unknown(evidence, found.doubt)]
    if not others:
        acts = _set(key, value)
        return [_unknown(evidence)] if acts is None else acts
    values = _few(columns[0]) if len(columns) == 1 else None
    if values is None:
        return [_unknown(evidence)]
    lines = (
        Guarded(guard, _one_act(key, _with(value, others[0], Number(one)), evidence, context))
        for one, guard in values
    )
    return [FirstOf(tuple(lines))]


def _selectors(expression: Expression) -> Iterator[Expression]:
    match expression:
        case Binary(_, left, right):
            yield from _selectors(left)
            yield from _selectors(right)
        case Payload() | Meta() | Ct() | Lookup() | RawPayload() | Numgen() | Hash():
            yield expression


def _few(found: object) -> list[tuple[int, Guard]] | None:
    """The values that a column may have, each with when it has it; None where they are many."""
    match found:
        case Column(bits=bits) if bits <= _MOST_BITS and found.doubt is None:
            return [(value, column_guard(found, IntSet.of(value))) for value in range(1 << bits)]
        case Fixed(value):
            return [(value, ALWAYS)]
        case OneOf(values, doubt=doubt):
            return [(value, ALWAYS if value == values[-1] else Unsure(doubt)) for value in values]
        case _:
            return None


def _with(expression: Expression, selector: Expression, value: Expression) -> Expression:
    """The expression with a value in place of a selector."""
    if expression == selector:
        return value
    if isinstance(expression, Binary):
        left, right = (_with(side, selector, value) for side in (expression.left, expression.right))
        return Binary(expression.operator, left, right)
    return expression


def _mixed(key: Expression, value: Expression) -> Mix | None:
    kind, target = data_type(key), _TARGETS[key]
    return mix(value, number, kind, max(target.bits, 32))


def _set(key: Expression, value: Expression) -> list[Action] | None:
    """The value of marks, of the field itself and of constants as acts; None where that has no acts."""
    found, target = _mixed(key, value), _TARGETS[key]
    if found is None:
        return None
    whole = (1 << target.bits) - 1
    kept = 0
    others = []
    for part in found.parts:
        if part.selector == key and part.shift == 0:
            kept |= part.mask & whole
        else:
            others.append(part)
    constant = found.constant & whole
    if not others and kept == whole and not constant:
        return []
    if not others:
        return [SetBits(target.field, (whole & ~kept) << target.shift, constant << target.shift)]
    if len(others) > 1 or target.field not in ("mark", "ctmark") or others[0].selector not in _MARKS:
        return None
    source, into = _MARKS[others[0].selector], _MARKS[key]
    copy = CopyMark(source, into, others[0].mask & whole, whole & ~kept, others[0].shift)
    return [copy] if not constant else [copy, SetBits(into, 0, constant)]


def _by_chance(
    key: Expression, value: Numgen | Hash, evidence: Evidence | None, context: NftContext
) -> Action:
    doubt = Doubt("random-choice", (evidence.text.strip() if evidence else "",), evidence)
    if value.modulus > _MOST_VALUES or value.modulus < 1:
        return NotUnderstood(doubt)
    last = value.modulus - 1
    return FirstOf(
        tuple(
            Guarded(
                ALWAYS if at == last else Unsure(doubt),
                _one_act(key, Number(value.offset + at), evidence, context),
            )
            for at in range(value.modulus)
        )
    )
