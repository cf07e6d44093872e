"""The little language that every reading interprets: guards, actions, chains, stations.

    Program (one namespace, one family)
      stations[hook] ── Station, by priority ── base chain ── Guarded: guard -> action
      chains: user chains and routing tables by name      │
      routing: policy rules as a base chain ──────────────┘   a table is a chain of routes,
                                                              longest prefix first; no match returns

A guard is a condition on header fields, interfaces and connection state, built from *field in set*
tests with and, or, not. ``Unsure`` is a condition that cannot be decided (a match nobody knows, a
rate limit); it makes what depends on it undetermined, or gives bounds for a set of packets.
An action is what happens when the guard holds. Both are plain data: no reading has its own idea
of what a rule means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sekisho.model.evidence import Evidence
from sekisho.semantics.fields import Field
from sekisho.semantics.journey import Disposition, Doubt, Hook, Lean
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.intset import IntSet

# Values of ``ctstate``: exactly one of these is true of every packet.
INVALID, NEW, ESTABLISHED, RELATED, UNTRACKED = range(5)
# Bits of ``ctstatus``, numbered as the kernel's IPS_* (include/uapi/linux/netfilter/nf_conntrack_common.h).
EXPECTED_BIT, SEEN_REPLY_BIT, ASSURED_BIT, CONFIRMED_BIT, SNAT_BIT, DNAT_BIT = 1, 2, 4, 8, 16, 32


@dataclass(frozen=True, slots=True)
class In:
    """The numeric field's value is in the set. A packet without the field (a port of ICMP) never
    fits; where the value is merely not stated, nobody can say."""

    field: Field
    values: IntSet


@dataclass(frozen=True, slots=True)
class Masked:
    """``field & mask == value``."""

    field: Field
    mask: int
    value: int


@dataclass(frozen=True, slots=True)
class Interface:
    """The packet's ``iif`` or ``oif`` is ``name``, or starts with it when ``prefix`` is set.

    ``physin`` and ``physout`` are a bridge's ports as br_netfilter shows them, ``portin`` and ``portout``
    the same as the bridge itself does.

    A packet that has no ``iif`` or ``oif`` at this hook has the empty name there, no packet else.
    """

    field: Literal["iif", "oif", "physin", "physout", "portin", "portout"]
    name: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Every guard holds; ``All(())`` always does."""

    guards: tuple[Guard, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one guard holds; ``AnyOf(())`` never does."""

    guards: tuple[Guard, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The guard does not hold."""

    guard: Guard


@dataclass(frozen=True, slots=True)
class Unsure:
    """Nobody can say whether it holds; ``doubt`` is why."""

    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Members:
    """The fields' values together are an element of a set with several dimensions.

    An entry is (one value set per field, holds): the first entry that fits decides, so exceptions
    (``nomatch``) stand before what they are taken from. No entry: does not hold.
    """

    fields: tuple[str, ...]
    entries: tuple[tuple[tuple[IntSet | str, ...], bool], ...]


@dataclass(frozen=True, slots=True)
class ReversePath:
    """A route lookup with source and destination exchanged finds a way back of one of ``kinds``.

    ``side`` "dst": a lookup of the destination instead, with nothing exchanged. A lookup that is refused
    finds the kind of what refused it. ``strict``: by the very interface that the packet came in by;
    otherwise by any. ``device``: the route's first way is by that interface. ``subnets``: the address that
    a subnet on a link begins with counts as anycast (IPv6). ``onward``: what is to be forwarded is looked
    up as if it came in by its way out.
    ``use_mark``: the lookup sees the packet's mark (src_valid_mark). For a packet to a broadcast
    address the lookup is made from no address in particular (ip_route_input_slow, brd_input).
    ``sees``: what policy rules see of the packet beyond addresses and mark.
    """

    strict: bool
    use_mark: bool = False
    kinds: tuple[str, ...] = ("unicast",)
    sees: Literal["ports", "protocol", "nothing"] = "ports"
    side: Literal["src", "dst"] = "src"
    device: str | None = None
    subnets: bool = False
    onward: bool = False


Guard = In | Masked | Interface | All | AnyOf | Not | Unsure | Members | ReversePath

ALWAYS = All(())
NEVER = AnyOf(())


# ------------------------------------------------------------------------------------- actions


@dataclass(frozen=True, slots=True)
class Accept:
    """The station is done with the packet; it goes on to the next one."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The packet is gone."""


@dataclass(frozen=True, slots=True)
class Reject:
    """The packet is gone and the sender is told: an ICMP error's name, or tcp-reset."""

    answer: str


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on in another chain and come back after it."""

    chain: str


@dataclass(frozen=True, slots=True)
class Goto:
    """Go on in another chain; its end returns to the caller of this one."""

    chain: str


@dataclass(frozen=True, slots=True)
class Return:
    """Go back to the calling chain; in a base chain: take the policy."""


@dataclass(frozen=True, slots=True)
class Continue:
    """Nothing that decides (LOG, NFLOG, TCPMSS, a rule without target): go on with the next rule. ``lean``:
    that packets go on is taken for granted, because the text that would tell was not captured."""

    lean: Lean | None = None


@dataclass(frozen=True, slots=True)
class Translate:
    """Set up the connection's translation of ``what`` (dst: DNAT, src: SNAT) and accept.

    ``addresses``/``ports`` are inclusive ranges (None: unchanged). ``own_address`` takes the address
    of an interface instead: "out" is MASQUERADE (what routing would choose there), "in" is REDIRECT
    (the incoming interface's first address; 127.0.0.1 for local packets). ``netmap`` replaces the
    prefix bits only; ``what`` is then "hook": the side that the hook translates. ``random``: the port
    is chosen at random. ``base_port``: the port that is mapped to the first of ``ports``. ``exempt``:
    packets that are left as they are.
    """

    what: Literal["src", "dst", "hook"]
    addresses: tuple[int, int] | None = None
    ports: tuple[int, int] | None = None
    own_address: Literal["out", "in"] | None = None
    netmap: Prefix | None = None
    random: bool = False
    base_port: int | None = None
    exempt: Guard = NEVER


@dataclass(frozen=True, slots=True)
class SetBits:
    """``field = (field & ~mask) ^ value``; the rule list goes on."""

    field: Literal["mark", "ctmark", "tos", "ttl", "tcp_flags"]
    mask: int
    value: int

    def of(self, before: int) -> int:
        """What the field becomes."""
        return (before & ~self.mask) ^ self.value


@dataclass(frozen=True, slots=True)
class CopyMark:
    """CONNMARK --save-mark (mark to ctmark) and --restore-mark (ctmark to mark); in nftables
    also a mark that is shifted where it is.

    ``target = (target & ~target_mask) ^ ((source << shift) & source_mask)``; a negative shift is one to the
    right.
    """

    source: Literal["mark", "ctmark"]
    target: Literal["mark", "ctmark"]
    source_mask: int
    target_mask: int
    shift: int = 0

    def of(self, source: int, before: int) -> int:
        """What the target becomes."""
        moved = source << self.shift if self.shift >= 0 else source >> -self.shift
        return (before & ~self.target_mask) ^ (moved & self.source_mask)


@dataclass(frozen=True, slots=True)
class Untrack:
    """Connection tracking leaves this packet alone (raw table: NOTRACK, CT --notrack)."""


@dataclass(frozen=True, slots=True)
class SetZone:
    """Connection tracking looks this packet up in another zone. ``directions``: both, orig, reply."""

    zone: int
    directions: str = "both"


@dataclass(frozen=True, slots=True)
class FirstOf:
    """A verdict map, or a map that gives an address or a mark: the first of these lines whose guard holds
    acts, the others are passed over. Where none holds, the rule has ended."""

    lines: tuple[Guarded, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A rule that acts more than once: each line in turn acts while its guard holds; the first one whose
    guard does not ends the rule. Guards are asked after the lines before have acted."""

    lines: tuple[Guarded, ...]


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Nobody knows what happens. ``but_for_gateway``: the route of which only the gateway is not known."""

    doubt: Doubt
    but_for_gateway: RouteTo | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a route: interface, gateway (None: on link), interface state, the route's own MTU."""

    dev: str | None
    via: Address | None = None
    weight: int = 1
    flags: tuple[str, ...] = ()
    mtu: int | None = None
    mtu_locked: bool = False


@dataclass(frozen=True, slots=True)
class RouteTo:
    """A route was found. ``kind`` is unicast, local, broadcast, multicast, anycast."""

    kind: str
    ways: tuple[Way, ...]
    src: Address | None = None
    scope: str | None = None
    table: str = "main"
    prefix_length: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """The packet ends here for another reason than a rule's DROP (blackhole route, martian...)."""

    disposition: Disposition
    kernel_reason: str | None = None
    answer: str | None = None


Action = (
    Accept | Drop | Reject | Jump | Goto | Return | Continue | Translate | SetBits | CopyMark | Untrack
    | SetZone | FirstOf | Series | NotUnderstood | RouteTo | Stop
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Guarded:
    """One line of a chain: when the guard holds, the action happens.

    ``number`` is the rule's 1-based place in its chain as the user sees it (0: not a rule of the
    user's), ``text`` its text, ``target`` the target's name.
    """

    guard: Guard
    action: Action
    number: int = 0
    text: str = ""
    target: str = ""
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ChainCode:
    """A chain: first match decides; at the end a user chain returns, a base chain does ``policy``."""

    name: str
    lines: tuple[Guarded, ...]
    policy: Action | None = None
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Station:
    """A base chain on a hook. ``kind``: "filter" for ordinary tables, "nat" where the chain is consulted
    by a connection's first packet only, "route" where a change makes the kernel route a local packet
    again. ``chains`` are the user chains of its table. ``devices``: only packets of these interfaces pass
    it (ingress and egress chains), None: all."""

    hook: Hook
    priority: int
    table: str
    base: ChainCode
    chains: dict[str, ChainCode]
    kind: Literal["filter", "nat", "route"] = "filter"
    backend: str = ""
    devices: tuple[str, ...] | None = None

    @property
    def every(self) -> tuple[ChainCode, ...]:
        """The base chain and all user chains."""
        return (self.base, *self.chains.values())


@dataclass(frozen=True, slots=True)
class Program:
    """All stations of one namespace for one family, in the order they are passed.

    ``entrance`` are the checks before any hook, ``arrival`` those before the input route lookup (martians),
    ``routing`` the policy rules that jump to ``route_tables``, ``source_check`` what the input decision
    asks of the source address (rp_filter, local addresses), ``forwarding`` whether a packet that arrived
    may be forwarded. ``gaps`` are, per hook, the tables that were not captured. ``sockets`` are the
    listening sockets as a chain that accepts (None: not captured), ``published`` holds for the ports that
    some DNAT rule asks for. ``departure`` is what an output route asks of the addresses, ``echo`` takes away
    what the host itself leaves unanswered. ``own_sources``: see there. ``lookback``: for looking senders up.
    """

    family: Family
    stations: dict[Hook, tuple[Station, ...]]
    arrival: ChainCode
    routing: ChainCode
    route_tables: dict[str, ChainCode]
    forwarding: ChainCode
    source_check: ChainCode
    gaps: dict[Hook, tuple[Lean, ...]]
    sockets: ChainCode | None = None
    published: Guard = NEVER
    entrance: ChainCode = ChainCode("entrance", (), Accept())
    departure: ChainCode = ChainCode("departure", (), Accept())
    echo: ChainCode = ChainCode("icmp", (), Accept())
    own_sources: IntSet | None = None
    connecting: ChainCode = ChainCode("connect", (), Accept())
    answering: ChainCode = ChainCode("answer", (), Accept())
    lookback: dict[str, ChainCode] | None = None

    def lookups(self, side: str) -> dict[str, ChainCode]:
        """The tables for looking up whom a packet is from ("src") or for, and no more."""
        return self.lookback or self.route_tables if side == "src" else self.route_tables
