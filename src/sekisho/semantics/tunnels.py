"""Tunnels between captured namespaces: what goes by one travels inside a packet of its sender's host.

    A vxlan0, or br0 with vxlan0 as a port            B
      10.99.0.1/24        udp 10.0.0.11 -> 10.0.0.12:4789, whose way is that of any packet

What an interface leads to is told by its own line (``ip -d link``), for vxlan also by the bridge's forwarding
table, for WireGuard by its peers' endpoints and allowed addresses: it goes by the packet's destination, where
vxlan goes by the next hop and the others have one far end. Both ends have to be captured and to lead to one
another.
Sources: drivers/net/vxlan/vxlan_core.c (vxlan_xmit, vxlan_rcv), net/ipv4/ip_tunnel.c (ip_tunnel_lookup),
drivers/net/wireguard/device.c (wg_xmit).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.model.beside import LISTENS, Beside
from sekisho.model.links import Interface
from sekisho.semantics.attachment import Link
from sekisho.semantics.host import HostCode
from sekisho.semantics.site import Site
from sekisho.values.address import BITS, Address, Family
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.numbers import integer, is_number
from sekisho.values.packet import UDP, Packet, protocol_name

# Protocols that carry packets without ports, by an interface's kind (IANA protocol numbers).
_CARRIERS = {"ipip": 4, "sit": 41, "gre": 47, "gretap": 47}
_VXLAN_PORT, _WIREGUARD_PORT = 4789, 51820


@dataclass(frozen=True, slots=True)
class Tunnel:
    """An interface of a namespace that leads to others, ``bridge`` that of which it is a port.

    ``key``: what tells apart tunnels of one kind; ``remotes`` are the far ends' addresses, ``port`` the one
    on which it listens and, but for WireGuard, sends; ``peers`` are WireGuard's, ``mark`` that of
    its carriers.
    """

    host: HostCode
    interface: str
    kind: str
    bridge: str | None = None
    key: str = ""
    local: Address | None = None
    remotes: frozenset[Address] = frozenset()
    port: int | None = None
    peers: tuple[Beside, ...] = ()
    mark: int = 0

    @property
    def link(self) -> Link:
        """What frames for it are put on: the bridge that it is a port of, else itself."""
        return Link(self.host.name, self.bridge or self.interface)

    @property
    def name(self) -> str:
        """What it is, for people."""
        return f"{self.kind} {self.key}".strip()

    def outside(self, dst: Address) -> str:
        """The packet that carries one for an address, for people."""
        remotes, port = sorted(self.remotes), self.port
        if self.kind == "wireguard":
            fitting = [(a.length, n) for n, p in enumerate(self.peers) for a in p.allowed if a.contains(dst)]
            peer = self.peers[max(fitting)[1]] if fitting else None
            remotes = [peer.address] if peer is not None and peer.address is not None else []
            port = peer.port if peer is not None else None
        proto = _CARRIERS.get(self.kind, UDP)
        shown = ", ".join(map(str, remotes)) or "?"
        return f"{protocol_name(proto)} to {shown}{f':{port}' if proto == UDP and port else ''}"

    def is_at(self, address: Address) -> bool:
        """Whether packets for the address come to this end."""
        mine = self.host.owns(address.family, address.value)
        return mine and (self.local is None or self.local == address)

    def to(self, other: Tunnel) -> Packet | None:
        """The packet that carries others to another end; None: it does not lead there."""
        if self.host is other.host or (self.kind, self.key) != (other.kind, other.key):
            return None
        if self.kind == "wireguard":
            peer = self.peer(other)
            told = None if peer is None else peer.address
            ends = [told] if told is not None and other.is_at(told) else []
            port = None if peer is None else peer.port
            fits = other.port is None or port == other.port
        else:
            ends = [address for address in sorted(self.remotes) if other.is_at(address)]
            port, fits = self.port, self.port == other.port
        if not ends or not fits:
            return None
        far = ends[0]
        proto = _CARRIERS.get(self.kind, UDP)
        near = 0 if self.local is None else self.local.value
        sport = self.port if self.kind == "wireguard" else None
        dport = port if proto == UDP else None
        return Packet(far.family, near, far.value, proto, sport, dport, mark=self.mark)

    def peer(self, other: Tunnel) -> Beside | None:
        """Of WireGuard's peers the one that another end is: an address of its interface is allowed there."""
        theirs = [
            Address(item.family, item.value)
            for every in other.host.addresses.values()
            for item in every
            if item.interface == other.interface and item.scope != "link"
        ]
        fitting = [
            (prefix.length, at)
            for at, peer in enumerate(self.peers)
            for prefix in peer.allowed
            if any(map(prefix.contains, theirs))
        ]
        return self.peers[max(fitting)[1]] if fitting else None

    def allowed(self, other: Tunnel) -> dict[Family, IntSet]:
        """The destinations that go to another end of WireGuard."""
        peer = self.peer(other)
        families: tuple[Family, Family] = (4, 6)
        found: dict[Family, IntSet] = {4: EMPTY, 6: EMPTY}
        for family in families:
            whose = [(a, p) for p in self.peers for a in p.allowed if a.family == family]
            # The longest prefix decides (drivers/net/wireguard/allowedips.c).
            for prefix, each in sorted(whose, key=lambda pair: pair[0].length):
                mine = IntSet.prefix(prefix)
                left = found[family].minus(mine, BITS[family])
                found[family] = left | mine if each is peer else left
        return found


