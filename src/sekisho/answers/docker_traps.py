"""The ordinary traps of a Docker host: what looks as if it protected, or worked, and does not.

Each finding names the lines that show it. Facts that were not captured give no finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.answers.finding import Finding
from sekisho.answers.forward_drop import USER_CHAIN, forward_drops
from sekisho.answers.nft_traps import has_docker_nft, nft_input_guards, nft_notrack
from sekisho.answers.outside import Outside
from sekisho.answers.rules_alone import by_rules_alone
from sekisho.answers.unchecked import BRIDGE_NF, lists_all_settings
from sekisho.docker.intent import ICC_OPTION
from sekisho.model.evidence import Evidence
from sekisho.model.netfilter import Chain, Rule, Ruleset
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.bridges import bridges_of
from sekisho.sources.iptables_rule import render_rule
from sekisho.values.address import Address, Prefix, prefix_or_none
from sekisho.values.numbers import integer, is_number

# Ports of data stores and administration that few mean to show to everybody (IANA's names).
SENSITIVE: dict[int, str] = {
    1433: "SQL Server", 1521: "Oracle", 2375: "Docker API", 2379: "etcd", 3306: "MySQL", 5432: "PostgreSQL",
    5672: "RabbitMQ", 5984: "CouchDB", 6379: "Redis", 8086: "InfluxDB", 9042: "Cassandra", 9092: "Kafka",
    9200: "Elasticsearch", 11211: "memcached", 27017: "MongoDB",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Published:
    """A published port, from Docker's own state or, without it, from a DNAT rule of its chain."""

    name: str
    host_address: Address | None
    host_port: int
    container_port: int
    proto: str
    evidence: Evidence | None

    @property
    def anywhere(self) -> bool:
        return self.host_address is None or not self.host_address.value


def traps(snapshot: Snapshot, outside: Outside) -> Iterator[Finding]:
    """All of them, in the order of this module."""
    published = list(_published(snapshot))
    yield from _open_to_all(published, outside)
    yield from _past_input(snapshot, published, outside)
    yield from _user_rules(snapshot, published)
    yield from forward_drops(snapshot, published)
    yield from _icc(snapshot)
    yield from _overlaps(snapshot)
    yield from _no_tracking(snapshot)
    yield from _two_back_ends(snapshot)
    yield from _mtu(snapshot)
    yield from _second_interface(snapshot, published)
    if snapshot.networks is None or snapshot.containers is None:  # else drift says it, and more
        yield from by_rules_alone(snapshot)


def _published(snapshot: Snapshot) -> Iterator[Published]:
    if snapshot.containers is not None:
        for container in snapshot.containers:
            for port in container.published if container.running else ():
                if port.host_port:
                    yield Published(
                        container.name, port.host_address, port.host_port, port.container_port, port.proto,
                        container.evidence,
                    )  # fmt: skip
        return
    for _, chain in _chains(snapshot, "nat", "DOCKER"):
        for rule in chain.rules:
            to = (
                next((o.values[0] for o in rule.target.options if o.name == "to-destination"), "")
                if rule.target
                else ""
            )
            name, _, inside = to.rpartition(":")
            number, proto = _value(rule, "dport"), _value(rule, "protocol")
            if is_number(inside) and number is not None and is_number(number) and proto is not None:
                host = _value(rule, "destination")
                at = prefix_or_none(host) if host else None
                if host and at is None:  # iptables would not load the line
                    continue
                address = at.address if at is not None else None
                yield Published(name, address, integer(number), integer(inside), proto, rule.evidence)


def places_of(*places: Evidence | None) -> tuple[Evidence, ...]:
    """Those that are known."""
    return tuple(place for place in places if place is not None)


def _open_to_all(published: list[Published], outside: Outside) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for port in published:
        what = SENSITIVE.get(port.container_port)
        if what is None or not port.anywhere or (port.name, port.host_port) in seen:
            continue
        arrives = outside.arrives(port.host_address, port.host_port, port.proto)
        if arrives is False:
            continue
        seen.add((port.name, port.host_port))
        args = (port.name, what, str(port.host_port))
        code = "trap.data-port-open" if arrives else "trap.data-port-open.maybe"
        yield Finding(code, "warning", args, places_of(port.evidence))


# ------------------------------------------------------------------------------- rules of the host


