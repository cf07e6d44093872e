"""Questions that nobody can decide from a snapshot, and how each is answered in one run of a walk.

Whoever asks runs the walk once for every way of answering the questions met (``explored``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from sekisho.semantics.journey import Doubt, Lean
from sekisho.values.slotted import value


class Several(Protocol):
    """The questions of one chain, which were followed together: what is chosen is where they lead to."""

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Why each of them is open."""

    def deciding(self, ends: Mapping[int, int]) -> Iterator[Doubt]:
        """Those on which the end depends. ``ends``: what each choice may end in, as bits."""


@value
class Asked:
    """A question with the answer that was taken, out of ``answers``; ``several`` of them as one."""

    doubts: tuple[Doubt, ...]
    answer: int
    answers: int
    several: Several | None = None


@dataclass(slots=True)
class Choices:
    """A script for undecided questions. ``taken`` records each in its order, ``passed_over`` those on which
    nothing but a log line or the like depends, ``leans`` what lines that were passed took for granted."""

    script: tuple[int, ...] = ()
    passed_over: list[Doubt] = field(default_factory=list)
    taken: list[Asked] = field(default_factory=list)
    leans: dict[Lean, None] = field(default_factory=dict)

    def choose(self, doubts: tuple[Doubt, ...], answers: int, several: Several | None = None) -> int:
        """Which of ``answers`` to follow for a question nobody can decide."""
        at = len(self.taken)
        answer = self.script[at] if at < len(self.script) else 0
        self.taken.append(Asked(doubts, answer, answers, several))
        return answer

    @property
    def answers(self) -> tuple[int, ...]:
        """The answers in their order."""
        return tuple(asked.answer for asked in self.taken)


Told = TypeVar("Told")


def explored(ask: Callable[[Choices], Told], most: int) -> tuple[list[tuple[Choices, Told]], bool]:
    """Ask once for every way of answering the questions met, and whether some ways were left over."""
    runs: list[tuple[Choices, Told]] = []
    pending: list[tuple[int, ...]] = [()]
    while pending and len(runs) < most:
        choices = Choices(pending.pop())
        runs.append((choices, ask(choices)))
        # Every question met beyond the script was answered with 0: queue its other answers.
        answers = choices.answers
        for at in range(len(choices.script), len(choices.taken)):
            for other in range(1, choices.taken[at].answers):
                pending.append((*answers[:at], other))
    return runs, bool(pending)


@dataclass(slots=True)
class _Fork:
    """Where runs part: what they may end in (as bits) by the answer to their next question."""

    ends: int = 0
    by_answer: dict[int, _Fork] = field(default_factory=dict)


def reasons(runs: list[tuple[Choices, object]]) -> tuple[list[Doubt], list[Doubt]]:
    """The questions on whose answers the end of a run depends (flipping one alone changes what the others may
    still lead to), and all questions; in the order in which the runs meet them."""
    root = _Fork()
    known: dict[object, int] = {}
    for choices, end in runs:
        bit = known.setdefault(end, 1 << len(known))
        fork = root
        fork.ends |= bit
        for answer in choices.answers:
            fork = fork.by_answer.setdefault(answer, _Fork())
            fork.ends |= bit
    found: dict[Doubt, None] = {}
    every: dict[Doubt, None] = {}
    seen: set[int] = set()
    for choices, _ in runs:
        fork = root
        for asked in choices.taken:
            if id(fork) not in seen:
                seen.add(id(fork))
                every.update(dict.fromkeys(asked.doubts))
                ends = {answer: after.ends for answer, after in fork.by_answer.items()}
                if asked.several is not None:
                    found.update(dict.fromkeys(asked.several.deciding(ends)))
                elif len(set(ends.values())) > 1:
                    found.update(dict.fromkeys(asked.doubts))
            fork = fork.by_answer[asked.answer]
    return list(found), list(every)
