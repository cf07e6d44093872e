"""What a Translate action means for connections: which address and port they get.

Source: net/netfilter/nf_nat_core.c (get_unique_tuple), nf_nat_masquerade.c, nf_nat_redirect.c.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.program import (
    DNAT_BIT,
    SNAT_BIT,
    Translate,
)
from sekisho.semantics.source_address import Preference
from sekisho.symbolic.bits import Bits, ByOrigin, Set
from sekisho.symbolic.domain import Domain
from sekisho.symbolic.reading import Asking
from sekisho.symbolic.state import Front, State, add, by_interface
from sekisho.values.address import Address, Prefix
from sekisho.values.intset import IntSet
from sekisho.values.slotted import replace, value

# Packets of one state that one side of the translation is decided for, and within which others; their new
# addresses and ports (None: as they were).
_Reached = tuple[State, str, Set]
_Changes = list[tuple[Bits | None, Bits | None, Set]]
# So many translating lines are intersected one by one with what reached them.
_FEW = 16

LINK_LOCAL = IntSet.prefix(Prefix(6, 0xFE80 << 112, 10))


@value
class Hit:
    """Packets that reached a translating line: those of ``within`` that are in ``some``. ``key`` names the
    line's open questions."""

    action: Translate
    side: str
    state: State
    some: Set
    key: object
    within: Set


@dataclass(frozen=True, slots=True)
class Unbound:
    """Packets for which an interface has no address; ``unknown``: nobody knows its addresses."""

    state: State
    some: Set
    unknown: Doubt | None = None


def translate(hits: list[Hit], host: HostCode, guards: Asking) -> tuple[Front, list[Unbound]]:
    """Bind the connections: the packets by their new states, and those for which there is no address."""
    bound: Front = {}
    unbound: list[Unbound] = []
    changes: dict[_Reached, _Changes] = {}
    for hit in hits:
        connection = hit.state.connection
        if connection is None:
            add(bound, hit.state, hit.some & hit.within)
            continue
        exempt = hit.some & guards.holds(hit.action.exempt, hit.state).yes
        if exempt.satisfiable():
            add(bound, _marked(hit.state, hit.side), exempt & hit.within)
            hit = replace(hit, some=hit.some & ~exempt)
        for address, some in _addresses(hit, host, guards):
            if isinstance(address, Doubt):
                unbound.append(Unbound(hit.state, some & hit.within, address))
                continue
            if address == "none":
                unbound.append(Unbound(hit.state, some & hit.within))
                continue
            assert not isinstance(address, str)
            for port, part in _ports(hit, some, guards):
                if part.satisfiable():
                    changes.setdefault((hit.state, hit.side, hit.within), []).append((address, port, part))
    for (state, side, within), found in _together(changes, guards.space).items():
        _bind(state, side, found, within, guards, bound)
    return bound, unbound


def _together(changes: dict[_Reached, _Changes], space: Domain) -> dict[_Reached, _Changes]:
    """Few lines are intersected with what reached them: lines of many chains, too, are many destinations."""
    found: dict[_Reached, _Changes] = {}
    for (state, side, within), those in changes.items():
        if len(those) > _FEW or within is space.everything:
            found.setdefault((state, side, within), []).extend(those)
        else:
            here = ((address, port, some & within) for address, port, some in those)
            kept = [each for each in here if each[2].satisfiable()]
            if kept:
                found.setdefault((state, side, space.everything), []).extend(kept)
    return found


