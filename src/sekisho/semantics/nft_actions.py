"""The meaning of nftables' statements that are no matches: statement -> action.

Sources: nft(8) "Statements", net/netfilter/nft_nat.c, nft_masq.c, nft_redir.c, nft_reject.c, nft_ct.c,
nft_meta.c. None stands for a statement that decides nothing (counter, log, a copy of the packet).
"""

from __future__ import annotations

from typing import Literal

from sekisho.model.nft_rule import (
    Assign,
    Binary,
    Ct,
    Expression,
    Lookup,
    Meta,
    Number,
    Payload,
    Reject,
    Verdict,
    Word,
)
from sekisho.model.nft_types import data_type
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_context import NftContext
from sekisho.semantics.nft_values import number
from sekisho.semantics.program import (
    Accept,
    Action,
    Continue,
    CopyMark,
    Drop,
    Goto,
    Jump,
    NotUnderstood,
    Return,
    SetBits,
    SetZone,
)
from sekisho.semantics.program import Reject as Refuse

_VERDICTS: dict[str, Action] = {
    "accept": Accept(), "drop": Drop(), "continue": Continue(), "return": Return(),
}  # fmt: skip


def verdict_action(verdict: Verdict, context: NftContext) -> Action:
    """accept, drop, continue, return, jump or goto."""
    if verdict.kind in _VERDICTS:
        return _VERDICTS[verdict.kind]
    if verdict.chain not in context.chains:
        return NotUnderstood(Doubt("chain-not-captured", (verdict.chain,)))
    return Jump(verdict.chain) if verdict.kind == "jump" else Goto(verdict.chain)


# What the sender is told, in iptables' spelling (net/netfilter/nft_reject.c, icmp_code_v4 and _v6).
_ICMP = {
    "net-unreachable": "icmp-net-unreachable", "host-unreachable": "icmp-host-unreachable",
    "prot-unreachable": "icmp-proto-unreachable", "port-unreachable": "icmp-port-unreachable",
    "net-prohibited": "icmp-net-prohibited", "host-prohibited": "icmp-host-prohibited",
    "admin-prohibited": "icmp-admin-prohibited",
}  # fmt: skip
_ICMPV6 = {
    "no-route": "icmp6-no-route", "admin-prohibited": "icmp6-adm-prohibited",
    "addr-unreachable": "icmp6-addr-unreachable", "port-unreachable": "icmp6-port-unreachable",
    "policy-fail": "icmp6-policy-fail", "reject-route": "icmp6-reject-route",
}  # fmt: skip
_ICMPX: dict[int, dict[str, str]] = {
    4: {"port-unreachable": "icmp-port-unreachable", "admin-prohibited": "icmp-admin-prohibited",
        "no-route": "icmp-net-unreachable", "host-unreachable": "icmp-host-unreachable"},
    6: {"port-unreachable": "icmp6-port-unreachable", "admin-prohibited": "icmp6-adm-prohibited",
        "no-route": "icmp6-no-route", "host-unreachable": "icmp6-addr-unreachable"},
}  # fmt: skip


def reject_action(reject: Reject, context: NftContext) -> Action | None:
    """The refusal and what it tells; None where it is for packets of the other family."""
    if reject.kind == "tcp reset":
        return Refuse("tcp-reset")
    if reject.kind == "icmpx":
        words = _ICMPX[context.family]
    elif reject.kind == ("icmp" if context.family == 4 else "icmpv6"):
        words = _ICMP if context.family == 4 else _ICMPV6
    else:
        return None
    code = reject.code.text if isinstance(reject.code, Word) else ""
    if code in words:
        return Refuse(words[code])
    return Refuse(f"{'icmp' if context.family == 4 else 'icmp6'}-code-{_code(reject.code)}")


def _code(code: Expression | None) -> str:
    return str(code.value) if isinstance(code, Number) else code.text if isinstance(code, Word) else "?"


# Of which direction of a connection a zone is set.
_ZONES = {"": "both", "original": "orig", "reply": "reply"}
# Keys whose setting changes nothing of where a packet goes.
_IDLE_META = frozenset({"priority", "nftrace", "secmark"})
_IDLE_CT = frozenset({"label", "event", "helper"})


def assign_actions(assign: Assign) -> list[Action] | None:
    """``KEY set VALUE`` as acts in order; None where it is not understood.

    Maps and random values as VALUE are the caller's.
    """
    match assign.key:
        case Meta("mark"):
            return _mark("mark", assign.value)
        case Ct("mark"):
            return _mark("ctmark", assign.value)
        case Ct("zone", direction):
            if direction not in _ZONES:
                return None
            return [SetZone(number(assign.value, "integer"), _ZONES[direction])]
        case Meta(key) if key in _IDLE_META:
            return []
        case Ct(key) if key in _IDLE_CT:
            return []
        case Payload(protocol, field):
            return _header(protocol, field, assign.value)
        case Lookup("tcp option"):
            return []
        case _:
            return None


_MarkField = Literal["mark", "ctmark"]
_ALL = 0xFFFFFFFF


def _mark(target: _MarkField, value: Expression) -> list[Action] | None:
    """A constant, or a mark with ``& | ^`` applied one after another."""
    if isinstance(value, Binary):
        before = _mark(target, value.left)
        if before is None:
            return None
        operand = number(value.right, "mark")
        bits = {
            "&": (~operand & _ALL, 0),
            "|": (operand, operand),
            "^": (0, operand),
        }.get(value.operator)
        return None if bits is None else _joined(before, SetBits(target, *bits))
    source = _mark_source(value)
    if source is not None:
        return [] if source == target else [CopyMark(source, target, _ALL, _ALL)]
    return [SetBits(target, _ALL, number(value, "mark"))]


def _joined(before: list[Action], act: SetBits) -> list[Action]:
    """Two changes of the same field one after another as one, where that is possible."""
    last = before[-1] if before else None
    if not isinstance(last, SetBits):
        return [*before, act]
    # ((x & ~m1) ^ v1) & ~m2 ^ v2
    mask = last.mask | act.mask
    value = (last.value & ~act.mask) ^ act.value
    return [*before[:-1], SetBits(last.field, mask, value & _ALL)]


def _mark_source(value: Expression) -> _MarkField | None:
    match value:
        case Meta("mark"):
            return "mark"
        case Ct("mark", ""):
            return "ctmark"
        case _:
            return None


def _header(protocol: str, field: str, value: Expression) -> list[Action] | None:
    kind = data_type(Payload(protocol, field))
    if field in ("ttl", "hoplimit"):
        return [SetBits("ttl", 0xFF, number(value, kind))]
    if field == "dscp":
        return [SetBits("tos", 0xFC, number(value, kind) << 2)]
    if field == "ecn":
        return [SetBits("tos", 0x03, number(value, kind))]
    if protocol in ("ether", "vlan") or field == "checksum":
        return []
    return None
