"""A packet and its reply; and what to say when something on the way cannot be decided.

Undecided questions (a rate limit, an unknown match, a multipath hash) are followed both ways. If every
way ends alike, the question does not matter; if not, the answer is ``undetermined`` and names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sekisho.model.snapshot import HOST
from sekisho.semantics.attachment import Attachment
from sekisho.semantics.choices import Choices, reasons
from sekisho.semantics.journey import ARRIVED, Doubt, Journey, Lean, Leg
from sekisho.semantics.site import LINKS_TAKEN_UP, Site
from sekisho.semantics.world import World
from sekisho.values.packet import Packet
from sekisho.values.slotted import value

# Runs of one question at most; beyond that the answer is undetermined anyway.
MAX_RUNS = 256


@value
class Start:
    """Where a packet sets out: ``how`` is process (sent in ``node``), interface (arrives at the packet's
    ``iif`` of ``node``) or attachment (``origin`` puts it on its bridge).

    ``established``: a later packet of a connection that is older than the rules, or ``younger``: whose first
    packets met them. ``complaint``: an ICMP error from where the packet's way ended, about the packet as it
    was there; it is the answer to be followed instead of the usual one. ``about_reply``: it comes from the
    packet's sender and is about the reply. ``answer_ttl``: with which the answer sets out, where known.
    """

    packet: Packet
    node: str = HOST
    how: str = "interface"
    origin: Attachment | None = None
    established: bool = False
    unstated: frozenset[str] = frozenset()
    complaint: Packet | None = None
    about_reply: bool = False
    answer_ttl: int | None = None
    younger: bool = False


def combined(runs: list[tuple[Choices, Journey]], cut: bool) -> Journey:
    """One answer from all the runs of a question; ``cut``: there were more."""
    open_questions: dict[Doubt, None] = {}
    for choices, _ in runs:
        open_questions.update(dict.fromkeys(choices.passed_over))
        open_questions.update(dict.fromkeys(doubt for each in choices.taken for doubt in each.doubts))
    first = replace(runs[0][1], undecided=tuple(open_questions))
    return first if len(runs) == 1 else _combine(first, runs, cut)


def of_interfaces(world: World, *legs: Leg | None) -> Iterator[Lean]:
    """For what went over an interface of a host that is a bridge by nothing but its name, or of which
    nobody knows whether it is up."""
    for site in visited(world, *legs):
        passed: dict[str | None, None] = {}
        for leg in legs:
            for hop in leg.hops if leg is not None else ():
                passed.update(dict.fromkeys((hop.iif, hop.oif) if hop.node == site.id else ()))
            if leg is not None and leg.hops and leg.hops[-1].node == site.id:
                passed[leg.packet.oif] = None
        names = [name for name in passed if name not in (None, "lo")]
        yield from (lean for name in names if (lean := site.bridge_lean(name or "")) is not None)
        if names and site.host.facts.interfaces is None:
            yield site.lean(LINKS_TAKEN_UP)


def visited(world: World, *legs: Leg | None) -> tuple[Site, ...]:
    """The hosts that packets came by."""
    if world.one_host:
        return (world.site,)
    hops = (hop for leg in legs if leg is not None for hop in leg.hops)
    return tuple({site.id: site for hop in hops for site in (world.site_of(hop.node),)}.values())


def comes_back(start: Start, found: Journey, everybody: bool) -> bool | None:
    """Whether the reply gets back to who sent the packet, from whom it was sent to, or where it was for
    ``everybody`` from anybody; of sets ``answers.arrivals.both_ways`` tells it."""
    forward, reply, sent = found.forward, found.reply, found.sent
    for leg in (forward, reply):
        if leg is None or leg.disposition == "undetermined":
            return None
        if leg.disposition not in ARRIVED:
            return False
    assert reply is not None
    back = reply.packet
    if start.how == "process":
        home = reply.disposition == "delivered" and reply.where == start.node
    elif start.origin is not None:
        home = reply.disposition == "delivered"
        home = home and (back.oif, reply.where) == (start.origin.bridge, start.origin.name)
    else:
        home = reply.disposition == "exits" or back.oif == start.packet.iif
    ends = (
        (None if everybody else back.src, sent.dst),
        (back.dst, sent.src),
        (back.sport, sent.dport),
        (back.dport, sent.sport),
    )
    return home and all(one == other or None in (one, other) for one, other in ends)


# IPv6 answers an echo for a group or for any router by the interface that it came in by alone
# (icmpv6_echo_reply: flowi6_oif without a source), which is not modelled.
KEEPS_TO_ITS_LINK = Doubt("answer-keeps-to-its-link")


def _combine(first: Journey, runs: list[tuple[Choices, Journey]], cut: bool) -> Journey:
    """One answer from all the runs: theirs where they agree, else undetermined with the reasons."""
    journeys = [each for _, each in runs]
    leans = tuple(dict.fromkeys(lean for each in journeys for lean in each.leans_on))
    forward = first.forward
    answers = {each.answered for each in journeys}
    answered = answers.pop() if len(answers) == 1 and not cut else None
    if cut or len({_end_of(each.forward) for each in journeys}) > 1:
        ended = _undetermined([each.forward for each in journeys], _reasons(runs, "forward"))
        return Journey(first.packet, ended, None, leans, first.undecided, answered=answered)
    reply = first.reply
    if reply is not None:
        ends = {None if each.reply is None else _end_of(each.reply) for each in journeys}
        if len(ends) > 1:
            legs = [each.reply for each in journeys if each.reply is not None]
            reply = _undetermined(legs, _reasons(runs, "reply"))
    return Journey(first.packet, forward, reply, leans, first.undecided, answered=answered)


def _end_of(leg: Leg) -> tuple[object, ...]:
    """What runs must agree on; by which way a packet would have left matters only if it leaves the namespace
    in which its way ends."""
    packet = leg.packet
    leaves = leg.disposition in ARRIVED and packet.oif is not None
    return (leg.disposition, leg.where, leg.answer, packet.src, packet.dst, packet.sport, packet.dport,
            packet.oif if leaves else None, packet.next_hop if leaves else None)  # fmt: skip


def _undetermined(legs: list[Leg], reasons: tuple[Doubt, ...]) -> Leg:
    """The first leg without its end, and all the ends there are."""
    ways: dict[tuple[object, ...], Leg] = {}
    for leg in legs:
        ways.setdefault(_end_of(leg), leg)
    return replace(
        legs[0], disposition="undetermined", doubts=reasons or legs[0].doubts, where="", answer=None,
        kernel_reason=None, ways=tuple(ways.values()),
    )  # fmt: skip


def _reasons(runs: list[tuple[Choices, Journey]], which: str) -> tuple[Doubt, ...]:
    """The questions on whose answers the end depends: flipping one alone changes it."""
    legs = [(choices, each.forward if which == "forward" else each.reply) for choices, each in runs]
    found, every = reasons([(choices, None if leg is None else _end_of(leg)) for choices, leg in legs])
    doubts_in_legs = [d for _, e in runs for d in (e.forward.doubts if which == "forward" else ())]
    return tuple(found or every) + tuple(d for d in dict.fromkeys(doubts_in_legs) if d not in found)
