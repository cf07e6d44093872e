"""What Docker's networks and containers are, as docker inspect shows them."""

from __future__ import annotations

from dataclasses import replace

from sekisho.explain.context import COMPOSE_SERVICE, HostContext
from sekisho.explain.message import Message, join, m
from sekisho.model.docker import (
    DockerContainer,
    DockerNetwork,
    ListedContainer,
    ListedNetwork,
    PublishedPort,
)


def explain_network(item: DockerNetwork, context: HostContext) -> tuple[Message, ...]:
    """A network: its bridge, its addresses, who is on it."""
    if item.driver in ("host", "null"):
        said = [m("docker.network.host" if item.driver == "host" else "docker.network.none")]
        return tuple(said)
    if item.bridge is None:
        said = [m("docker.network.other", item.name, item.driver)]
    else:
        code = "default" if item.name == "bridge" else "bridge"
        said = [m(f"docker.network.{code}", item.name, item.bridge)]
    if item.subnets:
        said.append(
            m(
                "docker.network.subnet",
                join(
                    "and",
                    [
                        str(entry.subnet)
                        if entry.gateway is None
                        else m("docker.network.gateway", entry.subnet, entry.gateway)
                        for entry in item.subnets
                    ],
                ),
            )
        )
    if item.internal:
        said.append(m("docker.network.internal"))
    members = [
        container.name
        for container in context.snapshot.containers or ()
        if any(endpoint.network == item.name for endpoint in container.endpoints)
    ]
    if members:
        said.append(m("docker.network.members", join("and", members)))
    elif context.snapshot.containers is not None:
        said.append(m("docker.network.empty"))
    return tuple(said)


def explain_container(item: DockerContainer) -> tuple[Message, ...]:
    """A container: its addresses, and which of its ports are published where."""
    image: Message | str = m("docker.container.image", item.image) if item.image else ""
    said = [m("docker.container", item.name, image)]
    service = dict(item.labels).get(COMPOSE_SERVICE)
    if service:
        said.append(m("docker.container.service", service))
    if not item.running:
        said.append(m("docker.container.stopped"))
    if item.network_mode == "host":
        return (*said, m("docker.container.host"))
    if item.network_mode.startswith("container:"):
        return (*said, m("docker.container.shares", item.network_mode.removeprefix("container:")[:64]))
    if item.network_mode == "none":
        said.append(m("docker.container.none"))
    places = [
        m("docker.container.endpoint", address, endpoint.network)
        for endpoint in item.endpoints
        for address in endpoint.addresses
    ]
    if places:
        said.append(m("docker.container.addresses", join("and", places)))
    published = [port for port in item.published if port.host_port]
    by_port: dict[str, list[Message]] = {}
    for port in published:
        by_port.setdefault(f"{port.container_port}/{port.proto}", []).append(_host_side(port))
    for name, sides in by_port.items():
        said.append(m("docker.published", name, join("or", dict.fromkeys(sides))))
    if not published and item.running:
        said.append(m("docker.published.none"))
    return tuple(said)


def explain_listed(item: ListedContainer, context: HostContext) -> tuple[Message, ...]:
    """A container of a short listing: what is told of it, and what is not."""
    image: Message | str = m("docker.container.image", item.image) if item.image else ""
    name = item.name or item.id
    said = [m("listed.container", name, image) if name else m("listed.container.nameless", image)]
    if item.running is not None:
        said.append(m("listed.running" if item.running else "docker.container.stopped"))
    if item.networks:
        said.append(m("listed.networks", join("and", item.networks)))
    if item.addresses:
        said.append(m("listed.addresses", join("and", item.addresses)))
    elif item.running is not False:
        mine = [address for address, owner in context.listed.items() if owner == item.name]
        said.append(m("listed.address.rule", join("and", mine)) if mine else m("listed.address.unknown"))
    by_port: dict[str, list[Message]] = {}
    for first, last in _runs(item.published or ()):
        inside = _range(first.container_port, last.container_port)
        side = _host_side(first, _range(first.host_port, last.host_port))
        by_port.setdefault(f"{inside}/{first.proto}", []).append(side)
    for port_name, sides in by_port.items():
        said.append(m("docker.published", port_name, join("or", dict.fromkeys(sides))))
    if item.published == () and item.running:
        said.append(m("docker.published.none"))
    return tuple(said)


def explain_listed_network(item: ListedNetwork, context: HostContext) -> tuple[Message, ...]:
    """A network of ``docker network ls``; its bridge where an interface is named after its id."""
    said = [m("listed.network", item.name, item.driver)]
    bridge = f"br-{item.id[:12]}"
    if item.driver == "bridge" and context.bridge(bridge) is not None:
        said.append(m("listed.network.bridge", bridge))
    return tuple(said)


def _runs(published: tuple[PublishedPort, ...]) -> list[tuple[PublishedPort, PublishedPort]]:
    """Ports that follow one another on both sides, as the first and the last of each run."""
    found: list[tuple[PublishedPort, PublishedPort]] = []
    for port in published:
        if found:
            first, last = found[-1]
            if port == replace(last, container_port=last.container_port + 1, host_port=last.host_port + 1):
                found[-1] = first, port
                continue
        found.append((port, port))
    return found


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _host_side(port: PublishedPort, number: str = "") -> Message:
    at = number or str(port.host_port)
    address = port.host_address
    if address is None or address.value == 0:
        return m("docker.published.everywhere", at)
    loopback = address.value == 1 or (address.family == 4 and address.value >> 24 == 127)
    return m("docker.published.loopback" if loopback else "docker.published.address", at, address)
