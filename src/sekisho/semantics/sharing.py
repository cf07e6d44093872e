"""Which containers live in a namespace that is not their own: the host's, or another container's."""

from __future__ import annotations

from sekisho.model.docker import DockerContainer
from sekisho.model.snapshot import Namespace, Snapshot


def shares_host(host: Namespace, namespace: Namespace) -> bool:
    """Whether this is the host's own namespace, captured again (a container with network mode host). Names
    alone do not tell: every container has a lo and an eth0."""
    mine = {(item.name, item.mac) for item in host.interfaces or ()}
    theirs = {(item.name, item.mac) for item in namespace.interfaces or ()}
    return theirs <= mine and any(mac is not None and name != "lo" for name, mac in theirs)


def shared_namespaces(snapshot: Snapshot) -> dict[str, str]:
    """By a container's name, and by its id where a namespace is called so: whose namespace it lives in, the
    host's name or the other container's. What is captured under such names is that namespace once more."""
    host = snapshot.host.name
    containers = {key: item for item in snapshot.containers or () for key in (item.name, item.id)}
    captured = {item.name for item in snapshot.namespaces}
    found: dict[str, str] = {
        item.name: host for item in snapshot.namespaces if shares_host(snapshot.host, item)
    }
    for item in snapshot.containers or ():
        owner = _owner(item, containers, host) if item.running else None
        if owner is not None:
            found[item.name] = owner
            if item.id in captured:
                found[item.id] = owner
    return found


def _owner(item: DockerContainer, containers: dict[str, DockerContainer], host: str) -> str | None:
    """Along ``container:`` modes to whoever has a namespace; None: the container itself."""
    seen = item
    for _ in containers:
        mode, _, other = seen.network_mode.partition(":")
        if mode == "host":
            return host
        if mode != "container" or other not in containers:
            break
        seen = containers[other]
    return None if seen is item else seen.name
