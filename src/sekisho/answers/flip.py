"""The smallest change that lets refused packets through, or stops those that get through.

Every proposal is made on the snapshot first, and the whole question asked again: it is told only where it
does what it says, for all packets and not for one of them, and where the replies really arrive. It is told as
well who else it concerns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sekisho.answers.allowed import Allowed
from sekisho.answers.arrivals import Arrivals
from sekisho.answers.change import Change, Insertion, Setting, after
from sekisho.answers.ends import parse_end
from sekisho.answers.places import Origin, Reading, Target
from sekisho.answers.reach import Cell, Question, all_pairs, wanted_packets
from sekisho.answers.strangers import looked_up
from sekisho.answers.trace import trace
from sekisho.answers.witness import Witness
from sekisho.semantics.journey import ARRIVED, Journey, Leg, Step
from sekisho.semantics.world import World
from sekisho.symbolic.bits import Set
from sekisho.values.address import BITS, Family, format_ip
from sekisho.values.intset import IntSet, prefixes_of
from sekisho.values.packet import PORT_PROTOCOLS, Packet, protocol_name

# Packets that more than this refuse in turn are not let through by a small change.
MOST_CHANGES = 4
# multiport takes so many ports, a range counts as two.
_MOST_PORTS = 15


@dataclass(frozen=True, slots=True)
class Proposal:
    """Changes that together do what is asked, for the packets ``proto`` and ``port`` (None: all of the
    question). ``also``: others whose packets to the same target they let through, or stop, as well."""

    changes: tuple[Change, ...]
    also: tuple[str, ...] = ()
    proto: int | None = None
    port: int | None = None


class Flips:
    """Looks for changes of one world that turn the answers of one question around."""

    def __init__(self, world: World, question: Question, family: Family) -> None:
        self.world = world
        self.question = question
        self.family: Family = family
        self.now = _Asked(world, question, family)

    # ------------------------------------------------------------------------------------- stop

    def stop(self, cell: Cell) -> Proposal | None:
        """One rule that stops all that gets through; None where none is found that does."""
        if cell.witness is None:
            return None
        found = trace(self.world, cell.witness.question)
        for change in self._stopping(cell, found):
            then = self._after((change,))
            if then is not None and then.nothing_arrives(cell):
                return Proposal((change,), self._others(cell, then))
        return None

    def _stopping(self, cell: Cell, found: Journey) -> Iterator[Change]:
        """Rules that may do, in chains that the packet passes."""
        steps = [
            s for s in found.forward.steps if s.table == "filter" and s.chain and s.backend != "nftables"
        ]
        chains = dict.fromkeys(step.chain for step in steps if step.chain)
        bases = {step.hook.upper(): step for step in steps}
        wanted = [
            name for name in ("DOCKER-USER", "FORWARD", "INPUT", "OUTPUT") if name in chains or name in bases
        ]
        packet, sent = found.forward.packet, found.sent
        source, target = self.now.ends(cell)
        protocols = {p for box in cell.boxes for first, last in box["proto"] for p in range(first, last + 1)}
        ports = IntSet.from_intervals(i for box in cell.boxes for i in dict(box.fields).get("dport", ()))
        narrow = _service(protocols, ports)
        for name in wanted:
            step = next((s for s in steps if s.chain == name), None) or bases.get(name)
            backend = self._backend(step)
            for service in dict.fromkeys((narrow, "")):
                words = _words(
                    self._from(source, cell, name), self._to(target, packet, name), service, "DROP"
                )
                yield Insertion("filter", name, 1, words, self.family, backend)
        if cell.witness is not None and cell.witness.iface is not None:
            via = IntSet.from_intervals(
                i
                for box in cell.boxes
                for i in dict(box.fields).get("viaport", dict(box.fields).get("dport", ()))
            )
            to = f"-d {format_ip(self.family, sent.dst)}"
            words = _words(self._from(source, cell, "PREROUTING"), to, _service(protocols, via), "DROP")
            yield Insertion("raw", "PREROUTING", 1, words, self.family)

    # ------------------------------------------------------------------------------ let through

    def let_through(self, cell: Cell, witness: Witness) -> Proposal | None:
        """Changes that let through all that the source of a refused packet sends to the same service; None
        where none are found that do."""
        values = dict(witness.values)
        proto = values["proto"]
        service = self._service_of(cell, witness)
        done: tuple[Change, ...] = ()
        now = self.world
        for _ in range(MOST_CHANGES):
            found = trace(now, witness.question)
            if found.works:
                break
            for change in self._allowing(cell, found, service):
                snapshot = None if change in done else after(now.site.snapshot, (change,))
                if snapshot is not None and _goes_on(found, trace(World(snapshot), witness.question)):
                    done, now = (*done, change), World(snapshot)
                    break
            else:
                return None
        then = self._after(done) if done else None
        if then is None or not then.all_arrive(cell, proto, service):
            return None
        return Proposal(done, self._others(cell, then), proto, service)

    def _service_of(self, cell: Cell, witness: Witness) -> int | None:
        """The port that a refused packet is for at the target; None: it has no port."""
        if dict(witness.values)["proto"] not in PORT_PROTOCOLS:
            return None
        found = trace(self.world, witness.question)
        _, target = self.now.ends(cell)
        return found.packet.dport if target.kind == "address" else found.served.packet.dport

    def _allowing(self, cell: Cell, found: Journey, port: int | None) -> Iterator[Change]:
        forward = found.forward.disposition not in ARRIVED
        leg = found.forward if forward else found.reply
        if leg is None or leg.hops[-1].node not in self.world.sites:
            return
        if leg.disposition == "not_forwarding":
            yield Setting("net.ipv4.ip_forward" if self.family == 4 else "net.ipv6.conf.all.forwarding", "1")
        if leg.disposition == "rpfilter":
            yield Setting(f"net.ipv4.conf.{(leg.hops[-1].iif or '').replace('.', '/')}.rp_filter", "2")
        if leg.disposition not in ("dropped", "rejected"):
            return
        last = leg.hops[-1].steps
        stopping = next((step for step in reversed(last) if step.table is not None), None)
        if stopping is None or stopping.chain is None or stopping.backend == "nftables":
            return
        rule = self._acceptance(cell, leg, forward, stopping)
        backend = self._backend(stopping)
        passed = {step.chain for step in last if step.table == stopping.table}
        if stopping.hook == "forward" and stopping.table == "filter" and "DOCKER-USER" in passed:
            yield Insertion("filter", "DOCKER-USER", 1, rule, self.family, backend)
        assert stopping.table is not None
        yield Insertion(stopping.table, stopping.chain, stopping.rule, rule, self.family, backend)

    def _acceptance(self, cell: Cell, leg: Leg, forward: bool, stopping: Step) -> str:
        """What lets the packets (or their replies) of the question pass where one is stopped."""
        source, target = self.now.ends(cell)
        packet, hook = leg.packet, stopping.hook.upper()
        if forward:
            service = _service({packet.proto}, IntSet.of(packet.dport) if packet.dport else IntSet(()))
            return _words(self._from(source, cell, hook), self._to(target, packet, hook), service, "ACCEPT")
        words = (
            [f"-s {format_ip(self.family, packet.src)}"] if target.kind in ("container", "address") else []
        )
        words.append(f"-p {protocol_name(packet.proto)}")
        if packet.proto in PORT_PROTOCOLS and packet.sport:
            words.append(f"--sport {packet.sport}")
        return " ".join((*words, "-m conntrack --ctstate ESTABLISHED", "-j ACCEPT"))

    # ------------------------------------------------------------------------------- in words

    def _from(self, source: Origin, cell: Cell, chain: str) -> str:
        """Who sends, as a rule's conditions."""
        iface = cell.witness.iface if cell.witness is not None else None
        iface = iface or next((each.witness.iface for each in cell.refusals if each.witness.iface), None)
        if chain == "OUTPUT" or source.kind == "host":
            return ""
        if source.kind in ("internet", "vpc", "iface"):
            return f"-i {iface}" if iface is not None else ""
        found = prefixes_of(source.addresses, BITS[self.family], 2)
        if len(found) != 1:
            return ""
        address, length = found[0]
        return f"-s {format_ip(self.family, address)}/{length}"

    def _to(self, target: Target, packet: Packet, chain: str) -> str:
        """For whom the packets are there."""
        if target.kind in ("internet", "vpc"):
            return f"-o {packet.oif}" if packet.oif and chain != "INPUT" else ""
        if target.kind == "host":
            return ""
        found = prefixes_of(target.addresses, BITS[self.family], 2)
        if packet.dst in target.addresses and len(found) == 1:
            return f"-d {format_ip(self.family, found[0][0])}/{found[0][1]}"
        return f"-d {format_ip(self.family, packet.dst)}"

    def _backend(self, step: Step | None) -> str:
        """The back end to name in the command: where the host has two."""
        here = {each.backend for each in self.world.site.host.facts.rulesets if each.family == self.family}
        return step.backend if step is not None and len(here) > 1 else ""

    # ------------------------------------------------------------------------------ asked again

    def _after(self, changes: tuple[Change, ...]) -> _Asked | None:
        snapshot = after(self.world.site.snapshot, changes)
        return None if snapshot is None else _Asked(World(snapshot), self.question, self.family)

    def _others(self, cell: Cell, then: _Asked) -> tuple[str, ...]:
        """Who else can call the target now and not then, or the other way round."""
        before, later = self.now.callers(cell), then.callers(cell)
        return tuple(name for name in sorted(before ^ later) if name != cell.source)


