"""One world answers many questions one after the other, none of which knows of another."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.errors import UsageError
from sekisho.semantics.journey import Journey
from sekisho.semantics.world import World
from sekisho.sources.load import load
from tests.symbolic.worlds import ADDRESSES, random_world

PORTS = (22, 53, 80, 443, 3306, 8080)


def _questions(seed: int) -> list[Question]:
    """Callers whom the snapshot knows and such as it does not; each makes a packet of its own."""
    draw = Random(seed)
    return [
        Question(
            draw.choice(("internet", "host", *ADDRESSES)), draw.choice(ADDRESSES),
            draw.choice(("tcp", "udp")), draw.choice((None, 40000)), draw.choice(PORTS),
            state=draw.choice(("new", "new", "established")),
        )
        for _ in range(40)
    ]  # fmt: skip


def _told(world: World, question: Question) -> Journey | str:
    try:
        return trace(world, question)
    except UsageError as error:
        return str(error)


@pytest.mark.parametrize("seed", range(4))
def test_what_was_asked_before_changes_no_answer(seed: int) -> None:
    world, questions = random_world(seed), _questions(seed)
    together = [_told(world, question) for question in questions]
    assert sum(isinstance(told, Journey) for told in together) > 10
    for question, told in zip(questions, together, strict=True):
        assert _told(World(world.site.snapshot), question) == told, question


def test_callers_whom_nobody_knows_are_forgotten() -> None:
    """Each is on the bridge for its own question only, with its own address."""
    world = World(load(str(Path(__file__).parents[2] / "examples" / "host-10.1.0.81")))
    for last in range(100, 200):
        found = trace(world, Question(f"172.18.0.{last}", "8.8.8.8:443"))
        assert found.reply is not None
        assert (found.reply.disposition, found.reply.where) == ("delivered", f"172.18.0.{last}")
