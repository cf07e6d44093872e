"""What lines do to control: their acts, and which chains lead where."""

from __future__ import annotations

import pytest

from sekisho.semantics.control import (
    ANYTHING,
    LEAVING,
    PASSING,
    callees_first,
    calls_in,
    calls_of,
    does,
    leading_to,
    may_lead_back,
    reached,
)
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    ALWAYS,
    Accept,
    Action,
    ChainCode,
    Continue,
    Drop,
    FirstOf,
    Goto,
    Guarded,
    Jump,
    NotUnderstood,
    Return,
    Series,
    SetBits,
)


def _line(action: Action) -> Guarded:
    return Guarded(ALWAYS, action)


def _chain(name: str, *actions: Action) -> ChainCode:
    return ChainCode(name, tuple(map(_line, actions)))


MARK = SetBits("mark", 1, 1)
CHAINS = {
    "a": _chain("a", FirstOf((_line(Jump("b")), _line(Series((_line(MARK), _line(Goto("c"))))))), Jump("b")),
    "b": _chain("b", Jump("d"), Accept()),
    "c": _chain("c", MARK, Goto("d")),
    "d": _chain("d", Drop()),
    "apart": _chain("apart", Jump("d")),
}


def test_every_action_is_of_one_kind() -> None:
    kinds = [*PASSING, *LEAVING, *ANYTHING, Jump, Goto]
    assert len(kinds) == len(set(kinds))
    assert set(kinds) == set(Action.__args__)


def test_calls_in_maps_and_series_count() -> None:
    assert calls_of(CHAINS["a"]) == ("b", "c")
    assert set(reached(["a"], calls_in(CHAINS))) == {"a", "b", "c", "d"}
    assert leading_to((SetBits,), CHAINS) == {"a", "c"}
    assert does(CHAINS["a"], (SetBits,))
    assert not does(CHAINS["b"], (SetBits,))


def test_callees_come_first_and_circles_end() -> None:
    order = callees_first(["a"], calls_in(CHAINS))
    assert sorted(order) == ["a", "b", "c", "d"]
    assert all(order.index(callee) < order.index(name) for name in order for callee in calls_of(CHAINS[name]))
    round_about = {"x": ("y",), "y": ("x", "z"), "z": ()}
    assert sorted(callees_first(["x"], round_about)) == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("action", "back"),
    [
        (FirstOf((_line(Accept()), _line(Return()))), True),
        (FirstOf((_line(Accept()), _line(Jump("d")))), False),
        (Series((_line(MARK), _line(Goto("d")))), True),
        (Series((_line(MARK), _line(Continue()))), False),
        (NotUnderstood(Doubt("rate-limit")), True),
    ],
)
def test_what_may_end_a_chain_and_not_its_caller(action: Action, back: bool) -> None:
    assert may_lead_back(action) is back
