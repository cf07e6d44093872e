"""The steps that are told of one packet at a station: see ``domain``."""

from __future__ import annotations

from typing import TypeAlias

from sekisho.semantics.control import Passed
from sekisho.semantics.journey import Step
from sekisho.semantics.program import (
    Accept,
    Action,
    CopyMark,
    Drop,
    Goto,
    Jump,
    NotUnderstood,
    Reject,
    Return,
    SetBits,
    Station,
    Translate,
)
from sekisho.symbolic.bits import Ends
from sekisho.symbolic.domain import Domain
from sekisho.symbolic.echoes import ANSWERS
from sekisho.symbolic.effects import asks_connection
from sekisho.symbolic.state import State
from sekisho.symbolic.unstated import usual
from sekisho.values.address import format_ip

# A field, its value before and after, as text.
Change: TypeAlias = tuple[str, str, str]

_VERDICTS: dict[type, str] = {
    Accept: "ACCEPT", Translate: "ACCEPT", Drop: "DROP", Reject: "REJECT", Jump: "JUMP", Goto: "GOTO",
    Return: "RETURN", NotUnderstood: "UNKNOWN",
}  # fmt: skip


def step_of(
    station: Station, passed: Passed, decided: Action | None, changes: tuple[Change, ...] = ()
) -> Step:
    """A line that fitted, or the end of a chain."""
    line = passed.line
    verdict = _VERDICTS.get(decided.__class__, "CONTINUE")
    if line is None and passed.action is None:
        verdict = "RETURN"
    target = line.target if line else ""
    if isinstance(decided, Jump | Goto):
        target = decided.chain
    code, args = ("chain-again", (str(passed.again),)) if passed.again else ("", ())
    return Step(
        station.hook, verdict, station.table, passed.chain.name, line.number if line else None,
        line.text if line else "", target, changes, "rule-part" if passed.more else code, args,
        line.evidence if line else passed.chain.evidence, station.backend,
    )  # fmt: skip


def told_bits(decided: Action | None, state: State) -> tuple[Change, ...]:
    """What a line makes of a mark, or of another number."""
    if not isinstance(decided, SetBits | CopyMark) or (asks_connection(decided) and state.ctdir is None):
        return ()  # there is no connection whose mark it could be
    name = decided.field if isinstance(decided, SetBits) else decided.target
    old = getattr(state, name)
    if name == "ttl":
        old = usual(old) - state.spent
    new = decided.of(old) if isinstance(decided, SetBits) else decided.of(getattr(state, decided.source), old)
    return ((name, f"{old:#x}", f"{new:#x}"),)


def told_changes(domain: Domain, before: State, after: Ends, side: str) -> tuple[Change, ...]:
    """What becomes different of one side of a packet."""
    if not domain.tells:
        return ()
    found: list[Change] = []
    old, new = getattr(before.ends, side), getattr(after, side)
    if old != new:
        family = domain.family
        found.append((side, format_ip(family, usual(old)), format_ip(family, usual(new))))
    port = "sport" if side == "src" else "dport"
    old, new = domain.number(getattr(before.ends, port)), domain.number(getattr(after, port))
    if domain.number(before.proto) not in ANSWERS and old != new:
        found.append((port, str(old), str(new)))
    return tuple(found)