def _chains(snapshot: Snapshot, table: str, name: str) -> Iterator[tuple[Ruleset, Chain]]:
    for ruleset in snapshot.host.rulesets:
        for one in ruleset.tables:
            for chain in one.chains:
                if (one.name, chain.name) == (table, name):
                    yield ruleset, chain


def _value(rule: Rule, name: str) -> str | None:
    return next((o.values[0] for o in rule.matches if o.name == name and o.values and not o.negated), None)


def _past_input(snapshot: Snapshot, published: list[Published], outside: Outside) -> Iterator[Finding]:
    """INPUT never sees a connection that DNAT sends on to a container."""
    guards = list(_input_guards(snapshot))
    if not guards:
        return
    wide = [port for port in published if port.anywhere]
    asked = [(port, outside.arrives(port.host_address, port.host_port, port.proto)) for port in wide]
    for code, arrives in (("trap.published-past-input", True), ("trap.published-past-input.maybe", None)):
        found = [port for port, answer in asked if answer is arrives]
        ports = ", ".join(dict.fromkeys(f"{port.host_port} ({port.name})" for port in found))
        for guard, where in guards if found else ():
            yield Finding(code, "warning", (guard, ports), places_of(where, found[0].evidence))


def _input_guards(snapshot: Snapshot) -> Iterator[tuple[str, Evidence | None]]:
    """Who keeps packets for the host itself out, and the line that shows it."""
    for ruleset, chain in _chains(snapshot, "filter", "INPUT"):
        if ruleset.family != 4:
            continue
        jumps = [r for r in chain.rules if r.target and r.target.name.startswith(("ufw", "INPUT_"))]
        blocks = chain.policy == "DROP" or any(_blocks_all(rule) for rule in chain.rules)
        if jumps or blocks:
            guard = "ufw" if any(r.target and r.target.name.startswith("ufw") for r in jumps) else "INPUT"
            yield guard, jumps[0].evidence if jumps else chain.evidence
    yield from nft_input_guards(snapshot)


def _blocks_all(rule: Rule) -> bool:
    return not rule.matches and rule.target is not None and rule.target.name in ("DROP", "REJECT")


def _user_rules(snapshot: Snapshot, published: list[Published]) -> Iterator[Finding]:
    """DOCKER-USER stands in FORWARD, after DNAT: it sees the container's port."""
    outside = {(port.host_port, port.proto): port for port in published}
    inside = {(port.container_port, port.proto) for port in published}
    for _, chain in _chains(snapshot, "filter", USER_CHAIN):
        for rule in chain.rules:
            number, proto = _value(rule, "dport"), _value(rule, "protocol")
            if number is None or not is_number(number) or proto is None:
                continue
            port = outside.get((integer(number), proto))
            if (
                port is None
                or (integer(number), proto) in inside
                or _value(rule, "ctorigdstport")
                or rule.packets
            ):
                continue  # packets on its counter came to that port by another way
            args = (number, str(port.container_port), render_rule(rule))
            yield Finding("trap.user-rule-published-port", "error", args, places_of(rule.evidence))


def _icc(snapshot: Snapshot) -> Iterator[Finding]:
    value = snapshot.host.sysctl(BRIDGE_NF)
    off = value == "0" or (value is None and lists_all_settings(snapshot.host))
    for network in snapshot.networks or ():
        if dict(network.options).get(ICC_OPTION) == "false" and off:
            shown = "0" if value == "0" else "-"
            yield Finding(
                "trap.icc-without-br-netfilter", "error", (network.name, shown), places_of(network.evidence)
            )


def _overlaps(snapshot: Snapshot) -> Iterator[Finding]:
    mine = {bridge.name for bridge in bridges_of(snapshot).values() if bridge.docker}
    for name, subnets, place in _docker_subnets(snapshot, mine):
        for subnet in subnets:
            for route in snapshot.host.routes:
                devs = {hop.dev or "?" for hop in route.nexthops}
                if route.family != subnet.family or route.kind != "unicast" or route.dst.length <= 1:
                    continue  # 0.0.0.0/1 and 128.0.0.0/1 stand for a default route
                if devs & mine or not route.dst.overlaps(subnet):
                    continue
                args = (name, str(subnet), str(route.dst), ", ".join(sorted(devs)))
                yield Finding("trap.subnet-overlaps", "error", args, places_of(route.evidence, place))


