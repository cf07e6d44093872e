"""Who is outside a host, at which of its interfaces, and what each can call.

    internet   public addresses that are routed by the interface facing the Internet. Such a caller can
               address what the Internet routes: public addresses, and the host's own on that interface
               and in its subnets, to which public ones may be mapped before a packet gets here (EC2)
    vpc        neighbours: the subnets of those interfaces, and private addresses routed by the interface
               facing the VPC. They can make the host their gateway, and so address anything

An interface's role is what snapshot.toml says, else interfaces with a default route face both (said so),
whichever table has it.
What is asked about are hosts: no broadcast address sends, and no broadcast or group address is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from sekisho.answers.facing import default_interfaces, is_default
from sekisho.semantics.addresses import local_table
from sekisho.semantics.hidden_addresses import known_others
from sekisho.semantics.site import Site
from sekisho.semantics.world import World
from sekisho.values.address import BITS, Family, Prefix
from sekisho.values.intset import EMPTY, IntSet

_PRIVATE: dict[Family, tuple[str, ...]] = {
    4: ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
    6: ("fc00::/7",),
}
_NOBODY: dict[Family, tuple[str, ...]] = {
    4: ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"),
    6: ("::/8", "fe80::/10", "ff00::/8"),
}
# What stands for no single host as a destination, on any host.
_NO_HOST: dict[Family, tuple[str, ...]] = {
    4: ("0.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32"),
    6: ("::/128", "ff00::/8"),
}


@dataclass(frozen=True, slots=True)
class Region:
    """The callers of a ``kind`` (internet, vpc) at one interface: their addresses, and what they can call
    (None: anything)."""

    kind: str
    iface: str
    sources: IntSet
    callable: IntSet | None


_NOBODY_ELSE: Mapping[str, IntSet] = {}


def regions_of(world: World, family: Family) -> dict[str, Regions]:
    """What lies around each host."""
    found: dict[str, Regions] = {}
    for site in world.sites.values():
        captured = {
            link.device: IntSet.from_intervals(i for end in wire.ends for i in end.addresses[family])
            for link, wire in world.wires.items()
            if link.owner == site.id
        }
        found[site.id] = Regions(site, family, captured)
    return found


class Regions:
    """What lies around the host, for one family. ``inferred``: the interfaces that are taken to face both;
    ``captured``: by interface, the addresses of other captured hosts on its wire, who call by themselves."""

    def __init__(self, site: Site, family: Family, captured: Mapping[str, IntSet] = _NOBODY_ELSE) -> None:
        self.site = site
        self.captured = captured
        self.family: Family = family
        roles: dict[str, list[str]] = {}
        for iface, role in site.snapshot.roles:
            roles.setdefault(role, []).append(iface)
        fronts = default_interfaces(site, family)
        self.inferred = fronts if not roles else ()
        self.internet = tuple(roles.get("internet", () if roles else fronts))
        self.vpc = tuple(roles.get("vpc", self.internet))
        self.private = _union(map(Prefix.parse, _PRIVATE[family]))
        self.public = (self.private | _union(map(Prefix.parse, _NOBODY[family]))).complement(BITS[family])

    @cached_property
    def callers(self) -> tuple[Region, ...]:
        """Everybody outside, interface by interface."""
        found = [
            Region("internet", iface, self.public & self._arriving(iface), self._from_internet(iface))
            for iface in self.internet
        ]
        found += [
            Region("vpc", iface, near & self._arriving(iface), None) for iface, near in self.neighbourhoods
        ]
        found = [replace(each, sources=self._strange(each)) for each in found]
        return tuple(region for region in found if region.sources)

    def _strange(self, region: Region) -> IntSet:
        return region.sources.minus(self.captured.get(region.iface, EMPTY), BITS[self.family])

    @cached_property
    def neighbourhoods(self) -> tuple[tuple[str, IntSet], ...]:
        """By interface, the addresses that are the VPC's there."""
        found = {iface: self._subnets(iface) for iface in (*self.vpc, *self.internet)}
        return tuple(
            (iface, (near | self.private) if iface in self.vpc else near) for iface, near in found.items()
        )

    @cached_property
    def places(self) -> dict[str, tuple[tuple[str, IntSet], ...]]:
        """By kind, the interfaces by which packets leave for it, and to which addresses."""
        found = {"internet": tuple((iface, self.public) for iface in self.internet)}
        return {kind: ways for kind, ways in (*found.items(), ("vpc", self.neighbourhoods)) if ways}

    def _from_internet(self, iface: str) -> IntSet:
        own = (item for item in self.site.host.addresses[self.family] if item.scope != "link")
        near = self._subnets(iface)
        if self.site.host.hidden[self.family].of(iface) is not None:
            others = known_others(self.site.host.facts, self.family)
            # Any of these may be its own, but for those that are somebody else's, the gateway's for one.
            return self.public | (near | self._hidden(iface)).minus(others, BITS[self.family])
        mapped = (item.value for item in own if item.interface == iface or item.value in near)
        return self.public | IntSet.of(*mapped)

    @property
    def nameless(self) -> bool:
        """Whether an interface that faces the Internet has an address, and no text tells even its subnet."""
        hidden = self.site.host.hidden[self.family]
        placed = {name for name, _ in hidden.subnets}
        return any(hidden.of(name) is not None for name in self.internet if name not in placed)

    def _hidden(self, iface: str) -> IntSet:
        """Where the host's own addresses on an interface may be that no text shows: in its subnets, and where
        none is known either, anywhere but where table main leads to others."""
        hidden = self.site.host.hidden[self.family]
        found = _union(prefix for name, prefix in hidden.subnets if name == iface)
        if not found:
            routes = [r for r in self.site.host.facts.routes if r.family == self.family]
            found = _union(
                r.dst for r in routes if r.table == "main" and iface not in {hop.dev for hop in r.nexthops}
            ).complement(BITS[self.family])
        return found.minus(self.no_hosts, BITS[self.family])

    def _subnets(self, iface: str) -> IntSet:
        """The subnets that the interface is in."""
        found = [
            item.subnet
            for item in self.site.host.addresses[self.family]
            if item.interface == iface and item.scope != "link" and item.length < BITS[self.family]
        ]
        for route in self.site.host.facts.routes:
            direct = [(hop.dev, hop.via) for hop in route.nexthops] == [(iface, None)]
            mine = route.family == self.family and route.table == "main" and route.kind == "unicast"
            if direct and mine and route.dst.length:
                found.append(route.dst)
        return _union(found)

    def routed_by(self, iface: str) -> IntSet:
        """The hosts whose packets are expected on an interface: what the main table routes by it."""
        taken, mine = EMPTY, EMPTY
        bits = BITS[self.family]
        routes = [r for r in self.site.host.facts.routes if r.family == self.family and r.table == "main"]
        for route in sorted(routes, key=lambda r: (-r.dst.length, r.metric or 0)):
            fresh = IntSet.prefix(route.dst).minus(taken, bits)
            taken |= fresh
            if route.kind == "unicast" and any(hop.dev == iface for hop in route.nexthops):
                mine |= fresh
        own = IntSet.of(*(item.value for item in self.site.host.addresses[self.family]))
        return mine.minus(own | self.no_hosts, bits)

    def _arriving(self, iface: str) -> IntSet:
        """The hosts whose packets may arrive on an interface that faces them: what it routes, and where it is
        one of several with a default route, what table main has no other route for."""
        routes = [r for r in self.site.host.facts.routes if r.family == self.family and r.dst.length]
        if iface not in self.inferred or len(self.inferred) < 2:
            return self.routed_by(iface)
        elsewhere = (r.dst for r in routes if r.table == "main" and not is_default(r.dst))
        rest = _union(elsewhere).complement(BITS[self.family])
        own = IntSet.of(*(item.value for item in self.site.host.addresses[self.family]))
        return self.routed_by(iface) | rest.minus(own | self.no_hosts, BITS[self.family])

    @cached_property
    def no_hosts(self) -> IntSet:
        """Addresses that stand for no single host: groups, broadcast addresses, and those of any router."""
        found = [Prefix.parse(text) for text in _NO_HOST[self.family]]
        for node in self.site.nodes.values():
            routes, _ = local_table(node.facts, self.family, node.addresses[self.family])
            found += (route.dst for route in routes if route.kind in ("anycast", "broadcast", "multicast"))
        return _union(found)


def _union(prefixes: Iterable[Prefix]) -> IntSet:
    return IntSet.from_intervals(i for prefix in prefixes for i in IntSet.prefix(prefix))
