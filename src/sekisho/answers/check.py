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
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from sekisho.answers.allowed import Allowed
from sekisho.answers.arrivals import Arrivals
from sekisho.answers.diff import diff, families
from sekisho.answers.ends import End
from sekisho.answers.places import Origin, Reading, Target
from sekisho.answers.policy import Assertion
from sekisho.answers.reach import doubts_of
from sekisho.answers.services import line_of, merged
from sekisho.answers.strangers import Asked, looked_up
from sekisho.answers.witness import Witness
from sekisho.errors import UsageError
from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.world import World
from sekisho.sources.bounds import USUAL, Bounds
from sekisho.sources.load import load_parts
from sekisho.symbolic.bits import Set
from sekisho.values.address import Family, format_ip
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, TCP, UDP, protocol_name

Status = Literal["passed", "failed", "unsure"]


@dataclass(frozen=True, slots=True)
class Result:
    """``code`` and ``args`` are the message of a failure, ``witness`` the counterexample; ``doubts``: why
    nobody can say."""

    assertion: Assertion
    status: Status
    code: str = ""
    args: tuple[str, ...] = ()
    witness: Witness | None = None
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All results in the order of the policy, and what they lean on."""

    results: tuple[Result, ...]
    leans_on: tuple[Lean, ...] = ()

    def count(self, status: Status) -> int:
        """How many assertions have that status."""
        return sum(1 for result in self.results if result.status == status)


def check(world: World, policy: tuple[Assertion, ...], bounds: Bounds = USUAL) -> CheckReport:
    """Check all assertions. Raises UsageError (with the place) where one names what is not there."""
    checker = _Checker(world, bounds)
    results = tuple(checker.result(assertion) for assertion in policy)
    return CheckReport(results, (*checker.leans, *_taken_as_whole(world)))


def _taken_as_whole(world: World) -> tuple[Lean, ...]:
    """The texts whose cut between two lines nothing would show; those of containers by their kind."""
    sites = world.sites.values()
    own = {file for site in sites for file in site.host.facts.files}
    own |= {
        f"netns/*/{PurePosixPath(file).name}"
        for site in sites
        for each in site.snapshot.namespaces
        for file in each.files
    }
    texts = sorted(file for file in own if not file.endswith(".json"))
    return (Lean("texts-taken-as-whole", (", ".join(texts),)),) if texts else ()


class _Checker:
    def __init__(self, world: World, bounds: Bounds) -> None:
        self.bounds = bounds
        self.world = world
        self.leans: dict[Lean, None] = {}
        self._arrivals: dict[tuple[Family, Asked], Arrivals] = {}

    def arrivals(self, assertion: Assertion, family: Family) -> Arrivals:
        """The flows of one family, read once for all assertions whose ends can be looked up there."""
        asked = looked_up(self.world, family, assertion.sources, assertion.targets)
        if (family, asked) not in self._arrivals:
            self._arrivals[family, asked] = Arrivals(Reading(self.world, family, asked=asked))
        return self._arrivals[family, asked]

    def result(self, assertion: Assertion) -> Result:
        """One assertion."""
        try:
            if assertion.kind == "same-as":
                return self._same_as(assertion)
            found = Result(assertion, "passed")
            for here, family in self._by_family(assertion):
                each = self._in_family(here, family)
                if each.status == "failed":
                    return each
                if each.status == "unsure":
                    found = each
            return found
        except UsageError as error:
            place = assertion.place
            raise UsageError(
                error.said_what,
                file=place.file,
                line=place.line,
                text=error.text or place.text,
                advice=error.said_advice,
            ) from error

    def _families(self, assertion: Assertion) -> tuple[Family, ...]:
        if assertion.family is not None:
            return (assertion.family,)
        named = {end.family for end in (*assertion.sources, *assertion.targets) if end.family is not None}
        if named:
            return tuple(family for family in (4, 6) if family in named)
        routes = (route for site in self.world.sites.values() for route in site.host.facts.routes)
        has_six = any(route.family == 6 and route.table == "main" for route in routes)
        return (4, 6) if has_six else (4,)

    def _by_family(self, assertion: Assertion) -> Iterator[tuple[Assertion, Family]]:
        """The assertion by the IP versions that it is about, each with the ends that have an address there:
        what has none sends and gets no such packets. Raises UsageError for an end that has none at all."""
        families = self._families(assertion)
        if len(families) == 1:
            yield assertion, families[0]
            return
        faults: dict[str, list[UsageError]] = {}
        parts: list[tuple[Assertion, Family]] = []
        for family in families:
            kept: list[tuple[End, ...]] = []
            for is_source, ends in ((True, assertion.sources), (False, assertion.targets)):
                absent = {end: self._absent(assertion, end, is_source, family) for end in ends}
                for end, fault in absent.items():
                    if fault is not None:
                        faults.setdefault(end.text, []).append(fault)
                kept.append(tuple(end for end in ends if absent[end] is None))
            parts.append((replace(assertion, sources=kept[0], targets=kept[1]), family))
        for found in faults.values():
            if len(found) >= len(families):
                raise found[0]
        if assertion.kind == "allow":  # it is about IPv4 where all have that
            whole = [(each, family) for each, family in parts if each == assertion]
            if not whole:
                raise next(iter(faults.values()))[0]
            parts = whole[:1]
        yield from parts

    def _absent(self, assertion: Assertion, end: End, is_source: bool, family: Family) -> UsageError | None:
        """Why the end has nothing of that IP version; None where it has."""
        reading = self.arrivals(assertion, family).reading
        try:
            (reading.origins_of if is_source else reading.targets_of)(end)
        except UsageError as fault:
            return fault
        return None

    def _in_family(self, assertion: Assertion, family: Family) -> Result:
        match assertion.kind:
            case "allow":
                found = self._allow(assertion, family)
            case "deny":
                found = self._deny(assertion, family)
            case "only":
                found = self._only(assertion, family)
            case _:
                found = self._isolated(assertion, family)
        self.leans.update(dict.fromkeys(self.arrivals(assertion, family).reading.leans_on()))
        return found

    # --------------------------------------------------------------------------------------- allow

    def _allow(self, assertion: Assertion, family: Family) -> Result:
        arrivals = self.arrivals(assertion, family)
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
        allowed = Allowed(arrivals, origin, target, source.ports)
        found = Result(assertion, "passed")
        for proto in self._protocols(assertion, end, arrivals.reading.family) or range(256):
            missing = allowed.missing(proto, proto in PORT_PROTOCOLS)
            if missing is None:
                continue
            where = "" if missing.source is None else format_ip(arrivals.reading.family, missing.source)
            what = where + ("" if missing.port is None else f":{missing.port}") or "*"
            words = f"{protocol_name(proto)} {origin.name} {what} -> {end.text}"
            status: Status = "failed" if missing.certain else "unsure"
            found = Result(assertion, status, "check.allow-fails", (words,), missing.witness, missing.doubts)
            if missing.certain:
                break
        return found

    def _protocols(self, assertion: Assertion, end: End, family: Family) -> tuple[int, ...]:
        """Those that are asked about; none: all there are."""
        icmp = ICMP if family == 4 else ICMPV6
        if assertion.protocols is not None:
            return tuple(icmp if proto in (ICMP, ICMPV6) else proto for proto in assertion.protocols)
        if end.ports is None:
            return (TCP, UDP, icmp)
        return (TCP,) if assertion.kind == "allow" else (TCP, UDP)

    # ---------------------------------------------------------------------------- nothing arrives

    def _deny(self, assertion: Assertion, family: Family) -> Result:
        arrivals = self.arrivals(assertion, family)
        pairs = (
            (origin, target, source, end)
            for source in assertion.sources
            for origin in arrivals.reading.origins_of(source)
            for end in assertion.targets
            for target in self._targets(arrivals, end)
        )
        return self._none_arrives(assertion, arrivals, pairs, "check.deny-fails")

    def _only(self, assertion: Assertion, family: Family) -> Result:
        arrivals = self.arrivals(assertion, family)
        allowed: dict[int, Set] = {}
        names: set[str] = set()
        for source in assertion.sources:
            for origin in arrivals.reading.origins_of(source):
                names.add(self._namespace(origin.name))
                present = allowed.get(origin.group, arrivals.space.nothing)
                allowed[origin.group] = present | origin.some
        everybody = End("any", "any")
        pairs = (
            (self._but(arrivals, origin, allowed), target, everybody, end)
            for end in assertion.targets
            for target in self._targets(arrivals, end)
            for origin in arrivals.reading.origins
            if self._namespace(origin.name) not in names | {self._namespace(target.name)}
        )
        return self._none_arrives(assertion, arrivals, pairs, "check.only-fails")

    def _namespace(self, name: str) -> str:
        """Whose namespace a place is: what it sends to itself stays inside."""
        return self.world.lives_in(name)

    def _but(self, arrivals: Arrivals, origin: Origin, allowed: dict[int, Set]) -> Origin:
        """An origin without the packets that others of its run may send."""
        if arrivals.reading.sources[origin.group].how == "process":
            return origin
        some = origin.some & ~allowed.get(origin.group, arrivals.space.nothing)
        return replace(origin, some=some)

    def _isolated(self, assertion: Assertion, family: Family) -> Result:
        arrivals = self.arrivals(assertion, family)
        pairs = (
            (origin, target, source, end)
            for source in assertion.sources
            for end in assertion.targets
            if source is not end
            for origin in arrivals.reading.origins_of(source)
            for target in self._targets(arrivals, end)
            if self._namespace(origin.name) != self._namespace(target.name)
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
            wanted = self._named_packets(assertion, arrivals, source, end)
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
                line = line_of(
                    merged(arrivals.addressed(unclear))[0], arrivals.reading.family, arrivals.reading.names
                )
                args = (source.text, end.text, line) if assertion.kind == "isolated" else (line,)
                why = dict.fromkeys((*found.doubts, *doubts_of(arrivals, origin, unclear)))
                found = Result(assertion, "unsure", code, args, None, tuple(why))
        return found

    def _named_packets(self, assertion: Assertion, arrivals: Arrivals, source: End, end: End) -> Set:
        some = arrivals.space.everything
        if source.ports is not None:
            some = arrivals.space.member(arrivals.space.field["sport"], source.ports)
        wanted = self._protocols(assertion, end, arrivals.reading.family)
        if wanted:
            some &= arrivals.space.member(arrivals.space.field["proto"], IntSet.of(*wanted))
        return some

    # ------------------------------------------------------------------------------------- same-as

    def _same_as(self, assertion: Assertion) -> Result:
        other = World(*load_parts(assertion.baseline, bounds=self.bounds))
        unsure: Result | None = None
        for family in families(other, self.world):
            found = diff(other, self.world, family)
            self.leans.update(dict.fromkeys((*self.world.leans_on(family), *other.leans_on(family))))
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
