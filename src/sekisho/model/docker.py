"""Docker's own view: networks and containers as ``docker (network) inspect`` prints them."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence
from sekisho.values.address import Address, Prefix
from sekisho.values.names import ContainerName, InterfaceName, LinkAddress, NetworkName


@dataclass(frozen=True, slots=True)
class DockerSubnet:
    """One entry of a network's IPAM configuration."""

    subnet: Prefix
    gateway: Address | None = None
    ip_range: Prefix | None = None


@dataclass(frozen=True, slots=True)
class NetworkMember:
    """Who has an address in a network, as ``docker network inspect`` lists them: containers that run, and
    swarm's own end (``ingress-sbox``, whose ``id`` that is)."""

    id: str
    name: ContainerName
    addresses: tuple[Address, ...] = ()
    mac: LinkAddress | None = None


@dataclass(frozen=True, slots=True)
class DockerNetwork:
    """``bridge`` is the host interface of a bridge network: the option
    com.docker.network.bridge.name, or br- and the first 12 digits of the id. ``members`` are all that have
    an address in it on this host; None where the listing does not tell."""

    name: NetworkName
    id: str
    driver: str
    scope: str = "local"
    internal: bool = False
    bridge: InterfaceName | None = None
    subnets: tuple[DockerSubnet, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    members: tuple[NetworkMember, ...] | None = None
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DockerEndpoint:
    """A container's place in one network."""

    network: NetworkName
    addresses: tuple[Address, ...] = ()
    gateways: tuple[Address, ...] = ()
    mac: LinkAddress | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """``host_address`` 0.0.0.0 or :: means every host address; ``host_port`` 0: not published."""

    container_port: int
    proto: str
    host_address: Address | None
    host_port: int


@dataclass(frozen=True, slots=True)
class ListedContainer:
    """A container that is known in part only: a row of ``docker ps``, the ports of ``docker port``, a line of
    ``docker inspect -f``. It is never counted as one whose every address and port is known.

    ``id`` may be its first digits, "" where only the name was given. What is None was not told; ``networks``
    and ``addresses`` are all that was told, of ``published`` those of running containers.
    """

    name: ContainerName | None
    id: str = ""
    image: str = ""
    status: str = ""
    running: bool | None = None
    published: tuple[PublishedPort, ...] | None = None
    exposed: tuple[tuple[int, str], ...] = ()
    networks: tuple[NetworkName, ...] | None = None
    addresses: tuple[Address, ...] | None = None
    mac: LinkAddress | None = None
    told: tuple[tuple[str, str], ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ListedNetwork:
    """A row of ``docker network ls``: its subnets and its bridge are not told. ``id`` may be its first
    digits."""

    name: NetworkName
    id: str
    driver: str
    scope: str = ""
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DockerContainer:
    """``network_mode`` as HostConfig has it (bridge, host, none, container:ID, a network's name).

    ``command`` is the process that was started, with its arguments; empty where inspect does not tell.
    """

    name: ContainerName
    id: str
    running: bool = True
    network_mode: str = ""
    endpoints: tuple[DockerEndpoint, ...] = ()
    published: tuple[PublishedPort, ...] = ()
    exposed: tuple[tuple[int, str], ...] = ()
    pid: int | None = None
    image: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)
