"""What of a table nobody saw: lines that a text leaves out or that nobody understands might call its chains.

Who proves that something never happens in a table asks here first. A chain that an unseen line may call gets
any packet, whatever the lines that are shown lead to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.model.netfilter import UNKNOWN_MODULE, Ruleset, Table
from sekisho.model.nft import NftTable
from sekisho.model.nft_expression import Unknown
from sekisho.semantics.control import acts
from sekisho.semantics.journey import Doubt
from sekisho.semantics.netfilter import action_of
from sekisho.semantics.partial import doubt_of
from sekisho.semantics.program import Action, ChainCode, NotUnderstood, Station

# What is not understood of these is another thing than where the packet goes on: they call no chain.
_NO_CALL = frozenset({
    "userspace-decides", "synproxy", "tproxy", "sent-on-at-ingress", "policy-not-understood",
    "policy-unknown", "target-lost-in-listing",
})  # fmt: skip


def may_call(action: Action) -> Doubt | None:
    """Why an action might lead to a chain of its table that it does not name; None where it does not."""
    if isinstance(action, NotUnderstood) and action.doubt.code not in _NO_CALL:
        return action.doubt
    return None


def unseen_calls(chains: Iterable[ChainCode]) -> Doubt | None:
    """Why chains that belong together may be called by lines that are not shown, the first reason."""
    found = (may_call(act) for chain in chains for line in chain.lines for act in acts(line.action))
    return next((doubt for doubt in found if doubt is not None), None)


def unseen_of(stations: Iterable[Station]) -> Doubt | None:
    """The same of the stations of one table."""
    each = {chain.name: chain for one in stations for chain in one.every}
    return unseen_calls(each.values())


def unread_of(table: Table) -> Doubt | None:
    """Why a captured table of iptables may hold rules that are not shown, or not as they are."""
    if table.incomplete is not None:
        return doubt_of(table.incomplete, table.name)
    for rule in (rule for chain in table.chains for rule in chain.rules):
        for option in (*rule.matches, *(rule.target.options if rule.target is not None else ())):
            if option.module == UNKNOWN_MODULE:
                return Doubt("match-not-understood", option.values, rule.evidence)
    return None


def unseen(table: Table, ruleset: Ruleset) -> Doubt | None:
    """Why chains of a captured table of iptables may be called by lines that are not shown."""
    if table.incomplete is not None:
        return doubt_of(table.incomplete, table.name)
    names = frozenset(chain.name for chain in table.chains if not table.is_base(chain))
    rules = (rule for chain in table.chains for rule in chain.rules)
    found = (may_call(action_of(rule, names, ruleset.family)) for rule in rules)
    return next((doubt for doubt in found if doubt is not None), None)


def unseen_nft(table: NftTable) -> Doubt | None:
    """The same of a captured table of nftables."""
    if table.incomplete is not None:
        return doubt_of(table.incomplete, table.name)
    in_chains = (line for chain in table.chains for line in chain.unread)
    in_sets = (line for one in table.sets for line in one.unread)
    for line in (*table.unread, *in_chains, *in_sets):
        return Doubt("target-not-understood", (line.evidence.text.strip(),), line.evidence)
    for rule in (rule for chain in table.chains for rule in chain.rules):
        strange = next((one for one in rule.statements if isinstance(one, Unknown)), None)
        if strange is not None:
            return Doubt("target-not-understood", (strange.text,), rule.evidence)
    return None
