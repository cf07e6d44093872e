"""A packet and its reply; and what to say when something on the way cannot be decided.

Undecided questions (a rate limit, an unknown match, a multipath hash) are followed both ways. If every
way ends alike, the question does not matter; if not, the answer is ``undetermined`` and names it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from sekisho.semantics.attachment import Link
from sekisho.semantics.choices import Choices, explored
from sekisho.semantics.fields import UNICAST
from sekisho.semantics.host import texts_as_they_are
from sekisho.semantics.journey import ARRIVED, Hop, Journey, Lean, Leg, Step
from sekisho.semantics.journeys import (
    KEEPS_TO_ITS_LINK,
    MAX_RUNS,
    Start,
    combined,
    comes_back,
    of_interfaces,
    visited,
)
from sekisho.semantics.program import CONFIRMED_BIT, RELATED, SEEN_REPLY_BIT
from sekisho.semantics.related import is_error
from sekisho.semantics.world import World
from sekisho.symbolic.bits import Bits
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.echoes import ANSWERS, query_of
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.neighbours import Ended
from sekisho.symbolic.one_flow import OneFlow
from sekisho.symbolic.one_guards import OneGuards
from sekisho.symbolic.one_header import header_of, state_of
from sekisho.symbolic.one_packet import ALL, OnePacket, value_of
from sekisho.symbolic.one_seeking import OneSeeking
from sekisho.symbolic.reading import Reading
from sekisho.symbolic.state import Connection, OneState, State
from sekisho.symbolic.tracking import show
from sekisho.symbolic.unstated import ANY, Unstated, usual
from sekisho.symbolic.walk import Walk
from sekisho.values.address import Address, Family
from sekisho.values.names import mac_text
from sekisho.values.packet import ACK, ICMPV6, PORT_PROTOCOLS, SYN, TCP, Packet
from sekisho.values.slotted import replace as with_

Connections: TypeAlias = tuple[tuple[str, Connection], ...]


class OneWalk(Walk):
    """Walks one packet after another of one family through a world."""

    space: OnePacket
    guards: OneGuards

    def __init__(self, world: World, family: Family) -> None:
        space = OnePacket(family)
        guards = OneGuards(space)
        super().__init__(world, Reading(space, guards, OneFlow(guards), OneSeeking(space)))

    def begin(self, start: Start, choices: Choices) -> None:
        """Let a packet set out, which may know of its own attachment what the snapshot does not."""
        self.space.begin(header_of(start.packet, start.unstated, start.how), choices)
        self.guards.begin(start.packet.proto)
        self.spares, self.came_by = False, None  # whatever became of the packet before
        origin = start.origin
        known = origin is None or any(item is origin for item in self.world.named(origin.name))
        self.extra = () if known or origin is None else (origin,)


def journey(world: World, start: Start, with_reply: bool = True) -> Journey:
    """Follow the packet, and its reply when it got through."""
    return journey_by(walk_of(world, start.packet.family), start, with_reply)


def journey_by(walk: OneWalk, start: Start, with_reply: bool = True) -> Journey:
    """The same by a walk that is not on its way."""
    runs, cut = explored(lambda choices: _once(walk, start, with_reply, choices), MAX_RUNS)
    return combined(runs, cut)


def walk_of(world: World, family: Family) -> OneWalk:
    """The walk of a world, which every packet of the family takes."""
    found = world.kept.get((OneWalk, family))
    if found is None:
        found = world.kept[OneWalk, family] = OneWalk(world, family)
    assert isinstance(found, OneWalk)
    return found


@dataclass(frozen=True, slots=True)
class _Followed:
    """A leg, and the packet in the state in which it ended."""

    leg: Leg
    fate: Fate
    state: State


def _once(walk: OneWalk, start: Start, with_reply: bool, choices: Choices) -> Journey:
    walk.begin(start, choices)
    known: Connections = ()
    world, space = walk.world, walk.space
    if start.established:
        known, unclear = _connect(walk, start)
        if unclear is not None:
            return Journey(start.packet, unclear, None, (*space.leans, *choices.leans))
    forward = _forward(walk, start, known, first=not start.established)
    reply: Leg | None = None
    if with_reply and (start.complaint is not None or forward.leg.disposition in ARRIVED):
        reply = _answered(walk, start, forward)
    # Who is on a bridge is told by the host's texts before any hook is met.
    sites = visited(world, forward.leg, reply)
    told = (
        *of_interfaces(world, forward.leg, reply),
        *(lean for site in sites for lean in site.incomplete_leans[start.packet.family]),
        *(lean for site in sites for lean in texts_as_they_are(site.host.facts)),
    )  # fmt: skip
    leans = tuple(dict.fromkeys((*space.leans, *choices.leans, *told)))
    found = Journey(start.packet, forward.leg, reply, leans)
    everybody = forward.state.route_kind != UNICAST
    return replace(found, answered=comes_back(start, found, everybody))


def _connect(walk: OneWalk, start: Start) -> tuple[Connections, Leg | None]:
    """Make the connection exist: its first packets are replayed to learn what was translated. Rules that are
    younger and would drop them today did not then. The connections, and the leg of which nobody can say what
    became."""
    walk.spares = not start.younger
    opening = _forward(walk, start, (), first=True)
    unclear = opening.leg if opening.leg.disposition == "undetermined" else None
    connections = opening.state.connections
    if opening.leg.disposition in ARRIVED:
        answer = _reply(walk, replace(start, established=False), opening)
        leg = answer if isinstance(answer, Leg) else answer.leg
        unclear = leg if leg.disposition == "undetermined" else None
        connections = connections if isinstance(answer, Leg) else answer.state.connections
    elif unclear is None:
        walk.space.lean(Lean("connection-assumed", (opening.leg.disposition,)))
    walk.spares = False
    if start.younger:
        return connections, unclear
    long = CONFIRMED_BIT | SEEN_REPLY_BIT  # it has been there for long: both ends have been heard
    return tuple((node, with_(one, status=one.status | long)) for node, one in connections), unclear


def _forward(walk: OneWalk, start: Start, known: Connections, first: bool) -> _Followed:
    space, packet, origin = walk.space, start.packet, start.origin
    field = space.field
    flags = field["tcp_flags"]
    if not first and packet.proto == TCP and packet.tcp_flags is None:
        flags = value_of(ACK)
    state = with_(
        at_start(space, iif=packet.iif, mark=packet.mark), uid=field["uid"], gid=field["gid"],
        src_mac=field["src_mac"], tcp_flags=flags, oif=packet.oif, next_hop=packet.next_hop, reply=not first,
        connections=known, piece=space.number(field["length"]), df=packet.df,
    )  # fmt: skip
    walk.strangers = () if origin is None else ((origin, ALL),)
    if start.how == "process":
        ended = walk.from_process(start.node, {state: ALL}, "src" in start.unstated, answers=False)
    elif start.how == "attachment":
        ended = walk.from_ports(walk.strangers, {state: ALL})
    else:
        ended = walk.from_wire(start.node, {state: ALL})
    return _followed(walk, ended)


def _answered(walk: OneWalk, start: Start, forward: _Followed) -> Leg:
    """What comes back: the reply, or the complaint that is asked for instead."""
    complaint = start.complaint
    if complaint is not None and not start.about_reply:
        return _leg(_complained(walk, complaint, forward))
    reply = _reply(walk, start, forward)
    if complaint is None or isinstance(reply, Leg) or reply.leg.disposition not in ARRIVED:
        return _leg(reply)
    return _leg(_complained(walk, complaint, reply))


def _leg(told: _Followed | Leg) -> Leg:
    return told if isinstance(told, Leg) else told.leg


def _reply(walk: OneWalk, start: Start, forward: _Followed) -> _Followed | Leg:
    """The answer sets out from where the packet ended, with its addresses exchanged."""
    last, number = forward.state, walk.space.number
    ends, flags = last.ends.mirrored(), last.tcp_flags
    proto = number(last.proto)
    if proto in PORT_PROTOCOLS:
        # Ports that nobody stated, or that a translation picks, are still open on the way back.
        ends = with_(ends, sport=_open(ends.sport), dport=_open(ends.dport))
    if proto == TCP:
        flags = value_of(ACK if start.established or number(flags) != SYN else SYN | ACK)
    ttl = value_of(Unstated(64) if start.answer_ttl is None else start.answer_ttl)
    back = OneState(
        ends, last.icmp_type, last.icmp_code, last.icmp_id, flags, last.tos, last.length, ttl, last.proto,
        answered=not last.answered, mac_open=True, connections=last.connections, reply=True,
        first=last.first, df=last.df,
    )  # fmt: skip
    if last.hidden is not None:  # nobody knows whom the answer is for
        return Leg("undetermined", (), _packet(walk.space, back), (last.hidden,))
    return _turned_back(walk, back, forward, error=False)


def _open(port: Bits) -> Bits:
    return value_of(ANY) if port is None else port


def _complained(walk: OneWalk, complaint: Packet, about: _Followed) -> _Followed | Leg:
    """The complaint from where the packet ended that it is about."""
    error = is_error(complaint)
    walk.guards.begin(complaint.proto)
    back = with_(
        state_of(complaint, frozenset({"src_mac"})), oif=None, connections=about.state.connections,
        reply=True, quoted=about.state if error else None, piece=complaint.length,
    )  # fmt: skip
    query = query_of(complaint.proto, complaint.icmp_type)
    if query is not None:  # tracking knows an answer by its query's type
        back = with_(back, icmp_type=value_of(query), answered=True)
    return _turned_back(walk, back, about, error)


def _turned_back(walk: OneWalk, back: State, forward: _Followed, error: bool) -> _Followed | Leg:
    """A packet from where another one ended."""
    leg, fate, last = forward.leg, forward.fate, forward.state
    if fate.disposition == "exits":
        # Somebody out there answers: the reply comes in where the packet went out.
        return _followed(walk, walk.from_wire(fate.node, {with_(back, iif=last.oif): ALL}))
    if fate.disposition != "delivered" or leg.where in walk.world.nodes:
        return _from_host(walk, back, forward, error)
    hop = last.next_hop if last.next_hop is not None else last.ends.dst
    holder = walk.behind(Link(fate.node, last.way or ""), hop)
    if holder is None:  # a child of an interface, whose namespace was not captured: its answer takes the wire
        there = replace(_packet(walk.space, back), oif="wire")
        args = (leg.packet.iif or "wire", str(Address(there.family, there.dst)))
        away = Step("neighbour", "EXITS", code="leaves-by", args=args)
        return Leg("exits", (Hop(leg.where, None, "wire", (away,)),), there)
    return _followed(walk, walk.from_ports(((holder, ALL),), {back: ALL}))


def _from_host(walk: OneWalk, back: State, forward: _Followed, error: bool) -> _Followed | Leg:
    """What a captured namespace sends because of a packet."""
    leg, fate, last = forward.leg, forward.fate, forward.state
    proto = walk.space.number(back.proto)
    # UDP has let go of the connection when it finds no socket (udp_queue_rcv_skb: nf_reset_ct).
    if (error and fate.disposition != "no_socket") or fate.disposition == "rejected":
        back = _kept(walk, back, last)
    # Only routing tells the source of an error about a packet for somebody else (icmp_send). IPv6 takes
    # one of the interface it came in by, and knows none on a bridge or of what the host itself sends
    # (icmp6_send, parm->iif).
    nowhere = _bridged(leg) or leg.hops[-1].iif is None
    chooses = error and not _for_this_host(leg) and (walk.family == 4 or nowhere)
    if last.route_kind and not error:
        if walk.family == 6 and proto == ICMPV6:
            return Leg("undetermined", (), _packet(walk.space, back), (KEEPS_TO_ITS_LINK,))
        chooses = True  # nobody answers as everybody, or as a group (fib_compute_spec_dst)
    if fate.disposition == "delivered" and proto in PORT_PROTOCOLS:
        # Whoever listens owns it: connections being made, and from Linux 6.13 on resets too
        # (tcp_make_synack, ip_send_unicast_reply). No listing tells who that is.
        back = with_(back, owner_open=True)
    # A rule's reset may have any source (nf_send_reset: ip_route_me_harder).
    answers = not (fate.disposition == "rejected" and proto == TCP)
    return _followed(walk, walk.from_process(fate.node, {back: ALL}, chooses, answers))


def _kept(walk: OneWalk, back: State, last: State) -> State:
    """The connection, or the template, of a packet handed on to what is sent because of it, which is RELATED
    to it from the start (nf_conntrack_core.c, nf_conntrack_attach). CT targets find it taken."""
    if last.tracked is not None and isinstance(last.ctdir, int):
        return show(with_(back, tracked=last.tracked, ctstate=RELATED), 1 - last.ctdir)
    if last.template and last.ctdir is not None and last.tracked is None:
        nothing = walk.space.nowhere
        return with_(
            back, template=True, ctstate=RELATED, ctstatus=CONFIRMED_BIT, ctmark=0, ctdir=1, ctsent=nothing,
            ctonward=nothing, zone=last.zone, zone_reply=last.zone_reply,
        )  # fmt: skip
    return with_(back, template=True) if last.untracked else back


def _for_this_host(leg: Leg) -> bool:
    """Whether routing sent the packet to a local process."""
    routes = [step for step in leg.steps if step.hook == "route"]
    return bool(routes) and (routes[-1].verdict == "LOCAL" or routes[-1].code == "route-output-local")


def _bridged(leg: Leg) -> bool:
    """Whether br_netfilter had the packet on its way from one port to another."""
    return any(step.code == "bridge-netfilter" for step in leg.steps)


# ----------------------------------------------------------------------------------------- what is told


def _followed(walk: OneWalk, every: list[Ended]) -> _Followed:
    """One packet has one end."""
    (ended,) = every
    space, fate, state = walk.space, ended.fate, ended.state
    hops, space.hops = tuple(space.hops), []
    packet = _packet(space, state)
    leg = Leg(
        fate.disposition, hops, packet, fate.doubts, fate.kernel_reason, fate.answer, _where(walk, ended)
    )
    return _Followed(leg, fate, state)


def _where(walk: OneWalk, ended: Ended) -> str:
    """Who takes the packet."""
    fate, state = ended.fate, ended.state
    if not fate.bridge or state.next_hop is None:
        return fate.where
    taker = walk.behind(fate.link, state.next_hop)
    return "" if taker is None else taker.name


def _packet(space: OnePacket, state: State) -> Packet:
    """The packet as it is in a state."""
    number, ends = space.number, state.ends
    proto = number(state.proto) or 0
    kind = number(state.icmp_type)
    if state.answered and kind is not None:
        kind = ANSWERS.get(proto, {}).get(kind, kind)
    mac = None if state.mac_open or state.src_mac is None else number(state.src_mac)
    owner = (None, None) if state.owner_open else (_number(space, state.uid), _number(space, state.gid))
    hop = None if state.next_hop is None else space.address(state.next_hop)
    return Packet(
        space.family, usual(ends.src), usual(ends.dst), proto, number(ends.sport), number(ends.dport), kind,
        number(state.icmp_code), number(state.icmp_id), number(state.tcp_flags), _name(state.iif), state.way,
        usual(state.mark), usual(state.tos), usual(state.ttl) - state.spent, number(state.length),
        None if mac is None else mac_text(mac), *owner, hop, state.df,
    )  # fmt: skip


def _number(space: OnePacket, value: Bits | None) -> int | None:
    return None if value is None else space.number(value)


def _name(name: object) -> str | None:
    assert name is None or isinstance(name, str)
    return name
