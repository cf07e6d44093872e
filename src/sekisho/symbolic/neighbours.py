"""Who hangs on which bridge and wire, for sets of packets: the twin of ``semantics.world``'s segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sekisho.semantics.attachment import Attachment
from sekisho.semantics.ports import Port
from sekisho.semantics.walk import MAX_VISITS
from sekisho.semantics.world import HOST, World
from sekisho.symbolic.asked import asks_for
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.flow import Flow
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.homes import Homes
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import OPEN, ByOrigin, Front, Name, State, add
from sekisho.symbolic.together import Together
from sekisho.values.address import Address, Family
from sekisho.values.intset import IntSet
from sekisho.values.names import mac_number
from sekisho.values.slotted import replace

# What only a bridge's own rules ask of a frame.
_OF_BRIDGES = ("portin", "portout", "dst_mac")


@dataclass(frozen=True, slots=True)
class Ended:
    """Packets whose leg is over, in the state in which it ended."""

    fate: Fate
    state: State
    some: Set


# Which attachment put which packets on its bridge.
Origins = tuple[tuple[Attachment, Set], ...]


class Neighbours:
    """The attachments of a world, and where the packets of a leg have ended. ``extra`` are attachments that
    the snapshot does not know: only their own packets find them there (``semantics.walk.Walk.behind``).
    ``strangers`` are those where packets of the question set out. Worlds that are to be compared share a
    ``space``."""

    def __init__(
        self,
        world: World,
        family: Family,
        extra: Iterable[Attachment] = (),
        space: Space | None = None,
    ) -> None:
        self.world = world
        self.family = family
        self.space = space or Space(family)
        self.guards = Guards(self.space)
        self.flow = Flow(self.guards)
        self.together = Together(self.space)
        self.homes = Homes()
        self.extra = tuple(extra)
        self.strangers: Origins = ()
        self._addresses: dict[int, IntSet] = {}
        self._told_apart: dict[str, bool] = {}
        self._plain: dict[tuple[str, bool], tuple[IntSet, list[Attachment]]] = {}
        self.sees_ports = asks_for(world.host.programs[family], "physin", "physout", *_OF_BRIDGES)
        self.bridge_tables = any(hook.startswith("bridge-") for hook in world.host.programs[family].stations)
        self.ended: list[Ended] = []
        self._places: dict[tuple[object, State], int] = {}

    @property
    def alike(self) -> bool:
        """Whether packets of several ports of a bridge can be one set: no rule asks by which they came."""
        return not self.sees_ports and not self.bridge_tables

    def end(self, fate: Fate, state: State, some: Set) -> None:
        """The packets' way ends."""
        if not some.satisfiable():
            return
        key = (fate.key, state)
        at = self._places.get(key)
        if at is None:
            self._places[key] = len(self.ended)
            self.ended.append(Ended(fate, state, some))
        else:
            self.ended[at] = replace(self.ended[at], some=self.ended[at].some | some)

    def _within_bounds(self, node: str, front: Front) -> Front:
        """Packets that have been through too many namespaces go round in circles."""
        kept: Front = {}
        for state, some in front.items():
            if state.visits >= MAX_VISITS:
                self.end(Fate("loop", node), state, some)
            else:
                kept[state] = some
        return kept

    def _apart(self, state: State, some: Set) -> None:
        """Parent and child never see one another's frames."""
        fate = Fate("neighbour_failed", HOST, answer=self._unreachable(), hook="neighbour")
        self.end(fate, state, some)

    def _no_carrier(self, state: State, some: Set) -> None:
        self.end(Fate("link_down", HOST, answer=self._unreachable(), hook="link"), state, some)

    def _unreachable(self) -> str:
        return "icmp-host-unreachable" if self.family == 4 else "icmp6-addr-unreachable"

    def attachments(self, bridge: str) -> tuple[Attachment, ...]:
        """What hangs on a bridge."""
        known = self.world.segment(bridge, self.family).attachments
        return (*known, *(item for item in self.extra if item.bridge == bridge))

    def hop_in(self, next_hop: Address | Bits, values: IntSet) -> Set:
        """The packets whose next hop is one of these addresses of the walk's family."""
        if not isinstance(next_hop, Address):
            return self.space.member(next_hop, values)
        known = next_hop.family == self.family and next_hop.value in values
        return self.space.everything if known else self.space.nothing

    def at(self, target: Attachment, next_hop: Address | Bits) -> Set:
        """The packets whose next hop is the attachment."""
        space = self.space
        if isinstance(next_hop, Address):
            found = space.everything if next_hop in target.addresses else space.nothing
        else:
            found = space.member(next_hop, self.addresses_of(target))
        if not any(item is target for item in self.extra):
            return found
        if isinstance(next_hop, Address):
            return found & space.member(space.field["src"], IntSet.of(next_hop.value))
        return found if next_hop is space.field["src"] else space.nothing

    def addresses_of(self, target: Attachment) -> IntSet:
        """An attachment's addresses of this family."""
        found = self._addresses.get(id(target))
        if found is None:
            found = IntSet.of(*(a.value for a in target.addresses if a.family == self.family))
            self._addresses[id(target)] = found
        return found

    def _children(self, parent: str) -> list[Attachment]:
        """What has frames of its own on an interface's wire."""
        return [item for item in self.world.wires if item.bridge == parent and self.addresses_of(item)]

    def _end_of_link(self, node: str, interface: str) -> Attachment | None:
        found = self.world.named(node)
        return next((a for a in found if a.node == node and a.interface == interface), None)

    def _answering(self, bridge: str, linkdown: bool) -> tuple[IntSet, list[Attachment]]:
        """The addresses on a bridge that simply take what comes, and the attachments that are looked at
        one by one: captured namespaces, ports that take no frames, inferred ones without carrier, and
        those that the snapshot does not know."""
        key = (bridge, linkdown)
        found = self._plain.get(key)
        if found is None:
            unknown = {id(item) for item in self.extra}
            special = [
                item
                for item in self.attachments(bridge)
                if item.node is not None
                or not item.passes
                or (linkdown and item.origin == "rule")
                or id(item) in unknown
            ]
            apart = {id(item) for item in special}
            plain = [item for item in self.attachments(bridge) if id(item) not in apart]
            values = (a.value for item in plain for a in item.addresses if a.family == self.family)
            found = self._plain[key] = (IntSet.of(*values), special)
        return found

    def _mine(self, target: Attachment) -> Set:
        """The packets that set out from this attachment."""
        return next((some for item, some in self.strangers if item is target), self.space.nothing)

    def _port(self, bridge: str, port: str | None) -> Name:
        """Rules see the bridge's port only where br_netfilter hands them the packets."""
        setting = self.world.bridge_nf(bridge, self.family)
        if setting == "0":
            return None
        return port if setting == "1" and port is not None else OPEN

    def tells_apart(self, bridge: str) -> bool:
        """Whether it matters who on the bridge sends packets, or whom they are for."""
        found = self._told_apart.get(bridge)
        if found is None:
            ends: list[Attachment | Port] = [*self.attachments(bridge), self.world.strange(bridge)]
            plain = all(end.hairpin is not False and end.isolated is False and end.passes for end in ends)
            plain = plain and self.world.links[HOST].lone(bridge) is None
            found = self._told_apart[bridge] = self.sees_ports or not plain
        return found

    def _senders(self, bridge: str, state: State) -> list[tuple[Attachment | None, Set]]:
        """Who on the bridge sends the packets, as far as that matters."""
        here = self.attachments(bridge)
        if not self.tells_apart(bridge):
            return []
        rest = self.space.everything
        found: list[tuple[Attachment | None, Set]] = []
        for target in here:
            whose = rest & self.space.member(state.ends.src, self.addresses_of(target))
            found.append((target, whose))
            rest &= ~whose
        return [*found, (None, rest)]

    def to_itself(self, front: Front) -> Front:
        """The frames as for the bridge itself that they came in by."""
        if not self.sees_ports:
            return front
        found: Front = {}
        for state, some in front.items():
            add(found, replace(state, dst_mac=self._own_mac(state)), some)
        return found

    def _own_mac(self, state: State) -> ByOrigin:
        whole = ((state.iif, self.space.everything),)
        names = state.iif.cases if isinstance(state.iif, ByOrigin) else whole
        return ByOrigin(tuple((number_of(self.world.host.mac(str(n))), where) for n, where in names))

    def _aimed(self, state: State, target: Attachment | None) -> State:
        """On their way to an attachment's port; None: nobody knows whose."""
        port = target.port if target else None
        mac = target.mac if target else None
        return replace(state, physout=port or "", portout=port or OPEN, dst_mac=number_of(mac))


def number_of(mac: str | None) -> int | str:
    """A MAC address as a number; OPEN: it was not captured."""
    return OPEN if mac is None else mac_number(mac)


def group_mac(space: Space, dst: Bits) -> Bits:
    """The MAC address of a frame for a group (RFC 1112, RFC 2464)."""
    low = 23 if dst.width == 32 else 32
    head = space.constant(0x01005E << 1 if low == 23 else 0x3333, 48 - low)
    return space.bits((*head.codes, *dst.codes[-low:]))
