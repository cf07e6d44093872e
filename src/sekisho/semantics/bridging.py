"""A bridge's own hooks, where tables of family bridge stand, and how br_netfilter lays IP's among them.

    port ─► bridge-prerouting ─┬─► bridge-input ─► the host's IP layer
                               └─► bridge-forward ─► bridge-postrouting ─► port
    the host ─► bridge-output ─► bridge-postrouting ─► port

With bridge-nf-call-iptables, PREROUTING and FORWARD are asked at priority 0 of the bridge's hooks and
POSTROUTING after the last (net/bridge/br_netfilter_hooks.c, br_nf_ops). Chains of priority 0 itself are
taken to come first: what was registered last does, and a bridge is older than most rule sets.
"""

from __future__ import annotations

from typing import Literal

from sekisho.semantics.journey import Doubt

Which = Literal["all", "low", "high"]


def stands(priority: int, which: Which) -> bool:
    """Whether a chain of that priority is among those before br_netfilter (low), or after it (high)."""
    return which == "all" or (priority <= 0) == (which == "low")


def hidden(bridge: str) -> Doubt:
    """The question that this leaves."""
    return Doubt("bridge-address-resolution", (bridge,))
