"""What packets have in common while they walk.

A header field is a value in terms of the original packet (``Bits``): itself, a constant after DNAT, another
field of the original in a reply. Interfaces are concrete, or depend on who sent the packet (``ByOrigin``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import INVALID, Way
from sekisho.symbolic.bits import Bits, ByOrigin, Ends, Set
from sekisho.values.address import Address
from sekisho.values.slotted import Record, replace

Name = str | None | ByOrigin
# Numbers of which all bits may be free, and states of which any may be meant (where a chain is read alone).
Free = int | Bits
Any = int | None | ByOrigin
# The name of an interface, or an address, that is there but that nobody knows.
OPEN = "?"
# The name of a bridge's port of which no more is known than that there is one.
UNNAMED = ""
Mac = int | str | None | Bits | ByOrigin


@dataclass(frozen=True, eq=False)
class Connection(Record):
    """A tracked connection of a namespace: ``sent`` is the first packet's ends, ``onward`` the same after
    translation (so an answer arrives as ``onward.mirrored()``). ``bound`` are the sides ("dst", "src") whose
    nat chains were consulted already, ``opened`` the TCP flags of the packet that opened it, ``ids`` the
    identifier of an echo before and after a translation that picks another one."""

    sent: Ends
    onward: Ends
    zone: Free = 0
    zone_reply: Free = 0
    status: int = 0
    mark: int = 0
    bound: frozenset[str] = frozenset()
    opened: Bits | None = None
    ids: tuple[Bits, Bits] | None = None

    @property
    def told_by(self) -> object:
        """What tells connections apart."""
        return self.sent, self.onward, self.status, self.bound


@dataclass(frozen=True, eq=False)
class State(Record):
    """See the module's text. Connection fields are those of the tuple that tracking found; ``pkttype`` tells
    whom the frame was for, ``route_kind`` whom the packets are for as routing sees it, which is what sockets
    go by; ``local``: made by a process of this namespace. ``spent`` is what routers took of the original TTL,
    ``answered`` that the ICMP type is the answer's to the original one, ``mac_open`` that
    nobody knows the sender's MAC address, ``owner_open`` that nobody knows whose the packet is; ``sees`` is
    that of the reverse lookup that this is (ReversePath).
    ``connections`` are those of all namespaces, ``tracked`` the one in this namespace, by its place among
    them. ``frame`` is the destination that the frame was for, ``first`` are the ends as a process sent them,
    where routing chose the source. ``hidden``: why nobody knows the source that a host gave them. ``quoted``:
    the packet that an ICMP error is about, as its sender got it. ``piece``: the length of the longest piece
    that they travel in, where their length is stated and counts; ``df``: whether nobody may cut them;
    ``route``: by which way they go then."""

    ends: Ends
    icmp_type: Bits
    icmp_code: Bits
    icmp_id: Bits
    tcp_flags: Bits
    tos: Bits
    length: Bits
    ttl: Bits
    proto: Bits
    src_mac: Bits | None = None
    uid: Bits | None = None
    gid: Bits | None = None
    spent: int = 0
    answered: bool = False
    mac_open: bool = False
    owner_open: bool = False
    sees: str = "ports"
    fragment: Free = 0
    iif: Name = None
    oif: Name = None
    physin: Name = None
    physout: Name = None
    portin: Name = None
    portout: Name = None
    dst_mac: Mac = None
    local: bool = False
    mark: Free = 0
    next_hop: Address | Bits | None = None
    linkdown: bool = False
    pkttype: Free = 0
    route_kind: int = 0
    frame: Bits | None = None
    zone: Free = 0
    zone_reply: Free = 0
    ctstate: Any = INVALID
    ctstatus: Free = 0
    ctmark: Free = 0
    ctdir: Any = None
    ctsent: Ends | None = None
    ctonward: Ends | None = None
    untracked: bool = False
    template: bool = False
    way_out: Name = None
    tracked: int | None = None
    connections: tuple[tuple[str, Connection], ...] = ()
    reply: bool = False
    visits: int = 0
    first: Ends | None = None
    hidden: Doubt | None = None
    quoted: State | None = None
    piece: int | None = None
    df: int | None = None
    route: Way | None = None

    @property
    def told_by(self) -> object:
        """States are looked up very often. Right after a translation only the connection tells them apart."""
        latest = self.connections[-1][1].onward if self.connections else None
        return (self.ends, self.iif, self.oif, self.next_hop, self.ctstate, self.ctdir, self.mark, self.reply,
                self.visits, self.tracked, self.physin, self.uid, latest)  # fmt: skip

    def with_ends(self, **ends: Bits) -> State:
        """The state with some of its addresses and ports replaced."""
        return replace(self, ends=replace(self.ends, **ends))

    @property
    def seen(self) -> State:
        """What guards see of the state, but for the reverse path; an interface that is known has been asked
        for beforehand (see ``narrow``)."""
        known = not isinstance(self.iif, ByOrigin)
        return replace(
            self, iif=None if known else self.iif, next_hop=None, frame=None, linkdown=False, untracked=False,
            template=False, way_out=None, tracked=None, connections=(), reply=False, visits=0, first=None,
        )  # fmt: skip

    @property
    def way(self) -> str | None:
        """The outgoing interface of packets on their way through a host."""
        assert not isinstance(self.oif, ByOrigin)
        return self.oif

    @property
    def connection(self) -> Connection | None:
        """The connection that the packets carry in this namespace."""
        return None if self.tracked is None else self.connections[self.tracked][1]

    def crossed(self) -> State:
        """Over a veth pair into another namespace; see ``Traveller.cross``."""
        return replace(
            self,
            mark=0,
            local=False,
            uid=None,
            gid=None,
            owner_open=False,
            physin=None,
            physout=None,
            portin=None,
            portout=None,
            dst_mac=None,
            zone=0,
            zone_reply=0,
        ).unconnected(INVALID)

    def unconnected(self, ctstate: int) -> State:
        """No connection is attached to the packets (any more)."""
        return replace(self, ctstate=ctstate, ctstatus=0, ctmark=0, ctdir=None, ctsent=None, ctonward=None)

    def elsewhere(self) -> State:
        """Another stay in a namespace begins: no connection is attached yet."""
        return replace(
            self, tracked=None, untracked=False, template=False, way_out=None, visits=self.visits + 1,
            linkdown=False,
        )  # fmt: skip

    def with_connection(self, connection: Connection) -> State:
        """The same with the carried connection changed."""
        at, kept = self.tracked, self.connections
        assert at is not None
        return replace(self, connections=(*kept[:at], (kept[at][0], connection), *kept[at + 1 :]))

    def by_way(self, way: Way) -> State:
        """The packets on their way out."""
        out: Address | Bits = way.via or self.ends.dst
        return replace(
            self, frame=None, oif=way.dev or "", next_hop=out, linkdown="linkdown" in way.flags,
            route=None if self.piece is None else way,
        )  # fmt: skip

    @property
    def towards(self) -> Address | Bits:
        """The next hop of packets on their way out."""
        assert self.next_hop is not None
        return self.next_hop


Front = dict[State, Set]


def add(front: Front, state: State, some: Set) -> None:
    """Let packets join those of the same state."""
    if some.satisfiable():
        present = front.get(state)
        front[state] = some if present is None else present | some


def changed(front: Front, **fields: object) -> Front:
    """The front with some fields of all its states replaced: what was told apart by them is together."""
    found: Front = {}
    for state, some in front.items():
        add(found, replace(state, **fields), some)  # type: ignore[arg-type]
    return found


def by_interface(state: State, some: Set) -> Iterator[tuple[str, State, Set]]:
    """The packets by the interface that they leave by."""
    if not isinstance(state.oif, ByOrigin):
        yield state.way or "", state, some
        return
    for name, where in state.oif.cases:
        here = some & where
        if here.satisfiable():
            yield str(name), replace(state, oif=str(name)), here


class OneState(State):
    """That of one packet, which is never compared with others."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__
