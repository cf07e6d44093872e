"""Hosts before Docker: a kernel as it starts, and the one of a plan that names none, an ordinary EC2 host."""

from __future__ import annotations

from dataclasses import replace

from sekisho.model.host import Sysctl
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.model.netfilter import Ruleset
from sekisho.model.routing import NextHop, PolicyRule, Route
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.values.address import Address, Prefix, everything
from sekisho.values.names import LOOPBACK, interface_name, link_address, namespace_name, sysctl_key

_SYSCTLS = (
    ("net.ipv4.ip_forward", "0"),
    ("net.ipv4.conf.all.forwarding", "0"),
    ("net.ipv4.conf.default.forwarding", "0"),
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    ("net.ipv4.conf.all.route_localnet", "0"),
    ("net.ipv4.conf.default.route_localnet", "0"),
    ("net.ipv6.conf.all.forwarding", "0"),
    ("net.ipv6.conf.default.forwarding", "0"),
)
DEFAULT_RULES = (
    PolicyRule(4, 0, table="local"),
    PolicyRule(4, 32766, table="main"),
    PolicyRule(4, 32767, table="default"),
    PolicyRule(6, 0, table="local"),
    PolicyRule(6, 32766, table="main"),
)

BARE = Snapshot(
    "",
    Namespace(
        namespace_name("host"),
        route_tables=frozenset({(4, "main"), (6, "main")}),
        rules=DEFAULT_RULES,
        interfaces=(Interface(LOOPBACK, 1, "loopback", ("LOOPBACK", "UP", "LOWER_UP"), "UNKNOWN", 65536),),
        addresses=(
            InterfaceAddress(LOOPBACK, 4, Address.parse("127.0.0.1"), 8, scope="host", label="lo"),
            InterfaceAddress(LOOPBACK, 6, Address.parse("::1"), 128, scope="host"),
        ),
        rulesets=(Ruleset(4, "", (), True), Ruleset(6, "", (), True)),
        sysctls=tuple(Sysctl(sysctl_key(key), value) for key, value in _SYSCTLS),
        sockets=(),
    ),
)

# Of an ENI: jumbo frames inside the VPC.
_MTU = 9001
_DHCP_METRIC = 100
_UP = ("BROADCAST", "MULTICAST", "UP", "LOWER_UP")


def ec2_host(address: Address, subnet: Prefix, interface: Interface) -> Snapshot:
    """A host in a VPC's subnet as it starts, its interface set up by DHCP: the subnet's first address is the
    router."""
    router = Address(4, subnet.value + 1)
    dev = interface.name
    routes = (
        Route(4, everything(4), nexthops=(NextHop(dev, router),), proto="dhcp", src=address,
              metric=_DHCP_METRIC),
        Route(4, subnet, nexthops=(NextHop(dev),), proto="kernel", scope="link", src=address,
              metric=_DHCP_METRIC),
    )  # fmt: skip
    own = InterfaceAddress(dev, 4, address, subnet.length, Address(4, subnet.last), scope="global", label=dev)
    bare = BARE.host
    host = replace(
        bare,
        interfaces=(*(bare.interfaces or ()), interface),
        addresses=(*(bare.addresses or ()), own),
        routes=(*bare.routes, *routes),
    )
    return replace(BARE, host=host)


# The host of a plan that names none.
ORDINARY = ec2_host(
    Address.parse("10.1.0.81"),
    Prefix.parse("10.1.0.0/24"),
    Interface(interface_name("eth0"), 2, "", _UP, "UP", _MTU, link_address("06:00:0a:01:00:51")),
)
