"""What is known about a host beyond the line being explained: names for its addresses and bridges.

Everything here comes from captured facts; what is inferred from a route or a rule instead of being
captured says so in ``Holder.known_by``.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property

from sekisho.explain.message import Message, m
from sekisho.explain.route_index import RouteIndex
from sekisho.model.docker import DockerNetwork
from sekisho.model.netfilter import Option, Rule, Table
from sekisho.model.routing import Route
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics import bridges as semantics
from sekisho.semantics.listed import listed_names
from sekisho.semantics.source_check import looks_sources_up
from sekisho.values.address import BITS, Address, Prefix

# dockerd: "br-" and the first 12 hex digits of the network's id; docker0 is the network "bridge".
DOCKER_BRIDGE = re.compile(r"br-[0-9a-f]{12}")
# Kinds of bridges of which nothing says that they are Docker's.
PLAIN = frozenset({"other", "usual"})
SWARM_BRIDGE = "docker_gwbridge"
COMPOSE_SERVICE = "com.docker.compose.service"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an address: a container, a namespace, or (``name`` empty) somebody a rule points at.

    ``known_by``: "docker" (docker inspect), "namespace" (a captured namespace), "rule" (a DNAT rule).
    """

    address: Address
    name: str
    service: str = ""
    known_by: str = "docker"


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge of this host; ``network`` is the Docker network's name where it was captured.

    ``kind``: "docker0"; "docker" (captured as such, or a name in Docker's own form); "written" (dockerd's
    rules name it); "swarm" (its gateway bridge); "named" and "usual" (nothing but the name tells); "other".
    """

    name: str
    kind: str
    network: str = ""
    network_id: str = ""


@dataclass(frozen=True)
class HostContext:
    """One namespace of a snapshot, with what Docker and the other namespaces tell about it.

    ``host`` is the host's own context, where there is one already: what all namespaces share is found there.
    """

    snapshot: Snapshot
    namespace: Namespace
    host: HostContext | None = None

    @property
    def is_host(self) -> bool:
        return self.namespace.name == self.snapshot.host.name

    @cached_property
    def _of_host(self) -> HostContext:
        if self.is_host:
            return self
        return self.host or HostContext(self.snapshot, self.snapshot.host)

    @property
    def holders(self) -> dict[Address, Holder]:
        """Containers and other namespaces by address; DNAT destinations where nothing else is known."""
        return self._of_host._holders

    def holders_in(self, prefix: Prefix) -> list[Holder]:
        """Those with an address in the prefix, by address."""
        holders, ordered = self.holders, self._of_host._ordered
        first = bisect_left(ordered, Address(prefix.family, prefix.first))
        last = bisect_right(ordered, Address(prefix.family, prefix.last))
        return [holders[address] for address in ordered[first:last]]

    @cached_property
    def _ordered(self) -> list[Address]:
        return sorted(self._holders)

    @cached_property
    def _holders(self) -> dict[Address, Holder]:
        found: dict[Address, Holder] = {}
        for rule_address in self.dnat_addresses:
            found[rule_address] = Holder(rule_address, "", known_by="rule")
        for address, name in self.listed.items():
            found[address] = Holder(address, name)
        for namespace in self.snapshot.namespaces:
            for item in namespace.addresses or ():
                if item.address.value not in _LOOPBACKS and item.scope != "link":
                    found[item.address] = Holder(item.address, namespace.name, known_by="namespace")
        for container in self.snapshot.containers or ():
            service = dict(container.labels).get(COMPOSE_SERVICE, "")
            for endpoint in container.endpoints:
                for address in endpoint.addresses:
                    found[address] = Holder(address, container.name, service)
        return found

    @cached_property
    def listed(self) -> dict[Address, str]:
        """The containers of Docker's short listings by address, as far as these and rules tell."""
        return listed_names(self.snapshot)

    @property
    def dnat_addresses(self) -> tuple[Address, ...]:
        """Every single address to which a DNAT rule of the host sends packets, in order."""
        return self._of_host._dnat_addresses

    @cached_property
    def _dnat_addresses(self) -> tuple[Address, ...]:
        found: dict[Address, None] = {}
        for ruleset in self.snapshot.host.rulesets:
            for table in ruleset.tables:
                for _chain, _number, rule in rules_of(table):
                    destination = dnat_destination(rule)
                    if destination is not None and destination[0] is not None:
                        found[destination[0]] = None
        return tuple(found)

    @cached_property
    def own_addresses(self) -> dict[Address, str]:
        """This namespace's own addresses -> interface: captured, else inferred from connected routes."""
        if self.namespace.addresses is not None:
            return {item.address: item.interface for item in self.namespace.addresses}
        found: dict[Address, str] = {}
        for route in self.namespace.routes:
            if route.src is not None and route.proto == "kernel" and route.nexthops:
                found.setdefault(route.src, route.nexthops[0].dev or "")
        return found

    @cached_property
    def connected(self) -> tuple[tuple[Prefix, str], ...]:
        """Prefixes that are directly on an interface, (prefix, interface), from the main table."""
        return tuple(
            (route.dst, route.nexthops[0].dev or "")
            for route in self.namespace.routes
            if route.kind == "unicast"
            and route.table == "main"
            and len(route.nexthops) == 1
            and route.nexthops[0].via is None
            and 0 < route.dst.length < route.dst.bits
        )

    @cached_property
    def default_route(self) -> Route | None:
        """The IPv4 default route of table main with the smallest metric, else the IPv6 one."""
        defaults = [
            route
            for route in self.namespace.routes
            if route.dst.length == 0 and route.table == "main" and route.kind == "unicast"
        ]
        return min(defaults, key=lambda route: (route.family, route.metric or 0), default=None)

    @cached_property
    def routes(self) -> RouteIndex:
        """This namespace's routes, by table and prefix."""
        return RouteIndex(self.namespace.routes)

    @cached_property
    def looks_sources_up(self) -> bool:
        """Whether the sources of packets are looked up even where rp_filter is 0."""
        return looks_sources_up(self.namespace)

    @cached_property
    def networks(self) -> dict[str, DockerNetwork]:
        """Docker's networks by the name of their bridge on this host."""
        return {item.bridge: item for item in self.snapshot.networks or () if item.bridge}

    @cached_property
    def _bridges(self) -> dict[str, semantics.Bridge]:
        return semantics.bridges_of(self.snapshot) if self.is_host else {}

    def bridge(self, name: str) -> Bridge | None:
        """What is known about a bridge of that name; None when nothing says that it is one."""
        found = self._bridges.get(name)
        if found is None:
            return None
        network = found.network
        if name == "docker0":
            return Bridge(name, "docker0", network.name if network else "bridge")
        if network is not None:
            return Bridge(name, "docker", network.name, network.id)
        if DOCKER_BRIDGE.fullmatch(name):
            rows = self.snapshot.listed_networks or ()
            listed = next((row.name for row in rows if row.id[:12] == name[3:]), "")
            return Bridge(name, "docker", listed, name[3:])
        if found.docker:
            return Bridge(name, "swarm" if name == SWARM_BRIDGE else "written")
        if found.known_by == "name":
            return Bridge(name, "named" if name.startswith("br-") else "usual")
        return Bridge(name, "other")

    def device_to(self, address: Address) -> str | None:
        """The interface whose directly connected prefix holds the address, None where none does."""
        for length in self._connected_lengths:
            host = max(0, BITS[address.family] - length)
            found = self._connected_devices.get((address.family, address.value >> host << host, length))
            if found is not None:
                return found
        return None

    @cached_property
    def _connected_devices(self) -> dict[tuple[int, int, int], str]:
        """Of several interfaces with one prefix, the last by name."""
        found: dict[tuple[int, int, int], str] = {}
        for prefix, device in self.connected:
            place = (prefix.family, prefix.value, prefix.length)
            found[place] = max(device, found.get(place, device))
        return found

    @cached_property
    def _connected_lengths(self) -> list[int]:
        return sorted({prefix.length for prefix, _device in self.connected}, reverse=True)

    def host_interface_of(self, address: Address) -> str | None:
        """The host's interface that has this address (captured, or inferred from a connected route)."""
        return self._of_host.own_addresses.get(address)

    @cached_property
    def far_ends(self) -> dict[tuple[str | None, str], list[str]]:
        """The captured namespaces that hold an interface, by its peer as it names it and its own number."""
        found: dict[tuple[str | None, str], list[str]] = {}
        for namespace in self.snapshot.namespaces:
            for other in namespace.interfaces or ():
                found.setdefault((other.peer, str(other.index)), []).append(namespace.name)
        return found

    @cached_property
    def set_users(self) -> dict[str, list[Message]]:
        """The names of the rules that ask each ipset."""
        found: dict[str, list[Message]] = {}
        for ruleset in self.namespace.rulesets:
            for table in ruleset.tables:
                for chain, number, rule in rules_of(table):
                    asked = (o.values[0] for o in rule.matches if o.name == "match-set" and o.values)
                    for name in dict.fromkeys(asked):
                        users = found.setdefault(name, [])
                        users.append(m("rule.name", f"{table.name} {chain}", number))
        return found

    def name_of(self, address: Address) -> Message | str:
        """The address with what is known about who has it, for use inside a sentence."""
        holder = self.holders.get(address)
        if holder is None or holder.known_by == "rule":
            return str(address)
        if holder.known_by == "namespace":
            return m("name.namespace", address, holder.name)
        if holder.service:
            return m("name.service", address, holder.name, holder.service)
        return m("name.container", address, holder.name)


