"""One family's iptables tables while dockerd works on them: insert, append, delete, chain by chain.

Rules are kept in the one spelling of ``iptables-save``, so that "is it there already?", which dockerd
asks before each of its commands, is a comparison of texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

from sekisho.model.evidence import Evidence, Partial
from sekisho.model.netfilter import BUILTIN_CHAINS, Chain, Rule, Ruleset, Table
from sekisho.sources.iptables_rule import parse_rule, render_rule
from sekisho.values.address import Family

# The tables that dockerd uses.
BUILT_IN = {name: BUILTIN_CHAINS[name] for name in ("raw", "mangle", "nat", "filter")}
TABLE_ORDER = ("raw", "mangle", "nat", "filter", "security")


class _Texts:
    """A chain's rules in order; whether one is there is known without looking at all of them."""

    __slots__ = ("_count", "ordered")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.ordered = list(texts)
        self._count = Counter(self.ordered)

    def __contains__(self, text: str) -> bool:
        return self._count[text] > 0

    def insert(self, at: int, text: str) -> None:
        self.ordered.insert(at, text)
        self._count[text] += 1

    def remove(self, text: str) -> None:
        """The first that is equal, which must be there."""
        self.ordered.remove(text)
        self._count[text] -= 1


class Firewall:
    """The iptables tables of one family, changed in place.

    ``before`` is what was captured; None where nothing was. With ``known`` False the host's own rules
    are not known: every table then says that its chains may hold more.
    """

    def __init__(self, family: Family, before: Ruleset | None, known: bool) -> None:
        self.family: Family = family
        # Docker calls plain iptables, which is iptables-nft on hosts of this decade.
        self.backend = before.backend if before is not None and before.tables else "nft"
        self._complete = before.complete if before is not None else known
        self.captured = before is not None
        self._known = known
        self._policies: dict[tuple[str, str], str | None] = {}
        self._rules: dict[tuple[str, str], _Texts] = {}
        self._originals: dict[str, Rule] = {}
        self._incomplete: dict[str, Partial | None] = {}
        self._tables: list[str] = []
        for table in before.tables if before is not None else ():
            self._tables.append(table.name)
            self._incomplete[table.name] = table.incomplete
            for chain in table.chains:
                self._policies[table.name, chain.name] = chain.policy
                texts = [render_rule(rule) for rule in chain.rules]
                self._rules[table.name, chain.name] = _Texts(texts)
                self._originals.update(zip(texts, chain.rules, strict=True))
        self.touched = False
        self._record: list[tuple[str, str, str]] | None = None

    def has_chain(self, table: str, chain: str) -> bool:
        return (table, chain) in self._rules

    def rules(self, table: str, chain: str) -> tuple[str, ...]:
        """The rules of a chain as text; empty where there is no such chain."""
        found = self._rules.get((table, chain))
        return tuple(found.ordered) if found is not None else ()

    def every_rule(self) -> Iterator[tuple[str, str, str]]:
        """(table, chain, rule) of all chains."""
        for (table, chain), rules in self._rules.items():
            for rule in rules.ordered:
                yield table, chain, rule

    def new_chain(self, table: str, chain: str) -> None:
        """``iptables -N``; an existing chain is left as it is."""
        self._table(table)
        self._rules.setdefault((table, chain), _Texts())
        self._policies.setdefault((table, chain), None)
        self.touched = True

    def remove_chain(self, table: str, chain: str) -> None:
        self._rules.pop((table, chain), None)
        self._policies.pop((table, chain), None)

    def policy(self, table: str, chain: str, policy: str) -> None:
        self._table(table)
        self._policies[table, chain] = policy
        self.touched = True

    def insert(self, table: str, chain: str, rule: str) -> None:
        """At the head of the chain, unless the rule stands there anywhere already."""
        rules = self._chain(table, chain)
        if rule not in rules:
            rules.insert(0, rule)
            self._note(table, chain, rule)

    def append(self, table: str, chain: str, rule: str) -> None:
        """At the end of the chain, unless the rule stands there anywhere already."""
        rules = self._chain(table, chain)
        if rule not in rules:
            rules.insert(len(rules.ordered), rule)
            self._note(table, chain, rule)

    def delete(self, table: str, chain: str, rule: str) -> None:
        """The first rule that is equal, if there is one."""
        rules = self._rules.get((table, chain))
        if rules is not None and rule in rules:
            rules.remove(rule)
            self.touched = True

    def delete_naming(self, interface: str) -> None:
        """Every rule of Docker's that names the interface."""
        for (table, chain), rules in self._rules.items():
            if chain != "DOCKER-USER":
                kept = [rule for rule in rules.ordered if interface not in rule.split()]
                if len(kept) != len(rules.ordered):
                    self.touched = True
                    self._rules[table, chain] = _Texts(kept)

    @contextmanager
    def recorded(self) -> Iterator[list[tuple[str, str, str]]]:
        """Rules inserted or appended meanwhile: (table, chain, rule)."""
        self._record = []
        try:
            yield self._record
        finally:
            self._record = None

    def _note(self, table: str, chain: str, rule: str) -> None:
        if self._record is not None:
            self._record.append((table, chain, rule))

    def to_top(self, table: str, chain: str, rule: str) -> None:
        """dockerd's EnsureJumpRule: wherever the rule stands, it is first afterwards."""
        self.delete(table, chain, rule)
        self._chain(table, chain).insert(0, rule)

    def ruleset(self) -> Ruleset:
        """The tables as facts; counters of rules that were captured are kept."""
        names = [name for name in TABLE_ORDER if name in self._tables]
        names += [name for name in self._tables if name not in names]
        return Ruleset(
            self.family, self.backend, tuple(self._as_table(name) for name in names), self._complete
        )

    def _as_table(self, table: str) -> Table:
        chains = tuple(
            Chain(name, self._policies[table, name], tuple(self._rule(text) for text in texts.ordered))
            for (owner, name), texts in self._rules.items()
            if owner == table
        )
        return Table(table, chains, self._incomplete.get(table))

    def _rule(self, text: str) -> Rule:
        kept = self._originals.get(text)
        if kept is not None:
            return replace(kept, evidence=None)
        return _parsed(text, self.family)

    def _table(self, table: str) -> None:
        if table not in self._tables:
            self._tables.append(table)
            if not self._known:
                place = Evidence("", 0, "the host's own rules were not captured")
                self._incomplete[table] = Partial("predicted", place)
            for chain in BUILT_IN[table]:
                self._rules[table, chain] = _Texts()
                self._policies[table, chain] = "ACCEPT"

    def _chain(self, table: str, chain: str) -> _Texts:
        self._table(table)
        self.touched = True
        # A damaged capture may lack the line of a built-in chain, which is there all the same.
        self._policies.setdefault((table, chain), "ACCEPT" if chain in BUILT_IN.get(table, ()) else None)
        return self._rules.setdefault((table, chain), _Texts())


@lru_cache(maxsize=65536)
def _parsed(text: str, family: Family) -> Rule:
    rule, problems = parse_rule(text, family)
    if problems:
        raise AssertionError(f"{text}: {problems}")
    return rule


def firewalls(before: Iterable[Ruleset], known: bool) -> tuple[Firewall, Firewall]:
    """IPv4's and IPv6's; of two back ends the one that holds Docker's chains, else the nft one."""
    found: list[Firewall] = []
    captured = tuple(before)
    for family in (4, 6):
        candidates = [ruleset for ruleset in captured if ruleset.family == family]
        candidates.sort(key=lambda ruleset: (not _has_docker(ruleset), ruleset.backend == "legacy"))
        chosen = candidates[0] if candidates else None
        found.append(Firewall(4 if family == 4 else 6, chosen, known or chosen is not None))
    return found[0], found[1]


def _has_docker(ruleset: Ruleset) -> bool:
    return any(chain.name == "DOCKER" for table in ruleset.tables for chain in table.chains)
