"""Sets of packets through chains: first match decides, jumps come back. The twin of ``semantics.chains``.

Each line takes from what is left the packets that fit. A guard that cannot be decided takes them on a
choice: a variable of the diagram that says how the question is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sekisho.semantics.chains import MAX_DEPTH, Passed
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    Action,
    All,
    AnyOf,
    ChainCode,
    Continue,
    CopyMark,
    Goto,
    Guard,
    Guarded,
    Jump,
    Not,
    Return,
    ReversePath,
    SetBits,
    SetZone,
    Unsure,
    Untrack,
)
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.space import ONE, ZERO, Bits, Set, Space
from sekisho.symbolic.state import Front, State, add

# The packets of one state that a decision took.
Decided = tuple[Passed, State, Set]
# Told of every line that packets fit: where, and which.
Watcher = Callable[[ChainCode, Guarded, State, Set], None]


class Flow:
    """Runs chains in one space. ``watch`` is told of every line that takes packets."""

    def __init__(self, guards: Guards) -> None:
        self.guards = guards
        self.space = guards.space
        self.watch: Watcher | None = None

    def run(
        self,
        base: ChainCode,
        chains: Mapping[str, ChainCode],
        front: Front,
        key: object,
        asked: list[Set] | None = None,
    ) -> list[Decided]:
        """Walk a base chain. Every packet ends in one of the results, its action never a jump or return.

        ``key`` tells this passage from others of the same packets, so that open questions are asked anew.
        With ``asked``, packets for which a guard cannot be decided are noted there and taken not to fit.
        """
        results: list[Decided] = []
        left = self._chain(base, chains, front, key, results, asked, 0)
        results += ((Passed(base, None, base.policy), state, some) for state, some in left.items())
        return results

    def _chain(
        self,
        chain: ChainCode,
        chains: Mapping[str, ChainCode],
        front: Front,
        key: object,
        results: list[Decided],
        asked: list[Set] | None,
        depth: int,
    ) -> Front:
        """Walk one chain; what comes back at its end or by RETURN."""
        if depth > MAX_DEPTH:
            raise RecursionError(chain.name)
        live, back = dict(front), Front()
        for line in chain.lines:
            if not live:
                break
            changed: list[tuple[State, Set]] = []
            for state, rest in list(live.items()):
                fit = self._fitting(line, state, rest, key, asked)
                if fit is None:
                    continue
                if self.watch is not None:
                    self.watch(chain, line, state, fit)
                action = line.action
                kind = type(action)
                if kind is Continue:
                    continue
                left = rest & ~fit
                if left.satisfiable():
                    live[state] = left
                else:
                    del live[state]
                if kind is Jump or kind is Goto:
                    assert isinstance(action, Jump | Goto)
                    inner = self._chain(
                        chains[action.chain], chains, {state: fit}, (key, id(line)), results, asked, depth + 1
                    )
                    if kind is Jump:
                        changed += inner.items()
                    else:
                        for each, some in inner.items():
                            add(back, each, some)
                elif kind is Return:
                    add(back, state, fit)
                elif isinstance(action, SetBits | CopyMark | Untrack | SetZone):
                    changed.append((effect(action, state, self.space), fit))
                else:
                    results.append((Passed(chain, line, action), state, fit))
            for state, some in changed:
                add(live, state, some)
        for state, some in live.items():
            add(back, state, some)
        return back

    def _fitting(
        self, line: Guarded, state: State, rest: Set, key: object, asked: list[Set] | None
    ) -> Set | None:
        held = self.guards.holds(line.guard, state)
        fit = rest & held.yes
        if held.maybe is not held.yes and type(line.action) is not Continue:
            unclear = rest & held.maybe & ~held.yes
            if unclear.satisfiable():
                if asked is None:
                    fit |= unclear & self.space.choice((key, id(line)), open_questions(line.guard))
                else:
                    asked.append(unclear)
        return fit if fit.satisfiable() else None


def effect(action: Action, state: State, space: Space) -> State:
    """What an action that lets the chain go on makes of a state."""
    match action:
        case SetBits(field, mask, value):
            if field in ("mark", "ctmark"):
                number = (getattr(state, field) & ~mask) ^ value
                return _with_mark(state, field, number)
            if field == "ttl":
                return replace(state, ttl=space.constant(value, 8), spent=0)
            return replace(state, tos=_set_bits(space, state.tos, mask, value))
        case CopyMark(source, target, source_mask, target_mask):
            taken = getattr(state, source) & source_mask
            number = (getattr(state, target) & ~target_mask) ^ taken
            return _with_mark(state, target, number)
        case Untrack():
            return replace(state, untracked=True)
        case SetZone(zone, directions):
            if directions in ("both", "orig"):
                state = replace(state, zone=zone)
            if directions in ("both", "reply"):
                state = replace(state, zone_reply=zone)
            return state
        case _:
            raise TypeError(action)


def _with_mark(state: State, field: str, number: int) -> State:
    state = replace(state, mark=number) if field == "mark" else replace(state, ctmark=number)
    connection = state.connection
    if connection is None:
        return state
    return state.with_connection(replace(connection, mark=state.ctmark))


def _set_bits(space: Space, bits: Bits, mask: int, value: int) -> Bits:
    codes: list[int] = []
    for at, code in zip(range(bits.width - 1, -1, -1), bits.codes, strict=True):
        kept = ZERO if mask >> at & 1 else code
        if value >> at & 1:
            kept = {ZERO: ONE, ONE: ZERO}.get(kept, kept ^ 1)
        codes.append(kept)
    return space.bits(tuple(codes))


def open_questions(guard: Guard) -> tuple[Doubt, ...]:
    """Why a guard cannot be decided, for the packets of which it cannot."""
    match guard:
        case Unsure(doubt):
            return (doubt,)
        case All(parts) | AnyOf(parts):
            return tuple(doubt for part in parts for doubt in open_questions(part))
        case Not(inner):
            return open_questions(inner)
        case ReversePath():
            return (Doubt("reverse-path-undecided"),)
        case _:
            return ()
