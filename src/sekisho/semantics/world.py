"""All namespaces of a snapshot and what hangs on the host's bridges (see ``attachment``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from sekisho.errors import UsageError
from sekisho.model.docker import DockerContainer, NetworkMember
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.attachment import Attachment, Segment, attached, fresh
from sekisho.semantics.bridges import bridges_of
from sekisho.semantics.conjunction import parts
from sekisho.semantics.hidden_addresses import addresses_of_others
from sekisho.semantics.host import HostCode, compile_host
from sekisho.semantics.journey import Lean
from sekisho.semantics.listed import incomplete, listed_names, told_addresses
from sekisho.semantics.listeners import with_listeners
from sekisho.semantics.ports import Links, Port, carries
from sekisho.semantics.program import Translate
from sekisho.semantics.published import with_published
from sekisho.semantics.sharing import shared_namespaces
from sekisho.values.address import BITS, Address, Family
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.numbers import integer, is_number

HOST = "host"
LINKS_TAKEN_UP = Lean("links-not-captured")

# Tables that a host has as soon as anybody filters or publishes; most containers have none.
_USUAL = ("filter", "nat")
# Whether br_netfilter is asked: a sysctl, and a setting of each bridge.
BRIDGE_NF = {
    4: ("net.bridge.bridge-nf-call-iptables", "nf_call_iptables"),
    6: ("net.bridge.bridge-nf-call-ip6tables", "nf_call_ip6tables"),
}

# Drivers that put containers on an interface's own wire, and the mode in which siblings see one another.
_WIRE_MODES = {"macvlan": "bridge", "ipvlan": "l2"}


def check_names(snapshot: Snapshot) -> None:
    """Raises UsageError where another namespace has the host's own name."""
    if any(namespace.name == HOST for namespace in snapshot.namespaces):
        raise UsageError(
            "a container or network namespace has the name 'host', which is the host's own here",
            advice="give it another name",
        )


