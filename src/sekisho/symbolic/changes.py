"""What the lines of a station's chains may change of packets that go on to other lines.

A line that asks for a mark takes other packets than it seems where a line before it sets marks; so does one
that asks for an address where one before it is not understood and may rewrite it. Who compares lines of a
chain asks here what the packets of one line may have been at another.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from sekisho.semantics.control import acts, called, callees_first, calls_in
from sekisho.semantics.program import (
    Action,
    ChainCode,
    CopyMark,
    Guarded,
    NotUnderstood,
    SetBits,
    SetZone,
    Untrack,
)
from sekisho.symbolic.bits import Set
from sekisho.symbolic.chain_view import ChainView
from sekisho.symbolic.overlap import SIDES
from sekisho.symbolic.reading import Cond

_MARKS = frozenset({"mark", "ctmark"})
# What targets of iptables that are not understood can change at most: nearly all of those that write headers
# are for mangle only (xt_DSCP.c, xt_HL.c, ipt_ECN.c: ``.table``), marks may be set anywhere (xt_mark.c).
_BY_TABLE = {
    "filter": _MARKS, "nat": _MARKS, "security": _MARKS,
    "mangle": _MARKS | {"tos", "ttl", "tcp_flags"},
}  # fmt: skip
# Packets that do not go on to the next line, whatever becomes of them (a queue's program may rewrite one and
# send it through the hook again, where it is any packet at the chain's head).
_ELSEWHERE = frozenset({"userspace-decides", "synproxy", "sent-on-at-ingress"})


class Changes:
    """Those of one station."""

    def __init__(self, view: ChainView, chains: Mapping[str, ChainCode]) -> None:
        self._view = view
        self._chains = chains

    @cached_property
    def fields(self) -> frozenset[str]:
        """All that any line may change."""
        return frozenset().union(*self._whole.values())

    def between(self, chain: ChainCode, first: int, last: int) -> frozenset[str]:
        """What may be changed after one line of a chain and before another."""
        lines = chain.lines[first + 1 : last]
        if chain.lines and not chain.lines[0].number:
            lines = (chain.lines[0], *lines)  # it stands for lines that nobody saw, wherever they are
        return frozenset().union(*(self._of(line, self._whole) for line in lines))

    def before(self, some: Set, fields: frozenset[str]) -> Set:
        """What the packets may have been before these fields were changed."""
        return self._view.space.without(some, fields) if fields else some

    def whatever(self, held: Cond) -> Cond:
        """What a line takes for certain and perhaps, whatever is changed on the way to it."""
        if not self.fields:
            return held
        return Cond(~self.before(~held.yes, self.fields), self.before(held.maybe, self.fields))

    @cached_property
    def _whole(self) -> dict[str, frozenset[str]]:
        """By chain, what its lines and those of chains that it calls may change."""
        found: dict[str, frozenset[str]] = {}
        for name in callees_first(self._chains, calls_in(self._chains)):
            found[name] = frozenset().union(*(self._of(line, found) for line in self._chains[name].lines))
        return found

    def _of(self, line: Guarded, called_change: Mapping[str, frozenset[str]]) -> frozenset[str]:
        of_calls = (called_change.get(name, frozenset()) for name in called(line))
        return frozenset().union(*map(self._of_action, acts(line.action)), *of_calls)

    def _of_action(self, action: Action) -> frozenset[str]:
        match action:
            case SetBits(field):
                return frozenset({field})
            case CopyMark(_, target):
                return frozenset({target})
            case Untrack() | SetZone():
                return frozenset(name for name in self._all if name.startswith("ct") or name == "zone")
            case NotUnderstood(doubt):
                if doubt.code not in _ELSEWHERE:
                    return _BY_TABLE.get(self._view.station.table, self._all)
        return frozenset()

    @cached_property
    def _all(self) -> frozenset[str]:
        """All fields but where a packet came in and leaves."""
        sides = {*SIDES, "physin", "physout", "portin", "portout"}
        return frozenset(name for name in self._view.space.field if name not in sides)
