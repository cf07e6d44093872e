"""Tables of family bridge: what their rules see of a frame that carries an IP packet.

Their interfaces are the bridge's ports, and it is the bridge that ``meta ibrname`` and ``obrname`` name
(net/bridge/netfilter/nft_meta_bridge.c). Where they stand among IP's own hooks: ``semantics.bridging``.
"""

from __future__ import annotations

from sekisho.model.nft_expression import Ct, Expression, Meta, Payload
from sekisho.model.nft_rule import Assign
from sekisho.model.nft_types import data_type
from sekisho.semantics.journey import Doubt, Hook
from sekisho.semantics.nft_column import AnyColumn, Column, InterfaceColumn, Open, Side
from sekisho.semantics.program import In
from sekisho.values.intset import IntSet

HOOKS: dict[str, Hook] = {
    "prerouting": "bridge-prerouting", "input": "bridge-input", "forward": "bridge-forward",
    "output": "bridge-output", "postrouting": "bridge-postrouting",
}  # fmt: skip
_INTERFACES: dict[str, Side] = {
    "iif": "portin", "iifname": "portin", "oif": "portout", "oifname": "portout", "ibrname": "iif",
    "obrname": "oif",
}  # fmt: skip


def bridge_column(expression: Expression) -> AnyColumn | None:
    """The column of a selector that means something else in a bridge's table; None: the usual one.

    Connections are another matter there (nf_conntrack_bridge follows frames by itself), and so is whom the
    frame is for, because a bridge takes what is for others.
    """
    match expression:
        case Meta(key) if key in _INTERFACES:
            return InterfaceColumn(_INTERFACES[key], data_type(Meta(key)))
        case Meta("pkttype"):
            return Open(Doubt("link-layer", ("meta pkttype",)))
        case Payload("ether", "daddr"):
            whole = IntSet.span(0, (1 << 48) - 1)
            return Column("dst_mac", 48, data_type(expression), present=In("dst_mac", whole))
        case Ct(key):
            return Open(Doubt("bridge-conntrack", (f"ct {key}",)))
        case _:
            return None


def turns_frames(assign: Assign) -> bool:
    """Whether it decides where a frame goes: another MAC address, or off the bridge (``meta broute``)."""
    match assign.key:
        case Payload("ether"):
            return True
        case Meta("broute"):
            return True
        case _:
            return False
