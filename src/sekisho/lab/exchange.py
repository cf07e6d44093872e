"""A packet, the answer to it and the next one of its connection, put to the kernel and to the model.

The kernel's side (``exchange``) does not ask the model anything; ``decisions`` holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sekisho.lab.agreement import TAKEN, Decision, Phase, Terms, compare
from sekisho.lab.complaints import complain
from sekisho.lab.oracle import Oracle
from sekisho.lab.probes import Probe, later, reply
from sekisho.lab.reading import key_of, own_answer
from sekisho.lab.verdict import Egress, Observed
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.echo import ECHO
from sekisho.semantics.journey import Journey, Leg
from sekisho.semantics.journeys import Start
from sekisho.semantics.world import World
from sekisho.symbolic.one_journeys import journey
from sekisho.values.address import Address
from sekisho.values.packet import DCCP, ICMP, ICMPV6, SCTP, SYN, TCP, UDP, Packet


@dataclass(frozen=True, slots=True)
class Asked:
    """What was sent in a phase, and what became of it."""

    phase: Phase
    packet: Packet
    seen: Observed


def start_at(packet: Packet) -> Start:
    """The host's packet with every field stated: by its ``iif``, or from a process of the host, which leaves
    the source to the kernel where it is zero."""
    unstated = frozenset({"length"}) if packet.length is None else frozenset[str]()
    if packet.iif is None and packet.src == 0:
        unstated |= {"src"}
    how = "process" if packet.iif is None else "interface"
    return Start(packet, "host", how, unstated=unstated, answer_ttl=64)  # see ``probes.reply``


def exchange(
    snapshot: Snapshot, oracle: Oracle, start: Start, persist: bool = False, further: bool = False
) -> Iterator[Asked]:
    """The first packet of a connection, the reply to it if it leaves, and the next packet after that.

    Whoever takes them one by one may stop. ``persist``: the next packet is sent also where no answer
    came back. ``further``: what the host itself answers, and ICMP errors about what left, are asked too.
    """
    packet, port = start.packet, None
    if start.origin is not None:
        packet, port = replace(packet, iif=start.origin.bridge), start.origin.port
    # The oracle's SCTP and DCCP packets are an INIT and a request of their own length.
    sent = replace(packet, length=None) if packet.proto in (SCTP, DCCP) else packet
    first = Probe(sent, start.node, port, fresh=True)
    seen = oracle.ask(first)
    yield Asked("first", packet, seen)
    plain = _plain_source(packet) and not _for_everybody(snapshot, packet)
    # Past every hook the packet waits for its neighbour, whose advertisement the host's own rules may refuse:
    # that answer is to the neighbour.
    plain = plain and not (seen.passages and "postrouting" in seen.passages[-1].hooks)
    # The same of an echo that was for any router: without a source yet, its reply keeps to the interface.
    plain = plain and not (seen.replies and _from_another(seen.replies[0].first, seen.packet))
    # Of an error about what the host itself asked or told its neighbours beside it.
    plain = plain and not (seen.replies and _is_link_local(seen.replies[0].first, seen.replies[0].first.dst))
    if further and seen.replies and plain and seen.disposition != "exits":
        yield Asked("answer", seen.replies[0].first, own_answer(seen))
    if seen.disposition != "exits" or seen.egress is None or _for_everybody(snapshot, packet):
        return
    # An error may leave a mark on the connection, which what came after it would see and the model's
    # replay does not hold: an error is the end, or is not asked.
    turn = ((packet.sport or packet.icmp_id or 0) + (packet.dport or 0)) % 3 if further else 2
    if turn == 0 and not seen.replies:
        yield Asked("error", *complain(oracle, seen, _from_its_own_port(snapshot, seen)))
        return
    if packet.proto in (ICMP, ICMPV6) and packet.icmp_type not in (8, 128):
        return
    if packet.proto == TCP and packet.tcp_flags != SYN:
        return
    if seen.replies:
        return  # the host itself sent something as well: the connection is not what the model knows
    answer = reply(seen, _from_its_own_port(snapshot, seen))
    heard = oracle.ask(answer)
    yield Asked("reply", answer.packet, heard)
    if turn == 1 and heard.disposition == "exits" and heard.egress is not None and not heard.replies:
        yield Asked("error-back", *complain(oracle, heard, _from_its_own_port(snapshot, heard)))
        return
    if packet.proto in (UDP, SCTP, DCCP) or packet.iif is None:
        return
    if packet.proto == TCP and heard.disposition != "exits" and not persist:
        return
    again = later(seen, first)
    yield Asked("later", again.packet, oracle.ask(again))


def modelled(
    world: World, start: Start, phase: Phase, packet: Packet | None = None
) -> tuple[Leg | None, bool]:
    """The model's leg of a phase, and whether every condition on the way was decided.

    ``packet``: what was sent in the phase, for those where the model cannot know it.
    """
    if phase in ("answer", "error", "error-back"):
        told = journey(world, replace(start, complaint=packet, about_reply=phase == "error-back"))
        return told.reply, not told.undecided
    if phase == "later":
        packet = start.packet
        flags = None if packet.proto == TCP else packet.tcp_flags
        start = replace(start, packet=replace(packet, tcp_flags=flags), established=True, younger=True)
        known = journey(world, start, with_reply=False)
        return known.forward, not known.undecided
    both = journey(world, start)
    return both.forward if phase == "first" else both.reply, not both.undecided


def answers_from(told: Journey) -> Address | None:
    """The address from which the model has the host itself answer a packet that it takes; None: it answers
    nothing, or its answer finds no route."""
    routed = next((s for s in told.reply.steps if s.hook == "route"), None) if told.reply else None
    if told.reply is None or routed is None or routed.verdict != "OUTPUT":
        return None
    if told.reply.disposition == "martian" and len(told.reply.hops) == 1:
        return None  # refused where it sets out
    chosen = next((after for field, _, after in routed.changes if field == "src"), None)
    last = told.forward.packet
    return Address(last.family, last.dst) if chosen is None else Address.parse(chosen)


def decisions(
    snapshot: Snapshot, known: Terms, world: World, oracle: Oracle, start: Start, further: bool = False
) -> Iterator[Decision]:
    """The phases compared, up to the first that differs or that the model leaves undetermined."""
    picked = False
    for asked in exchange(snapshot, oracle, start, further=further):
        if picked and asked.phase not in ("first", "reply", "later"):
            continue  # these name a port that a translation picked, and that the model cannot know
        leg, decided = modelled(world, start, asked.phase, asked.packet)
        ports = asked.packet.sport is not None or asked.packet.icmp_id is not None
        picked |= leg is not None and ports and _has_open_port(leg.packet)
        decision = compare(asked.phase, asked.packet, leg, asked.seen, known, decided)
        if further and asked.phase == "first" and not (decision.difference or decision.doubt):
            decision = replace(decision, difference=_of_echo(world, start, asked))
        yield decision
        if decision.difference or decision.doubt:
            return


def _of_echo(world: World, start: Start, asked: Asked) -> str:
    """What differs in whether, and as whom, the host answers an echo that it takes."""
    packet = asked.packet
    if (packet.proto, packet.icmp_type) != ECHO[packet.family]:
        return ""
    if not _plain_source(packet):
        return ""
    told = journey(world, start)
    reply, seen = told.reply, asked.seen
    if told.forward.disposition not in TAKEN or told.forward.where != "host" or seen.disposition not in TAKEN:
        return ""
    if reply is not None and reply.disposition == "undetermined":
        return ""
    ours = answers_from(told)
    real = Address(packet.family, seen.replies[0].first.src) if seen.replies else None
    return "" if ours == real else f"answers from {ours}, really {real}"


def _plain_source(packet: Packet) -> bool:
    """IPv6's own answers to a link-local address are routed by the interface that the packet came in by: a
    question cannot say that."""
    return not _is_link_local(packet, packet.src)


def _is_link_local(packet: Packet, address: int) -> bool:
    return packet.family == 6 and address >> 118 == 0xFE80 >> 6


def _for_everybody(snapshot: Snapshot, packet: Packet) -> bool:
    """Whether an answer to the packet would go to a broadcast address, which TCP refuses to ask for, or to a
    group: on a bridge it would end in several places."""
    routes = snapshot.host.routes
    group = packet.src >> 28 == 0xE if packet.family == 4 else packet.src >> 120 == 0xFF
    return group or any(route.kind == "broadcast" and route.dst.value == packet.src for route in routes)


def _from_another(answer: Packet, packet: Packet) -> bool:
    """Whether an IPv6 echo is answered from another address than it was for."""
    return (answer.proto, answer.icmp_type) == (ICMPV6, 129) and answer.src != packet.dst


def _has_open_port(packet: Packet) -> bool:
    if packet.proto in (ICMP, ICMPV6):
        return packet.icmp_id is None
    return packet.sport is None or packet.dport is None


def _from_its_own_port(snapshot: Snapshot, seen: Observed) -> Egress | None:
    """Of a frame that went to every port of a bridge, the copy at the port of the one it is for."""
    facts = snapshot.host
    macs = {item.address: item.mac for item in facts.neighbours or ()}
    ports = {entry.mac: entry.port for entry in facts.bridge_entries or ()}
    for egress in seen.frames:
        if seen.egress is None or key_of(egress.frame.packet) != key_of(seen.egress.frame.packet):
            continue  # something that the host said beside it
        mac = macs.get(egress.next_hop) if egress.next_hop else None
        if mac is not None and ports.get(mac) == egress.port:
            return egress
    return None
