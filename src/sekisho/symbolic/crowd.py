"""All packets of very many captured namespaces and their replies: namespaces that are alike share the walk.

Each namespace sends and takes its packets by its own rules (``homes``). Between them, the source that routing
chose is written as the question's own source field, which is free, and each namespace's packets are those
whose source is its address; so the packets of all are one set. When their way is over, each namespace's
packets have its number again, and the field is free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.bits import ONE, ZERO, Bits, Ends, Set
from sekisho.symbolic.homes import Climb
from sekisho.symbolic.journeys import Flows, Source, answered, journeys, set_out
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import State
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
    if not all(map(walk.alike, walk.world.sites)):
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
    state = _written(state, lambda bits: free if bits is number else bits)
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
        number = partial(_numbered, space, free, sender.number)
        back = None if flow.back is None else _written(flow.back, number)
        state = _written(flow.state, number)
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


def _numbered(space: Space, free: Bits, number: Bits, bits: Bits) -> Bits:
    """A field with the bits of the free one, wherever they are (NETMAP moves them), as the number's."""
    if bits is free:
        return number
    mine = {code >> 1: fixed for code, fixed in zip(free.codes, number.codes, strict=True)}
    if bits.value is not None or not any(code >= 0 and code >> 1 in mine for code in bits.codes):
        return bits
    return space.bits(tuple(_bit(code, mine) for code in bits.codes))


def _bit(code: int, fixed: Mapping[int, int]) -> int:
    known = fixed.get(code >> 1) if code >= 0 else None
    if known is None:
        return code
    return known if not code & 1 else ZERO if known == ONE else ONE


def _written(state: State, other: Callable[[Bits], Bits]) -> State:
    """The state with the addresses of the packets written in other terms."""
    first = None if state.first is None else _ends(state.first, other)
    hop = state.next_hop
    if isinstance(hop, Bits) and (told := other(hop)) is not hop:
        hop = told if told.value is None else Address(4 if told.width == 32 else 6, told.value)
    return replace(state, ends=_ends(state.ends, other), first=first, next_hop=hop)


def _ends(ends: Ends, other: Callable[[Bits], Bits]) -> Ends:
    return replace(ends, src=other(ends.src), dst=other(ends.dst))
