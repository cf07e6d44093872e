"""What iptables' rules show by themselves, where Docker's own state was not captured to compare them with."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.answers.finding import Finding
from sekisho.answers.forward_drop import USER_CHAIN
from sekisho.answers.written_lines import WrittenLines
from sekisho.model.netfilter import UNKNOWN_MODULE, Chain, Rule, Table
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.site import Site
from sekisho.sources.iptables_rule import render_rule
from sekisho.values.address import Address, Family


def by_rules_alone(snapshot: Snapshot) -> Iterator[Finding]:
    """Rules that are there twice, rules before DOCKER-USER, and published ports of containers that are
    gone."""
    written = WrittenLines(snapshot)
    if snapshot.containers is not None or snapshot.networks is not None:
        yield from _left_over(snapshot)
    for ruleset in snapshot.host.rulesets:
        for table in ruleset.tables:
            for chain in table.chains:
                yield from _twice(table, chain)
                if (table.name, chain.name) == ("filter", "FORWARD"):
                    yield from _before_user(table, chain, ruleset.family, written)


def _left_over(snapshot: Snapshot) -> Iterator[Finding]:
    """Where Docker's list of containers was captured and that of networks not, or the other way round."""
    gone = {address for item in Site(snapshot).gone for address in item.addresses}
    for ruleset in snapshot.host.rulesets:
        tool = "iptables" if ruleset.family == 4 else "ip6tables"
        for table in ruleset.tables:
            for chain in table.chains:
                for rule in chain.rules:
                    address = dnat_destination(rule)
                    if address in gone:
                        places = (rule.evidence,) if rule.evidence is not None else ()
                        args = (tool, table.name, chain.name, render_rule(rule), str(address))
                        yield Finding("drift.rule-orphaned", "error", args, places)


def dnat_destination(rule: Rule) -> Address | None:
    """The single address that a DNAT rule sends to."""
    for option in rule.target.options if rule.target is not None else ():
        if option.name == "to-destination":
            text = option.values[0]
            host = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0]
            try:
                return Address.parse(host if text.startswith("[") or text.count(":") < 2 else text)
            except ValueError:
                return None
    return None


def _twice(table: Table, chain: Chain) -> Iterator[Finding]:
    seen: set[str] = set()
    for rule in chain.rules:
        if any(option.module == UNKNOWN_MODULE for option in rule.matches):
            continue  # what was not read, or not shown (interfaces, without -v), may tell two rules apart
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
