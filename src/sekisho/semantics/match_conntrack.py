"""What ``-m state`` and ``-m conntrack`` ask of a packet's connection."""

from __future__ import annotations

from sekisho.model.netfilter import Option
from sekisho.semantics.match_context import MatchContext
from sekisho.semantics.match_values import addresses, numbers
from sekisho.semantics.program import (
    DNAT_BIT,
    ESTABLISHED,
    INVALID,
    NEW,
    RELATED,
    SNAT_BIT,
    UNTRACKED,
    AnyOf,
    Guard,
    In,
    Masked,
    Not,
)
from sekisho.values.intset import IntSet
from sekisho.values.packet import protocol_number

_STATES = {
    "INVALID": INVALID, "NEW": NEW, "ESTABLISHED": ESTABLISHED, "RELATED": RELATED, "UNTRACKED": UNTRACKED,
}  # fmt: skip
_STATUS = {"EXPECTED": 1, "SEEN_REPLY": 2, "ASSURED": 4, "CONFIRMED": 8}


def _states(text: str) -> Guard:
    states: list[int] = []
    status = 0
    for name in text.split(","):
        if name in _STATES:
            states.append(_STATES[name])
        elif name in ("SNAT", "DNAT"):
            status |= SNAT_BIT if name == "SNAT" else DNAT_BIT
        else:
            raise ValueError(f"unknown state {name}")
    guards: list[Guard] = [In("ctstate", IntSet.of(*states))] if states else []
    guards += [Not(Masked("ctstatus", bit, 0)) for bit in (SNAT_BIT, DNAT_BIT) if status & bit]
    return guards[0] if len(guards) == 1 else AnyOf(tuple(guards))


_CT_ADDRESSES = {
    "ctorigsrc": "ctorigsrc", "ctorigdst": "ctorigdst", "ctreplsrc": "ctreplsrc", "ctrepldst": "ctrepldst",
}  # fmt: skip
_CT_PORTS = {
    "ctorigsrcport": "ctorigsport", "ctorigdstport": "ctorigdport",
    "ctreplsrcport": "ctreplsport", "ctrepldstport": "ctrepldport",
}  # fmt: skip


def conntrack_guard(option: Option, context: MatchContext) -> Guard | None:
    """The condition of one option, its ``!`` left aside; None for an option that is not known."""
    value = option.values[0] if option.values else ""
    if option.name in ("ctstate", "state"):
        return _states(value)
    if option.name == "ctproto":
        return In("ctproto", IntSet.of(protocol_number(value)))
    if option.name in _CT_ADDRESSES:
        return In(_CT_ADDRESSES[option.name], addresses(value, context.family))
    if option.name in _CT_PORTS:
        return In(_CT_PORTS[option.name], numbers(value))
    if option.name == "ctdir":
        return In("ctdir", IntSet.of({"ORIGINAL": 0, "REPLY": 1}[value]))
    if option.name == "ctstatus":
        if value == "NONE":
            return Masked("ctstatus", 0x3FF, 0)
        bits = sum(_STATUS[name] for name in set(value.split(",")))
        return Not(Masked("ctstatus", bits, 0))
    return None
