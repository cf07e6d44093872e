"""A host as it would be without Docker: what dockerd made is taken out, everything else stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from sekisho.model.netfilter import Chain, Rule, Ruleset, Table
from sekisho.model.nft import NftRuleset
from sekisho.model.snapshot import Namespace, Snapshot

T = TypeVar("T")

USER_CHAIN = "DOCKER-USER"
_OWN_SOCKET = re.compile(r'"(docker-proxy|dockerd)"')


def without_docker(snapshot: Snapshot) -> Snapshot:
    """The snapshot without Docker's bridges, rules, sockets, networks and containers.

    DOCKER-USER and its rules stay: they are the administrator's. So do policies and sysctls, which
    dockerd never takes back.
    """
    bridges: set[str] = {network.bridge for network in snapshot.networks or () if network.bridge}
    mine = {str(a) for c in snapshot.containers or () for e in c.endpoints for a in e.addresses}
    names = {container.name for container in snapshot.containers or ()}
    host = _host(snapshot.host, bridges, mine)
    kept = tuple(item for item in snapshot.namespaces if item.name not in names)
    return replace(
        snapshot, host=host, namespaces=kept, networks=None, containers=None, docker_version=None, texts=()
    )


def _host(host: Namespace, bridges: set[str], addresses: set[str]) -> Namespace:
    gone = set(bridges)
    gone |= {item.name for item in host.interfaces or () if item.master in bridges}
    sysctls = host.sysctls
    if sysctls is not None:
        shown = {name.replace(".", "/") for name in gone}
        key = re.compile(
            rf"net\.ipv[46]\.(conf|neigh)\.({'|'.join(map(re.escape, shown))})\." if shown else r"\Z."
        )
        sysctls = tuple(item for item in sysctls if not key.match(item.key))
    return replace(
        host,
        routes=tuple(r for r in host.routes if not any(hop.dev in gone for hop in r.nexthops)),
        interfaces=_without(host.interfaces, lambda item: item.name in gone),
        addresses=_without(host.addresses, lambda item: item.interface in gone),
        neighbours=_without(host.neighbours, lambda item: item.interface in gone),
        sockets=_without(host.sockets, lambda item: bool(_OWN_SOCKET.search(item.process or ""))),
        connections=None,
        sysctls=sysctls,
        rulesets=tuple(_ruleset(ruleset, bridges, addresses) for ruleset in host.rulesets),
        nft=_nft(host.nft),
    )


def _without(items: Iterable[T] | None, goes: Callable[[T], bool]) -> tuple[T, ...] | None:
    return None if items is None else tuple(item for item in items if not goes(item))


def _nft(nft: NftRuleset | None) -> NftRuleset | None:
    if nft is None:
        return None
    return replace(nft, tables=tuple(table for table in nft.tables if table.name != "docker-bridges"))


def _ruleset(ruleset: Ruleset, bridges: set[str], addresses: set[str]) -> Ruleset:
    return replace(ruleset, tables=tuple(_table(table, bridges, addresses) for table in ruleset.tables))


def _table(table: Table, bridges: set[str], addresses: set[str]) -> Table:
    own = {chain.name for chain in table.chains if is_own_chain(chain)}
    chains = []
    for chain in table.chains:
        if chain.name in own:
            continue
        rules = tuple(
            rule
            for rule in chain.rules
            if chain.name == USER_CHAIN or not is_own_rule(rule, own | {USER_CHAIN}, bridges, addresses)
        )
        chains.append(replace(chain, rules=rules))
    return replace(table, chains=tuple(chains))


def is_own_chain(chain: Chain) -> bool:
    """DOCKER, DOCKER-FORWARD...: dockerd's own, which it empties when it starts."""
    return chain.policy is None and chain.name.startswith("DOCKER") and chain.name != USER_CHAIN


def is_own_rule(rule: Rule, chains: set[str], bridges: set[str], addresses: set[str]) -> bool:
    """Whether dockerd writes such a rule into a built-in chain: a jump to one of its chains, or a rule
    about one of its bridges or a container's own address."""
    if rule.target is not None and rule.target.name in chains:
        return True
    named = {option.values[0] for option in rule.matches if option.name in ("in-interface", "out-interface")}
    if named & bridges:
        return True
    ends = [o.values[0].split("/")[0] for o in rule.matches if o.name in ("source", "destination")]
    if len(ends) == 2 and ends[0] == ends[1] and ends[0] in addresses:
        return True
    return bool(ends) and ends[0].startswith("127.") and named == {"lo"}
