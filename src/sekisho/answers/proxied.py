"""Containers behind docker-proxy: who calls a published port of the host reaches them by a second connection.

The first one ends in the proxy's socket (``semantics.proxy``); the second is the host's own. Both must work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sekisho.answers.places import Origin, Target
from sekisho.model.docker import DockerContainer, PublishedPort
from sekisho.semantics.journey import Doubt, Journey
from sekisho.semantics.proxy import second_connection
from sekisho.semantics.site import Site
from sekisho.symbolic.bits import Set
from sekisho.symbolic.journeys import Flows
from sekisho.symbolic.one_journeys import journey
from sekisho.values.address import Address
from sekisho.values.intset import IntSet
from sekisho.values.packet import Packet, protocol_number

if TYPE_CHECKING:
    from sekisho.answers.arrivals import Arrivals


@dataclass(frozen=True, slots=True)
class Proxied:
    """Packets that end in docker-proxy's socket for a container's port. ``certain``: the second connection
    works; else nobody can say whether it does, or whether there is a proxy at all."""

    flow: Flows
    some: Set
    address: Address
    port: int
    certain: bool


class Proxies:
    """Looks up what docker-proxy makes of flows that end on the host."""

    def __init__(self, arrivals: Arrivals) -> None:
        self.arrivals = arrivals
        self.space = arrivals.space
        self.world = arrivals.reading.world
        self._containers: dict[str, tuple[Site, DockerContainer]] = {
            site.called(item.name): (site, item)
            for site in self.world.sites.values()
            for item in site.snapshot.containers or ()
            if item.running
        }
        self._parts: dict[tuple[object, ...], Set] = {}
        self._published: dict[tuple[str, int], list[PublishedPort]] = {}
        for site, container in self._containers.values():
            for each in container.published:
                self._published.setdefault((site.id, each.host_port), []).append(each)
        self._taken: dict[int, dict[tuple[str, int], list[Flows]]] = {}
        self._known: dict[tuple[str, int, int], tuple[Address, Journey] | None] = {}

    def to(self, origin: Origin, target: Target) -> Iterator[Proxied]:
        """The flows of an origin that docker-proxy takes for a container, at the target's ports."""
        found = self._containers.get(self.world.lives_in(target.name))
        if target.kind != "container" or found is None:
            return
        site, container = found
        for published in container.published:
            if target.ports is not None and published.container_port not in target.ports:
                continue
            for flow in self._ending_there(origin.group).get((site.id, published.host_port), ()):
                some = flow.some & origin.some & self._called(published, flow)
                second = self._second(site.id, published) if some.satisfiable() else None
                if second is not None and second[1].works is not False and self._is_of(second[0], target):
                    certain = second[1].works is True and flow.forward.disposition == "delivered"
                    yield Proxied(flow, some, second[0], published.container_port, certain)

    def second_is(self, flow: Flows, *wanted: bool | None) -> Set:
        """The packets of a flow into docker-proxy's sockets whose second connection does (True) or does not
        (False) work, or of which nobody can say (None). One that is not known is taken as working."""
        nothing = self.space.nothing
        if flow.forward.line is None or flow.forward.disposition != "delivered":
            return nothing
        key = (id(flow), wanted)
        if key not in self._parts:
            found = nothing
            for published in (each for port in self._ports_of(flow) for each in self._published[port]):
                some = flow.some & self._called(published, flow)
                second = self._second(flow.forward.where, published) if some.satisfiable() else None
                if second is not None and second[1].works in wanted:
                    found |= some
            self._parts[key] = found
        return self._parts[key]

    def _is_of(self, address: Address, target: Target) -> bool:
        return address.family == self.space.family and address.value in target.addresses

    def _ending_there(self, group: int) -> dict[tuple[str, int], list[Flows]]:
        """Flows into docker-proxy's sockets, and into those that only docker-proxy could have, by host and
        published port."""
        found = self._taken.get(group)
        if found is None:
            found = self._taken[group] = {}
            for flow in self.arrivals.reading.flows(group):
                fate = flow.forward
                unknown = fate.disposition == "undetermined"
                if (
                    fate.where in self.world.sites
                    and fate.hook == "socket"
                    and (fate.line is not None or unknown)
                ):
                    for port in self._ports_of(flow):
                        found.setdefault(port, []).append(flow)
        return found

    def _ports_of(self, flow: Flows) -> Iterable[tuple[str, int]]:
        """The published ports of a host that a flow may be for: a socket has one."""
        values, host = self.space.few_values(flow.some, flow.state.ends.dport, 1), flow.forward.where
        if values is None:
            return [key for key in self._published if key[0] == host]
        return [(host, first) for first, _ in values if (host, first) in self._published]

    def _called(self, published: PublishedPort, flow: Flows) -> Set:
        space, ends = self.space, flow.state.ends
        some = space.member(ends.dport, IntSet.of(published.host_port))
        some &= space.member(space.field["proto"], IntSet.of(protocol_number(published.proto)))
        host = published.host_address
        if not published.host_port:
            return space.nothing
        if host is None:
            return some
        if host.family != space.family:
            return space.nothing
        return some & space.member(ends.dst, IntSet.of(host.value)) if host.value else some

    def doubts(self, flow: Flows, some: Set) -> Iterator[Doubt]:
        """Why nobody can say whether the second connection works, for some packets of a flow."""
        if not (some & self.second_is(flow, None)).satisfiable():
            return
        for published in (each for port in self._ports_of(flow) for each in self._published[port]):
            called = (some & self._called(published, flow)).satisfiable()
            second = self._second(flow.forward.where, published) if called else None
            if second is not None and second[1].works is None:
                yield from second[1].open_doubts

    def _second(self, host: str, published: PublishedPort) -> tuple[Address, Journey] | None:
        """The address that docker-proxy calls for a published port, and what becomes of that connection; None
        where no container is known for it."""
        proto = protocol_number(published.proto)
        key = (host, proto, published.host_port)
        if key not in self._known:
            packet = Packet(self.space.family, 0, 0, proto, None, published.host_port)
            start = second_connection(self.world.sites[host], packet)
            self._known[key] = None
            if start is not None:
                address = Address(start.packet.family, start.packet.dst)
                self._known[key] = address, journey(self.world, start)
        return self._known[key]
