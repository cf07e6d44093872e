"""What the packets of one set have in common while they walk: the symbolic twin of ``Traveller``.

A header field is a value in terms of the original packet (``Bits``): itself, a constant after DNAT, another
field of the original in a reply. Interfaces are concrete, or depend on who sent the packet (``ByOrigin``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sekisho.semantics.program import INVALID, Way
from sekisho.symbolic.bits import Bits, Ends, Set
from sekisho.symbolic.space import Space
from sekisho.values.address import Address
from sekisho.values.slotted import replace


class ByOrigin:
    """A name or number that depends on the packet: disjoint sets, one for each. Compared by identity."""

    __slots__ = ("_by_name", "cases", "names")

    def __init__(self, cases: Iterable[tuple[str | int | None, Set]]) -> None:
        self.cases = tuple(cases)
        self._by_name: dict[str | int | None, Set] = {}
        for name, some in self.cases:
            present = self._by_name.get(name)
            self._by_name[name] = some if present is None else present | some
        self.names = frozenset(self._by_name)

    def of(self, name: str | int | None, nothing: Set) -> Set:
        """The packets for which it is just this one."""
        return self._by_name.get(name, nothing)

    def where(self, wanted: object, nothing: Set) -> Set:
        """The packets for which ``wanted(name)`` holds."""
        found = nothing
        for name, some in self.cases:
            if wanted(name):  # type: ignore[operator]
                found |= some
        return found


Name = str | None | ByOrigin
# Numbers of which all bits may be free, and states of which any may be meant (where a chain is read alone).
Free = int | Bits
Any = int | None | ByOrigin
# The name of an interface, or an address, that is there but that nobody knows.
OPEN = "?"
Mac = int | str | None | Bits | ByOrigin


@dataclass(frozen=True, slots=True)
class SymbolicConnection:
    """A tracked connection of a namespace: ``sent`` is the first packet's ends, ``onward`` the same after
    translation (so an answer arrives as ``onward.mirrored()``)."""

    sent: Ends
    onward: Ends
    zone: Free = 0
    zone_reply: Free = 0
    status: int = 0
    mark: int = 0
    bound: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class State:
    """See the module's text. Fields are those of ``Traveller``; ``spent`` is what routers took of the
    original TTL, ``answered`` that the ICMP type is the answer's to the original one, ``mac_open`` that
    nobody knows the sender's MAC address, ``owner_open`` that nobody knows whose the packet is; ``sees`` is
    that of the reverse lookup that this is (ReversePath).
    ``connections`` are those of all namespaces, ``tracked`` the one in this namespace, by its place among
    them. ``frame`` is the destination that the frame was for, ``first`` are the ends as a process sent them,
    where routing chose the source."""

    ends: Ends
    icmp_type: Bits
    icmp_code: Bits
    icmp_id: Bits
    tcp_flags: Bits
    tos: Bits
    length: Bits
    ttl: Bits
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
    connections: tuple[tuple[str, SymbolicConnection], ...] = ()
    reply: bool = False
    visits: int = 0
    first: Ends | None = None

    def __hash__(self) -> int:
        # States are looked up very often; these fields tell nearly all of them apart. Right after a
        # translation only the connection does.
        latest = self.connections[-1][1].onward if self.connections else None
        return hash(
            (self.ends, self.iif, self.oif, self.next_hop, self.ctstate, self.ctdir, self.mark, self.reply,
             self.visits, self.tracked, self.physin, self.uid, latest)
        )  # fmt: skip

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
    def connection(self) -> SymbolicConnection | None:
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

    def with_connection(self, connection: SymbolicConnection) -> State:
        """The same with the carried connection changed."""
        assert self.tracked is not None
        node = self.connections[self.tracked][0]
        kept = list(self.connections)
        kept[self.tracked] = (node, connection)
        return replace(self, connections=tuple(kept))

    def by_way(self, way: Way) -> State:
        """The packets on their way out."""
        out: Address | Bits = way.via or self.ends.dst
        return replace(self, frame=None, oif=way.dev or "", next_hop=out, linkdown="linkdown" in way.flags)

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


def at_start(space: Space, *, iif: Name = None, mark: int = 0) -> State:
    """A packet as it sets out: every field is the original's."""
    field = space.field
    return State(
        Ends(field["src"], field["dst"], field["sport"], field["dport"]),
        field["icmp_type"], field["icmp_code"], field["icmp_id"], field["tcp_flags"], field["tos"],
        field["length"], field["ttl"], iif=iif, mark=mark,
    )  # fmt: skip
