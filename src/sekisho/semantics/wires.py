"""What carries frames between interfaces without rules on it: a veth pair, a subnet's wire, a tunnel.

    A/eth0 10.0.0.11/24 ┐
    B/eth0 10.0.0.12/24 ┘ 10.0.0.0/24

Two hosts' interfaces are on one wire where snapshot.toml says so, a neighbour table has the other's MAC
address, or each lies in the other's subnet (leant on). Where a table has another MAC address for it, they are
not; where two on a wire have one address, nobody knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from sekisho.errors import UsageError, said
from sekisho.model.snapshot import Namespace
from sekisho.semantics import whose
from sekisho.semantics.addresses import HostAddress
from sekisho.semantics.attachment import Link
from sekisho.semantics.captured import named_inward
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.site import Site
from sekisho.semantics.switches import either, greater, key_of
from sekisho.semantics.tunnels import Through, through, tunnels_of
from sekisho.values.address import Address, Family
from sekisho.values.intset import EMPTY, IntSet

# Kinds of interfaces that do not lead to a wire outside, and names of such where the kind was not captured.
_INWARD = frozenset(
    {
        "loopback", "bridge", "tun", "tap", "wireguard", "vxlan", "geneve", "gre", "gretap", "ip6gre",
        "ipip", "sit", "ip6tnl", "vti", "vti6", "xfrm", "dummy", "ifb", "macvlan", "macvtap", "ipvlan",
        "nlmon", "vrf",
    }
)  # fmt: skip


_EVERY_ADDRESS: dict[Family, IntSet] = {4: IntSet.span(0, (1 << 32) - 1), 6: IntSet.span(0, (1 << 128) - 1)}


@dataclass(frozen=True, slots=True)
class WireEnd:
    """An interface on a wire, the addresses for which it answers by family, and its MAC address (None: not
    captured). ``leans``: what having it there takes for granted; ``contested`` are the addresses that others
    on the wire have too, so that nobody knows who answers (``doubt``). ``by_destination``: what is sent there
    goes by its own destination, not the next hop; ``through``: the tunnel that leads there. ``ports`` are
    interfaces of either side by which frames get there besides, a bridge's card or tunnel."""

    node: str
    interface: str
    addresses: dict[Family, IntSet]
    mac: str | None = None
    leans: tuple[Lean, ...] = ()
    contested: dict[Family, IntSet] = field(default_factory=dict)
    doubt: Doubt | None = None
    by_destination: bool = False
    through: Through | None = None
    ports: tuple[Link, ...] = ()

    def may_answer_for_others(self, facts: Namespace) -> Doubt | None:
        """Why it may answer for addresses that are not its own: for those to which it routes elsewhere."""
        if not either(facts, self.interface, "proxy_arp"):
            return None
        return whose.doubt(facts, "sysctl-decides", key_of(self.interface, "proxy_arp"))


@dataclass(frozen=True, slots=True)
class Wire:
    """Who takes what an interface puts on its wire. ``complete``: there is nobody else; ``apart``: addresses
    of captured hosts that are certainly not on it."""

    ends: tuple[WireEnd, ...]
    complete: bool = False
    apart: dict[Family, IntSet] = field(default_factory=lambda: {4: EMPTY, 6: EMPTY})


def pairs_of(site: Site) -> dict[Link, Wire]:
    """By each end of a host's veth pairs that is no port of a bridge, the other."""
    return {
        near: Wire((_of_a_pair(site.nodes[far.owner], far.device),), complete=True)
        for near, far in site.pairs.items()
        if not _is_port(site, near) and not _is_port(site, far)
    }


def _is_port(site: Site, end: Link) -> bool:
    return site.links[end.owner].by_name[end.device].master is not None


