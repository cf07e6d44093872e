"""What becomes of one packet before or after a change, and the lines that decide that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sekisho.semantics.journey import ARRIVED, Doubt, Journey, Lean, Step


@dataclass(frozen=True, slots=True)
class Side:
    """What becomes of the witness on one side: how it ends, and the lines that decide that; ``doubts``: why
    nobody can say, ``leans_on``: what that takes for granted."""

    disposition: str
    where: str
    lines: tuple[Step, ...]
    reply: str = ""
    doubts: tuple[Doubt, ...] = ()
    leans_on: tuple[Lean, ...] = ()


def side_of(found: Journey, why: Iterable[Doubt] = ()) -> Side:
    """The lines that decide a packet's end: what translates it, what lets it through or refuses it.
    ``why``: what nobody can say of packets like it."""
    leg = found.forward
    arrived = leg.disposition in ARRIVED
    reply = found.reply.disposition if found.reply is not None else ""
    if arrived and found.reply is not None and reply not in ARRIVED:
        leg = found.reply
    steps = [step for step in leg.steps if step.evidence is not None]
    telling = [step for step in steps if step.verdict not in ("JUMP", "GOTO", "RETURN", "CONTINUE")]
    telling = [step for step in telling if step.rule is not None or step is telling[-1]]
    lines = tuple(step for step in telling if step.table not in (None, "main", "local"))
    if leg.disposition not in ARRIVED:
        lines = tuple(steps[-1:])
    legs = [each for each in (found.forward, found.reply) if each is not None]
    doubts = dict.fromkeys(doubt for each in legs for doubt in each.doubts)
    doubts.update(dict.fromkeys(why))
    return Side(found.forward.disposition, found.forward.where, lines, reply, tuple(doubts), found.leans_on)
