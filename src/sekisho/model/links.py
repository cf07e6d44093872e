"""Interfaces, their addresses, neighbours and bridge forwarding entries."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence
from sekisho.values.address import Address, Family
from sekisho.values.names import InterfaceName, LinkAddress


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of ``ip link`` / ``ip -d link`` / ``bridge link``.

    ``kind`` is what ``ip -d link`` calls it: loopback, bridge, veth, vlan, macvlan, vxlan, tun,
    dummy...; "" for a physical one, None where it was not printed. ``flags`` are the words in angle
    brackets (UP, LOWER_UP, NO-CARRIER...). ``peer`` is what follows ``@`` (a name, or ``if7``),
    ``peer_namespace`` the netns id or name of ``link-netnsid``/``link-netns``. ``details`` are further
    words of the output in order, as pairs, for rendering and for facts such as
    ("hairpin", "on"), ("bridge_slave", "")... ``hairpin``, ``isolated`` and ``port_state`` (forwarding,
    disabled, blocking...) are those of a bridge's port; None: not captured.
    """

    name: InterfaceName
    index: int | None = None
    kind: str | None = None
    flags: tuple[str, ...] = ()
    state: str | None = None
    mtu: int | None = None
    mac: LinkAddress | None = None
    master: InterfaceName | None = None
    peer: str | None = None
    peer_namespace: str | None = None
    hairpin: bool | None = None
    isolated: bool | None = None
    port_state: str | None = None
    details: tuple[tuple[str, str], ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """One ``inet``/``inet6`` line of ``ip addr``. ``length`` is the prefix length of the subnet."""

    interface: InterfaceName
    family: Family
    address: Address
    length: int
    broadcast: Address | None = None
    peer: Address | None = None
    scope: str | None = None
    label: str | None = None
    flags: tuple[str, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One line of ``ip neigh``: ``mac`` is None when unresolved, ``state`` e.g. REACHABLE, FAILED.

    ``flags`` are the words router, proxy, extern_learn...; ``details`` what does not decide
    (("proto", "static"), ("probes", "4")), and ("lladdr", TEXT) where somebody blacked out the address.
    """

    address: Address
    interface: InterfaceName
    mac: LinkAddress | None = None
    state: str | None = None
    flags: tuple[str, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)

    @property
    def resolved(self) -> bool:
        """Whether it has a link-layer address, be it shown or not."""
        return self.mac is not None or any(name == "lladdr" for name, _ in self.details)


@dataclass(frozen=True, slots=True)
class BridgeEntry:
    """One line of ``bridge fdb``: this MAC is behind ``port`` of ``bridge``; of a vxlan, behind the host
    ``far``."""

    mac: LinkAddress
    port: InterfaceName
    bridge: InterfaceName | None = None
    flags: tuple[str, ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)
    far: Address | None = None