def _bind(
    state: State,
    side: str,
    changes: _Changes,
    within: Set,
    guards: Asking,
    bound: Front,
) -> None:
    """Give the packets' connections their translations; many destinations go into one state."""
    connection = state.connection
    assert connection is not None
    space, onward = guards.space, connection.onward
    port_name = "sport" if side == "src" else "dport"
    here, port_here = getattr(onward, side), getattr(onward, port_name)
    merged: dict[tuple[Bits, Bits], Set] = {}
    for address, port, some in changes:
        new = (here if address is None else address, port_here if port is None else port)
        merged[new] = merged.get(new, space.nothing) | some
    many = side == "dst" and here is space.field["dst"] and _many(merged, here, state, space)
    together: dict[tuple[Bits, Bits], Set] = {}
    bit = SNAT_BIT if side == "src" else DNAT_BIT
    for (address, port), some in merged.items():
        anew = port is not port_here and space.is_open(port)
        same = space.nothing if anew else space.equal(some, address, here)
        if same.satisfiable() and port is not port_here:
            same = (same & ~guards.ported) | space.equal(same & guards.ported, port, port_here)
        same &= within
        if same.satisfiable():
            add(bound, _marked(state, side), same)
            some &= ~same
        if not some.satisfiable():
            continue
        key = (address, port)
        if many and (fixed := space.number(address)) is not None:
            some &= space.member(space.field["tdst"], IntSet.of(fixed))
            key = (space.field["tdst"], port)
            if port is not port_here:
                to = space.number(port)
                assert to is not None
                some &= space.member(space.field["tdport"], IntSet.of(to))
                key = (space.field["tdst"], space.field["tdport"])
        together[key] = together.get(key, space.nothing) | some
    for (address, port), some in together.items():
        new_onward = replace(onward, **{side: address, port_name: port})
        ids = (state.icmp_id, port) if side == "src" and space.is_open(port) else connection.ids
        changed = replace(connection, onward=new_onward, status=connection.status | bit, ids=ids)
        add(bound, _marked(state.with_connection(changed), side), some & within)


def _many(merged: dict[tuple[Bits, Bits], Set], here: Bits, state: State, space: Domain) -> bool:
    """Whether the new destinations are worth variables of their own, and these are free."""
    if len(merged) < 3:
        return False
    constants = sum(1 for address, port in merged if space.number(address) is not None)
    plain = all(space.number(port) is not None or port is space.field["dport"] for _, port in merged)
    taken = any(each.onward.dst is space.field["tdst"] for _, each in state.connections)
    return constants > 2 and plain and not taken


def _marked(state: State, side: str) -> State:
    connection = state.connection
    assert connection is not None
    return state.with_connection(replace(connection, bound=connection.bound | {side}))


def _addresses(hit: Hit, host: HostCode, guards: Asking) -> Iterator[tuple[Bits | str | Doubt | None, Set]]:
    """The new address for the packets, part by part; "none" where the interface has no address, a doubt where
    nobody knows it."""
    action, state, some, space = hit.action, hit.state, hit.some, guards.space
    connection = state.connection
    assert connection is not None
    present: Bits = getattr(connection.onward, hit.side)
    if action.own_address == "out":
        yield from own_addresses(some, state, host, space)
    elif action.own_address == "in":
        yield from _incoming(some, state, host, present, space)
    elif action.netmap is not None:
        yield space.with_prefix(action.netmap, present), some
    elif action.addresses is None:
        yield None, some
    else:
        first, last = action.addresses
        if first == last:
            yield space.constant(first, space.width("src")), some
            return
        doubt = Doubt("nat-picks-address", (str(first), str(last)))
        choice = space.choice((hit.key, "address"), (doubt,))
        yield space.constant(first, space.width("src")), some & ~choice
        yield space.constant(last, space.width("src")), some & choice


def own_addresses(
    some: Set, state: State, host: HostCode, space: Domain
) -> Iterator[tuple[Bits | str | Doubt, Set]]:
    """The address that the kernel prefers on the outgoing interface for each packet's next hop."""
    for name, each, here in by_interface(state, some):
        if (unknown := host.hidden[space.family].masquerading(name)) is not None:
            yield unknown, here
            continue
        yield from _preferred(host.preferred(space.family, name), here, each, space)


def _preferred(
    preferred: tuple[Preference, ...], some: Set, state: State, space: Domain
) -> Iterator[tuple[Bits | str, Set]]:
    # IPv6 chooses by the destination, IPv4 by the next hop.
    towards: Bits | Address = state.ends.dst
    hop = state.next_hop
    if space.family == 4 and hop is not None and not (isinstance(hop, Address) and hop.family == 6):
        towards = hop
    yield from by_preference(some, preferred, towards, space)


