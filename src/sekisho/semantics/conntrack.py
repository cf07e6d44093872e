"""Connections as tracking sees them: tuples, direction, state, and the translations they carry.

A connection is two tuples. ``original`` is what the first packet looked like, ``reply`` what a reply looks
like when it arrives; they differ from mirror images exactly where an address is translated:

    client 203.0.113.9:50000 -> 10.1.0.81:3306, sent on to 172.18.0.2:3306
      original  203.0.113.9:50000 -> 10.1.0.81:3306
      reply     172.18.0.2:3306   -> 203.0.113.9:50000

Source: net/netfilter/nf_conntrack_core.c, nf_nat_core.c.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

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
from sekisho.semantics.traveller import CT_PORTS, Traveller
from sekisho.values.address import format_ip
from sekisho.values.packet import ACK, DCCP, FIN, ICMP, ICMPV6, PORT_PROTOCOLS, RST, SYN, TCP, Packet

# ICMP queries and their answers (nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c).
_QUERY_ANSWER: dict[int, dict[int, int]] = {
    ICMP: {8: 0, 13: 14, 15: 16, 17: 18},
    ICMPV6: {128: 129, 139: 140},
}
# ICMPv6 types that are never tracked: multicast listener and neighbour discovery.
NEVER_TRACKED = frozenset({130, 131, 132, 133, 134, 135, 136, 143})


@dataclass(frozen=True, slots=True)
class FlowKey:
    """One direction. For ICMP queries ``sport`` is the identifier, ``dport`` the type (its upper byte) and
    the code, as the kernel keeps them where ports stand (struct nf_conntrack_tuple)."""

    src: int
    dst: int
    proto: int
    sport: int | None
    dport: int | None

    def mirrored(self) -> FlowKey:
        """The tuple of an answer, when nothing is translated."""
        if self.proto in _QUERY_ANSWER:
            answers = _QUERY_ANSWER[self.proto]
            back = {answer: query for query, answer in answers.items()}
            kind, code = (-1, 0) if self.dport is None else divmod(self.dport, 256)
            other = answers.get(kind, back.get(kind))
            return FlowKey(
                self.dst, self.src, self.proto, self.sport, None if other is None else other << 8 | code
            )
        return FlowKey(self.dst, self.src, self.proto, self.dport, self.sport)


def key_of(packet: Traveller | Packet) -> FlowKey:
    """The tuple of a packet as it stands."""
    if packet.proto in _QUERY_ANSWER:
        kind, code = packet.icmp_type, packet.icmp_code or 0
        return FlowKey(
            packet.src, packet.dst, packet.proto, packet.icmp_id, None if kind is None else kind << 8 | code
        )
    return FlowKey(packet.src, packet.dst, packet.proto, packet.sport, packet.dport)


@dataclass(slots=True)
class Connection:
    """``bound`` are the sides ("dst", "src") whose nat chains were consulted already; ``by_syn``: a TCP
    SYN opened it, so that nothing but a SYN or RST may follow before the answer."""

    original: FlowKey
    reply: FlowKey
    zone_original: int = 0
    zone_reply: int = 0
    status: int = 0
    mark: int = 0
    bound: set[str] = field(default_factory=set)
    by_syn: bool = False

    def translated(self, direction: int) -> FlowKey:
        """How a packet of this direction leaves: the mirror image of the other direction's tuple."""
        return (self.reply if direction == 0 else self.original).mirrored()


@dataclass(slots=True)
class Tracker:
    """All connections of one namespace. ``loose``: see ``_may_open``."""

    loose: bool = True
    connections: list[Connection] = field(default_factory=list)

    def find(self, key: FlowKey, zone: int, zone_reply: int) -> tuple[Connection, int] | None:
        """The connection a packet belongs to, and its direction (0 original, 1 reply).

        ``zone`` and ``zone_reply`` are those of the packet: what counts is the zone of the direction in
        which it would belong (nf_ct_zone_equal).
        """
        for connection in self.connections:
            if connection.original == key and connection.zone_original == zone:
                return connection, 0
            if connection.reply == key and connection.zone_reply == zone_reply:
                return connection, 1
        return None

    def establish(self) -> None:
        """Every connection has been there for long: both ends have been heard."""
        for connection in self.connections:
            connection.status |= CONFIRMED_BIT | SEEN_REPLY_BIT

    def clashes(self, new: Connection) -> bool:
        """Whether a new connection has a tuple that another one holds already: the kernel then drops its
        first packet, or picks another port for it (nf_conntrack_confirm, nf_nat_used_tuple)."""
        if new.status & CONFIRMED_BIT:
            return False
        held = {
            pair
            for other in self.connections
            if other is not new and other.status & CONFIRMED_BIT
            for pair in ((other.original, other.zone_original), (other.reply, other.zone_reply))
        }
        return (new.original, new.zone_original) in held or (new.reply, new.zone_reply) in held


