"""Connection tracking and translation of sets: the twin of ``semantics.conntrack`` and ``semantics.nat``.

A connection holds its ends in terms of the original packet, so a reply is translated back exactly, packet
by packet, without a table of connections.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sekisho.semantics.addresses import HostAddress
from sekisho.semantics.conntrack import NEVER_TRACKED
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    CONFIRMED_BIT,
    DNAT_BIT,
    ESTABLISHED,
    INVALID,
    NEW,
    SEEN_REPLY_BIT,
    SNAT_BIT,
    UNTRACKED,
    Translate,
)
from sekisho.semantics.source_address import preferred_addresses
from sekisho.symbolic.guards import ANSWERS, Guards
from sekisho.symbolic.space import Bits, Ends, Set, Space
from sekisho.symbolic.state import ByOrigin, Front, State, SymbolicConnection, add
from sekisho.values.address import Address, Prefix
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.packet import ACK, FIN, ICMPV6, RST, SYN, TCP

LINK_LOCAL = IntSet.prefix(Prefix(6, 0xFE80 << 112, 10))


def track(front: Front, node: str, guards: Guards) -> Front:
    """The conntrack station."""
    found: Front = {}
    for state, some in front.items():
        # Looped over lo, packets carry their connection along.
        if state.tracked is not None or state.untracked:
            add(found, state, some)
        else:
            _look_up(state, some, node, guards, found)
    return found


def _look_up(state: State, some: Set, node: str, guards: Guards, found: Front) -> None:
    never = guards.field_in("proto", IntSet.of(ICMPV6), state)
    never &= guards.field_in("icmp_type", IntSet.of(*NEVER_TRACKED), state)
    add(found, state.unconnected(UNTRACKED), some & never)
    rest, space = some & ~never, guards.space
    for at, (where, connection) in enumerate(state.connections):
        if where != node:
            continue
        # A packet that is its own answer (from an address and port to themselves) counts as the first.
        directions = [(0, connection.sent), (1, connection.onward.mirrored())]
        if state.ends == connection.onward.mirrored() and state.ends != connection.sent:
            directions.reverse()
        for direction, ends in directions:
            zone = connection.zone_reply if direction else connection.zone
            if zone != (state.zone_reply if direction else state.zone) or _crossed(state.ends, ends, space):
                continue
            here = _same_ends(rest, state, ends, direction, guards)
            if not here.satisfiable():
                continue
            if direction == 0 and state.reply and not connection.status & SEEN_REPLY_BIT:
                # A SYN opened it: before its answer nothing but a SYN or RST may follow.
                flags = state.tcp_flags.value or 0
                by_syn = space.masked(space.field["tcp_flags"], SYN, SYN) & guards.tcp
                if not flags & (SYN | RST):
                    add(found, state.unconnected(INVALID), here & by_syn)
                    rest &= ~(here & by_syn)
                    here &= ~by_syn
            status = connection.status | (SEEN_REPLY_BIT if direction else 0)
            tracked = replace(state, tracked=at).with_connection(replace(connection, status=status))
            ctstate = ESTABLISHED if status & SEEN_REPLY_BIT else NEW
            add(found, show(replace(tracked, ctstate=ctstate), direction), here)
            rest &= ~here
            if not rest.satisfiable():
                return
    opens = rest & _may_open(state, guards)
    if opens.satisfiable():
        fresh = SymbolicConnection(state.ends, state.ends, state.zone, state.zone_reply)
        connections = (*state.connections, (node, fresh))
        opened = replace(state, connections=connections, tracked=len(state.connections), ctstate=NEW)
        add(found, show(opened, 0), opens)
    add(found, state.unconnected(INVALID), rest & ~opens)


def _crossed(mine: Ends, theirs: Ends, space: Space) -> bool:
    """Whether the tuples could only be equal for packets from an address to itself.

    That relation of two free addresses has no small diagram, and such packets stay on their host.
    """
    source, targets = space.field["src"], (space.field["dst"], space.field["tdst"])
    pairs = ((mine.src, theirs.src), (mine.dst, theirs.dst))
    return any(
        (one is source and other in targets) or (other is source and one in targets) for one, other in pairs
    )


def _same_ends(some: Set, state: State, ends: Ends, direction: int, guards: Guards) -> Set:
    """The packets whose tuple is that of one direction."""
    space, mine = guards.space, state.ends
    if bool(direction) != state.answered:
        some &= ~guards.icmp  # an ICMP answer has another type than its query
    some = space.equal(space.equal(some, mine.src, ends.src), mine.dst, ends.dst)
    ported = space.equal(some & guards.ported, mine.sport, ends.sport)
    return space.equal(ported, mine.dport, ends.dport) | (some & ~guards.ported)


def _may_open(state: State, guards: Guards) -> Set:
    """The packets that open a connection; the others are INVALID. See ``semantics.conntrack``."""
    space, proto = guards.space, guards.space.field["proto"]
    tcp = space.member(proto, IntSet.of(TCP))
    bits = SYN | ACK | FIN | RST
    opening = space.masked(state.tcp_flags, bits, SYN) | space.masked(state.tcp_flags, bits, ACK)
    found = (tcp & opening) | ~(tcp | guards.icmp)
    for number, answers in ANSWERS.items():
        queries = guards.field_in("icmp_type", IntSet.of(*answers), state)
        found |= space.member(proto, IntSet.of(number)) & queries
    return found


def show(state: State, direction: int) -> State:
    """Let guards see the connection's fields."""
    connection = state.connection
    assert connection is not None
    return replace(
        state, ctdir=direction, ctstatus=connection.status, ctmark=connection.mark, ctsent=connection.sent,
        ctonward=connection.onward,
    )  # fmt: skip


