"""What can be done inside a namespace: links, addresses, routes, rules, neighbours, as data.

No operation holds a text that another program would read as more than one value: names are of the types
of ``values.names``, routes and policy rules are the model's own facts. ``rtnetlink`` and ``rtroutes`` turn
them into messages for the kernel; ``system.commands`` prints what a person would type.

``must``: whether the kernel's refusal is an error; else it becomes a remark.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.model.routing import PolicyRule, Route
from sekisho.values.address import Address, Family
from sekisho.values.names import EthernetAddress, InterfaceName


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge device. ``options``: its own ``nf_call_iptables`` and ``nf_call_ip6tables``."""

    node: str
    name: InterfaceName
    mac: EthernetAddress | None = None
    up: bool = True
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Wire:
    """A veth pair between two nodes; ``bridge``: the near end is a port of it."""

    node: str
    name: InterfaceName
    far_node: str
    far_name: InterfaceName
    mac: EthernetAddress | None = None
    far_mac: EthernetAddress | None = None
    mtu: int | None = None
    bridge: InterfaceName | None = None
    hairpin: bool = False
    up: bool = True
    far_up: bool = True
    isolated: bool = False


@dataclass(frozen=True, slots=True)
class OnLink:
    """An address. ``connected``: whether the kernel adds the subnet's route by itself."""

    node: str
    interface: InterfaceName
    address: Address
    length: int
    connected: bool = True
    broadcast: Address | None = None
    peer: Address | None = None
    scope: str | None = None
    must: bool = True
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class AddRoute:
    """A route; several may differ in nothing but the device."""

    node: str
    route: Route
    must: bool = True


@dataclass(frozen=True, slots=True)
class AddRule:
    """A policy rule."""

    node: str
    rule: PolicyRule
    must: bool = True


@dataclass(frozen=True, slots=True)
class DropRule:
    """Take away the policy rule of that priority: one of those that every namespace starts with."""

    node: str
    family: Family
    priority: int
    must: bool = True


@dataclass(frozen=True, slots=True)
class KnowNeighbour:
    """Who is behind which address, for good."""

    node: str
    interface: InterfaceName
    address: Address
    mac: EthernetAddress
    must: bool = True


@dataclass(frozen=True, slots=True)
class Enslave:
    """Make an interface a port of a bridge."""

    node: str
    interface: InterfaceName
    bridge: InterfaceName
    must: bool = True


@dataclass(frozen=True, slots=True)
class BehindPort:
    """A bridge's port behind which a link-layer address always is."""

    node: str
    port: InterfaceName
    mac: EthernetAddress
    must: bool = True


@dataclass(frozen=True, slots=True)
class Load:
    """A rule set to load: the command, what it reads on standard input."""

    argv: tuple[str, ...]
    text: str


Link = Bridge | Wire
Setting = OnLink | AddRoute | AddRule | DropRule | KnowNeighbour | Enslave | BehindPort
