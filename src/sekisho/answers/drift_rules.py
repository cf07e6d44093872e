"""Drift of rules: what of dockerd's rules is missing, doubled or foreign, in iptables and in its own nftables
table.

Nothing is called missing in a table whose text is cut, holds what was not understood, or is not in a save
whose other tables are there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sekisho.answers.plan import nft_chains
from sekisho.answers.rules_alone import dnat_destination, has_user_rules
from sekisho.docker.own_lines import is_own_table
from sekisho.docker.strip import USER_CHAIN, is_own_chain, is_own_rule
from sekisho.model.evidence import Evidence
from sekisho.model.links import Interface
from sekisho.model.netfilter import Chain, Rule, Ruleset
from sekisho.model.nft import NftRuleset, NftTable
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.bridges import named_like_a_bridge
from sekisho.semantics.unseen import unread_of, unseen_nft
from sekisho.semantics.world import World
from sekisho.sources.iptables_rule import render_rule
from sekisho.values.address import Family, prefix_or_none

# What could be compared in part only: message ids and their arguments.
FAMILIES: tuple[Family, Family] = (4, 6)
Partial = list[tuple[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. ``id`` is a message id, ``args`` its arguments; ``evidence`` the line that shows it,
    None where something is missing."""

    id: str
    args: tuple[str, ...]
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass
class Comparison:
    """A host, the same without Docker, and as dockerd would make it again. ``counted`` takes what agrees,
    ``partial`` what could not be compared as a whole."""

    snapshot: Snapshot
    without: Snapshot
    expected: Snapshot
    counted: Counter[str] = field(default_factory=Counter)
    partial: Partial = field(default_factory=list)

    @cached_property
    def world(self) -> World:
        """Who is there."""
        return World(self.snapshot)

    def rules(self) -> Iterator[Drift]:
        """What differs in rules."""
        for family in FAMILIES:
            yield from _rules(self, family)
        yield from _nft(self)


# --------------------------------------------------------------------------------------- iptables


def _rulesets(snapshot: Snapshot, family: Family) -> list[Ruleset]:
    return [ruleset for ruleset in snapshot.host.rulesets if ruleset.family == family]


def _chains(rulesets: list[Ruleset]) -> dict[tuple[str, str], list[Chain]]:
    found: dict[tuple[str, str], list[Chain]] = {}
    for ruleset in rulesets:
        for table in ruleset.tables:
            for chain in table.chains:
                found.setdefault((table.name, chain.name), []).append(chain)
    return found


def _rules(compared: Comparison, family: Family) -> Iterator[Drift]:
    snapshot = compared.snapshot
    there = _chains(_rulesets(snapshot, family))
    captured = {table for table, _ in there} | {
        table.name for r in _rulesets(snapshot, family) if r.complete for table in r.tables
    }
    whole = any(ruleset.complete for ruleset in _rulesets(snapshot, family))
    if not captured and not whole:
        return
    tool = "iptables" if family == 4 else "ip6tables"
    bridges: set[str] = {network.bridge for network in snapshot.networks or () if network.bridge}
    addresses = {str(a) for c in snapshot.containers or () for e in c.endpoints for a in e.addresses}
    wanted = _chains(_rulesets(compared.expected, family))
    others = _chains(_rulesets(compared.without, family))
    cut = {t.name for r in _rulesets(snapshot, family) for t in r.tables if unread_of(t) is not None}
    if captured:
        # Some tables are there and one is not: who flushes a table does not take it away, a cut does.
        cut |= {table for table, _ in wanted if table not in captured}
    compared.partial += (
        ("drift.partial", (tool, table)) for table in sorted(cut & {table for table, _ in wanted})
    )
    own = {chain.name for chains in there.values() for chain in chains if is_own_chain(chain)}
    own |= {chain.name for chains in wanted.values() for chain in chains if is_own_chain(chain)}
    for key in sorted({*there, *wanted}):
        table, name = key
        if not whole and table not in captured:
            continue
        rules = [rule for chain in there.get(key, []) for rule in chain.rules]
        all_wanted = [render_rule(rule) for chain in wanted.get(key, []) for rule in chain.rules]
        not_dockers = Counter(render_rule(rule) for chain in others.get(key, []) for rule in chain.rules)
        should = list((Counter(all_wanted) - not_dockers).elements())
        if key in wanted and key not in there and is_own_chain(wanted[key][0]):
            if table not in cut:
                yield Drift("drift.chain-missing", (tool, table, name))
            continue
        mine = [
            rule
            for rule in rules
            if name in own
            or (name != USER_CHAIN and is_own_rule(rule, own | {USER_CHAIN}, bridges, addresses))
        ]
        for found in _one_chain(compared, (tool, table, name), mine, should):
            if found.id != "drift.rule-missing" or table not in cut:
                yield found
        if name == "FORWARD" and table == "filter":
            busy = any(
                has_user_rules(one)
                for ruleset in _rulesets(snapshot, family)
                for one in ruleset.tables
                if one.name == table
            )
            yield from _before_user(tool, rules, () if busy else should, should)


