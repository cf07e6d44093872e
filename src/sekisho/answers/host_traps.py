"""Traps beside Docker's own rules: files that undo forwarding when they are applied again, forwarding that is
off, IPv6 neighbours that the host's own rules hide, and the metadata service whose answer dies on its way
into a container.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sekisho.answers.docker_traps import places_of
from sekisho.answers.finding import Finding
from sekisho.answers.trace import Question, start_of
from sekisho.answers.unchecked import FORWARDING, forwards
from sekisho.model.aws import Instance
from sekisho.model.docker import DockerContainer
from sekisho.model.snapshot import Snapshot
from sekisho.semantics import solicitation
from sekisho.semantics.addresses import host_addresses
from sekisho.semantics.host import compile_host
from sekisho.semantics.journey import Step
from sekisho.semantics.sysctl_files import winner
from sekisho.semantics.world import World
from sekisho.symbolic import searching
from sekisho.symbolic.one_journeys import journey

IMDS = "169.254.169.254:80"
# No way into a container has more.
FEW_HOPS = 4


def host_traps(snapshot: Snapshot) -> Iterator[Finding]:
    """All of them, in the order of this module."""
    yield from _forwarding_reset(snapshot)
    yield from _forwarding_off(snapshot)
    yield from _neighbours_lost(snapshot)
    yield from _metadata_hops(snapshot)


def _forwarding_reset(snapshot: Snapshot) -> Iterator[Finding]:
    """dockerd turns forwarding on when it starts; applying the files later turns it off again."""
    for key, family in FORWARDING:
        found = winner(snapshot.host.sysctl_files or (), key)
        if found is None or found.line.value != "0" or family not in forwards(snapshot):
            continue
        args = (found.file.path, found.line.key or key)
        yield Finding("trap.forwarding-reset", "warning", args, places_of(found.line.evidence))


def _forwarding_off(snapshot: Snapshot) -> Iterator[Finding]:
    for key, family in FORWARDING:
        item = snapshot.host.sysctl_fact(key)
        if item is None or item.value != "0" or family not in forwards(snapshot):
            continue
        yield Finding("trap.forwarding-off", "error", (key,), places_of(item.evidence))


def _neighbours_lost(snapshot: Snapshot) -> Iterator[Finding]:
    """IPv6's neighbour discovery passes the host's own rules, as ARP does not."""
    wide = [item for item in host_addresses(snapshot.host, 6) if item.scope not in ("link", "host")]
    if not wide:
        return
    host = compile_host(snapshot.host)
    lost: dict[tuple[str, str], list[str]] = {}
    refusals: dict[tuple[str, str], Step] = {}
    for interface in dict.fromkeys(item.interface for item in wide):
        if not solicitation.asks(host, interface):
            continue
        own = next(item.value for item in wide if item.interface == interface)
        asking = searching.solicited(host, interface, None, own)
        answering = searching.answered(host, interface, own)
        for code, found in (("asks", asking), ("answers", answering)):
            if found.refusal is not None and not found.doubts:
                key = (f"trap.neighbours-{code}", solicitation.place(found.refusal))
                lost.setdefault(key, []).append(interface)
                refusals[key] = found.refusal
    for (code, place), interfaces in lost.items():
        evidence = refusals[code, place].evidence
        yield Finding(code, "error", (", ".join(interfaces), place), places_of(evidence))


# ------------------------------------------------------------------------------------------- IMDS


def _metadata_hops(snapshot: Snapshot) -> Iterator[Finding]:
    """The answer to PUT leaves the metadata service with the hop limit as its TTL; the host that forwards it
    to a container's bridge drops a packet of TTL 1 (net/ipv4/ip_forward.c). Each container's answer is
    followed with that TTL."""
    own = {item.address for item in snapshot.host.addresses or ()}
    own |= {route.src for route in snapshot.host.routes if route.src is not None}
    mine = [item for item in snapshot.instances or () if own.intersection(item.addresses)]
    for instance in mine:
        limit = instance.hop_limit
        if instance.endpoint == "disabled" or limit is None or limit > FEW_HOPS:
            continue
        world = World(snapshot)
        cut_off = [c for c in snapshot.containers or () if _loses_the_answer(world, c, limit)]
        if cut_off:
            yield _too_far(instance, cut_off)


def _loses_the_answer(world: World, container: DockerContainer, hop_limit: int) -> bool:
    """Whether its request gets out, and only the answer's TTL ends on the way back."""
    if not container.running or not any(endpoint.addresses for endpoint in container.endpoints):
        return False
    start, _ = start_of(world, Question(f"container:{container.name}", IMDS, "tcp"))
    found = journey(world, replace(start, answer_ttl=hop_limit))
    back = found.reply
    return found.forward.disposition == "exits" and back is not None and back.disposition == "ttl_expired"


def _too_far(instance: Instance, containers: list[DockerContainer]) -> Finding:
    names = [container.name for container in containers]
    shown = ", ".join(names[:5]) + (f", ...(+{len(names) - 5})" if len(names) > 5 else "")
    # With tokens optional a client may still ask without one, in the old way; most try PUT first and wait.
    optional = instance.tokens == "optional"
    return Finding(
        "trap.imds-hop-limit.optional" if optional else "trap.imds-hop-limit",
        "note" if optional else "warning",
        (shown, instance.id, str(instance.hop_limit)),
        places_of(instance.evidence, containers[0].evidence),
    )
