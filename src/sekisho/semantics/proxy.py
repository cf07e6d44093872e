"""docker-proxy: a process of the host that accepts a published port's connections and makes new ones.

    client ──► host:8080 (docker-proxy) ┆ host ──► container:80
       the first connection             ┆  a second one, with a source that routing chooses

The server sees the second connection's source: the bridge's own address, whoever called. Which container
stands behind a socket is in Docker's own state; the socket itself tells only whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.model.docker import DockerContainer, DockerEndpoint, PublishedPort
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Journey
from sekisho.semantics.journeys import Start
from sekisho.semantics.program import Translate
from sekisho.semantics.site import Site
from sekisho.semantics.world import World
from sekisho.values.address import Address
from sekisho.values.packet import Packet, protocol_name

PROCESS = "docker-proxy"


def accepted(world: World, found: Journey) -> Site | None:
    """The host on which the packet ended in a socket of docker-proxy's."""
    forward = found.forward
    if forward.disposition != "delivered" or not forward.steps:
        return None
    last = forward.steps[-1]
    proxied = last.code == "socket-found" and any(PROCESS in arg for arg in last.args)
    return world.sites.get(forward.where) if proxied else None


def second_connection(site: Site, packet: Packet) -> Start | None:
    """What docker-proxy sends for a packet that it accepted; None where no container is known to have
    published that port."""
    target = _target(site, packet)
    if target is None:
        return None
    address, port = target
    onward = Packet(address.family, 0, address.value, packet.proto, None, port)
    return Start(onward, site.id, "process", unstated=frozenset({"src", "sport", "length", "ttl"}))


def _target(site: Site, packet: Packet) -> tuple[Address, int] | None:
    called = Address(packet.family, packet.dst)
    for container in site.snapshot.containers or ():
        for port in container.published if container.running else ():
            if port.host_port == packet.dport and _is_bound(port, packet, called):
                address = _address(site, container, called, port)
                if address is not None:
                    return address, port.container_port
    return None


def _is_bound(port: PublishedPort, packet: Packet, called: Address) -> bool:
    if port.proto != protocol_name(packet.proto):
        return False
    host = port.host_address
    return host is None or (host.family == called.family and (not host.value or host == called))


def _address(site: Site, container: DockerContainer, called: Address, port: PublishedPort) -> Address | None:
    """The container's address that the port leads to: where a rule translates the port too, the rule's;
    else that of the network which gives the default gateway (libnetwork's Endpoint.Less)."""
    networks = {network.name: network for network in site.snapshot.networks or ()}

    def order(endpoint: DockerEndpoint) -> tuple[bool, int, str]:
        network = networks.get(endpoint.network)
        internal = network is not None and network.internal
        return (internal, -len(endpoint.gateways), endpoint.network)

    endpoints = sorted((e for e in container.endpoints if e.addresses), key=order)
    found = [a for e in endpoints for a in e.addresses if a.family == called.family]
    if not found:  # host IPv6 to a container that has IPv4 only
        found = [a for e in endpoints for a in e.addresses if a.family == 4]
    translated = set(_translated(site.host, port.container_port))
    return next((a for a in found if a in translated), found[0] if found else None)


def _translated(host: HostCode, port: int) -> Iterator[Address]:
    """The addresses that rules of the host translate published ports to."""
    for program in host.programs.values():
        for stations in program.stations.values():
            for station in stations:
                for chain in station.every:
                    for line in chain.lines:
                        action = line.action
                        if not isinstance(action, Translate) or action.what != "dst":
                            continue
                        low, high = action.ports or (port, port)
                        if action.addresses is not None and low <= port <= high:
                            yield Address(program.family, action.addresses[0])
