"""The packet on its way through one namespace, and whether a guard holds for it.

Three answers: True, False, None ("nobody can say"; ``doubts`` then tells why). ``and``/``or``/``not`` follow
Kleene: False and unknown is False, True or unknown is True.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Literal

from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    CONFIRMED_BIT,
    INVALID,
    NEW,
    All,
    AnyOf,
    Guard,
    In,
    Interface,
    Masked,
    Members,
    Not,
    ReversePath,
    Unsure,
)
from sekisho.values.address import Address, Family
from sekisho.values.intset import IntSet
from sekisho.values.names import mac_number, mac_text
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, Packet

# Values of ``pkttype`` (xt_pkttype): for this host or another one, for everybody, for a group. ``route_kind``
# has a fourth: for any router on the link (IPv6).
UNICAST, BROADCAST, MULTICAST, ANYCAST = 0, 1, 2, 3
# What is open of a packet that the host gave a source address which nobody knows.
OWN_SOURCE = frozenset({"src", "ctorigsrc", "ctrepldst"})
# What a guard sees of the ports in a connection's tuples.
CT_PORTS = frozenset({"ctorigsport", "ctorigdport", "ctreplsport", "ctrepldport"})


@dataclass(slots=True)
class Traveller:
    """The mutable twin of a Packet while it walks, with what connection tracking knows of it.

    ``unstated`` are the names of fields that the question left open. ``local``: made by a process of
    this namespace. Connection fields are those of the tuple that tracking found. ``quoted``: the packet
    that an ICMP error is about, as its sender got it. ``pkttype``: whom the frame was for;
    ``route_kind``: whom the packet is for as routing sees it, which is what sockets go by. ``piece``: the
    length of the longest piece that it travels in, where its length is stated. ``hidden``: why nobody
    knows the source that the host gave it, ``within``: where it lies all the same.
    """

    family: Family
    src: int
    dst: int
    proto: int
    sport: int | None
    dport: int | None
    icmp_type: int | None
    icmp_code: int | None
    icmp_id: int | None
    tcp_flags: int | None
    iif: str | None
    oif: str | None
    mark: int
    tos: int
    ttl: int
    length: int | None
    src_mac: int | None
    uid: int | None
    gid: int | None
    unstated: frozenset[str] = frozenset()
    local: bool = False
    physin: str | None = None
    physout: str | None = None
    portin: str | None = None
    portout: str | None = None
    dst_mac: int | None = None
    next_hop: Address | None = None
    fragment: int = 0
    pkttype: int = UNICAST
    route_kind: int = UNICAST
    zone: int = 0
    zone_reply: int = 0
    ctstate: int = INVALID
    ctstatus: int = 0
    ctmark: int = 0
    ctdir: int | None = None
    ctproto: int | None = None
    ctorigsrc: int | None = None
    ctorigdst: int | None = None
    ctorigsport: int | None = None
    ctorigdport: int | None = None
    ctreplsrc: int | None = None
    ctrepldst: int | None = None
    ctreplsport: int | None = None
    ctrepldport: int | None = None
    quoted: Packet | None = None
    df: int | None = None
    piece: int | None = None
    within: IntSet | None = None
    hidden: Doubt | None = None
    reverse_path: Callable[[Traveller, ReversePath], bool | tuple[Doubt, ...]] | None = field(
        default=None, repr=False
    )

    def values(self) -> tuple[object, ...]:
        """All that tells it from another packet."""
        return tuple(getattr(self, name) for name in self.__slots__)

    @property
    def flow_uid(self) -> int | None:
        """The uid that policy rules see: packets that are forwarded count as root's."""
        return self.uid if self.local else 0

    @property
    def setproto(self) -> int:
        """The protocol as ipset's port dimension sees it."""
        return self.proto

    @property
    def setsport(self) -> int | None:
        """The source side of ipset's port dimension: ports, or ICMP type and code."""
        return self._set_port(self.sport)

    @property
    def setdport(self) -> int | None:
        """The destination side of ipset's port dimension."""
        return self._set_port(self.dport)

    def _set_port(self, port: int | None) -> int | None:
        if self.proto in PORT_PROTOCOLS:
            return port
        if self.proto in (ICMP, ICMPV6) and self.icmp_type is not None:
            return self.icmp_type << 8 | (self.icmp_code or 0)
        return 0

    def cross(self) -> None:
        """Over a veth pair into another namespace: the mark, the socket's owner and the connection stay
        behind (net/core/dev.c, __dev_forward_skb: skb_scrub_packet and skb_orphan)."""
        self.mark, self.local, self.uid, self.gid = 0, False, None, None
        self.unstated -= {"uid", "gid", "physin"}
        self.physin = self.physout = self.portin = self.portout = None
        self.zone = self.zone_reply = 0
        self.leave_connection(INVALID)

    def carry_mac(self, field: Literal["src_mac", "dst_mac"], mac: str | None) -> None:
        """One of the frame's addresses; None: nobody knows it."""
        setattr(self, field, None if mac is None else mac_number(mac))
        self.unstated = self.unstated - {field} if mac is not None else self.unstated | {field}

    def hide_source(self, why: Doubt, within: IntSet) -> None:
        """The host gives the packet a source of its own which nobody knows."""
        self.src, self.hidden, self.within = 0, why, within
        self.unstated |= OWN_SOURCE

    def leave_connection(self, state: int) -> None:
        """No connection is attached to the packet (any more)."""
        self.unstated -= CT_PORTS
        self.ctstate, self.ctstatus, self.ctmark, self.ctdir, self.ctproto = state, 0, 0, None, None
        self.ctorigsrc = self.ctorigdst = self.ctorigsport = self.ctorigdport = None
        self.ctreplsrc = self.ctrepldst = self.ctreplsport = self.ctrepldport = None

    def take_template(self) -> None:
        """A CT target attaches an empty connection, which later raw rules see as a new one (xt_CT.c)."""
        self.unstated -= CT_PORTS
        self.ctstate, self.ctstatus, self.ctmark, self.ctdir, self.ctproto = NEW, CONFIRMED_BIT, 0, 0, 0
        self.ctorigsrc = self.ctorigdst = self.ctorigsport = self.ctorigdport = 0
        self.ctreplsrc = self.ctrepldst = self.ctreplsport = self.ctrepldport = 0

    def packet(self) -> Packet:
        """The packet as it stands now."""
        return Packet(
            self.family, self.src, self.dst, self.proto, self.sport, self.dport, self.icmp_type,
            self.icmp_code, self.icmp_id, self.tcp_flags, self.iif, self.oif, self.mark, self.tos, self.ttl,
            self.length, None if self.src_mac is None else mac_text(self.src_mac), self.uid, self.gid,
            self.next_hop, self.df,
        )  # fmt: skip


