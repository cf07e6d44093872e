"""Whether a host keeps a policy: every assertion for all packets, with a counterexample where it fails.

    allow     all packets from the sources arrive, and their replies (a container's: by some address to call)
    deny      none does
    only      none does from anybody but the sources
    isolated  none does from one of the places to another
    same-as   no flow differs from another snapshot's

``unsure``: nobody can say (an unknown match, say) and no packet decides it either way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sekisho.answers.arrivals import Arrival, Arrivals, Witness
from sekisho.answers.diff import diff, families
from sekisho.answers.ends import End
from sekisho.answers.places import Origin, Reading, Target
from sekisho.answers.policy import Assertion
from sekisho.answers.services import line_of, merged
from sekisho.errors import UsageError
from sekisho.semantics.world import World
from sekisho.sources.bounds import USUAL, Bounds
from sekisho.sources.load import load
from sekisho.symbolic.bits import Set
from sekisho.values.address import Family, format_ip
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, TCP, UDP, protocol_name

Status = Literal["passed", "failed", "unsure"]


@dataclass(frozen=True, slots=True)
class Result:
    """``code`` and ``args`` are the message of a failure, ``witness`` the counterexample."""

    assertion: Assertion
    status: Status
    code: str = ""
    args: tuple[str, ...] = ()
    witness: Witness | None = None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All results in the order of the policy."""

    results: tuple[Result, ...]

    def count(self, status: Status) -> int:
        """How many assertions have that status."""
        return sum(1 for result in self.results if result.status == status)


def check(world: World, policy: tuple[Assertion, ...], bounds: Bounds = USUAL) -> CheckReport:
    """Check all assertions. Raises UsageError (with the place) where one names what is not there."""
    checker = _Checker(world, bounds)
    return CheckReport(tuple(checker.result(assertion) for assertion in policy))