def _of_a_pair(host: HostCode, name: str) -> WireEnd:
    """An end that answers for all IPv4 addresses of its namespace (arp_process, arp_ignore), and of IPv6 for
    its own (ndisc_recv_ns)."""
    everywhere = not greater(host.facts, name, "arp_ignore")
    addresses: dict[Family, IntSet] = {}
    for family, every in host.addresses.items():
        mine = (
            item.value
            for item in every
            if item.interface == name or (family == 4 and everywhere and item.scope != "host")
        )
        addresses[family] = IntSet.of(*mine)
    return WireEnd(host.name, name, addresses, host.mac(name))


# ------------------------------------------------------------------------------------ between hosts

# Stands for an end that is certainly not on a wire.
_APART = WireEnd("", "", {4: EMPTY, 6: EMPTY})


class _Outlet:
    """An interface of a host that leads outside: its addresses that others call, what it has heard of others,
    and itself as others find it (with what hangs on it: a bridge's containers, macvlan children)."""

    def __init__(self, site: Site, link: Link, own: tuple[HostAddress, ...]) -> None:
        self.site, self.link, self.own = site, link, own
        self.called = frozenset(Address(item.family, item.value) for item in own)
        self.subnets = tuple(item.subnet for item in own)
        self.heard = {
            item.address: item.mac
            for item in site.host.facts.neighbours or ()
            if item.interface == link.device and item.mac is not None
        }
        cards = site.cards(link.device)
        self.cards = tuple(map(site.on, cards)) if len(cards) == 1 else ()
        self.macs = {item.mac for item in site.host.facts.interfaces or ()}
        self.end = _answering(site, link)

    def sees(self, other: _Outlet) -> bool:
        """Whether an address of the other's is in a subnet here."""
        return any(subnet.contains(address) for subnet in self.subnets for address in other.called)

    def has_heard(self, other: _Outlet) -> bool | None:
        """Whether the neighbour table has the other's MAC address for it; None: it has none, or that of
        another interface of that host."""
        found = {self.heard[address] for address in other.called & self.heard.keys()}
        if other.end.mac is None or not found:
            return None
        return True if other.end.mac in found else None if found & other.macs else False


def wires_between(sites: Collection[Site]) -> dict[Link, Wire]:
    """By each interface of hosts that leads outside, who is there of the other hosts."""
    outlets = [outlet for site in sites for outlet in _outlets(site)]
    stated = {link: number for number, links in enumerate(_stated(sites)) for link in links}
    found: dict[Link, Wire] = {}
    for outlet in outlets:
        ends, apart = [], []
        for other in outlets:
            if other.site is outlet.site:
                continue
            if outlet.link in stated or other.link in stated:
                same = stated.get(outlet.link, -1) == stated.get(other.link, -2)
                end: WireEnd | None = other.end if same else _APART
            else:
                end = _seen(outlet, other)
            if end is _APART:
                apart.append(other.end)
            elif end is not None:
                ends.append(replace(end, ports=(*outlet.cards, *other.cards)))
        if ends or apart:
            off = {of: _union(each.addresses[of] for each in apart) for of in outlet.end.addresses}
            found[outlet.link] = Wire(tuple(_told_apart(ends)), apart=off)
    for link, end in _by_tunnels(sites):
        before = found.get(link, Wire(()))
        found[link] = replace(before, ends=(*before.ends, end))
    return found


def _union(sets: Iterable[IntSet]) -> IntSet:
    return IntSet.from_intervals(interval for each in sets for interval in each)


def _by_tunnels(sites: Collection[Site]) -> Iterator[tuple[Link, WireEnd]]:
    """Who is at the other ends of tunnels, by what leads there."""
    # One of a container may send by the namespace in which it was made: nothing captured tells which.
    every = [(site, each) for site in sites for each in tunnels_of(site) if each.host is site.host]
    for _, near in every:
        for site, far in every:
            carried = through(near, far)
            if carried is None:
                continue
            bridge = far.bridge is not None
            if near.kind == "vxlan":
                end = _answering(site, far.link) if bridge else _of_a_pair(far.host, far.link.device)
            else:
                allowed = near.allowed(far) if near.kind == "wireguard" else None
                end = WireEnd(*far.link, allowed or _EVERY_ADDRESS, by_destination=allowed is not None)
            ports = (Link(each.host.name, each.interface) for each in (near, far) if each.bridge)
            yield near.link, replace(end, through=carried, ports=tuple(ports))


