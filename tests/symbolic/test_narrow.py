"""What is settled of guards beforehand, and which lines share no packets: the same as when asked in full."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from hypothesis import example, given
from hypothesis import strategies as st

from sekisho.semantics.program import (
    ALWAYS,
    ESTABLISHED,
    NEVER,
    NEW,
    Accept,
    All,
    AnyOf,
    ChainCode,
    Guard,
    Guarded,
    In,
    Interface,
    Members,
    Not,
)
from sekisho.symbolic.bits import Set
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.narrow import Narrowing, ask_apart, settled
from sekisho.symbolic.segments import Segment
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import State
from sekisho.values.intset import IntSet

SPACE = Space(4)
GUARDS = Guards(SPACE)
NAMES = ("eth0", "eth1", "br-a")
PORTS = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda pair: IntSet.span(min(pair), max(pair)))
SIDES: st.SearchStrategy[Literal["iif", "oif"]] = st.sampled_from(("iif", "oif"))
INTERFACES = st.builds(Interface, SIDES, st.sampled_from((*NAMES, "eth", "")), st.booleans())
DIMENSIONS = st.tuples(PORTS, st.sampled_from(NAMES))
MEMBERS = st.one_of(
    st.lists(st.tuples(DIMENSIONS, st.booleans()), min_size=1, max_size=4).map(
        lambda entries: Members(("dst", "iif"), tuple(entries))
    ),
    st.lists(st.tuples(DIMENSIONS.map(lambda pair: pair[1:]), st.booleans()), min_size=1, max_size=4).map(
        lambda entries: Members(("iif",), tuple(entries))
    ),
)
LEAVES: st.SearchStrategy[Guard] = st.one_of(
    st.builds(In, st.sampled_from(("dst", "src", "proto")), PORTS), INTERFACES, MEMBERS,
    st.builds(In, st.just("ctstate"), st.sampled_from((IntSet.of(NEW), IntSet.of(NEW, ESTABLISHED)))),
    st.sampled_from((ALWAYS, NEVER)),
)  # fmt: skip
ASKED: st.SearchStrategy[Guard] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=8,
)
NAME = st.sampled_from((None, *NAMES))
STATES = st.builds(
    lambda iif, oif, state: replace(at_start(SPACE, iif=iif), oif=oif, ctstate=state),
    NAME, NAME, st.sampled_from((NEW, ESTABLISHED)),
)  # fmt: skip


@example(
    Members(("iif",), (((NAMES[0],), True), ((NAMES[0],), False))),
    replace(at_start(SPACE, iif=NAMES[0]), ctstate=NEW),
)
@given(ASKED, STATES)
def test_what_is_settled_beforehand(guard: Guard, state: State) -> None:
    whole, left = GUARDS.holds(guard, state), GUARDS.holds(settled(guard, state), state)
    assert (left.yes, left.maybe) == (whole.yes, whole.maybe)


@given(st.lists(ASKED, max_size=8), STATES, PORTS)
def test_no_line_is_lost(guards: list[Guard], state: State, destinations: IntSet) -> None:
    chain = ChainCode("c", tuple(Guarded(guard, Accept(), number) for number, guard in enumerate(guards)))
    lines = Narrowing().lines(chain, {}, state)
    for towards in (None, destinations):
        within = SPACE.everything if towards is None else SPACE.member(SPACE.field["dst"], towards)
        kept: dict[int, Set] = {}
        for item in lines.towards(towards):
            assert not isinstance(item, Segment)  # so few lines are never taken as one
            line, left = item
            kept[line.number] = GUARDS.holds(left, state).yes & within
        for number, guard in enumerate(guards):
            assert kept.get(number, SPACE.nothing) == GUARDS.holds(guard, state).yes & within
        assert list(kept) == sorted(kept)


@given(st.lists(st.tuples(PORTS, st.sampled_from((6, 17))), max_size=4))
def test_lines_for_ports_that_no_other_asks_for(asked: list[tuple[IntSet, int]]) -> None:
    guards = [All((In("proto", IntSet.of(proto)), In("dport", ports))) for ports, proto in asked]
    taken = [
        (proto, port) for ports, proto in asked for first, last in ports for port in range(first, last + 1)
    ]
    assert ask_apart(guards) is (len(taken) == len(set(taken)))
