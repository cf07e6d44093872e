"""What one host's capture tells: its namespaces, their links, and which of these are bridges."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from sekisho.errors import UsageError
from sekisho.model.docker import DockerContainer
from sekisho.model.snapshot import HOST, Snapshot
from sekisho.semantics.attachment import Attachment, Link, attached
from sekisho.semantics.bridges import bridges_in, bridges_of
from sekisho.semantics.hidden_addresses import addresses_of_others
from sekisho.semantics.host import HostCode, compile_host
from sekisho.semantics.listed import listed_names
from sekisho.semantics.listeners import with_listeners
from sekisho.semantics.ports import Links, Port, carries
from sekisho.semantics.published import with_published
from sekisho.semantics.sharing import shared_namespaces
from sekisho.semantics.veth import veth_pairs
from sekisho.values.address import Address
from sekisho.values.numbers import integer, is_number

# Names of interfaces that do not lead outside, where the kind was not captured, and kinds of those that do.
_NAMED_INWARD = re.compile(r"(?:lo|veth|docker|br-|virbr|lxc|cni|tun|tap|wg|vxlan|gre|ipip|sit|dummy)[\w.-]*")
_CARDS = frozenset({"", "vlan", "bond", "team"})
# Tables that a host has as soon as anybody filters or publishes; most containers have none.
_USUAL = ("filter", "nat")


def named_inward(name: str) -> bool:
    """Whether an interface of unknown kind has a name that is usual for what does not lead outside."""
    return _NAMED_INWARD.fullmatch(name) is not None


def check_names(snapshot: Snapshot) -> None:
    """Raises UsageError where another namespace has the host's own name."""
    if any(namespace.name == HOST for namespace in snapshot.namespaces):
        raise UsageError(
            "a container or network namespace has the name 'host', which is the host's own here",
            advice="give it another name",
        )


