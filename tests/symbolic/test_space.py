"""The algebra of sets of packets, held to plain arithmetic on single values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.space import Space
from sekisho.symbolic.spans import spans
from sekisho.values.intset import IntSet

SPACE = Space(4)
PORT, OTHER = SPACE.field["dport"], SPACE.field["sport"]
PORTS = st.integers(0, 65535)
SETS = st.lists(st.tuples(PORTS, PORTS), min_size=1, max_size=5).map(
    lambda pairs: IntSet.from_intervals((min(pair), max(pair)) for pair in pairs)
)


def has(some: Set, *fields: tuple[Bits, int]) -> bool:
    """Whether the packet with these values of fields is in a set that asks for nothing else."""
    wanted = {
        code >> 1: bool(value >> (bits.width - 1 - at) & 1) for bits, value in fields
        for at, code in enumerate(bits.codes)
    }  # fmt: skip
    while (index := some.node_var()) is not None:
        side = some.cofactor_true() if wanted[index] else some.cofactor_false()
        assert side is not None
        some = side
    return some.satisfiable()


@given(SETS, PORTS)
def test_membership(values: IntSet, port: int) -> None:
    some = SPACE.member(PORT, values)
    edges = [edge for first, last in values for edge in (first - 1, first, last, last + 1)]
    for value in (port, *(edge for edge in edges if 0 <= edge <= 65535)):
        assert has(some, (PORT, value)) is (value in values)
    # And back again.
    assert IntSet.from_intervals(spans(some, PORT)) == values
    assert SPACE.values(some, PORT) == values


@given(PORTS, PORTS, PORTS)
def test_masks(mask: int, value: int, port: int) -> None:
    some = SPACE.masked(PORT, mask, value & mask)
    for seen in (port, value, value ^ mask, (port & ~mask) | (value & mask)):
        assert has(some, (PORT, seen)) is (seen & mask == value & mask)
    outside = value & ~mask
    assert SPACE.masked(PORT, mask, value).satisfiable() is (not outside)


@given(SETS, PORTS, PORTS)
def test_equal_fields(values: IntSet, one: int, other: int) -> None:
    within = SPACE.member(PORT, values)
    some = SPACE.equal(within, PORT, OTHER)
    for mine, theirs in ((one, other), (one, one), (values.intervals[0][0],) * 2):
        assert has(some, (PORT, mine), (OTHER, theirs)) is (mine == theirs and mine in values)
    fixed = SPACE.equal(SPACE.everything, PORT, SPACE.constant(one, 16))
    assert has(fixed, (PORT, other)) is (one == other)
    assert has(fixed, (PORT, one))


@given(st.lists(SETS, max_size=7), PORTS)
def test_unions(several: list[IntSet], port: int) -> None:
    some = SPACE.union([SPACE.member(PORT, values) for values in several])
    for value in (port, *(values.intervals[-1][1] for values in several)):
        assert has(some, (PORT, value)) is any(value in values for values in several)


WIDE = st.tuples(st.integers(0, 1 << 17), st.integers(0, 1 << 12)).map(lambda two: (two[0], two[0] + two[1]))


@given(st.lists(WIDE, max_size=8).map(IntSet.from_intervals))
def test_members_are_the_values_that_the_field_can_have(values: IntSet) -> None:
    """A port, compared with numbers some of which no port has."""
    assert SPACE.values(SPACE.member(PORT, values), PORT) == values & IntSet.span(0, 65535)
