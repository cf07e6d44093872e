"""All packets of very many captured namespaces and their replies: namespaces that are alike share the walk.

Each namespace sends and takes its packets by its own rules (``homes``). Between them, the source that routing
chose is written as the question's own source field, which is free, and each namespace's packets are those
whose source is its address; so the packets of all are one set. When their way is over, each namespace's
packets have its number again, and the field is free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sekisho.symbolic.bits import Bits, Ends, Set
from sekisho.symbolic.homes import Climb
from sekisho.symbolic.journeys import Flows, Source, answered, journeys, set_out
from sekisho.symbolic.state import State
from sekisho.symbolic.walk import SymbolicWalk
from sekisho.values.address import Address
from sekisho.values.intset import IntSet
from sekisho.values.slotted import replace


@dataclass(frozen=True, slots=True)
class _Sender:
    """One source's packets as they leave it; ``number``: its address where the field stands for it."""

    source: Source
    climb: Climb
    number: Bits | None


def journeys_of_crowd(walk: SymbolicWalk, starts: Sequence[tuple[Source, Set]]) -> list[list[Flows]]:
    """``journeys`` of processes of several namespaces, where routing chooses their sources."""
    if not walk.alike:
        return [journeys(walk, source, some) for source, some in starts]
    found: dict[Source, list[Flows]] = {}
    senders: list[_Sender] = []
    for source, some in starts:
        legs, climbs = walk.homes.gathered(source.node, partial(set_out, walk, source, some))
        found[source] = list(answered(walk, source, legs))
        senders += (_sender(walk, source, climb) for climb in climbs)
    by_climb = {id(sender.climb): sender for sender in senders}
    for climbs in walk.homes.groups([sender.climb for sender in senders]):
        with walk.homes.away(climbs):
            here = [by_climb[id(climb)] for climb in climbs]
            shared = list(answered(walk, here[0].source, walk.from_namespaces(climbs)))
            for flow in shared:
                for sender, mine in _told_apart(walk, here, flow):
                    found[sender.source].append(mine)
    return [found[source] for source, _ in starts]


def _sender(walk: SymbolicWalk, source: Source, climb: Climb) -> _Sender:
    state, space = climb.state, walk.space
    number = state.ends.src
    if number.value is None or state.first is None or state.first.src is not number:
        return _Sender(source, climb, None)
    free = space.field["src"]
    state = _written(state, number, free)
    some = climb.some & space.member(free, IntSet.of(number.value))
    return _Sender(source, replace(climb, state=state, some=some), number)


def _told_apart(
    walk: SymbolicWalk, senders: Sequence[_Sender], flow: Flows
) -> Iterator[tuple[_Sender, Flows]]:
    """The packets of one way by who sent them."""
    space = walk.space
    free = space.field["src"]
    for sender in _among(walk, senders, flow.some):
        some = flow.some & sender.climb.some
        if not some.satisfiable():
            continue
        if sender.number is None:
            yield sender, replace(flow, source=sender.source, some=some)
            continue
        back = None if flow.back is None else _written(flow.back, free, sender.number)
        state = _written(flow.state, free, sender.number)
        yield (
            sender,
            replace(flow, source=sender.source, some=space.without(some, ("src",)), state=state, back=back),
        )


def _among(walk: SymbolicWalk, senders: Sequence[_Sender], some: Set) -> Iterator[_Sender]:
    """Those who may have sent some of the packets."""
    values = walk.space.values(some, walk.space.field["src"])
    for each in senders:
        if each.number is None or each.number.value is None or each.number.value in values:
            yield each


def _written(state: State, before: Bits, after: Bits) -> State:
    """The state with an address of the packets written in other terms."""
    first = None if state.first is None else _ends(state.first, before, after)
    hop = state.next_hop
    if hop is before:
        hop = after if after.value is None else Address(4 if after.width == 32 else 6, after.value)
    return replace(state, ends=_ends(state.ends, before, after), first=first, next_hop=hop)


def _ends(ends: Ends, before: Bits, after: Bits) -> Ends:
    src, dst = (after if bits is before else bits for bits in (ends.src, ends.dst))
    return replace(ends, src=src, dst=dst)