def _docker_subnets(
    snapshot: Snapshot, bridges: set[str]
) -> Iterator[tuple[str, list[Prefix], Evidence | None]]:
    """Docker's networks, or the connected routes of its bridges where its state was not captured."""
    if snapshot.networks is not None:
        for network in snapshot.networks:
            if network.driver == "bridge":
                yield network.name, [item.subnet for item in network.subnets], network.evidence
        return
    for route in snapshot.host.routes:
        dev = route.nexthops[0].dev if len(route.nexthops) == 1 else None
        if dev not in bridges or route.table != "main" or route.nexthops[0].via:
            continue
        if route.kind == "unicast" and route.dst.length and not str(route.dst).startswith("fe80"):
            yield dev, [route.dst], route.evidence


def _no_tracking(snapshot: Snapshot) -> Iterator[Finding]:
    """A packet that is not tracked is never translated, neither to a container nor from one."""
    if not any(True for _ in _chains(snapshot, "nat", "DOCKER")) and not has_docker_nft(snapshot):
        return
    for _, chain in _chains(snapshot, "raw", "PREROUTING"):
        for rule in chain.rules:
            target = rule.target
            if target is not None and (
                target.name == "NOTRACK"
                or (target.name == "CT" and any(o.name == "notrack" for o in target.options))
            ):
                yield Finding("trap.notrack", "warning", (render_rule(rule),), places_of(rule.evidence))
    for evidence in nft_notrack(snapshot):
        yield Finding("trap.notrack", "warning", (evidence.text.strip(),), (evidence,))


def _two_back_ends(snapshot: Snapshot) -> Iterator[Finding]:
    busy: dict[str, Evidence | None] = {}
    for ruleset in snapshot.host.rulesets:
        for table in ruleset.tables:
            for chain in table.chains:
                if chain.rules or chain.policy == "DROP":
                    busy.setdefault(ruleset.backend, chain.evidence)
    notices = [item.evidence for item in snapshot.host.unread if "tables present" in item.evidence.text]
    if {"nft", "legacy"} <= set(busy):
        yield Finding("trap.two-back-ends", "warning", (), places_of(busy["legacy"], busy["nft"]))
    elif notices:
        yield Finding("trap.two-back-ends", "warning", (), (notices[0],))


def _mtu(snapshot: Snapshot) -> Iterator[Finding]:
    """Packets of a container that do not fit the host's way out must be cut, or are lost."""
    mtus = {item.name: item for item in snapshot.host.interfaces or ()}
    ways = {h.dev for r in snapshot.host.routes if not r.dst.length and r.family == 4 for h in r.nexthops}
    out = [mtus[dev] for dev in ways if dev in mtus and mtus[dev].mtu is not None]
    for network in snapshot.networks or ():
        bridge = mtus.get(network.bridge) if network.bridge is not None else None
        if bridge is None or bridge.mtu is None or network.internal:
            continue
        for way in out:
            if way.mtu is not None and bridge.mtu > way.mtu:
                args = (network.name, str(bridge.mtu), way.name, str(way.mtu))
                yield Finding("trap.mtu", "warning", args, places_of(bridge.evidence, way.evidence))


def _second_interface(snapshot: Snapshot, published: list[Published]) -> Iterator[Finding]:
    """Replies of published ports leave by the default route, whatever interface the call came in by."""
    host = snapshot.host
    defaults = {
        hop.dev
        for route in host.routes
        if route.family == 4 and not route.dst.length and route.table == "main"
        for hop in route.nexthops
    }
    if host.rules is None or len(defaults) != 1 or not any(port.anywhere for port in published):
        return
    if any(unread.about in ("policy-rules", "routes") and unread.family != 6 for unread in host.unread):
        return  # it may send replies back
    bridges = bridges_of(snapshot)
    by_mark = any(rule.fwmark is not None and rule.table not in ("main", "local") for rule in host.rules)
    for item in host.addresses or ():
        if item.family != 4 or item.scope != "global" or item.interface in defaults or by_mark:
            continue
        if item.interface in bridges or item.interface.startswith("veth"):
            continue
        args = (item.interface, str(item.address), next(iter(defaults)) or "?")
        yield Finding("trap.second-interface", "warning", args, places_of(item.evidence))
