"""Every field that a guard may ask about, in both readings: of a packet, and of the set that it is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import pytest

from sekisho.semantics.fields import HEADER, ROWS, Field, width
from sekisho.semantics.program import (
    CONFIRMED_BIT,
    DNAT_BIT,
    ESTABLISHED,
    NEW,
    SEEN_REPLY_BIT,
    Guard,
    In,
    Interface,
    Masked,
    Members,
    Not,
)
from sekisho.symbolic.bits import ByOrigin, Ends, Set
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.one_fields import READ
from sekisho.symbolic.one_packet import OnePacket, value_of
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import Connection, State
from sekisho.symbolic.tracking import show
from sekisho.values.address import BITS, Address, Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import DCCP, ICMP, ICMPV6, SCTP, TCP, UDP, Packet
from sekisho.values.slotted import replace
from tests.semantics.one import holds, made

_GRE = 47
_PUBLISHED, _PORT = {4: "10.1.0.81", 6: "fd00:1::81"}, 8080
_ENDS: dict[int, tuple[str, str]] = {
    4: ("203.0.113.9", "172.18.0.2"), 6: ("2001:db8::9", "fd00:18::2"),
}  # fmt: skip


@dataclass(frozen=True)
class Situation:
    """A packet, what it is like as one of a set, and the one-packet set of it."""

    packet: State
    guards: Guards
    state: State
    alone: Set

    def together(self, guard: Guard) -> bool | None:
        """What the sets say of the packet."""
        held = self.guards.holds(guard, self.state)
        if (held.yes & self.alone).satisfiable():
            return True
        return None if (held.maybe & self.alone).satisfiable() else False


def _packet(family: Family, proto: int, draw: Random) -> Packet:
    src, dst = (Address.parse(text).value ^ draw.getrandbits(4) for text in _ENDS[family])
    ported, query = proto in (TCP, UDP, SCTP, DCCP), proto in (ICMP, ICMPV6)
    return Packet(
        family, src, dst, proto, draw.getrandbits(16) if ported else None,
        draw.getrandbits(16) if ported else None, (8 if family == 4 else 128) if query else None,
        draw.getrandbits(3) if query else None, draw.getrandbits(16) if query else None,
        draw.getrandbits(8) if proto == TCP else None, "eth0", tos=draw.getrandbits(8),
        ttl=draw.randint(2, 255), length=draw.randint(40, 1500), src_mac="02:00:00:00:00:07",
    )  # fmt: skip


def _alone(space: Space, packet: Packet) -> Set:
    found = space.everything
    for name in HEADER:
        value = packet.src_mac if name == "src_mac" else getattr(packet, name)
        number = int(value.replace(":", ""), 16) if isinstance(value, str) else value or 0
        found &= space.member(space.field[name], IntSet.of(number))
    return found


def _arriving(family: Family, proto: int, draw: Random) -> Situation:
    packet, space = _packet(family, proto, draw), Space(family)
    state = replace(at_start(space, iif="eth0"), src_mac=space.field["src_mac"])
    spent = draw.randint(0, 1)
    found = made(replace(packet, ttl=packet.ttl - spent))
    return Situation(found, Guards(space), replace(state, spent=spent), _alone(space, packet))


def _of_a_process(family: Family, proto: int, draw: Random) -> Situation:
    packet = replace(
        _packet(family, proto, draw), iif=None, oif="eth1", mark=0x15, uid=1000, gid=33, src_mac=None
    )
    space = Space(family)
    state = replace(
        at_start(space, mark=0x15), uid=space.field["uid"], gid=space.field["gid"], local=True, oif="eth1"
    )
    return Situation(made(packet, local=True), Guards(space), state, _alone(space, packet))


def _answer(family: Family, proto: int, draw: Random) -> Situation:
    """The answer of a container whose port is published; its set knows it by the query's type."""
    query, space = _packet(family, proto, draw), Space(family)
    published = Address.parse(_PUBLISHED[family]).value
    status, mark = SEEN_REPLY_BIT | DNAT_BIT, 0xA0B
    found = made(query)
    mine = found.ends
    sent = Ends(mine.dst, value_of(published), mine.dport, value_of(_PORT))
    connection = Connection(sent, mine.mirrored(), status=status, mark=mark)
    found = replace(
        found, answered=True, ctstate=ESTABLISHED, zone=3, connections=(("host", connection),), tracked=0
    )
    ends = at_start(space).ends
    sent = Ends(
        ends.dst, space.constant(published, space.width("src")), ends.dport, space.constant(_PORT, 16)
    )
    state = replace(
        at_start(space, iif="eth0"), src_mac=space.field["src_mac"], answered=True, ctstate=ESTABLISHED,
        ctdir=1, ctstatus=status, ctmark=mark, ctsent=sent, ctonward=ends.mirrored(), zone=3,
    )  # fmt: skip
    return Situation(show(found, 1), Guards(space), state, _alone(space, query))


