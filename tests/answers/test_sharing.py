"""What shares a walk changes no answer: words of whole answers, with the sharing and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sekisho.answers.exposed import exposed
from sekisho.answers.reach import Question, reach
from sekisho.semantics.world import World
from sekisho.symbolic import sharing
from tests.symbolic.ends import APART
from tests.symbolic.worlds import random_crowd, random_world


def _words(world: World) -> list[object]:
    """Who can call what and why not; witnesses are one packet of many."""
    found: list[object] = [
        (port.place, port.address, port.port, each.caller, each.status, sorted(each.via), sorted(each.sees),
         sorted((reason.disposition, reason.place) for reason in each.refused_by))
        for port in exposed(world).ports
        for each in port.access
    ]  # fmt: skip
    rows = reach(world, Question()).rows
    found += sorted((source, row.target, row.status) for row in rows for source in row.sources)
    return found


@pytest.mark.parametrize("make", [random_world, random_crowd])
@pytest.mark.parametrize("first", range(0, 8, 4))
def test_random_hosts(first: int, make: Callable[[int], World], monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(first, first + 4):
        monkeypatch.setattr(sharing, "MANY", APART)
        apart = _words(make(seed))
        monkeypatch.setattr(sharing, "MANY", 1)
        assert _words(make(seed)) == apart, seed
