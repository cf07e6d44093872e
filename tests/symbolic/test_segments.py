"""Long stretches of lines taken as one, held to the lines one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.semantics.program import (
    Accept,
    Action,
    ChainCode,
    Drop,
    Guard,
    Guarded,
    In,
    Jump,
    Return,
    RouteTo,
    Way,
)
from sekisho.symbolic import segments
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.flow import Flow
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.segments import Segment, cut
from sekisho.symbolic.space import Space
from sekisho.values.intset import IntSet
from tests.symbolic.agreement import disagreements
from tests.symbolic.worlds import random_world

ROUTES = tuple(RouteTo("unicast", (Way(f"eth{at}"),)) for at in range(3))
ACTIONS: tuple[Action, ...] = (Accept(), Return(), Jump("a"), Jump("b"), Drop(), *ROUTES)
values = st.lists(st.integers(0, 12), max_size=5).map(IntSet.of_values)
lines = st.lists(
    st.builds(Guarded, st.builds(In, st.sampled_from(("dst", "dst", "dst", "src")), values),
              st.sampled_from(ACTIONS)), max_size=12,
)  # fmt: skip


def _decided(base: list[Guarded], called: dict[str, list[Guarded]], long: int) -> dict[object, object]:
    """What is done with all packets, by the action that does it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "LONG", long)
        chains = {name: ChainCode(name, tuple(inner)) for name, inner in called.items()}
        front = {at_start(SPACE): SPACE.everything}
        flow = Flow(Guards(SPACE))
        found = flow.run(ChainCode("base", tuple(base), Drop()), chains, front, "test")
        by_action: dict[object, object] = {}
        for passed, _, some in found:
            within = getattr(passed, "within", None)
            here = some if within is None else some & within
            known = by_action.get(passed.action, SPACE.nothing)
            by_action[passed.action] = known | here  # type: ignore[operator]
        return {action: some for action, some in by_action.items() if some.satisfiable()}  # type: ignore[attr-defined]


SPACE = Space(4)


@given(lines, lines, lines)
def test_what_decides_is_what_decided_line_by_line(
    base: list[Guarded], one: list[Guarded], other: list[Guarded]
) -> None:
    plain = [line for line in other if not isinstance(line.action, Jump)]
    called = {"a": [line for line in one if line.action != Jump("a")], "b": plain}
    assert _decided(base, called, 1) == _decided(base, called, 1000)


def test_lines_that_may_both_call_stay_apart() -> None:
    """What comes back from the first call is taken by the second line."""
    spans = [IntSet.span(at * 9, at * 9 + 9) for at in range(segments.LONG)]  # the next shares one address
    asking: list[tuple[Guarded, Guard]] = [
        (Guarded(In("src", some), Jump("a")), In("src", some)) for some in spans
    ]
    assert list(cut(asking)) == asking
    apart: list[tuple[Guarded, Guard]] = [
        (Guarded(In("src", IntSet.of(at)), Jump("a")), In("src", IntSet.of(at))) for at in range(200)
    ]
    (whole,) = cut(apart)
    assert isinstance(whole, Segment)
    assert [values for _, values in whole.parts] == [IntSet.span(0, 199)]


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_packets_do_what_their_sets_do(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "LONG", 1)
    found, compared = disagreements(random_world(seed), seed, 100)
    assert compared >= 500
    assert not found, found[0]
