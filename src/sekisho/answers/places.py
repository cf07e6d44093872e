"""Where packets come from and go to when all of them are asked about: roles of interfaces, named ends.

    internet   public addresses that are routed by the interface facing the Internet
    vpc        private addresses routed by it (or by the interfaces with the role vpc)
    host       processes of the host
    NAME       a container or captured namespace with its own addresses

An interface's role is what snapshot.toml says, else the default route's interface faces both (said so).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sekisho.answers.endpoints import internet_interface
from sekisho.answers.ends import End
from sekisho.errors import Said, UsageError, said
from sekisho.semantics.journey import Lean
from sekisho.semantics.world import HOST, Attachment, World
from sekisho.symbolic.bits import Set
from sekisho.symbolic.journeys import Flows, Source, journeys, openers
from sekisho.symbolic.space import Space
from sekisho.symbolic.walk import SymbolicWalk
from sekisho.values.address import BITS, Family, Prefix
from sekisho.values.intset import EMPTY, IntSet

_PRIVATE: dict[int, tuple[str, ...]] = {
    4: ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
    6: ("fc00::/7",),
}
_NOBODY: dict[int, tuple[str, ...]] = {
    4: ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"),
    6: ("::/8", "fe80::/10", "ff00::/8"),
}


def _union(prefixes: Iterable[str]) -> IntSet:
    return IntSet.from_intervals(i for text in prefixes for i in IntSet.prefix(Prefix.parse(text)))


@dataclass(frozen=True, slots=True)
class Origin:
    """A place that packets set out from. ``some`` are the packets that it can send; ``group`` says which
    run of the walk they belong to."""

    name: str
    kind: str
    group: int
    some: Set
    addresses: IntSet


@dataclass(frozen=True, slots=True)
class Target:
    """A place that packets arrive at: ``node`` a namespace, ``attachments`` containers on bridges,
    ``ifaces`` interfaces of the host by which they leave for ``addresses``. ``ports`` None: any; else those
    that they arrive at (for an address: that they are sent to)."""

    name: str
    kind: str
    addresses: IntSet
    node: str | None = None
    attachments: tuple[Attachment, ...] = ()
    ifaces: frozenset[str] = frozenset()
    ports: IntSet | None = None


class Reading:
    """All connection-opening packets of one family through a world, place by place."""

    def __init__(self, world: World, family: Family, space: Space | None = None) -> None:
        self.world = world
        self.family = family
        self.walk = SymbolicWalk(world, family, space=space)
        self.space = self.walk.space
        self.sources: list[Source] = []
        self.starts: list[Set] = []
        self.leans: dict[Lean, None] = {}
        self._flows: dict[int, list[Flows]] = {}
        self.opening = openers(self.walk)

    def flows(self, group: int) -> list[Flows]:
        """What becomes of the packets of one run."""
        found = self._flows.get(group)
        if found is None:
            found = self._flows[group] = journeys(self.walk, self.sources[group], self.starts[group])
        return found

    def _add(self, source: Source, some: Set) -> int:
        if source in self.sources:
            at = self.sources.index(source)
            if at not in self._flows:
                self.starts[at] |= some & self.opening
                return at
        self.sources.append(source)
        self.starts.append(some & self.opening)
        return len(self.sources) - 1

    # ----------------------------------------------------------------------------------- origins

    @cached_property
    def origins(self) -> list[Origin]:
        """Everybody: the Internet, the VPC, the host, every container."""
        found = [*self._outside(), self.host_origin]
        loose: dict[str, list[Attachment]] = {}
        for attachment in self.known:
            if attachment.node is None:
                loose.setdefault(attachment.name, []).append(attachment)
        every = tuple(item for items in loose.values() for item in items)
        if every:
            group = self._add(Source("attachment", origins=every), self.space.nothing)
            src = self.space.field["src"]
            for name, items in loose.items():
                mine = self._addresses(items)
                some = self.space.member(src, mine)
                self.starts[group] |= some & self.opening
                found.append(Origin(name, "container", group, some, mine))
        for name in self.world.nodes:
            if name != HOST:
                found.append(self._process(name, "container"))
        return found

    @property
    def known(self) -> list[Attachment]:
        """Containers and namespaces with an address of this family."""
        return [item for item in self.world.attachments if self.walk.addresses_of(item)]

    def _addresses(self, items: Iterable[Attachment]) -> IntSet:
        return IntSet.from_intervals(i for item in items for i in self.walk.addresses_of(item))

    @cached_property
    def host_origin(self) -> Origin:
        """Processes of the host."""
        return self._process(HOST, "host")

    def _process(self, node: str, kind: str) -> Origin:
        group = self._add(Source("process", node, choose_source=True), self.space.everything)
        addresses = self.world.nodes[node].addresses[self.family]
        own = IntSet.of(*(item.value for item in addresses if item.interface != "lo"))
        return Origin(node, kind, group, self.space.everything, own)

    def _outside(self) -> Iterator[Origin]:
        for kind, ifaces, addresses in self.regions:
            for iface in ifaces:
                mine = addresses & self.routed_by(iface)
                if mine:
                    some = self.space.member(self.space.field["src"], mine)
                    group = self._add(Source("interface", iif=iface), some)
                    yield Origin(kind, kind, group, some, mine)

    @cached_property
    def regions(self) -> list[tuple[str, tuple[str, ...], IntSet]]:
        """(internet or vpc, its interfaces, its addresses)."""
        roles: dict[str, list[str]] = {}
        for iface, role in self.world.snapshot.roles:
            roles.setdefault(role, []).append(iface)
        front = internet_interface(self.world, self.family)
        if not roles and front is not None:
            self.leans[Lean("roles-inferred", (front,))] = None
        internet = tuple(roles.get("internet", [front] if front and not roles else []))
        vpc = tuple(roles.get("vpc", internet))
        bits = BITS[self.family]
        private = _union(_PRIVATE[self.family])
        public = (private | _union(_NOBODY[self.family])).complement(bits)
        return [("internet", internet, public), ("vpc", vpc, private)]

    @property
    def names(self) -> dict[IntSet, str]:
        """The names of well-known sets of addresses."""
        found = {item.addresses: item.name for item in self.origins if item.kind in ("internet", "vpc")}
        for kind, _, addresses in self.regions:
            found.setdefault(addresses, kind)
        return found

    def routed_by(self, iface: str) -> IntSet:
        """The addresses whose packets are expected on an interface: what the main table routes by it."""
        taken, mine = EMPTY, EMPTY
        bits = BITS[self.family]
        routes = [r for r in self.world.host.facts.routes if r.family == self.family and r.table == "main"]
        for route in sorted(routes, key=lambda r: (-r.dst.length, r.metric or 0)):
            fresh = IntSet.prefix(route.dst).minus(taken, bits)
            taken |= fresh
            if route.kind == "unicast" and any(hop.dev == iface for hop in route.nexthops):
                mine |= fresh
        own = IntSet.of(*(item.value for item in self.world.host.addresses[self.family]))
        return mine.minus(own, bits)

    # ----------------------------------------------------------------------------------- targets

    @cached_property
    def targets(self) -> list[Target]:
        """Everybody that packets can arrive at."""
        found = []
        for kind, ifaces, addresses in self.regions:
            if ifaces:
                found.append(Target(kind, kind, addresses, ifaces=frozenset(ifaces)))
        own = IntSet.of(*(item.value for item in self.world.host.addresses[self.family]))
        found.append(Target(HOST, "host", own, HOST))
        by_name: dict[str, list[Attachment]] = {}
        for item in self.known:
            by_name.setdefault(item.name, []).append(item)
        for name, items in by_name.items():
            found.append(Target(name, "container", self._addresses(items), items[0].node, tuple(items)))
        return found

    # ------------------------------------------------------------------------- as the user names them

    def origins_of(self, end: End) -> list[Origin]:
        """The places that an end means as a source. Raises UsageError where there is none."""
        if end.kind == "any":
            return self.origins
        if end.kind == "address":
            assert end.addresses is not None
            return self._from_addresses(end, end.addresses)
        if end.kind == "iface":
            mine = self.routed_by(end.name)
            some = self.space.member(self.space.field["src"], mine)
            group = self._add(Source("interface", iif=end.name), some)
            return [Origin(end.text, "iface", group, some, mine)]
        found = [item for item in self.origins if self._means(end, item.name, item.kind)]
        if not found:
            raise UsageError(
                said("nothing in this snapshot is {0}", end.text), text=end.text, advice=self._names()
            )
        return found

    def _from_addresses(self, end: End, wanted: IntSet) -> list[Origin]:
        src = self.space.field["src"]
        found: list[Origin] = []
        for item in self.origins:
            mine = item.addresses & wanted
            if mine and item.kind not in ("internet", "vpc"):
                some = item.some if item.kind == "host" else item.some & self.space.member(src, mine)
                found.append(Origin(item.name, item.kind, item.group, some, mine))
        for device in self._devices():
            mine = self.routed_by(device) & wanted
            if mine:
                some = self.space.member(src, mine)
                group = self._add(Source("interface", iif=device), some)
                found.append(Origin(end.text, "address", group, some, mine))
        if not found:
            raise UsageError(said("no route tells where packets from {0} arrive", end.text), text=end.text)
        return found

    def _devices(self) -> list[str]:
        """Interfaces to the outside that routes name."""
        routes = (route for route in self.world.host.facts.routes if route.family == self.family)
        names = dict.fromkeys(hop.dev for route in routes for hop in route.nexthops if hop.dev)
        return [name for name in names if name not in self.world.bridges and name != "lo"]

    def targets_of(self, end: End) -> list[Target]:
        """The places that an end means as a destination; an address means what is sent to it."""
        if end.kind == "address":
            assert end.addresses is not None
            return [Target(end.text, "address", end.addresses, ports=end.ports)]
        found = [
            replace(item, ports=end.ports)
            for item in self.targets
            if end.kind == "any" or self._means(end, item.name, item.kind)
        ]
        if not found:
            raise UsageError(
                said("nothing in this snapshot is {0}", end.text), text=end.text, advice=self._names()
            )
        return found

    def _means(self, end: End, name: str, kind: str) -> bool:
        if end.kind in ("internet", "host", "vpc"):
            return kind == end.kind
        if kind != "container":
            return False
        if end.kind == "network":
            networks = self.world.snapshot.networks or ()
            bridges = {network.bridge for network in networks if network.name == end.name}
            return any(item.bridge in bridges for item in self.world.named(name))
        return name == end.name

    def _names(self) -> Said:
        listed = ", ".join(sorted(item.name for item in self.known)[:20])
        return said("known containers: {0}", listed) if listed else said("no containers are known here")
