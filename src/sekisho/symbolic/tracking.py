"""Connections as tracking sees them: ends, direction, state, and the translations they carry.

A connection is what its first packet was ``sent`` as, and what became of that ``onward``; an answer arrives
as the mirror image of the latter:

    client 203.0.113.9:50000 -> 10.1.0.81:3306, sent on to 172.18.0.2:3306
      sent      203.0.113.9:50000 -> 10.1.0.81:3306
      onward    203.0.113.9:50000 -> 172.18.0.2:3306

Both are in terms of the original packet, so that the replies of a set are translated back exactly, packet by
packet, without a table of connections.

Source: net/netfilter/nf_conntrack_core.c, nf_nat_core.c.
"""

from __future__ import annotations

from sekisho.semantics.program import (
    CONFIRMED_BIT,
    DNAT_BIT,
    ESTABLISHED,
    INVALID,
    NEW,
    RELATED,
    SEEN_REPLY_BIT,
    SNAT_BIT,
    UNTRACKED,
)
from sekisho.symbolic.bits import Ends, Set
from sekisho.symbolic.domain import Domain
from sekisho.symbolic.echoes import ANSWERS
from sekisho.symbolic.reading import Asking
from sekisho.symbolic.state import Connection, Front, State, add
from sekisho.values.intset import IntSet
from sekisho.values.packet import ACK, FIN, ICMPV6, PORT_PROTOCOLS, RST, SYN
from sekisho.values.slotted import replace

# ICMPv6 types that are never tracked: multicast listener and neighbour discovery.
_ICMPV6, _NEVER_TRACKED = IntSet.of(ICMPV6), IntSet.of(130, 131, 132, 133, 134, 135, 136, 143)
_QUERIES = tuple((IntSet.of(number), IntSet.of(*answers)) for number, answers in ANSWERS.items())


def track(front: Front, node: str, guards: Asking, loose: bool) -> Front:
    """The conntrack station. ``loose``: see ``_may_open``."""
    found: Front = {}
    for state, some in front.items():
        # Looped over lo, packets carry their connection along.
        if state.tracked is not None or state.untracked:
            add(found, state, some)
        elif state.quoted is not None:
            add(found, related(state, state.quoted, node, guards), some)
        else:
            _look_up(state, some, node, guards, loose, found)
    return found


def _look_up(state: State, some: Set, node: str, guards: Asking, loose: bool, found: Front) -> None:
    never = guards.field_in("proto", _ICMPV6, state)
    if never.satisfiable():
        never &= guards.field_in("icmp_type", _NEVER_TRACKED, state)
        if (here := some & never).satisfiable():
            add(found, state.unconnected(UNTRACKED), here)
    rest, space = some & ~never, guards.space
    for at, (where, connection) in enumerate(state.connections):
        if where != node:
            continue
        # A packet that is its own answer (from an address and port to themselves) counts as the first.
        directions = [(0, connection.sent), (1, connection.onward.mirrored())]
        if state.ends == connection.onward.mirrored() and state.ends != connection.sent:
            directions.reverse()
        for direction, ends in directions:
            if not _same_zone(state, connection, direction) or _crossed(state.ends, ends, space):
                continue
            here = _same_ends(rest, state, ends, direction, guards)
            if not here.satisfiable():
                continue
            if direction == 0 and state.reply and not connection.status & SEEN_REPLY_BIT:
                # A SYN opened it: before its answer nothing but a SYN or RST may follow
                # (nf_conntrack_proto_tcp.c, column sSS of tcp_conntracks: ACK and FIN are invalid there).
                flags = space.number(state.tcp_flags) or 0
                by_syn = guards.tcp
                if connection.opened is not None:
                    by_syn = space.masked(connection.opened, SYN, SYN) & by_syn
                if not flags & (SYN | RST):
                    add(found, state.unconnected(INVALID), here & by_syn)
                    rest &= ~(here & by_syn)
                    here &= ~by_syn
            status = connection.status | (SEEN_REPLY_BIT if direction else 0)
            if status != connection.status:
                connection = replace(connection, status=status)
            kept = state.connections
            connections = (*kept[:at], (where, connection), *kept[at + 1 :])
            ctstate = ESTABLISHED if status & SEEN_REPLY_BIT else NEW
            add(found, _shown(state, connection, direction, connections, at, ctstate), here)
            rest &= ~here
            if not rest.satisfiable():
                return
    opens = rest & _may_open(state, guards, loose)
    if opens.satisfiable():
        fresh = Connection(state.ends, state.ends, state.zone, state.zone_reply,
                                   opened=state.tcp_flags)  # fmt: skip
        connections = (*state.connections, (node, fresh))
        add(found, _shown(state, fresh, 0, connections, len(state.connections), NEW), opens)
    if (rest := rest & ~opens).satisfiable():
        add(found, state.unconnected(INVALID), rest)


