"""nftables rule sets -> stations.

A base chain is a station at its hook and priority, whatever its table; tables of one family and of inet
come in one order by priority. Of chains with the same priority the one registered last runs first
(net/netfilter/core.c, nf_hook_entries_grow). Chains of type nat are asked by the nat core, which stands
at its own priorities (net/netfilter/nf_nat_proto.c): theirs only order them among one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from sekisho.model.evidence import Partial
from sekisho.model.netfilter import Ruleset
from sekisho.model.nft import NftChain, NftRuleset, NftSet, NftTable
from sekisho.model.nft_expression import Element
from sekisho.model.nft_expression import Mapping as MapElement
from sekisho.model.nft_rule import Meter, SetUpdate, Statement
from sekisho.semantics.journey import Doubt, Hook
from sekisho.semantics.loops import without_loops
from sekisho.semantics.match_context import MatchContext
from sekisho.semantics.nesting import within_depth
from sekisho.semantics.nft_bridge import HOOKS as BRIDGE_HOOKS
from sekisho.semantics.nft_context import NftContext
from sekisho.semantics.nft_rules import rule_line
from sekisho.semantics.nft_tables import native_tables
from sekisho.semantics.nft_tracking import tracking_need
from sekisho.semantics.nft_translated import made_by_iptables
from sekisho.semantics.partial import OF_NFT, UNSEEN, doubtful, unseen_chain, with_unseen
from sekisho.semantics.program import (
    Accept,
    Action,
    ChainCode,
    Drop,
    NotUnderstood,
    Station,
)
from sekisho.semantics.tracked import first_of, wants_tracking, with_nat_in_use
from sekisho.values.address import Family

_HOOKS: dict[str, Hook] = {
    "ingress": "ingress", "prerouting": "prerouting", "input": "input", "forward": "forward",
    "output": "output", "postrouting": "postrouting",
}  # fmt: skip
_FAMILIES: dict[int, tuple[str, ...]] = {
    4: ("ip", "inet", "netdev", "bridge"), 6: ("ip6", "inet", "netdev", "bridge"),
}  # fmt: skip
_POLICIES: dict[str, Action] = {"accept": Accept(), "drop": Drop()}
_KINDS: dict[str, Literal["filter", "nat", "route"]] = {"filter": "filter", "nat": "nat", "route": "route"}
# A chain on an interface's way out stands behind everything else there.
_EGRESS_PRIORITY = 1 << 32


def with_nft(
    found: Mapping[Hook, Sequence[Station]],
    ruleset: NftRuleset,
    rulesets: Sequence[Ruleset],
    context: MatchContext,
) -> dict[Hook, tuple[Station, ...]]:
    """The stations of iptables' rule sets together with those of the nftables listing, in one order.

    Tables that both show are iptables' own; the listing then tells when they were made.
    """
    made = {(table.family, table.name): number for number, table in enumerate(ruleset.tables)}
    family = "ip" if context.family == 4 else "ip6"
    queue: dict[Hook, list[tuple[int, int, Station]]] = {}
    for hook, stations in found.items():
        for station in stations:
            number = -1 if station.backend == "legacy" else made.get((family, station.table), -1)
            queue.setdefault(hook, []).append((station.priority, -number, station))
    native = native_tables(ruleset, rulesets)
    for table in native:
        number = made[table.family, table.name]
        for station in nft_stations(table, context):
            queue.setdefault(station.hook, []).append((station.priority, -number, station))
    unseen = tuple(_unseen(ruleset, native, context.family))
    for station in unseen:
        queue.setdefault(station.hook, []).append((station.priority, 0, station))
    others = (*(station for stations in found.values() for station in stations), *unseen)
    return with_nat_in_use(
        {
            hook: tuple(station for _, _, station in sorted(items, key=lambda item: item[:2]))
            for hook, items in queue.items()
        },
        first_of((tracking_need(native, context.family), wants_tracking(others))),
    )


def nft_stations(table: NftTable, of: MatchContext) -> Iterator[Station]:
    """The base chains of one table for packets of the family; of equal priority the last one first."""
    if table.family not in _FAMILIES[of.family] or "dormant" in table.flags:
        return
    context = NftContext(
        of.family, table.family, of.address_types, {one.name: one for one in table.sets},
        frozenset(moving(table)), frozenset(chain.name for chain in table.chains if chain.hook is None),
        frozenset(chain.hook for chain in table.chains if chain.hook is not None), of.links,
        frozenset(shrinking(table)), made_by_iptables(table),
    )  # fmt: skip
    code = without_loops({chain.name: _chain_code(chain, table, context) for chain in table.chains})
    code = within_depth(code, (chain.name for chain in table.chains if chain.hook is not None))
    users = {name: code[name] for name in context.chains}
    hooks = BRIDGE_HOOKS if table.family == "bridge" else _HOOKS
    name = f"{table.family} {table.name}"
    for chain in reversed(table.chains):
        if chain.unread or not _known_head(chain, hooks):
            # A head that nobody knows: the chain may stand at any hook, with any priority.
            place = chain.unread[0].evidence if chain.unread else chain.evidence
            doubt = Doubt("chain-not-read", (chain.name,), place)
            yield from _anywhere(doubt, hooks.values(), name)
        elif chain.hook is not None:
            yield _station(chain, code[chain.name], name, hooks, users)
    for unread in table.unread[:1]:  # one that may do anything says as much as a thousand
        yield from _anywhere(Doubt("table-unread", (table.name,), unread.evidence), hooks.values(), name)


def _known_head(chain: NftChain, hooks: Mapping[str, Hook]) -> bool:
    return chain.hook is None or (chain.hook in (*hooks, "egress") and chain.type in _KINDS)


def _station(
    chain: NftChain, base: ChainCode, name: str, hooks: Mapping[str, Hook], users: dict[str, ChainCode]
) -> Station:
    hook = hooks["postrouting"] if chain.hook == "egress" else hooks[chain.hook or ""]
    priority = chain.priority or 0
    if chain.hook == "egress":
        priority += _EGRESS_PRIORITY
    kind = _KINDS[chain.type or ""]
    devices = chain.devices if chain.hook in ("ingress", "egress") else None
    return Station(hook, priority, name, base, users, kind, "nft", devices)


def _chain_code(chain: NftChain, table: NftTable, context: NftContext) -> ChainCode:
    lines = tuple(rule_line(number, rule, context) for number, rule in enumerate(chain.rules, 1))
    lines = with_unseen(lines, chain.name, table.incomplete, table.name)
    policy = None if chain.hook is None else _POLICIES.get(chain.policy or "accept")
    if chain.hook is not None and policy is None:
        policy = NotUnderstood(Doubt("policy-not-understood", (chain.policy or "",), chain.evidence))
    return ChainCode(chain.name, lines, policy, chain.evidence)


def _unseen(ruleset: NftRuleset, native: Sequence[NftTable], family: Family) -> Iterator[Station]:
    """A listing, or a table, that is known in part only may have had more base chains, at any hook; and lines
    outside all tables may be anything, the first of them as much as all."""
    for line in ruleset.unread[:1]:
        doubt = Doubt("table-not-read", (line.evidence.text,), line.evidence)
        yield from _anywhere(doubt, (*_HOOKS.values(), *BRIDGE_HOOKS.values()), OF_NFT)
    if ruleset.incomplete is not None:
        for hook in (*_HOOKS.values(), *BRIDGE_HOOKS.values()):
            yield _unseen_at(hook, ruleset.incomplete, OF_NFT)
        return
    for table in native:
        if table.incomplete is not None and table.family in _FAMILIES[family]:
            hooks = BRIDGE_HOOKS if table.family == "bridge" else _HOOKS
            for hook in hooks.values():
                yield _unseen_at(hook, table.incomplete, f"{table.family} {table.name}")


def _unseen_at(hook: Hook, partial: Partial, table: str) -> Station:
    return Station(hook, 0, table, unseen_chain(UNSEEN, partial, table), {}, backend="nft")


def _anywhere(doubt: Doubt, hooks: Iterable[Hook], name: str) -> Iterator[Station]:
    """A chain at each of these hooks that may do anything."""
    for hook in hooks:
        code = ChainCode(UNSEEN, (doubtful(doubt),), Accept(), doubt.evidence)
        yield Station(hook, 0, name, code, {}, backend="nft")


def moving(table: NftTable) -> Iterator[str]:
    """The sets and maps that rules of the table change, and those whose elements run out."""
    for chain in table.chains:
        for rule in chain.rules:
            for statement in rule.statements:
                yield from _changed(statement)
    yield from (one.name for one in table.sets if _expires(one))


def shrinking(table: NftTable) -> Iterator[str]:
    """The sets that rules of the table delete from."""
    for chain in table.chains:
        for rule in chain.rules:
            for statement in rule.statements:
                if isinstance(statement, SetUpdate) and statement.operation in ("delete", "destroy"):
                    yield statement.name


def _changed(statement: Statement) -> Iterator[str]:
    if isinstance(statement, SetUpdate | Meter):
        yield statement.name


def _expires(one: NftSet) -> bool:
    keys = (each.key if isinstance(each, MapElement) else each for each in one.elements)
    return any(isinstance(key, Element) and key.expires is not None for key in keys)