def confirm(front: Front, guards: Guards) -> tuple[Front, list[tuple[State, Set]]]:
    """After the last hook, connections are in the table: the packets that go on, and those whose new
    connection has a tuple that another one holds already (see ``semantics.conntrack``)."""
    found: Front = {}
    clashing: list[tuple[State, Set]] = []
    for state, some in front.items():
        connection = state.connection
        if connection is None or state.ctdir != 0:
            add(found, state, some)
            continue
        if not connection.status & CONFIRMED_BIT:
            clash = _clash(state, some, connection, guards)
            if clash.satisfiable():
                clashing.append((state, clash))
                some &= ~clash
        status = connection.status | CONFIRMED_BIT
        confirmed = state.with_connection(replace(connection, status=status))
        add(found, replace(confirmed, ctstatus=status), some)
    return found, clashing


def _clash(state: State, some: Set, new: SymbolicConnection, guards: Guards) -> Set:
    assert state.tracked is not None
    node = state.connections[state.tracked][0]
    found = guards.space.nothing
    for at, (where, other) in enumerate(state.connections):
        if where != node or at == state.tracked or not other.status & CONFIRMED_BIT:
            continue
        held = ((other.sent, other.zone), (other.onward.mirrored(), other.zone_reply))
        for mine, zone in ((new.sent, new.zone), (new.onward.mirrored(), new.zone_reply)):
            for theirs, its_zone in held:
                if zone != its_zone or _crossed(mine, theirs, guards.space):
                    continue
                seen = replace(state, ends=mine)
                direction = 1 if state.answered else 0
                found |= _same_ends(some, seen, theirs, direction, guards)
    return found


def rewrite(state: State, side: str) -> State:
    """Apply the connection's translation of one side to the packets."""
    connection, direction = state.connection, state.ctdir
    if connection is None or not isinstance(direction, int):
        return state
    bit = SNAT_BIT if side == "src" else DNAT_BIT
    if direction == 1:
        bit ^= SNAT_BIT | DNAT_BIT
    if connection.status & bit:
        wanted = connection.onward if direction == 0 else connection.sent.mirrored()
        port = "sport" if side == "src" else "dport"
        state = state.with_ends(**{side: getattr(wanted, side), port: getattr(wanted, port)})
    return show(state, direction)


# --------------------------------------------------------------------------------------- translation


@dataclass(frozen=True, slots=True)
class Hit:
    """Packets that reached a translating line: those of ``within`` that are in ``some``. ``key`` names the
    line's open questions."""

    action: Translate
    side: str
    state: State
    some: Set
    key: object
    within: Set


def translate(
    hits: list[Hit], addresses: tuple[HostAddress, ...], guards: Guards
) -> tuple[Front, list[tuple[State, Set]]]:
    """Bind the connections: the packets by their new states, and those for which there is no address."""
    bound: Front = {}
    dropped: list[tuple[State, Set]] = []
    changes: dict[tuple[State, str, Set], list[tuple[Bits | None, Bits | None, Set]]] = {}
    for hit in hits:
        connection = hit.state.connection
        if connection is None:
            add(bound, hit.state, hit.some & hit.within)
            continue
        for address, some in _addresses(hit, addresses, guards):
            if address == "none":
                dropped.append((hit.state, some & hit.within))
                continue
            assert not isinstance(address, str)
            for port, part in _ports(hit, some, guards):
                if part.satisfiable():
                    changes.setdefault((hit.state, hit.side, hit.within), []).append((address, port, part))
    for (state, side, within), found in changes.items():
        _bind(state, side, found, within, guards, bound)
    return bound, dropped


