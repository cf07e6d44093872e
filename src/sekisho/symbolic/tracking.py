"""Connection tracking of sets: the twin of ``semantics.conntrack``.

A connection holds its ends in terms of the original packet, so a reply is translated back exactly, packet
by packet, without a table of connections.
"""

from __future__ import annotations

from sekisho.semantics.conntrack import NEVER_TRACKED
from sekisho.semantics.program import (
    CONFIRMED_BIT,
    DNAT_BIT,
    ESTABLISHED,
    INVALID,
    NEW,
    SEEN_REPLY_BIT,
    SNAT_BIT,
    UNTRACKED,
)
from sekisho.symbolic.bits import Ends, Set
from sekisho.symbolic.guards import ANSWERS, Guards
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import Front, State, SymbolicConnection, add
from sekisho.values.intset import IntSet
from sekisho.values.packet import ACK, FIN, ICMPV6, RST, SYN, TCP
from sekisho.values.slotted import replace


def track(front: Front, node: str, guards: Guards, loose: bool) -> Front:
    """The conntrack station. ``loose``: see ``semantics.conntrack``."""
    found: Front = {}
    for state, some in front.items():
        # Looped over lo, packets carry their connection along.
        if state.tracked is not None or state.untracked:
            add(found, state, some)
        else:
            _look_up(state, some, node, guards, loose, found)
    return found


def _look_up(state: State, some: Set, node: str, guards: Guards, loose: bool, found: Front) -> None:
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
    opens = rest & _may_open(state, guards, loose)
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


def _may_open(state: State, guards: Guards, loose: bool) -> Set:
    """The packets that open a connection; the others are INVALID. See ``semantics.conntrack``."""
    space, proto = guards.space, guards.space.field["proto"]
    tcp = space.member(proto, IntSet.of(TCP))
    bits = SYN | ACK | FIN | RST
    opening = space.masked(state.tcp_flags, bits, SYN)
    if loose:
        opening |= space.masked(state.tcp_flags, bits, ACK)
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