def traveller(packet: Packet, unstated: frozenset[str] = frozenset()) -> Traveller:
    """A packet that sets out; ``unstated`` names the fields whose value the question left open."""
    mac = None if packet.src_mac is None else mac_number(packet.src_mac)
    return Traveller(
        packet.family, packet.src, packet.dst, packet.proto, packet.sport, packet.dport, packet.icmp_type,
        packet.icmp_code, packet.icmp_id, packet.tcp_flags, packet.iif, packet.oif, packet.mark, packet.tos,
        packet.ttl, packet.length, mac, packet.uid, packet.gid, unstated, next_hop=packet.next_hop,
        df=packet.df, piece=None if "length" in unstated else packet.length,
    )  # fmt: skip


def of_root(packet: Traveller) -> Traveller:
    """The packet as if it were one of root's."""
    seen = copy(packet)
    seen.uid = 0
    seen.unstated -= {"uid"}
    return seen


# ------------------------------------------------------------------------------------- guards


def holds(guard: Guard, packet: Traveller) -> bool | None:
    """Whether the guard holds for the packet as it is now."""
    return _EVALUATE[type(guard)](guard, packet)


# The TTL of a packet of which nobody states it, when it sets out: no router lets it die on its way.
LIVING = IntSet.span(32, 255)


def _in(guard: In, packet: Traveller) -> bool | None:
    if guard.field in packet.unstated:
        if guard.field == "src" and packet.within is not None:
            return _of_any(guard.values, packet.within)
        return _of_any_ttl(guard.values, packet.ttl) if guard.field == "ttl" else None
    value = getattr(packet, guard.field)
    if value is None:
        return None if guard.field == "flow_uid" and "uid" in packet.unstated else False
    return value in guard.values


