"""Traps beside Docker's own rules: files that undo forwarding when they are applied again, forwarding that is
off, and the metadata service whose answer dies on its way into a container.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.answers.docker_traps import Finding, places_of
from sekisho.answers.trace import Question, trace
from sekisho.model.aws import Instance
from sekisho.model.docker import DockerContainer
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.sysctl_files import winner
from sekisho.semantics.world import World

IMDS = "169.254.169.254:80"
_FORWARDING = (("net.ipv4.ip_forward", 4), ("net.ipv6.conf.all.forwarding", 6))


def host_traps(snapshot: Snapshot) -> Iterator[Finding]:
    """All of them, in the order of this module."""
    yield from _forwarding_reset(snapshot)
    yield from _forwarding_off(snapshot)
    yield from _metadata_hops(snapshot)


def _families(snapshot: Snapshot) -> set[int]:
    """The IP versions for which Docker forwards on this host."""
    if snapshot.networks is not None:
        return {s.subnet.family for n in snapshot.networks if n.driver == "bridge" for s in n.subnets}
    return {
        ruleset.family
        for ruleset in snapshot.host.rulesets
        for table in ruleset.tables
        for chain in table.chains
        if (table.name, chain.name) == ("nat", "DOCKER") and chain.rules
    }


def _forwarding_reset(snapshot: Snapshot) -> Iterator[Finding]:
    """dockerd turns forwarding on when it starts; applying the files later turns it off again."""
    for key, family in _FORWARDING:
        found = winner(snapshot.host.sysctl_files or (), key)
        if found is None or found.line.value != "0" or family not in _families(snapshot):
            continue
        args = (found.file.path, found.line.key or key)
        yield Finding("trap.forwarding-reset", "warning", args, places_of(found.line.evidence))


def _forwarding_off(snapshot: Snapshot) -> Iterator[Finding]:
    """Where Docker's own state was captured, drift says it of IPv4."""
    drifting = snapshot.networks is not None and snapshot.containers is not None
    for key, family in _FORWARDING:
        item = snapshot.host.sysctl_fact(key)
        if item is None or item.value != "0" or family not in _families(snapshot):
            continue
        if not (drifting and family == 4):
            yield Finding("trap.forwarding-off", "error", (key,), places_of(item.evidence))


# ------------------------------------------------------------------------------------------- IMDS


def _metadata_hops(snapshot: Snapshot) -> Iterator[Finding]:
    """The answer to PUT leaves the metadata service with the hop limit as its TTL; the host that forwards it
    to a container's bridge drops a packet of TTL 1 (net/ipv4/ip_forward.c)."""
    own = {item.address for item in snapshot.host.addresses or ()}
    own |= {route.src for route in snapshot.host.routes if route.src is not None}
    mine = [item for item in snapshot.instances or () if own.intersection(item.addresses)]
    for instance in mine:
        if instance.endpoint == "disabled" or instance.hop_limit != 1:
            continue
        world = World(snapshot)
        reaching = [c for c in snapshot.containers or () if _asks_through_the_host(world, c)]
        if reaching:
            yield _too_far(instance, reaching)


def _asks_through_the_host(world: World, container: DockerContainer) -> bool:
    """Whether its request gets out, forwarded by this host, so that only the answer's TTL stands between."""
    if not container.running or not any(endpoint.addresses for endpoint in container.endpoints):
        return False
    forward = trace(world, Question(f"container:{container.name}", IMDS, "tcp")).forward
    forwarded = any(step.hook == "route" and step.verdict == "FORWARD" for step in forward.steps)
    return forward.disposition == "exits" and forwarded


def _too_far(instance: Instance, containers: list[DockerContainer]) -> Finding:
    names = [container.name for container in containers]
    shown = ", ".join(names[:5]) + (f", ...(+{len(names) - 5})" if len(names) > 5 else "")
    # With tokens optional a client may still ask without one, in the old way; most try PUT first and wait.
    optional = instance.tokens == "optional"
    return Finding(
        "trap.imds-hop-limit.optional" if optional else "trap.imds-hop-limit",
        "note" if optional else "warning",
        (shown, instance.id),
        places_of(instance.evidence, containers[0].evidence),
    )
