"""A packet and its reply; and what to say when something on the way cannot be decided.

Undecided questions (a rate limit, an unknown match, a multipath hash) are followed both ways. If every
way ends alike, the question does not matter; if not, the answer is ``undetermined`` and names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sekisho.semantics.attachment import Attachment
from sekisho.semantics.choices import Choices, explored, reasons
from sekisho.semantics.host import texts_as_they_are
from sekisho.semantics.journey import ARRIVED, Doubt, Hop, Journey, Lean, Leg, Step
from sekisho.semantics.program import RELATED
from sekisho.semantics.related import is_error
from sekisho.semantics.traveller import UNICAST, Traveller, traveller
from sekisho.semantics.walk import Walk
from sekisho.semantics.world import HOST, LINKS_TAKEN_UP, World
from sekisho.values.address import Address
from sekisho.values.packet import ACK, ICMP, ICMPV6, PORT_PROTOCOLS, SYN, TCP, Packet

# Runs of one question at most; beyond that the answer is undetermined anyway.
MAX_RUNS = 256


@dataclass(frozen=True, slots=True)
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


def journey(world: World, start: Start, with_reply: bool = True) -> Journey:
    """Follow the packet, and its reply when it got through."""
    runs, cut = explored(lambda choices: _once(world, start, with_reply, choices), MAX_RUNS)
    open_questions: dict[Doubt, None] = {}
    for choices, _ in runs:
        open_questions.update(dict.fromkeys(choices.passed_over))
        open_questions.update(dict.fromkeys(doubt for each in choices.taken for doubt in each.doubts))
    first = replace(runs[0][1], undecided=tuple(open_questions))
    if len(runs) == 1:
        return first
    return _combine(first, runs, cut)


def _once(world: World, start: Start, with_reply: bool, choices: Choices) -> Journey:
    walk = Walk(world, choices, stranger=start.origin)
    if start.established and (unclear := _connect(walk, start)) is not None:
        return Journey(start.packet, unclear, None, (*walk.leans, *choices.leans))
    forward = _forward(walk, start, first=not start.established)
    everybody = walk.ended_kind != UNICAST
    reply = None
    if with_reply and (start.complaint is not None or forward.disposition in ARRIVED):
        reply = _answered(walk, start, forward)
    # Who is on a bridge is told by the host's texts before any hook is met.
    texts = texts_as_they_are(world.host.facts)
    told = (*_of_interfaces(world, forward, reply), *world.incomplete_leans[start.packet.family], *texts)
    leans = tuple(dict.fromkeys((*walk.leans, *choices.leans, *told)))
    found = Journey(start.packet, forward, reply, leans)
    return replace(found, answered=_comes_back(start, found, everybody))


def _connect(walk: Walk, start: Start) -> Leg | None:
    """Make the connection exist: its first packets are replayed to learn what was translated. Rules that are
    younger and would drop them today did not then. Returns the leg of which nobody can say what became."""
    walk.spares = not start.younger
    opening = _forward(walk, start, first=True)
    unclear = opening if opening.disposition == "undetermined" else None
    if opening.disposition in ARRIVED:
        answer = _reply(walk, replace(start, established=False), opening)
        unclear = answer if answer.disposition == "undetermined" else None
    elif unclear is None:
        walk.leans.setdefault(Lean("connection-assumed", (opening.disposition,)))
    walk.spares = False
    for tracker in walk.trackers.values() if not start.younger else ():
        tracker.establish()
    return unclear


def _of_interfaces(world: World, *legs: Leg | None) -> Iterator[Lean]:
    """For what went over an interface of the host that is a bridge by nothing but its name, or of which
    nobody knows whether it is up."""
    passed: dict[str | None, None] = {}
    for leg in legs:
        for hop in leg.hops if leg is not None else ():
            passed.update(dict.fromkeys((hop.iif, hop.oif) if hop.node == HOST else ()))
        if leg is not None and leg.hops and leg.hops[-1].node == HOST:
            passed[leg.packet.oif] = None
    names = [name for name in passed if name not in (None, "lo")]
    found = [lean for name in names if (lean := world.bridge_lean(name or "")) is not None]
    return iter(found if world.host.facts.interfaces is not None or not names else [*found, LINKS_TAKEN_UP])


def _comes_back(start: Start, found: Journey, everybody: bool) -> bool | None:
    """Whether the reply gets back to who sent the packet, from whom it was sent to, or where it was for
    ``everybody`` from anybody; the twin is ``answers.arrivals.both_ways``."""
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


def _answered(walk: Walk, start: Start, forward: Leg) -> Leg:
    """What comes back: the reply, or the complaint that is asked for instead."""
    if start.complaint is not None and not start.about_reply:
        return _turned_back(walk, _error(start.complaint, forward.packet), forward)
    reply = _reply(walk, start, forward)
    if start.complaint is None or reply.disposition not in ARRIVED:
        return reply
    return _turned_back(walk, _error(start.complaint, reply.packet), reply)


def _forward(walk: Walk, start: Start, first: bool) -> Leg:
    packet = traveller(start.packet, start.unstated)
    if start.how == "process":
        packet.unstated |= {name for name in ("uid", "gid") if getattr(packet, name) is None}
    if packet.proto == TCP and packet.tcp_flags is None:
        packet.tcp_flags = SYN if first else ACK
        packet.unstated -= {"tcp_flags"}
    return walk.leg(packet, start.node, start.how, origin=start.origin, reply=not first)


def _reply(walk: Walk, start: Start, forward: Leg) -> Leg:
    """The answer sets out from where the packet ended, with its addresses exchanged."""
    last = forward.packet
    if walk.hidden is not None:  # nobody knows whom the answer is for
        return Leg("undetermined", (), _answer(last, start.established), (walk.hidden,))
    unstated = start.unstated - {"src", "sport"} | {"src_mac"}
    if last.proto in PORT_PROTOCOLS:
        # Ports that nobody stated, or that a translation picks, are still open on the way back.
        unstated |= {"dport"} if last.sport is None else set()
        unstated |= {"sport"} if last.dport is None else set()
    answer = _answer(last, start.established)
    unstated |= {"ttl"}
    if start.answer_ttl is not None:
        answer, unstated = replace(answer, ttl=start.answer_ttl), unstated - {"ttl"}
    back = traveller(answer, unstated)
    back.piece = None  # how long an answer is nobody states; an echo's may be cut (icmp_push_reply)
    return _turned_back(walk, back, forward)


def _error(complaint: Packet, about: Packet) -> Traveller:
    error = traveller(complaint, frozenset({"src_mac"}))
    error.quoted = about
    return error


def _turned_back(walk: Walk, back: Traveller, forward: Leg) -> Leg:
    """A packet from where another one ended."""
    world, last = walk.world, forward.packet
    if forward.disposition == "exits":
        # Somebody out there answers: the reply comes in where the packet went out.
        node = forward.hops[-1].node
        back.iif = last.oif
        return walk.leg(back, node, "interface", reply=True)
    if forward.disposition != "delivered" or forward.where in world.nodes:
        node, carries = forward.hops[-1].node, None
        # UDP has let go of the connection when it finds no socket (udp_queue_rcv_skb: nf_reset_ct).
        kept = is_error(back) and forward.disposition != "no_socket"
        kept = kept or forward.disposition == "rejected"
        if walk.ended is not None and kept:
            connection, direction = walk.ended
            carries = connection, 1 - direction
        template = kept and (walk.ended_untracked or walk.ended_zones is not None)
        if kept and walk.ended_zones is not None:  # a template is handed on like a connection
            back.take_template()
            back.ctstate, back.ctdir = RELATED, 1
            back.zone, back.zone_reply = walk.ended_zones
        # Only routing tells the source of an error about a packet for somebody else (icmp_send). IPv6 takes
        # one of the interface it came in by, and knows none on a bridge or of what the host itself sends
        # (icmp6_send, parm->iif).
        nowhere = _bridged(forward) or forward.hops[-1].iif is None
        if is_error(back) and not _for_this_host(forward) and (back.family == 4 or nowhere):
            back.unstated |= {"src"}
        if walk.ended_kind and not is_error(back):
            if back.family == 6 and back.proto == ICMPV6:
                return Leg("undetermined", (), back.packet(), (KEEPS_TO_ITS_LINK,))
            back.unstated |= {"src"}  # nobody answers as everybody, or as a group (fib_compute_spec_dst)
        if forward.disposition == "delivered" and back.proto in PORT_PROTOCOLS:
            # Whoever listens owns it: connections being made, and from Linux 6.13 on resets too
            # (tcp_make_synack, ip_send_unicast_reply). No listing tells who that is.
            back.unstated |= {"uid", "gid"}
        # A rule's reset may have any source (nf_send_reset: ip_route_me_harder).
        answers = not (forward.disposition == "rejected" and back.proto == TCP)
        return walk.leg(
            back, node, "process", reply=True, carries=carries, template=template, answers=answers
        )
    holder = walk.behind(last.oif or "", last.next_hop or Address(last.family, last.dst))
    if holder is None:  # a child of an interface, whose namespace was not captured: its answer takes the wire
        there = replace(back.packet(), oif="wire")
        args = (last.iif or "wire", str(Address(there.family, there.dst)))
        away = Step("neighbour", "EXITS", code="leaves-by", args=args)
        return Leg("exits", (Hop(forward.where, None, "wire", (away,)),), there)
    return walk.leg(back, HOST, "attachment", reply=True, origin=holder)


# IPv6 answers an echo for a group or for any router by the interface that it came in by alone
# (icmpv6_echo_reply: flowi6_oif without a source), which is not modelled.
KEEPS_TO_ITS_LINK = Doubt("answer-keeps-to-its-link")


def _for_this_host(leg: Leg) -> bool:
    """Whether routing sent the packet to a local process."""
    routes = [step for step in leg.steps if step.hook == "route"]
    return bool(routes) and (routes[-1].verdict == "LOCAL" or routes[-1].code == "route-output-local")


def _bridged(leg: Leg) -> bool:
    """Whether br_netfilter had the packet on its way from one port to another."""
    return any(step.code == "bridge-netfilter" for step in leg.steps)


def _answer(packet: Packet, established: bool) -> Packet:
    flags = packet.tcp_flags
    if packet.proto == TCP:
        flags = ACK if established or packet.tcp_flags != SYN else SYN | ACK
    kind = packet.icmp_type
    if packet.proto == ICMP and kind is not None:
        kind = {8: 0, 13: 14, 15: 16, 17: 18}.get(kind, kind)
    elif packet.proto == ICMPV6 and kind is not None:
        kind = {128: 129, 139: 140}.get(kind, kind)
    return replace(
        packet, src=packet.dst, dst=packet.src, sport=packet.dport, dport=packet.sport, icmp_type=kind,
        tcp_flags=flags, iif=None, oif=None, mark=0, next_hop=None, ttl=64, uid=None, gid=None, src_mac=None,
    )  # fmt: skip


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
    """What runs must agree on; by which way a packet would have left matters only if it leaves."""
    packet = leg.packet
    leaves = leg.disposition in ARRIVED
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