_LOOPBACKS = frozenset({0x7F000001, 1})


def rules_of(table: Table) -> list[tuple[str, int, Rule]]:
    """Every rule of a table as (chain, 1-based number, rule)."""
    return [
        (chain.name, number, rule)
        for chain in table.chains
        for number, rule in enumerate(chain.rules, start=1)
    ]


def option(options: tuple[Option, ...], *names: str) -> Option | None:
    """The first option that has one of these names."""
    return next((item for item in options if item.name in names), None)


def plain_value(options: tuple[Option, ...], *names: str) -> str | None:
    """The single value of an option that is there without ``!``; None otherwise."""
    found = option(options, *names)
    return found.values[0] if found and not found.negated and len(found.values) == 1 else None


def dnat_destination(rule: Rule) -> tuple[Address | None, str] | None:
    """(address, port text) of a DNAT rule's destination; None when the rule is no DNAT.

    The address is None when only the port changes or a range of addresses is given; the port text is
    empty when the port stays.
    """
    if rule.target is None or rule.target.name != "DNAT":
        return None
    value = plain_value(rule.target.options, "to-destination") or ""
    return split_endpoint(value)


def split_endpoint(value: str) -> tuple[Address | None, str]:
    """``172.18.0.2:3306``, ``[fd00::2]:80``, ``:53``, ``10.0.0.5`` -> (address or None, port text)."""
    if value.startswith("["):
        host, _, rest = value[1:].partition("]")
        port = rest.removeprefix(":")
    elif value.count(":") > 1:
        host, port = value, ""
    else:
        host, _, port = value.partition(":")
    try:
        return Address.parse(host), port.partition("/")[0]
    except ValueError:
        return None, port.partition("/")[0]


def host_address(text: str) -> Address | None:
    """The address of ``172.18.0.2/32`` or ``172.18.0.2``; None for wider prefixes and names."""
    try:
        prefix = Prefix.parse(text)
    except ValueError:
        return None
    return prefix.address if prefix.length == prefix.bits else None