class _Checker:
    def __init__(self, world: World, bounds: Bounds) -> None:
        self.bounds = bounds
        self.world = world
        self._arrivals: dict[Family, Arrivals] = {}

    def arrivals(self, family: Family) -> Arrivals:
        """The flows of one family, read once for all assertions."""
        if family not in self._arrivals:
            self._arrivals[family] = Arrivals(Reading(self.world, family))
        return self._arrivals[family]

    def result(self, assertion: Assertion) -> Result:
        """One assertion."""
        try:
            if assertion.kind == "same-as":
                return self._same_as(assertion)
            found = Result(assertion, "passed")
            families = self._families(assertion)
            for family in families:
                try:
                    each = self._in_family(assertion, family)
                except UsageError:
                    if family == families[0]:
                        raise
                    continue  # what has no IPv6 address sends and gets no IPv6 packets
                if each.status == "failed":
                    return each
                if each.status == "unsure":
                    found = each
            return found
        except UsageError as error:
            place = assertion.place
            raise UsageError(
                error.what,
                file=place.file,
                line=place.line,
                text=error.text or place.text,
                advice=error.advice,
            ) from error

    def _families(self, assertion: Assertion) -> tuple[Family, ...]:
        if assertion.family is not None:
            return (assertion.family,)
        named = {end.family for end in (*assertion.sources, *assertion.targets) if end.family is not None}
        if named:
            return tuple(family for family in (4, 6) if family in named)
        has_six = any(route.family == 6 and route.table == "main" for route in self.world.host.facts.routes)
        return (4, 6) if has_six and assertion.kind != "allow" else (4,)

    def _in_family(self, assertion: Assertion, family: Family) -> Result:
        match assertion.kind:
            case "allow":
                return self._allow(assertion, family)
            case "deny":
                return self._deny(assertion, family)
            case "only":
                return self._only(assertion, family)
            case _:
                return self._isolated(assertion, family)

    # --------------------------------------------------------------------------------------- allow

    def _allow(self, assertion: Assertion, family: Family) -> Result:
        arrivals = self.arrivals(family)
        found = Result(assertion, "passed")
        for source in assertion.sources:
            for origin in arrivals.reading.origins_of(source):
                for end in assertion.targets:
                    for target in self._targets(arrivals, end):
                        each = self._all_arrive(assertion, arrivals, origin, source, target, end)
                        if each.status == "failed":
                            return each
                        if each.status == "unsure":
                            found = each
        return found

    def _targets(self, arrivals: Arrivals, end: End) -> list[Target]:
        return arrivals.reading.targets_of(end)

    def _all_arrive(
        self, assertion: Assertion, arrivals: Arrivals, origin: Origin, source: End, target: Target, end: End
    ) -> Result:
        """Every source address, and every port that is named, has a way to the target."""
        wanted = self._protocols(assertion, end, arrivals.reading.family)
        everything = arrivals.space.everything
        found = arrivals.arrivals(origin, target, self._from_ports(arrivals, source))
        perhaps = arrivals.perhaps(origin, target, everything)
        for proto in wanted:
            ports = end.ports or IntSet.span(0, 65535) if proto in PORT_PROTOCOLS else None
            missing = self._missing(arrivals, found, origin, target, proto, ports)
            if missing is None:
                continue
            field = arrivals.space.field
            open_ = perhaps & arrivals.space.member(field["proto"], IntSet.of(proto))
            words = f"{protocol_name(proto)} {origin.name} {missing} -> {end.text}"
            status: Status = "unsure" if open_.satisfiable() and not found else "failed"
            witness = self._refused_example(arrivals, origin, target, proto, ports)
            return Result(assertion, status, "check.allow-fails", (words,), witness)
        return Result(assertion, "passed")

    def _from_ports(self, arrivals: Arrivals, source: End) -> Set:
        if source.ports is None:
            return arrivals.space.everything
        return arrivals.space.member(arrivals.space.field["sport"], source.ports)

    def _missing(
        self,
        arrivals: Arrivals,
        found: list[Arrival],
        origin: Origin,
        target: Target,
        proto: int,
        ports: IntSet | None,
    ) -> str | None:
        """What of the wanted packets has no way, in words; None where all have."""
        chosen = origin.kind in ("host", "container")
        by_port: list[tuple[IntSet, IntSet]] = []
        for arrival in found:
            for box in arrivals.boxes(arrival):
                fields = dict(box.fields)
                if proto in fields["proto"]:
                    arrived = fields.get("dport", IntSet.span(0, 65535))
                    sent = fields.get("viaport", arrived)
                    by_port.append((sent if target.kind == "address" else arrived, fields["src"]))
        for cut in _cuts(by_port, ports):
            sources = IntSet.from_intervals(
                i for some, src in by_port if cut in some or ports is None for i in src
            )
            whole = bool(sources) if chosen else not origin.addresses.minus(sources, 128)
            if not whole:
                lacking = EMPTY if chosen else origin.addresses.minus(sources, 128)
                where = format_ip(arrivals.reading.family, lacking.intervals[0][0]) if lacking else ""
                port = "" if ports is None else f":{cut}"
                return f"{where}{port}".strip() or "*"
        return None

    def _refused_example(
        self, arrivals: Arrivals, origin: Origin, target: Target, proto: int, ports: IntSet | None
    ) -> Witness | None:
        space = arrivals.space
        for flow in arrivals.reading.flows(origin.group):
            some = flow.some & origin.some & arrivals.aimed(flow, target) & ~arrivals.both_ways(flow)
            some &= space.member(space.field["proto"], IntSet.of(proto))
            if ports is not None:
                some &= space.member(flow.state.ends.dport, ports)
            if some.satisfiable():
                return arrivals.packet(origin, flow, some)
        return None

    def _protocols(self, assertion: Assertion, end: End, family: Family) -> tuple[int, ...]:
        icmp = ICMP if family == 4 else ICMPV6
        if assertion.protocols is not None:
            return tuple(icmp if proto in (ICMP, ICMPV6) else proto for proto in assertion.protocols)
        return (TCP,) if end.ports is not None else (TCP, UDP, icmp)

    # ---------------------------------------------------------------------------- nothing arrives

    def _deny(self, assertion: Assertion, family: Family) -> Result:
        arrivals = self.arrivals(family)
        pairs = (
            (origin, target, source, end)
            for source in assertion.sources
            for origin in arrivals.reading.origins_of(source)
            for end in assertion.targets
            for target in self._targets(arrivals, end)
        )
        return self._none_arrives(assertion, arrivals, pairs, "check.deny-fails")

    def _only(self, assertion: Assertion, family: Family) -> Result:
        arrivals = self.arrivals(family)
        allowed: dict[int, Set] = {}
        names: set[str] = set()
        for source in assertion.sources:
            for origin in arrivals.reading.origins_of(source):
                names.add(origin.name)
                present = allowed.get(origin.group, arrivals.space.nothing)
                allowed[origin.group] = present | origin.some
        everybody = End("any", "any")
        pairs = (
            (self._but(arrivals, origin, allowed), target, everybody, end)
            for end in assertion.targets
            for target in self._targets(arrivals, end)
            for origin in arrivals.reading.origins
            if origin.name not in names and origin.name != target.name
        )
        return self._none_arrives(assertion, arrivals, pairs, "check.only-fails")

    def _but(self, arrivals: Arrivals, origin: Origin, allowed: dict[int, Set]) -> Origin:
        """An origin without the packets that others of its run may send."""
        if arrivals.reading.sources[origin.group].how == "process":
            return origin
        some = origin.some & ~allowed.get(origin.group, arrivals.space.nothing)
        return Origin(origin.name, origin.kind, origin.group, some, origin.addresses)

    def _isolated(self, assertion: Assertion, family: Family) -> Result:
        arrivals = self.arrivals(family)
        pairs = (
            (origin, target, source, end)
            for source in assertion.sources
            for end in assertion.targets
            if source is not end
            for origin in arrivals.reading.origins_of(source)
            for target in self._targets(arrivals, end)
            if origin.name != target.name
        )
        return self._none_arrives(assertion, arrivals, pairs, "check.isolated-fails")

    def _none_arrives(
        self,
        assertion: Assertion,
        arrivals: Arrivals,
        pairs: Iterator[tuple[Origin, Target, End, End]],
        code: str,
    ) -> Result:
        found = Result(assertion, "passed")
        for origin, target, source, end in pairs:
            wanted = self._named_packets(assertion, arrivals, source)
            arriving = arrivals.arrivals(origin, target, wanted)
            if arriving:
                first = arriving[0]
                boxes = merged(arrivals.boxes(first))
                line = line_of(boxes[0], arrivals.reading.family, arrivals.reading.names)
                args: tuple[str, ...] = (f"{origin.name}: {line}",)
                if assertion.kind == "isolated":
                    args = (source.text, end.text, line)
                return Result(assertion, "failed", code, args, arrivals.witness(origin, first))
            unclear = arrivals.perhaps(origin, target, wanted)
            if unclear.satisfiable():
                line = line_of(merged(arrivals.addressed(unclear))[0], arrivals.reading.family)
                found = Result(assertion, "unsure", code, (line, line, line))
        return found

    def _named_packets(self, assertion: Assertion, arrivals: Arrivals, source: End) -> Set:
        some = self._from_ports(arrivals, source)
        if assertion.protocols is not None:
            wanted = self._protocols(assertion, source, arrivals.reading.family)
            some &= arrivals.space.member(arrivals.space.field["proto"], IntSet.of(*wanted))
        return some

    # ------------------------------------------------------------------------------------- same-as

    def _same_as(self, assertion: Assertion) -> Result:
        other = World(load(assertion.baseline, bounds=self.bounds))
        unsure: Result | None = None
        for family in families(other, self.world):
            found = diff(other, self.world, family)
            for change in found.changes:
                line = line_of(change.boxes[0], family, found.names)
                words = f"{change.kind} {', '.join(change.sources[:3])}: {line}"
                status: Status = "unsure" if change.kind == "unsure" else "failed"
                args = (assertion.baseline, words)
                each = Result(assertion, status, "check.same-as-fails", args, change.witness)
                if status == "failed":
                    return each
                unsure = unsure or each
        return unsure or Result(assertion, "passed")


def _cuts(by_port: list[tuple[IntSet, IntSet]], ports: IntSet | None) -> list[int]:
    """A port of every stretch of the wanted ones within which nothing changes."""
    if ports is None:
        return [0]
    starts = {first for first, _ in ports}
    for some, _ in by_port:
        for first, last in some:
            starts |= {first, last + 1}
    return sorted(start for start in starts if start in ports)