class World:
    """What a walk moves in. ``bridges`` are the host's bridges, ``known_bridges`` what tells so;
    ``docker_bridges`` those whose every container is known. ``gone`` are addresses on these that a rule
    sends packets to and nobody has: a container's that is no more. ``shared`` tells in whose namespace
    those containers live that have none of their own, by name. ``kept``: what readings made for it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.shared = shared_namespaces(snapshot)
        host = compile_host(snapshot.host, usual=_USUAL, others=addresses_of_others(snapshot))
        self.nodes: dict[str, HostCode] = {HOST: with_published(snapshot, host)}
        check_names(snapshot)
        for namespace in snapshot.namespaces:
            if namespace.name not in self.shared:
                self.nodes[namespace.name] = with_listeners(snapshot, compile_host(namespace))
        self.links = {name: Links.of(node.facts) for name, node in self.nodes.items()}
        self._listed = listed_names(snapshot)
        self._strange: dict[tuple[str, str | None], Port] = {}
        self.known_bridges = bridges_of(snapshot)
        self.bridges = frozenset(self.known_bridges)
        seen: set[tuple[str, Address]] = set()
        self._certain = tuple(fresh(seen, (*self._from_docker(), *self._from_namespaces())))
        self.docker_bridges = self._closed()
        inferred = tuple(fresh(seen, (*self._from_neighbours(), *self._from_rules())))
        # Where Docker knows all, a rule does not make a container.
        self.gone = tuple(
            item for item in inferred if item.origin == "rule" and item.bridge in self.docker_bridges
        )
        self.attachments = (*self._certain, *(item for item in inferred if item not in self.gone))
        self.wires = tuple(self._from_wires())
        self._segments, self.kept = dict[tuple[str, Family], Segment](), dict[object, object]()

    @property
    def host(self) -> HostCode:
        """The host's own namespace."""
        return self.nodes[HOST]

    def behind(self, bridge: str, address: Address) -> Attachment | None:
        """What answers for the address on that bridge."""
        return next((item for item in self.holders(address) if item.bridge == bridge), None)

    def dead(self, node: str, interface: str) -> bool | None:
        """Whether no frame passes an interface of a namespace: it is down, or without carrier. None: nobody
        knows, for the reason that ``links`` has (``unread_line``)."""
        return self.links[node].dead(interface)

    def strange(self, bridge: str) -> Port:
        """What is known of the port of somebody on a bridge whom nobody knows."""
        return self._stranger_port(bridge, None)

    def strange_to(self, bridge: str, sender: Attachment | None) -> Port:
        """The same for a frame that came in by the port of ``sender`` (None: by any): it finds nobody behind
        that, but in hairpin mode."""
        links = self.links[HOST]
        if sender is None or sender.port is None:
            besides = links.lone(bridge)
        else:
            besides = sender.port if sender.hairpin is False else None
        return self._stranger_port(bridge, besides)

    def _stranger_port(self, bridge: str, besides: str | None) -> Port:
        """Asked for every pair of a bridge's ports, and looks at them all: found once."""
        key = (bridge, besides)
        if key not in self._strange:
            self._strange[key] = self.links[HOST].port(bridge, None, besides)
        return self._strange[key]

    def stranger(self, address: Address, bridge: str) -> Attachment:
        """Somebody on a bridge of whom only the address is known."""
        name = self._listed.get(address, str(address))
        return attached(name, bridge, (address,), "rule", self.strange(bridge))

    def bridge_nf(self, bridge: str, family: Family) -> str | None:
        """Whether netfilter sees what a bridge hands from port to port: "1", "0", None: not captured. The
        bridge's own setting counts beside the sysctl (br_nf_pre_routing), where br_netfilter is there."""
        sysctl, option = BRIDGE_NF[family]
        found = self.host.facts.sysctl(sysctl)
        own = self.links[HOST].detail(bridge, option)
        return "1" if found == "0" and own not in (None, "0") else found

    def segment(self, bridge: str, family: Family) -> Segment:
        """What decides between up and across on a bridge of the host."""
        key = (bridge, family)
        if key not in self._segments:
            self._segments[key] = self._make_segment(bridge, family)
        return self._segments[key]

    def _make_segment(self, bridge: str, family: Family) -> Segment:
        bits = BITS[family]
        here = [item for item in self.host.addresses[family] if item.interface == bridge]
        everywhere = IntSet.of(*(item.value for item in self.host.addresses[family]))
        own = IntSet.of(*(item.value for item in here))
        subnets = IntSet.from_intervals(i for item in here for i in IntSet.prefix(item.subnet))
        broadcast = IntSet.of(*(item.subnet.last for item in here))
        up_from_port = own | subnets.complement(bits) if here else EMPTY
        across_from_wire = subnets.minus(everywhere | broadcast, bits)
        attachments = tuple(item for item in self.attachments if item.bridge == bridge)
        if self.host.hidden[family].of(bridge) is not None:
            # What is not known to be a neighbour's may be the bridge's own, or beyond it.
            theirs = (a.value for item in attachments for a in item.addresses if a.family == family)
            own = up_from_port = IntSet.of(*theirs).complement(bits)
        return Segment(own, up_from_port, across_from_wire.complement(bits), attachments)

    def holder(self, address: Address) -> Attachment | None:
        """The attachment that has the address, whatever the bridge."""
        return next(iter(self.holders(address)), None)

    def holders(self, address: Address) -> tuple[Attachment, ...]:
        """All attachments that have the address."""
        return tuple(self._by_address.get(address, ()))

    def nobody_has(self, address: Address) -> bool:
        """Whether it is certain that nobody has the address: it lies on a bridge where Docker knows all."""
        if self.holders(address) or self.host.owns(address.family, address.value):
            return False
        return self._bridge_for({address}) in self.docker_bridges

    @cached_property
    def _by_address(self) -> dict[Address, list[Attachment]]:
        found: dict[Address, list[Attachment]] = {}
        for item in self.attachments:
            for address in item.addresses:
                found.setdefault(address, []).append(item)
        return found

    def named(self, name: str) -> tuple[Attachment, ...]:
        """The attachments of a container or namespace."""
        return tuple(self._by_name.get(self.shared.get(name, name), ()))

    @cached_property
    def _by_name(self) -> dict[str | None, list[Attachment]]:
        found: dict[str | None, list[Attachment]] = {}
        for item in self.attachments:
            for name in {item.name, item.node}:
                found.setdefault(name, []).append(item)
        return found

    def leans_on(self, family: Family) -> tuple[Lean, ...]:
        """What any answer about all packets takes for granted."""
        return (*self.host.takes_for_granted(family), *self.standing_leans(family))

    def standing_leans(self, family: Family) -> tuple[Lean, ...]:
        """What the readings of all packets lean on where commands tell what listens, names what is a
        bridge, and Docker's list who is on one."""
        commands = (
            Lean("sockets-by-command", (name, "; ".join(node.commands)))
            for name, node in self.nodes.items()
            if node.commands
        )
        bridges = (lean for name in self.known_bridges if (lean := self.bridge_lean(name)) is not None)
        closed = dict.fromkeys(Lean("docker-knows-all", (item.bridge,)) for item in self.gone)
        links = () if self.host.facts.interfaces is not None else (LINKS_TAKEN_UP,)
        return (*commands, *bridges, *closed, *links, *self.incomplete_leans[family])

    @cached_property
    def incomplete_leans(self) -> dict[Family, tuple[Lean, ...]]:
        return {4: incomplete(self.snapshot, 4), 6: incomplete(self.snapshot, 6)}

    def bridge_lean(self, name: str) -> Lean | None:
        """What an answer that goes over a bridge of the host leans on, where only its name tells that it is
        one."""
        known = self.known_bridges.get(name)
        return Lean("bridge-by-name", (name,)) if known is not None and known.known_by == "name" else None

    def _closed(self) -> frozenset[str]:
        """Docker's bridges whose every container is known: Docker's list of them was captured, and nothing
        shows that somebody else is there (a container that was being started, someone else's interface)."""
        members: dict[str, tuple[NetworkMember, ...] | None] = {
            n.bridge: n.members for n in self.snapshot.networks or () if n.bridge
        }
        return frozenset(
            name
            for name, known in self.known_bridges.items()
            if known.docker
            and (self.snapshot.containers is not None or members.get(name) is not None)
            and not self._has_strangers(name)
        )

    def _has_strangers(self, bridge: str) -> bool:
        here = [item for item in self._certain if item.bridge == bridge]
        ports = sum(item.master == bridge for item in self.host.facts.interfaces or ())
        if ports > len(here):
            return True
        addresses = {address for item in here for address in item.addresses}
        macs = {item.mac for item in here}
        return any(
            item.interface == bridge and item.state == "REACHABLE"
            and item.address not in addresses and item.mac not in macs
            for item in self.host.facts.neighbours or ()
        )  # fmt: skip

    # ---------------------------------------------------------------------------------- building

    def _from_wires(self) -> Iterable[Attachment]:
        """Containers of macvlan networks in bridge mode and of ipvlan networks in l2 mode, by parent."""
        parents: dict[str, str] = {}
        for network in self.snapshot.networks or ():
            options = dict(network.options)
            mode = options.get(f"{network.driver}_mode") or _WIRE_MODES.get(network.driver)
            parent = options.get("parent")
            if parent and network.driver in _WIRE_MODES and mode == _WIRE_MODES[network.driver]:
                parents[network.name] = parent
        for container in self.snapshot.containers or ():
            for endpoint in container.endpoints if container.running else ():
                parent = parents.get(endpoint.network)
                if parent is not None and endpoint.addresses:
                    node = self._node_of(container)
                    interface = self._interface_with(node, endpoint.addresses)
                    addresses = frozenset(endpoint.addresses)
                    yield Attachment(
                        container.name, parent, addresses, "wire", node, interface, mac=endpoint.mac
                    )

    def _from_docker(self) -> Iterable[Attachment]:
        networks = {network.name: network for network in self.snapshot.networks or ()}
        known: set[tuple[str, str]] = set()
        for container in self.snapshot.containers or ():
            for endpoint in container.endpoints if container.running else ():
                if networks:
                    bridge: str | None = (
                        networks[endpoint.network].bridge if endpoint.network in networks else None
                    )
                else:
                    bridge = self._bridge_for(set(endpoint.addresses))
                if bridge is None or not endpoint.addresses:
                    continue
                known.add((bridge, container.id))
                node = self._node_of(container)
                interface = self._interface_with(node, endpoint.addresses)
                port = self._port(node, interface, bridge, endpoint.mac)
                yield attached(
                    container.name, bridge, endpoint.addresses, "docker", port, node, interface, endpoint.mac
                )
        for name, address, mac in told_addresses(self.snapshot):
            if (found := self._bridge_for({address})) is not None:
                port = self._port(None, None, found, mac)
                yield attached(name, found, (address,), "docker", port, mac=mac)
        for network in networks.values():
            for member in network.members or ():
                # Containers that were not inspected, and swarm's own end.
                if network.bridge and member.addresses and (network.bridge, member.id) not in known:
                    node = member.name if member.name in self.nodes and member.name != HOST else None
                    interface = self._interface_with(node, member.addresses)
                    port = self._port(node, interface, network.bridge, member.mac)
                    yield attached(
                        member.name, network.bridge, member.addresses, "docker", port, node, interface,
                        member.mac,
                    )  # fmt: skip

    def _node_of(self, container: DockerContainer) -> str | None:
        return next((n for n in (container.name, container.id) if n in self.nodes and n != HOST), None)

    def _from_namespaces(self) -> Iterable[Attachment]:
        for name, node in self.nodes.items():
            if name == HOST:
                continue
            by_interface: dict[str, set[Address]] = {}
            for addresses in node.addresses.values():
                for item in addresses:
                    if item.interface != "lo" and item.scope != "link":
                        by_interface.setdefault(item.interface, set()).add(Address(item.family, item.value))
            for interface, found in by_interface.items():
                bridge = self._bridge_for(found)
                if bridge is not None:
                    port = self._port(name, interface, bridge, None)
                    yield attached(name, bridge, found, "namespace", port, name, interface)

    def _from_neighbours(self) -> Iterable[Attachment]:
        """Addresses that the host's neighbour table knows on a bridge, behind the port that the bridge
        learned for their MAC address. Where Docker knows all, only a further address of one of those."""
        macs = {(item.bridge, item.mac) for item in self._certain}
        for item in self.host.facts.neighbours or ():
            if item.interface not in self.bridges or not item.resolved or item.state == "FAILED":
                continue
            if item.interface in self.docker_bridges and (item.interface, item.mac) not in macs:
                continue
            port = self._port(None, None, item.interface, item.mac)
            yield attached(
                str(item.address), item.interface, (item.address,), "neighbour", port, mac=item.mac
            )

    def _from_rules(self) -> Iterable[Attachment]:
        """Addresses that a DNAT rule of the host sends packets to, where they lie on a bridge."""
        found: set[Address] = set()  # many rules name one address
        for program in self.host.programs.values():
            for stations in program.stations.values():
                for station in stations:
                    for chain in (station.base, *station.chains.values()):
                        for line in (part for whole in chain.lines for part in parts(whole)):
                            action = line.action
                            if not isinstance(action, Translate) or action.what != "dst":
                                continue
                            if action.addresses is None or action.addresses[0] != action.addresses[1]:
                                continue
                            address = Address(program.family, action.addresses[0])
                            if address in found:
                                continue
                            found.add(address)
                            bridge = self._bridge_for({address})
                            if bridge is not None:
                                yield self.stranger(address, bridge)

    def _bridge_for(self, addresses: set[Address]) -> str | None:
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

    def _interface_with(self, node: str | None, addresses: Iterable[Address]) -> str | None:
        if node is None:
            return None
        wanted = set(addresses)
        for family_addresses in self.nodes[node].addresses.values():
            for item in family_addresses:
                if Address(item.family, item.value) in wanted:
                    return item.interface
        return None

    def _port(self, node: str | None, interface: str | None, bridge: str, mac: str | None) -> Port:
        """The host's end of a link: its peer's index tells it, else what the bridge learned of the MAC
        address."""
        links = self.links[HOST]
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
        known = self.links[HOST].by_name
        entries = self.host.facts.bridge_entries or ()
        return {entry.mac: entry.port for entry in entries if entry.port in known}
