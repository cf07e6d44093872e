"""What a walk moves in: nodes (network namespaces of any host) and the links between their interfaces.

    host A ── docker0 ══ vethX ── eth0 ── A/web          a bridge: a link of its owner, with attachments
       └──── eth0 ══ wire 10.0.0.0/24 ══ eth0 ── host B  a wire: several interfaces, nobody's rules on it
       └──── vethR ══ eth1 ── A/router                   a veth pair without a bridge: a wire of two ends

A node is named, never addressed: both hosts may have 172.17.0.1. A host is read when a packet gets there, or
when all are asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from sekisho.errors import UsageError, said
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.attachment import Attachment, Link, Segment
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Lean
from sekisho.semantics.ports import Links, Port
from sekisho.semantics.site import Site
from sekisho.semantics.sites import Part, Sites, Whole
from sekisho.semantics.tunnels import Tunnel, tunnels_of
from sekisho.semantics.wires import Wire, pairs_of, wires_between
from sekisho.values.address import BITS, Address, Family
from sekisho.values.intset import IntSet


class World:
    """The hosts of a snapshot. ``kept``: what readings made for it."""

    def __init__(self, *parts: Snapshot | Part) -> None:
        self.sites = Sites(tuple(Whole(part) if isinstance(part, Snapshot) else part for part in parts))
        self._only = next(iter(self.sites.values())) if len(self.sites) == 1 else None
        self.nodes: Mapping[str, HostCode] = _Nodes(self.sites) if self._only is None else self._only.nodes
        self.kept = dict[object, object]()
        self._elsewhere: dict[tuple[str, Family], IntSet] = {}
        self._tunnels: dict[str, list[Tunnel]] = {}
        self._pairs: dict[str, dict[Link, Wire]] = {}
        self._towards: dict[tuple[str, ...], dict[Link, Wire]] = {}

    @property
    def one_host(self) -> bool:
        """Whether there is one host."""
        return self._only is not None

    @property
    def site(self) -> Site:
        """The only host. Raises UsageError where there are several."""
        if self._only is not None:
            return self._only
        raise UsageError(
            said("the snapshot holds {0} hosts: {1}", len(self.sites), ", ".join(self.sites)),
            advice=said("name one of them: --host {0}", next(iter(self.sites))),
        )

    def site_of(self, node: str) -> Site:
        """The host that a namespace is of."""
        return self.sites.of(node)

    def links(self, node: str) -> Links:
        """The interfaces of a namespace."""
        return self.sites.of(node).links[node]

    # -------------------------------------------------------------------------------- bridges

    def is_bridge(self, link: Link) -> bool:
        """Whether an interface is known to be a bridge."""
        site = self.sites.of(link.owner)
        return link.device in site.bridges if link.owner == site.id else link in site.inner

    def switches(self, node: str) -> bool:
        """Whether what comes in by an interface of a namespace may be for another one: of a bridge, or on the
        interface's own wire."""
        return node in self.sites.of(node).switching

    def is_closed(self, link: Link) -> bool:
        """Whether every container on a bridge is known."""
        site = self.sites.of(link.owner)
        return link.owner == site.id and link.device in site.docker_bridges

    def strange(self, link: Link) -> Port:
        """What is known of the port of somebody on a bridge whom nobody knows."""
        return self.sites.of(link.owner).strange(link)

    def strange_to(self, link: Link, sender: Attachment | None) -> Port:
        """The same for a frame that came in by the port of ``sender`` (None: by any)."""
        return self.sites.of(link.owner).strange_to(link, sender)

    def bridge_nf(self, link: Link, family: Family) -> str | None:
        """Whether netfilter sees what a bridge hands from port to port: "1", "0", None: not captured."""
        return self.sites.of(link.owner).bridge_nf(link, family)

    def segment(self, link: Link, family: Family) -> Segment:
        """What decides between up and across on a bridge."""
        return self.sites.of(link.owner).segment(link, family)

    # --------------------------------------------------------------------------------- wires

    def wire(self, link: Link, hop: Address | None = None) -> Wire | None:
        """What is on the wire of an interface, as far as it has ``hop`` (None: any address); None: nobody
        knows."""
        site = self.sites.of(link.owner)
        if site.id not in self._pairs:
            self._pairs[site.id] = pairs_of(site)
        found = self._pairs[site.id].get(link)
        if found is not None or len(self.sites) == 1 or link.owner != site.id:
            return found
        if hop is None or "wires" in self.__dict__ or self._is_tunnel(link):
            return self.wires.get(link)  # a tunnel's far end need not have the next hop's address
        return self._wires_to(site, hop).get(link)

    def carries(self, link: Link, dst: Address) -> tuple[str, str] | None:
        """Of a tunnel's interface: what it is, and the packet in which it carries others, for people."""
        tunnel = next((each for each in self._tunnels_of(link.owner) if each.interface == link.device), None)
        return None if tunnel is None else (tunnel.name, tunnel.outside(dst))

    def _is_tunnel(self, link: Link) -> bool:
        return any(each.link == link for each in self._tunnels_of(link.owner))

    def _tunnels_of(self, node: str) -> list[Tunnel]:
        if node not in self._tunnels:
            every = tunnels_of(self.sites.of(node))
            self._tunnels[node] = [each for each in every if each.host.name == node]
        return self._tunnels[node]

    @cached_property
    def wires(self) -> dict[Link, Wire]:
        """By each interface that leads outside, what is there of all hosts."""
        return wires_between(tuple(self.sites.values()))

    def _wires_to(self, site: Site, hop: Address) -> dict[Link, Wire]:
        """The same as far as it may concern one address."""
        near = {site.id: site} | {each.id: each for each in self.sites.naming(hop, own=True)}
        key = tuple(near)
        if key not in self._towards:
            self._towards[key] = wires_between(tuple(near.values()))
        return self._towards[key]

    def elsewhere(self, node: str, family: Family) -> IntSet:
        """The addresses that other captured hosts have where one may call them."""
        mine = self.sites.of(node)
        key = (mine.id, family)
        if key not in self._elsewhere:
            others = (site.outside[family] for site in self.sites.values() if site is not mine)
            every = IntSet.from_intervals(interval for each in others for interval in each)
            self._elsewhere[key] = every.minus(mine.outside[family], BITS[family])
        return self._elsewhere[key]

    def is_elsewhere(self, node: str, address: Address) -> bool:
        """Whether another captured host has an address where one may call it."""
        mine, family = self.sites.of(node), address.family
        if address.value in mine.outside[family]:
            return False
        near = self.sites.naming(address, own=True)
        return any(address.value in site.outside[family] for site in near if site is not mine)

    def child(self, link: Link) -> Attachment | None:
        """The interface on another one's own wire (macvlan, ipvlan) that this is."""
        wires = self.sites.of(link.owner).wires
        return next((item for item in wires if (item.node, item.interface) == link), None)

    def children(self, link: Link) -> tuple[Attachment, ...]:
        """What has frames of its own on an interface's wire."""
        return tuple(item for item in self.sites.of(link.owner).wires if item.link == link)

    # ------------------------------------------------------------------------------ who is where

    def dead(self, node: str, interface: str) -> bool | None:
        """Whether no frame passes an interface of a namespace: it is down, or without carrier. None: nobody
        knows, for the reason that ``links`` has (``unread_line``)."""
        return self.links(node).dead(interface)

    def behind(self, link: Link, address: Address) -> Attachment | None:
        """What answers for the address on that bridge."""
        here = self.sites.of(link.owner).holders(address)
        return next((item for item in here if item.link == link), None)

    def holders(self, address: Address) -> tuple[Attachment, ...]:
        """All attachments that have the address."""
        every = self.sites.naming(address, own=False)
        return tuple(item for site in every for item in site.holders(address))

    def named(self, name: str) -> tuple[Attachment, ...]:
        """The attachments of a container or namespace."""
        return self.sites.of(name).named(name) if self.sites.holds(name) else ()

    def lives_in(self, name: str) -> str:
        """Whose namespace a container lives in."""
        return self.sites.of(name).shared.get(name, name) if self.sites.holds(name) else name

    def end_of_link(self, node: str, interface: str) -> Attachment | None:
        """What of a captured namespace hangs on a bridge by that interface."""
        return self.sites.of(node).ends.get((node, interface))

    # ------------------------------------------------------------------------------ what is leant on

    def leans_on(self, family: Family) -> tuple[Lean, ...]:
        """What any answer about all packets takes for granted."""
        return tuple(lean for site in self.sites.values() for lean in site.leans_on(family))


class _Nodes(Mapping[str, HostCode]):
    """Those of several hosts."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._met: dict[str, HostCode] = {}

    def __getitem__(self, node: str) -> HostCode:
        found = self._met.get(node)
        if found is None:
            found = self._met[node] = self._sites.of(node).nodes[node]
        return found

    def __contains__(self, node: object) -> bool:
        return isinstance(node, str) and self._sites.holds(node) and node in self._sites.of(node).nodes

    def __iter__(self) -> Iterator[str]:
        return (node for site in self._sites.values() for node in site.nodes)

    def __len__(self) -> int:
        return sum(1 for _ in self)