def _one_chain(
    compared: Comparison, place: tuple[str, str, str], mine: list[Rule], should: list[str]
) -> Iterator[Drift]:
    if place[-1] == USER_CHAIN:
        return
    seen = Counter[str]()
    for rule in mine:
        text = render_rule(rule)
        seen[text] += 1
        if text in should:
            if seen[text] > should.count(text):
                yield Drift("drift.rule-twice", (*place, text), rule.evidence)
            else:
                compared.counted["rules"] += 1
            continue
        gone = _orphan_of(rule, compared)
        if gone:
            yield Drift("drift.rule-orphaned", (*place, text, gone), rule.evidence)
        else:
            yield Drift("drift.rule-foreign", (*place, text), rule.evidence)
    for text in dict.fromkeys(should):
        if not seen[text]:
            yield Drift("drift.rule-missing", (*place, text))


def _orphan_of(rule: Rule, compared: Comparison) -> str:
    """The bridge or container's address that a rule names and that is there no more; "" for none."""
    for option in rule.matches:
        value = option.values[0] if option.values else ""
        if option.name in ("in-interface", "out-interface") and _is_gone(value, compared.snapshot):
            return value
        if option.name == "destination" and value.endswith(("/32", "/128")):
            at = prefix_or_none(value)
            if at is not None and compared.world.site.nobody_has(at.address):
                return str(at.address)
    sent_to = dnat_destination(rule)
    return str(sent_to) if sent_to is not None and compared.world.site.nobody_has(sent_to) else ""


def _is_gone(name: str, snapshot: Snapshot) -> bool:
    """Whether an interface that a rule of Docker's names is none of a network's any more: it is not there, or
    has a bridge's name and belongs to nobody."""
    if name.endswith("+") or any(network.bridge == name for network in snapshot.networks or ()):
        return False
    interfaces = snapshot.host.interfaces
    there = not lists_all(interfaces) or any(item.name == name for item in interfaces or ())
    return not there or named_like_a_bridge(name)


def lists_all(interfaces: Iterable[Interface] | None) -> bool:
    """Whether all interfaces were listed, not those of a question: lo is in every namespace."""
    return any(item.name == "lo" for item in interfaces or ())


def _before_user(tool: str, rules: list[Rule], harmless: Sequence[str], should: list[str]) -> Iterator[Drift]:
    """Whatever stands before the jump to DOCKER-USER decides without the administrator's rules there; what
    dockerd itself put there takes nothing from one who has none."""
    jump = f"-j {USER_CHAIN}"
    if jump not in should:
        return
    texts = [render_rule(rule) for rule in rules]
    if jump not in texts:
        return
    for rule, text in zip(rules[: texts.index(jump)], texts, strict=False):
        if text not in harmless:
            yield Drift("drift.before-user", (tool, text), rule.evidence)


# --------------------------------------------------------------------------------------- nftables


def _nft(compared: Comparison) -> Iterator[Drift]:
    there, expected = compared.snapshot.host.nft, compared.expected.host.nft
    wanted = _nft_chains(expected)
    if not wanted:
        return
    found = _nft_chains(there)
    cut = {f"{own.family} {own.name}" for own in _own_tables(there) if unseen_nft(own) is not None}
    compared.partial += (("drift.partial", ("nft", table)) for table in sorted(cut))
    for key in wanted:
        if key not in found:
            if key[0] not in cut:
                yield Drift("drift.chain-missing", ("nft", *key))
            continue
        mine = Counter(found[key])
        for text in wanted[key]:
            if mine[text]:
                mine[text] -= 1
                compared.counted["rules"] += 1
            elif key[0] not in cut:
                yield Drift("drift.rule-missing", ("nft", *key, text))
        for text in mine.elements():
            yield Drift("drift.rule-foreign", ("nft", *key, text))
    for key in found:
        if key not in wanted:
            yield Drift("drift.chain-orphaned", ("nft", *key))


def _nft_chains(ruleset: NftRuleset | None) -> dict[tuple[str, str], list[str]]:
    """(table, chain) -> rules of dockerd's own tables."""
    return {
        (f"{table.family} {table.name}", name): rules
        for table in _own_tables(ruleset)
        for name, rules in nft_chains(table).items()
    }


def _own_tables(ruleset: NftRuleset | None) -> Iterator[NftTable]:
    for table in ruleset.tables if ruleset is not None else ():
        if is_own_table(f"{table.family} {table.name}"):
            yield table
