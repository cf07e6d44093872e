"""The meaning of nftables' statements that are no matches: statement -> action.

Sources: nft(8) "Statements", net/netfilter/nft_nat.c, nft_masq.c, nft_redir.c, nft_reject.c, nft_ct.c,
nft_meta.c. None stands for a statement that decides nothing (counter, log, a copy of the packet).
"""

from __future__ import annotations

from sekisho.model.nft_expression import Expression, Number, Word
from sekisho.model.nft_rule import Reject, Verdict
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_context import NftContext
from sekisho.semantics.program import (
    Accept,
    Action,
    Continue,
    Drop,
    Goto,
    Jump,
    NotUnderstood,
    Return,
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
