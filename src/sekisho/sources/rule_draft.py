"""A policy rule while it is being read, and its words that text and JSON share."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence
from sekisho.model.routing import PolicyRule
from sekisho.sources.route_words import Pair
from sekisho.sources.text import Unreadable
from sekisho.values.address import Family, Prefix
from sekisho.values.names import InterfaceName
from sekisho.values.numbers import integer, is_number
from sekisho.values.packet import protocol_name, protocol_number

FULL_MASK = 0xFFFFFFFF
ACTIONS = frozenset({"nop", "blackhole", "unreachable", "prohibit"})
# Words with one value that no field of a rule holds; a rule with one matches less than it seems.
EXTRA_MATCHES = frozenset({"tun_id", "dscp", "flowlabel"})
Range = tuple[int, int]


@dataclass(slots=True)
class RuleDraft:
    """A rule while its words or keys are read; None is "not said"."""

    priority: int
    action: str = ""
    table: str = ""
    goto: int | None = None
    negated: bool = False
    src: Prefix | None = None
    dst: Prefix | None = None
    iif: InterfaceName | None = None
    oif: InterfaceName | None = None
    fwmark: Range | None = None
    tos: int | None = None
    ipproto: int | None = None
    sport: Range | None = None
    dport: Range | None = None
    uidrange: Range | None = None
    l3mdev: bool = False
    suppress_prefixlength: int | None = None
    suppress_ifgroup: str | None = None
    proto: str | None = None
    attributes: list[Pair] = field(default_factory=list)

    def freeze(self, family: Family, evidence: Evidence) -> PolicyRule:
        """The rule as a fact; Unreadable when it says no action, or mixes families."""
        if not self.action:
            raise Unreadable("truncated", str(self.priority))
        families = {prefix.family for prefix in (self.src, self.dst) if prefix is not None}
        if len(families) > 1:
            raise Unreadable("mixed-families", str(self.dst))
        return PolicyRule(
            family=families.pop() if families else family, priority=self.priority, action=self.action,
            table=self.table if self.action == "lookup" else "main", goto=self.goto,
            negated=self.negated, src=self.src, dst=self.dst, iif=self.iif, oif=self.oif,
            fwmark=self.fwmark, tos=self.tos, ipproto=self.ipproto, sport=self.sport, dport=self.dport,
            uidrange=self.uidrange, l3mdev=self.l3mdev, suppress_prefixlength=self.suppress_prefixlength,
            suppress_ifgroup=self.suppress_ifgroup, proto=self.proto, attributes=tuple(self.attributes),
            evidence=evidence,
        )  # fmt: skip


def read_range(word: str) -> Range:
    """``80`` or ``1000-2000`` as (first, last)."""
    first, dash, last = word.partition("-")
    try:
        return integer(first), integer(last if dash else first)
    except ValueError:
        raise Unreadable("bad-number", word) from None


def read_mark(value: str, mask: str | None) -> Range:
    """A mark and its mask, hexadecimal or decimal; no mask means all 32 bits."""
    try:
        return integer(value, 0), FULL_MASK if mask is None else integer(mask, 0)
    except ValueError:
        raise Unreadable("bad-number", value) from None


def format_hex(number: int) -> str:
    """C's %#x, which puts no 0x before a zero."""
    return f"{number:#x}" if number else "0"


def read_protocol(word: str) -> int:
    """``tcp``, ``6`` or iproute2's ``ipproto-99``."""
    try:
        return protocol_number(word.removeprefix("ipproto-"))
    except ValueError:
        raise Unreadable("unknown-word", word) from None


def format_protocol(number: int) -> str:
    """A protocol as iproute2 prints one."""
    name = protocol_name(number)
    return f"ipproto-{name}" if is_number(name) else name


def format_range(span: Range) -> str:
    """One number where first and last are the same."""
    return str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"
