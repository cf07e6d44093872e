"""Which engine, with which flags, made a captured host what it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sekisho.docker.engine import MEASURED, NEWEST, Engine, Version, parse_version
from sekisho.errors import UsageError
from sekisho.model.netfilter import Rule
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.unseen import unread_of
from sekisho.values.address import Family
from sekisho.values.numbers import integer

NFT_TABLE = "docker-bridges"
FAMILIES: tuple[Family, Family] = (4, 6)


@dataclass(frozen=True, slots=True)
class Detected:
    """``engine`` as far as the snapshot tells; ``sure`` False where its version was not captured, or is none
    that is known here (``unknown`` is its text then, and the engine the nearest). Where nothing tells whether
    docker-proxy is used (``proxy_known``) the engine's default is taken."""

    engine: Engine
    sure: bool
    runs: bool
    proxy_known: bool = True
    unknown: str = ""


def detect(snapshot: Snapshot) -> Detected:
    """Version from docker-version.json; the firewall backend and docker-proxy from the rules.

    Flags that leave no trace on the host are taken as their defaults.
    """
    version, sure, unknown = _version(snapshot)
    engine = Engine(version, experimental=True)
    tables = [t for t in (snapshot.host.nft.tables if snapshot.host.nft else ()) if t.name == NFT_TABLE]
    if tables:
        comments = [rule.comment or "" for t in tables for chain in t.chains for rule in chain.rules]
        families = {table.family for table in tables}
        engine = replace(
            engine,
            nftables=True,
            iptables="ip" in families,
            ip6tables_flag="ip6" in families,
            userland_proxy=not any(comment.endswith("FROM HOST") for comment in comments),
        )
    elif snapshot.host.rulesets:
        engine = replace(
            engine,
            iptables=_has_chain(snapshot, 4) or not _is_whole(snapshot, 4),
            ip6tables_flag=_has_chain(snapshot, 6) or (None if not _is_whole(snapshot, 6) else False),
        )
    hairpin = None if tables else _hairpin(snapshot)
    if hairpin is not None:
        engine = replace(engine, userland_proxy=not hairpin)
    if snapshot.host.sysctl("net.ipv4.ip_forward") == "0":
        engine = replace(engine, ip_forward=False)
    runs = snapshot.networks is not None or engine.nftables or _has_chain(snapshot, 4)
    return Detected(engine, sure, runs, bool(tables) or hairpin is not None, unknown)


def _version(snapshot: Snapshot) -> tuple[Version, bool, str]:
    """The version, whether it was captured, and its text where nobody knows what such an engine writes."""
    text = snapshot.docker_version
    if text is None:
        return _version_of_rules(snapshot), False, ""
    try:
        found = parse_version(text)
    except UsageError:
        number = re.match(r"v?([0-9]{1,20})", text)
        newer = number is not None and integer(number[1]) > NEWEST[0]
        return NEWEST if newer else _version_of_rules(snapshot), False, text
    return (found, True, "") if found <= NEWEST else (NEWEST, False, text)


def _version_of_rules(snapshot: Snapshot) -> Version:
    """The newest release that makes the chains which are there."""
    chains = {
        chain.name for ruleset in snapshot.host.rulesets for table in ruleset.tables for chain in table.chains
    }
    if "DOCKER-INTERNAL" in chains or "DOCKER" not in chains:
        return NEWEST
    if "DOCKER-FORWARD" in chains:
        return MEASURED["28"]
    return MEASURED["27"] if _has_chain(snapshot, 6) else MEASURED["26"]


def _chain(snapshot: Snapshot, family: Family, table: str, chain: str) -> tuple[Rule, ...] | None:
    for ruleset in snapshot.host.rulesets:
        for one in ruleset.tables if ruleset.family == family else ():
            for found in one.chains if one.name == table else ():
                if found.name == chain:
                    return found.rules
    return None


def _has_chain(snapshot: Snapshot, family: Family) -> bool:
    return any(_chain(snapshot, family, table, "DOCKER") is not None for table in ("nat", "filter"))


def _is_whole(snapshot: Snapshot, family: Family) -> bool:
    """Whether a chain that is not in the text of nat and filter is not on the host. A save that holds some
    tables and lacks one of these may end before it."""
    mine = [ruleset for ruleset in snapshot.host.rulesets if ruleset.family == family]
    tables = [table for ruleset in mine for table in ruleset.tables]
    asked = [table for table in tables if table.name in ("nat", "filter")]
    nothing = not tables and any(ruleset.complete for ruleset in mine)
    all_there = nothing or {table.name for table in asked} == {"nat", "filter"}
    return all_there and all(unread_of(table) is None for table in asked)


def _hairpin(snapshot: Snapshot) -> bool | None:
    """Without docker-proxy, calls to 127.0.0.1 are translated too, local sources masqueraded, and loopback
    addresses are routed on the bridges. None: nothing of that was captured."""
    for family in FAMILIES:
        for rule in _chain(snapshot, family, "nat", "OUTPUT") or ():
            if rule.target is not None and rule.target.name == "DOCKER":
                return not any(option.name == "destination" for option in rule.matches)
        for rule in _chain(snapshot, family, "nat", "POSTROUTING") or ():
            if any(option.name == "src-type" and option.values == ("LOCAL",) for option in rule.matches):
                return True
    for network in snapshot.networks or ():
        name = (network.bridge or "").replace(".", "/")
        value = snapshot.host.sysctl(f"net.ipv4.conf.{name}.route_localnet") if name else None
        if value is not None:
            return value == "1"
    return None
