"""A question about one connection, answered as people mean it: can it be used, and by calling what?

Whoever asks whether the Internet reaches a container's port means by any way: by the ports of the host that
are published for it, and by its own address where that can be called. The first way of the answer is the one
that works; all others are told after it. It is what ``reach``, ``exposed`` and ``check`` say of the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from sekisho.answers.arrivals import Arrival, Arrivals
from sekisho.answers.endpoints import Endpoint, Place, lives_in, meant, origin, parse_endpoint
from sekisho.answers.facing import first_address
from sekisho.answers.naming import container_of, host_of
from sekisho.answers.places import Origin, Reading, Target
from sekisho.answers.ports import translations
from sekisho.answers.regions import Regions
from sekisho.answers.strangers import Asked
from sekisho.answers.trace import Question, trace
from sekisho.answers.witness import Witness
from sekisho.errors import UsageError
from sekisho.semantics.journey import ARRIVED, Journey, Leg
from sekisho.semantics.site import Site
from sekisho.semantics.world import World
from sekisho.symbolic.bits import Set
from sekisho.symbolic.journeys import Source
from sekisho.values.address import Address, Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import PORT_PROTOCOLS, protocol_name, protocol_number

_RANK = {True: 0, None: 1, False: 2}
# Ways that are followed at most.
MOST_WAYS = 8


@dataclass(frozen=True, slots=True)
class Way:
    """One way to call. ``kind``: "published" (``to`` is the host's address and port) or "direct" (the
    destination's own). Not ``addressable``: such a caller cannot send to that address at all; the journey
    is what would become of its packet. ``there`` False: whoever takes it is somebody else than the container
    that the question names, or has it at another port; None: that depends on what nobody can say."""

    kind: Literal["published", "direct"]
    to: str
    journey: Journey
    addressable: bool = True
    there: bool | None = True

    @property
    def works(self) -> bool | None:
        """Whether the connection can be used this way."""
        return self._there(self.journey.works)

    def _there(self, arrives: bool | None) -> bool | None:
        if not self.addressable or self.there is False:
            return False
        return arrives if self.there or arrives is False else None

    def gets_through(self, with_reply: bool) -> bool | None:
        """The same; where no reply is asked for, whether the packet alone arrives."""
        if with_reply:
            return self.works
        legs = (self.journey.forward.disposition, self.journey.disposition)
        return self._there(None if "undetermined" in legs else ARRIVED.issuperset(legs))


@dataclass(frozen=True, slots=True)
class Call:
    """The answer: ``ways`` begin with the one that is it. ``works``: by any of them; None where nobody can
    say, or where no reply was asked for."""

    ways: tuple[Way, ...]
    works: bool | None

    @property
    def first(self) -> Way:
        """The way that answers the question."""
        return self.ways[0]

    def status(self, with_reply: bool) -> int:
        """The exit status: 0 it works, 1 not, 3 nobody can say. Where no reply is asked for, the packet
        alone counts."""
        answer = self.answer(with_reply)
        return 3 if answer is None else 0 if answer else 1

    def answer(self, with_reply: bool) -> bool | None:
        """What the answer is about: the connection, or where no reply is asked for the packet alone."""
        return self.works if with_reply else self.first.gets_through(False)


class Caller:
    """Answers questions about one world; what one answer found out helps the next."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._arrivals: dict[tuple[Family, Asked], Arrivals] = {}
        self._regions: dict[tuple[str, Family], Regions] = {}

    def call(self, question: Question) -> Call:
        """Answer. Raises UsageError where the question makes no packet."""
        found = trace(self.world, question)
        source, target = parse_endpoint(question.source), parse_endpoint(question.target)
        target = replace(target, port=found.packet.dport)
        family = found.packet.family
        to = Address(family, found.packet.dst)
        place = origin(source, self.world, family, question.iface, to, meant(target, self.world))
        leads = self._leads(target, found)
        direct = Way("direct", _called(found), found, self._addressable(source, place, found), leads)
        by_any = target.kind in ("container", "netns") and found.packet.proto in PORT_PROTOCOLS
        if not by_any or found.packet.dport is None or question.state != "new" or direct.works:
            return Call((direct,), direct.works)
        return self._by_any(question, place, source, target, direct)

    def _addressable(self, source: Endpoint, place: Place, found: Journey) -> bool:
        """Whether a caller on the Internet can send to the packet's destination; others can to any."""
        if source.kind != "internet":
            return True
        region = self._internet(found.packet.family, place)
        return region is None or found.packet.dst in region

    def _internet(self, family: Family, place: Place) -> IntSet | None:
        key = (place.node, family)
        if key not in self._regions:
            self._regions[key] = Regions(self.world.sites[place.node], family)
        callers = self._regions[key].callers
        here = (each for each in callers if (each.kind, each.iface) == ("internet", place.iface))
        return next((each.callable for each in here), None)

    def _leads(self, target: Endpoint, found: Journey) -> bool | None:
        """Whether a packet that somebody takes, or may take, is at the container that is meant."""
        if target.kind == "host" and target.name:
            return self._at_host(host_of(target.name, target.text, self.world), found)
        if target.kind not in ("container", "netns"):
            return True
        name = container_of(target.name, target.text, self.world)
        names = {name, lives_in(target, self.world)}
        names |= {each for item in self.world.named(name) for each in (item.name, item.node) if each}
        legs = found.served.ways or (found.served,)
        taken = [leg for leg in legs if leg.disposition in (*ARRIVED, "undetermined")]
        at = {_is_at(leg, names, target.port) and self._handed_on(leg, names) for leg in taken}
        return None if len(at) > 1 else not at or True in at

    def _at_host(self, site: Site, found: Journey) -> bool | None:
        """Whether it is at the host that is meant, or behind a port of its; others may have its address."""
        legs = found.served.ways or (found.served,)
        at = {
            None if leg.disposition == "undetermined" else bool({site.id} & {h.node for h in leg.hops})
            for leg in legs
            if leg.disposition in (*ARRIVED, "undetermined")
        }
        return None if len(at) > 1 or None in at else not at or True in at

    def _handed_on(self, leg: Leg, names: set[str]) -> bool:
        """Whether docker-proxy, where nobody knows what takes a packet on the host, may be its own."""
        site = self.world.sites.get(leg.where)
        listed = None if site is None else site.snapshot.containers
        if leg.disposition != "undetermined" or site is None or site.id in names or listed is None:
            return True
        published = (each for item in listed if site.called(item.name) in names for each in item.published)
        return any(each.host_port == leg.packet.dport for each in published)

    # ---------------------------------------------------------------------------------- any way

    def _by_any(
        self, question: Question, place: Place, source: Endpoint, target: Endpoint, direct: Way
    ) -> Call:
        """To a container's port by what leads there."""
        packet = direct.journey.packet
        reading, arrivals = self._read(packet.family, place)
        wanted = reading.space.member(reading.space.field["proto"], IntSet.of(packet.proto))
        if packet.sport is not None:
            wanted &= reading.space.member(reading.space.field["sport"], IntSet.of(packet.sport))
        asker = self._asker(reading, place, source)
        name = container_of(target.name, target.text, self.world)
        ends = [each for each in reading.targets if (each.kind, each.name) == ("container", name)]
        ways: list[Way] = []
        works: bool | None = False
        for end in ends:
            there = replace(end, ports=IntSet.of(packet.dport or 0))
            found = arrivals.arrivals(asker, there, wanted)
            ways += self._working(question, arrivals, asker, target, found)
            if found:
                works = True
            elif arrivals.perhaps(asker, there, wanted).satisfiable():
                works = None
                ways += self._perhaps(question, arrivals, asker, target, there, wanted)
        told = {way.to for way in ways}
        ways += (way for way in self._published(question, source, target, packet.proto) if way.to not in told)
        own = next((way for way in ways if way.to == direct.to), direct)
        others = [way for way in ways if way.to != direct.to][:MOST_WAYS]
        through = {id(way): way.gets_through(question.with_reply) for way in (own, *others)}
        # Its own address leads where it is as good as any, and comes last where it is not.
        ranked = sorted(
            (own, *others),
            key=lambda way: (_RANK[through[id(way)]], way is own and through[id(way)] is False),
        )
        if not question.with_reply:
            return Call(tuple(ranked), None)
        # Fields that the question states (its TTL, its length) may keep from arriving what sets let through.
        best = ranked[0].works
        return Call(tuple(ranked), None if works is None and best is False else best)

    def _read(self, family: Family, place: Place) -> tuple[Reading, Arrivals]:
        known = self.world.site_of(place.node).attachments
        unknown = place.origin is not None and not any(place.origin is item for item in known)
        asked = Asked(strangers=(place.origin,) if unknown and place.origin is not None else ())
        if (family, asked) not in self._arrivals:
            self._arrivals[family, asked] = Arrivals(Reading(self.world, family, asked=asked))
        arrivals = self._arrivals[family, asked]
        return arrivals.reading, arrivals

    def _asker(self, reading: Reading, place: Place, source: Endpoint) -> Origin:
        """Who asks, as an origin of the reading."""
        if source.kind == "internet":
            for item in reading.origins:
                at = reading.sources[item.group]
                if item.kind == "internet" and (at.node, at.iif) == (place.node, place.iface):
                    return item
        mine = None if place.src is None else IntSet.of(place.src.value)
        if place.how == "process":
            leaving = Source("process", place.node, choose_source=place.src is None)
        elif place.origin is not None:
            leaving = Source("attachment", place.node, origins=(place.origin,))
        else:
            leaving = Source("interface", place.node, place.iface)
        return reading.asking(source.text, leaving, mine)

    def _working(
        self, question: Question, arrivals: Arrivals, asker: Origin, target: Endpoint, found: list[Arrival]
    ) -> Iterator[Way]:
        """One way for each address and port that is called: the host's first address where there are many,
        and one port of very many."""
        space = arrivals.space
        for arrival in found:
            ports = space.few_values(arrival.some, arrival.sent.dport, MOST_WAYS)
            called = [arrival.some]
            if ports is not None:
                each = (port for first, last in ports for port in range(first, last + 1))
                called = [arrival.some & space.member(arrival.sent.dport, IntSet.of(port)) for port in each]
            for some in called:
                witness = arrivals.packet(asker, arrival.flow, self._usual(some, arrivals, target))
                journey = self._replayed(question, asker, witness)
                published = arrival.translated or arrival.proxied
                yield self._way("published" if published else "direct", target, journey)

    def _usual(self, some: Set, arrivals: Arrivals, target: Endpoint) -> Set:
        """Of the packets those to the first address of the target's host, where there are such."""
        site = meant(target, self.world)
        own = None if site is None else first_address(site, arrivals.reading.family)
        if own is None:
            return some
        usual = some & arrivals.space.member(arrivals.space.field["dst"], IntSet.of(own.value))
        return usual if usual.satisfiable() else some

    def _way(self, kind: Literal["published", "direct"], target: Endpoint, journey: Journey) -> Way:
        return Way(kind, _called(journey), journey, there=self._leads(target, journey))

    def _replayed(self, question: Question, asker: Origin, witness: Witness) -> Journey:
        """The question asked of the packet that was found. Who is on the Internet may be anybody there, and
        a client has the source port that it has: it is stated where it decides."""
        anybody = asker.kind == "internet"
        asked = replace(
            question, source=witness.source if anybody else question.source, target=witness.target,
            proto=witness.proto, dport=None, iface=question.iface or (witness.iface if anybody else None),
            stated=question.stated or witness.stated,
        )  # fmt: skip
        found = trace(self.world, asked)
        if found.works is None and asked.sport is None and found.packet.sport is None:
            found = trace(self.world, replace(asked, sport=witness.sport))
        return found

    def _perhaps(
        self,
        question: Question,
        arrivals: Arrivals,
        asker: Origin,
        target: Endpoint,
        there: Target,
        wanted: Set,
    ) -> Iterator[Way]:
        witness = arrivals.example(asker, arrivals.perhaps(asker, there, wanted))
        if witness is not None:
            journey = self._replayed(question, asker, witness)
            own = journey.packet.dst in there.addresses
            yield self._way("direct" if own else "published", target, journey)

    def _published(self, question: Question, source: Endpoint, target: Endpoint, proto: int) -> Iterator[Way]:
        """The published ports of the container's port, as Docker and the rules have them."""
        port = target.port
        name = container_of(target.name, target.text, self.world)
        here, site = self.world.named(name), meant(target, self.world)
        if site is None:
            return
        family: Family = next((a.family for item in here for a in item.addresses), 4)
        calls: dict[tuple[Address | None, int], None] = {}
        for container in site.snapshot.containers or ():
            for each in container.published if site.called(container.name) == name else ():
                if each.host_port and each.container_port == port and protocol_number(each.proto) == proto:
                    host = each.host_address
                    calls[host if host is not None and host.value else None, each.host_port] = None
        for address in (a for item in here for a in item.addresses):
            for called, sent in translations(site, address, proto, port or 0):
                calls.setdefault((called, sent), None)
        for host, sent in calls:
            if host is not None and host.family != family:
                continue
            to = host or first_address(site, family)
            if to is None:
                continue
            try:
                asked = replace(question, target=_end(to, sent), proto=protocol_name(proto), dport=None)
                journey = trace(self.world, asked)
            except UsageError:
                continue
            to = Address(family, journey.packet.dst)
            place = origin(source, self.world, family, question.iface, to, site)
            callable_ = self._addressable(source, place, journey)
            yield Way("published", _called(journey), journey, callable_, self._leads(target, journey))


def _is_at(leg: Leg, names: set[str], port: int | None) -> bool:
    """Whether the packet may be taken by one of the names, at the port; nobody knows by whom one is taken
    whose way is open to the end."""
    if leg.disposition == "undetermined":
        return True
    at = None if leg.packet.proto not in PORT_PROTOCOLS else leg.packet.dport
    return leg.where in names and (port is None or at is None or at == port)


def _called(found: Journey) -> str:
    """What the packet was sent to: an address, with the port where there is one."""
    packet = found.packet
    return _end(Address(packet.family, packet.dst), packet.dport)


def _end(address: Address, port: int | None) -> str:
    text = f"[{address}]" if address.family == 6 and port is not None else str(address)
    return text if port is None else f"{text}:{port}"
