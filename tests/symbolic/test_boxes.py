"""Sets cut into boxes and picked from; the index of lines that a box may share packets with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sekisho.semantics.fields import Field
from sekisho.semantics.program import Accept, All, ChainCode, Guard, Guarded, In
from sekisho.symbolic.bits import Set
from sekisho.symbolic.boxes import boxes, number, pick
from sekisho.symbolic.overlap import Overlaps, Region, region
from sekisho.symbolic.space import Space
from sekisho.values.intset import IntSet

FIELDS: tuple[Field, ...] = ("proto", "src", "dst", "dport")
SPACE = Space(4)
SHOWN = [(name, SPACE.field[name]) for name in FIELDS]

spans = st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), min_size=1, max_size=4).map(
    lambda pairs: IntSet.from_intervals((min(pair), max(pair)) for pair in pairs)
)
guards = st.dictionaries(st.sampled_from(FIELDS), spans, max_size=3).map(
    lambda fields: All(tuple(In(name, values) for name, values in fields.items()))
)


def _set(guard: Guard) -> Set:
    assert isinstance(guard, All)
    found = SPACE.everything
    for part in guard.guards:
        assert isinstance(part, In)
        found &= SPACE.member(SPACE.field[part.field], part.values)
    return found


@given(st.lists(guards, min_size=1, max_size=4))
def test_boxes_are_the_set_and_share_nothing(parts: list[Guard]) -> None:
    some = SPACE.nothing
    for guard in parts:
        some |= _set(guard)
    again = SPACE.nothing
    for box in boxes(SPACE, some, SHOWN):
        here = SPACE.everything
        for name, values in box.fields:
            here &= SPACE.member(SPACE.field[name], values)
        assert not (here & again).satisfiable()
        again |= here
    assert again == some


@given(st.lists(guards, min_size=1, max_size=3), st.dictionaries(st.just("src"), st.integers(0, 300)))
def test_a_picked_packet_is_in_the_set(parts: list[Guard], wishes: dict[str, int]) -> None:
    some = SPACE.everything
    for guard in parts:
        some &= _set(guard)
    if not some.satisfiable():
        return
    values = pick(SPACE, some, wishes)
    one = SPACE.everything
    for name, bits in SHOWN:
        assert number(bits, SPACE, values) == values[name]
        one &= SPACE.masked(bits, (1 << bits.width) - 1, values[name])
    assert (one & some).satisfiable()


@given(spans, spans)
def test_membership_is_that_of_the_intervals(one: IntSet, other: IntSet) -> None:
    bits = SPACE.field["dport"]
    assert SPACE.member(bits, one) & SPACE.member(bits, other) == SPACE.member(bits, one & other)
    assert SPACE.member(bits, one) | SPACE.member(bits, other) == SPACE.member(bits, one | other)
    assert SPACE.values(SPACE.member(bits, one), bits) == one


@given(st.lists(guards, max_size=8), guards)
def test_no_line_that_shares_packets_is_left_out(lines: list[Guard], asked: Guard) -> None:
    chain = ChainCode("c", tuple(Guarded(guard, Accept()) for guard in lines))
    index = Overlaps(chain, frozenset(), 32, {})
    found = set(index.lines(region(asked, frozenset(), 32, {})))
    for place, guard in enumerate(lines):
        if (_set(guard) & _set(asked)).satisfiable():
            assert place in found
    assert set(index.lines(Region({}, {}))) == set(range(len(lines)))
