"""A container's own network namespace, as Docker fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sekisho.docker.bare import DEFAULT_RULES
from sekisho.docker.engine import Engine
from sekisho.docker.host_state import UP, kernel_routes, loopback_routes, route_order
from sekisho.model.host import Sysctl
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.model.netfilter import Chain, Ruleset, Table
from sekisho.model.nft import NftRuleset
from sekisho.model.routing import NextHop, Route
from sekisho.model.snapshot import Namespace
from sekisho.sources.iptables_rule import parse_rule
from sekisho.values.address import Address, Family, Prefix, everything
from sekisho.values.names import (
    LOOPBACK,
    LinkAddress,
    SysctlKey,
    interface_name,
    namespace_name,
    sysctl_key,
    sysctl_of,
)

# The embedded DNS server listens on two ports that the kernel chooses; these stand for them.
DNS_TCP, DNS_UDP = 40053, 40054
DNS_SERVER = "127.0.0.11"


@dataclass(slots=True)
class Join:
    """A container's end in one network: its interface there and what it got."""

    network: str
    interface: str
    port: str
    index: int
    peer_index: int
    mtu: int
    addresses: list[tuple[Address, int]] = field(default_factory=list)
    gateways: dict[Family, Address] = field(default_factory=dict)
    mac: LinkAddress | None = None
    kind: str = "veth"


def namespace(
    name: str,
    engine: Engine,
    joins: list[Join],
    default_routes: Mapping[Family, tuple[Address, str]],
    dns: bool,
    extra_sysctls: tuple[tuple[str, str], ...] = (),
) -> Namespace:
    """The facts of a container's namespace. ``default_routes``: (gateway, interface) by family;
    ``dns``: whether Docker's embedded DNS server answers in it (on every network but the default bridge).

    Its sockets are not known: nobody can tell from outside what a container's programs listen on.
    """
    has6 = any(address.family == 6 for join in joins for address, _ in join.addresses)
    lo6 = has6 or engine.version >= (26, 0, 0)
    interfaces = [Interface(LOOPBACK, 1, "loopback", ("LOOPBACK", "UP", "LOWER_UP"), "UNKNOWN", 65536)]
    addresses = [InterfaceAddress(LOOPBACK, 4, Address.parse("127.0.0.1"), 8, scope="host", label="lo")]
    if lo6:
        addresses.append(InterfaceAddress(LOOPBACK, 6, Address.parse("::1"), 128, scope="host"))
    routes = loopback_routes()
    for join in joins:
        interfaces.append(
            Interface(
                interface_name(join.interface),
                join.index,
                join.kind,
                UP,
                "UP",
                join.mtu,
                join.mac,
                peer=f"if{join.peer_index}",
                peer_namespace="0",
            )
        )
        for address, length in join.addresses:
            addresses.append(_interface_address(join.interface, address, length))
            routes += [
                r
                for r in kernel_routes(join.interface, address, length)
                if r.family == 4 or r.table == "main"
            ]
        if any(address.family == 6 for address, _ in join.addresses):
            link_local = Prefix.parse("fe80::/64")
            hops = (NextHop(interface_name(join.interface)),)
            pref = (("pref", "medium"),)
            routes.append(Route(6, link_local, nexthops=hops, metric=256, proto="kernel", attributes=pref))
    for family, (via, interface) in default_routes.items():
        routes.append(_default_route(family, via, interface))
    routes.sort(key=route_order)
    filled = bool(joins) and dns
    return Namespace(
        namespace_name(name),
        routes=tuple(routes),
        route_tables=frozenset({(4, "all"), (6, "main")}),
        rules=DEFAULT_RULES,
        interfaces=tuple(interfaces),
        addresses=tuple(addresses),
        sysctls=tuple(Sysctl(key, value) for key, value in _sysctls(engine, joins, has6, extra_sysctls)),
        rulesets=(_dns_rules() if filled and not engine.nftables else Ruleset(4, "", (), True),),
        nft=_dns_nft() if filled and engine.nftables else None,
    )


def _interface_address(interface: str, address: Address, length: int) -> InterfaceAddress:
    name = interface_name(interface)
    if address.family == 6:
        return InterfaceAddress(name, 6, address, length, scope="global", flags=("nodad",))
    last = Address(4, address.value | ((1 << (32 - length)) - 1)) if length < 31 else None
    return InterfaceAddress(name, 4, address, length, last, scope="global", label=interface)


def _default_route(family: Family, via: Address, interface: str) -> Route:
    hop = (NextHop(interface_name(interface), via),)
    if family == 4:
        return Route(4, everything(4), nexthops=hop)
    return Route(6, everything(6), nexthops=hop, metric=1024, attributes=(("pref", "medium"),))


def _sysctls(
    engine: Engine, joins: list[Join], has6: bool, extra: tuple[tuple[str, str], ...]
) -> list[tuple[SysctlKey, str]]:
    old = engine.version < (26, 0, 0)
    usual = {
        "net.ipv4.ip_forward": "0",
        "net.ipv4.ip_unprivileged_port_start": "0",
        "net.ipv4.ping_group_range": "0\t2147483647",
        "net.ipv6.conf.all.disable_ipv6": "1" if old else "0",
        "net.ipv6.conf.default.disable_ipv6": "1" if old else "0",
        "net.ipv6.conf.lo.disable_ipv6": "1" if old and not has6 else "0",
    }
    found = {sysctl_key(key): value for key, value in usual.items()}
    for join in joins:
        mine = any(address.family == 6 for address, _ in join.addresses)
        found[sysctl_of("net", "ipv6", "conf", join.interface, "disable_ipv6")] = "0" if mine else "1"
    found.update((sysctl_key(key), value) for key, value in extra)
    return list(found.items())


def _dns_rules() -> Ruleset:
    chains: list[Chain] = []
    lines = {
        "PREROUTING": (),
        "INPUT": (),
        "OUTPUT": (f"-d {DNS_SERVER}/32 -j DOCKER_OUTPUT",),
        "POSTROUTING": (f"-d {DNS_SERVER}/32 -j DOCKER_POSTROUTING",),
        "DOCKER_OUTPUT": (
            f"-d {DNS_SERVER}/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination {DNS_SERVER}:{DNS_TCP}",
            f"-d {DNS_SERVER}/32 -p udp -m udp --dport 53 -j DNAT --to-destination {DNS_SERVER}:{DNS_UDP}",
        ),
        "DOCKER_POSTROUTING": (
            f"-s {DNS_SERVER}/32 -p tcp -m tcp --sport {DNS_TCP} -j SNAT --to-source :53",
            f"-s {DNS_SERVER}/32 -p udp -m udp --sport {DNS_UDP} -j SNAT --to-source :53",
        ),
    }
    for name, texts in lines.items():
        policy = None if name.startswith("DOCKER") else "ACCEPT"
        chains.append(Chain(name, policy, tuple(parse_rule(text)[0] for text in texts)))
    return Ruleset(4, "nft", (Table("nat", tuple(chains)),), True)


def _dns_nft() -> NftRuleset:
    from sekisho.docker.nft_rules import dns_table

    return dns_table(DNS_SERVER, DNS_UDP, DNS_TCP)