def _of_any_ttl(wanted: IntSet, nominal: int) -> bool | None:
    """What holds of every TTL that the packet may have now; ``nominal``: 64 less the routers on its way."""
    spent = 64 - nominal
    possible = IntSet.from_intervals((first - spent, last - spent) for first, last in LIVING)
    return _of_any(wanted, possible)


def _of_any(wanted: IntSet, possible: IntSet) -> bool | None:
    both = possible & wanted
    return False if not both else True if both == possible else None


def _masked(guard: Masked, packet: Traveller) -> bool | None:
    if guard.field in packet.unstated:
        return None
    value = getattr(packet, guard.field)
    return value is not None and bool(value & guard.mask == guard.value)


def _interface(guard: Interface, packet: Traveller) -> bool | None:
    name = getattr(packet, guard.field)
    if name is None:
        if guard.field in packet.unstated:
            return None
        return not guard.name and guard.field in ("iif", "oif")
    if not name:  # a bridge's port that is not known: that there is one is all that can be said
        return True if guard.prefix and not guard.name else None
    if guard.prefix:
        return bool(name.startswith(guard.name))
    return bool(name == guard.name)


def _all(guard: All, packet: Traveller) -> bool | None:
    answer: bool | None = True
    for part in guard.guards:
        held = _EVALUATE[type(part)](part, packet)
        if held is False:
            return False
        if held is None:
            answer = None
    return answer


def _any(guard: AnyOf, packet: Traveller) -> bool | None:
    answer: bool | None = False
    for part in guard.guards:
        held = _EVALUATE[type(part)](part, packet)
        if held:
            return True
        if held is None:
            answer = None
    return answer


def _not(guard: Not, packet: Traveller) -> bool | None:
    held = holds(guard.guard, packet)
    return None if held is None else not held


def _unsure(guard: Unsure, packet: Traveller) -> bool | None:
    return None


# The field whose being unstated leaves a derived one open.
_OPEN = {"setsport": "sport", "setdport": "dport"}


def _members(guard: Members, packet: Traveller) -> bool | None:
    if any(_OPEN.get(name, name) in packet.unstated for name in guard.fields):
        return None
    values = [getattr(packet, name) for name in guard.fields]
    if "" in values:
        return None  # a bridge's port that is not known
    for boxes, answer in guard.entries:
        if all(
            value is not None and (value == box if isinstance(box, str) else value in box)
            for value, box in zip(values, boxes, strict=True)
        ):
            return answer
    return False


def _reverse(guard: ReversePath, packet: Traveller) -> bool | None:
    found = () if packet.reverse_path is None else packet.reverse_path(packet, guard)
    return found if isinstance(found, bool) else None


_EVALUATE: dict[type, Callable[..., bool | None]] = {
    In: _in, Masked: _masked, Interface: _interface, All: _all, AnyOf: _any, Not: _not, Unsure: _unsure,
    Members: _members, ReversePath: _reverse,
}  # fmt: skip


def doubts(guard: Guard, packet: Traveller) -> tuple[Doubt, ...]:
    """Why a guard could not be decided."""
    if holds(guard, packet) is not None:
        return ()
    match guard:
        case Unsure(doubt):
            return (doubt,)
        case In(name) | Masked(name) if packet.hidden is not None and name in OWN_SOURCE:
            return (packet.hidden,)
        case In(name) | Masked(name) | Interface(name):
            return (Doubt("field-not-stated", (name,)),)
        case Members(names):
            open_names = [
                name
                for name in names
                if _OPEN.get(name, name) in packet.unstated or getattr(packet, name) == ""
            ]
            return tuple(Doubt("field-not-stated", (name,)) for name in open_names)
        case All(parts) | AnyOf(parts):
            return tuple(doubt for part in parts for doubt in doubts(part, packet))
        case Not(inner):
            return doubts(inner, packet)
        case ReversePath():
            found = () if packet.reverse_path is None else packet.reverse_path(packet, guard)
            return (Doubt("reverse-path-undecided"), *(() if isinstance(found, bool) else found))
