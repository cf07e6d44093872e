"""Packets by interfaces that are no bridge's: to who shares their wire, through tunnels, or away."""

from __future__ import annotations

from collections.abc import Mapping

from sekisho.semantics.attachment import Attachment, Link
from sekisho.semantics.hidden_gateways import hop_words, unseen
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.tunnels import Through
from sekisho.semantics.wires import WireEnd
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.bridge_ports import BridgePorts
from sekisho.symbolic.carriers import carrier
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.state import Front, State, add
from sekisho.symbolic.visit import Leaving
from sekisho.values.address import BITS, Address, Family
from sekisho.values.intset import IntSet
from sekisho.values.slotted import replace

# Packets that come into namespaces, at their ``iif``.
Entering = dict[str, Front]


class WireWalk(BridgePorts):
    """What is on the wires of interfaces."""

    def _leave_wire(self, node: str, leaving: Leaving, entering: Entering) -> None:
        """By an interface that is no bridge: to who shares its wire, to what is out there. A child of another
        interface shares that one's wire, but parent and child never hear one another."""
        some, hop, wire = leaving.some, leaving.next_hop, Link(node, leaving.interface)
        mine = self.world.child(wire)
        for child in self._children(wire if mine is None else mine.link):
            here = some & self.at(child, hop)
            if mine is None:
                self._apart(node, leaving.interface, hop, leaving.state, here)
            else:
                self._to_child(node, child, "macvlan-sibling", leaving.state, here, entering)
            some &= ~here
        if mine is not None:
            wire = mine.link
            parent = self._the_parents(wire, leaving, some)
            self._apart(node, leaving.interface, hop, leaving.state, parent)
            some &= ~parent
        self._away(node, wire, leaving, some, entering)

    def _the_parents(self, parent: Link, leaving: Leaving, some: Set) -> Set:
        """The packets whose next hop is an address of the child's parent, which may be one that no text
        shows."""
        host, hop = self.world.nodes[parent.owner], leaving.next_hop
        addresses = (item.value for item in host.addresses[self.family] if item.interface == parent.device)
        own = self.hop_in(hop, IntSet.of(*addresses))
        hidden = host.hidden[self.family]
        if (why := hidden.of(parent.device)) is not None:
            perhaps = some & ~own & self.hop_in(hop, hidden.where(parent.device, self.family))
            if perhaps.satisfiable():
                own |= perhaps & self.space.choice(("own", parent, leaving.state.visits), (why,))
        return some & own

    def _to_child(
        self,
        node: str,
        child: Attachment,
        code: str,
        state: State,
        some: Set,
        entering: Entering,
    ) -> None:
        """Frames for a child's own MAC never enter the parent's IP layer."""
        if not some.satisfiable():
            return
        self._tell(some, "link", "FORWARD", code, child.bridge, child.name)
        if child.node is None:
            self._into_unknown(child.link, child, state)
            self.end(Fate("delivered", child.link.owner, child.name, hook="socket"), state, some)
        else:
            self.space.hop(node, state.iif, None)
            inside = replace(self.crossing(state, None, child.node), iif=child.interface, oif=None)
            add(entering.setdefault(child.node, {}), inside, some)

    def _into_unknown(self, link: Link, target: Attachment | None, state: State) -> None:
        """Somebody on a bridge, or behind a parent, takes packets in a namespace that was not captured.
        ``target``: who, of one packet."""
        self.flow.leans.setdefault(self.of(link.owner, "members-not-captured", link.device))
        if target is None or not self.space.tells:
            return
        if target.origin == "rule":
            self.space.lean(self.of(link.owner, "container-inferred", target.name, target.bridge))
        elif not state.reply:
            self.space.lean(Lean("container-not-captured", (target.name,)))
        self._tell(self.space.everything, "socket", "DELIVERED", "container-takes", target.name)

    def _answered(self, node: str, leaving: Leaving, some: Set) -> Set:
        """The packets whose next hop may answer, as far as anybody knows."""
        hop, interface = leaving.next_hop, leaving.interface
        family: Family = hop.family if isinstance(hop, Address) else self.family
        host = self.world.nodes[node]
        silent = host.silent(interface, family) | host.unfindable(interface, family)
        if not silent or leaving.bridged:
            return some
        if isinstance(hop, Address):
            lost = some if hop.value in silent else self.space.nothing
        else:
            lost = some & self.space.member(hop, IntSet.of(*silent))
        if not lost.satisfiable():
            return some
        self._tell_silent(host, leaving)
        fate = Fate("neighbour_failed", node, answer=self._unreachable(), kernel_reason="NEIGH_FAILED",
                    hook="neighbour")  # fmt: skip
        self.end(fate, leaving.state, lost)
        return some & ~lost

    def _tell_silent(self, host: HostCode, leaving: Leaving) -> None:
        """Why the next hop of one packet does not answer."""
        if not self.space.tells:
            return
        interface, hop = leaving.interface, self.space.address(leaving.next_hop)
        code = "neighbour-is-oneself"
        if hop.value in host.silent(interface, hop.family):
            self.space.lean(self.of(host.name, "neighbour-silent", interface, str(hop)))
            code = "neighbour-silent-now"
        self.space.before_the_search()
        self._tell(leaving.some, "neighbour", "NEIGHBOUR_FAILED", code, interface, hop)

    def _away(self, node: str, wire: Link, leaving: Leaving, some: Set, entering: Entering) -> None:
        """To whoever is known to be on the wire, else to what is out there."""
        if leaving.state.linkdown:
            self._no_carrier(node, leaving.interface, leaving.state, some)
            return
        some = self._answered(node, leaving, some)
        some = self._over(node, wire, leaving, some, entering)
        some = self._known_elsewhere(node, wire, leaving, some)
        if self.space.tells and some.satisfiable():
            hop = self.space.address(leaving.next_hop)
            if hop == unseen(hop.family):
                self.space.lean(self.of(node, "gateway-not-shown", leaving.interface))
            dst = self.space.address(leaving.state.ends.dst)
            inside = self.world.carries(Link(node, leaving.interface), dst)
            if inside:
                self._tell(some, "neighbour", "EXITS", "leaves-by-tunnel", leaving.interface, *inside)
            else:
                self._tell(some, "neighbour", "EXITS", "leaves-by", leaving.interface, hop_words(hop))
        self.end(Fate("exits", node, hook="neighbour"), leaving.state, some)

    def _known_elsewhere(self, node: str, wire: Link, leaving: Leaving, some: Set) -> Set:
        """Without the packets for other captured hosts: what lies on the way there was not captured, so that
        nobody knows what becomes of them."""
        if self.world.one_host or not some.satisfiable():
            return some
        hop, dst = leaving.next_hop, leaving.state.ends.dst
        shared = self.world.wire(wire, self.space.address(hop) if self.space.tells else None)
        apart = IntSet(()) if shared is None else shared.apart[self.family]
        straight = hop is dst or (self.space.tells and self.space.address(hop) == self.space.address(dst))
        if self.space.tells:
            address = self.space.address(dst)
            meant = self.world.is_elsewhere(node, address) and not (straight and address.value in apart)
            unclear = some if meant else self.space.nothing
        else:
            every = self.world.elsewhere(node, self.family)
            every = every.minus(apart, BITS[self.family]) if straight else every
            unclear = some & self.space.member(dst, every)
        if not unclear.satisfiable():
            return some
        site = self.world.site_of(node)
        shown = site.shown(leaving.interface) if node == site.id else f"{node}/{leaving.interface}"
        fate = Fate("undetermined", node, doubts=(Doubt("way-not-captured", (shown,)),))
        self.end(fate, leaving.state, unclear)
        return some & ~unclear

    def _over(self, node: str, wire: Link, leaving: Leaving, some: Set, entering: Entering) -> Set:
        """Over a wire to another captured namespace; the packets for somebody else."""
        if not some.satisfiable():
            return some
        hop = self.space.address(leaving.next_hop) if self.space.tells else leaving.next_hop
        shared = self.world.wire(wire, hop if isinstance(hop, Address) else None)
        if shared is None:
            return some
        for end in shared.ends:
            here = some & self._among(end.addresses, leaving.state.ends.dst if end.by_destination else hop)
            if end.doubt is not None:
                unclear = here & self._among(end.contested, hop)
                if unclear.satisfiable():
                    key = ("wire", end.node, end.interface, leaving.state.visits)
                    here &= ~unclear | self.space.choice(key, (end.doubt,))
            why = end.may_answer_for_others(self.world.nodes[end.node].facts) if shared.complete else None
            if why is not None and self.family == 4:
                rest = some & ~here
                here |= rest & self.space.choice(("proxy-arp", end.node, end.interface), (why,))
            if not here.satisfiable():
                continue
            some &= ~here
            if end.through is not None:
                here = self._carried(node, leaving, here, end, end.through)
            self._into(node, wire, leaving, here, end, entering)
            for lean in end.leans:
                self.flow.leans.setdefault(lean)
                self.space.lean(lean)
        if shared.complete and some.satisfiable():
            self._tell(some, "neighbour", "NEIGHBOUR_FAILED", "nobody-answers", leaving.interface, hop)
            fate = Fate("neighbour_failed", node, answer=self._unreachable(), kernel_reason="NEIGH_FAILED",
                        hook="neighbour")  # fmt: skip
            self.end(fate, leaving.state, some)
            return self.space.nothing
        return some

    def _among(self, addresses: Mapping[Family, IntSet], hop: Address | Bits) -> Set:
        """The packets whose next hop is one of the addresses."""
        if isinstance(hop, Address):
            known = hop.value in addresses[hop.family]
            return self.space.everything if known else self.space.nothing
        return self.space.member(hop, addresses[self.family])

    def _carried(self, node: str, leaving: Leaving, some: Set, end: WireEnd, by: Through) -> Set:
        """The packets whose carrier through a tunnel gets to the other end."""
        if not some.satisfiable():
            return some
        self._tell(some, "link", "FORWARD", "tunnel-into", leaving.interface, by.kind, by.words)
        self.space.hop(node, leaving.state.iif, leaving.interface)
        leg = carrier(self.world, by, end.node, leaving.state.reply)
        for lean in leg.leans:
            self.flow.leans.setdefault(lean)
            self.space.lean(lean)
        arrived = leg.arrives(end.node)
        for hop in leg.hops:
            for step in hop.steps:
                self.space.note(step)
            if arrived or hop is not leg.hops[-1]:
                self.space.hop(hop.node, hop.iif, hop.oif)
        if arrived:
            self._tell(some, "link", "FORWARD", "tunnel-out", end.interface, by.kind)
            return some
        last, came = (leg.hops[-1].node, leg.hops[-1].iif) if leg.hops else (node, None)
        undetermined = leg.disposition == "undetermined"
        fate = Fate(leg.disposition, last, doubts=leg.doubts if undetermined else (), hook="link",
                    kernel_reason=leg.kernel_reason)  # fmt: skip
        self.end(fate, replace(leaving.state, iif=came), some)
        return self.space.nothing

    def _into(
        self, node: str, wire: Link, leaving: Leaving, some: Set, end: WireEnd, entering: Entering
    ) -> None:
        """The packets come in at the other end."""
        lost = self.space.nothing
        for link in (Link(end.node, end.interface), *end.ports):
            if self.world.dead(*link) is False:
                continue
            gone = self._dead(*link, some & ~lost)
            self._silent(*link, gone)
            lost |= gone
        if lost.satisfiable():
            fate = Fate("neighbour_failed", node, answer=self._unreachable(), hook="link")
            self.end(fate, leaving.state, lost)
        some &= ~lost
        if end.through is None:
            self._tell(some, "link", "FORWARD", "wire-to", leaving.interface, end.node, end.interface)
            self.space.hop(node, leaving.state.iif, leaving.interface)
        inside = self.crossing(leaving.state, self.world.nodes[node].mac(leaving.interface), end.node)
        add(entering.setdefault(end.node, {}), replace(inside, iif=end.interface, oif=None), some)
