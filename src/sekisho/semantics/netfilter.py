"""iptables rule sets -> stations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sekisho.model.netfilter import UNKNOWN_MODULE, Chain, Rule, Ruleset, Table
from sekisho.semantics.hooks import CHAIN_HOOKS, NFT_SECURITY_PRIORITY, TABLE_HOOKS
from sekisho.semantics.journey import Doubt, Hook, Lean
from sekisho.semantics.loops import without_loops
from sekisho.semantics.match_context import MatchContext
from sekisho.semantics.matches import rule_guard
from sekisho.semantics.program import (
    ALWAYS,
    Accept,
    Action,
    ChainCode,
    Drop,
    Guarded,
    NotUnderstood,
    Station,
    Unsure,
)
from sekisho.semantics.targets import rule_action

_POLICIES: dict[str, Action] = {"ACCEPT": Accept(), "DROP": Drop()}


def stations(rulesets: Sequence[Ruleset], context: MatchContext) -> dict[Hook, tuple[Station, ...]]:
    """The base chains of every captured table, by hook, in the order that packets pass them.

    At equal priorities the legacy back end comes first: the kernel asks what was registered last, which
    no listing tells (net/netfilter/core.c, nf_hook_entries_grow); ``gaps`` says so.
    """
    found: dict[Hook, list[Station]] = {}
    for ruleset in rulesets:
        if ruleset.family != context.family:
            continue
        for table in ruleset.tables:
            for station in _table_stations(table, ruleset.backend, context):
                found.setdefault(station.hook, []).append(station)
    return {hook: tuple(sorted(here, key=_order)) for hook, here in found.items()}


def _order(station: Station) -> tuple[int, bool]:
    return station.priority, station.backend != "legacy"


def _table_stations(table: Table, backend: str, context: MatchContext) -> list[Station]:
    names = frozenset(chain.name for chain in table.chains if chain.policy is None)
    code = without_loops({chain.name: _chain_code(chain, table, names, context) for chain in table.chains})
    users = {name: each for name, each in code.items() if name in names}
    return [
        Station(
            CHAIN_HOOKS[chain.name],
            _priority(table.name, CHAIN_HOOKS[chain.name], backend),
            table.name,
            code[chain.name],
            users,
            _kind(table.name, chain.name),
            backend,
        )
        for chain in table.chains
        if chain.policy is not None
        and chain.name in CHAIN_HOOKS
        and CHAIN_HOOKS[chain.name] in TABLE_HOOKS.get(table.name, {})
    ]


def _kind(table: str, chain: str) -> Literal["filter", "nat", "route"]:
    if table == "nat":
        return "nat"
    return "route" if (table, chain) == ("mangle", "OUTPUT") else "filter"


def _priority(table: str, hook: Hook, backend: str) -> int:
    if table == "security" and backend != "legacy":
        return NFT_SECURITY_PRIORITY
    return TABLE_HOOKS[table][hook]


def _chain_code(chain: Chain, table: Table, names: frozenset[str], context: MatchContext) -> ChainCode:
    lines = [_line(number, rule, names, context) for number, rule in enumerate(chain.rules, 1)]
    if table.incomplete is not None:
        # The text was cut inside this table: any of its chains may go on with rules nobody saw.
        doubt = Doubt("table-incomplete", (table.name,), table.incomplete)
        lines.append(Guarded(Unsure(doubt), NotUnderstood(doubt), 0, "", "", table.incomplete))
    policy = None if chain.policy is None else _POLICIES.get(chain.policy)
    if chain.policy is not None and policy is None:
        policy = NotUnderstood(Doubt("policy-not-understood", (chain.policy,), chain.evidence))
    return ChainCode(chain.name, tuple(lines), policy, chain.evidence)


def _line(number: int, rule: Rule, names: frozenset[str], context: MatchContext) -> Guarded:
    guard = rule_guard(rule.matches, context, rule.evidence) if rule.matches else ALWAYS
    action = rule_action(rule.target, names, context.family, rule.evidence)
    strange = next((option for option in rule.matches if option.module == UNKNOWN_MODULE), None)
    if rule.target is None and strange is not None:
        # What could not be read may be the target.
        doubt = Doubt("target-not-understood", strange.values, rule.evidence)
        action = NotUnderstood(doubt)
    text = rule.evidence.text.strip() if rule.evidence else ""
    return Guarded(guard, action, number, text, rule.target.name if rule.target else "", rule.evidence)


def gaps(rulesets: Sequence[Ruleset], family: int, has_nft: bool) -> dict[Hook, tuple[Lean, ...]]:
    """What an answer that passes a hook takes for granted: that tables which no file shows are empty,
    and, with both back ends in use, the order of their chains."""
    mine = [ruleset for ruleset in rulesets if ruleset.family == family]
    if {"legacy", "nft"} <= {ruleset.backend for ruleset in mine if ruleset.tables}:
        return {hook: (Lean("back-ends-order"),) for hooks in TABLE_HOOKS.values() for hook in hooks}
    if any(ruleset.complete for ruleset in mine) or has_nft:
        return {}
    captured = {table.name for ruleset in mine for table in ruleset.tables}
    missing: dict[Hook, tuple[Lean, ...]] = {}
    for table, hooks in TABLE_HOOKS.items():
        if table in captured:
            continue
        for hook in hooks:
            missing[hook] = (*missing.get(hook, ()), Lean("table-not-captured", (table,)))
    return missing
