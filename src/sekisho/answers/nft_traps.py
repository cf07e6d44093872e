"""What a native nftables rule set has in place of iptables' chains, as the traps look for it."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.model.evidence import Evidence
from sekisho.model.nft import NftChain, NftRule, NftTable
from sekisho.model.nft_rule import Counter, Log, Reject, Simple, Verdict
from sekisho.model.snapshot import Snapshot

DOCKER_TABLE = "docker-bridges"


def _tables(snapshot: Snapshot) -> Iterator[NftTable]:
    """Tables that see IPv4, without those of iptables-nft, which are looked at as iptables' own."""
    own = {table.name for ruleset in snapshot.host.rulesets for table in ruleset.tables}
    for table in snapshot.host.nft.tables if snapshot.host.nft is not None else ():
        managed = table.managed or (table.family == "ip" and table.name in own)
        if table.family in ("ip", "inet") and not managed and "dormant" not in table.flags:
            yield table


def has_docker_nft(snapshot: Snapshot) -> bool:
    """Whether dockerd's nftables back end wrote its table."""
    return any(table.name == DOCKER_TABLE for table in _tables(snapshot))


def nft_input_guards(snapshot: Snapshot) -> Iterator[tuple[str, Evidence | None]]:
    """Base chains at hook input that keep out what no rule of theirs lets in: (table and chain, line)."""
    for table in _tables(snapshot):
        for chain in table.chains:
            if chain.hook != "input" or chain.type != "filter":
                continue
            name = (
                table.name if table.name == "firewalld" else f"nft {table.family} {table.name} {chain.name}"
            )
            last = _last_refusal(chain)
            if last is not None:
                yield name, last.evidence
            elif chain.policy == "drop":
                yield name, chain.evidence


def _last_refusal(chain: NftChain) -> NftRule | None:
    return next((rule for rule in chain.rules if _refuses_all(rule)), None)


def _refuses_all(rule: NftRule) -> bool:
    *before, last = rule.statements or (Verdict("continue"),)
    refuses = isinstance(last, Reject) or (isinstance(last, Verdict) and last.kind == "drop")
    return refuses and all(isinstance(one, Counter | Log) for one in before)


def nft_notrack(snapshot: Snapshot) -> Iterator[Evidence]:
    """Rules that take packets out of connection tracking."""
    for table in _tables(snapshot):
        for rule in (rule for chain in table.chains for rule in chain.rules):
            says = any(isinstance(one, Simple) and one.words == ("notrack",) for one in rule.statements)
            if says and rule.evidence is not None:
                yield rule.evidence
