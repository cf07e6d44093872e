"""How packets of a walk end, in a form in which two walks can be compared."""

from __future__ import annotations

from sekisho.symbolic.bits import Ends, Set
from sekisho.symbolic.journeys import Flows
from sekisho.symbolic.space import Space

# More than any test has of anything: nothing is shared.
APART = 1 << 30
# Numbers with so many free bits are compared bit by bit.
_FEW_BITS = 10


def ends_of(space: Space, flows: list[Flows]) -> dict[object, tuple[Set, Set]]:
    """The packets by how they and their answers end: for certain, and for some answers to open questions."""
    by_end: dict[object, Set] = {}
    for flow in flows:
        state, fate, some = flow.state, flow.forward, flow.some
        gone = (state.oif, state.next_hop) if fate.disposition in ("delivered", "exits") else None
        reply: object = None
        if flow.reply is not None and flow.back is not None:
            some, ends = _told(space, some, flow.back.ends)
            reply = flow.reply.key, ends
        end = (fate.key, state.ends, flow.sent, gone, state.mark, reply)
        by_end[end] = by_end.get(end, space.nothing) | some
    return {end: (space.certainly(some), space.perhaps(some)) for end, some in by_end.items()}


def _told(space: Space, some: Set, ends: Ends) -> tuple[Set, tuple[object, ...]]:
    """Where an answer comes from and goes: what is one of few numbers is told by the set, however it was come
    by; what is any number, by its bits."""
    names: list[object] = []
    for name, bits in (("src", ends.src), ("dst", ends.dst), ("sport", ends.sport), ("dport", ends.dport)):
        few = sum(code >= 0 for code in bits.codes) <= _FEW_BITS
        names.append(None if few else bits)
        if few:
            some = space.equal(some, space.extra(f"answer's {name}", bits.width), bits)
    return some, tuple(names)