def _shown(
    state: State,
    connection: Connection,
    direction: int,
    connections: tuple[tuple[str, Connection], ...],
    at: int,
    ctstate: int,
) -> State:
    """The packets with a connection attached."""
    return replace(
        state, connections=connections, tracked=at, ctstate=ctstate, ctdir=direction,
        ctstatus=connection.status, ctmark=connection.mark, ctsent=connection.sent,
        ctonward=connection.onward,
    )  # fmt: skip


def _same_zone(state: State, connection: Connection, direction: int) -> bool:
    """Whether the packets are in the zone of the direction in which they would belong (nf_ct_zone_equal)."""
    zone = connection.zone_reply if direction else connection.zone
    return zone == (state.zone_reply if direction else state.zone)


def _crossed(mine: Ends, theirs: Ends, space: Domain) -> bool:
    """Whether the tuples could only be equal for packets from an address to itself.

    That relation of two free addresses has no small diagram, and such packets stay on their host.
    """
    if space.tells:
        return False
    source, targets = space.field["src"], (space.field["dst"], space.field["tdst"])
    pairs = ((mine.src, theirs.src), (mine.dst, theirs.dst))
    return any(
        (one is source and other in targets) or (other is source and one in targets) for one, other in pairs
    )


def _same_ends(some: Set, state: State, ends: Ends, direction: int, guards: Asking) -> Set:
    """The packets whose tuple is that of one direction."""
    space, mine = guards.space, state.ends
    if bool(direction) != state.answered:
        some &= ~guards.icmp  # an ICMP answer has another type than its query
    some = space.equal(space.equal(some, mine.src, ends.src), mine.dst, ends.dst)
    ported = space.equal(some & guards.ported, mine.sport, ends.sport)
    return space.equal(ported, mine.dport, ends.dport) | (some & ~guards.ported)


def _may_open(state: State, guards: Asking, loose: bool) -> Set:
    """The packets that open a connection; the others are INVALID.

    TCP: nf_conntrack_proto_tcp.c, row sNO of tcp_conntracks: SYN opens, a bare ACK is picked up where
    nf_conntrack_tcp_loose is not 0 (``loose``), SYN+ACK, FIN, RST and no flags do not.
    """
    space, tcp = guards.space, guards.tcp
    bits = SYN | ACK | FIN | RST
    opening = space.masked(state.tcp_flags, bits, SYN)
    if loose:
        opening |= space.masked(state.tcp_flags, bits, ACK)
    found = (tcp & opening) | ~(tcp | guards.icmp)
    for number, queries in _QUERIES:
        here = guards.field_in("proto", number, state)
        if here.satisfiable():
            found |= here & guards.field_in("icmp_type", queries, state)
    return found


def show(state: State, direction: int) -> State:
    """Let guards see the connection's fields."""
    connection = state.connection
    assert connection is not None
    known = state.ctdir == direction and state.ctstatus == connection.status
    if known and state.ctmark == connection.mark and state.ctonward is connection.onward:
        return state
    return replace(
        state, ctdir=direction, ctstatus=connection.status, ctmark=connection.mark, ctsent=connection.sent,
        ctonward=connection.onward,
    )  # fmt: skip


