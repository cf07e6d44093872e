"""What the captured text itself says of a line, whatever follows from its rules: that packets were counted on
it, that it does more than to decide, and that dockerd writes it so.

A counter above zero refutes that a line never takes anything: what proves it has changed since, or something
was not captured. And what dockerd writes itself is not for the administrator to tidy, as long as no line of
somebody else's is what makes it dead.
"""

from __future__ import annotations

from functools import cached_property

from sekisho.docker.own_lines import is_own_line, is_own_rule
from sekisho.model.netfilter import Rule
from sekisho.model.nft import NftRule
from sekisho.model.nft_rule import (
    Counter,
    Match,
    Nat,
    Reject,
    Simple,
    Statement,
    UseObject,
    Verdict,
    VerdictMap,
)
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.bridges import bridges_of
from sekisho.semantics.control import PASSING
from sekisho.semantics.program import ChainCode, Guarded, Station
from sekisho.symbolic.dead import DeadLine
from sekisho.values.address import Family

# Matches whose answer depends on what they were asked before, by this rule or others.
_COUNTING = frozenset({
    "recent", "limit", "hashlimit", "dstlimit", "quota", "connlimit", "statistic", "nth", "rateest",
    "account", "nfacct",
})  # fmt: skip
# Statements of nftables that do nothing else.
_DECIDING = (Match, Verdict, VerdictMap, Counter, Nat, Reject)

# The IP version of iptables' tables (0 for nftables' own), back end, table, chain.
_Where = tuple[int, str, str, str]


class WrittenLines:
    """The rules of a host's own namespace as they were captured."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def tells(self, dead: DeadLine, station: Station, family: Family) -> bool:
        """Whether a dead line is worth a word."""
        if dead.why != "redundant" and self.counted(station, family, dead.chain, dead.line):
            return False
        if not self.is_dockers(station, family, dead.chain, dead.line):
            return True
        if dead.why == "redundant":
            return False
        return not all(self.is_dockers(station, family, chain, line) for chain, line in dead.proof)

    def counted(self, station: Station, family: Family, chain: ChainCode, line: Guarded) -> bool:
        """Whether packets were counted on the line."""
        rule = self._rule(station, family, chain, line)
        if isinstance(rule, NftRule):
            return nft_packets(rule) > 0
        return rule is not None and (rule.packets or 0) > 0

    def acts(self, station: Station, family: Family, chain: ChainCode, line: Guarded) -> bool:
        """Whether the line does more with packets than to decide about them: it logs or marks them, adds to a
        list, counts against a limit."""
        rule = self._rule(station, family, chain, line)
        if isinstance(rule, NftRule):
            return not all(map(_only_decides, rule.statements))
        if rule is None:
            return False
        passes = isinstance(line.action, PASSING) and rule.target is not None
        return passes or any(option.module in _COUNTING for option in rule.matches)

    def is_dockers(self, station: Station, family: Family, chain: ChainCode, line: Guarded) -> bool:
        """Whether dockerd writes such a line there."""
        return is_own_line(family, station.table, chain.name, line, self._bridges)

    def writes(self, family: Family, table: str, chain: str, rule: Rule) -> bool:
        """The same of a rule of iptables."""
        return is_own_rule(family, table, chain, rule, self._bridges)

    def _rule(
        self, station: Station, family: Family, chain: ChainCode, line: Guarded
    ) -> Rule | NftRule | None:
        native = " " in station.table
        where = (0 if native else family, "" if native else station.backend, station.table, chain.name)
        rules = self._rules.get(where, ())
        return rules[line.number - 1] if 0 < line.number <= len(rules) else None

    @cached_property
    def _bridges(self) -> frozenset[str]:
        return frozenset(bridge.name for bridge in bridges_of(self._snapshot).values() if bridge.docker)

    @cached_property
    def _rules(self) -> dict[_Where, tuple[Rule, ...] | tuple[NftRule, ...]]:
        host = self._snapshot.host
        found: dict[_Where, tuple[Rule, ...] | tuple[NftRule, ...]] = {}
        for ruleset in host.rulesets:
            for table in ruleset.tables:
                for chain in table.chains:
                    found[ruleset.family, ruleset.backend, table.name, chain.name] = chain.rules
        for own in host.nft.tables if host.nft is not None else ():
            for each in own.chains:
                found[0, "", f"{own.family} {own.name}", each.name] = each.rules
        return found


def _only_decides(statement: Statement) -> bool:
    match statement:
        case UseObject(kind):
            return kind == "counter"
        case Simple(words):
            return words[:1] == ("last",)
    return isinstance(statement, _DECIDING)


def nft_packets(rule: NftRule) -> int:
    """The packets that a rule of nftables counted."""
    return max((one.packets or 0 for one in rule.statements if isinstance(one, Counter)), default=0)
