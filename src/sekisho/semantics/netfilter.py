"""iptables rule sets -> stations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from sekisho.model.netfilter import (
    BUILTIN_CHAINS,
    UNKNOWN_MODULE,
    Chain,
    Option,
    Rule,
    Ruleset,
    Table,
)
from sekisho.semantics.conjunction import both
from sekisho.semantics.hooks import CHAIN_HOOKS, NFT_SECURITY_PRIORITY, TABLE_HOOKS
from sekisho.semantics.journey import Doubt, Hook, Lean
from sekisho.semantics.loops import without_loops
from sekisho.semantics.match_context import MatchContext
from sekisho.semantics.matches import rule_guard
from sekisho.semantics.nesting import within_depth
from sekisho.semantics.partial import doubt_of, unseen_chain, with_unseen
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
from sekisho.semantics.targets import changed_sets, rule_action
from sekisho.values.address import Family

if TYPE_CHECKING:
    from sekisho.model.nft import NftRuleset

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
        for table in (*ruleset.tables, *_lost_tables(ruleset)):
            for station in _table_stations(table, ruleset, context):
                found.setdefault(station.hook, []).append(station)
    return {hook: tuple(sorted(here, key=_order)) for hook, here in found.items()}


def moving_sets(rulesets: Sequence[Ruleset]) -> frozenset[str]:
    """The ipsets that rules change while packets pass, of both families."""
    return frozenset(
        name
        for ruleset in rulesets
        for table in ruleset.tables
        for chain in table.chains
        for rule in chain.rules
        for name in changed_sets(rule.target)
    )


def _order(station: Station) -> tuple[int, bool]:
    return station.priority, station.backend != "legacy"


def _lost_tables(ruleset: Ruleset) -> list[Table]:
    """The tables of which the text may have held something, and nothing was seen."""
    if ruleset.incomplete is None:
        return []
    seen = {table.name for table in ruleset.tables}
    return [Table(name, (), ruleset.incomplete) for name in TABLE_HOOKS if name not in seen]


def _table_stations(table: Table, ruleset: Ruleset, context: MatchContext) -> list[Station]:
    backend = ruleset.backend
    users = frozenset(chain.name for chain in table.chains if not table.is_base(chain))
    doubtful = {} if ruleset.complete else _not_loadable(table, ruleset, context)
    code = without_loops(
        {chain.name: _chain_code(chain, table, users, context, doubtful) for chain in table.chains}
    )
    if backend == "nft":
        code = within_depth(code, (chain.name for chain in table.chains if table.is_base(chain)))
    base = {chain.name: code[chain.name] for chain in table.chains if table.is_base(chain)}
    if table.incomplete is not None:
        unseen = (name for name in BUILTIN_CHAINS.get(table.name, ()) if name not in base)
        base |= {name: unseen_chain(name, table.incomplete, table.name) for name in unseen}
    called = {name: code[name] for name in users}
    return [
        Station(
            CHAIN_HOOKS[name],
            _priority(table.name, CHAIN_HOOKS[name], backend),
            table.name,
            chain,
            called,
            _kind(table.name, name),
            backend,
        )
        for name, chain in base.items()
        if name in CHAIN_HOOKS and CHAIN_HOOKS[name] in TABLE_HOOKS.get(table.name, {})
    ]


def _kind(table: str, chain: str) -> Literal["filter", "nat", "route"]:
    if table == "nat":
        return "nat"
    return "route" if (table, chain) == ("mangle", "OUTPUT") else "filter"


def _priority(table: str, hook: Hook, backend: str) -> int:
    if table == "security" and backend != "legacy":
        return NFT_SECURITY_PRIORITY
    return TABLE_HOOKS[table][hook]


def _not_loadable(table: Table, ruleset: Ruleset, context: MatchContext) -> dict[int, Doubt]:
    """The rules (by their identity) of a text that no iptables-save printed and no iptables would load."""
    found: dict[int, Doubt] = {}
    loader = None
    for chain in table.chains:
        for rule in chain.rules:
            if rule.evidence is None or rule.evidence.text.lstrip()[:1] not in ("-", "["):
                continue  # a listing's row: what it leaves out, the rule may have
            if loader is None:
                from sekisho.semantics.loadable import Loader  # only for what people wrote

                known = None if context.ipsets is None else tuple(context.ipsets.values())
                loader = Loader(table, context.family, ruleset.backend, known)
            refusal = loader.refusal(chain.name, rule)
            if refusal is not None and refusal.code != "refused.newer":
                found[id(rule)] = Doubt("rule-not-loadable", (refusal.brief,), rule.evidence)
    return found


def _chain_code(
    chain: Chain, table: Table, names: frozenset[str], context: MatchContext, doubtful: Mapping[int, Doubt]
) -> ChainCode:
    whole = table.incomplete is None
    lines = tuple(
        line_of(number, rule, names, context, doubtful.get(id(rule)), whole)
        for number, rule in enumerate(chain.rules, 1)
    )
    lines = with_unseen(lines, chain.name, table.incomplete, table.name)
    return ChainCode(chain.name, lines, _policy(chain, table, context.leaning), chain.evidence)


def _policy(chain: Chain, table: Table, leaning: bool) -> Action | None:
    """A rules file need not name a chain's policy: it stays what it was, ACCEPT in a fresh table (and after
    iptables-nft-restore, which makes the table anew; measured, 1.8.9). ``gaps`` says that this is so."""
    if not table.is_base(chain):
        return None
    known = _POLICIES.get(chain.policy or "ACCEPT")
    if chain.policy is None and table.incomplete is not None and chain.name not in table.incomplete.whole:
        return NotUnderstood(doubt_of(table.incomplete, table.name))
    if chain.policy is None and not leaning:
        return NotUnderstood(Doubt("policy-unknown", (chain.name, table.name), chain.evidence))
    if known is None:
        return NotUnderstood(Doubt("policy-not-understood", (chain.policy or "",), chain.evidence))
    return known


def line_of(
    number: int,
    rule: Rule,
    names: frozenset[str],
    context: MatchContext,
    doubt: Doubt | None = None,
    whole: bool = True,
) -> Guarded:
    """One rule compiled; ``names`` are the user chains of its table, ``whole``: all of them."""
    guard = rule_guard(rule.matches, context, rule.evidence) if rule.matches else ALWAYS
    action = action_of(rule, names, context.family, whole)
    if doubt is not None:
        guard = both(guard, Unsure(doubt))
        action = action if _unread_target(rule) else NotUnderstood(doubt)
    text = rule.evidence.text.strip() if rule.evidence else ""
    return Guarded(guard, action, number, text, rule.target.name if rule.target else "", rule.evidence)


def action_of(rule: Rule, names: frozenset[str], family: Family, whole: bool = True) -> Action:
    """What a rule does with what fits; ``names`` as in ``line_of``."""
    strange = _unread_target(rule)
    if strange is not None:
        return NotUnderstood(Doubt("target-not-understood", strange.values, rule.evidence))
    return rule_action(rule.target, names, family, rule.evidence, whole)


def _unread_target(rule: Rule) -> Option | None:
    """What could not be read of a rule without a target, and so may be the target."""
    if rule.target is not None:
        return None
    return next((option for option in rule.matches if option.module == UNKNOWN_MODULE), None)


def gaps(
    rulesets: Sequence[Ruleset], family: int, nft: NftRuleset | None = None, usual: Collection[str] = ()
) -> dict[Hook, tuple[Lean, ...]]:
    """What an answer that passes a hook takes for granted: that tables which no file shows are empty,
    that policies which no line shows are ACCEPT, that nftables has nothing but what single tables of it show,
    and, with both back ends in use, the chains' order. Of the ``usual`` tables also that a save of all, which
    looks the same when it is cut between two tables, has none."""
    mine = [ruleset for ruleset in rulesets if ruleset.family == family]
    found: dict[Hook, dict[Lean, None]] = {}
    for ruleset in mine:
        for table in ruleset.tables:
            for hook, lean in _policies_not_shown(table):
                found.setdefault(hook, {})[lean] = None
    if {"legacy", "nft"} <= {ruleset.backend for ruleset in mine if ruleset.tables}:
        for hooks in TABLE_HOOKS.values():
            for hook in hooks:
                found.setdefault(hook, {})[Lean("back-ends-order")] = None
    elif not any(ruleset.incomplete for ruleset in mine) and not (nft and nft.complete):
        captured = {table.name for ruleset in mine for table in ruleset.tables}
        own = "ip" if family == 4 else "ip6"
        captured |= {table.name for table in nft.tables if table.family == own} if nft else set()
        saved = any(ruleset.complete for ruleset in mine)
        code = "table-not-shown" if saved else "table-not-captured"
        for name in usual if saved else TABLE_HOOKS:
            for hook in TABLE_HOOKS[name] if name not in captured else ():
                found.setdefault(hook, {})[Lean(code, (name,))] = None
    if nft is not None and not nft.complete and nft.incomplete is None:
        for hook in {hook for hooks in TABLE_HOOKS.values() for hook in hooks}:
            found.setdefault(hook, {})[Lean("nft-rest-not-captured")] = None
    return {hook: tuple(leans) for hook, leans in found.items()}


def _policies_not_shown(table: Table) -> Iterator[tuple[Hook, Lean]]:
    """Of a table that is known whole. (Kernels before 2.6.36 have no INPUT in nat; since then one that is not
    shown may have been lost, with its rules.)"""
    if table.incomplete is not None:
        return
    chains = {chain.name: chain for chain in table.chains}
    for name in BUILTIN_CHAINS.get(table.name, ()):
        chain = chains.get(name)
        if chain is None or chain.policy is None:
            yield CHAIN_HOOKS[name], Lean("policy-not-shown", (name, table.name))
