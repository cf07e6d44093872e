"""Packets at a bridge's own hooks; ``semantics.bridging`` draws them."""

from __future__ import annotations

from collections.abc import Callable

from sekisho.semantics.bridging import Which, hidden, stands
from sekisho.semantics.journey import Hook, Lean
from sekisho.semantics.nft_arp import may_hide
from sekisho.symbolic.fate import Fate
from sekisho.symbolic.fitting import Fitting
from sekisho.symbolic.state import UNNAMED, Front, State, add
from sekisho.values.address import Address
from sekisho.values.intset import IntSet
from sekisho.values.slotted import replace

# Takes away the packets that a bridge would have to send back to where they came from.
Turned = Callable[[Front], Front]


class BridgeHooks(Fitting):
    """The stations of family bridge."""

    def bridge_hook(self, hook: Hook, front: Front, which: Which = "all") -> Front:
        """Pass the chains of a bridge's hook."""
        for station in self.program.stations.get(hook, ()):
            if front and stands(station.priority, which):
                if which == "low" and station.priority == 0:
                    self.space.lean(Lean("bridge-chain-order", (station.table, station.base.name)))
                front = self._filter(station, front)
        return front

    def rise(self, front: Front, which: Which = "all") -> Front:
        """From the bridge up into the host's IP layer."""
        return self.bridge_hook("bridge-input", self.bridge_hook("bridge-prerouting", front, which))

    def above(self, front: Front) -> Front:
        """Up from a bridge where br_netfilter routed the packets; the frames are for the bridge itself."""
        return self.rise(self.walk.to_itself(self.host.name, front), "high")

    def descend(self, front: Front) -> Front:
        """What the host itself hands to a bridge."""
        front = self._nowhere("bridge-postrouting", self._nowhere("bridge-output", front))
        return self.sought(front)

    def sought(self, front: Front) -> Front:
        """Those whose neighbour's MAC address is known, or let pass by the bridge's own chains."""
        if not may_hide(self.host.facts.nft):
            return front
        found: Front = {}
        for state, some in front.items():
            bridge, next_hop = state.way or "", state.towards
            if isinstance(next_hop, Address):
                known = self.host.knows(bridge, next_hop)
                there = self.space.everything if known else self.space.nothing
            else:
                neighbours = self.host.neighbours(bridge, self.space.family)
                there = self.space.member(next_hop, IntSet.of(*neighbours))
            if not (some & ~there).satisfiable():
                add(found, state, some)
                continue
            lost = self.space.choice(("hidden", bridge, state.reply, state.visits), (hidden(bridge),))
            fate = Fate("neighbour_failed", self.host.name, hook="neighbour")
            self.walk.end(fate, state, some & ~there & lost)
            add(found, state, some & (there | ~lost))
        return found

    def cross(self, front: Front) -> Front:
        """From one port to another, where netfilter's IP hooks are not asked."""
        return self._nowhere("bridge-postrouting", self.bridge_hook("bridge-forward", front))

    def cross_filtered(self, front: Front) -> Front:
        """The same with br_netfilter, whose POSTROUTING is the last of all."""
        between: Front = {}
        for state, some in front.items():
            add(between, state if state.portout is not None else replace(state, portout=UNNAMED), some)
        front = self.hook("forward", self.bridge_hook("bridge-forward", between, "low"))
        front = self.bridge_hook("bridge-forward", front, "high")
        return self._nowhere("postrouting", self._nowhere("bridge-postrouting", front))

    def _risen(self, front: Front, turned: Turned | None) -> Front:
        """What IPv4 refuses of what br_netfilter had, above the bridge."""
        return front if turned is None or self.space.family == 6 else self.above(front)

    def late(self, front: Front) -> Front:
        """The chains of the bridge's PREROUTING behind br_netfilter, for what it keeps on the bridge."""
        return self.unbound(lambda some: self.bridge_hook("bridge-prerouting", some, "high"), front)

    def unbound(self, asked: Callable[[Front], Front], front: Front) -> Front:
        """Chains that are not told where packets will go out."""
        found: Front = {}
        for before, some in front.items():
            for state, part in asked({replace(before, oif=None): some}).items():
                add(found, replace(state, oif=before.oif), part)
        return found

    def _nowhere(self, hook: Hook, front: Front) -> Front:
        """A hook that is not told where packets came in."""
        if hook != "postrouting" and not self.program.stations.get(hook):
            return front
        found: Front = {}
        for before, some in front.items():
            asked: Front = {replace(before, iif=None, portin=None): some}
            self.walk.came_by = before
            passed = self.hook(hook, asked) if hook == "postrouting" else self.bridge_hook(hook, asked)
            self.walk.came_by = None
            for state, part in passed.items():
                add(found, _came_by(state, before), part)
        return found


def _came_by(state: State, before: State) -> State:
    return replace(state, iif=before.iif, portin=before.portin)
