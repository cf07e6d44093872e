"""A running daemon's networks and containers as the acts that would make them again, as they are now."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.docker.intent import (
    BRIDGE_NAME_OPTION,
    Act,
    ContainerSpec,
    CreateNetwork,
    EndpointSpec,
    NetworkSpec,
    PortSpec,
    RunContainer,
    SubnetSpec,
)
from sekisho.model.docker import DockerContainer, DockerEndpoint, DockerNetwork
from sekisho.model.snapshot import Snapshot
from sekisho.values.address import Address


def acts_of(snapshot: Snapshot) -> Iterator[Act]:
    """Networks with their ids, bridges and subnets; running containers with their addresses and ports."""
    networks = snapshot.networks or ()
    for network in sorted(networks, key=lambda network: network.name != "bridge"):
        if network.driver in ("bridge", "macvlan", "ipvlan"):
            yield CreateNetwork(network_spec(snapshot, network))
    shared = sorted(snapshot.containers or (), key=lambda item: item.network_mode.startswith("container:"))
    for container in shared:
        if container.running:
            yield RunContainer(container_spec(container))


def network_spec(snapshot: Snapshot, network: DockerNetwork) -> NetworkSpec:
    """The spec of a network that exists."""
    options = network.options
    if network.bridge is not None and network.bridge != f"br-{network.id[:12]}":
        options = (*(o for o in options if o[0] != BRIDGE_NAME_OPTION), (BRIDGE_NAME_OPTION, network.bridge))
    subnets = tuple(
        SubnetSpec(
            item.subnet, item.gateway or _bridge_address(snapshot, network, item.subnet.family), item.ip_range
        )
        for item in network.subnets
    )
    families = {item.subnet.family for item in network.subnets}
    return NetworkSpec(
        network.name,
        network.driver,
        subnets,
        options,
        network.internal,
        4 in families,
        6 in families,
        labels=network.labels,
        id=network.id,
        place=network.evidence,
    )


def _bridge_address(snapshot: Snapshot, network: DockerNetwork, family: int) -> Address | None:
    """28 prints no gateway that it chose itself: it is the bridge's own address, or the endpoints'."""
    subnets = [item.subnet for item in network.subnets if item.subnet.family == family]
    for container in snapshot.containers or ():
        for endpoint in container.endpoints:
            for gateway in endpoint.gateways if endpoint.network == network.name else ():
                if any(subnet.contains(gateway) for subnet in subnets):
                    return gateway
    for address in snapshot.host.addresses or ():
        if address.interface == network.bridge and any(s.contains(address.address) for s in subnets):
            return address.address
    return None


def container_spec(container: DockerContainer) -> ContainerSpec:
    """The spec of a container that runs."""
    mode = container.network_mode
    lone = mode in ("host", "none") or mode.startswith("container:")
    exposed = tuple(container.exposed)
    return ContainerSpec(
        container.name,
        container.image,
        mode if lone else "",
        () if lone else tuple(_endpoint(endpoint) for endpoint in container.endpoints),
        tuple(_ports(container)),
        exposed,
        labels=container.labels,
        id=container.id,
        place=container.evidence,
    )


def _endpoint(endpoint: DockerEndpoint) -> EndpointSpec:
    def one(family: int) -> Address | None:
        return next((a for a in endpoint.addresses if a.family == family), None)

    return EndpointSpec(endpoint.network, one(4), one(6), endpoint.mac, endpoint.aliases)


def _ports(container: DockerContainer) -> Iterator[PortSpec]:
    """0.0.0.0 and :: of one port are one ``-p`` without an address."""
    groups: dict[tuple[int, str, int], list[Address | None]] = {}
    for port in container.published:
        number = port.host_port or max(
            (o.host_port for o in container.published
             if (o.container_port, o.proto) == (port.container_port, port.proto)), default=0,
        )  # fmt: skip
        groups.setdefault((port.container_port, port.proto, number), []).append(port.host_address)
    for (inside, proto, number), hosts in groups.items():
        wildcards = {host.family for host in hosts if host is not None and not host.value}
        if wildcards == {4, 6}:
            yield PortSpec(inside, proto, None, number, number, container.evidence)
            hosts = [host for host in hosts if host is not None and host.value]
        for host in hosts:
            yield PortSpec(inside, proto, host, number, number, container.evidence)
