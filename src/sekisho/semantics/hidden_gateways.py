"""Gateways that somebody blacked out: ``default via x.x.x.x dev eth0``.

The route, its interface and its source address are known all the same, and away from the host nobody cares
which machine takes the packet. It matters where one behind the interface may be meant that is known (a
bridge's), where the gateway chooses among addresses of the interface (net/ipv4/devinet.c, inet_select_addr),
and where one of the interface's neighbours does not answer: there the route is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sekisho.model.snapshot import Namespace
from sekisho.values.address import Address, Family

if TYPE_CHECKING:
    from sekisho.semantics.addresses import HostAddress

# Names of interfaces that lead away from the host: udev's and the kernel's for network cards, and tunnels.
_AWAY = re.compile(r"(?:eth|en[opsxX]|wl|ww|ppp|tun|wg|bond|team|venet)[\w.-]*")
_NOBODY: dict[Family, Address] = {4: Address(4, 0), 6: Address(6, 0)}
_BEHIND = ("bridge", "vxlan", "veth", "openvswitch")


def unseen(family: Family) -> Address:
    """What stands for such a gateway: no route can have it (0 is "none" to the kernel)."""
    return _NOBODY[family]


def hop_words(hop: Address | None) -> str:
    """A next hop for people; a question mark where it is not shown."""
    return "" if hop is None else "?" if hop.value == 0 else str(hop)


def deciding(namespace: Namespace, family: Family, addresses: Iterable[HostAddress]) -> frozenset[str]:
    """The interfaces on which it matters who such a gateway is."""
    asked = {hop.dev for route in namespace.routes for hop in route.nexthops if hop.hidden and hop.dev}
    if not asked:
        return frozenset()
    own = tuple(addresses)
    return frozenset(name for name in asked if _matters(name, namespace, family, own))


def _matters(name: str, namespace: Namespace, family: Family, addresses: tuple[HostAddress, ...]) -> bool:
    subnets = {each.subnet for each in addresses if each.interface == name}
    facts = [each for each in namespace.interfaces or () if each.name == name]
    parent = any(each.peer == name for each in namespace.interfaces or () if each.name != name)
    silent = any(each.interface == name and not each.resolved for each in namespace.neighbours or ())
    return (
        not namespace.is_host
        or not _AWAY.fullmatch(name)
        or any(each.kind in _BEHIND for each in facts)
        or parent
        or silent
        or (family == 4 and len(subnets) > 1)
    )
