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

from sekisho.answers.endpoints import interfaces, networks, unplaced
from sekisho.answers.ends import End
from sekisho.answers.naming import container_of, host_of, on_host
from sekisho.answers.regions import Regions, regions_of
from sekisho.answers.strangers import NOBODY_ELSE, Asked
from sekisho.errors import Said, UsageError, said
from sekisho.semantics.attachment import Attachment, Link
from sekisho.semantics.journey import Lean
from sekisho.semantics.site import Site
from sekisho.semantics.world import World
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.asked import asks_anywhere
from sekisho.symbolic.bits import Set
from sekisho.symbolic.crowd import journeys_of_crowd
from sekisho.symbolic.journeys import Flows, Source, journeys, openers
from sekisho.symbolic.sharing import many
from sekisho.symbolic.space import Space
from sekisho.values.address import Family
from sekisho.values.intset import EMPTY, IntSet


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
    ``leaving`` interfaces of hosts by which they leave, each with the addresses that are meant.
    ``expected``: of their addresses, those that the main table routes so. ``ports`` None: any; else those
    that they arrive at (for an address: that they are sent to)."""

    name: str
    kind: str
    addresses: IntSet
    node: str | None = None
    attachments: tuple[Attachment, ...] = ()
    leaving: tuple[tuple[Link, IntSet], ...] = ()
    expected: IntSet | None = None
    ports: IntSet | None = None


class Reading:
    """All connection-opening packets of one family through a world, place by place."""

    def __init__(
        self, world: World, family: Family, space: Space | None = None, *, asked: Asked = NOBODY_ELSE
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
            self.opening &= ~self.space.member(self.space.field["dst"], self.nobody)

    def leans_on(self) -> tuple[Lean, ...]:
        """What every answer from it takes for granted; settings so far as packets asked about met them."""
        names = dict.fromkeys(
            regions.site.shown(item.iface) for regions in self.regions.values() for item in regions.callers
        )
        outside = (Lean("outside-not-captured", (name,)) for name in names)
        told = (*self.leans, *self.world.leans_on(self.family), *self.walk.flow.leans, *outside)
        return tuple(dict.fromkeys(told))

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
            if source.how == "process" and source.node not in self.world.sites and source.choose_source
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
        found = [*self._outside(), *(self._process(site, "host") for site in self.world.sites)]
        for site in self.world.sites:
            found += self._loose(site)
        for name in self.world.nodes:
            if name not in self.world.sites:
                found.append(self._process(name, "container"))
        owners = {item.name: item for item in found if item.kind in ("host", "container")}
        for name, owner in self._sharing():
            found.append(replace(owners[owner], name=name, kind="container"))
        return found

    def _loose(self, site: str) -> Iterator[Origin]:
        """The containers of a host whose namespaces were not captured: one run for all."""
        loose: dict[str, list[Attachment]] = {}
        for attachment in self.known:
            if attachment.node is None and attachment.link.owner == site:
                loose.setdefault(attachment.name, []).append(attachment)
        every = tuple(item for items in loose.values() for item in items)
        if not every:
            return
        group = self._add(Source("attachment", site, origins=every), self.space.nothing)
        src = self.space.field["src"]
        for name, items in loose.items():
            mine = self._addresses(items)
            some = self.space.member(src, mine)
            self.starts[group] |= some & self.opening
            yield Origin(name, "container", group, some, mine)

    def _sharing(self) -> Iterator[tuple[str, str]]:
        """Containers that live in a namespace of another name, and that name."""
        known = {*self.world.nodes, *(item.name for item in self.known)}
        for site in self.world.sites.values():
            listed = {site.called(item.name) for item in site.snapshot.containers or ()}
            for name, owner in site.shared.items():
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
        every = (item for site in self.world.sites.values() for item in site.attachments)
        return [item for item in every if self.walk.addresses_of(item)]

    def _addresses(self, items: Iterable[Attachment]) -> IntSet:
        return _union(map(self.walk.addresses_of, items))

    def _process(self, node: str, kind: str) -> Origin:
        group = self._add(Source("process", node, choose_source=True), self.space.everything)
        addresses = self.world.nodes[node].addresses[self.family]
        own = IntSet.of(*(item.value for item in addresses if item.interface != "lo"))
        return Origin(node, kind, group, self.space.everything, own)

    def _outside(self) -> Iterator[Origin]:
        field = self.space.field
        for site, regions in self.regions.items():
            for region in regions.callers:
                some = self.space.member(field["src"], region.sources)
                if region.callable is not None:
                    some &= self.space.member(field["dst"], region.callable)
                group = self._add(Source("interface", site, region.iface), some)
                yield Origin(region.kind, region.kind, group, some, region.sources, region.callable)

    @cached_property
    def regions(self) -> dict[str, Regions]:
        """The Internet and the VPC around each host."""
        found = regions_of(self.world, self.family)
        for each in found.values():
            for front in each.inferred:
                self.leans[Lean("roles-inferred", (each.site.shown(front),))] = None
        return found

    @cached_property
    def nobody(self) -> IntSet:
        """Addresses that no single host has."""
        return _union(each.no_hosts for each in self.regions.values())

    @cached_property
    def places(self) -> dict[str, tuple[tuple[Link, IntSet], ...]]:
        """By kind of place outside, the interfaces by which packets leave for it, and to which addresses."""
        found: dict[str, tuple[tuple[Link, IntSet], ...]] = {}
        for each in self.regions.values():
            for kind, ways in each.places.items():
                mine = tuple((each.site.on(iface), some) for iface, some in ways)
                found[kind] = (*found.get(kind, ()), *mine)
        return found

    def routed_by(self, link: Link) -> IntSet:
        """The hosts whose packets are expected on an interface."""
        return self.regions[link.owner].routed_by(link.device)

    @property
    def names(self) -> dict[IntSet, str]:
        """The names of well-known sets of addresses."""
        found = {item.addresses: item.name for item in self.origins if item.kind in ("internet", "vpc")}
        for kind, ways in self.places.items():
            found.setdefault(_all_of(ways), kind)
        return found

    # ----------------------------------------------------------------------------------- targets

    @cached_property
    def targets(self) -> list[Target]:
        """Everybody that packets can arrive at."""
        found = []
        for kind, ways in self.places.items():
            expected = ((link, some & self.routed_by(link)) for link, some in ways)
            found.append(Target(kind, kind, _all_of(ways), leaving=ways, expected=_all_of(expected)))
        found += [self.host_target(site) for site in self.world.sites.values()]
        by_name: dict[str, list[Attachment]] = {}
        for item in self.known:
            by_name.setdefault(item.name, []).append(item)
        for name, items in by_name.items():
            found.append(Target(name, "container", self._addresses(items), items[0].node, tuple(items)))
        for item in (item for site in self.world.sites.values() for item in site.wires):
            if (mine := self.walk.addresses_of(item)) and item.name not in by_name:
                found.append(Target(item.name, "container", mine, item.node or item.name))
        owners = {item.name: item for item in found}
        for name, owner in self._sharing():
            if owner in owners:
                found.append(replace(owners[owner], name=name, kind="container"))
        return found

    def host_target(self, site: Site) -> Target:
        """Processes of a host."""
        own = IntSet.of(*(item.value for item in site.host.addresses[self.family]))
        return Target(site.id, "host", own, site.id)

    # ------------------------------------------------------------------------- as the user names them

    def origins_of(self, end: End) -> list[Origin]:
        """The places that an end means as a source. Raises UsageError where there is none."""
        if end.kind == "any":
            return self.origins
        if end.kind == "address":
            assert end.addresses is not None
            return self._from_addresses(end, end.addresses)
        if end.kind == "iface":
            site, name = on_host(end.name, end.text, self.world, interfaces(self.world))
            mine = self.routed_by(site.on(name))
            some = self.space.member(self.space.field["src"], mine)
            group = self._add(Source("interface", site.id, name), some)
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
                owner = stranger.link.owner
                group = self._add(Source("attachment", owner, origins=(stranger,)), some)
                found.append(Origin(end.text, "address", group, some, mine))
                shown = self.world.site_of(owner).shown(stranger.bridge)
                self.leans[Lean("container-inferred", (end.text, shown))] = None
        for link in self._devices():
            mine = self.routed_by(link) & wanted
            if mine:
                some = self.space.member(src, mine)
                group = self._add(Source("interface", *link), some)
                found.append(Origin(end.text, "address", group, some, mine))
        if not found:
            raise UsageError(said("no route tells where packets from {0} arrive", end.text), text=end.text)
        return found

    def _devices(self) -> Iterator[Link]:
        """Interfaces to the outside that routes name."""
        for site in self.world.sites.values():
            routes = (route for route in site.host.facts.routes if route.family == self.family)
            names = dict.fromkeys(hop.dev for route in routes for hop in route.nexthops if hop.dev)
            yield from (site.on(name) for name in names if name not in site.bridges and name != "lo")

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
        if end.kind == "host":
            return kind == "host" and (not end.name or name == host_of(end.name, end.text, self.world).id)
        if end.kind in ("internet", "vpc"):
            return kind == end.kind
        if kind != "container":
            return False
        if end.kind == "network":
            site, network = on_host(end.name, end.text, self.world, networks(self.world))
            bridges = {each.bridge for each in site.snapshot.networks or () if each.name == network}
            return any(item.bridge in bridges for item in site.named(name))
        return name == container_of(end.name, end.text, self.world)

    def _unknown_host(self, end: End) -> bool:
        """Whether the host has addresses that others call, and no text tells even where they are."""
        if end.kind != "host":
            return False
        named = [host_of(end.name, end.text, self.world)] if end.name else self.world.sites.values()
        return any(self.regions[s.id].nameless or not s.host.addresses[self.family] for s in named)

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
        if end.kind in ("container", "netns") and self.world.named(
            container_of(end.name, end.text, self.world)
        ):
            return UsageError(
                said("no IPv{0} address is known for {1}", self.family, end.text), text=end.text
            )
        return unplaced(end.name, end.text, self.world) or UsageError(
            said("nothing in this snapshot is {0}", end.text), text=end.text, advice=self._names()
        )

    def _names(self) -> Said:
        listed = ", ".join(sorted(item.name for item in self.known)[:20])
        return said("known containers: {0}", listed) if listed else said("no containers are known here")


def _all_of(ways: Iterable[tuple[Link, IntSet]]) -> IntSet:
    return _union(addresses for _, addresses in ways)


def _union(sets: Iterable[IntSet]) -> IntSet:
    return IntSet.from_intervals(interval for each in sets for interval in each)