def tunnels_of(site: Site) -> Iterator[Tunnel]:
    """Those of all namespaces of a host."""
    for host in site.nodes.values():
        peers: dict[str, list[Beside]] = {}
        for fact in host.facts.beside:
            if fact.kind == "wireguard" and fact.interface is not None:
                peers.setdefault(fact.interface, []).append(fact)
        for name, mine in peers.items():
            port = next((fact.port for fact in mine if fact.word == LISTENS), None)
            others = tuple(fact for fact in mine if fact.word != LISTENS)
            mark = next((fact.mark for fact in mine if fact.word == LISTENS and fact.mark), 0)
            yield Tunnel(host, name, "wireguard", port=port, peers=others, mark=mark)
        for item in host.facts.interfaces or ():
            if item.kind in ("vxlan", *_CARRIERS):
                yield _tunnel(host, item)


def _tunnel(host: HostCode, item: Interface) -> Tunnel:
    found = dict(item.details)
    remotes = {_address(found.get("remote", ""))}
    key = found.get("key") or found.get("okey", "")
    port = None
    if item.kind == "vxlan":
        key, told = found.get("id", ""), found.get("dstport") or found.get("port", "")
        port = integer(told) if is_number(told) else _VXLAN_PORT
        entries = (entry for entry in host.facts.bridge_entries or () if entry.port == item.name)
        # What asks for an address goes where everything unknown goes.
        remotes |= {entry.far for entry in entries if not entry.mac.strip("0:")}
    known = frozenset(each for each in remotes if each is not None)
    local, kind = _address(found.get("local", "")), item.kind or ""
    return Tunnel(host, item.name, kind, item.master, key, local, known, port)


def _address(text: str) -> Address | None:
    try:
        found = Address.parse(text)
    except ValueError:
        return None
    return found if found.value else None


@dataclass(frozen=True, slots=True)
class Through:
    """What carries packets to the other end of a tunnel: ``outer``, from ``node``. ``answers``: it is an
    answer to that packet, which the other end sent (WireGuard learns where a peer is). ``other``: what the
    end in the namespace ``far`` sends, where that belongs to the same connection. ``kind``: for people."""

    kind: str
    node: str
    outer: Packet
    answers: bool = False
    other: Packet | None = None
    far: str = ""

    @property
    def words(self) -> str:
        """The packet for people."""
        ends = (Address(self.outer.family, self.outer.src), Address(self.outer.family, self.outer.dst))
        src, dst = reversed(ends) if self.answers else ends
        named = protocol_name(self.outer.proto)
        port = self.outer.sport if self.answers else self.outer.dport
        to = f"[{dst}]" if dst.family == 6 and port is not None else str(dst) if dst.value else "*"
        return f"{named} {src if src.value else '*'} -> {to}{'' if port is None else f':{port}'}"


def through(near: Tunnel, far: Tunnel) -> Through | None:
    """What carries packets from one end to another; None: these two are not one tunnel."""
    there, back = near.to(far), far.to(near)
    if near.kind in _CARRIERS and (back is None and far.remotes):
        return None  # it takes packets of its own far end alone
    if there is not None:
        tracked = back if near.kind != "vxlan" else None  # each of its flows has a source port of its own
        return Through(near.name, near.host.name, there, other=tracked, far=far.host.name)
    peer = near.peer(far) if near.kind == "wireguard" else None
    if back is not None and peer is not None and peer.address is None:
        return Through(near.name, far.host.name, back, answers=True)
    return None
