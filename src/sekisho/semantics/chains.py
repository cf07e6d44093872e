"""The walk of one packet through chains: first match decides, jumps come back.

Undecided guards: the walk takes its ``choices`` in order ("does it hold?"), and says No where they end.
Whoever asks runs it again with other choices to see whether they matter (see ``choices``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    Action,
    ChainCode,
    Continue,
    CopyMark,
    Goto,
    Guarded,
    Jump,
    Return,
    SetBits,
    SetZone,
    Untrack,
)
from sekisho.semantics.traveller import Traveller, doubts, holds

# More nested jumps than iptables allows (a loop is refused when rules are loaded).
MAX_DEPTH = 128


@dataclass(slots=True)
class Choices:
    """A script for undecided questions. ``taken`` records each with the number of answers it has."""

    script: tuple[int, ...] = ()
    taken: list[tuple[tuple[Doubt, ...], int, int]] = field(default_factory=list)

    def choose(self, reasons: tuple[Doubt, ...], answers: int) -> int:
        """Which of ``answers`` to follow for a question nobody can decide."""
        at = len(self.taken)
        answer = self.script[at] if at < len(self.script) else 0
        self.taken.append((reasons, answer, answers))
        return answer


@dataclass(frozen=True, slots=True)
class Passed:
    """One line that fitted (or the end of a chain, ``line`` None), in the chain it stands in."""

    chain: ChainCode
    line: Guarded | None
    action: Action | None


# What acts on the packet and lets the chain go on.
_PASSING = (Continue, SetBits, CopyMark, Untrack, SetZone)


def run(
    base: ChainCode,
    chains: dict[str, ChainCode],
    packet: Traveller,
    choices: Choices,
    effect: Callable[[Action, Traveller], None],
) -> Iterator[Passed]:
    """Walk a base chain; the last ``Passed`` holds the action that decided (never a jump or return).

    ``effect`` is told of every action that changes the packet and goes on (marks, untrack).
    """
    stack: list[tuple[ChainCode, int]] = []
    chain, at = base, 0
    while True:
        if at >= len(chain.lines):
            if chain is not base:
                yield Passed(chain, None, None)
            if not stack:
                yield Passed(base, None, base.policy)
                return
            chain, at = stack.pop()
            continue
        line = chain.lines[at]
        at += 1
        held = holds(line.guard, packet)
        if held is False:
            continue
        action = line.action
        if held is None and (type(action) is Continue or not choices.choose(doubts(line.guard, packet), 2)):
            continue
        yield Passed(chain, line, action)
        kind = type(action)
        if kind in _PASSING:
            effect(action, packet)
        elif isinstance(action, Jump | Goto):
            if isinstance(action, Jump):
                stack.append((chain, at))
            if len(stack) > MAX_DEPTH:
                raise RecursionError(chain.name)
            chain, at = chains[action.chain], 0
        elif kind is Return:
            if not stack:
                yield Passed(base, None, base.policy)
                return
            chain, at = stack.pop()
        else:
            return


def set_bits(action: Action, packet: Traveller) -> None:
    """Carry out the actions that change marks and the like."""
    if isinstance(action, SetBits):
        before = getattr(packet, action.field)
        setattr(packet, action.field, (before & ~action.mask) ^ action.value)
    elif isinstance(action, CopyMark):
        taken = getattr(packet, action.source) & action.source_mask
        before = getattr(packet, action.target)
        setattr(packet, action.target, (before & ~action.target_mask) ^ taken)
