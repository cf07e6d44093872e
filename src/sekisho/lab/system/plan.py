"""What must be done to make a system stand: nodes and operations, as data.

Plan
  nodes: Node (one network namespace each)
  links, addresses, routes...: operations inside a node, in the order in which they are carried out
  loads: rule sets; programs and servers: what runs inside

A plan says nothing about how: ``build`` carries it out over netlink, ``commands`` prints the plain
``ip``, ``iptables`` and ``sysctl`` commands of the same steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sekisho.values.address import Address, Prefix

Role = Literal["internet", "gateway", "router", "resolver", "host", "container", "switch", "world"]
ServerKind = Literal["http", "echo", "imds", "proxy"]


@dataclass(frozen=True, slots=True)
class Node:
    """A network namespace. ``host``: of a container, the node whose bridge it hangs on.

    ``names``: what ``/etc/hosts`` inside says, (address, name). ``nameserver``: its resolv.conf.
    ``search``: the domain that the resolver appends.
    """

    name: str
    role: Role
    host: str | None = None
    nameserver: str | None = None
    search: str | None = None
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge device, switched on."""

    node: str
    name: str
    mac: str | None = None
    mtu: int | None = None
    up: bool = True


@dataclass(frozen=True, slots=True)
class Wire:
    """A veth pair between two nodes; ``bridge``: the near end is a port of it."""

    node: str
    name: str
    far_node: str
    far_name: str
    mac: str | None = None
    far_mac: str | None = None
    mtu: int | None = None
    bridge: str | None = None
    far_bridge: str | None = None
    hairpin: bool = False
    up: bool = True
    far_up: bool = True


@dataclass(frozen=True, slots=True)
class OnLink:
    """An address. ``connected``: whether the kernel adds the subnet's route by itself."""

    node: str
    interface: str
    address: Address
    length: int
    connected: bool = True
    broadcast: Address | None = None
    peer: Address | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedRoute:
    """A route, in iproute2's words."""

    node: str
    dst: Prefix
    dev: str | None = None
    via: Address | None = None
    src: Address | None = None
    metric: int | None = None
    proto: str | None = None
    scope: str | None = None
    table: int = 254
    kind: str = "unicast"
    onlink: bool = False


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """``ip rule``: packets that came in by ``iif`` (or from ``src``) look in ``table``."""

    node: str
    priority: int
    table: int
    iif: str | None = None
    src: Prefix | None = None


@dataclass(frozen=True, slots=True)
class IpLine:
    """A line for ``ip -batch``, where a snapshot holds more than the other operations can say.

    ``family`` 6: to be read by ``ip -6``. ``must``: the kernel's refusal is an error, not a remark.
    """

    node: str
    text: str
    family: Literal[4, 6] = 4
    must: bool = True


@dataclass(frozen=True, slots=True)
class SetSysctl:
    """``early``: before there is any interface. ``must``: failing to write it is an error."""

    node: str
    key: str
    value: str
    early: bool = False
    must: bool = True


@dataclass(frozen=True, slots=True)
class Load:
    """A command that loads a rule set from its standard input."""

    node: str
    argv: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What a wire does to packets that leave by ``interface``: rate in bit/s, delay in ms, loss in %."""

    node: str
    interface: str
    rate: int | None = None
    delay: float | None = None
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A listening socket that the owner serves.

    ``http`` tells who asked, ``echo`` gives back what it got, ``proxy`` passes on to ``target``
    (docker-proxy's role), ``imds`` is the instance metadata service. ``address`` None: every IPv4
    address of the node, with ``dual`` the IPv6 ones too.
    """

    node: str
    kind: ServerKind
    proto: Literal["tcp", "udp"]
    address: Address | None
    port: int
    target: tuple[Address, int] | None = None
    name: str = ""
    dual: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """A process inside a node that lives as long as the system.

    ``text``: its standard input; ``udp_port``: where it listens once it is ready; ``package``: the
    Debian package that has it.
    """

    node: str
    argv: tuple[str, ...]
    text: str = ""
    package: str = ""
    udp_port: int = 0


@dataclass(frozen=True, slots=True)
class Instance:
    """What the metadata service tells an EC2 instance about itself."""

    node: str
    instance_id: str
    private: Address
    public: Address | None
    mac: str
    subnet: Prefix
    vpc: Prefix
    hop_limit: int = 1
    security_groups: tuple[str, ...] = ()


Link = Bridge | Wire
Setting = OnLink | PlannedRoute | PlannedRule | IpLine


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole system. ``remarks``: what the topology asked and this plan leaves out, in words."""

    name: str
    title: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...] = ()
    settings: tuple[Setting, ...] = ()
    sysctls: tuple[SetSysctl, ...] = ()
    loads: tuple[Load, ...] = ()
    shapes: tuple[Shape, ...] = ()
    servers: tuple[Server, ...] = ()
    programs: tuple[Program, ...] = ()
    instances: tuple[Instance, ...] = ()
    ipv6: frozenset[str] = field(default=frozenset())
    remarks: tuple[str, ...] = ()

    def node(self, name: str) -> Node | None:
        """The node of that name."""
        return next((node for node in self.nodes if node.name == name), None)

    def addresses(self, node: str) -> Iterable[tuple[str, Address]]:
        """(interface, address) of what is planned for a node."""
        for item in self.settings:
            if item.node != node:
                continue
            if isinstance(item, OnLink):
                yield item.interface, item.address
            elif isinstance(item, IpLine) and item.text.startswith("address add "):
                words = item.text.split()
                yield words[words.index("dev") + 1], Address.parse(words[2].split("/")[0])