class _Asked:
    """The question, looked up in one world."""

    def __init__(self, world: World, question: Question, family: Family) -> None:
        self.source, self.target = parse_end(question.source), parse_end(question.target)
        asked = looked_up(world, family, (self.source,), (self.target,))
        self.reading = Reading(world, family, asked=asked)
        self.arrivals = Arrivals(self.reading)
        self.wanted: Set = wanted_packets(self.reading, question, self.source)

    def ends(self, cell: Cell) -> tuple[Origin, Target]:
        """The cell's own two places."""
        return self.origins(cell)[0], self._target(cell)

    def origins(self, cell: Cell) -> list[Origin]:
        """Where packets of the cell's source set out."""
        return [item for item in self.reading.origins_of(self.source) if item.name == cell.source]

    def _target(self, cell: Cell) -> Target:
        return next(item for item in self.reading.targets_of(self.target) if item.name == cell.target)

    def nothing_arrives(self, cell: Cell) -> bool:
        """Whether it is certain that none of the cell's packets do."""
        target = self._target(cell)
        return not any(
            self.arrivals.arrivals(origin, target, self.wanted)
            or self.arrivals.perhaps(origin, target, self.wanted).satisfiable()
            for origin in self.origins(cell)
        )

    def all_arrive(self, cell: Cell, proto: int, port: int | None) -> bool:
        """Whether all of them to one service do."""
        target = self._target(cell)
        if port is not None:
            target = replace(target, ports=IntSet.of(port))
        return all(
            Allowed(self.arrivals, origin, target, self.source.ports).missing(proto, port is not None) is None
            for origin in self.origins(cell)
        )

    def callers(self, cell: Cell) -> set[str]:
        """All that can call the cell's target."""
        rows = all_pairs(self.arrivals, self.reading.origins, [self._target(cell)], self.wanted)
        return {name for row in rows if row.status == "yes" for name in row.sources}


