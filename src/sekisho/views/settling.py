"""The commands that would settle an answer, as lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sekisho.answers.settling import settling
from sekisho.explain.lines import captured, lines_text
from sekisho.explain.words import say
from sekisho.semantics.journey import Doubt, Lean
from sekisho.values.address import Family


def settle_text(doubts: Iterable[Doubt], leans: Iterable[Lean], family: Family, lang: str) -> str:
    """A heading and one command a line; "" where no command settles anything."""
    return commands_text(settling(doubts, leans, family), lang)


def commands_text(commands: Sequence[str], lang: str) -> str:
    """The same of commands that are known."""
    if not commands:
        return ""
    return lines_text((say("settle.by", (), lang), *(f"  {captured(command)}" for command in commands)))
