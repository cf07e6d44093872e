"""What on a host is no longer what Docker made: missing, changed, doubled, orphaned.

dockerd's networks and containers, as captured, are built again on the same host without Docker; what
the engine must have written is compared with what is there. A daemon's restart permutes its rules, so
chains are compared as sets, with only the orders that matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sekisho.answers.drift_rules import Comparison, Drift, lists_all
from sekisho.answers.unchecked import not_captured
from sekisho.docker.detect import detect
from sekisho.docker.engine import Engine
from sekisho.docker.errors import DockerError
from sekisho.docker.predict import Predictor
from sekisho.docker.rebuild import acts_of
from sekisho.docker.strip import without_docker
from sekisho.errors import UsageError, said
from sekisho.model.evidence import Evidence
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.listed import uninspected

__all__ = ["Drift", "DriftReport", "drift"]


@dataclass(frozen=True, slots=True)
class DriftReport:
    """``engine`` is what was compared against; ``sure`` False where its version was inferred from the
    rules; ``compared`` counts the facts that agree. ``partial``: what could be compared in part only, as
    message ids and arguments: what is not in its text may be on the host. ``unknown``: the host's own
    engine, where nobody knows what such a one writes and none was named to compare with."""

    engine: Engine
    sure: bool
    findings: tuple[Drift, ...]
    compared: int
    partial: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unknown: str = ""


def drift(snapshot: Snapshot, engine: Engine | None = None) -> DriftReport:
    """Compare. Raises UsageError where the snapshot has no Docker state to compare with."""
    if snapshot.networks is None or snapshot.containers is None:
        raise UsageError(
            "the snapshot does not hold Docker's own state",
            advice="capture docker-networks.json and docker-containers.json as well",
        )
    names = uninspected(snapshot)
    if names:
        raise UsageError(
            said("containers that are in Docker's networks were not inspected: {0}", ", ".join(names)),
            advice="capture docker-containers.json with: docker inspect $(docker ps -q)",
        )
    found = detect(snapshot)
    chosen = engine or found.engine
    without = without_docker(snapshot)
    expected = _expected(snapshot, without, chosen)
    comparison = Comparison(snapshot, without, expected)
    findings = list(comparison.rules())
    counted, partial = comparison.counted, comparison.partial
    findings += _host(snapshot, expected, counted, engine is not None or found.proxy_known)
    partial += _not_compared(snapshot)
    sure, compared = engine is not None or found.sure, sum(counted.values())
    if partial and not sure:
        # Of which version it is was told by the chains that are there: what is not may tell otherwise.
        findings = [each for each in findings if each.id != "drift.rule-foreign"]
    unknown = found.unknown if engine is None else ""
    return DriftReport(chosen, sure, tuple(findings), compared, tuple(partial), unknown)


def _expected(snapshot: Snapshot, without: Snapshot, engine: Engine) -> Snapshot:
    predictor = Predictor(without, replace(engine, bridge="none"))
    for act in acts_of(snapshot):
        try:
            predictor.apply(act)
        except DockerError as error:
            raise UsageError(said("Docker's own state does not fit together: {0}", error.what)) from error
    return predictor.plan().after


def _not_compared(snapshot: Snapshot) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What Docker makes beside rules, and no text shows."""
    host = snapshot.host
    families = {s.subnet.family for n in snapshot.networks or () if n.bridge for s in n.subnets}
    if not lists_all(host.interfaces) and families:
        yield not_captured("links", "ip -d link")
    if not any(item.interface == "lo" for item in host.addresses or ()) and families:
        yield not_captured("addresses", "ip addr")
    for family in sorted(families):
        if not any(known == family for known, _ in host.route_tables):
            yield not_captured("routes", "ip route" if family == 4 else "ip -6 route")
    if host.sockets is None and any(each.published for each in snapshot.containers or ()):
        yield not_captured("sockets", "ss -lntup")


# ------------------------------------------------------------------------- interfaces, routes, sysctls


def _host(
    snapshot: Snapshot, expected: Snapshot, counted: Counter[str], proxy_known: bool
) -> Iterator[Drift]:
    there, wanted = snapshot.host, expected.host
    bridges = {network.bridge: network.name for network in snapshot.networks or () if network.bridge}
    if lists_all(there.interfaces):
        names = {item.name: item for item in there.interfaces or ()}
        for bridge, network in bridges.items():
            if bridge not in names:
                yield Drift("drift.bridge-missing", (bridge, network))
            elif "UP" not in names[bridge].flags:
                yield Drift("drift.bridge-down", (bridge, network), names[bridge].evidence)
            else:
                counted["links"] += 1
    have = {(item.interface, item.address, item.length) for item in there.addresses or ()}
    if any(interface == "lo" for interface, _, _ in have):  # all were listed, not those of one interface
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
    yield from _sysctls(snapshot, expected, counted, proxy_known)
    yield from _sockets(snapshot, expected, counted)


def _sysctls(
    snapshot: Snapshot, expected: Snapshot, counted: Counter[str], proxy_known: bool
) -> Iterator[Drift]:
    places: dict[str, Evidence | None] = {item.key: item.evidence for item in snapshot.host.sysctls or ()}
    keys = ["net.ipv4.ip_forward"]
    for network in snapshot.networks or ():
        if network.bridge:
            if proxy_known:
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
        if "docker" not in process or socket.proto not in snapshot.host.socket_protocols:
            continue
        if (socket.proto, socket.address, socket.port) in listening:
            counted["sockets"] += 1
        else:
            name = "docker-proxy" if "docker-proxy" in process else "dockerd"
            yield Drift("drift.socket-missing", (name, socket.proto, f"{socket.address}", str(socket.port)))
