"""What is asked of Docker: networks to create, containers to run. Frozen, and free of any engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence
from sekisho.values.address import Address, Prefix

ICC_OPTION = "com.docker.network.bridge.enable_icc"
MASQUERADE_OPTION = "com.docker.network.bridge.enable_ip_masquerade"
BRIDGE_NAME_OPTION = "com.docker.network.bridge.name"
HOST_BINDING_OPTION = "com.docker.network.bridge.host_binding_ipv4"
MTU_OPTION = "com.docker.network.driver.mtu"
MODE4_OPTION = "com.docker.network.bridge.gateway_mode_ipv4"
MODE6_OPTION = "com.docker.network.bridge.gateway_mode_ipv6"
HOST4_OPTION = "com.docker.network.host_ipv4"
HOST6_OPTION = "com.docker.network.host_ipv6"
TRUSTED_OPTION = "com.docker.network.bridge.trusted_host_interfaces"
INHIBIT_OPTION = "com.docker.network.bridge.inhibit_ipv4"


@dataclass(frozen=True, slots=True)
class SubnetSpec:
    """One ``--subnet`` with what belongs to it; ``auxiliary`` addresses are kept from containers.

    ``prefix`` None: a subnet of the default pools, of ``size`` bits where that was asked.
    """

    prefix: Prefix | None = None
    gateway: Address | None = None
    ip_range: Prefix | None = None
    auxiliary: tuple[Address, ...] = ()
    size: int | None = None
    place: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """``docker network create``. ``id``: that of a network which exists already, "" for a new one.
    ``undetermined_order``: created beside others, in no set order."""

    name: str
    driver: str = "bridge"
    subnets: tuple[SubnetSpec, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    internal: bool = False
    ipv4: bool = True
    ipv6: bool = False
    attachable: bool = False
    labels: tuple[tuple[str, str], ...] = ()
    ipam_driver: str = "default"
    id: str = ""
    undetermined_order: bool = field(default=False, compare=False)
    place: Evidence | None = field(default=None, compare=False)

    def option(self, name: str) -> str | None:
        """The value of a driver option; the last one wins."""
        return dict(self.options).get(name)


@dataclass(frozen=True, slots=True)
class PortSpec:
    """One published port. ``host_first`` 0 leaves the choice to Docker; a range lets it choose in it."""

    container_port: int
    proto: str = "tcp"
    host_address: Address | None = None
    host_first: int = 0
    host_last: int = 0
    place: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class EndpointSpec:
    """A container's wish for one network."""

    network: str
    ipv4: Address | None = None
    ipv6: Address | None = None
    mac: str | None = None
    aliases: tuple[str, ...] = ()
    link_local: tuple[Address, ...] = ()
    gw_priority: int = 0
    interface: str | None = None
    place: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """``docker run``. ``mode``: "" for the endpoints' networks, else host, none or container:NAME.

    ``sysctls`` are its own namespace's. ``undetermined_order``: started beside others.
    """

    name: str
    image: str = ""
    mode: str = ""
    endpoints: tuple[EndpointSpec, ...] = ()
    ports: tuple[PortSpec, ...] = ()
    exposed: tuple[tuple[int, str], ...] = ()
    publish_all: bool = False
    sysctls: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    id: str = ""
    undetermined_order: bool = field(default=False, compare=False)
    place: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class CreateNetwork:
    spec: NetworkSpec


@dataclass(frozen=True, slots=True)
class NeedNetwork:
    """Compose's look whether an external network is there."""

    key: str
    name: str
    place: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RemoveNetwork:
    name: str
    place: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RunContainer:
    spec: ContainerSpec


@dataclass(frozen=True, slots=True)
class RemoveContainer:
    name: str
    place: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Connect:
    container: str
    endpoint: EndpointSpec


Act = CreateNetwork | NeedNetwork | RemoveNetwork | RunContainer | RemoveContainer | Connect
