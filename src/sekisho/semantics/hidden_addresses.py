"""Addresses that a host has and no text shows: ``route -n`` and ``ip -6 route`` name none, for example.

An interface whose own addresses are not known has one in each subnet that the kernel connected to it. Packets
to that subnet may be for the host itself, but for those to addresses that somebody else is known to have; and
nobody knows which source address the host gives to what it sends there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sekisho.model.evidence import Unread
from sekisho.model.routing import Route
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.addresses import HostAddress
from sekisho.semantics.journey import Doubt
from sekisho.semantics.missing import addresses_told
from sekisho.semantics.program import All, ChainCode, Guarded, In, NotUnderstood, RouteTo, Unsure
from sekisho.values.address import BITS, Address, Family, Prefix
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.names import LOOPBACK

# Who makes the routes to the subnets of a host's own addresses: the kernel, and router advertisements.
_CONNECTS = ("kernel", "ra")
_LOOPBACK: dict[Family, Prefix] = {4: Prefix(4, 127 << 24, 8), 6: Prefix(6, 1, 128)}


@dataclass(frozen=True, slots=True)
class HiddenAddresses:
    """``told``: there are none. ``numbered`` are the interfaces of which an address is known, ``subnets``
    those in which one of an interface is not. ``unordered``: interfaces with several addresses, one of which
    routes alone tell, so that nobody knows which is the first; lo stands for all others together."""

    told: bool
    numbered: frozenset[str]
    subnets: tuple[tuple[str, Prefix], ...] = ()
    unordered: frozenset[str] = frozenset()

    def of(self, interface: str) -> Doubt | None:
        """Why nobody knows an interface's addresses; None: they are known."""
        if self.told or interface in self.numbered or interface == "lo":
            return None
        return _doubt(interface)

    def first(self, interface: str) -> Doubt | None:
        """The same of its first address, which REDIRECT takes."""
        unknown = interface in self.unordered and interface != LOOPBACK
        return _doubt(interface) if unknown else self.of(interface)

    def masquerading(self, interface: str) -> Doubt | None:
        """The same of the address that MASQUERADE takes: over lo it is the first of all other interfaces'."""
        if interface != LOOPBACK:
            return self.first(interface)
        known = self.told and LOOPBACK not in self.unordered
        return None if known else Doubt("addresses-not-captured", ("src",))

    def source_by(self, route: RouteTo, family: Family, interface: str) -> Doubt | None:
        """Why nobody knows which source address the host gives to what it sends by a route."""
        stated = route.src is not None and route.src.family == family
        return None if stated or route.kind == "local" else self.of(interface)

    def where(self, interface: str, family: Family) -> IntSet:
        """Where the address lies that an interface sends from: those of lo reach no further than the host."""
        found = [prefix for name, prefix in self.subnets if name == interface and not _near(prefix)]
        if found:
            return IntSet.from_intervals(i for prefix in found for i in IntSet.prefix(prefix))
        return IntSet.prefix(_LOOPBACK[family]).complement(BITS[family])

    def tells_where(self, unread: Unread, namespace: Namespace, family: Family) -> bool:
        """Whether routes tell all that a line which could not be read says: of ``inet x.x.x.x/24 ... eth0``
        the subnets of eth0, but for an address of which the kernel made no route; what follows it says no
        more. A line of the other IP version says nothing."""
        words = unread.evidence.text.split()
        if unread.reason == "part-of-unread" or words[:1] == ["inet" if family == 6 else "inet6"]:
            return True
        if words[:1] != ["inet"] or "noprefixroute" in words or not namespace.shows_table(family, "main"):
            return False
        label = words[-1].partition(":")[0]
        return label in self.numbered or any(name == label for name, _ in self.subnets)

    def everywhere(self, others: IntSet) -> IntSet:
        """Every address that may be the host's own, ``others`` being somebody else's."""
        found = IntSet.from_intervals(i for _, prefix in self.subnets for i in IntSet.prefix(prefix))
        return found.minus(others, BITS[self.subnets[0][1].family]) if self.subnets else EMPTY

    def with_doubts(self, local: ChainCode, others: IntSet) -> ChainCode:
        """Table local, where packets to the subnets may be for the host itself."""
        lines = tuple(_perhaps_own(name, prefix, others) for name, prefix in self.subnets)
        return ChainCode(local.name, (*local.lines, *lines), local.policy, local.evidence)


