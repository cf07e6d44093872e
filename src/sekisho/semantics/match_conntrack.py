"""What ``-m state`` and ``-m conntrack`` ask of a packet's connection."""

from __future__ import annotations

from collections.abc import Sequence

from sekisho.model.netfilter import Option
from sekisho.semantics.fields import Field
from sekisho.semantics.journey import Doubt
from sekisho.semantics.match_context import MatchContext
from sekisho.semantics.match_values import addresses, named, numbers
from sekisho.semantics.program import (
    CONFIRMED_BIT,
    DNAT_BIT,
    ESTABLISHED,
    EXPECTED_BIT,
    INVALID,
    NEW,
    RELATED,
    SEEN_REPLY_BIT,
    SNAT_BIT,
    UNTRACKED,
    All,
    AnyOf,
    Guard,
    In,
    Masked,
    Not,
    Unsure,
)
from sekisho.values.intset import IntSet
from sekisho.values.packet import protocol_number

_STATES = {
    "invalid": INVALID, "new": NEW, "established": ESTABLISHED, "related": RELATED, "untracked": UNTRACKED,
}  # fmt: skip
_STATUS = {"expected": EXPECTED_BIT, "seen_reply": SEEN_REPLY_BIT, "confirmed": CONFIRMED_BIT}
_DIRECTIONS = {"original": 0, "reply": 1}


def _status(name: str, option: Option) -> Guard:
    if name.upper() == "ASSURED":
        # No first packet is; from when on later ones are depends on the traffic seen.
        unsure = Unsure(Doubt("connection-volume", (f"--ctstatus {option.values[0]}",)))
        return All((Not(In("ctstate", IntSet.of(NEW))), unsure))
    return Not(Masked("ctstatus", named(_STATUS, name, "status"), 0))


def _states(text: str) -> Guard:
    states: list[int] = []
    status = 0
    for name in text.split(","):
        if name.upper() in ("SNAT", "DNAT"):
            status |= SNAT_BIT if name.upper() == "SNAT" else DNAT_BIT
        else:
            states.append(named(_STATES, name, "state"))
    guards: list[Guard] = [In("ctstate", IntSet.of(*states))] if states else []
    guards += [Not(Masked("ctstatus", bit, 0)) for bit in (SNAT_BIT, DNAT_BIT) if status & bit]
    return guards[0] if len(guards) == 1 else AnyOf(tuple(guards))


_CT_ADDRESSES: dict[str, Field] = {
    "ctorigsrc": "ctorigsrc", "ctorigdst": "ctorigdst", "ctreplsrc": "ctreplsrc", "ctrepldst": "ctrepldst",
}  # fmt: skip
_CT_PORTS: dict[str, Field] = {
    "ctorigsrcport": "ctorigsport", "ctorigdstport": "ctorigdport",
    "ctreplsrcport": "ctreplsport", "ctrepldstport": "ctrepldport",
}  # fmt: skip


# Holds for packets that have a connection (xt_conntrack, xt_connmark: ct != NULL).
TRACKED = In("ctdir", IntSet.of(0, 1))


def conntrack_guard(options: Sequence[Option], context: MatchContext) -> Guard | None:
    """The condition of all the module's options together; None for an option that is not known.

    A packet without a connection fits no option but the state (net/netfilter/xt_conntrack.c,
    conntrack_mt), whatever the ``!``; where the state fits, the other options are not asked then.
    """
    state: list[Guard] = []
    others: list[Guard] = []
    for option in options:
        guard = _option(option, context) if option.name else All(())
        if guard is None:
            return None
        asked = state if option.name in ("ctstate", "state") else others
        asked.append(Not(guard) if option.negated else guard)
    if not others:
        return state[0] if len(state) == 1 else All(tuple(state))
    rest = All((TRACKED, *others))
    return All((*state, AnyOf((Not(TRACKED), rest)))) if state else rest


def _option(option: Option, context: MatchContext) -> Guard | None:
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
        return In("ctdir", IntSet.of(named(_DIRECTIONS, value, "direction")))
    if option.name == "ctstatus":
        return AnyOf(tuple(_status(name, option) for name in value.split(",") if name.upper() != "NONE"))
    return None
