"""What the model says of a connection through a whole lab: one trace for each node that it crosses.

Where a packet leaves a node by a wire, the next trace begins at the wire's far end with the headers it
has by then. The reply is part of each trace; the connection stands if all replies come back to where
their packet came in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sekisho.answers.trace import Question, trace
from sekisho.lab.operations import Wire
from sekisho.lab.system.facts import LabFacts
from sekisho.semantics.journey import Disposition, Journey, Leg
from sekisho.semantics.world import HOST, World
from sekisho.values.address import Address, format_ip
from sekisho.values.packet import Packet

_MOST = 16  # nodes one after the other


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
    """Holds the worlds of a lab's facts; asks are cheap after that."""

    def __init__(self, facts: LabFacts) -> None:
        self._facts = facts
        self._worlds = {node: World(snapshot) for node, snapshot in facts.snapshots.items()}
        self._far: dict[tuple[str, str], tuple[str, str]] = {}
        bridged: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for link in facts.plan.links:
            if isinstance(link, Wire):
                self._far[link.node, link.name] = (link.far_node, link.far_name)
                self._far[link.far_node, link.far_name] = (link.node, link.name)
                if link.bridge is not None:
                    bridged.setdefault((link.node, link.bridge), []).append((link.far_node, link.far_name))
        self._bridged = bridged
        self._bridge_of: dict[tuple[str, str], str] = {
            (link.node, link.name): link.bridge for link in facts.plan.links
            if isinstance(link, Wire) and link.bridge is not None
        }  # fmt: skip

    def connect(
        self, source: str, target: Address, port: int | None, proto: str = "tcp", sport: int | None = None
    ) -> Forecast:
        """The forecast of a connection (or an echo request, ``proto`` icmp) from a node's own process."""
        home = self._facts.home[source]
        origin = "host" if home == source else f"netns:{source}"
        question = Question(origin, str(target), proto, sport, port)
        segments: list[Segment] = []
        node = home
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
            packet = leg.packet
            question = Question(
                format_ip(packet.family, packet.src), format_ip(packet.family, packet.dst), proto,
                packet.sport, packet.dport, interface,
            )  # fmt: skip
        return self._result(tuple(segments))

    def _result(self, segments: tuple[Segment, ...]) -> Forecast:
        last = segments[-1]
        served = last.journey.served
        where = last.node if served.where in (HOST, "") else served.where
        answered = _all_come_back(segments, onward=True) if last.journey.disposition == "delivered" else False
        accepted = last.journey.onward is not None and _all_come_back(segments, onward=False) is True
        if last.journey.disposition == "undetermined":
            answered = None
        return Forecast(segments, last.journey.disposition, where, served.packet, answered, accepted)

    def _next(self, node: str, leg: Leg) -> tuple[str, str] | None:
        """The far end of the wire that the packet left by: its node and interface there."""
        out = leg.packet.oif
        if out is None:
            return None
        far = self._far.get((node, out))
        if far is not None and far in self._bridge_of:
            far = self._across(far, leg)
        if far is None or far[0] not in self._worlds:
            return None
        return far

    def _across(self, port: tuple[str, str], leg: Leg) -> tuple[str, str] | None:
        """Through a switch: to whoever has the next hop's address."""
        bridge = self._bridge_of[port]
        hop = leg.packet.next_hop or Address(leg.packet.family, leg.packet.dst)
        for end in self._bridged[port[0], bridge]:
            snapshot = self._facts.snapshots.get(end[0])
            for item in (snapshot.host.addresses if snapshot else None) or ():
                if item.interface == end[1] and item.address == hop:
                    return end
        return None


def _all_come_back(segments: Sequence[Segment], *, onward: bool) -> bool | None:
    """Whether each segment's reply gets back to where its packet came in; None where one is undecided."""
    found: bool | None = True
    for segment in segments:
        for journey in (segment.journey, segment.journey.onward if onward else None):
            if journey is None:
                continue
            disposition = journey.reply.disposition if journey.reply is not None else "dropped"
            if disposition == "undetermined":
                found = None
            elif disposition not in ("delivered", "exits"):
                return False
    return found