def confirm(front: Front, guards: Asking) -> tuple[Front, list[tuple[State, Set]]]:
    """After the last hook, connections are in the table: the packets that go on, and those whose new
    connection has a tuple that another one holds already: the kernel then drops the first packet, or picks
    another port for it (nf_conntrack_confirm, nf_nat_used_tuple)."""
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
        if not status == connection.status == state.ctstatus:
            state = replace(state, ctstatus=status).with_connection(replace(connection, status=status))
        add(found, state, some)
    return found, clashing


def _clash(state: State, some: Set, new: Connection, guards: Asking) -> Set:
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


def _translates(connection: Connection, side: str, direction: int) -> bool:
    """Whether the connection translates that side of packets of a direction."""
    bit = SNAT_BIT if side == "src" else DNAT_BIT
    if direction == 1:
        bit ^= SNAT_BIT | DNAT_BIT
    return bool(connection.status & bit)


def rewrite(state: State, side: str) -> State:
    """Apply the connection's translation of one side to the packets. A reply's destination is restored where
    originals get theirs (PREROUTING, OUTPUT), its source where these get theirs (POSTROUTING, INPUT):
    nf_nat_core.c, nf_nat_packet."""
    connection, direction = state.connection, state.ctdir
    if connection is None or not isinstance(direction, int):
        return state
    if _translates(connection, side, direction):
        wanted = connection.onward if direction == 0 else connection.sent.mirrored()
        port = "sport" if side == "src" else "dport"
        state = state.with_ends(**{side: getattr(wanted, side), port: getattr(wanted, port)})
        if connection.ids is not None:
            state = replace(state, icmp_id=connection.ids[1 - direction])
    return show(state, direction)


# --------------------------------------------------------------------------------------- ICMP errors


def related(state: State, quoted: State, node: str, guards: Asking) -> State:
    """An ICMP error with the connection of the packet that it quotes: turned round, that packet's ends are
    those of the connection's other direction (nf_conntrack_proto_icmp.c, nf_conntrack_inet_error). It is
    INVALID where there is none."""
    ends = quoted.ends.mirrored()
    for at, (where, connection) in enumerate(state.connections):
        if where != node:
            continue
        for direction, theirs in ((0, connection.sent), (1, connection.onward.mirrored())):
            if not _same_zone(state, connection, direction):
                continue
            turned = replace(quoted, ends=ends, answered=not quoted.answered)
            if not _quotes(turned, theirs, direction, guards):
                continue
            if not connection.status & CONFIRMED_BIT or theirs.dst != state.ends.dst:
                return state.unconnected(INVALID)
            return _shown(state, connection, direction, state.connections, at, RELATED)
    return state.unconnected(INVALID)


def _quotes(turned: State, theirs: Ends, direction: int, guards: Asking) -> bool:
    """Whether the packet that is quoted is of that direction; it may have another protocol."""
    space, mine = guards.space, turned.ends
    proto = space.number(turned.proto)
    if proto in ANSWERS and bool(direction) != turned.answered:
        return False
    some = space.equal(space.equal(space.everything, mine.src, theirs.src), mine.dst, theirs.dst)
    if proto in PORT_PROTOCOLS:
        some = space.equal(space.equal(some, mine.sport, theirs.sport), mine.dport, theirs.dport)
    return some.satisfiable()


def translate_error(state: State, side: str) -> State:
    """One side of the connection's translation applied to an ICMP error and to what it quotes
    (nf_nat_proto.c, nf_nat_icmp_reply_translation). The error's own address becomes that of a packet of its
    direction, whoever sent it."""
    connection, direction, quoted = state.connection, state.ctdir, state.quoted
    assert connection is not None
    assert quoted is not None
    if not _translates(connection, side, 1 if direction == 1 else 0):
        return state
    back, onward = connection.sent, connection.onward.mirrored()
    other = onward if direction == 0 else back
    far, port = ("dst", "dport") if side == "src" else ("src", "sport")
    again = quoted.with_ends(**{far: getattr(other, far), port: getattr(other, port)})
    wanted = connection.onward if direction == 0 else back.mirrored()
    return replace(state.with_ends(**{side: getattr(wanted, side)}), quoted=again)
