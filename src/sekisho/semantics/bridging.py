"""A bridge's own hooks, where tables of family bridge stand, and how br_netfilter lays IP's among them.

    port ─► bridge-prerouting ─┬─► bridge-input ─► the host's IP layer
                               └─► bridge-forward ─► bridge-postrouting ─► port
    the host ─► bridge-output ─► bridge-postrouting ─► port

With bridge-nf-call-iptables, PREROUTING and FORWARD are asked at priority 0 of the bridge's hooks and
POSTROUTING after the last (net/bridge/br_netfilter_hooks.c, br_nf_ops). Chains of priority 0 itself are
taken to come first: what was registered last does, and a bridge is older than most rule sets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sekisho.semantics.hook_walk import End, HookWalk
from sekisho.semantics.journey import Doubt, Hook, Lean
from sekisho.semantics.nft_arp import may_hide
from sekisho.values.address import Address

Which = Literal["all", "low", "high"]


def stands(priority: int, which: Which) -> bool:
    """Whether a chain of that priority is among those before br_netfilter (low), or after it (high)."""
    return which == "all" or (priority <= 0) == (which == "low")


def hidden(bridge: str) -> Doubt:
    """The question that this leaves."""
    return Doubt("bridge-address-resolution", (bridge,))


@dataclass(slots=True)
class BridgeHooks(HookWalk):
    """``turns_back`` tells whether the bridge refuses to hand a packet on to a next hop, because that is
    where it came from; it notes the port that the packet leaves by."""

    turns_back: Callable[[Address], End | None] | None = None

    def bridge_hook(self, hook: Hook, which: Which = "all") -> End | None:
        """Pass the chains of a bridge's hook."""
        for station in self.program.stations.get(hook, ()):
            if not stands(station.priority, which):
                continue
            if which == "low" and station.priority == 0:
                self.lean(Lean("bridge-chain-order", (station.table, station.base.name)))
            if end := self._filter(station):
                return end
        return None

    def rise(self, which: Which = "all") -> End | None:
        """From the bridge up into the host's IP layer; ``which``: the chains of PREROUTING still to come."""
        return self.bridge_hook("bridge-prerouting", which) or self.bridge_hook("bridge-input")

    def descend(self) -> End | None:
        """What the host itself hands to a bridge: it does not tell where it came in."""
        if end := self._nowhere("bridge-output") or self._nowhere("bridge-postrouting"):
            return end  # nothing leaves, whether the neighbour is found or not
        next_hop = self.packet.next_hop
        return None if next_hop is None else self.sought(self.packet.oif or "", next_hop)

    def sought(self, bridge: str, next_hop: Address) -> End | None:
        """Whether what asks for a neighbour, and its answer, get through the own chains of a bridge."""
        known = self.host.knows(bridge, next_hop)
        if not known and may_hide(self.host.facts.nft) and self.choices.choose((hidden(bridge),), 2):
            return End("neighbour_failed")
        return None

    def cross(self) -> End | None:
        """From one port to another, where netfilter's IP hooks are not asked."""
        return self.bridge_hook("bridge-forward") or self._nowhere("bridge-postrouting")

    def cross_filtered(self) -> End | None:
        """The same with br_netfilter, whose POSTROUTING is the last of all."""
        end = self.bridge_hook("bridge-forward", "low") or self.hook("forward")
        end = end or self.bridge_hook("bridge-forward", "high")
        return end or self._nowhere("bridge-postrouting") or self._nowhere("postrouting")

    def _nowhere(self, hook: Hook) -> End | None:
        """A hook that is not told where packets came in (br_forward_finish, br_nf_post_routing)."""
        packet = self.packet
        came_by, packet.iif = packet.iif, None
        port, packet.portin = packet.portin, None
        end = self.hook(hook) if hook == "postrouting" else self.bridge_hook(hook)
        packet.iif, packet.portin = came_by, port
        return end
