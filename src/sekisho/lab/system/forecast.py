"""What the model says of a connection through a whole lab: one trace for each world that it crosses.

The hosts of one snapshot are one world, any other node is one. Where a packet leaves by a wire, the next
trace begins at the wire's far end with the headers it has by then. The reply is part of each trace; the
connection stands if all replies come back to where their packet came in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sekisho.answers.trace import Question, trace
from sekisho.lab.operations import Enslave, Wire
from sekisho.lab.system.facts import LabFacts
from sekisho.lab.system.outside import WORLD
from sekisho.model.snapshot import HOST
from sekisho.semantics.journey import Disposition, Journey, Leg
from sekisho.semantics.world import World
from sekisho.values.address import Address, format_ip
from sekisho.values.packet import Packet

_MOST = 16  # nodes one after the other
# An interface of a node.
_End = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a way that lies in one node (a Docker host with its containers is one)."""

    node: str
    journey: Journey


@dataclass(frozen=True, slots=True)
class Forecast:
    """``disposition`` of the packet; ``where``: the node that takes it, or stops it. ``packet``: as it
    ends. ``answered``: whether the reply finds its way back, None where nobody can say. ``accepted``: the
    client is connected all the same, because docker-proxy takes the connection before it makes its own."""

    segments: tuple[Segment, ...]
    disposition: Disposition
    where: str
    packet: Packet
    answered: bool | None
    accepted: bool = False

    @property
    def client(self) -> str:
        """The source address that the server sees."""
        return format_ip(self.packet.family, self.packet.src)


class Forecaster:
    """Holds the worlds of a lab's facts; asks are cheap after that. A snapshot's hosts are one world."""

    def __init__(self, facts: LabFacts) -> None:
        self._facts = facts
        several = [facts.snapshots[host] for host in facts.plan.sites if host in facts.snapshots]
        joined = World(*several) if several else None
        self._worlds = {
            host: joined if joined is not None and host in facts.plan.sites else World(snapshot)
            for host, snapshot in facts.snapshots.items()
        }
        self._far: dict[_End, _End] = {}
        self._bridge_of: dict[_End, str] = {}
        for link in facts.plan.links:
            if isinstance(link, Wire):
                self._far[link.node, link.name] = (link.far_node, link.far_name)
                self._far[link.far_node, link.far_name] = (link.node, link.name)
                if link.bridge is not None:
                    self._bridge_of[link.node, link.name] = link.bridge
        for item in facts.plan.settings:
            if isinstance(item, Enslave):
                self._bridge_of[item.node, item.interface] = item.bridge
        self._bridged: dict[_End, list[_End]] = {}
        for port, bridge in self._bridge_of.items():
            if port in self._far:
                self._bridged.setdefault((port[0], bridge), []).append(self._far[port])

    def connect(
        self, source: str, target: Address, port: int | None, proto: str = "tcp", sport: int | None = None
    ) -> Forecast:
        """The forecast of a connection (or an echo request, ``proto`` icmp) from a node's own process."""
        node = self._facts.home[source]
        origin = "host" if node == source and node not in self._facts.plan.sites else f"netns:{source}"
        question = Question(origin, str(target), proto, sport, port)
        segments: list[Segment] = []
        while True:
            found = trace(self._worlds[node], question)
            segments.append(Segment(node, found))
            leg = found.served
            if found.disposition != "exits" or len(segments) >= _MOST:
                break
            onward = self._next(node, leg)
            if onward is None:
                break
            node, interface = onward
            if node in self._facts.plan.sites:
                interface = f"{node}/{interface}"
            packet = leg.packet
            question = Question(
                format_ip(packet.family, packet.src), format_ip(packet.family, packet.dst), proto,
                packet.sport, packet.dport, interface,
            )  # fmt: skip
        return self._result(tuple(segments))

    def _result(self, segments: tuple[Segment, ...]) -> Forecast:
        last = segments[-1]
        served = last.journey.served
        where = _at(last.node, served) if served.where in (HOST, "") else served.where
        answered = (
            self._come_back(segments, onward=True) if last.journey.disposition == "delivered" else False
        )
        accepted = last.journey.onward is not None and self._come_back(segments, onward=False) is True
        if last.journey.disposition == "undetermined":
            answered = None
        return Forecast(segments, last.journey.disposition, where, served.packet, answered, accepted)

    def _next(self, node: str, leg: Leg) -> _End | None:
        """Where the packet that left by a wire comes in: the host that has the next hop or leads to it, else
        who is alone at the far end, else the outside. The node, and its interface."""
        out = leg.packet.oif
        if out is None:
            return None
        hop = leg.packet.next_hop or Address(leg.packet.family, leg.packet.dst)
        ends = list(self._ends((_at(node, leg), out)))
        found = next((entry for entry, end in ends if self._has(end, hop)), None)
        if found is None:
            outside = next((end for _, end in ends if end[0] == WORLD), None)
            found = ends[0][1] if len(ends) == 1 else outside
        if found is None or found[0] not in self._worlds:
            return None
        return (WORLD, self._bridge_of.get(found, found[1])) if found[0] == WORLD else found

    def _ends(self, here: _End) -> Iterator[tuple[_End, _End]]:
        """Who hears what leaves by an interface, over wires and bridges: the end of a wire, and by which end
        its host is entered."""
        seen = {here}
        ways: list[tuple[_End, _End | None]] = [(here, None)]
        for start, before in ways:
            far = self._far.get(start)
            for end in self._bridged.get(start, () if far is None else (far,)):
                if end in seen:
                    continue
                seen.add(end)
                entry = end if before is None or end[0] in self._worlds else before
                yield entry, end
                bridge = self._bridge_of.get(end)
                if bridge is not None and (end[0], bridge) not in seen:
                    seen.add((end[0], bridge))
                    ways.append(((end[0], bridge), entry))

    def _has(self, end: _End, address: Address) -> bool:
        """Whether an interface, or the bridge that it is a port of, has the address."""
        snapshot = self._facts.snapshots.get(self._facts.home.get(end[0], ""))
        if snapshot is None:
            return False
        inside = (item for item in snapshot.namespaces if item.node == end[0])
        namespace = snapshot.host if end[0] in self._facts.snapshots else next(inside, None)
        devices = {end[1], self._bridge_of.get(end)}
        return any(
            item.interface in devices and item.address == address
            for item in (namespace.addresses if namespace else None) or ()
        )

    def _come_back(self, segments: Sequence[Segment], *, onward: bool) -> bool | None:
        """Whether each segment's reply gets back to where its packet came in; None where one is undecided."""
        found: bool | None = True
        for number, segment in enumerate(segments):
            for journey in (segment.journey, segment.journey.onward if onward else None):
                if journey is None:
                    continue
                reply = journey.reply
                if reply is None or reply.disposition not in ("delivered", "exits", "undetermined"):
                    return False
                if reply.disposition == "delivered":
                    continue
                passed_on = number > 0 and journey is segment.journey and reply.disposition == "exits"
                if not passed_on or not self._returns(segment, segments[number - 1]):
                    found = None
        return found

    def _returns(self, segment: Segment, before: Segment) -> bool:
        """Whether a reply that leaves a node goes to the one that the packet came from."""
        assert segment.journey.reply is not None
        back = self._next(segment.node, segment.journey.reply)
        return back is None or self._worlds[back[0]] is self._worlds[before.node]


def _at(home: str, leg: Leg) -> str:
    """The node where a leg ends."""
    node = leg.hops[-1].node if leg.hops else HOST
    return home if node == HOST else node
