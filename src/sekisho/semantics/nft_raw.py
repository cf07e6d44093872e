"""``@nh,96,32``: bits of a header by their place, as far as they are those of fields that are followed.

@nh,64,16 of IPv4      ttl (8 bits), protocol (8 bits)
@th,0,32               source and destination port, where there are ports
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sekisho.model.nft_expression import RawPayload
from sekisho.semantics.conjunction import both
from sekisho.semantics.fields import Field
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_column import AnyColumn, Open, RawColumn, RawPiece, has_interface, of_protocol
from sekisho.semantics.nft_context import NftContext
from sekisho.semantics.nft_links import ethernet
from sekisho.semantics.program import ALWAYS, NEVER, AnyOf, Guard, In, Interface, Masked, Not, Unsure
from sekisho.values.address import Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, TCP

# A header as its bits in order: (how many, the field or None for what nobody states, or a number).
_Layout = tuple[tuple[int, Field | int | None], ...]

_NETWORK: dict[Family, _Layout] = {
    4: ((4, 4), (4, 5), (8, "tos"), (16, "length"), (16, None), (1, 0), (1, None), (14, 0), (8, "ttl"),
        (8, "proto"), (16, None), (32, "src"), (32, "dst")),
    6: ((4, 6), (8, "tos"), (20, None), (16, None), (8, "proto"), (8, "ttl"), (128, "src"), (128, "dst")),
}  # fmt: skip
_LINK: _Layout = ((48, None), (48, "src_mac"))
_ETHER_TYPES: dict[Family, int] = {4: 0x0800, 6: 0x86DD}
_PORTS: _Layout = ((16, "sport"), (16, "dport"))
_TCP: _Layout = (*_PORTS, (64, None), (8, None), (8, "tcp_flags"))
_ICMP: _Layout = ((8, "icmp_type"), (8, "icmp_code"))


def raw_column(raw: RawPayload, context: NftContext) -> AnyColumn:
    """The column of some bits of a header; open where no field of it is followed."""
    doubt = Doubt("payload", (f"@{raw.base},{raw.offset},{raw.length}",))
    found = tuple((guard, tuple(_pieces(layout, raw))) for guard, layout in _layouts(raw.base, context))
    if all(piece.source is None for _, pieces in found for piece in pieces):
        return Open(doubt)
    return RawColumn(found, raw.length, doubt)


def _layouts(base: str, context: NftContext) -> Iterator[tuple[Guard, _Layout]]:
    """What header stands there, for which packets."""
    match base:
        case "nh":
            yield ALWAYS, _NETWORK[context.family]
        case "ll" if "egress" not in context.hooks:
            kind = (16, _ETHER_TYPES[context.family])
            # No test of the interface's type comes with these; over lo both addresses are zero.
            yield both(*ethernet(context), has_interface("iif")), (*_LINK, kind)
            yield Interface("iif", "lo"), ((96, 0), kind)
        case "th":
            ported, icmp = (
                IntSet.of(*(PORT_PROTOCOLS - {TCP})),
                IntSet.of(ICMP if context.family == 4 else ICMPV6),
            )
            yield of_protocol("tcp"), _TCP
            yield In("proto", ported), _PORTS
            yield In("proto", icmp), _ICMP
            yield Not(In("proto", ported | icmp | IntSet.of(TCP))), ()


def _pieces(layout: _Layout, raw: RawPayload) -> Iterator[RawPiece]:
    """The wanted bits by where they come from; behind the layout nobody states any."""
    at, end = 0, raw.offset + raw.length
    for width, source in (*layout, (max(end, 1), None)):
        first, last = max(at, raw.offset), min(at + width, end)
        if first < last:
            yield RawPiece(end - last, last - first, source, at + width - last)
        at += width


def raw_guard(found: RawColumn, mask: int, values: Iterable[int]) -> Guard:
    """The packets whose bits, masked, are one of the values."""
    wanted = tuple(value for value in values if value & ~mask == 0)
    return AnyOf(
        tuple(
            both(guard, *(_piece_guard(piece, mask, value, found.doubt) for piece in pieces))
            for guard, pieces in found.headers
            for value in wanted
        )
    )


def _piece_guard(piece: RawPiece, mask: int, value: int, doubt: Doubt) -> Guard:
    whole = (1 << piece.width) - 1
    mask, value = mask >> piece.place & whole, value >> piece.place & whole
    if mask == 0:
        return ALWAYS
    match piece.source:
        case str(field):
            return Masked(field, mask << piece.shift, value << piece.shift)
        case int(number):
            return ALWAYS if number >> piece.shift & mask == value else NEVER
        case _:
            return Unsure(doubt)