def hidden_addresses(
    namespace: Namespace, family: Family, addresses: Iterable[HostAddress]
) -> HiddenAddresses:
    """What the texts leave open of one family's addresses; ``addresses`` are those that they tell."""
    known = tuple(addresses)
    numbered = frozenset(item.interface for item in known)
    unordered = _unordered(namespace, family, known)
    if addresses_told(namespace, family):
        return HiddenAddresses(True, numbered, unordered=unordered)
    values: dict[str, list[int]] = {}
    for item in known:
        values.setdefault(item.interface, []).append(item.value)
    found: dict[tuple[str, Prefix], None] = {}
    further = _one_more(namespace, family)
    for name, dst in _connected(route for route in namespace.routes if route.family == family):
        if name in further or not any(value in IntSet.prefix(dst) for value in values.get(name, ())):
            found[name, dst] = None
    return HiddenAddresses(False, numbered, tuple(found), unordered)


def _unordered(namespace: Namespace, family: Family, known: Iterable[HostAddress]) -> frozenset[str]:
    """A listing of addresses is in the order in which the kernel takes them, table local is not."""
    listed = {(item.interface, item.address) for item in namespace.addresses or () if item.family == family}
    names = [(item.interface, (item.interface, Address(family, item.value)) in listed) for item in known]
    several = Counter(name for name, _ in names if name != LOOPBACK)
    unlisted = {name for name, shown in names if not shown and name != LOOPBACK}
    together = {LOOPBACK} if unlisted and several.total() > 1 else set()
    return frozenset(name for name in unlisted if several[name] > 1) | together


def _one_more(namespace: Namespace, family: Family) -> frozenset[str]:
    """The interfaces of which one address is listed, and one more in a line that could not be read: in a
    subnet that they are in already, the kernel makes no other route for it."""
    listed = {item.interface for item in namespace.addresses or () if item.family == family}
    lines = (each.evidence.text.split() for each in namespace.unread if each.about == "addresses")
    labels = (words[-1].partition(":")[0] for words in lines if words[:1] == ["inet"])
    return frozenset(label for label in labels if label in listed)


def known_others(namespace: Namespace, family: Family) -> IntSet:
    """Addresses that routes and neighbour tables show to be somebody else's."""
    values = {
        hop.via.value
        for route in namespace.routes
        for hop in route.nexthops
        if hop.via is not None and hop.via.family == family
    }
    values |= {item.address.value for item in namespace.neighbours or () if item.address.family == family}
    return IntSet.of(*values)


def addresses_of_others(snapshot: Snapshot) -> frozenset[Address]:
    """Addresses that the host itself does not have: those of containers and other namespaces."""
    found = {
        address for item in snapshot.containers or () for end in item.endpoints for address in end.addresses
    }
    members = (member for network in snapshot.networks or () for member in network.members or ())
    found |= {address for member in members for address in member.addresses}
    inside = (item for namespace in snapshot.namespaces for item in namespace.addresses or ())
    return frozenset(found | {item.address for item in inside if item.interface != LOOPBACK})


def _connected(routes: Iterable[Route]) -> Iterator[tuple[str, Prefix]]:
    """The subnets on the links, where the kernel made the route: iproute2 says so, others tell of nobody."""
    every = tuple(routes)
    printed = any(route.proto is not None for route in every)
    for route in every:
        if route.kind != "unicast" or not 0 < route.dst.length < BITS[route.family]:
            continue
        if printed and route.proto not in _CONNECTS:
            continue
        for hop in route.nexthops:
            if hop.via is None and hop.dev not in (None, "lo"):
                yield str(hop.dev), route.dst


def _perhaps_own(interface: str, subnet: Prefix, others: IntSet) -> Guarded:
    there = In("dst", IntSet.prefix(subnet).minus(others, BITS[subnet.family]))
    doubt = _doubt(interface)
    return Guarded(All((there, Unsure(doubt))), NotUnderstood(doubt))


def _near(prefix: Prefix) -> bool:
    return prefix.family == 6 and prefix.value >> 118 == 0xFE80 >> 6


def _doubt(interface: str) -> Doubt:
    return Doubt("own-address-not-captured", (interface,))
