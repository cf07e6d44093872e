"""The host of a plan that names none: a kernel as it starts, with the loopback interface alone."""

from __future__ import annotations

from sekisho.model.host import Sysctl
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.model.netfilter import Ruleset
from sekisho.model.routing import PolicyRule
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.values.address import Address
from sekisho.values.names import LOOPBACK, namespace_name, sysctl_key

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
