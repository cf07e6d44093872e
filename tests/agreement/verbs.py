"""One world asked by every verb about the same packets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

from sekisho.answers.arrivals import Arrivals
from sekisho.answers.call import Caller
from sekisho.answers.change import after
from sekisho.answers.check import check
from sekisho.answers.dead_lines import dead_lines
from sekisho.answers.ends import parse_end
from sekisho.answers.exposed import exposed
from sekisho.answers.flip import Flips
from sekisho.answers.places import Origin, Reading, Target
from sekisho.answers.policy import Assertion, Kind
from sekisho.answers.reach import Cell, Question, reach
from sekisho.answers.trace import Question as Traced
from sekisho.answers.trace import trace
from sekisho.answers.witness import Witness
from sekisho.errors import UsageError
from sekisho.model.evidence import Evidence
from sekisho.model.snapshot import HOST
from sekisho.semantics.attachment import Link
from sekisho.semantics.journey import Journey
from sekisho.semantics.world import World
from sekisho.symbolic.bits import Set
from sekisho.values.address import Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import TCP, UDP, protocol_number
from tests.agreement.openness import gave_up, is_open, picks_port
from tests.agreement.packets import Drawn, Packets
from tests.agreement.words import asked_words, end_words, short_words

# What lint says of lines that take no packet at all.
_NEVER_HIT = ("lint.rule-impossible", "lint.rule-unreachable", "lint.rule-shadowed", "lint.rule-contradicted")
WORDS: dict[str, bool | None] = {"yes": True, "no": False, "perhaps": None}


@dataclass(slots=True)
class Tally:
    """What was compared, by kind, and what did not agree."""

    worlds: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    differ: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """The same of other worlds."""
        self.worlds += other.worlds
        self.compared += other.compared
        self.differ += other.differ

    def line(self) -> str:
        """The figures so far."""
        each = ", ".join(f"{count} {kind}" for kind, count in sorted(self.compared.items()))
        return f"{self.worlds} hosts: {each}; {len(self.differ)} differ"


class Agreement:
    """Asks one world. ``packets``: random ones of each place."""

    def __init__(self, name: str, world: World, family: Family, seed: int, packets: int) -> None:
        self.name = name
        self.world = world
        self.family: Family = family
        self.draw = Random(seed)
        self.count = packets
        self.tally = Tally(1)
        self.arrivals = Arrivals(Reading(world, family))
        self.packets = Packets(self.arrivals, self.draw)
        self.caller = Caller(world)
        self._hit: set[tuple[str, int]] = set()
        self._known: dict[tuple[str, int, str], tuple[Set, Set]] = {}
        self._everywhere = Target("anywhere", "address", IntSet.span(0, (1 << 128) - 1))

    def run(self) -> Tally:
        """All of it."""
        self.exposures()
        cells = self.cells()
        self.random_packets()
        self.assertions()
        self.proposals(cells)
        self.dead()
        return self.tally

    def _compare(self, kind: str, same: bool, text: str) -> None:
        self.tally.compared[kind] += 1
        if not same:
            self.tally.differ.append(f"{self.name} (IPv{self.family}) {kind}: {text}")

    def _trace(self, question: Traced) -> Journey:
        found = trace(self.world, question)
        for hop in (*found.forward.hops, *(found.reply.hops if found.reply is not None else ())):
            places = (step.evidence for step in hop.steps if step.rule is not None and hop.node == HOST)
            self._hit.update((place.file, place.line) for place in places if place is not None)
        return found

    def _witness(self, kind: str, witness: Witness | None, word: str, where: str) -> None:
        if witness is not None:
            found = self._trace(witness.question)
            text = f"{where} is {word}, trace {' '.join(witness.words())}: {short_words(found)}"
            # Open questions may also decide who takes a packet that works in any case.
            same = found.works is WORDS[word] or (word == "perhaps" and is_open(found))
            if not same and found.works is None and picks_port(found):
                # Sets know between which ones that port is.
                self.tally.compared["witness whose port a translation picks"] += 1
                return
            self._compare(kind, same, text)

    # -------------------------------------------------------------------------------- exposed

    def exposures(self) -> None:
        """Every cell: its witness, the same cell of reach, and trace to the container's port."""
        for port in exposed(self.world, self.family).ports:
            for item in port.access:
                where = f"exposed {port.place}:{port.port}/{port.proto} ({port.network}) from {item.caller}"
                if item.status in ("yes", "perhaps"):
                    self._compare("exposed", item.witness is not None, f"{where} has no witness")
                    self._witness("exposed", item.witness, item.status, where)
                kind = {"same-host": "host"}.get(item.caller, item.caller)
                known = any(
                    (t.kind, t.name) == ("container", port.place) for t in self.arrivals.reading.targets
                )
                if kind in ("internet", "vpc", "host") and item.status != "none" and known:
                    status = self._reached(kind, port.place, port.address, port.port, port.proto)
                    self._compare(
                        "exposed as reach", status == item.status, f"{where}: {item.status}, reach {status}"
                    )
            if port.place == "host" or len({each.bridge for each in self.world.named(port.place)}) != 1:
                continue
            said = {item.caller: item.status for item in port.access}.get("internet", "none")
            if said != "none":
                target = f"{end_words(port.place)}:{port.port}"
                works = self.caller.call(Traced("internet", target, port.proto)).works
                self._compare(
                    "exposed as trace", works is WORDS[said], f"internet {target}: {said}, trace {works}"
                )

    def _reached(self, kind: str, place: str, address: str, port: int, proto: str) -> str:
        """What the sets say of a port of one address of a container."""
        arrivals, space = self.arrivals, self.arrivals.space
        (target,) = [t for t in arrivals.reading.targets if (t.kind, t.name) == ("container", place)]
        mine = parse_end(address).addresses or IntSet(())
        here = tuple(item for item in target.attachments if any(a.value in mine for a in item.addresses))
        target = replace(target, ports=IntSet.of(port), addresses=mine, attachments=here)
        wanted = space.member(space.field["proto"], IntSet.of(protocol_number(proto)))
        found = "no"
        for origin in arrivals.reading.origins:
            if origin.kind != kind:
                continue
            ways = arrivals.arrivals(origin, target, wanted)
            for way in ways:
                own = space.everything if way.flow.state.route_kind else space.member(way.final.dst, mine)
                if (way.some & own).satisfiable():
                    return "yes"
            if not ways and arrivals.perhaps(origin, target, wanted).satisfiable():
                found = "perhaps"
        return found

    # ---------------------------------------------------------------------------------- reach

    def cells(self) -> list[Cell]:
        """The matrix' witnesses, and the cells of some pairs."""
        every = reach(self.world, Question(proto="all", family=self.family))
        for row in every.rows:
            where = f"reach {', '.join(row.sources[:3])} -> {row.target}"
            if row.status == "yes":
                self._witness("reach", row.witness, "yes", where)
        yes = {(name, row.target) for row in every.rows if row.status == "yes" for name in row.sources}
        perhaps = {
            (name, row.target) for row in every.rows if row.status == "perhaps" for name in row.sources
        }
        found: list[Cell] = []
        for one in self.draw.sample(every.sources, min(len(every.sources), 2)):
            answer = reach(self.world, Question(end_words(one), "any", "all", self.family))
            for cell in answer.cells:
                if cell.source == one and cell.target != one:
                    pair = (cell.source, cell.target)
                    self._cell(cell, "yes" if pair in yes else "perhaps" if pair in perhaps else "no")
                    found.append(cell)
        return found

    def _cell(self, cell: Cell, word: str) -> None:
        where = f"reach {cell.source} -> {cell.target}"
        self._compare("reach as matrix", cell.status == word, f"{where}: {cell.status}, matrix {word}")
        if cell.status == "yes":
            self._witness("reach", cell.witness, "yes", where)
        for refusal in cell.refusals:
            self._witness("reach refused", refusal.witness, "no", f"{where} refused")

    # -------------------------------------------------------------------------- random packets

    def random_packets(self) -> None:
        """What trace says of packets, against what the sets say of them."""
        for origin in self.arrivals.reading.origins:
            certain, perhaps = self._sets(origin, self._everywhere)
            for _ in range(self.count):
                drawn = self.packets.of(origin)
                if drawn is None or self._ambiguous(drawn):
                    continue
                self._packet(drawn, certain, perhaps)

    def _packet(self, drawn: Drawn, certain: Set, perhaps: Set) -> None:
        found = self._trace(drawn.question)
        sure, maybe = ((drawn.some & some).satisfiable() for some in (certain, perhaps))
        expected = True if sure else None if maybe else False
        if expected is None and found.works is not None and self._waits(drawn, found.works):
            # Which neighbours a host's own rules let it find is told apart by trace alone.
            self.tally.compared["packet open for its IPv6 neighbour in sets only"] += 1
            return
        if expected is False and gave_up(found):
            self.tally.compared["packet that trace follows no further"] += 1
            return
        text = (
            f"{drawn.origin.name} {asked_words(drawn.question)}: reach {expected}, trace {short_words(found)}"
        )
        self._compare("packet", found.works is expected, text)
        if found.works is not True:
            return
        for target in self.arrivals.reading.targets:
            if target.kind in ("host", "container"):
                here = self._taken_by(found, target)
                inside = (drawn.some & self._sets(drawn.origin, target)[0]).satisfiable()
                said = f"{target.name} {inside}, trace {short_words(found)}"
                text = f"{drawn.origin.name} {asked_words(drawn.question)}: {said}"
                self._compare("packet at", here is inside, text)

    def _waits(self, drawn: Drawn, works: bool) -> bool:
        """Whether the sets would say the same, were it known which IPv6 neighbours are found."""
        space = self.arrivals.space
        asked = {
            v.node_var()
            for key, v in space.choices.items()
            if isinstance(key, tuple) and key[0] == "solicitation"
        }
        if not asked:
            return False
        waiting = space.cube(index for index in asked if index is not None)
        others = space.cube(index for index in space.doubts if index not in asked)
        union = space.nothing
        for flow in self.arrivals.reading.flows(drawn.origin.group):
            union |= flow.some & drawn.some & self.arrivals.both_ways(flow)
        union = space.without(union, ("tdst", "tdport"))
        if works:
            return union.forall(others).exists(waiting).satisfiable()
        return not (union.exists(others).forall(waiting)).satisfiable()

    def _sets(self, origin: Origin, target: Target) -> tuple[Set, Set]:
        arrivals, space = self.arrivals, self.arrivals.space
        key = (origin.name, origin.group, target.name)
        if key not in self._known:
            everything = space.everything
            found = arrivals.arrivals(origin, target, everything)
            certain = space.union([item.some for item in found])
            perhaps = arrivals.perhaps(origin, target, everything)
            self._known[key] = (space.certainly(certain), space.perhaps(perhaps) | space.perhaps(certain))
        return self._known[key]

    def _taken_by(self, found: Journey, target: Target) -> bool:
        """Whether the container or the host takes the packet, itself or behind docker-proxy."""
        shared = self.world.site.shared
        name = shared.get(target.name, target.name)
        legs = [found.forward, *(() if found.onward is None else (found.served,))]
        takers = [{way.where for way in leg.ways or (leg,)} for leg in legs]
        return any(each <= {name, target.node} for each in takers)

    def _ambiguous(self, drawn: Drawn) -> bool:
        """Packets of which the question does not say all: an address of several, a packet to itself."""
        values = drawn.values
        if values["src"] == values["dst"]:
            return True
        from sekisho.values.address import Address

        holders = self.world.holders(Address(self.family, values["src"]))
        return self.arrivals.reading.sources[drawn.origin.group].how == "attachment" and len(holders) > 1

    # ---------------------------------------------------------------------------------- check

    def assertions(self) -> None:
        """Policies made of random ends: what holds, and what fails, for packets that trace follows."""
        origins, targets = self.arrivals.reading.origins, self.arrivals.reading.targets
        if not origins or not targets:
            return
        asked: list[tuple[Assertion, Origin, Target]] = []
        for number in range(6):
            origin, target = self.draw.choice(origins), self.draw.choice(targets)
            if origin.name == target.name:
                continue
            kind: Kind = "allow" if number % 2 else "deny"
            end = end_words(target.name) + self.draw.choice(("", ":80", ":22", ":3306", ":8080"))
            ends = (parse_end(end_words(origin.name)),), (parse_end(end),)
            place = Evidence("policy", number, "")
            asked.append(
                (
                    Assertion(kind, f"{kind} {origin.name} {end}", place, *ends, family=self.family),
                    origin,
                    target,
                )
            )
        report = check(self.world, tuple(assertion for assertion, _, _ in asked))
        for result, (assertion, origin, target) in zip(report.results, asked, strict=True):
            where = f"check {assertion.name}: {result.status}"
            if result.witness is not None:
                found = self._trace(result.witness.question)
                text = f"{where}, trace {' '.join(result.witness.words())}: {short_words(found)}"
                if result.status == "unsure":
                    same = found.works is None or is_open(found)
                else:
                    reached = found.works is not False and self._reaches(found, target)
                    same = reached is (assertion.kind == "deny")
                self._compare("check", same, text)
            if result.status == "passed":
                self._holds(assertion, origin, target, where)

    def _holds(self, assertion: Assertion, origin: Origin, target: Target, where: str) -> None:
        """An assertion that passes, against random packets from the source."""
        (end,) = assertion.targets
        ports = end.ports or IntSet.of(80)
        space = self.arrivals.space
        for origin in (item for item in self.arrivals.reading.origins if item.name == origin.name):
            for _ in range(self.count // 4):
                if assertion.kind == "deny":
                    wanted = space.member(space.field["proto"], IntSet.of(TCP, UDP))
                    drawn = self.packets.of(origin, wanted)
                    if drawn is None or self._ambiguous(drawn):
                        continue
                    found = self._trace(drawn.question)
                    at = end.ports is None or (found.served.packet.dport or 0) in ports
                    reached = found.works is not False and at and self._reaches(found, target)
                    self._compare(
                        "check holds",
                        not reached,
                        f"{where}, {asked_words(drawn.question)}: {short_words(found)}",
                    )

    def _reaches(self, found: Journey, target: Target) -> bool:
        if target.kind in ("host", "container"):
            return self._taken_by(found, target)
        leg = found.served
        ways = leg.ways or (leg,)  # by several interfaces of a multipath route, say
        leaving = dict(target.leaving)
        return all(
            way.disposition == "exits"
            and way.packet.dst in leaving.get(Link(way.hops[-1].node, way.packet.oif or ""), IntSet(()))
            for way in ways
        )

    # ------------------------------------------------------------------------------ proposals

    def proposals(self, cells: list[Cell]) -> None:
        """Changes that are proposed for some cells, made, and the packets followed again."""
        for cell in self.draw.sample(cells, min(len(cells), 2)):
            question = Question(end_words(cell.source), end_words(cell.target), "all", self.family)
            try:
                flips = Flips(self.world, question, self.family)
            except UsageError:
                continue
            if cell.status == "yes":
                proposal = flips.stop(cell)
            elif cell.refusals:
                proposal = flips.let_through(cell, cell.refusals[0].witness)
            else:
                continue
            self.tally.compared["asked for changes"] += 1
            if proposal is None:
                continue
            changed = after(self.world.site.snapshot, proposal.changes)
            assert changed is not None
            then = World(changed)
            words = "; ".join(map(str, proposal.changes))
            self._compare("change", " 0 " not in words.split(" -j ")[0].replace("-I", ""), words)
            witnesses = [cell.witness] if cell.status == "yes" else [cell.refusals[0].witness]
            for witness in witnesses:
                assert witness is not None
                found = trace(then, witness.question)
                text = f"{cell.source} -> {cell.target} {cell.status}, {words}: {short_words(found)}"
                self._compare("change", found.works is (cell.status != "yes"), text)
            if cell.status == "yes":
                again = [
                    c.status
                    for c in reach(then, question).cells
                    if (c.source, c.target) == (cell.source, cell.target)
                ]
                self._compare(
                    "change", again == ["no"], f"{cell.source} -> {cell.target} {words}: then {again}"
                )

    # ----------------------------------------------------------------------------- dead lines

    def dead(self) -> None:
        """Lines that lint calls dead, against all that was hit. (Where two back ends are made of texts of one
        name, a place does not tell which line it is.)"""
        texts = [{r.evidence.file for t in each.tables for c in t.chains for r in c.rules if r.evidence}
                 for each in self.world.site.host.facts.rulesets]  # fmt: skip
        if sum(map(len, texts)) != len(set().union(*texts)):
            return
        for finding in dead_lines(self.world.site.snapshot):
            if finding.id in _NEVER_HIT and finding.places:
                place = finding.places[0]
                hit = (place.file, place.line) in self._hit
                self._compare("dead", not hit, f"{finding.id} {' '.join(finding.args[:2])} was hit")
