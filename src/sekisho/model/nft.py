"""nftables rule sets, in the words of nft(8) and libnftables-json(5).

    NftRuleset ── NftTable (family, name) ── NftChain ── NftRule ── statements, each with expressions
                                       ├── NftSet (sets and maps with their elements)
                                       ├── NftObject (named counter, quota, limit, ct helper...)
                                       └── NftFlowtable

Text and JSON of one rule set give equal models: what only one of the two shows (how a number is
printed, handles, how long an element still lives, a chain's comment) does not count in comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence, Partial, Unread
from sekisho.model.nft_expression import Expression, Mapping
from sekisho.model.nft_rule import Statement


@dataclass(frozen=True, slots=True)
class NftRule:
    """One rule; its number in the chain is its place in ``NftChain.rules``, from 1."""

    statements: tuple[Statement, ...]
    comment: str | None = None
    handle: int | None = field(default=None, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NftChain:
    """A base chain has ``type`` (filter, nat, route), ``hook``, ``priority`` and ``policy``; others have
    none of them. ``devices`` are those of ingress and egress chains. ``priority_printed`` is the text's
    way to write the priority (``dstnat``, ``-100``), ``flags`` the base chain's (offload).

    ``bound``: the chain has no name of its own, it stands in braces in the rule that leads to it
    (``jump { ... }``). Its name here is that of the rule, CHAIN#NUMBER; bound chains come after all others.
    ``unread`` is what of its head no reader knows."""

    name: str
    type: str | None = None
    hook: str | None = None
    priority: int | None = None
    policy: str | None = None
    rules: tuple[NftRule, ...] = ()
    devices: tuple[str, ...] = field(default=(), compare=False)
    devices_printed: str = field(default="", compare=False)
    priority_printed: str = field(default="", compare=False)
    flags: tuple[str, ...] = field(default=(), compare=False)
    comment: str | None = field(default=None, compare=False)
    bound: bool = False
    unread: tuple[Unread, ...] = field(default=(), compare=False)
    handle: int | None = field(default=None, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NftSet:
    """A named set, or a map where ``data_type`` is not empty. Types are nft's names of data types, one
    for each part of a concatenation; ``data_type`` ("verdict",) is a verdict map.

    ``flags`` without ``dynamic``, which JSON leaves out. ``typeof`` and ``typeof_data`` are how the text
    declares the types by example. ``columns``: how many elements the text has on its first line (0: not
    known), ``count`` how many it says there are. ``unread``: lines of it that no reader knows, so that nobody
    can say what it holds. Times are in milliseconds.
    """

    name: str
    key_type: tuple[str, ...]
    data_type: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    elements: tuple[Expression | Mapping, ...] = ()
    timeout: int | None = None
    gc_interval: int | None = None
    size: int | None = None
    policy: str | None = None
    auto_merge: bool = field(default=False, compare=False)
    comment: str | None = field(default=None, compare=False)
    statements: tuple[Statement, ...] = ()
    dynamic: bool = field(default=False, compare=False)
    columns: int = field(default=0, compare=False)
    interval_data: bool = field(default=False, compare=False)
    typeof: str = field(default="", compare=False)
    typeof_data: str = field(default="", compare=False)
    count: int | None = field(default=None, compare=False)
    unread: tuple[Unread, ...] = field(default=(), compare=False)
    handle: int | None = field(default=None, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)

    @property
    def is_map(self) -> bool:
        """Whether the elements have values."""
        return bool(self.data_type)


@dataclass(frozen=True, slots=True)
class NftObject:
    """A named counter, quota, limit or synproxy (``statement``), or a ct helper, ct timeout, ct
    expectation, secmark... (``lines``: what stands in its block, times in seconds; ``printed``: as the
    text has it). ``unread`` is what of it no reader knows."""

    kind: str
    name: str
    statement: Statement | None = None
    lines: tuple[str, ...] = ()
    printed: tuple[str, ...] = field(default=(), compare=False)
    comment: str | None = None
    unread: tuple[Unread, ...] = field(default=(), compare=False)
    handle: int | None = field(default=None, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NftFlowtable:
    """Where established connections may bypass the chains. ``lines`` besides hook and devices;
    ``devices_printed`` is the text's line of devices, ``unread`` what no reader knows."""

    name: str
    hook: str = "ingress"
    priority: int = 0
    devices: tuple[str, ...] = ()
    lines: tuple[str, ...] = field(default=(), compare=False)
    devices_printed: str = field(default="", compare=False)
    priority_printed: str = field(default="", compare=False)
    unread: tuple[Unread, ...] = field(default=(), compare=False)
    handle: int | None = field(default=None, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NftTable:
    """``family``: ip, ip6, inet, arp, bridge or netdev. ``flags``: dormant (its chains do not run),
    owner, persist. ``managed``: the listing warns that iptables-nft manages the table. ``unread`` are
    lines and blocks of it that may be anything, besides what is not understood of its chains, sets and
    objects. ``incomplete``: there may be more than is listed. ``owner``: the program that owns the table, as
    far as the text tells."""

    family: str
    name: str
    chains: tuple[NftChain, ...] = ()
    sets: tuple[NftSet, ...] = ()
    objects: tuple[NftObject, ...] = ()
    flowtables: tuple[NftFlowtable, ...] = ()
    flags: tuple[str, ...] = field(default=(), compare=False)
    comment: str | None = field(default=None, compare=False)
    managed: bool = field(default=False, compare=False)
    owner: str = field(default="", compare=False)
    unread: tuple[Unread, ...] = ()
    incomplete: Partial | None = field(default=None, compare=False)
    handle: int | None = field(default=None, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NftRuleset:
    """``nft list ruleset``: every table of the namespace in the kernel's order. ``version``: of nft, as
    JSON tells it. ``unread`` are lines outside any table that no reader knows. ``incomplete``: there may be
    more tables, and so more chains at any hook, than are listed. Not ``complete``: only these were asked for
    (``nft list table``); which others there are was not captured.
    """

    tables: tuple[NftTable, ...] = ()
    version: str = field(default="", compare=False)
    unread: tuple[Unread, ...] = field(default=(), compare=False)
    evidence: Evidence | None = field(default=None, compare=False)
    incomplete: Partial | None = field(default=None, compare=False)
    complete: bool = field(default=True, compare=False)
