"""How packets of a walk end, in a form in which two walks can be compared."""

from __future__ import annotations

from sekisho.symbolic.bits import Set
from sekisho.symbolic.journeys import Flows
from sekisho.symbolic.space import Space

# More than any test has of anything: nothing is shared.
APART = 1 << 30


def ends_of(space: Space, flows: list[Flows]) -> dict[object, tuple[Set, Set]]:
    """The packets by how they and their answers end: for certain, and for some answers to open questions."""
    by_end: dict[object, Set] = {}
    for flow in flows:
        state, fate = flow.state, flow.forward
        gone = (state.oif, state.next_hop) if fate.disposition in ("delivered", "exits") else None
        reply = None if flow.reply is None or flow.back is None else (flow.reply.key, flow.back.ends)
        end = (fate.key, state.ends, flow.sent, gone, state.mark, reply)
        by_end[end] = by_end.get(end, space.nothing) | flow.some
    return {end: (space.certainly(some), space.perhaps(some)) for end, some in by_end.items()}