def _template(family: Family, proto: int, draw: Random) -> Situation:
    before = _arriving(family, proto, draw)
    nothing, nowhere = OnePacket(family).nowhere, before.guards.space.nowhere
    packet, state = (
        replace(each, ctstate=NEW, ctstatus=CONFIRMED_BIT, ctdir=0, ctsent=ends, ctonward=ends)
        for each, ends in ((before.packet, nothing), (before.state, nowhere))
    )
    return Situation(packet, before.guards, state, before.alone)


def _by_origin(family: Family, proto: int, draw: Random) -> Situation:
    """What sets know of a connection may depend on the packet."""
    found = _answer(family, proto, draw)
    space = found.guards.space
    here, there = found.alone, ~found.alone
    state = replace(
        found.state,
        ctstate=ByOrigin(((ESTABLISHED, here), (NEW, there))),
        ctdir=ByOrigin(((1, here), (None, there))),
        iif=ByOrigin((("eth0", here), ("eth1", there))),
        dst_mac=space.extra("dst_mac", 48),
    )
    alone = found.alone & space.member(space.field["dst_mac"], IntSet.of(0x0200000000FE))
    packet = replace(found.packet, dst_mac=0x0200000000FE)
    return Situation(packet, found.guards, state, alone)


_SITUATIONS = (_arriving, _of_a_process, _answer, _template, _by_origin)


def _questions(name: Field, value: int | None, bits: int, draw: Random) -> Iterator[Guard]:
    """Guards near the value, and with masks of all shapes."""
    top = (1 << bits) - 1
    near = draw.getrandbits(bits) if value is None else value
    yield In(name, IntSet.span(0, top))
    yield In(name, IntSet.of(near))
    yield In(name, IntSet.of(near ^ 1))
    yield Not(In(name, IntSet.span(max(near - 1, 0), near)))
    for _ in range(4):
        mask = draw.getrandbits(bits)
        yield Masked(name, mask, near & mask)
        yield Masked(name, mask, draw.getrandbits(bits) & mask)
    yield Masked(name, 0, 0)
    # Numbers that the field has not the bits for.
    yield In(name, IntSet.span(near, top << 2))
    yield In(name, IntSet.span(top + 1, top << 2))
    yield Masked(name, top << 1, near & top << 1)
    yield Masked(name, top << 1, top + 1)
    yield Masked(name, top >> 1, top)  # what no number is
    for proto in (IntSet.span(0, 255), IntSet.of(6)):
        yield Members(
            (name, "proto"), (((IntSet.of(near ^ 1), proto), False), ((IntSet.of(near), proto), True))
        )


@pytest.mark.parametrize("situation", _SITUATIONS, ids=lambda each: each.__name__.strip("_"))
@pytest.mark.parametrize("family", [4, 6])
def test_both_readings_know_every_field(family: Family, situation: Callable[..., Situation]) -> None:
    echo = ICMP if family == 4 else ICMPV6
    draw = Random(family)
    for proto in (TCP, UDP, SCTP, DCCP, echo, _GRE):
        given = situation(family, proto, draw)
        for name in ROWS:
            value = READ[name](given.packet)
            stated = value if isinstance(value, int) else None
            for guard in _questions(name, stated, width(name, BITS[family]), draw):
                assert given.together(guard) is holds(guard, given.packet), (proto, guard, value)


@pytest.mark.parametrize("field", ["iif", "oif", "physin", "physout", "portin", "portout"])
@pytest.mark.parametrize("situation", _SITUATIONS, ids=lambda each: each.__name__.strip("_"))
def test_both_readings_know_every_interface(field: str, situation: Callable[..., Situation]) -> None:
    given = situation(4, TCP, Random(1))
    every = IntSet.span(0, 255)
    for name, prefix in (("eth0", False), ("eth1", False), ("eth", True), ("", True)):
        guards: list[Guard] = [Interface(field, name, prefix)]  # type: ignore[arg-type]
        if not prefix:
            guards.append(Members((field, "proto"), (((name, every), True),)))
        for guard in guards:
            assert given.together(guard) is holds(guard, given.packet), guard
