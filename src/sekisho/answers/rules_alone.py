"""What iptables' rules show by themselves, where Docker's own state was not captured to compare them with."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.answers.finding import Finding
from sekisho.answers.forward_drop import USER_CHAIN
from sekisho.answers.written_lines import WrittenLines
from sekisho.model.netfilter import Chain, Rule, Table
from sekisho.model.snapshot import Snapshot
from sekisho.sources.iptables_rule import render_rule
from sekisho.values.address import Family


def by_rules_alone(snapshot: Snapshot) -> Iterator[Finding]:
    """Rules that are there twice, and rules before DOCKER-USER."""
    written = WrittenLines(snapshot)
    for ruleset in snapshot.host.rulesets:
        for table in ruleset.tables:
            for chain in table.chains:
                yield from _twice(table, chain)
                if (table.name, chain.name) == ("filter", "FORWARD"):
                    yield from _before_user(table, chain, ruleset.family, written)


def _twice(table: Table, chain: Chain) -> Iterator[Finding]:
    seen: set[str] = set()
    for rule in chain.rules:
        text = render_rule(rule)
        if text in seen and _is_dockers(chain, rule):
            places = (rule.evidence,) if rule.evidence is not None else ()
            yield Finding("trap.rule-twice", "warning", (table.name, chain.name, text), places)
        seen.add(text)


def _is_dockers(chain: Chain, rule: Rule) -> bool:
    target = rule.target.name if rule.target is not None else ""
    return chain.name.startswith("DOCKER") or target.startswith("DOCKER") or target == "MASQUERADE"


def _before_user(table: Table, chain: Chain, family: Family, written: WrittenLines) -> Iterator[Finding]:
    """Whatever decides before DOCKER-USER; what dockerd writes there itself (26 beside a swarm) takes
    nothing from an administrator who has no rules."""
    names = [rule.target.name if rule.target is not None else "" for rule in chain.rules]
    if USER_CHAIN not in names:
        return
    busy = has_user_rules(table)
    for rule in chain.rules[: names.index(USER_CHAIN)]:
        if busy or not written.writes(family, table.name, chain.name, rule):
            places = (rule.evidence,) if rule.evidence is not None else ()
            yield Finding("drift.before-user", "warning", ("iptables", render_rule(rule)), places)


def has_user_rules(table: Table) -> bool:
    """Whether DOCKER-USER holds more than dockerd's own ``-j RETURN``."""
    rules = [rule for chain in table.chains if chain.name == USER_CHAIN for rule in chain.rules]
    return any(render_rule(rule) != "-j RETURN" for rule in rules)
