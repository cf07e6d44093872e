"""Expressions of nftables rules, in the words of nft(8) and libnftables-json(5).

Names and addresses are kept in nft's own spelling, numbers as numbers, times in milliseconds. Fields
that only one of nft's two outputs shows do not count in comparisons. What a reader does not understand
stays as ``Unknown`` with its text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sekisho.model.nft_rule import Statement, Verdict


@dataclass(frozen=True, slots=True)
class Number:
    """A number; ``printed`` is how the text wrote it (0x00000005), "" where that is not known."""

    value: int
    printed: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Word:
    """A name, an address, a MAC address, a symbolic constant, an interface name (may end in ``*``)."""

    text: str


@dataclass(frozen=True, slots=True)
class Exists:
    """``exists`` (True) or ``missing`` (False)."""

    value: bool


@dataclass(frozen=True, slots=True)
class Flags:
    """Bits of a bitmask by name, joined: ``established,related`` or ``syn | ack``."""

    names: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class NetPrefix:
    """``10.0.0.0/8``; also of MAC addresses, and of numbers whose first bits are compared
    (``meta mark 0x01000000/8``)."""

    address: Word | Number
    length: int


@dataclass(frozen=True, slots=True)
class Range:
    """From ``first`` to ``last``, both included."""

    first: Expression
    last: Expression


@dataclass(frozen=True, slots=True)
class Concat:
    """``ip saddr . tcp dport``, and in elements ``10.0.0.1 . 80``."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands among fields in a concatenation: ``ip saddr . 10002``. ``quoted``: the text has it
    in quotes."""

    value: Expression
    quoted: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Element:
    """An element that carries more than its value. Times in milliseconds; ``statements`` as of
    ``{ 10.0.0.1 counter packets 1 bytes 60 }``."""

    value: Expression
    timeout: int | None = None
    expires: int | None = field(default=None, compare=False)
    comment: str | None = None
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """``key : value`` of a map; ``value`` is a verdict in a verdict map."""

    key: Expression
    value: Expression | Verdict


@dataclass(frozen=True, slots=True)
class SetLiteral:
    """An anonymous set or map, ``{ 22, 80-90 }``."""

    elements: tuple[Expression | Mapping, ...]


@dataclass(frozen=True, slots=True)
class SetReference:
    """``@name``: a named set or map of the same table."""

    name: str


@dataclass(frozen=True, slots=True)
class Payload:
    """A header field: ``tcp dport``, ``ip saddr``, ``th sport``, ``ether type``."""

    protocol: str
    field: str


@dataclass(frozen=True, slots=True)
class Inner:
    """A field of the packet inside a tunnel's: ``vxlan ip saddr``."""

    tunnel: str
    field: Expression


@dataclass(frozen=True, slots=True)
class RawPayload:
    """``@nh,96,32``: bits of a header (ll, nh, th or ih) by offset and length."""

    base: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Meta:
    """``meta mark``, ``iifname``..."""

    key: str


@dataclass(frozen=True, slots=True)
class Ct:
    """``ct state``, ``ct original ip saddr``: ``direction`` is original, reply or ""."""

    key: str
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Fib:
    """``fib saddr . iif oif``: ``flags`` are what is looked up (saddr, daddr, mark, iif, oif) in the
    order as printed, ``result`` is oif, oifname or type."""

    flags: tuple[str, ...]
    result: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """Something else of the packet or its surroundings: ``kind`` is rt, socket, osf, ipsec, exthdr,
    "tcp option", "ip option", "sctp chunk", "dccp option"; ``words`` are the words after it."""

    kind: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Numgen:
    """``numgen inc mod 3 offset 5``: ``mode`` is inc or random."""

    mode: str
    modulus: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Hash:
    """``jhash ip saddr mod 2 seed 0x1`` or ``symhash mod 2`` (``expression`` None)."""

    modulus: int
    expression: Expression | None = None
    seed: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Binary:
    """``meta mark & 0xff``: ``operator`` is ``& | ^ << >>``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class MapLookup:
    """``tcp dport map { 80 : 10.0.0.1 }``: the value that the map has for the key."""

    key: Expression
    data: SetLiteral | SetReference


@dataclass(frozen=True, slots=True)
class Unknown:
    """An expression or statement that no reader knows, as its text (or JSON text). ``matches``: a statement
    that can only be a condition."""

    text: str
    matches: bool = field(default=False, compare=False)


Selector = Payload | Inner | RawPayload | Meta | Ct | Fib | Lookup | Numgen | Hash
Expression = (
    Number | Word | Exists | Flags | NetPrefix | Range | Concat | Constant | Element | SetLiteral
    | SetReference | Selector | Binary | MapLookup | Unknown
)  # fmt: skip
