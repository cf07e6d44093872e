"""Where packets come from and go to when all of them are asked about: named ends.

internet   see ``regions``
vpc
host       processes of the host
NAME       a container or captured namespace with its own addresses
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sekisho.answers.endpoints import unplaced
from sekisho.answers.ends import End
from sekisho.answers.regions import Regions
from sekisho.errors import Said, UsageError, said
from sekisho.semantics.attachment import Attachment, attached
from sekisho.semantics.journey import Lean
from sekisho.semantics.world import HOST, World
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.asked import asks_anywhere
from sekisho.symbolic.bits import Set
from sekisho.symbolic.crowd import journeys_of_crowd
from sekisho.symbolic.journeys import Flows, Source, journeys, openers
from sekisho.symbolic.sharing import many
from sekisho.symbolic.space import Space
from sekisho.values.address import BITS, Address, Family
from sekisho.values.intset import EMPTY, IntSet

# Addresses of a bridge's subnet, where nobody is known, that may send in one question.
MOST_STRANGERS = 1 << 16


@dataclass(frozen=True, slots=True)
class Origin:
    """A place that packets set out from. ``some`` are the packets that it can send; ``group`` says which
    run of the walk they belong to; ``callable`` the addresses that it can send to (None: any)."""

    name: str
    kind: str
    group: int
    some: Set
    addresses: IntSet
    callable: IntSet | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A place that packets arrive at: ``node`` a namespace, ``attachments`` containers on bridges,
    ``leaving`` interfaces of the host by which they leave, each with the addresses that are meant.
    ``expected``: of their addresses, those that the main table routes so. ``ports`` None: any; else those
    that they arrive at (for an address: that they are sent to)."""

    name: str
    kind: str
    addresses: IntSet
    node: str | None = None
    attachments: tuple[Attachment, ...] = ()
    leaving: tuple[tuple[str, IntSet], ...] = ()
    expected: IntSet | None = None
    ports: IntSet | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks about besides hosts that are known. ``groups``: also packets to group and
    broadcast addresses, which no single host has. ``strangers``: senders on bridges that the snapshot does
    not know."""

    groups: bool = False
    strangers: tuple[Attachment, ...] = ()


class Reading:
    """All connection-opening packets of one family through a world, place by place."""

    def __init__(
        self, world: World, family: Family, space: Space | None = None, *, asked: Asked = Asked()
    ) -> None:
        self.world = world
        self.family = family
        self.strangers = asked.strangers
        self.walk = SymbolicWalk(world, family, asked.strangers, space)
        self.space = self.walk.space
        self.sources: list[Source] = []
        self.starts: list[Set] = []
        self.leans: dict[Lean, None] = {}
        self._flows: dict[int, list[Flows]] = {}
        self._told_apart: dict[tuple[Set, str], bool] = {}
        self._asked: dict[str, bool] = {}
        self.opening = openers(self.walk)
        if not asked.groups:
            self.opening &= ~self.space.member(self.space.field["dst"], self.regions.no_hosts)

    def leans_on(self) -> tuple[Lean, ...]:
        """What every answer from this reading takes for granted; settings only so far as packets that were
        asked about met them."""
        names = dict.fromkeys(item.iface for item in self.regions.callers)
        outside = (Lean("outside-not-captured", (name,)) for name in names)
        return (*self.leans, *self.world.leans_on(self.family), *self.walk.flow.leans, *outside)

    def flows(self, group: int) -> list[Flows]:
        """What becomes of the packets of one run."""
        if group not in self._flows:
            crowd = self._crowd(group)
            starts = [(self.sources[each], self.starts[each]) for each in crowd]
            if len(crowd) == 1:
                self._flows[group] = journeys(self.walk, *starts[0])
            else:
                self._flows |= zip(crowd, journeys_of_crowd(self.walk, starts), strict=True)
        return self._flows[group]

    def _crowd(self, group: int) -> list[int]:
        """The runs to be made together with one: where a second namespace of very many is asked for, those
        of all that are left."""
        captured = [
            each
            for each, source in enumerate(self.sources)
            if source.how == "process" and source.node != HOST and source.choose_source
        ]
        left = [each for each in captured if each not in self._flows]
        return left if group in left and len(left) < len(captured) and many(len(left)) else [group]

    def depends_on(self, some: Set, field: str) -> bool:
        """Whether a field tells the packets of a set from others that open connections. (A source port is
        the destination port of replies.)"""
        if field not in self._asked:
            programs = (node.programs[self.family] for node in self.world.nodes.values())
            self._asked[field] = field == "sport" or any(asks_anywhere(each, field) for each in programs)
        if not self._asked[field]:
            return False
        known = self._told_apart.get((some, field))
        if known is None:
            free = self.space.without(some, (field,)) & self.opening
            known = self._told_apart[some, field] = free != some
        return known

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
        owners = {item.name: item for item in found if item.kind in ("host", "container")}
        for name, owner in self._sharing():
            found.append(replace(owners[owner], name=name, kind="container"))
        return found

    def _sharing(self) -> Iterator[tuple[str, str]]:
        """Containers that live in a namespace of another name, and that name."""
        listed = {item.name for item in self.world.snapshot.containers or ()}
        known = {HOST, *self.world.nodes, *(item.name for item in self.known)}
        for name, owner in self.world.shared.items():
            if owner in known and (name in listed or not listed):
                yield name, owner

    def asking(self, text: str, source: Source, addresses: IntSet | None) -> Origin:
        """Somebody who sends from a place, with one of the addresses (None: routing chooses)."""
        some = self.space.everything
        if addresses is not None:
            some = self.space.member(self.space.field["src"], addresses)
        return Origin(text, "address", self._add(source, some), some, addresses or EMPTY)

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
        field = self.space.field
        for region in self.regions.callers:
            some = self.space.member(field["src"], region.sources)
            if region.callable is not None:
                some &= self.space.member(field["dst"], region.callable)
            group = self._add(Source("interface", iif=region.iface), some)
            yield Origin(region.kind, region.kind, group, some, region.sources, region.callable)

    @cached_property
    def regions(self) -> Regions:
        """The Internet and the VPC."""
        found = Regions(self.world, self.family)
        for front in found.inferred:
            self.leans[Lean("roles-inferred", (front,))] = None
        return found

    @property
    def names(self) -> dict[IntSet, str]:
        """The names of well-known sets of addresses."""
        found = {item.addresses: item.name for item in self.origins if item.kind in ("internet", "vpc")}
        for kind, ways in self.regions.places.items():
            found.setdefault(_all_of(ways), kind)
        return found

    # ----------------------------------------------------------------------------------- targets

    @cached_property
    def targets(self) -> list[Target]:
        """Everybody that packets can arrive at."""
        found = []
        for kind, ways in self.regions.places.items():
            expected = ((iface, some & self.regions.routed_by(iface)) for iface, some in ways)
            found.append(Target(kind, kind, _all_of(ways), leaving=ways, expected=_all_of(expected)))
        own = IntSet.of(*(item.value for item in self.world.host.addresses[self.family]))
        found.append(Target(HOST, "host", own, HOST))
        by_name: dict[str, list[Attachment]] = {}
        for item in self.known:
            by_name.setdefault(item.name, []).append(item)
        for name, items in by_name.items():
            found.append(Target(name, "container", self._addresses(items), items[0].node, tuple(items)))
        for item in self.world.wires:
            mine = self.walk.addresses_of(item)
            if mine and item.name not in by_name:
                found.append(Target(item.name, "container", mine, item.node or item.name))
        owners = {item.name: item for item in found}
        for name, owner in self._sharing():
            if owner in owners:
                found.append(replace(owners[owner], name=name, kind="container"))
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
            mine = self.regions.routed_by(end.name)
            some = self.space.member(self.space.field["src"], mine)
            group = self._add(Source("interface", iif=end.name), some)
            return [Origin(end.text, "iface", group, some, mine)]
        found = [item for item in self.origins if self._means(end, item.name, item.kind)]
        if not found:
            raise self._nowhere(end)
        return found

    def _from_addresses(self, end: End, wanted: IntSet) -> list[Origin]:
        src = self.space.field["src"]
        found: list[Origin] = []
        for item in self.origins:
            mine = item.addresses & wanted
            if mine and item.kind not in ("internet", "vpc"):
                some = item.some if item.kind == "host" else item.some & self.space.member(src, mine)
                found.append(Origin(item.name, item.kind, item.group, some, mine))
        for stranger in self.strangers:
            if mine := self.walk.addresses_of(stranger) & wanted:
                some = self.space.member(src, mine)
                group = self._add(Source("attachment", origins=(stranger,)), some)
                found.append(Origin(end.text, "address", group, some, mine))
                self.leans[Lean("container-inferred", (end.text, stranger.bridge))] = None
        for device in self._devices():
            mine = self.regions.routed_by(device) & wanted
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
        if not found or self._unknown_host(end):
            raise self._nowhere(end)
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

    def _unknown_host(self, end: End) -> bool:
        """Whether the host has addresses that others call, and no text tells even where they are."""
        return end.kind == "host" and (self.regions.nameless or not self.world.host.addresses[self.family])

    def _nowhere(self, end: End) -> UsageError:
        """Why nothing is what an end names."""
        if self._unknown_host(end):
            return UsageError(said("no IPv{0} address of the host is known", self.family), text=end.text)
        if end.kind in ("internet", "vpc"):
            return UsageError(
                said("no interface is known by which {0} gets in over IPv{1}", end.kind, self.family),
                text=end.text,
                advice=said(
                    'capture its default route, or name it in snapshot.toml: [roles] eth0 = "{0}"', end.kind
                ),
            )
        if end.kind in ("container", "netns") and self.world.named(end.name):
            return UsageError(
                said("no IPv{0} address is known for {1}", self.family, end.text), text=end.text
            )
        return unplaced(end.name, end.text, self.world) or UsageError(
            said("nothing in this snapshot is {0}", end.text), text=end.text, advice=self._names()
        )

    def _names(self) -> Said:
        listed = ", ".join(sorted(item.name for item in self.known)[:20])
        return said("known containers: {0}", listed) if listed else said("no containers are known here")


def looked_up(world: World, family: Family, sources: Iterable[End], targets: Iterable[End]) -> Asked:
    """What a reading needs so that the ends can be looked up: addresses of bridges' subnets where nobody is
    known send too, and a group or broadcast address is a destination where nothing else is asked for."""
    regions = Regions(world, family)
    groups = any(
        end.addresses is not None
        and end.family == family
        and not end.addresses.minus(regions.no_hosts, BITS[family])
        for end in targets
    )
    strangers = tuple(item for end in sources for item in _strangers(regions, end))
    return Asked(groups, strangers)


def _strangers(regions: Regions, end: End) -> Iterator[Attachment]:
    family, world = regions.family, regions.world
    if end.addresses is None or end.family != family:
        return
    held = IntSet.of(*(a.value for item in world.attachments for a in item.addresses if a.family == family))
    for bridge in sorted(world.bridges):
        mine = (regions.routed_by(bridge) & end.addresses).minus(held, BITS[family])
        if mine.size() > MOST_STRANGERS:
            raise UsageError(
                said("{0} has too many addresses on {1} to look at each", end.text, bridge),
                text=end.text,
                advice="name a smaller prefix, or container: and network: for those that are known",
            )
        if mine:
            values = (value for first, last in mine for value in range(first, last + 1))
            addresses = (Address(family, value) for value in values)
            yield attached(end.text, bridge, addresses, "rule", world.strange(bridge))


def _all_of(ways: Iterable[tuple[str, IntSet]]) -> IntSet:
    return IntSet.from_intervals(interval for _, addresses in ways for interval in addresses)
