"""One captured host: its namespaces, and what hangs on their bridges (see ``attachment``)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from sekisho.model.docker import NetworkMember
from sekisho.model.snapshot import Snapshot
from sekisho.semantics import whose
from sekisho.semantics.attaching import certain, inferred, on_wires
from sekisho.semantics.attachment import Attachment, Link, Segment, fresh
from sekisho.semantics.captured import Captured
from sekisho.semantics.journey import Lean
from sekisho.semantics.listed import incomplete
from sekisho.values.address import BITS, Address, Family
from sekisho.values.intset import EMPTY, IntSet

LINKS_TAKEN_UP = "links-not-captured"

# Whether br_netfilter is asked: a sysctl, and a setting of each bridge.
BRIDGE_NF = {
    4: ("net.bridge.bridge-nf-call-iptables", "nf_call_iptables"),
    6: ("net.bridge.bridge-nf-call-ip6tables", "nf_call_ip6tables"),
}


class Site(Captured):
    """``docker_bridges`` are those of the host's bridges whose every container is known. ``gone`` are
    addresses on these that a rule sends packets to and nobody has: a container's that is no more."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot)
        seen: set[tuple[Link, Address]] = set()
        self._certain = tuple(fresh(seen, certain(self)))
        self.docker_bridges = self._closed()
        found = tuple(fresh(seen, inferred(self, self._certain, self.docker_bridges)))
        # Where Docker knows all, a rule does not make a container.
        self.gone = tuple(
            item for item in found if item.origin == "rule" and item.bridge in self.docker_bridges
        )
        self.attachments = (*self._certain, *(item for item in found if item not in self.gone))
        self.wires = tuple(on_wires(self))
        self._segments = dict[tuple[Link, Family], Segment]()

    def knows(self, name: str) -> bool:
        """Whether a container or namespace is called so."""
        return name in self.shared or name in self._by_name or name in self.listed

    @cached_property
    def listed(self) -> frozenset[str]:
        """The containers of Docker's lists."""
        snapshot = self.snapshot
        names: list[str] = [item.name for item in snapshot.containers or ()]
        names += [item.name for item in snapshot.listed_containers or () if item.name is not None]
        return frozenset(map(self.called, names))

    def has(self, address: Address) -> bool:
        """Whether the host, or somebody on its bridges, has the address."""
        return self.host.owns(address.family, address.value) or bool(self.holders(address))

    def bridge_nf(self, link: Link, family: Family) -> str | None:
        """Whether netfilter sees what a bridge hands from port to port: "1", "0", None: not captured. The
        bridge's own setting counts beside the sysctl (br_nf_pre_routing), where br_netfilter is there."""
        sysctl, option = BRIDGE_NF[family]
        found = self.nodes[link.owner].facts.sysctl(sysctl)
        own = self.links[link.owner].detail(link.device, option)
        return "1" if found == "0" and own not in (None, "0") else found

    def segment(self, link: Link, family: Family) -> Segment:
        """What decides between up and across on a bridge."""
        key = (link, family)
        if key not in self._segments:
            self._segments[key] = self._make_segment(link, family)
        return self._segments[key]

    def _make_segment(self, link: Link, family: Family) -> Segment:
        bits, owner = BITS[family], self.nodes[link.owner]
        here = [item for item in owner.addresses[family] if item.interface == link.device]
        everywhere = IntSet.of(*(item.value for item in owner.addresses[family]))
        own = IntSet.of(*(item.value for item in here))
        subnets = IntSet.from_intervals(i for item in here for i in IntSet.prefix(item.subnet))
        broadcast = IntSet.of(*(item.subnet.last for item in here))
        up_from_port = own | subnets.complement(bits) if here else EMPTY
        across_from_wire = subnets.minus(everywhere | broadcast, bits)
        attachments = tuple(item for item in self.attachments if item.link == link)
        if owner.hidden[family].of(link.device) is not None:
            # What is not known to be a neighbour's may be the bridge's own, or beyond it.
            theirs = (a.value for item in attachments for a in item.addresses if a.family == family)
            own = up_from_port = IntSet.of(*theirs).complement(bits)
        return Segment(own, up_from_port, across_from_wire.complement(bits), attachments)

    @cached_property
    def outside(self) -> dict[Family, IntSet]:
        """The addresses that others may call over wires and tunnels: not those on bridges that lead nowhere
        else, nor of who hangs on these."""
        families: tuple[Family, Family] = (4, 6)
        return {family: IntSet.of(*self._outside(family)) for family in families}

    def _outside(self, family: Family) -> Iterator[int]:
        for name, node in self.nodes.items():
            for item in node.addresses[family]:
                if item.scope not in ("host", "link") and self._leads_out(Link(name, item.interface)):
                    yield item.value
        for each in (*self.attachments, *self.wires):
            if each in self.wires or self.cards(each.bridge):
                yield from (address.value for address in each.addresses if address.family == family)

    def _leads_out(self, link: Link) -> bool:
        if link.owner == self.id:
            return link.device not in self.bridges or bool(self.cards(link.device))
        return link not in self.ends and link not in self.pairs and link not in self.inner

    def holder(self, address: Address) -> Attachment | None:
        """The attachment that has the address, whatever the bridge."""
        return next(iter(self.holders(address)), None)

    def holders(self, address: Address) -> tuple[Attachment, ...]:
        """All attachments that have the address."""
        return tuple(self._by_address.get(address, ()))

    def nobody_has(self, address: Address) -> bool:
        """Whether it is certain that nobody has the address: it lies on a bridge where Docker knows all."""
        if self.holders(address) or self.host.owns(address.family, address.value):
            return False
        return self.bridge_for({address}) in self.docker_bridges

    @cached_property
    def _by_address(self) -> dict[Address, list[Attachment]]:
        found: dict[Address, list[Attachment]] = {}
        for item in self.attachments:
            for address in item.addresses:
                found.setdefault(address, []).append(item)
        return found

    @cached_property
    def ends(self) -> dict[tuple[str | None, str | None], Attachment]:
        """By captured namespace and interface, what of it hangs on a bridge."""
        found: dict[tuple[str | None, str | None], Attachment] = {}
        for item in self.attachments:
            if item.node is not None:
                found.setdefault((item.node, item.interface), item)
        return found

    def named(self, name: str) -> tuple[Attachment, ...]:
        """The attachments of a container or namespace."""
        return tuple(self._by_name.get(self.shared.get(name, name), ()))

    @cached_property
    def _by_name(self) -> dict[str | None, list[Attachment]]:
        found: dict[str | None, list[Attachment]] = {}
        for item in self.attachments:
            for name in {item.name, item.node}:
                found.setdefault(name, []).append(item)
        return found

    def leans_on(self, family: Family) -> tuple[Lean, ...]:
        """What any answer about all packets takes for granted."""
        return (*self.host.takes_for_granted(family), *self.standing_leans(family))

    def standing_leans(self, family: Family) -> tuple[Lean, ...]:
        """What the readings of all packets lean on where commands tell what listens, names what is a
        bridge, and Docker's list who is on one."""
        commands = (
            Lean("sockets-by-command", (name, "; ".join(node.commands)))
            for name, node in self.nodes.items()
            if node.commands
        )
        bridges = (lean for name in self.known_bridges if (lean := self.bridge_lean(name)) is not None)
        closed = dict.fromkeys(self.lean("docker-knows-all", item.bridge) for item in self.gone)
        links = () if self.host.facts.interfaces is not None else (self.lean(LINKS_TAKEN_UP),)
        return (*commands, *bridges, *closed, *links, *self.incomplete_leans[family])

    @cached_property
    def incomplete_leans(self) -> dict[Family, tuple[Lean, ...]]:
        return {4: self._incomplete(4), 6: self._incomplete(6)}

    def _incomplete(self, family: Family) -> tuple[Lean, ...]:
        return tuple(whose.of(self.snapshot.host, lean) for lean in incomplete(self.snapshot, family))

    def lean(self, code: str, *args: str) -> Lean:
        """What is taken for granted of the host."""
        return whose.lean(self.snapshot.host, code, *args)

    def bridge_lean(self, name: str) -> Lean | None:
        """What an answer that goes over a bridge of the host leans on, where only its name tells that it is
        one."""
        known = self.known_bridges.get(name)
        by_name = known is not None and known.known_by == "name"
        return self.lean("bridge-by-name", name) if by_name else None

    def _closed(self) -> frozenset[str]:
        """Docker's bridges whose every container is known: Docker's list of them was captured, and nothing
        shows that somebody else is there (a container that was being started, someone else's interface)."""
        members: dict[str, tuple[NetworkMember, ...] | None] = {
            n.bridge: n.members for n in self.snapshot.networks or () if n.bridge
        }
        return frozenset(
            name
            for name, known in self.known_bridges.items()
            if known.docker
            and (self.snapshot.containers is not None or members.get(name) is not None)
            and not self._has_strangers(name)
        )

    def _has_strangers(self, bridge: str) -> bool:
        here = [item for item in self._certain if item.link == self.on(bridge)]
        ports = sum(item.master == bridge for item in self.host.facts.interfaces or ())
        if ports > len(here):
            return True
        addresses = {address for item in here for address in item.addresses}
        macs = {item.mac for item in here}
        return any(
            item.interface == bridge and item.state == "REACHABLE"
            and item.address not in addresses and item.mac not in macs
            for item in self.host.facts.neighbours or ()
        )  # fmt: skip
