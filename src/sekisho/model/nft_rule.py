"""Statements of nftables rules, in the words of nft(8) and libnftables-json(5); see ``nft_expression``."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.nft_expression import Expression, SetLiteral, SetReference, Unknown


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
    """accept, drop, continue, return, or jump and goto with their ``chain``, which may be a bound one."""

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
class Last:
    """``last used 5m12s``: when a packet came by here; ``used`` is the text's word, "" where left out."""

    used: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Simple:
    """A statement of fixed words: ``notrack``, ``flow add @f``, ``reset tcp option maxseg``. ``words`` are
    all of them."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Xt:
    """A match or target of iptables-nft. JSON tells its name only; a text of nft with libxtables shows
    the nft words that mean the same and then there is no ``Xt``. Named "?": nft printed nothing at
    all for it."""

    kind: str
    name: str
    quoted: bool = field(default=False, compare=False)


Statement = (
    Match | Verdict | VerdictMap | Counter | UseObject | Assign | Nat | Tproxy | Reject | Limit | Quota
    | CtCount | Log | Queue | Synproxy | SetUpdate | Meter | Transfer | Last | Simple | Xt | Unknown
)  # fmt: skip
