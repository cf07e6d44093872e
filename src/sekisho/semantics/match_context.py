"""What the meaning of a match depends on besides its own words."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.links import Interface
from sekisho.model.netfilter import IpSet
from sekisho.semantics.program import Guard
from sekisho.values.address import Family
from sekisho.values.intset import IntSet


@dataclass(frozen=True, slots=True)
class AddressTypes:
    """What ``-m addrtype`` asks the local routing table: the addresses of each type, and the same
    for routes on one device. UNICAST is what has no other type. ``unseen``: there may be more of each, and
    on other devices, than is known (``within``: there only, None: anywhere). ``by_rules``: IPv6 looks types
    up by the policy rules, and some of these come before that of table local, so that what it holds may be
    of no type."""

    by_type: dict[str, IntSet]
    by_device: dict[str, dict[str, IntSet]]
    unseen: bool = False
    by_rules: bool = False
    within: IntSet | None = None


@dataclass(frozen=True, slots=True)
class MatchContext:
    """What the meaning of a match depends on besides its own words.

    ``memberships`` remembers the guards of sets, so that all rules that name one share its guard;
    ``moving`` are the sets that rules add to or delete from, so that the captured elements may be old.
    ``links`` are the host's interfaces, None: not captured. ``leaning`` False: what would be taken as usual
    where no text shows it stays open.
    """

    family: Family
    address_types: AddressTypes
    ipsets: dict[str, IpSet] | None = field(default=None)
    moving: frozenset[str] = frozenset()
    links: tuple[Interface, ...] | None = None
    leaning: bool = True
    memberships: dict[tuple[object, ...], Guard] = field(default_factory=dict, compare=False, repr=False)
