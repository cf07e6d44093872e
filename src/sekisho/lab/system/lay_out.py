"""From a topology to the plan of its nodes, links, addresses, routes, rules and servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sekisho.errors import UsageError, said
from sekisho.lab.operations import AddRoute, AddRule, Bridge, Link, Load, OnLink, Setting, Wire
from sekisho.lab.system import docker_rules, imds, resolver, vpc_rules
from sekisho.lab.system.plan import (
    Instance,
    Node,
    NodeLoad,
    Plan,
    Program,
    Server,
    SetSysctl,
    Shape,
)
from sekisho.lab.system.routes import way
from sekisho.lab.system.topology import (
    ETH0,
    Container,
    Host,
    LinkQuality,
    Network,
    Service,
    Subnet,
    Topology,
    Vpc,
)
from sekisho.lab.system.vpc_rules import Eni
from sekisho.model.routing import PolicyRule
from sekisho.values.address import Address, Prefix, everything, host_prefix
from sekisho.values.names import (
    LOOPBACK,
    EthernetAddress,
    InterfaceName,
    NamespaceName,
    ethernet_address,
    interface_name,
    namespace_name,
    sysctl_key,
    sysctl_of,
)

DOMAIN = "ec2.internal"
IMDS = Address.parse(imds.ADDRESS)
# RFC 6598's shared space: no VPC and no Docker network is there.
_ROUTER_END, _GATEWAY_END = Address.parse("100.64.0.1"), Address.parse("100.64.0.2")
_EDGE_LENGTH = 30
_ANY = everything(4)
_ROUTE_TABLES = 1000
_AFTER_MAIN = 32800
_FORWARD = sysctl_key("net.ipv4.ip_forward")
# Ends of the wires between a VPC's own nodes.
_WAN, _VPC, _IGW, _RESOLVER, _LAN = map(interface_name, ("wan", "vpc", "igw", "resolver", "lan"))
_EXCHANGE = namespace_name("exchange")


def lay_out(topology: Topology) -> Plan:
    """Plan the system. Raises UsageError where the topology makes no sense as a whole."""
    return _Planner(topology).plan()


@dataclass(slots=True)
class _Planner:
    topology: Topology
    nodes: list[Node] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    sysctls: list[SetSysctl] = field(default_factory=list)
    loads: list[NodeLoad] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)
    programs: list[Program] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)

    def plan(self) -> Plan:
        self._internet()
        for vpc in self.topology.vpcs:
            self._vpc(vpc)
        for host in self.topology.hosts:
            self._host(host)
        self._check()
        topology = self.topology
        return Plan(
            topology.name, topology.title, tuple(self.nodes), tuple(self.links), tuple(self.settings),
            tuple(self.sysctls), tuple(self.loads), tuple(self.shapes), tuple(self.servers),
            tuple(self.programs), tuple(self.instances),
        )  # fmt: skip

    def _check(self) -> None:
        names = [node.name for node in self.nodes]
        twice = next((name for name in names if names.count(name) > 1), None) if len(names) < 5000 else None
        if twice is not None:
            raise UsageError(
                said("two nodes have the name {0!r}", twice), advice="give one of them another name"
            )

    # ------------------------------------------------------------------------------- the Internet

    def _with_gateway(self) -> list[Vpc]:
        return [vpc for vpc in self.topology.vpcs if vpc.internet_gateway]

    def _internet(self) -> None:
        """Hosts and gateways on one link: a wire where there are two, else a switch between them."""
        hosts, gateways = self.topology.internet, self._with_gateway()
        for host in hosts:
            self.nodes.append(Node(host.name, "internet"))
        if not hosts:
            return
        net = Prefix(4, hosts[0].address.value >> 8 << 8, 24)
        for vpc in gateways:
            self.nodes.append(Node(self._name(vpc, "igw"), "gateway"))
        ends: list[tuple[str, InterfaceName]] = [(host.name, ETH0) for host in hosts]
        ends += [(self._name(vpc, "igw"), _WAN) for vpc in gateways]
        if len(ends) == 2:
            self.links.append(Wire(*ends[0], *ends[1]))
        elif len(ends) > 2:
            self.nodes.append(Node(_EXCHANGE, "switch"))
            self.links.append(Bridge(_EXCHANGE, _LAN))
            for node, interface in ends:
                self.links.append(Wire(_EXCHANGE, self._port(node), node, interface, bridge=_LAN))
        outside = {vpc.name: Address(4, net.value + 1 + at) for at, vpc in enumerate(gateways)}
        for host in hosts:
            if host.address in outside.values():
                raise UsageError(
                    said("{0} of {1!r} is an internet gateway's own address", host.address, host.name),
                    advice=said("take one above {0}'s first {1}", net.address, len(gateways)),
                )
            self.settings.append(OnLink(host.name, ETH0, host.address, host.length))
            self._serve(host.name, host.services)
            self._shape([(host.name, ETH0)], host.link)
            if gateways:
                self.settings.append(way(host.name, _ANY, ETH0, outside[gateways[0].name]))
        for vpc in gateways:
            own = self._name(vpc, "igw")
            self.settings.append(OnLink(own, _WAN, outside[vpc.name], 24))
            for other in gateways[1:] if vpc == gateways[0] else gateways[:1]:
                self._to_public(own, _WAN, other, outside[other.name])
        for host in hosts:
            for other in gateways[1:]:
                self._to_public(host.name, ETH0, other, outside[other.name])

    def _to_public(self, node: str, dev: InterfaceName, vpc: Vpc, via: Address) -> None:
        for host in self._hosts(vpc):
            if host.public_address is not None:
                self.settings.append(way(node, host_prefix(host.public_address), dev, via))

    # ------------------------------------------------------------------------------------ the VPC

    def _name(self, vpc: Vpc, what: str) -> NamespaceName:
        return namespace_name(what if len(self.topology.vpcs) == 1 else f"{vpc.name}-{what}")

    def _hosts(self, vpc: Vpc) -> list[Host]:
        return [host for host in self.topology.hosts if host.vpc == vpc.name]

    def _vpc(self, vpc: Vpc) -> None:
        router = self._name(vpc, "router")
        self.nodes.append(Node(router, "router", nameserver=self._dns(vpc)))
        self.sysctls.append(SetSysctl(router, _FORWARD, "1"))
        self.settings.append(OnLink(router, LOOPBACK, IMDS, 32))
        self.servers.append(Server(router, "imds", "tcp", IMDS, 80))
        if vpc.internet_gateway and self.topology.internet:
            self._gateway(vpc, router)
        if vpc.resolver:
            self._resolver(vpc, router)
        enis = []
        for subnet in self.topology.subnets:
            if subnet.vpc == vpc.name:
                enis += [Eni(host, self._port(host.name, "eni-"), subnet) for host in self._in(subnet)]
        for eni in enis:
            self._eni(router, eni)
        # After the routes to what is there: nobody answers for the rest of the VPC.
        self.settings.append(way(router, vpc.cidr, kind="blackhole"))
        self._route_tables(vpc, router, enis)
        link = "resolver" if vpc.resolver else None
        text = vpc_rules.router_rules(self.topology, vpc, tuple(enis), link)
        self._load(router, text)

    def _in(self, subnet: Subnet) -> list[Host]:
        return [host for host in self.topology.hosts if (host.vpc, host.subnet) == (subnet.vpc, subnet.name)]

    def _dns(self, vpc: Vpc) -> str | None:
        return str(Address(4, vpc.cidr.value + 2)) if vpc.resolver else None

    def _gateway(self, vpc: Vpc, router: str) -> None:
        own = self._name(vpc, "igw")
        self.links.append(Wire(router, _IGW, own, _VPC))
        self.sysctls.append(SetSysctl(own, _FORWARD, "1"))
        self.settings += [
            OnLink(router, _IGW, _ROUTER_END, _EDGE_LENGTH),
            OnLink(own, _VPC, _GATEWAY_END, _EDGE_LENGTH),
            way(own, vpc.cidr, _VPC, _ROUTER_END),
        ]
        rules = vpc_rules.gateway_rules(self._hosts(vpc), "wan", "vpc")
        self._load(own, rules)

    def _resolver(self, vpc: Vpc, router: str) -> None:
        own, address = self._name(vpc, "resolver"), Address(4, vpc.cidr.value + 2)
        self.nodes.append(Node(own, "resolver", nameserver="127.0.0.1"))
        self.links.append(Wire(router, _RESOLVER, own, ETH0))
        gateway = Address(4, vpc.cidr.value + 1)
        self.settings += [
            way(router, host_prefix(address), _RESOLVER),
            OnLink(own, ETH0, address, 32),
            way(own, host_prefix(gateway), ETH0, scope="link"),
            way(own, _ANY, ETH0, gateway),
        ]
        # The router answers for base + 1 on this link too, also where no subnet begins there.
        self.settings.append(OnLink(router, _RESOLVER, gateway, 32))
        self.programs.append(resolver.program(own, resolver.records(self.topology, vpc, self._hosts(vpc))))

    def _eni(self, router: str, eni: Eni) -> None:
        host, subnet = eni.host, eni.subnet
        gateway = Address(4, subnet.cidr.value + 1)
        mac = _mac("06:00", host.address)
        vpc = self.topology.vpc(host.vpc)
        self.nodes.append(
            Node(host.name, "host", nameserver=self._dns(vpc), search=DOMAIN,
                 names=((str(host.address), host.name),))
        )  # fmt: skip
        self.links.append(Wire(router, eni.link, host.name, host.interface, far_mac=mac))
        self._shape([(router, eni.link), (host.name, host.interface)], host.link)
        self.settings += [
            OnLink(router, eni.link, gateway, 32),
            way(router, host_prefix(host.address), eni.link),
            OnLink(host.name, host.interface, host.address, subnet.cidr.length, connected=False,
                   broadcast=Address(4, subnet.cidr.last)),
        ]  # fmt: skip
        self.settings += self._dhcp_routes(host, subnet, gateway, vpc)
        self.sysctls += [
            SetSysctl(router, sysctl_of("net", "ipv4", "conf", eni.link, "proxy_arp"), "1"),
            # Proxied answers would otherwise wait for up to 0.8 s.
            SetSysctl(router, sysctl_of("net", "ipv4", "neigh", eni.link, "proxy_delay"), "0"),
        ]
        self.instances.append(
            Instance(
                host.name, f"i-0{host.address.value:016x}", host.address, host.public_address, mac,
                subnet.cidr, vpc.cidr, host.hop_limit, host.groups,
            )
        )  # fmt: skip

    def _dhcp_routes(self, host: Host, subnet: Subnet, gateway: Address, vpc: Vpc) -> Iterator[AddRoute]:
        """What systemd-networkd makes of EC2's DHCP answer."""
        dev, src = host.interface, host.address

        def learnt(dst: Prefix, proto: str, via: Address | None = None) -> AddRoute:
            return way(host.name, dst, dev, via, src, 100, proto, None if via is not None else "link")

        yield learnt(subnet.cidr, "kernel")
        yield learnt(host_prefix(gateway), "dhcp")
        yield learnt(_ANY, "dhcp", gateway)
        if vpc.resolver and host.dns_route != "none":
            dns = host_prefix(Address(4, vpc.cidr.value + 2))
            yield learnt(dns, "dhcp", gateway if host.dns_route == "via-gateway" else None)

    def _route_tables(self, vpc: Vpc, router: str, enis: list[Eni]) -> None:
        subnets = [subnet for subnet in self.topology.subnets if subnet.vpc == vpc.name]
        gateway = vpc.internet_gateway and bool(self.topology.internet)
        if all(subnet.routes is None for subnet in subnets):
            if gateway:
                self.settings.append(way(router, _ANY, _IGW, _GATEWAY_END))
            return
        links: dict[str, Eni] = {eni.host.name: eni for eni in enis}
        for number, subnet in enumerate(subnets):
            table = _ROUTE_TABLES + number
            for eni in enis:
                if eni.subnet == subnet:
                    # After main: what is local to the VPC always comes first.
                    self.settings.append(
                        AddRule(router, PolicyRule(4, _AFTER_MAIN, table=str(table), iif=eni.link))
                    )
            if subnet.routes is None:
                if gateway:
                    self.settings.append(way(router, _ANY, _IGW, _GATEWAY_END, table=table))
                continue
            for route in subnet.routes:
                if route.target == "internet-gateway" and gateway:
                    self.settings.append(way(router, route.dst, _IGW, _GATEWAY_END, table=table))
                elif route.target == "blackhole":
                    self.settings.append(way(router, route.dst, kind="blackhole", table=table))
                elif route.target in links:
                    eni = links[route.target]
                    self.settings.append(
                        way(router, route.dst, eni.link, eni.host.address, table=table, onlink=True)
                    )
                else:
                    raise UsageError(
                        said(
                            "the subnet {0!r} has a route to {1!r}, which there is not",
                            subnet.name,
                            route.target,
                        ),
                        advice="a route's via is internet-gateway, blackhole, or a host of the VPC",
                    )

    # ------------------------------------------------------------------------------ Docker hosts

    def _host(self, host: Host) -> None:
        self.sysctls += [SetSysctl(host.name, key, value) for key, value in host.sysctls]
        for network in host.networks:
            self.links.append(Bridge(host.name, network.bridge, _mac("02:42", network.gateway)))
            self.settings.append(
                OnLink(host.name, network.bridge, network.gateway, network.subnet.length,
                       broadcast=Address(4, network.subnet.last))
            )  # fmt: skip
            if not host.docker.userland_proxy:
                key = sysctl_of("net", "ipv4", "conf", network.bridge, "route_localnet")
                self.sysctls.append(SetSysctl(host.name, key, "1"))
        names = tuple(
            (str(address), container.name)
            for container in host.containers
            for _, address in container.networks
        )
        for container in host.containers:
            self._container(host, container, names)
        self.settings += [AddRoute(host.name, route) for route in host.routes]
        if host.networks:
            if host.docker.rules:
                self._load(host.name, docker_rules.docker_rules(host))
            if host.docker.userland_proxy:
                self._proxies(host)
            if not any(key == _FORWARD for key, _ in host.sysctls):
                self.sysctls.append(SetSysctl(host.name, _FORWARD, "1"))
        if host.iptables:
            self._load(host.name, host.iptables, "--noflush")
        if host.nft:
            self.loads.append(NodeLoad(host.name, Load(("nft", "-f", "-"), host.nft)))
        self._serve(host.name, host.services)

    def _container(self, host: Host, container: Container, names: tuple[tuple[str, str], ...]) -> None:
        vpc = self.topology.vpc(host.vpc)
        self.nodes.append(Node(container.name, "container", host.name, self._dns(vpc), DOMAIN, names))
        for number, (name, address) in enumerate(container.networks):
            network: Network = host.network(name)
            inner, outer = interface_name(f"eth{number}"), _veth(container.name, number)
            self.links.append(
                Wire(host.name, outer, container.name, inner, far_mac=_mac("02:42", address),
                     bridge=network.bridge, hairpin=not host.docker.userland_proxy)
            )  # fmt: skip
            self._shape([(host.name, outer), (container.name, inner)], container.link)
            self.settings.append(
                OnLink(container.name, inner, address, network.subnet.length,
                       broadcast=Address(4, network.subnet.last))
            )  # fmt: skip
            if number == 0 and not network.internal:
                self.settings.append(way(container.name, _ANY, inner, network.gateway))
        self._serve(container.name, container.services)

    def _proxies(self, host: Host) -> None:
        for container, port, _, address in docker_rules.published(host):
            self.servers.append(
                Server(
                    host.name, "proxy", port.proto, port.host_address, port.host_port,
                    (Address.parse(address), port.port), container.name,
                )
            )  # fmt: skip

    # --------------------------------------------------------------------------------- small parts

    def _load(self, node: str, text: str, *words: str) -> None:
        self.loads.append(NodeLoad(node, Load(("iptables-restore", *words), text)))

    def _serve(self, node: str, services: tuple[Service, ...]) -> None:
        for service in services:
            self.servers.append(Server(node, service.kind, service.proto, service.address, service.port))

    def _shape(self, ends: Iterable[tuple[str, InterfaceName]], link: LinkQuality) -> None:
        if link != LinkQuality():
            for node, interface in ends:
                self.shapes.append(Shape(node, interface, link.rate, link.delay, link.loss))

    def _port(self, name: str, head: str = "") -> InterfaceName:
        """An interface's name for the link to a node: its name, where that is short enough."""
        if len(head) + len(name) <= 15:
            return interface_name(head + name)
        return interface_name(f"{head}{name[: 9 - len(head)]}-{_hash(name) & 0xFFFFF:05x}")


def _veth(name: str, number: int) -> InterfaceName:
    return interface_name(f"veth{_hash(f'{name}/{number}') & 0xFFFFFFF:07x}")


def _hash(text: str) -> int:
    """FNV-1a: the same in every run."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value ^ value >> 32


def _mac(head: str, address: Address) -> EthernetAddress:
    """An address made from the IPv4 one, as dockerd did up to version 27 with 02:42."""
    return ethernet_address(f"{head}:{address.value.to_bytes(4, 'big').hex(':')}")
