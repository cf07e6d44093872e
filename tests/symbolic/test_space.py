"""Sets of one field's values as diagrams."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sekisho.symbolic.space import Space
from sekisho.values.intset import IntSet

SPACE = Space(4)
spans = st.tuples(st.integers(0, 1 << 17), st.integers(0, 1 << 12)).map(
    lambda item: (item[0], item[0] + item[1])
)


@given(st.lists(spans, max_size=8).map(IntSet.from_intervals))
def test_members_are_the_values_that_the_field_can_have(values: IntSet) -> None:
    """A port, compared with numbers some of which no port has."""
    port = SPACE.field["dport"]
    assert SPACE.values(SPACE.member(port, values), port) == values & IntSet.span(0, 65535)