def by_preference(
    some: Set, preferences: Iterable[Preference], towards: Bits | Address, space: Domain
) -> Iterator[tuple[Bits | str, Set]]:
    """The packets by the address that is taken for what they go ``towards``; "none" where there is none."""
    for subnet, address in preferences:
        here = some
        if subnet is not None:
            if isinstance(towards, Address):
                here = some if subnet.contains(towards) else space.nothing
            else:
                here = some & space.member(towards, IntSet.prefix(subnet))
        if here.satisfiable():
            yield space.constant(address.value, space.width("src")), here
            some &= ~here
    if some.satisfiable():
        yield "none", some


def _incoming(
    some: Set, state: State, host: HostCode, present: Bits, space: Domain
) -> Iterator[tuple[Bits | str | Doubt, Set]]:
    addresses = host.addresses[space.family]
    cases = state.iif.cases if isinstance(state.iif, ByOrigin) else ((state.iif, space.everything),)
    for name, where in cases:
        here = some & where
        if not here.satisfiable():
            continue
        if name is None:
            loopback = (127 << 24) + 1 if space.family == 4 else 1
            yield space.constant(loopback, space.width("src")), here
            continue
        if (unknown := host.hidden[space.family].first(str(name))) is not None:
            yield unknown, here
            continue
        own = [a.value for a in addresses if a.interface == name and not a.secondary]
        for usable, there in _in_reach(own, here, state, space):
            yield (space.constant(usable[0], space.width("src")) if usable else "none"), there


def _in_reach(own: list[int], some: Set, state: State, space: Domain) -> Iterator[tuple[list[int], Set]]:
    """The addresses that reach as far as the packets' destination (IPv6); none does so for ::1."""
    if space.family == 4:
        yield own, some
        return
    near = some & space.member(state.ends.dst, LINK_LOCAL)
    loopback = some & space.member(state.ends.dst, IntSet.of(1))
    yield [value for value in own if value in LINK_LOCAL], near
    yield [], loopback
    yield [value for value in own if value not in LINK_LOCAL], some & ~near & ~loopback


def _ports(hit: Hit, some: Set, guards: Asking) -> Iterator[tuple[Bits | None, Set]]:
    """The new port for the packets, part by part (None: kept)."""
    action, space, state = hit.action, guards.space, hit.state
    if action.ports is None:
        # An echo's identifier stands for the port.
        if not action.random or hit.side == "dst":
            yield None, some
            return
        anew = guards.ported | guards.icmp
        yield None, some & ~anew
        yield space.open_number((hit.key, "port"), 16, (Doubt("source-port-random"),)), some & anew
        return
    plain = some & ~guards.ported
    yield None, plain
    some &= guards.ported
    connection = state.connection
    assert connection is not None
    present: Bits = connection.onward.dport if hit.side == "dst" else connection.onward.sport
    first, last = action.ports
    if action.base_port is not None and not (space.tells and space.number(present) is None):
        for value in _values(some & hit.within, present, space):
            shifted = first + (value - action.base_port) % (last - first + 1)
            yield space.constant(shifted, 16), some & space.member(present, IntSet.of(value))
        return
    if first == last:
        yield space.constant(first, 16), some
        return
    if not action.random:
        kept = some & space.member(present, IntSet.span(first, last))
        yield None, kept
        some &= ~kept
    doubts = (Doubt("nat-picks-port", (str(first), str(last))),)
    yield space.open_number((hit.key, "port"), 16, doubts), some


def leans_of(hit: Hit, guards: Asking) -> Iterator[Lean]:
    """What the translation of a packet takes for granted of its port."""
    action, space, state = hit.action, guards.space, hit.state
    if not guards.ported.satisfiable() or guards.holds(action.exempt, state).yes.satisfiable():
        return
    assert state.connection is not None
    onward = state.connection.onward
    present = space.number(onward.dport if hit.side == "dst" else onward.sport)
    if action.ports is None:
        if hit.side == "src":
            yield Lean("source-port-random" if action.random else "source-port-kept")
        return
    first, last = action.ports
    if first == last or (action.base_port is not None and present is not None):
        return
    if action.random or present is None or not first <= present <= last:
        yield Lean("nat-picks-port", (str(first), str(last)))


def _values(some: Set, bits: Bits, space: Domain) -> Iterator[int]:
    """Every value that the field takes in the set."""
    if (known := space.number(bits)) is not None:
        yield known
        return
    for low, high in space.values(some, bits):
        yield from range(low, high + 1)