def _goes_on(before: Journey, now: Journey) -> bool:
    """Whether a packet gets further than before: past what stopped it."""

    def passed(found: Journey) -> tuple[int, int]:
        legs = (found.forward, found.reply)
        arrived = [leg for leg in legs if leg is not None and leg.disposition in ARRIVED]
        stuck = next((leg for leg in legs if leg is not None and leg.disposition not in ARRIVED), None)
        return len(arrived), 0 if stuck is None else len(stuck.steps)

    return bool(now.works) or passed(now) > passed(before)


def _service(protocols: set[int], ports: IntSet) -> str:
    """Protocol and ports as a rule's conditions; as many as one rule can say."""
    if len(protocols) != 1:
        return ""
    (proto,) = protocols
    words = f"-p {protocol_name(proto)}"
    if proto not in PORT_PROTOCOLS or not ports or ports.size() >= 65535:
        return words
    spans = [str(a) if a == b else f"{a}:{b}" for a, b in ports]
    if len(spans) == 1:
        return f"{words} --dport {spans[0]}"
    if sum(1 + (":" in span) for span in spans) > _MOST_PORTS:
        return words
    return f"{words} -m multiport --dports {','.join(spans)}"


def _words(source: str, target: str, service: str, verdict: str) -> str:
    return " ".join(part for part in (source, target, service, f"-j {verdict}") if part)
