"""What each table, chain, policy and rule of iptables does on this host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sekisho.explain.context import HostContext
from sekisho.explain.idioms import Place, explain_idiom
from sekisho.explain.matches import phrase_of, subject
from sekisho.explain.message import Message, join, m
from sekisho.explain.owners import chain_owner, chain_role
from sekisho.explain.partly import may_hold_more, partly, uncalled, without_rules
from sekisho.explain.targets import explain_counters, explain_target
from sekisho.model.netfilter import Chain, Table

_MOST = 8
_TABLES = {"nat", "filter", "raw", "mangle", "security"}
_HOOKS = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
_NAT_HOOKS = {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"}


def explain_table(table: Table) -> tuple[Message, ...]:
    """What the table is there for, and whether it was captured to its end."""
    said = [m(f"table.{table.name}") if table.name in _TABLES else m("table.other", table.name)]
    return (*said, *partly(table.incomplete))


Calls = Mapping[str, Sequence[Message]]


def calls_of(table: Table) -> Calls:
    """The names of the rules that call each chain of the table."""
    calls: dict[str, list[Message]] = {}
    for chain in table.chains:
        for number, rule in enumerate(chain.rules, start=1):
            if rule.target is not None:
                calls.setdefault(rule.target.name, []).append(m("rule.name", chain.name, number))
    return calls


def explain_chain(chain: Chain, table: Table, calls: Calls) -> tuple[Message, ...]:
    """A chain's head: where it stands or who calls it, who writes it, its policy and counters."""
    said: list[Message] = []
    if table.is_base(chain):
        if table.name == "nat" and chain.name in _NAT_HOOKS:
            said.append(m(f"chain.nat.{chain.name}"))
        elif chain.name in _HOOKS:
            said.append(m(f"chain.{chain.name}"))
        else:
            said.append(m("chain.builtin.other", chain.name, table.name))
        if not chain.rules:
            said.append(without_rules(chain.name, table.incomplete))
        said.extend(_policy(chain, table))
        return tuple(said)
    role, owner = chain_role(chain.name, table.name), chain_owner(chain.name)
    said.append(m("chain.user", chain.name) if role is None else m("chain.role", chain.name, role))
    if owner is not None:
        said.append(owner)
    said.extend(_callers(chain, calls.get(chain.name, ()), table))
    if not chain.rules:
        said.append(without_rules(chain.name, table.incomplete))
    return tuple(said)


def _policy(chain: Chain, table: Table) -> list[Message]:
    if chain.policy is None:
        hidden = may_hold_more(chain.name, table.incomplete)
        return [m("chain.policy.unknown" if hidden else "chain.policy.not_shown")]
    if chain.policy == "ACCEPT" and table.name == "nat":
        said = [m("chain.policy.nat")]
    elif chain.policy in ("ACCEPT", "DROP"):
        said = [m(f"chain.policy.{chain.policy}")]
    else:
        said = [m("chain.policy.other", chain.policy)]
    if chain.packets is not None:
        hits = m("chain.policy.hits", f"{chain.packets:,}", f"{chain.bytes or 0:,}")
        said.append(hits if chain.packets else m("chain.policy.no_hits"))
    return said


def _callers(chain: Chain, calls: Sequence[Message], table: Table) -> list[Message]:
    if len(calls) > _MOST:
        said = [m("chain.called.many", join("list", calls[:_MOST]), len(calls) - _MOST)]
    else:
        said = [m("chain.called", join("and", calls)) if calls else uncalled(table.incomplete)]
    if chain.references is not None and chain.references != len(calls):
        said.append(m("chain.references", chain.references, len(calls)))
    return said


def _refused(place: Place) -> list[Message]:
    """That the rule cannot have been loaded; asked of rules that are written as commands."""
    place_of_rule = place.rule.evidence
    if place.loader is None or place_of_rule is None or place_of_rule.text.lstrip()[:1] not in ("-", "["):
        return []
    found = place.loader.refusal(place.chain.name, place.rule)
    return [] if found is None else [m(found.code, *found.args)]


def explain_rule(place: Place, context: HostContext) -> tuple[Message, ...]:
    """A rule: who it is about and what happens to them, what it is for, how often it was hit."""
    phrase = phrase_of(place.rule.matches, context.namespace.ipsets, place.family)
    jump = place.chains.get(place.rule.target.name) if place.rule.target else None
    return (
        m("rule.number", place.number),
        *_refused(place),
        *explain_target(place, jump, subject(phrase), context),
        *explain_idiom(place, context),
        *phrase.remarks,
        *explain_counters(place.rule, place.table),
    )
