"""A snapshot's flows through the model and through a kernel, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sekisho.answers.trace import Question, start_of
from sekisho.errors import UsageError, said
from sekisho.lab import doctor
from sekisho.lab.agreement import Decision, terms
from sekisho.lab.exchange import decisions
from sekisho.lab.namespaces import LabError
from sekisho.lab.oracle import Oracle
from sekisho.lab.sockets import finds_a_source
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.journeys import Start
from sekisho.semantics.world import World
from sekisho.symbolic.one_journeys import journey
from sekisho.values.address import Address
from sekisho.values.packet import ICMP, ICMPV6, SYN, TCP, Packet


@dataclass(frozen=True, slots=True)
class Flow:
    """A packet that was put to both, and what came of it: first packet, reply, next packet."""

    start: Start
    decisions: tuple[Decision, ...]
    id: object = None

    @property
    def different(self) -> Decision | None:
        """The decision in which they differ."""
        return next((one for one in self.decisions if one.difference), None)

    @property
    def undetermined(self) -> Decision | None:
        """The decision that the model leaves open."""
        return next((one for one in self.decisions if one.doubt), None)


def lacking(snapshot: Snapshot) -> list[str]:
    """What this machine lacks to build the snapshot's host; empty where it can."""
    also = []
    if snapshot.host.ipsets:
        also.append("ipset")
    for ruleset in snapshot.host.rulesets:
        if ruleset.backend == "legacy":
            also.append(f"ip{'6' if ruleset.family == 6 else ''}tables-legacy-restore")
    return doctor.missing(dict.fromkeys(also))


def check(snapshot: Snapshot) -> None:
    """Raises LabError naming what this machine lacks to build the snapshot's host."""
    if lacks := lacking(snapshot):
        raise LabError(
            said("the kernel cannot be asked here: {0}", "; ".join(lacks)),
            advice=said("see what is missing with:  sekisho lab doctor"),
        )


def verify(snapshot: Snapshot, world: World, flows: Iterable[tuple[Start, object]]) -> Iterator[Flow]:
    """Build the host and put every flow (with its id) to both.

    Raises LabError where this machine cannot, naming what is missing, and where it cannot be built.
    """
    check(snapshot)
    known = terms(snapshot)
    with Oracle(snapshot) as oracle:
        for start, name in flows:
            yield Flow(start, tuple(decisions(snapshot, known, world, oracle, start)), name)


def start_of_question(world: World, question: Question) -> Start:
    """A question as one packet with every header stated, as a kernel needs it.

    Raises UsageError where it makes no packet, or one of a connection that is there already.
    """
    if question.state == "established":
        raise UsageError(
            said("a kernel that was just built has no connection yet"),
            advice=said("leave state out: the reply and the next packet are put to it as well"),
        )
    start, _ = start_of(world, question)
    packet = start.packet
    if packet.proto not in (ICMP, ICMPV6):
        packet = replace(
            packet, sport=packet.sport if packet.sport is not None else 40000,
            dport=packet.dport if packet.dport is not None else 80,
        )  # fmt: skip
    if packet.proto == TCP:
        packet = replace(packet, tcp_flags=SYN)
    if start.how == "process":
        packet = replace(packet, uid=0, gid=0)
    left_open = frozenset({"length"})
    if "src" in start.unstated:
        if finds_a_source(packet):
            packet, left_open = replace(packet, src=0), left_open | {"src"}
        else:
            packet = _as_the_model_chooses(world, start, packet)
    return replace(start, packet=packet, unstated=left_open)


def _as_the_model_chooses(world: World, start: Start, packet: Packet) -> Packet:
    """With the source that the model finds."""
    hops = journey(world, start, with_reply=False).forward.hops
    changes = [change for step in (hops[0].steps if hops else ()) for change in step.changes]
    chosen = next((after for field, before, after in changes if field == "src" and not before), None)
    return packet if chosen is None else replace(packet, src=Address.parse(chosen).value)
