"""What on a host is no longer what Docker made: missing, changed, doubled, orphaned.

dockerd's networks and containers, as captured, are built again on the same host without Docker; what
the engine must have written is compared with what is there. A daemon's restart permutes its rules, so
chains are compared as sets, with only the orders that matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sekisho.answers.plan import nft_chains
from sekisho.docker.detect import detect
from sekisho.docker.engine import Engine
from sekisho.docker.errors import DockerError
from sekisho.docker.predict import Predictor
from sekisho.docker.rebuild import acts_of
from sekisho.docker.strip import USER_CHAIN, is_own_chain, is_own_rule, without_docker
from sekisho.errors import UsageError, said
from sekisho.model.evidence import Evidence
from sekisho.model.netfilter import Chain, Rule, Ruleset
from sekisho.model.nft import NftRuleset
from sekisho.model.snapshot import Snapshot
from sekisho.sources.iptables_rule import render_rule
from sekisho.values.address import Family


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. ``id`` is a message id, ``args`` its arguments; ``evidence`` the line that shows it,
    None where something is missing."""

    id: str
    args: tuple[str, ...]
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DriftReport:
    """``engine`` is what was compared against; ``sure`` False where its version was inferred from the
    rules; ``compared`` counts the facts that agree."""

    engine: Engine
    sure: bool
    findings: tuple[Drift, ...]
    compared: int


def drift(snapshot: Snapshot, engine: Engine | None = None) -> DriftReport:
    """Compare. Raises UsageError where the snapshot has no Docker state to compare with."""
    if snapshot.networks is None or snapshot.containers is None:
        raise UsageError(
            "the snapshot does not hold Docker's own state",
            advice="capture docker-networks.json and docker-containers.json as well",
        )
    found = detect(snapshot)
    chosen = engine or found.engine
    without = without_docker(snapshot)
    expected = _expected(snapshot, without, chosen)
    findings: list[Drift] = []
    counted = Counter[str]()
    for family in (4, 6):
        findings += _rules(snapshot, without, expected, 4 if family == 4 else 6, counted)
    findings += _nft(snapshot.host.nft, expected.host.nft, counted)
    findings += _host(snapshot, expected, counted)
    return DriftReport(chosen, engine is not None or found.sure, tuple(findings), sum(counted.values()))


def _expected(snapshot: Snapshot, without: Snapshot, engine: Engine) -> Snapshot:
    predictor = Predictor(without, replace(engine, bridge="none"))
    for act in acts_of(snapshot):
        try:
            predictor.apply(act)
        except DockerError as error:
            raise UsageError(said("Docker's own state does not fit together: {0}", error.what)) from error
    return predictor.plan().after


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


def _rules(
    snapshot: Snapshot, without: Snapshot, expected: Snapshot, family: Family, counted: Counter[str]
) -> Iterator[Drift]:
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
    wanted = _chains(_rulesets(expected, family))
    others = _chains(_rulesets(without, family))
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
            yield Drift("drift.chain-missing", (tool, table, name))
            continue
        mine = [
            rule
            for rule in rules
            if name in own
            or (name != USER_CHAIN and is_own_rule(rule, own | {USER_CHAIN}, bridges, addresses))
        ]
        yield from _one_chain(tool, table, name, mine, should, counted, snapshot)
        if name == "FORWARD" and table == "filter":
            yield from _before_user(tool, rules, should)


def _one_chain(
    tool: str, table: str, name: str, mine: list[Rule], should: list[str], counted: Counter[str],
    snapshot: Snapshot,
) -> Iterator[Drift]:  # fmt: skip
    if name == USER_CHAIN:
        return
    seen = Counter[str]()
    for rule in mine:
        text = render_rule(rule)
        seen[text] += 1
        if text in should:
            if seen[text] > should.count(text):
                yield Drift("drift.rule-twice", (tool, table, name, text), rule.evidence)
            else:
                counted["rules"] += 1
            continue
        gone = _orphan_of(rule, snapshot)
        if gone:
            yield Drift("drift.rule-orphaned", (tool, table, name, text, gone), rule.evidence)
        else:
            yield Drift("drift.rule-foreign", (tool, table, name, text), rule.evidence)
    for text in dict.fromkeys(should):
        if not seen[text]:
            yield Drift("drift.rule-missing", (tool, table, name, text))


def _orphan_of(rule: Rule, snapshot: Snapshot) -> str:
    """The bridge or container's address that a rule names and that is there no more; "" for none."""
    bridges = {network.bridge for network in snapshot.networks or () if network.bridge}
    held = {str(a) for c in snapshot.containers or () for e in c.endpoints for a in e.addresses}
    for option in rule.matches:
        value = option.values[0] if option.values else ""
        if (
            option.name in ("in-interface", "out-interface")
            and value.startswith("br-")
            and value not in bridges
        ):
            return value
        if option.name == "destination" and value.endswith(("/32", "/128")):
            address = value.split("/")[0]
            if address not in held and not address.startswith("127."):
                return address
    if rule.target is not None:
        for option in rule.target.options:
            if option.name == "to-destination":
                address = option.values[0].rpartition(":")[0].strip("[]")
                if address not in held:
                    return address
    return ""


