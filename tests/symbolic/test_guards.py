"""What matches ask of sets of packets: the same as of single ones."""

from __future__ import annotations

import pytest

from sekisho.semantics.fields import HEADER
from sekisho.semantics.program import Guard, Not
from sekisho.symbolic.bits import Ends, Set
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.one_fields import READ
from sekisho.symbolic.one_packet import value_of
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import State
from sekisho.symbolic.unstated import usual
from sekisho.values.packet import ICMP, PORT_PROTOCOLS, TCP
from sekisho.values.slotted import replace
from tests.semantics import test_ipsets, test_matches
from tests.semantics.one import doubts, holds
from tests.semantics.rules import guard, packet

SPACE = Space(4)
GUARDS = Guards(SPACE)


def stated(seen: State) -> State:
    """The packet with every field of its header told, as sets have it."""
    proto = READ["proto"](seen)
    names = ["length", "src_mac", "uid", "gid"]
    names += ["icmp_type", "icmp_code", "icmp_id"] if proto == ICMP else []
    told = {name: value_of(usual(READ[name](seen))) for name in names}
    if proto in PORT_PROTOCOLS:
        seen = seen.with_ends(**{name: value_of(usual(READ[name](seen))) for name in ("sport", "dport")})
    flags = usual(READ["tcp_flags"](seen)) if proto == TCP else None
    return replace(seen, tcp_flags=value_of(flags), **told)  # type: ignore[arg-type]


def state_of(seen: State) -> State:
    """What a packet has besides its header."""
    field, tracked = SPACE.field, None
    if seen.ctsent is not None:
        tracked = Ends(*(
            SPACE.constant(usual(getattr(seen.ctsent, name)), width)
            for name, width in (("src", 32), ("dst", 32), ("sport", 16), ("dport", 16))
        ))  # fmt: skip
    return replace(
        at_start(SPACE, iif=seen.iif), mark=seen.mark, oif=seen.oif, ctstate=seen.ctstate,
        ctstatus=seen.ctstatus, ctdir=seen.ctdir, ctmark=seen.ctmark, pkttype=seen.pkttype, ctsent=tracked,
        ctonward=tracked, uid=field["uid"], gid=field["gid"], src_mac=field["src_mac"],
    )  # fmt: skip


def alone(seen: State, **other: int) -> Set:
    """The one packet as a set; ``other`` values of its header instead."""
    found = SPACE.everything
    for name in reversed(HEADER):
        value = other.get(name, usual(READ[name](seen)))
        found &= SPACE.masked(SPACE.field[name], (1 << SPACE.width(name)) - 1, value)
    return found


def together(asked: Guard, state: State, one: Set) -> bool | None:
    """What the reading of sets says of the one packet."""
    held = GUARDS.holds(asked, state)
    if (held.yes & one).satisfiable():
        return True
    return None if (held.maybe & one).satisfiable() else False


# Of what a question leaves open, sets have all values.
ASKED = [(words, fields) for _, words, fields in test_matches.TABLE if "unstated" not in fields]


@pytest.mark.parametrize(("words", "fields"), ASKED, ids=[f"{words}-{fields}" for words, fields in ASKED])
def test_every_match(words: str, fields: test_matches.Fields) -> None:
    seen, asked = stated(packet(**fields)), guard(f"{words} -j DROP")
    wanted = holds(asked, seen)
    state, one = state_of(seen), alone(seen)
    assert together(asked, state, one) is wanted
    # `not` leaves open what is open.
    assert together(Not(asked), state, one) is (None if wanted is None else not wanted)
    assert set(GUARDS.open_questions(asked, state, one)) == set(doubts(asked, seen))


@pytest.mark.parametrize(("words", "why"), [
    ("-p tcp -m tcp --dport 80 -m owner --uid-owner 7", ["uid"]),
    ("-m owner ! --uid-owner 7 -m mac --mac-source 02:00:00:00:00:01", ["uid", "src_mac"]),
    ("-p udp -m udp --dport 80 -m owner --uid-owner 7", []),
])  # fmt: skip
def test_of_several_conditions_the_open_ones_are_named(words: str, why: list[str]) -> None:
    """A packet of somebody whom nobody knows, to port 80 of TCP."""
    seen = stated(packet(proto=TCP, dport=80))
    state = replace(state_of(seen), owner_open=True, local=True, mac_open=True)
    told = GUARDS.open_questions(guard(f"{words} -j DROP"), state, alone(seen))
    assert [(doubt.code, *doubt.args) for doubt in told] == [("field-not-stated", name) for name in why]


@pytest.mark.parametrize(("words", "dst", "sent", "fits"), test_ipsets.TABLE)
def test_membership(words: str, dst: str, sent: test_ipsets.Sent, fits: bool) -> None:
    asked, seen = test_ipsets.asked(words), stated(test_ipsets.packet_of(dst, sent))
    assert together(asked, state_of(seen), alone(seen)) is fits


@pytest.mark.parametrize("words", test_matches.TTLS)
def test_what_routers_took_of_the_ttl(words: str) -> None:
    asked = guard(f"-m ttl {words} -j DROP")
    for ttl in test_matches.SENT:
        seen = stated(packet(ttl=ttl))
        for spent in (0, 1, 3):
            if ttl + spent <= 255:
                state = replace(state_of(seen), spent=spent)
                assert together(asked, state, alone(seen, ttl=ttl + spent)) is holds(asked, seen)
