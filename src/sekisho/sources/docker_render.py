"""Docker's own view as JSON in the shape of ``docker network inspect``, ``docker inspect``, ``docker
version``: the keys that the reader of these files asks for, and no others."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sekisho.model.docker import DockerContainer, DockerEndpoint, DockerNetwork, PublishedPort
from sekisho.sources.docker_inspect import BRIDGE_NAME_OPTION
from sekisho.values.address import Address


def render_networks(networks: Iterable[DockerNetwork]) -> str:
    """``docker network inspect``. A bridge whose name the id does not tell is named by its option."""
    return _text([_network(network) for network in networks])


def render_containers(containers: Iterable[DockerContainer]) -> str:
    """``docker inspect``."""
    return _text([_container(container) for container in containers])


def render_version(version: str) -> str:
    """``docker version --format json``, the server's part."""
    return _text({"Server": {"Version": version}})


def _text(value: object) -> str:
    return json.dumps(value, indent=4) + "\n"


def _network(network: DockerNetwork) -> dict[str, object]:
    options = dict(network.options)
    if network.bridge is not None and network.bridge != f"br-{network.id[:12]}":
        options.setdefault(BRIDGE_NAME_OPTION, network.bridge)
    config = []
    for item in network.subnets:
        entry = {"Subnet": str(item.subnet)}
        if item.ip_range is not None:
            entry["IPRange"] = str(item.ip_range)
        if item.gateway is not None:
            entry["Gateway"] = str(item.gateway)
        config.append(entry)
    members = {} if network.members is None else {"Containers": _members(network)}
    return {
        "Name": network.name,
        "Id": network.id,
        "Scope": network.scope,
        "Driver": network.driver,
        "EnableIPv6": any(item.subnet.family == 6 for item in network.subnets),
        "IPAM": {"Driver": "default", "Config": config},
        "Internal": network.internal,
        **members,
        "Options": options,
        "Labels": dict(network.labels),
    }


def _members(network: DockerNetwork) -> dict[str, object]:
    def one(addresses: tuple[Address, ...], family: int) -> str:
        for address in addresses:
            if address.family == family:
                lengths = [item.subnet.length for item in network.subnets if item.subnet.contains(address)]
                return f"{address}/{lengths[0]}" if lengths else str(address)
        return ""

    return {
        member.id: {
            "Name": member.name,
            "MacAddress": member.mac or "",
            "IPv4Address": one(member.addresses, 4),
            "IPv6Address": one(member.addresses, 6),
        }
        for member in network.members or ()
    }


def _container(container: DockerContainer) -> dict[str, object]:
    ports: dict[str, list[dict[str, str]] | None] = {}
    for number, proto in container.exposed:
        ports[f"{number}/{proto}"] = None
    for port in container.published:
        key = f"{port.container_port}/{port.proto}"
        ports[key] = [*(ports.get(key) or []), _binding(port)]
    command = {"Path": container.command[0], "Args": list(container.command[1:])} if container.command else {}
    return {
        "Id": container.id,
        **command,
        "Name": f"/{container.name}",
        "State": {"Running": container.running, "Pid": container.pid or 0},
        "HostConfig": {"NetworkMode": container.network_mode},
        "Config": {
            "Image": container.image,
            "ExposedPorts": {f"{number}/{proto}": {} for number, proto in container.exposed},
            "Labels": dict(container.labels),
        },
        "NetworkSettings": {
            "Ports": ports,
            "Networks": {endpoint.network: _endpoint(endpoint) for endpoint in container.endpoints},
        },
    }


def _binding(port: PublishedPort) -> dict[str, str]:
    host = "" if port.host_address is None else str(port.host_address)
    return {"HostIp": host, "HostPort": str(port.host_port) if port.host_port else ""}


def _endpoint(endpoint: DockerEndpoint) -> dict[str, object]:
    def one(family: int, gateways: bool) -> str:
        found = endpoint.gateways if gateways else endpoint.addresses
        return next((str(address) for address in found if address.family == family), "")

    return {
        "MacAddress": endpoint.mac or "",
        "Aliases": list(endpoint.aliases),
        "IPAddress": one(4, False),
        "Gateway": one(4, True),
        "GlobalIPv6Address": one(6, False),
        "IPv6Gateway": one(6, True),
    }
