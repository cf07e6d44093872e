"""One packet in one namespace, with nothing around it."""

from __future__ import annotations

from typing import cast

from sekisho.semantics.choices import Choices
from sekisho.semantics.control import Passed
from sekisho.semantics.host import HostCode
from sekisho.semantics.program import NEW, Station
from sekisho.symbolic.bits import Set
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.neighbours import Neighbours
from sekisho.symbolic.one_flow import OneFlow
from sekisho.symbolic.one_guards import OneGuards
from sekisho.symbolic.one_header import state_of
from sekisho.symbolic.one_packet import OnePacket
from sekisho.symbolic.state import Front, State
from sekisho.symbolic.visit import Visit
from sekisho.values.address import Family
from sekisho.values.packet import Packet
from sekisho.values.slotted import replace


class Alone:
    """What the stations of a namespace ask of the walk that they are met on. ``fates``: how the packet ended
    there."""

    spares = False
    came_by: State | None = None

    def __init__(self, host: HostCode, family: Family, proto: int, choices: Choices) -> None:
        self.space = OnePacket(family)
        self.space.begin({}, choices)
        self.guards = OneGuards(self.space)
        self.guards.begin(proto)
        self.flow = OneFlow(self.guards)
        self.fates: list[Fate] = []
        self.visit = Visit(cast(Neighbours, self), host)

    def end(self, fate: Fate, state: State, some: Set) -> None:
        """The packet's way ends."""
        if some.satisfiable():
            self.fates.append(fate)

    def shared(self, front: Front) -> Front:
        """There is one packet only."""
        return front

    def decided(self, station: Station, packet: Packet) -> Passed:
        """The line of a station that decides about the first packet of a connection."""
        state = replace(state_of(packet), ctstate=NEW, ctdir=0)
        front: Front = {state: self.space.everything}
        ((passed, _, _),) = self.flow.run(station.base, station.chains, front, station.hook)
        return passed
