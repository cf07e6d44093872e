"""All packets of a question and their replies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sekisho.model.snapshot import HOST
from sekisho.semantics.attachment import Attachment
from sekisho.semantics.echo import ECHO
from sekisho.semantics.fields import LIVING
from sekisho.semantics.journey import ARRIVED
from sekisho.semantics.size import smallest
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.bits import Ends, Set
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.neighbours import Ended
from sekisho.symbolic.replies import replies
from sekisho.symbolic.state import State
from sekisho.values.address import Address
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP, ICMPV6, SYN
from sekisho.values.slotted import replace


@dataclass(frozen=True, slots=True)
class Source:
    """Where packets set out; compare ``semantics.journeys.Start``.

    ``how``: "process" of ``node`` (``choose_source``: routing chooses the address), "interface" ``iif`` of
    ``node``, or "attachment": ``origins`` put them on their bridges, each with its own addresses.
    """

    how: str
    node: str = HOST
    iif: str | None = None
    origins: tuple[Attachment, ...] = ()
    choose_source: bool = False


@dataclass(frozen=True, slots=True)
class Flows:
    """Packets that share their whole way: how they end, and how their replies end (None: no reply).

    ``sent`` are the ends of the first packet in terms of the original's variables (the source may have
    been chosen by routing), ``state`` those it arrived with.
    """

    source: Source
    some: Set
    forward: Fate
    state: State
    reply: Fate | None = None
    back: State | None = None

    @property
    def sent(self) -> Ends | None:
        """The ends of the packet as a process sent it; None: as the variables say."""
        return self.state.first


def journeys(walk: SymbolicWalk, source: Source, some: Set, *, with_reply: bool = True) -> list[Flows]:
    """Follow a set of packets that set out from one place, and their replies.

    The results partition the set, together with the answers to open questions.
    """
    legs = set_out(walk, source, some)
    if with_reply:
        return list(answered(walk, source, legs))
    return [Flows(source, ended.some, ended.fate, ended.state) for ended in legs]


def answered(walk: SymbolicWalk, source: Source, legs: Sequence[Ended]) -> Iterator[Flows]:
    """The ends of a forward leg with the replies of whoever was reached."""
    answers = iter(replies(walk, [ended for ended in legs if ended.fate.disposition in ARRIVED]))
    for ended in legs:
        if ended.fate.disposition in ARRIVED:
            for back in next(answers):
                yield Flows(source, back.some, ended.fate, ended.state, back.fate, back.state)
        else:
            yield Flows(source, ended.some, ended.fate, ended.state)


def set_out(walk: SymbolicWalk, source: Source, some: Set) -> list[Ended]:
    """The forward leg."""
    space = walk.space
    start = at_start(space, iif=source.iif)
    origins = tuple(
        (item, space.member(space.field["src"], walk.addresses_of(item))) for item in source.origins
    )
    walk.strangers = origins
    if source.how == "process":
        start = replace(start, uid=space.field["uid"], gid=space.field["gid"])
        return walk.from_process(source.node, {start: some}, source.choose_source)
    start = replace(start, src_mac=space.field["src_mac"])
    if source.how == "interface":
        return walk.from_wire(source.node, {start: some})
    return walk.from_ports(origins, {start: some})


def taker(walk: SymbolicWalk, fate: Fate, next_hop: Address | None) -> str:
    """The name of who takes a packet: a namespace, or a container by the packet's next hop."""
    if not fate.bridge:
        return fate.where
    assert next_hop is not None
    return next(item.name for item in walk.attachments(fate.link) if next_hop in item.addresses)


def openers(walk: SymbolicWalk) -> Set:
    """The packets that open connections: TCP's SYN, pings, and all other protocols'; none that routers would
    let die on its way, nor of IPv6 what some link or route does not take (IPv4 is cut)."""
    space, guards = walk.space, walk.guards
    start = at_start(space)
    alien = ICMPV6 if walk.family == 4 else ICMP
    syn = guards.tcp & space.member(space.field["tcp_flags"], IntSet.of(SYN))
    asks = guards.field_in("icmp_type", IntSet.of(ECHO[walk.family][1]), start)
    others = ~(guards.tcp | guards.icmp)
    known = ~space.member(space.field["proto"], IntSet.of(alien))
    living = space.member(space.field["ttl"], LIVING)
    if walk.family == 6:
        fits = min(smallest(node.facts, 6) for node in walk.world.nodes.values())
        living &= space.member(space.field["length"], IntSet.span(0, fits))
    return (syn | asks | others) & known & living
