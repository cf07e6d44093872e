"""A topology: what a system is to be, as the file says it.

Topology
  internet: InternetHost
  vpcs: Vpc ── subnets: Subnet (NACL, routes), security groups: SecurityGroup
  hosts: Host (in a subnet) ── networks: Network (a bridge each), containers: Container

docs/lab.md describes the file; ``topology.schema.json`` beside this module is its JSON schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sekisho.model.routing import Route
from sekisho.values.address import Address, Prefix
from sekisho.values.names import (
    ContainerName,
    InterfaceName,
    LabName,
    NamespaceName,
    SysctlKey,
    interface_name,
)

SCHEMA = "sekisho/topology/1"
ETH0 = interface_name("eth0")


@dataclass(frozen=True, slots=True)
class Service:
    """Something that listens in a node: a server of the lab's own."""

    port: int
    proto: Literal["tcp", "udp"] = "tcp"
    kind: Literal["http", "echo"] = "http"
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class LinkQuality:
    """``delay`` in ms and ``loss`` in percent each way, ``rate`` in bit/s each way."""

    delay: float | None = None
    loss: float | None = None
    rate: int | None = None


@dataclass(frozen=True, slots=True)
class TrafficRule:
    """One line of a security group or NACL. ``number`` and ``allow`` are a NACL's.

    ``ports`` None: all. ``peer``: a prefix, or ``group`` names a security group of the VPC.
    """

    proto: str = "all"
    ports: tuple[int, int] | None = None
    peer: Prefix | None = None
    group: str | None = None
    number: int = 0
    allow: bool = True


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """Stateful, allow only: what may come in and go out at an interface."""

    name: str
    ingress: tuple[TrafficRule, ...] = ()
    egress: tuple[TrafficRule, ...] = ()


@dataclass(frozen=True, slots=True)
class VpcRoute:
    """A line of a route table: ``target`` is ``internet-gateway``, ``blackhole`` or a host's name."""

    dst: Prefix
    target: str


@dataclass(frozen=True, slots=True)
class Subnet:
    """``ingress``/``egress`` None: the default NACL, which lets all pass. ``routes`` None: everything
    that is not local goes to the internet gateway, where the VPC has one."""

    name: str
    vpc: str
    cidr: Prefix
    ingress: tuple[TrafficRule, ...] | None = None
    egress: tuple[TrafficRule, ...] | None = None
    routes: tuple[VpcRoute, ...] | None = None


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC with its router at each subnet's base + 1 and its resolver at the VPC's base + 2."""

    name: str
    cidr: Prefix
    internet_gateway: bool = True
    resolver: bool = True
    groups: tuple[SecurityGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class InternetHost:
    """A host out there."""

    name: NamespaceName
    address: Address
    length: int = 24
    services: tuple[Service, ...] = ()
    link: LinkQuality = LinkQuality()


@dataclass(frozen=True, slots=True)
class Network:
    """A Docker bridge network."""

    name: str
    bridge: InterfaceName
    subnet: Prefix
    gateway: Address
    internal: bool = False
    icc: bool = True
    masquerade: bool = True


@dataclass(frozen=True, slots=True)
class Publish:
    """``-p [HOST_ADDRESS:]HOST_PORT:PORT[/PROTO]``."""

    port: int
    host_port: int
    proto: Literal["tcp", "udp"] = "tcp"
    host_address: Address | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """A container with an address in each of its networks (the first is its default gateway's)."""

    name: ContainerName
    networks: tuple[tuple[str, Address], ...]
    services: tuple[Service, ...] = ()
    publish: tuple[Publish, ...] = ()
    link: LinkQuality = LinkQuality()


@dataclass(frozen=True, slots=True)
class Docker:
    """``rules``: whether dockerd's iptables rules are there; ``userland_proxy``: docker-proxy's role."""

    rules: bool = True
    userland_proxy: bool = True


@dataclass(frozen=True, slots=True)
class Host:
    """An EC2 host. ``dns_route``: how DHCP's route to the resolver looks (systemd-networkd has had both).

    ``iptables``: text for iptables-restore --noflush, after Docker's rules; ``nft``: text for nft -f. Both
    are written anew from what was understood (``host_texts``).
    """

    name: NamespaceName
    subnet: str
    vpc: str
    address: Address
    interface: InterfaceName = ETH0
    public_address: Address | None = None
    groups: tuple[str, ...] = ()
    source_dest_check: bool = True
    hop_limit: int = 1
    dns_route: Literal["via-gateway", "on-link", "none"] = "via-gateway"
    docker: Docker = Docker()
    networks: tuple[Network, ...] = ()
    containers: tuple[Container, ...] = ()
    services: tuple[Service, ...] = ()
    sysctls: tuple[tuple[SysctlKey, str], ...] = ()
    routes: tuple[Route, ...] = ()
    iptables: str = ""
    nft: str = ""
    link: LinkQuality = LinkQuality()

    def network(self, name: str) -> Network:
        """The network of that name. Raises KeyError."""
        for network in self.networks:
            if network.name == name:
                return network
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Topology:
    """A whole system."""

    name: LabName
    title: str = ""
    internet: tuple[InternetHost, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    hosts: tuple[Host, ...] = field(default=())

    def vpc(self, name: str) -> Vpc:
        """The VPC of that name. Raises KeyError."""
        return {vpc.name: vpc for vpc in self.vpcs}[name]

    def subnet(self, vpc: str, name: str) -> Subnet:
        """The subnet of that name in the VPC. Raises KeyError."""
        return {(item.vpc, item.name): item for item in self.subnets}[vpc, name]
