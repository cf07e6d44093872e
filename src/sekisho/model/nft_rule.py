"""Expressions and statements of nftables rules, in the words of nft(8) and libnftables-json(5).

Names and addresses are kept in nft's own spelling, numbers as numbers, times in milliseconds. Fields
that only one of nft's two outputs shows do not count in comparisons. What a reader does not understand
stays as ``Unknown`` with its text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# --------------------------------------------------------------------------------- expressions


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
    """An expression or statement that no reader knows, as its text (or JSON text)."""

    text: str


Selector = Payload | RawPayload | Meta | Ct | Fib | Lookup | Numgen | Hash
Expression = (
    Number | Word | Exists | Flags | NetPrefix | Range | Concat | Element | SetLiteral | SetReference
    | Selector | Binary | MapLookup | Unknown
)  # fmt: skip

# ---------------------------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Match:
    """``left operator right``. Operators: ``== != < > <= >=``, ``in`` (one of these bits is set, the
    implicit one of bitmasks) and ``!`` (none of them is). ``form``: how the text wrote a masked
    comparison ("slash": ``tcp flags syn / syn,ack``), "" where that is not known."""

    operator: str
    left: Expression
    right: Expression
    form: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """accept, drop, continue, return, or jump and goto with their ``chain``."""

    kind: str
    chain: str = ""


@dataclass(frozen=True, slots=True)
class VerdictMap:
    """``key vmap { ... }``: the verdict that the map has for the key; none: the rule goes on."""

    key: Expression
    data: SetLiteral | SetReference


@dataclass(frozen=True, slots=True)
class Counter:
    """``counter packets 1 bytes 60``; None: the listing left out the numbers."""

    packets: int | None = field(default=None, compare=False)
    bytes: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class UseObject:
    """``counter name "c1"``, ``ct helper set "h"``: a named object, or a map that yields its name."""

    kind: str
    name: Expression


@dataclass(frozen=True, slots=True)
class Assign:
    """``meta mark set 5``, ``ip ttl set 3``, ``tcp option maxseg size set 1400``."""

    key: Expression
    value: Expression


@dataclass(frozen=True, slots=True)
class Nat:
    """``kind``: snat, dnat, masquerade, redirect. ``family`` is the one written (ip, ip6) or "".

    ``prefix``: ``snat ip prefix to ...``, which replaces the network part only."""

    kind: str
    family: str = ""
    address: Expression | None = None
    port: Expression | None = None
    flags: tuple[str, ...] = ()
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Tproxy:
    """``tproxy ip to 127.0.0.1:8080``."""

    family: str = ""
    address: Expression | None = None
    port: Expression | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """``kind``: icmp, icmpv6, icmpx or "tcp reset"; ``code`` is None for the last."""

    kind: str
    code: Expression | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """``limit rate over 10/second burst 5 packets``. ``unit``: "" for packets, else bytes, kbytes or
    mbytes; ``burst_unit`` likewise. ``burst_printed``: the text spells out the usual burst."""

    rate: int
    per: str
    over: bool = False
    unit: str = ""
    burst: int = 5
    burst_unit: str = ""
    burst_printed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Quota:
    """``quota over 10 mbytes used 3 bytes``; both in bytes."""

    bytes: int
    over: bool = False
    used: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CtCount:
    """``ct count over 10``: the number of connections of the set's element."""

    count: int
    over: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """``log`` with its options in nft's order: prefix, group, snaplen, queue-threshold, level, flags."""

    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Queue:
    """``queue flags bypass to 1-3``: hands the packet to a program."""

    number: Expression
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Synproxy:
    """``synproxy mss 1460 wscale 7 timestamp sack-perm``."""

    mss: int | None = None
    wscale: int | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetUpdate:
    """``add @blocked { ip saddr timeout 5m }``; ``data`` where the set is a map."""

    operation: str
    name: str
    element: Expression
    data: Expression | None = None
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Meter:
    """``meter x size 65535 { ip saddr limit rate 5/second }``: the old way to write a set update."""

    name: str
    element: Expression
    statements: tuple[Statement, ...]
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """``dup to 10.0.0.9 device "eth1"`` (a copy) or ``fwd to "eth1"`` (the packet itself)."""

    kind: str
    address: Expression | None = None
    device: Expression | None = None
    family: str = ""


@dataclass(frozen=True, slots=True)
class Simple:
    """A statement of fixed words: ``notrack``, ``flow add @f``, ``reset tcp option maxseg``, ``last used
    never``. ``words`` are all of them."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Xt:
    """A match or target of iptables-nft. JSON tells its name only; a text of nft with libxtables shows
    the nft words that mean the same and then there is no ``Xt``. A target named "?" is one for which
    nft printed nothing at all."""

    kind: str
    name: str
    quoted: bool = field(default=False, compare=False)


Statement = (
    Match | Verdict | VerdictMap | Counter | UseObject | Assign | Nat | Tproxy | Reject | Limit | Quota
    | CtCount | Log | Queue | Synproxy | SetUpdate | Meter | Transfer | Simple | Xt | Unknown
)  # fmt: skip
