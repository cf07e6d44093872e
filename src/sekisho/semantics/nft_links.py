"""What nftables asks of interfaces besides their names, as ``ip -d link`` shows it: type and group."""

from __future__ import annotations

from sekisho.model.links import Interface as Link
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_column import AnyColumn, LinkColumn, Open, Side, has_interface
from sekisho.semantics.nft_context import NftContext
from sekisho.semantics.program import Guard, Interface, Not
from sekisho.values.numbers import integer, is_number

# Numbers of types of links (include/uapi/linux/if_arp.h) by what ``ip link`` calls them.
_TYPES = {
    "ether": 1, "infiniband": 32, "can": 280, "ppp": 512, "ipip": 768, "tunnel6": 769, "loopback": 772,
    "sit": 776, "gre": 778, "ieee802.11": 801, "none": 65534,
}  # fmt: skip


def link_column(key: str, kind: str, context: NftContext) -> AnyColumn:
    """``iiftype``, ``oifgroup``, ``iifkind``..."""
    side: Side = "iif" if key.startswith("i") else "oif"
    what = key.removeprefix(side)
    doubt = Doubt("device-group" if what == "group" else "link-layer", (f"meta {key}",))
    if context.links is None or what == "kind":
        return Open(doubt, (has_interface(side),), always=what != "kind")
    read = _type if what == "type" else _group
    values = tuple((link.name, read(link)) for link in context.links)
    return LinkColumn(side, 16 if what == "type" else 32, kind, values, doubt)


def _type(link: Link) -> int | None:
    told = dict(link.details).get("link")
    return 772 if link.name == "lo" else _TYPES.get(told) if told else None


def _group(link: Link) -> int | None:
    told = dict(link.details).get("group")
    if told is None:
        return None
    return 0 if told == "default" else integer(told) if is_number(told) else None


def ethernet(context: NftContext) -> tuple[Guard, ...]:
    """What nft asks before it looks at a frame's header: that the packet came in by an Ethernet interface. In
    tables of bridges there is nothing else."""
    if context.table == "bridge":
        return ()
    others = {"lo"} | {
        link.name for link in context.links or () if _type(link) not in (None, _TYPES["ether"])
    }
    return (has_interface("iif"), *(Not(Interface("iif", name)) for name in sorted(others)))