def track(packet: Traveller, tracker: Tracker) -> Connection | None:
    """The conntrack station: find or open the packet's connection and set its state.

    None where the packet has none (untracked, invalid).
    """
    if packet.proto == ICMPV6 and packet.icmp_type in NEVER_TRACKED:
        packet.leave_connection(UNTRACKED)
        return None
    found = tracker.find(key_of(packet), packet.zone, packet.zone_reply)
    if found is None:
        if not _may_open(packet, tracker.loose):
            packet.leave_connection(INVALID)
            return None
        key = key_of(packet)
        connection = Connection(key, key.mirrored(), packet.zone, packet.zone_reply)
        connection.by_syn = packet.proto == TCP and bool((packet.tcp_flags or 0) & SYN)
        tracker.connections.append(connection)
        packet.ctstate = NEW
        show(packet, connection, 0)
        return connection
    connection, direction = found
    waiting = direction == 0 and connection.by_syn and not connection.status & SEEN_REPLY_BIT
    if waiting and packet.tcp_flags is not None and not packet.tcp_flags & (SYN | RST):
        # nf_conntrack_proto_tcp.c, column sSS of tcp_conntracks: ACK and FIN are invalid there.
        packet.leave_connection(INVALID)
        return None
    if direction == 1:
        connection.status |= SEEN_REPLY_BIT
    packet.ctstate = ESTABLISHED if connection.status & SEEN_REPLY_BIT else NEW
    show(packet, connection, direction)
    return connection


def _may_open(packet: Traveller, loose: bool) -> bool:
    """Whether a packet without a connection opens one; otherwise it is INVALID.

    TCP: nf_conntrack_proto_tcp.c, row sNO of tcp_conntracks: SYN opens, a bare ACK is picked up
    where nf_conntrack_tcp_loose is not 0 (``loose``), SYN+ACK, FIN, RST and no flags do not.
    """
    if packet.proto == TCP and packet.tcp_flags is not None:
        flags = packet.tcp_flags & (SYN | ACK | FIN | RST)
        return flags == SYN or (loose and flags == ACK)
    if packet.proto in _QUERY_ANSWER and packet.icmp_type is not None:
        return packet.icmp_type in _QUERY_ANSWER[packet.proto]
    return True


def show(packet: Traveller, connection: Connection, direction: int) -> None:
    """Let the packet's guards see the connection's fields."""
    packet.ctdir = direction
    packet.ctstatus = connection.status
    packet.ctmark = connection.mark
    packet.ctproto = connection.original.proto
    original, reply = connection.original, connection.reply
    packet.ctorigsrc, packet.ctorigdst = original.src, original.dst
    packet.ctreplsrc, packet.ctrepldst = reply.src, reply.dst
    packet.unstated -= CT_PORTS
    if packet.ctproto == DCCP:
        # Kernels with CONFIG_NF_CT_PROTO_DCCP track it by its ports; others (6.18 has none) see 0 there.
        packet.unstated |= CT_PORTS
        return
    if packet.ctproto not in PORT_PROTOCOLS and packet.ctproto not in _QUERY_ANSWER:
        # Other protocols have nothing there.
        packet.ctorigsport = packet.ctorigdport = packet.ctreplsport = packet.ctrepldport = 0
        return
    packet.ctorigsport, packet.ctorigdport = original.sport, original.dport
    packet.ctreplsport, packet.ctrepldport = reply.sport, reply.dport
    # A port that nobody stated, or that a translation picks, is there all the same.
    packet.unstated |= {name for name in CT_PORTS if getattr(packet, name) is None}


Change = tuple[str, str, str]


def rewrite(connection: Connection, direction: int, side: str, packet: Traveller) -> tuple[Change, ...]:
    """Apply the connection's translation of one side to a packet; (field, before, after) of each change.

    A reply's destination is restored where originals get theirs (PREROUTING, OUTPUT), its source
    where originals get theirs (POSTROUTING, INPUT): nf_nat_core.c, nf_nat_packet.
    """
    bit = SNAT_BIT if side == "src" else DNAT_BIT
    if direction == 1:
        bit ^= SNAT_BIT | DNAT_BIT
    if not connection.status & bit:
        return ()
    changes = differences(connection.translated(direction), side, packet)
    wanted = connection.translated(direction)
    setattr(packet, side, getattr(wanted, side))
    if packet.proto in _QUERY_ANSWER:
        packet.icmp_id = wanted.sport
    else:
        port = "sport" if side == "src" else "dport"
        setattr(packet, port, getattr(wanted, port))
        if getattr(wanted, port) is not None:
            packet.unstated -= {port}
        elif packet.proto in PORT_PROTOCOLS:
            packet.unstated |= {port}
    return changes


def differences(wanted: FlowKey, side: str, packet: Traveller) -> tuple[Change, ...]:
    """What would change of one side of the packet if it became ``wanted``."""
    changes: list[Change] = []
    old, new = getattr(packet, side), getattr(wanted, side)
    if old != new:
        changes.append((side, format_ip(packet.family, old), format_ip(packet.family, new)))
    port = "sport" if side == "src" else "dport"
    old, new = getattr(packet, port), getattr(wanted, port)
    if packet.proto not in _QUERY_ANSWER and old != new:
        changes.append((port, str(old), str(new)))
    return tuple(changes)


def bind(
    connection: Connection, side: str, address: int | None, port: int | None, is_open: bool = False
) -> None:
    """Give the connection a translation of one side (nf_nat_setup_info). None: that stays as it is;
    ``is_open``: there is a new port that nobody can foretell."""
    current = connection.reply.mirrored()
    if side == "dst":
        new = replace(
            current,
            dst=current.dst if address is None else address,
            dport=None if is_open else current.dport if port is None else port,
        )
    else:
        new = replace(
            current,
            src=current.src if address is None else address,
            sport=None if is_open else current.sport if port is None else port,
        )
    if new != current:
        connection.reply = new.mirrored()
        connection.status |= SNAT_BIT if side == "src" else DNAT_BIT
    connection.bound.add(side)
