"""A packet that stands for many, as ``sekisho trace`` is asked about it."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.answers.stated import Stated, words_of
from sekisho.answers.trace import Question


@dataclass(frozen=True, slots=True)
class Witness:
    """One packet to replay: what ``sekisho trace`` is given. ``values``: all its fields; ``stated`` those
    that must be said, because they decide or are no usual ones."""

    source: str
    target: str
    proto: str
    sport: int | None = None
    iface: str | None = None
    values: tuple[tuple[str, int], ...] = ()
    stated: Stated = ()

    @property
    def question(self) -> Question:
        """What ``trace`` is asked about it."""
        return Question(
            self.source, self.target, self.proto, self.sport, None, self.iface, stated=self.stated
        )

    def words(self) -> list[str]:
        """The arguments of ``sekisho trace SNAPSHOT``."""
        words = [self.source, self.target, "--proto", self.proto]
        if self.sport is not None:
            words += ["--sport", str(self.sport)]
        if self.iface is not None:
            words += ["--in", self.iface]
        return words + words_of(self.stated)