class Captured:
    """``id`` is the host's own namespace; ``bridges`` are the host's bridges, ``known_bridges`` what tells
    so, ``inner`` those of other namespaces; ``pairs`` the veth pairs between namespaces. ``shared`` tells in
    whose namespace those containers live that have none of their own, by name."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot, self.id = snapshot, snapshot.host.node
        self.shared = {
            self.called(name): self.called(whose) for name, whose in shared_namespaces(snapshot).items()
        }
        host = compile_host(snapshot.host, usual=_USUAL, others=addresses_of_others(snapshot))
        self.nodes: dict[str, HostCode] = {self.id: with_published(snapshot, host)}
        check_names(snapshot)
        for namespace in snapshot.namespaces:
            if namespace.node not in self.shared:
                self.nodes[namespace.node] = with_listeners(snapshot, compile_host(namespace))
        self.links = {name: Links.of(node.facts) for name, node in self.nodes.items()}
        self._listed = listed_names(snapshot)
        self._strange: dict[tuple[Link, str | None], Port] = {}
        self.known_bridges = bridges_of(snapshot)
        self.bridges = frozenset(self.known_bridges)
        self.inner = frozenset(
            Link(name, bridge)
            for name, node in self.nodes.items()
            if name != self.id
            for bridge in bridges_in(node.facts)
        )
        self.switching = {self.id, *(link.owner for link in self.inner)}
        self.pairs = {Link(*end): Link(*other) for end, other in veth_pairs(self.nodes).items()}

    def called(self, name: str) -> str:
        """What tells a container or namespace of this host from those of others that have its name."""
        site = self.snapshot.host.site
        return name if not site else site if name == HOST else f"{site}/{name}"

    def shown(self, device: str) -> str:
        """An interface of the host, with the host's name where there are several."""
        return f"{self.id}/{device}" if self.snapshot.host.site else device

    def on(self, device: str) -> Link:
        """The link of an interface of the host."""
        return Link(self.id, device)

    @property
    def host(self) -> HostCode:
        """The host's own namespace."""
        return self.nodes[self.id]

    @cached_property
    def devices(self) -> frozenset[str]:
        """The interfaces of the host, as far as any text names them."""
        facts = self.host.facts
        names = {"lo"} | {item.name for item in facts.interfaces or ()}
        names |= {item.interface for item in facts.addresses or ()}
        return frozenset(names | {hop.dev for route in facts.routes for hop in route.nexthops if hop.dev})

    def kind(self, device: str) -> str:
        """What a capture calls an interface of the host; "" for a card and where nothing tells."""
        interface = self.links[self.id].by_name.get(device)
        return "" if interface is None else interface.kind or ""

    def cards(self, bridge: str) -> frozenset[str]:
        """The ports of a bridge of the host by which it is on a wire outside."""
        ports = (item.name for item in self.links[self.id].by_bridge.get(bridge, ()))
        return frozenset(port for port in ports if self.kind(port) in _CARDS and not named_inward(port))

    def bridge_for(self, addresses: set[Address]) -> str | None:
        """The bridge of the host in whose subnet one of the addresses is."""
        for address in addresses:
            for item in self.host.addresses[address.family]:
                if item.interface in self.bridges and item.subnet.contains(address):
                    return item.interface
            for route in self.host.facts.routes:
                device = route.nexthops[0].dev if len(route.nexthops) == 1 else None
                if device not in self.bridges or route.nexthops[0].via or route.kind != "unicast":
                    continue
                if route.dst.length and route.dst.contains(address):
                    return device
        return None

    def interface_with(self, node: str | None, addresses: Iterable[Address]) -> str | None:
        """The interface of a captured namespace that has one of the addresses."""
        if node is None:
            return None
        wanted = set(addresses)
        for family_addresses in self.nodes[node].addresses.values():
            for item in family_addresses:
                if Address(item.family, item.value) in wanted:
                    return item.interface
        return None

    def port(self, node: str | None, interface: str | None, bridge: str, mac: str | None) -> Port:
        """The host's end of a link: its peer's index tells it, else what the bridge learned of the MAC
        address."""
        links = self.links[self.id]
        mine = self.links[node].by_name.get(interface or "") if node is not None else None
        name = None if mac is None else self._learned.get(mac)
        if mine is not None and mine.peer is not None and is_number(mine.peer.removeprefix("if")):
            index = integer(mine.peer.removeprefix("if"))
            ports = links.by_bridge.get(bridge, ())
            name = next((item.name for item in ports if item.index == index), name)
        port = links.port(bridge, name)
        return replace(port, passes=False) if mine is not None and not carries(mine) else port

    @cached_property
    def _learned(self) -> dict[str, str]:
        """Behind which port of a bridge a MAC address is."""
        known = self.links[self.id].by_name
        entries = self.host.facts.bridge_entries or ()
        return {entry.mac: entry.port for entry in entries if entry.port in known}

    def node_of(self, container: DockerContainer) -> str | None:
        """The captured namespace of a container."""
        return self.namespace(container.name) or self.namespace(container.id)

    def namespace(self, name: str) -> str | None:
        """The captured namespace of that name that is not the host's."""
        node = self.called(name)
        return node if node in self.nodes and node != self.id else None

    def strange(self, link: Link) -> Port:
        """What is known of the port of somebody on a bridge whom nobody knows."""
        return self._stranger_port(link, None)

    def strange_to(self, link: Link, sender: Attachment | None) -> Port:
        """The same for a frame that came in by the port of ``sender`` (None: by any): it finds nobody behind
        that, but in hairpin mode."""
        if sender is None or sender.port is None:
            besides = self.links[link.owner].lone(link.device)
        else:
            besides = sender.port if sender.hairpin is False else None
        return self._stranger_port(link, besides)

    def _stranger_port(self, link: Link, besides: str | None) -> Port:
        """Asked for every pair of a bridge's ports, and looks at them all: found once."""
        key = (link, besides)
        if key not in self._strange:
            self._strange[key] = self.links[link.owner].port(link.device, None, besides)
        return self._strange[key]

    def stranger(self, address: Address, bridge: str) -> Attachment:
        """Somebody on a bridge of the host of whom only the address is known."""
        listed = self._listed.get(address)
        name = self.called(str(address) if listed is None else listed)
        link = self.on(bridge)
        return attached(name, link, (address,), "rule", self.strange(link))
