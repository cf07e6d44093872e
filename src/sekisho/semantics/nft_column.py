"""What a selector of nftables can turn out to be for packets of one family: the kinds of columns.

A value that a packet does not have ends the rule (NFT_BREAK), so ``!=`` does not fit there either. nft does
not print the tests that it adds itself (``tcp dport`` only fits TCP, ``ip saddr`` in a table of both
families only IPv4): ``needs``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sekisho.semantics.fields import Field
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    ALWAYS,
    ESTABLISHED,
    NEVER,
    NEW,
    RELATED,
    All,
    Guard,
    In,
    Interface,
    Not,
)
from sekisho.values.intset import IntSet
from sekisho.values.packet import PROTOCOL_NUMBERS

# Values of the selector -> values of the field.
Translation = Callable[[IntSet], IntSet]
Side = Literal["iif", "oif", "portin", "portout"]


@dataclass(frozen=True, slots=True)
class Column:
    """A numeric field. ``needs`` must hold besides; ``bits`` is the width of the selector's values.

    ``translate`` turns sets of the selector's values into sets of the field's; ``present`` tells which
    packets have the field where ``needs`` does not say so.
    """

    field: Field
    bits: int
    kind: str
    needs: tuple[Guard, ...] = ()
    translate: Translation | None = None
    present: Guard = ALWAYS
    doubt: Guard | None = None


@dataclass(frozen=True, slots=True)
class InterfaceColumn:
    """``iif`` or ``oif`` by name; a packet without one has the empty name."""

    side: Side
    kind: str


@dataclass(frozen=True, slots=True)
class LinkColumn:
    """A number that the packet's ``iif`` or ``oif`` has; a packet without one has none. ``values`` are
    those of the host's interfaces by name, None where it is not told; ``doubt``: why."""

    side: Side
    bits: int
    kind: str
    values: tuple[tuple[str, int | None], ...]
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same value for every packet that comes by here, if ``needs`` hold."""

    value: int
    kind: str
    bits: int = 32
    needs: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few values, nobody can say which."""

    values: tuple[int, ...]
    kind: str
    bits: int
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class RawPiece:
    """Some bits of a value, ``width`` of them from ``place`` on: those of a field from ``shift`` on, of a
    number that all packets have there, or (None) such as nobody states."""

    place: int
    width: int
    source: Field | int | None
    shift: int


@dataclass(frozen=True, slots=True)
class RawColumn:
    """Bits of a header by their place. ``headers`` are the pieces for packets of one kind after another;
    ``doubt``: why some are not known."""

    headers: tuple[tuple[Guard, tuple[RawPiece, ...]], ...]
    bits: int
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Absent:
    """Packets of a journey have no such thing (extension headers, options): nothing fits. Where ``needs`` do
    not hold, not even that it is missing: the rule ends."""

    needs: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """Nobody can say what value it has; ``needs`` may still rule a packet out. ``missing``: where that holds,
    there is no such thing for certain, and that can be asked for. ``always``: there is a value wherever
    ``needs`` hold."""

    doubt: Doubt
    needs: tuple[Guard, ...] = ()
    missing: Guard = NEVER
    always: bool = False


AnyColumn = Column | InterfaceColumn | LinkColumn | Fixed | OneOf | RawColumn | Absent | Open

# A template, which ``ct zone set`` attaches before tracking, has the state of a new connection and nothing
# else of one: its protocol is 0 (net/netfilter/nft_ct.c, nft_ct_get_eval).
TRACKED = All((In("ctstate", IntSet.of(NEW, ESTABLISHED, RELATED)), In("ctproto", IntSet.span(1, 255))))
# A field of the other family's header: nft tests the family, the rule ends.
ELSEWHERE = Absent((NEVER,))


def of_protocol(*names: str) -> Guard:
    """The packets of these transport protocols."""
    return In("proto", IntSet.of(*(PROTOCOL_NUMBERS[name] for name in names)))


def has_interface(side: Side) -> Guard:
    """The packets that have an interface on that side (those of a process have none that they came in by)."""
    return Not(Interface(side, ""))
