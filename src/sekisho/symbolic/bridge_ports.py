"""From port to port of one bridge: which port a frame is for, and what keeps it from there."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.semantics.attachment import Attachment, Link
from sekisho.symbolic.bits import Bits, Set
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.neighbours import Neighbours, Origins
from sekisho.symbolic.state import Front, State, add, by_interface
from sekisho.values.address import Address


class BridgePorts(Neighbours):
    """The ports of bridges."""

    def _noted(self, owner: str, front: Front) -> Front:
        """The packets by the port that they go out by, where rules ask for it."""
        if not self.sees_ports(owner):
            return front
        found: Front = {}
        for state, some in front.items():
            for target, here in self._receivers(Link(owner, state.way or ""), state, some):
                add(found, self._aimed(state, target), here)
        return found

    def _turned(self, owner: str, origins: Origins, front: Front) -> Front:
        """Without what a bridge does not hand to the port it is for; the rest by that port."""
        found: Front = {}
        for state, some in front.items():
            for bridge, each, here in by_interface(state, some):
                link = Link(owner, bridge)
                if not self.tells_apart(link):
                    add(found, state, here)
                    continue
                for target, those in self._receivers(link, each, here):
                    aimed = self._aimed(each, target) if self.sees_ports(owner) else each
                    those = self._open_to(link, origins, aimed, those, target)
                    name = target.name if target else self.space.said(state.towards)
                    isolated = self._isolated(link, origins, those, target, name)
                    self.end(Fate("dropped", owner, hook="bridge"), aimed, isolated)
                    those &= ~isolated
                    turning = self._turning(link, origins, those, target)
                    self.end(Fate("dropped", owner, hook="bridge"), aimed, turning)
                    add(found, aimed if self.sees_ports(owner) else state, those & ~turning)
        return found

    def _receivers(self, link: Link, state: State, some: Set) -> Iterator[tuple[Attachment | None, Set]]:
        """The packets by who on the bridge they are for; None: nobody known."""
        assert state.next_hop is not None
        if self.space.tells:
            yield self.behind(link, state.next_hop), some
            return
        for target in self.attachments(link):
            here = some & self.at(target, state.next_hop)
            if here.satisfiable():
                some &= ~here
                yield target, here
        yield None, some

    def _open_to(
        self, link: Link, origins: Origins, state: State, some: Set, target: Attachment | None
    ) -> Set:
        """The packets that pass the port of somebody on the bridge; whom nobody knows is behind another port
        than the sender."""
        hop = state.towards
        senders = self._by_sender(link, origins, some) if target is None else ()
        for sender, whose in senders:
            if self.world.strange_to(link, sender).passes is False:
                self._tell(whose, "link", "LINK_DOWN", "bridge-no-other-port", link.device, hop)
                self.end(Fate("link_down", link.owner, hook="link"), state, whose)
                some &= ~whose
        return self._open(link, state, some, target, target.name if target else hop)

    def _by_sender(self, link: Link, origins: Origins, some: Set) -> Iterator[tuple[Attachment | None, Set]]:
        """The packets that came in by ports of the bridge, by whose; None: nobody knows."""
        for origin, whose in origins:
            if origin.link == link:
                yield origin, some & whose
                some &= ~whose
        yield None, some

    def _dead(self, node: str, interface: str, some: Set) -> Set:
        """Those of the packets that an interface lets nobody pass."""
        dead = self.world.dead(node, interface)
        if dead is None:
            why = self.world.links(node).unread_line()
            return some & self.space.choice(("dead", node, interface), (why,))
        return some if dead else self.space.nothing

    def _may_be_shut(self, link: Link, who: Attachment | None) -> bool:
        """Whether perhaps no frame passes the bridge, or the port of somebody on it."""
        return self.world.dead(*link) is not False or not (who or self.world.strange(link)).passes

    def _open(
        self,
        link: Link,
        state: State,
        some: Set,
        who: Attachment | None,
        name: str | Address | Bits,
        answer: str | None = None,
    ) -> Set:
        """The packets that pass the bridge, and the port of somebody on it (``name``)."""
        if not some.satisfiable():
            return some
        fate = Fate("link_down", link.owner, answer=answer, hook="link")
        silent, shut = self._dead(*link, some), self.space.nothing
        passes = (who or self.world.strange(link)).passes
        if passes is False:
            shut = some & ~silent
        elif passes is None and who is not None:
            named = name if isinstance(name, str) else self.space.said(name)
            asked = named if self.space.tells else who.name
            why = self.world.links(link.owner).decides("port", link.device, asked)
            shut = some & ~silent & self.space.choice(("port", link, who.name), (why,))
        self._tell(silent, "link", "LINK_DOWN", "bridge-silent", link.device)
        self._tell(shut, "link", "LINK_DOWN", "bridge-port-shut", link.device, name)
        self.end(fate, state, silent | shut)
        return some & ~silent & ~shut

    def _isolated(self, link: Link, origins: Origins, some: Set, target: Attachment | None, name: str) -> Set:
        """The packets from one isolated port to another: they hand one another nothing, be it in hairpin mode
        (br_skb_isolated)."""
        world = self.world
        certain, perhaps = self.space.nothing, self.space.nothing
        takes_all = target is not None and target.isolated is False
        for sender, whose in () if takes_all else self._by_sender(link, origins, some):
            pair = (
                (sender or world.strange(link)).isolated,
                (target or world.strange_to(link, sender)).isolated,
            )
            if False not in pair:
                perhaps |= whose
                certain |= self.space.nothing if None in pair else whose
        if (perhaps & ~certain).satisfiable():
            why = self.world.links(link.owner).decides("isolation", link.device, name)
            certain |= perhaps & self.space.choice(("isolated", link, name), (why,))
        self._tell(certain, "bridge", "DROP", "bridge-isolated", link.device, name)
        return certain

    def _turning(self, link: Link, origins: Origins, some: Set, target: Attachment | None) -> Set:
        """The packets that would turn back to their port without hairpin mode: that is seen before their
        FORWARD hook (net/bridge/br_forward.c, should_deliver)."""
        found = self.space.nothing
        if target is None or target.hairpin:
            return found
        for origin, whose in origins:
            if origin.shares_port(target):
                found |= some & whose
        if target.hairpin is False:
            self._tell(found, "bridge", "DROP", "bridge-no-hairpin", link.device, target.name)
            return found
        if found.satisfiable():
            self.space.lean(self.of(link.owner, "hairpin-not-captured", link.device, target.name))
        return self.space.nothing
