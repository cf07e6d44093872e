"""What must be done to make a system stand: nodes and operations, as data.

Plan
  nodes: Node (one network namespace each)
  links, addresses, routes...: operations inside a node, in the order in which they are carried out
  loads: rule sets; programs and servers: what runs inside

A plan says nothing about how: ``build`` carries it out over netlink, ``commands`` prints the plain
``ip``, ``iptables`` and ``sysctl`` commands of the same steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sekisho.lab.operations import Link, Load, OnLink, Setting
from sekisho.values.address import Address, Prefix
from sekisho.values.names import InterfaceName, LabName, NodeName, SysctlKey

Role = Literal["internet", "gateway", "router", "resolver", "host", "container", "switch", "world"]
ServerKind = Literal["http", "echo", "imds", "proxy"]


@dataclass(frozen=True, slots=True)
class Node:
    """A network namespace. ``host``: of a container, the node whose bridge it hangs on.

    ``names``: what ``/etc/hosts`` inside says, (address, name). ``nameserver``: its resolv.conf.
    ``search``: the domain that the resolver appends.
    """

    name: NodeName
    role: Role
    host: str | None = None
    nameserver: str | None = None
    search: str | None = None
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SetSysctl:
    """``early``: before there is any interface. ``must``: failing to write it is an error."""

    node: str
    key: SysctlKey
    value: str
    early: bool = False
    must: bool = True


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """A rule set of a node."""

    node: str
    load: Load


@dataclass(frozen=True, slots=True)
class Shape:
    """What a wire does to packets that leave by ``interface``: rate in bit/s, delay in ms, loss in %."""

    node: str
    interface: InterfaceName
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


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose facts a plan is made of: a ``snapshot``, ``compose`` file or ``topology`` as the user named it.

    ``name``: the system's own word for itself, or a prediction's engine. ``counts``: how many of what.
    """

    kind: str
    path: str
    name: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole system. ``remarks``: what the topology asked and this plan leaves out, in words. ``origin``:
    None for the lab's own system. ``sites``: the hosts of a snapshot that has several, whose containers are
    called HOST/NAME; ``wires``: which of their interfaces (HOST/NAME) are on one wire."""

    name: LabName
    title: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...] = ()
    settings: tuple[Setting, ...] = ()
    sysctls: tuple[SetSysctl, ...] = ()
    loads: tuple[NodeLoad, ...] = ()
    shapes: tuple[Shape, ...] = ()
    servers: tuple[Server, ...] = ()
    programs: tuple[Program, ...] = ()
    instances: tuple[Instance, ...] = ()
    ipv6: frozenset[str] = field(default=frozenset())
    remarks: tuple[str, ...] = ()
    origin: Origin | None = None
    sites: tuple[str, ...] = ()
    wires: tuple[tuple[str, ...], ...] = ()

    def node(self, name: str) -> Node | None:
        """The node of that name."""
        return next((node for node in self.nodes if node.name == name), None)

    def addresses(self, node: str) -> Iterable[tuple[InterfaceName, Address]]:
        """(interface, address) of what is planned for a node."""
        return ((item.interface, item.address) for item in self.settings
                if isinstance(item, OnLink) and item.node == node)  # fmt: skip
