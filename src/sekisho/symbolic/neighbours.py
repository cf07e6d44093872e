"""Who hangs on which bridge and wire: what a walk asks of ``semantics.world``'s links."""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.semantics import whose
from sekisho.semantics.attachment import Attachment, Link
from sekisho.semantics.journey import Hook, Lean, Step
from sekisho.semantics.ports import Port
from sekisho.semantics.world import World
from sekisho.symbolic.asked import asks_for
from sekisho.symbolic.bits import Bits, ByOrigin, Set
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.homes import Homes
from sekisho.symbolic.reading import Asking, Reading, Running
from sekisho.symbolic.state import OPEN, UNNAMED, Front, Mac, Name, State, add
from sekisho.symbolic.unstated import usual
from sekisho.values.address import Address, Family
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.names import mac_number
from sekisho.values.slotted import replace, value

# A packet that has been through this many namespaces goes round in circles.
MAX_VISITS = 16
# What only a bridge's own rules ask of a frame.
_OF_BRIDGES = ("portin", "portout", "dst_mac")


@value
class Ended:
    """Packets whose leg is over, in the state in which it ended."""

    fate: Fate
    state: State
    some: Set


# Which attachment put which packets on its bridge.
Origins = tuple[tuple[Attachment, Set], ...]


class Neighbours:
    """The attachments of a world, and where the packets of a leg have ended. ``extra`` are attachments that
    the snapshot does not know: only their own packets find them there (``behind``).
    ``strangers`` are those where packets of the question set out. ``spares``: no rule drops what sets out
    now; ``came_by``: packets at a hook that is not told where they came in, as they came in."""

    spares = False
    came_by: State | None = None

    def __init__(self, world: World, reading: Reading, extra: Iterable[Attachment] = ()) -> None:
        self.world = world
        self.space = space = reading.space
        self.family: Family = space.family
        self.guards: Asking = reading.guards
        self.flow: Running = reading.flow
        self.sought = reading.sought
        self._together = reading.together
        self.homes = Homes()
        self.extra = tuple(extra)
        self.strangers: Origins = ()
        self._addresses: dict[int, tuple[Attachment, IntSet]] = {}
        self._told_apart: dict[Link, bool] = {}
        self._plain: dict[tuple[Link, bool], tuple[IntSet, list[Attachment]]] = {}
        self._sees_ports: dict[str, bool] = {}
        self._bridge_tables: dict[str, bool] = {}
        self._macs_asked: dict[str, bool] = {}
        self.ended: list[Ended] = []
        self._places: dict[tuple[object, State], int] = {}

    def shared(self, front: Front) -> Front:
        """Packets together that may go together."""
        return front if self._together is None else self._together.shared(front)

    def sees_ports(self, owner: str) -> bool:
        """Whether rules of a namespace ask by which ports of its bridges packets come and go."""
        found = self._sees_ports.get(owner)
        if found is None:
            program = self.world.nodes[owner].programs[self.family]
            found = self.space.tells or asks_for(program, "physin", "physout", *_OF_BRIDGES)
            self._sees_ports[owner] = found
        return found

    def bridge_tables(self, owner: str) -> bool:
        """Whether a namespace's bridges have chains of their own."""
        found = self._bridge_tables.get(owner)
        if found is None:
            stations = self.world.nodes[owner].programs[self.family].stations
            found = self._bridge_tables[owner] = any(hook.startswith("bridge-") for hook in stations)
        return found

    def of(self, owner: str, code: str, *args: str) -> Lean:
        """What is taken for granted of a namespace's links."""
        return whose.lean(self.world.nodes[owner].facts, code, *args)

    def crossing(self, state: State, mac: str | None, into: str) -> State:
        """Packets on their way into another namespace, in a frame from an interface with that MAC address
        (None: not captured), as far as its rules ask for it."""
        crossed = state.crossed().elsewhere()
        if not self._asks_mac(into):
            return crossed
        own = None if mac is None else self.space.constant(mac_number(mac), 48)
        return replace(crossed, src_mac=own, mac_open=own is None)

    def _asks_mac(self, node: str) -> bool:
        found = self._macs_asked.get(node)
        if found is None:
            program = self.world.nodes[node].programs[self.family]
            found = self._macs_asked[node] = asks_for(program, "src_mac")
        return found

    def alike(self, owner: str) -> bool:
        """Whether packets of several ports of a bridge can be one set: no rule asks by which they came."""
        told = self.sees_ports(owner) or self.bridge_tables(owner) or self._asks_mac(owner)
        return not told

    def end(self, fate: Fate, state: State, some: Set) -> None:
        """The packets' way ends."""
        if not some.satisfiable():
            return
        if self.space.tells:
            goes_on = fate.disposition == "exits" or fate.bridge or fate.where not in ("", fate.node)
            if self.came_by is not None:
                state = replace(state, iif=self.came_by.iif, portin=self.came_by.portin)
            self.space.hop(fate.node, state.iif, state.oif if goes_on else None)
            self.ended.append(Ended(fate, state, some))
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

    def _apart(self, node: str, interface: str, next_hop: Address | Bits, state: State, some: Set) -> None:
        """Parent and child never see one another's frames (drivers/net/macvlan.c)."""
        self._tell(some, "neighbour", "NEIGHBOUR_FAILED", "macvlan-apart", interface, next_hop)
        fate = Fate("neighbour_failed", node, answer=self._unreachable(), hook="neighbour")
        self.end(fate, state, some)

    def _tell(self, some: Set, hook: Hook, verdict: str, code: str, *args: str | Address | Bits) -> None:
        """A step, where there are such packets."""
        if self.space.tells and some.satisfiable():
            words = tuple(each if isinstance(each, str) else self.space.said(each) for each in args)
            self.space.note(Step(hook, verdict, code=code, args=words))

    def _no_carrier(self, node: str, interface: str, state: State, some: Set) -> None:
        """Frames for an interface without carrier are dropped, address resolution included, so that the
        sender is told what it is told of a neighbour that does not answer."""
        self._silent(node, interface, some)
        self.end(Fate("link_down", node, answer=self._unreachable(), hook="link"), state, some)

    def _silent(self, node: str, interface: str, some: Set) -> None:
        """No frame passes the interface: it is down, or without carrier."""
        code = "no-carrier" if self.world.links(node).is_up(interface) else "interface-down"
        self._tell(some, "link", "LINK_DOWN", code, interface)

    def _unreachable(self) -> str:
        return "icmp-host-unreachable" if self.family == 4 else "icmp6-addr-unreachable"

    def attachments(self, link: Link) -> tuple[Attachment, ...]:
        """What hangs on a bridge."""
        known = self.world.segment(link, self.family).attachments
        return (*known, *(item for item in self.extra if item.link == link))

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
        known = self._addresses.get(id(target))
        if known is None or known[0] is not target:
            found = IntSet.of(*(a.value for a in target.addresses if a.family == self.family))
            # By identity, so the attachment is held; those of a question alone come and go with it.
            known = target, found
            if not any(item is target for item in self.extra):
                self._addresses[id(target)] = known
        return known[1]

    def _children(self, parent: Link) -> list[Attachment]:
        """What has frames of its own on an interface's wire."""
        return [item for item in self.world.children(parent) if self.addresses_of(item)]

    def behind(self, link: Link, next_hop: Address | Bits) -> Attachment | None:
        """Who answers for the next hop of one packet."""
        hop = next_hop if isinstance(next_hop, Address) else Address(self.family, usual(next_hop))
        found = self.world.behind(link, hop)
        if found is None:
            mine = (item for item in self.extra if item.link == link and hop in item.addresses)
            found = next(mine, None)
        return found

    def _answering(
        self, link: Link, linkdown: bool, next_hop: Address | Bits
    ) -> tuple[IntSet, list[Attachment]]:
        """The addresses on a bridge that simply take what comes, and the attachments that are looked at
        one by one: captured namespaces, ports that take no frames, inferred ones without carrier, and
        those that the snapshot does not know."""
        if self.space.tells:
            target = self.behind(link, next_hop)
            return EMPTY, [] if target is None else [target]
        key = (link, linkdown)
        found = self._plain.get(key)
        if found is None:
            unknown = {id(item) for item in self.extra}
            special = [
                item
                for item in self.attachments(link)
                if item.node is not None
                or not item.passes
                or (linkdown and item.origin == "rule")
                or id(item) in unknown
            ]
            apart = {id(item) for item in special}
            plain = [item for item in self.attachments(link) if id(item) not in apart]
            values = (a.value for item in plain for a in item.addresses if a.family == self.family)
            found = self._plain[key] = (IntSet.of(*values), special)
        return found

    def _mine(self, target: Attachment) -> Set:
        """The packets that set out from this attachment."""
        return next((some for item, some in self.strangers if item is target), self.space.nothing)

    def _port(self, link: Link, port: str | None) -> Name:
        """Rules see the bridge's port only where br_netfilter hands them the packets."""
        setting = self.world.bridge_nf(link, self.family)
        if setting == "0":
            return None
        return port if setting == "1" and port is not None else OPEN

    def tells_apart(self, link: Link) -> bool:
        """Whether it matters who on the bridge sends packets, or whom they are for."""
        found = self.space.tells or self._told_apart.get(link)
        if found is None:
            ends: list[Attachment | Port] = [*self.attachments(link), self.world.strange(link)]
            plain = all(end.hairpin is not False and end.isolated is False and end.passes for end in ends)
            plain = plain and self.world.links(link.owner).lone(link.device) is None
            found = self._told_apart[link] = self.sees_ports(link.owner) or not plain
        return found

    def _senders(self, link: Link, state: State) -> list[tuple[Attachment | None, Set]]:
        """Who on the bridge sends the packets, as far as that matters."""
        if self.space.tells:
            return [(self.behind(link, state.ends.src), self.space.everything)]
        here = self.attachments(link)
        if not self.tells_apart(link):
            return []
        rest = self.space.everything
        found: list[tuple[Attachment | None, Set]] = []
        for target in here:
            whose = rest & self.space.member(state.ends.src, self.addresses_of(target))
            found.append((target, whose))
            rest &= ~whose
        return [*found, (None, rest)]

    def to_itself(self, owner: str, front: Front) -> Front:
        """The frames as for the bridge itself that they came in by."""
        if not self.sees_ports(owner):
            return front
        found: Front = {}
        for state, some in front.items():
            add(found, replace(state, dst_mac=self._own_mac(owner, state)), some)
        return found

    def _own_mac(self, owner: str, state: State) -> Mac:
        whole = ((state.iif, self.space.everything),)
        names = state.iif.cases if isinstance(state.iif, ByOrigin) else whole
        return self.space.by_origin(
            tuple((number_of(self.world.nodes[owner].mac(str(name))), where) for name, where in names)
        )

    def _aimed(self, state: State, target: Attachment | None) -> State:
        """On their way to an attachment's port; None: nobody knows whose."""
        port = target.port if target else None
        mac = target.mac if target else None
        return replace(state, physout=port or UNNAMED, portout=port or UNNAMED, dst_mac=number_of(mac))


def number_of(mac: str | None) -> int | str:
    """A MAC address as a number; OPEN: it was not captured."""
    return OPEN if mac is None else mac_number(mac)
