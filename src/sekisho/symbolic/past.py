"""What may be left of packets behind some lines of a chain, whatever of them lines certainly take.

Packets are those of a set, or one packet, there or not; called chains are walked once for the same packets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from sekisho.semantics.control import ANYTHING, PASSING, may_lead_back
from sekisho.semantics.program import ChainCode, Goto, Guarded, Jump, Return
from sekisho.symbolic.bits import Set
from sekisho.symbolic.reading import Cond
from sekisho.values.unwound import Call, unwound

# What is left after some lines, and what may have returned to the caller.
Left: TypeAlias = tuple[Set, Set]


@dataclass(slots=True)
class Looking:
    """Looks at a table's chains. ``lines`` are the places of those that any of the packets may fit, ``hold``
    tells what a line takes, ``inside`` looks at what the line at a place calls a chain for, ``takes`` is told
    of lines that certainly take something; ``known`` is what whole chains leave."""

    chains: Mapping[str, ChainCode]
    nothing: Set
    lines: Callable[[ChainCode, int | None], Iterable[int]]
    hold: Callable[[Guarded], Cond]
    inside: Callable[[ChainCode, int], Looking] | None = None
    takes: Callable[[ChainCode, Guarded], None] | None = None
    known: dict[tuple[str, Set], Left] = field(default_factory=dict)

    def past(self, chain: ChainCode, some: Set, before: int | None) -> Left:
        """The packets that are not certainly gone after the lines ``before`` a place (all of them), and those
        that may have returned to the caller."""
        return unwound(self._past(chain, some, before))

    def _past(self, chain: ChainCode, some: Set, before: int | None) -> Call[Left]:
        asked = (chain.name, some)
        if before is None and asked in self.known:
            return self.known[asked]
        back = self.nothing
        for place in self.lines(chain, before):
            if not some.satisfiable():
                break
            line = chain.lines[place]
            action, kind = line.action, type(line.action)
            if kind in PASSING:
                continue
            held = self.hold(line)
            taken = some & held.maybe
            if not taken.satisfiable():
                continue
            if kind in ANYTHING:  # whatever it does to some of them, all may go on
                back |= taken if may_lead_back(action) else self.nothing
                continue
            left = some & ~held.yes
            if isinstance(action, Jump | Goto):
                looking = self if self.inside is None else self.inside(chain, place)
                passed, returned = yield looking._past(self.chains[action.chain], taken, None)
                if kind is Jump:
                    left |= passed | returned
                else:
                    back |= passed | returned
            else:
                back |= taken if kind is Return else self.nothing
                if left != some and self.takes is not None:
                    self.takes(chain, line)
            some = left
        if before is None:
            self.known[asked] = (some, back)
        return some, back