def _before_user(tool: str, rules: list[Rule], should: list[str]) -> Iterator[Drift]:
    """Whatever stands before the jump to DOCKER-USER decides without the administrator's rules there."""
    jump = f"-j {USER_CHAIN}"
    if jump not in should:
        return
    texts = [render_rule(rule) for rule in rules]
    if jump not in texts:
        return
    for rule, text in zip(rules[: texts.index(jump)], texts, strict=False):
        yield Drift("drift.before-user", (tool, text), rule.evidence)


# --------------------------------------------------------------------------------------- nftables


def _nft(there: NftRuleset | None, expected: NftRuleset | None, counted: Counter[str]) -> Iterator[Drift]:
    wanted = _nft_chains(expected)
    if not wanted:
        return
    found = _nft_chains(there)
    for key in wanted:
        if key not in found:
            yield Drift("drift.chain-missing", ("nft", *key))
            continue
        mine = Counter(found[key])
        for text in wanted[key]:
            if mine[text]:
                mine[text] -= 1
                counted["rules"] += 1
            else:
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
        for table in (ruleset.tables if ruleset is not None else ())
        if table.name == "docker-bridges"
        for name, rules in nft_chains(table).items()
    }


# ------------------------------------------------------------------------- interfaces, routes, sysctls


def _host(snapshot: Snapshot, expected: Snapshot, counted: Counter[str]) -> Iterator[Drift]:
    there, wanted = snapshot.host, expected.host
    bridges = {network.bridge: network.name for network in snapshot.networks or () if network.bridge}
    if there.interfaces is not None:
        names = {item.name: item for item in there.interfaces}
        for bridge, network in bridges.items():
            if bridge not in names:
                yield Drift("drift.bridge-missing", (bridge, network))
            elif "UP" not in names[bridge].flags:
                yield Drift("drift.bridge-down", (bridge, network), names[bridge].evidence)
            else:
                counted["links"] += 1
    if there.addresses is not None:
        have = {(item.interface, item.address, item.length) for item in there.addresses}
        for item in wanted.addresses or ():
            if item.interface in bridges and item.scope == "global":
                if (item.interface, item.address, item.length) in have:
                    counted["addresses"] += 1
                else:
                    yield Drift("drift.address-missing", (f"{item.address}/{item.length}", item.interface))
    routes = {(route.dst, hop.dev) for route in there.routes for hop in route.nexthops}
    for route in wanted.routes:
        dev = route.nexthops[0].dev if route.nexthops else None
        if dev in bridges and route.table == "main" and route.kind == "unicast":
            if not any(family == route.family for family, _ in there.route_tables):
                continue
            if (route.dst, dev) in routes:
                counted["routes"] += 1
            elif not str(route.dst).startswith("fe80"):
                yield Drift("drift.route-missing", (str(route.dst), str(dev)))
    yield from _sysctls(snapshot, expected, counted)
    yield from _sockets(snapshot, expected, counted)


def _sysctls(snapshot: Snapshot, expected: Snapshot, counted: Counter[str]) -> Iterator[Drift]:
    places: dict[str, Evidence | None] = {item.key: item.evidence for item in snapshot.host.sysctls or ()}
    keys = ["net.ipv4.ip_forward"]
    for network in snapshot.networks or ():
        if network.bridge:
            keys.append(f"net.ipv4.conf.{network.bridge.replace('.', '/')}.route_localnet")
            keys.append(f"net.ipv4.conf.{network.bridge.replace('.', '/')}.forwarding")
    forwards = any(network.driver == "bridge" and not network.internal for network in snapshot.networks or ())
    for key in keys:
        value, wanted = snapshot.host.sysctl(key), expected.host.sysctl(key)
        if value is None or wanted is None:
            continue
        if key == "net.ipv4.ip_forward" and forwards:
            wanted = "1"
        elif key.endswith(".forwarding") and snapshot.host.sysctl("net.ipv4.ip_forward") != "1":
            continue  # one switch turned off, and said above
        if value == wanted:
            counted["sysctls"] += 1
        else:
            yield Drift("drift.sysctl", (key, value, wanted), places.get(key))


def _sockets(snapshot: Snapshot, expected: Snapshot, counted: Counter[str]) -> Iterator[Drift]:
    if snapshot.host.sockets is None:
        return
    listening = {(s.proto, s.address, s.port) for s in snapshot.host.sockets}
    for socket in expected.host.sockets or ():
        process = socket.process or ""
        if "docker" not in process:
            continue
        if (socket.proto, socket.address, socket.port) in listening:
            counted["sockets"] += 1
        else:
            name = "docker-proxy" if "docker-proxy" in process else "dockerd"
            yield Drift("drift.socket-missing", (name, socket.proto, f"{socket.address}", str(socket.port)))
