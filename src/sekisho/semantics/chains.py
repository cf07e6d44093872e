"""The walk of one packet through chains: first match decides, jumps come back.

Undecided guards: the walk takes its ``choices`` in order ("does it hold?"), and says No where they end.
Whoever asks runs it again with other choices to see whether they matter (see ``choices``).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    Action,
    ChainCode,
    Continue,
    CopyMark,
    FirstOf,
    Goto,
    Guarded,
    Jump,
    Return,
    Series,
    SetBits,
    SetZone,
    Untrack,
)
from sekisho.semantics.traveller import Traveller, doubts, holds

# More nested jumps than iptables allows (a loop is refused when rules are loaded).
MAX_DEPTH = 128


@dataclass(slots=True)
class Choices:
    """A script for undecided questions. ``taken`` records each with the number of answers it has,
    ``passed_over`` those on which nothing but a log line or the like depends."""

    script: tuple[int, ...] = ()
    passed_over: list[Doubt] = field(default_factory=list)
    taken: list[tuple[tuple[Doubt, ...], int, int]] = field(default_factory=list)

    def choose(self, reasons: tuple[Doubt, ...], answers: int) -> int:
        """Which of ``answers`` to follow for a question nobody can decide."""
        at = len(self.taken)
        answer = self.script[at] if at < len(self.script) else 0
        self.taken.append((reasons, answer, answers))
        return answer


Told = TypeVar("Told")


def explored(ask: Callable[[Choices], Told], most: int) -> tuple[list[tuple[Choices, Told]], bool]:
    """Ask once for every way of answering the questions met, and whether some ways were left over."""
    runs: list[tuple[Choices, Told]] = []
    pending: list[tuple[int, ...]] = [()]
    while pending and len(runs) < most:
        choices = Choices(pending.pop())
        runs.append((choices, ask(choices)))
        # Every question met beyond the script was answered with 0: queue its other answers.
        answers = tuple(answer for _, answer, _ in choices.taken)
        for at in range(len(choices.script), len(choices.taken)):
            for other in range(1, choices.taken[at][2]):
                pending.append((*answers[:at], other))
    return runs, bool(pending)


@dataclass(frozen=True, slots=True)
class Passed:
    """One line that fitted (or the end of a chain, ``line`` None), in the chain it stands in.

    ``more``: the line has acted and is not done yet.
    """

    chain: ChainCode
    line: Guarded | None
    action: Action | None
    more: bool = False


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
        if not _fits(line, packet, choices):
            continue
        action: Action | None = line.action
        kind = type(action)
        if kind is FirstOf or kind is Series:
            action, kind = None, type(None)
            for action, more in _acts(line.action, packet, choices):
                yield Passed(chain, line, action, more)
                kind = type(action)
                if kind not in _PASSING:
                    break
                effect(action, packet)
            if action is None or kind in _PASSING:
                continue
        else:
            yield Passed(chain, line, action)
            if kind in _PASSING:
                effect(line.action, packet)
                continue
        if isinstance(action, Jump | Goto):
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


def _fits(line: Guarded, packet: Traveller, choices: Choices) -> bool:
    """Whether the line's guard holds; where nobody can say, what the choices answer."""
    held = holds(line.guard, packet)
    if held is None:
        reasons = doubts(line.guard, packet)
        if type(line.action) is Continue:
            choices.passed_over += reasons
            return False
        return bool(choices.choose(reasons, 2))
    return held


def _acts(action: Action, packet: Traveller, choices: Choices) -> Generator[tuple[Action, bool], None, bool]:
    """The single acts of a line's action, each with whether more may follow; whether it came to its end.

    Guards are asked as late as can be: who takes an act carries it out before asking for the next.
    """
    match action:
        case FirstOf(lines):
            for line in lines:
                if _fits(line, packet, choices):
                    return (yield from _acts(line.action, packet, choices))
            return False
        case Series(lines):
            for number, line in enumerate(lines, 1):
                if not _fits(line, packet, choices):
                    return False
                inner = _acts(line.action, packet, choices)
                if number < len(lines):
                    inner = _with_more(inner)
                if not (yield from inner):
                    return False
            return True
        case _:
            yield action, False
            return True


def _with_more(
    acts: Generator[tuple[Action, bool], None, bool],
) -> Generator[tuple[Action, bool], None, bool]:
    """The same acts, none of them the rule's last but what ends it (a verdict, a jump)."""
    while True:
        try:
            act, _ = next(acts)
        except StopIteration as done:
            return bool(done.value)
        yield act, type(act) in _PASSING


def asks_connection(action: Action) -> bool:
    """Whether the action reads or writes the connection's mark: without one it does nothing
    (net/netfilter/xt_connmark.c)."""
    if isinstance(action, CopyMark):
        return "ctmark" in (action.source, action.target)
    return isinstance(action, SetBits) and action.field == "ctmark"


def set_bits(action: Action, packet: Traveller) -> None:
    """Carry out the actions that change marks and the like."""
    if asks_connection(action) and packet.ctdir is None:
        return
    if isinstance(action, SetBits):
        setattr(packet, action.field, action.of(getattr(packet, action.field)))
        if action.field == "ttl":  # set as a whole, whatever it was
            packet.unstated -= {"ttl"}
    elif isinstance(action, CopyMark):
        taken, before = getattr(packet, action.source), getattr(packet, action.target)
        setattr(packet, action.target, action.of(taken, before))
