"""The answers of whoever was reached; those of very many networks set out together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sekisho.semantics.journeys import KEEPS_TO_ITS_LINK
from sekisho.symbolic.all_packets import SymbolicWalk
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.homes import Climb
from sekisho.symbolic.neighbours import Ended, Origins
from sekisho.symbolic.sharing import many
from sekisho.symbolic.state import State
from sekisho.symbolic.together import apart
from sekisho.values.address import Address
from sekisho.values.intset import IntSet
from sekisho.values.packet import ACK, ICMPV6, SYN
from sekisho.values.slotted import replace


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is sent back to the packets of one end: ``some`` of them, in a state of their own."""

    to: Ended
    back: State
    some: Set


def replies(walk: SymbolicWalk, arrived: list[Ended]) -> list[list[Ended]]:
    """How the answers to packets end, for each of the ends that these came to."""
    answers = [list(_answers(walk, ended)) for ended in arrived]
    every = [each for those in answers for each in those]
    known = _together(walk, [each for each in every if each.to.fate.bridge])
    known |= _from_namespaces(walk, [each for each in every if _in_namespace(walk, each)])
    return [
        [back for each in those for back in (known.get(id(each)) or _set_out(walk, each))]
        for those in answers
    ]


def _answers(walk: SymbolicWalk, ended: Ended) -> Iterator[_Answer]:
    """The answers, with addresses exchanged; a SYN has another one than the rest."""
    state, space = ended.state, walk.space
    opening = walk.guards.tcp & space.member(state.tcp_flags, IntSet.of(SYN))
    for flags, some in ((SYN | ACK, ended.some & opening), (ACK, ended.some & ~opening)):
        if some.satisfiable():
            back = State(
                state.ends.mirrored(), state.icmp_type, state.icmp_code, state.icmp_id,
                space.constant(flags, 8), state.tos, state.length, walk.answer_ttl, state.proto,
                answered=not state.answered, mac_open=True, connections=state.connections, reply=True,
                first=state.first,
            )  # fmt: skip
            yield _Answer(ended, back, some)


def _set_out(walk: SymbolicWalk, answer: _Answer) -> list[Ended]:
    """The answers of one end by themselves, from where the packets ended."""
    fate, back, some = answer.to.fate, answer.back, answer.some
    if fate.disposition == "exits":
        return walk.from_wire(fate.node, {replace(back, iif=answer.to.state.oif): some})
    if fate.bridge:
        return walk.from_ports(_holders(walk, answer), {back: some})
    if fate.where not in walk.world.nodes:
        # A container on an interface's own wire whose namespace was not captured.
        return [Ended(Fate("exits", fate.node, hook="neighbour"), replace(back, oif="wire"), some)]
    return _from_process(walk, answer)


def _from_process(walk: SymbolicWalk, answer: _Answer) -> list[Ended]:
    """The answers of a namespace itself: nobody knows whose they are where it has ports, and what was sent to
    a group is answered with an address of its own, except for pings of IPv6 (``semantics.journeys``)."""
    fate, back, some = answer.to.fate, answer.back, answer.some
    to_many, found = bool(answer.to.state.route_kind), list[Ended]()
    if to_many and walk.family == 6:
        echoes = some & walk.guards.field_in("proto", IntSet.of(ICMPV6), answer.to.state)
        if echoes.satisfiable():
            alone = Fate("undetermined", fate.where, doubts=(KEEPS_TO_ITS_LINK,), hook="route")
            found.append(Ended(alone, back, echoes))
            some &= ~echoes
    owned = some & walk.guards.ported
    answers = {replace(back, owner_open=True): owned, back: some & ~owned}
    return found + walk.from_process(fate.where, answers, choose_source=to_many)


def _holders(walk: SymbolicWalk, answer: _Answer) -> Origins:
    """The containers on a bridge that took the packets; any stands for all where ports do not matter."""
    here = walk.attachments(answer.to.fate.link)
    if not walk.tells_apart(answer.to.fate.link):
        return ((here[0], walk.space.everything),)
    next_hop = answer.to.state.next_hop
    assert next_hop is not None
    return tuple((item, walk.at(item, next_hop)) for item in here)


def _together(walk: SymbolicWalk, answers: list[_Answer]) -> dict[int, list[Ended]]:
    """How the answers from very many bridges end, by answer."""
    alike: dict[tuple[str, State, Address | Bits | None], list[_Answer]] = {}
    for answer in answers:
        key = (answer.to.fate.node, answer.back, answer.to.state.next_hop)
        alike.setdefault(key, []).append(answer)
    found: dict[int, list[Ended]] = {}
    for (_, back, _), those in alike.items():
        named = [(each.to.fate.bridge, each.some) for each in those]
        senders = apart(walk.space, named, back.ends.src) if many(len(those)) else None
        if senders is None:
            continue
        origins: Origins = tuple(
            (item, whose & here)
            for each, (_, here) in zip(those, senders, strict=True)
            for item, whose in _holders(walk, each)
        )
        every = walk.from_ports(origins, {back: walk.space.union([each.some for each in those])})
        for each in those:
            mine = (replace(ended, some=ended.some & each.some) for ended in every)
            found[id(each)] = [ended for ended in mine if ended.some.satisfiable()]
    return found


def _in_namespace(walk: SymbolicWalk, answer: _Answer) -> bool:
    fate = answer.to.fate
    captured = fate.where not in walk.world.sites and fate.where in walk.world.nodes
    return captured and not fate.bridge and fate.disposition != "exits"


def _from_namespaces(walk: SymbolicWalk, answers: list[_Answer]) -> dict[int, list[Ended]]:
    """How the answers of very many captured namespaces end, by answer."""
    if not many(len(answers)) or not all(map(walk.alike, walk.world.sites)):
        return {}
    found: dict[int, list[Ended]] = {}
    whose: dict[int, _Answer] = {}
    climbs: list[Climb] = []
    for answer in answers:
        legs, gathered = walk.homes.gathered(answer.to.fate.where, partial(_set_out, walk, answer))
        found[id(answer)] = legs
        whose |= {id(climb): answer for climb in gathered}
        climbs += gathered
    for group in walk.homes.groups(climbs):
        with walk.homes.away(group):
            every = walk.from_namespaces(group)
        for climb in group:
            mine = (replace(ended, some=ended.some & climb.some) for ended in every)
            found[id(whose[id(climb)])] += [ended for ended in mine if ended.some.satisfiable()]
    return found
