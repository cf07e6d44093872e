"""The bridges that dockerd's rules name in an nftables listing: its own table, and iptables-nft's tables in
nft's words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.model.evidence import Evidence
from sekisho.model.nft import NftRule, NftRuleset, NftTable
from sekisho.model.nft_expression import Meta, Payload, Word
from sekisho.model.nft_rule import Counter, Match, Nat, Verdict
from sekisho.semantics.bridges import Shape, bridge_in

_OWN_TABLE = "docker-bridges"
# Chains of dockerd's nftables back end end with the bridge's name.
_OWN_CHAIN = re.compile(r"filter-forward-(in|out)__(.+)")
_INTERFACES = {("iifname", "=="): "iif", ("iifname", "!="): "not_iif", ("oifname", "=="): "oif",
               ("oifname", "!="): "not_oif"}  # fmt: skip


def written_in_nft(ruleset: NftRuleset) -> Iterator[tuple[str, Evidence | None]]:
    """Each with the line that names it; the first line of each last."""
    for table in ruleset.tables:
        if table.family in ("ip", "ip6"):
            yield from _in_table(table)


def _in_table(table: NftTable) -> Iterator[tuple[str, Evidence | None]]:
    for chain in reversed(table.chains):
        own = _OWN_CHAIN.fullmatch(chain.name) if table.name == _OWN_TABLE else None
        if own is not None:
            yield own[2], chain.evidence
        for rule in reversed(chain.rules):
            name = bridge_in(table.name, chain.name, _shape_of(rule))
            if name is not None:
                yield name, rule.evidence


def _shape_of(rule: NftRule) -> Shape:
    named: dict[str, str] = {}
    to, port, others = "", False, False
    for statement in rule.statements:
        match statement:
            case Match(operator, Meta(key), Word(name)) if (key, operator) in _INTERFACES:
                named[_INTERFACES[key, operator]] = name
            case Match("==", Payload(_, "dport")):
                port = True
            case Verdict(kind, chain):
                to = chain if kind == "jump" else kind.upper()
            case Nat("dnat"):
                to = "DNAT"
            case Counter():
                pass
            case _:
                others = True
    return Shape(to, port=port, else_=others, **named)
