"""``replace`` of values with slots: that of dataclasses, but for its speed."""

from __future__ import annotations

import dataclasses

import pytest

from sekisho.semantics.program import ALWAYS, AnyOf
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import State
from sekisho.values.slotted import replace


def test_it_does_what_that_of_dataclasses_does() -> None:
    state = at_start(Space(4), iif="eth0")
    for changes in ({}, {"mark": 7}, {"iif": None, "oif": "eth1", "first": state.ends}):
        mine, theirs = replace(state, **changes), dataclasses.replace(state, **changes)
        assert mine == theirs
        assert type(mine) is State
    assert state.iif == "eth0"


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(TypeError, match="no field oiff"):
        replace(at_start(Space(4)), oiff="eth0")  # type: ignore[call-arg]


def test_a_value_of_one_field() -> None:
    guard = AnyOf((ALWAYS,))
    assert replace(guard, guards=()) == AnyOf(())