def _bind(
    state: State,
    side: str,
    changes: list[tuple[Bits | None, Bits | None, Set]],
    within: Set,
    guards: Guards,
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
        same = space.nothing if space.is_open(port) else space.equal(some, address, here)
        if same.satisfiable() and port is not port_here:
            same = (same & ~guards.ported) | space.equal(same & guards.ported, port, port_here)
        same &= within
        if same.satisfiable():
            add(bound, _marked(state, side), same)
            some &= ~same
        if not some.satisfiable():
            continue
        key = (address, port)
        if many and address.value is not None:
            some &= space.member(space.field["tdst"], IntSet.of(address.value))
            key = (space.field["tdst"], port)
            if port is not port_here:
                assert port.value is not None
                some &= space.member(space.field["tdport"], IntSet.of(port.value))
                key = (space.field["tdst"], space.field["tdport"])
        together[key] = together.get(key, space.nothing) | some
    for (address, port), some in together.items():
        new_onward = replace(onward, **{side: address, port_name: port})
        changed = replace(connection, onward=new_onward, status=connection.status | bit)
        add(bound, _marked(state.with_connection(changed), side), some & within)


def _many(merged: dict[tuple[Bits, Bits], Set], here: Bits, state: State, space: Space) -> bool:
    """Whether the new destinations are worth variables of their own, and these are free."""
    constants = sum(1 for address, port in merged if address.value is not None)
    plain = all(port.value is not None or port is space.field["dport"] for _, port in merged)
    taken = any(each.onward.dst is space.field["tdst"] for _, each in state.connections)
    return constants > 2 and plain and not taken


def _marked(state: State, side: str) -> State:
    connection = state.connection
    assert connection is not None
    return state.with_connection(replace(connection, bound=connection.bound | {side}))


def _addresses(
    hit: Hit, addresses: tuple[HostAddress, ...], guards: Guards
) -> Iterator[tuple[Bits | str | None, Set]]:
    """The new address for the packets, part by part; "none" where the interface has no address."""
    action, state, some, space = hit.action, hit.state, hit.some, guards.space
    connection = state.connection
    assert connection is not None
    present: Bits = getattr(connection.onward, hit.side)
    if action.own_address == "out":
        yield from own_addresses(some, state, addresses, space)
    elif action.own_address == "in":
        yield from _incoming(some, state, addresses, present, space)
    elif action.netmap is not None:
        prefix = space.constant(action.netmap.value, present.width).codes[: action.netmap.length]
        yield space.bits(prefix + present.codes[action.netmap.length :]), some
    elif action.addresses is None:
        yield None, some
    else:
        first, last = action.addresses
        if first == last:
            yield space.constant(first, present.width), some
            return
        doubt = Doubt("nat-picks-address", (str(first), str(last)))
        choice = space.choice((hit.key, "address"), (doubt,))
        yield space.constant(first, present.width), some & ~choice
        yield space.constant(last, present.width), some & choice


def own_addresses(
    some: Set, state: State, addresses: tuple[HostAddress, ...], space: Space
) -> Iterator[tuple[Bits | str, Set]]:
    """The address that the kernel prefers on the outgoing interface for each packet's next hop."""
    # IPv6 chooses by the destination, IPv4 by the next hop.
    towards: Bits | Address = state.ends.dst
    if space.family == 4 and state.next_hop is not None:
        towards = state.next_hop
    for subnet, address in preferred_addresses(addresses, state.way or ""):
        here = some
        if subnet is not None:
            if isinstance(towards, Address):
                here = some if subnet.contains(towards) else space.nothing
            else:
                here = some & space.member(towards, IntSet.prefix(subnet))
        if here.satisfiable():
            yield space.constant(address.value, state.ends.src.width), here
            some &= ~here
    if some.satisfiable():
        yield "none", some


def _incoming(
    some: Set, state: State, addresses: tuple[HostAddress, ...], present: Bits, space: Space
) -> Iterator[tuple[Bits | str, Set]]:
    cases = state.iif.cases if isinstance(state.iif, ByOrigin) else ((state.iif, space.everything),)
    for name, where in cases:
        here = some & where
        if not here.satisfiable():
            continue
        if name is None:
            yield space.constant((127 << 24) + 1 if present.width == 32 else 1, present.width), here
            continue
        own = [a.value for a in addresses if a.interface == name and not a.secondary]
        for usable, there in _in_reach(own, here, state, space):
            yield (space.constant(usable[0], present.width) if usable else "none"), there


def _in_reach(own: list[int], some: Set, state: State, space: Space) -> Iterator[tuple[list[int], Set]]:
    """The addresses that reach as far as the packets' destination (IPv6); none does so for ::1."""
    if space.family == 4:
        yield own, some
        return
    near = some & space.member(state.ends.dst, LINK_LOCAL)
    loopback = some & space.member(state.ends.dst, IntSet.of(1))
    yield [value for value in own if value in LINK_LOCAL], near
    yield [], loopback
    yield [value for value in own if value not in LINK_LOCAL], some & ~near & ~loopback


def _ports(hit: Hit, some: Set, guards: Guards) -> Iterator[tuple[Bits | None, Set]]:
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
    if action.base_port is not None:
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


def _values(some: Set, bits: Bits, space: Space) -> Iterator[int]:
    """Every value that the field takes in the set."""
    if bits.value is not None:
        yield bits.value
        return
    values = space.values(some, bits)
    for low, high in values or EMPTY:
        yield from range(low, high + 1)