def _answering(site: Site, link: Link) -> WireEnd:
    """An interface with what hangs on it: a bridge's containers, macvlan children."""
    host = site.nodes[link.owner]
    here = (item for item in (*site.attachments, *site.wires) if item.link == link)
    beyond = [address for item in here for address in item.addresses]
    values: dict[Family, IntSet] = {}
    for family, every in host.addresses.items():
        mine = (item.value for item in every if item.interface == link.device)
        values[family] = IntSet.of(*mine, *(a.value for a in beyond if a.family == family))
    return WireEnd(*link, values, host.mac(link.device))


def _outlets(site: Site) -> Iterator[_Outlet]:
    every = [item for family in site.host.addresses.values() for item in family]
    for name in dict.fromkeys(item.interface for item in every):
        own = tuple(item for item in every if item.interface == name and item.scope not in ("link", "host"))
        if own and _leads_out(site, name):
            yield _Outlet(site, site.on(name), own)


def _leads_out(site: Site, name: str) -> bool:
    if Link(site.id, name) in site.pairs:
        return False
    kind = site.kind(name)
    if kind == "bridge" or name in site.bridges:
        return bool(site.cards(name))
    return kind not in _INWARD if kind else not named_inward(name)


def _stated(sites: Collection[Site]) -> Iterator[list[Link]]:
    """The wires that snapshot.toml names."""
    known = {site.id: site for site in sites}
    wires = dict.fromkeys(wire for site in sites for wire in site.snapshot.wires)
    for wire in wires:
        parts = [end.partition("/") for end in wire]
        for host, _, name in parts:
            if host in known and name not in known[host].devices:
                raise UsageError(
                    said(
                        "[[wires]] of snapshot.toml names {0}: no such interface there",
                        f"{host}/{name}",
                    ),
                    advice=said("known: {0}", ", ".join(sorted(known[host].devices))),
                )
        yield [known[host].on(name) for host, _, name in parts if host in known]


def _seen(outlet: _Outlet, other: _Outlet) -> WireEnd | None:
    """The other as what is on an outlet's wire; None where nothing tells, _APART where it is not there."""
    told = {outlet.has_heard(other), other.has_heard(outlet)}
    if False in told:
        return _APART
    if True in told:
        return other.end
    if not outlet.sees(other) or not other.sees(outlet):
        return None
    subnet = next(mine for mine in outlet.subnets if any(map(mine.contains, other.called)))
    names = sorted(each.site.shown(each.link.device) for each in (outlet, other))
    return replace(other.end, leans=(Lean("same-subnet-same-wire", (*names, str(subnet))),))


def _told_apart(ends: Collection[WireEnd]) -> Iterator[WireEnd]:
    """With the addresses that several on the wire have."""
    holders: dict[tuple[Family, int], list[WireEnd]] = {}
    for end in ends:
        for family, values in end.addresses.items():
            for first, last in values:
                for value in range(first, last + 1):
                    holders.setdefault((family, value), []).append(end)
    contested = {key: several for key, several in holders.items() if len(several) > 1}
    cards = Counter(end.node for end in ends)
    for end in ends:
        if cards[end.node] > 1:  # a host answers for all its addresses on every interface (arp_process)
            named = ", ".join(f"{each.node}/{each.interface}" for each in ends if each.node == end.node)
            doubt = Doubt("interfaces-on-one-wire", (named,))
            yield replace(end, contested=end.addresses, doubt=doubt)
            continue
        mine = {key: several for key, several in contested.items() if end in several}
        if not mine:
            yield end
            continue
        names = sorted({f"{each.node}/{each.interface}" for several in mine.values() for each in several})
        shared = {of: IntSet.of(*(value for family, value in mine if family == of)) for of in end.addresses}
        yield replace(end, contested=shared, doubt=Doubt("one-address-several-hosts", (", ".join(names),)))
