"""Whether all that some source sends to a target arrives: what of it has no way, for certain or perhaps.

Asked about are ordinary first packets (an echo request of ICMP, a source port that clients get). To an
address, the Internet or the VPC every destination counts; at a container or the host any that leads there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sekisho.answers.arrivals import Arrivals
from sekisho.answers.limits import EPHEMERAL
from sekisho.answers.places import Origin, Target
from sekisho.answers.reach import doubts_of
from sekisho.answers.witness import Witness
from sekisho.semantics.journey import Doubt
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.boxes import by_value
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP, ICMPV6

# Ports that one translation leads to, one by one, at most.
_MANY = 1 << 12


@dataclass(frozen=True, slots=True)
class Missing:
    """Packets of one protocol without a way: a source address of theirs (None: the sender chooses it), and
    the port (None: no ports). ``certain``: they do not arrive; else nobody can say, for these ``doubts``."""

    source: int | None
    port: int | None
    certain: bool
    witness: Witness | None
    doubts: tuple[Doubt, ...] = ()


class Allowed:
    """Looks for packets from an origin to a target that do not arrive."""

    def __init__(self, arrivals: Arrivals, origin: Origin, target: Target, sports: IntSet | None) -> None:
        self.arrivals = arrivals
        self.space = arrivals.space
        self.origin = origin
        self.target = target
        self.sports = EPHEMERAL if sports is None else sports
        # A host has several addresses: that one of them leads there is enough.
        self.by_some = target.kind in ("host", "container")
        self._blurred = False

    def missing(self, proto: int, ported: bool) -> Missing | None:
        """What of a protocol has no way: for certain where there is such a packet, else perhaps."""
        wanted = self._wanted(proto, ported)
        left = self._asked(wanted, ported) & ~self._ways(wanted, ported)
        found: Missing | None = None
        for port, here in self._by_port(left, ported):
            target = self.target if port is None else replace(self.target, ports=IntSet.of(port))
            perhaps = self.arrivals.perhaps(self.origin, target, wanted)
            open_ = self._forget(perhaps, True)
            for certain, some in ((True, here & ~open_), (False, here & open_)):
                if some.satisfiable() and (found is None or certain):
                    refused = self._refused(some, target, wanted) if certain else None
                    witness = refused if certain else self.arrivals.example(self.origin, perhaps & some)
                    certain = certain and not self._blurred
                    why = () if certain else doubts_of(self.arrivals, self.origin, perhaps)
                    found = Missing(self._source(some), port, certain, witness, why)
                if found is not None and found.certain:
                    return found
        return found

    def _wanted(self, proto: int, ported: bool) -> Set:
        space, field = self.space, self.space.field
        some = (
            self.arrivals.reading.opening & self.origin.some & space.member(field["proto"], IntSet.of(proto))
        )
        for name, value in (("tos", 0), ("length", 60), ("ttl", 64)):
            some &= space.member(field[name], IntSet.of(value))
        if proto in (ICMP, ICMPV6):
            some &= space.member(field["icmp_type"], IntSet.of(8 if proto == ICMP else 128))
            some &= space.member(field["icmp_code"], IntSet.of(0))
        if ported:
            some &= space.member(field["sport"], self.sports)
        return some

    def _asked(self, wanted: Set, ported: bool) -> Set:
        """The packets that should arrive; their port is the one that they arrive at."""
        space, target = self.space, self.target
        some = wanted
        if not self.by_some:
            meant = target.addresses if target.expected is None else target.addresses & target.expected
            some &= space.member(space.field["dst"], meant)
        some = self._forget(some, self.by_some)
        if ported and target.ports is not None:
            some &= space.member(space.field["dport"], target.ports)
        return some

    def _ways(self, wanted: Set, ported: bool) -> Set:
        """Those that do, in the same terms."""
        found = [self.space.nothing]
        for arrival in self.arrivals.arrivals(self.origin, self.target, wanted):
            final = arrival.sent.dport if self.target.kind == "address" else arrival.final.dport
            for port, some in self._at_ports(arrival.some, final) if ported else ((None, arrival.some),):
                if port is None:
                    found.append(self._forget(some, False))
                else:
                    some = self.space.without(some, ("dport",))
                    some &= self.space.member(self.space.field["dport"], IntSet.of(port))
                    found.append(self._forget(some, False))
        return self.space.union(found)

    def _at_ports(self, some: Set, final: Bits) -> Iterator[tuple[int | None, Set]]:
        """Packets by the port that they arrive at; None: the one that they were sent to."""
        if final is self.space.field["dport"]:
            yield None, some
            return
        values = self.space.few_values(some, final, _MANY)
        self._blurred |= values is None
        for first, last in values or IntSet(()):
            for port in range(first, last + 1):
                yield port, some & self.space.member(final, IntSet.of(port))

    def _forget(self, some: Set, port: bool) -> Set:
        names = ["tdst", "tdport"]
        names += ["dst"] if self.by_some else []
        names += ["dport"] if port and self.by_some else []
        return self.space.without(some, names)

    def _by_port(self, left: Set, ported: bool) -> Iterator[tuple[int | None, Set]]:
        """A port of every stretch that is alike, with the packets that are missing there."""
        if not left.satisfiable():
            return
        if not ported:
            yield None, left
            return
        dport = self.space.field["dport"]
        for values, _ in by_value(self.space, self.space.only(left, dport), dport):
            for first, last in values:
                # A stretch without a way may have several causes; its ends tell most of them.
                for port in dict.fromkeys((max(first, 1), last)):
                    here = left & self.space.member(dport, IntSet.of(port))
                    # At a container or the host, what was called may be another port.
                    yield port, self.space.without(here, ("dport",)) if self.by_some else here

    def _source(self, some: Set) -> int | None:
        if self.arrivals.reading.sources[self.origin.group].how == "process":
            return None
        return self.space.values(some, self.space.field["src"]).intervals[0][0]

    def _refused(self, some: Set, target: Target, wanted: Set) -> Witness | None:
        arrivals = self.arrivals
        for flow in arrivals.reading.flows(self.origin.group):
            here = flow.some & some & wanted & arrivals.aimed(flow, target) & ~arrivals.both_ways(flow)
            if here.satisfiable():
                return arrivals.packet(self.origin, flow, here)
        return None
