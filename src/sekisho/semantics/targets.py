"""The meaning of every target of iptables: target -> action.

Sources: iptables-extensions(8), net/netfilter/xt_*.c.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from sekisho.model.evidence import Evidence
from sekisho.model.extension_targets import TARGETS
from sekisho.model.netfilter import UNKNOWN_MODULE, Option, Target
from sekisho.semantics.journey import Doubt
from sekisho.semantics.match_values import DSCP_CLASSES, TOS_NAMES, named
from sekisho.semantics.program import (
    NEVER,
    Accept,
    Action,
    Continue,
    CopyMark,
    Drop,
    Goto,
    In,
    Jump,
    NotUnderstood,
    Reject,
    Return,
    SetBits,
    SetZone,
    Translate,
    Untrack,
)
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.intset import IntSet
from sekisho.values.numbers import integer, is_number
from sekisho.values.packet import CWR, ECE
from sekisho.values.services import SERVICES

# Options of SET with which nothing happens to the packet itself (xt_set.c: XT_CONTINUE after each).
_CHANGES_SETS = frozenset({"add-set", "del-set", "exist", "timeout"})

# Targets that look at a packet, or change what decides nothing here, and pass it on.
PASSING = frozenset({
    "LOG", "NFLOG", "ULOG", "AUDIT", "TRACE", "TCPMSS", "TCPOPTSTRIP", "CHECKSUM", "CLASSIFY", "RATEEST",
    "LED", "IDLETIMER", "SECMARK", "CONNSECMARK", "TEE", "CONTINUE", "NFACCT",
})  # fmt: skip

# Every target whose meaning is known here, for the tests that hold them to a kernel.
CLAIMED = PASSING | {
    "ACCEPT", "DROP", "RETURN", "REJECT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP", "MARK",
    "CONNMARK", "NOTRACK", "CT", "TOS", "DSCP", "TTL", "HL", "ECN", "SET",
}  # fmt: skip

# The options of those targets that decide; one that is not here may change what they do.
OPTIONS: dict[str, frozenset[str]] = {
    "ACCEPT": frozenset(),
    "DROP": frozenset(),
    "RETURN": frozenset(),
    "REJECT": frozenset({"reject-with"}),
    "DNAT": frozenset({"to-destination", "random", "random-fully", "persistent"}),
    "SNAT": frozenset({"to-source", "random", "random-fully", "persistent"}),
    "MASQUERADE": frozenset({"to-ports", "random", "random-fully"}),
    "REDIRECT": frozenset({"to-ports", "random", "random-fully"}),
    "NETMAP": frozenset({"to"}),
    "ECN": frozenset({"ecn-tcp-remove"}),
}

# What a REJECT sends when the rule does not say (ip6t_REJECT, ipt_REJECT).
DEFAULT_REJECT: dict[int, str] = {4: "icmp-port-unreachable", 6: "icmp6-port-unreachable"}


def rule_action(
    target: Target | None,
    chains: frozenset[str],
    family: Family,
    evidence: Evidence | None = None,
    whole: bool = True,
) -> Action:
    """What a rule's target does; ``chains`` are the user chains of its table, ``whole``: all of them."""
    if target is None:
        return Continue()
    if target.name in chains:
        return Goto(target.name) if target.goto else Jump(target.name)
    if target.goto or (not whole and target.name not in TARGETS and not target.options):
        return NotUnderstood(Doubt("chain-not-in-text", (target.name,), evidence))
    options = {option.name: option for option in target.options}
    known = OPTIONS.get(target.name, frozenset(options))
    if any(option.module == UNKNOWN_MODULE or option.name not in known for option in target.options):
        return _unknown(target, evidence)
    try:
        action = _action(target, options, family)
    except (ValueError, LookupError):
        action = None
    return _unknown(target, evidence) if action is None else action


def target_doubt(target: Target, family: Family) -> str:
    """The code of the doubt that a target leaves, "" for one whose effect is known."""
    action = rule_action(target, frozenset(), family)
    return action.doubt.code if isinstance(action, NotUnderstood) else ""


def _unknown(target: Target, evidence: Evidence | None) -> NotUnderstood:
    return NotUnderstood(Doubt("target-not-understood", (_words(target),), evidence))


def _words(target: Target) -> str:
    words = [target.name]
    for option in target.options:
        words += [f"--{option.name}", *option.values] if option.name else [*option.values]
    return " ".join(words)


def changed_sets(target: Target | None) -> tuple[str, ...]:
    """The ipsets that a rule adds to or deletes from."""
    if target is None or target.name != "SET":
        return ()
    return tuple(one.values[0] for one in target.options if one.name in ("add-set", "del-set") and one.values)


def _action(target: Target, options: dict[str, Option], family: Family) -> Action | None:
    name = target.name
    if name == "ACCEPT":
        return Accept()
    if name == "DROP":
        return Drop()
    if name == "RETURN":
        return Return()
    if name in PASSING:
        return Continue()
    if name == "REJECT":
        given = options.get("reject-with")
        return Reject(given.values[0] if given else DEFAULT_REJECT[family])
    if name in ("DNAT", "SNAT"):
        return _nat(name, options, family)
    if name == "MASQUERADE":
        return replace(masqueraded(family), ports=_port_range(options), random=_random(options))
    if name == "REDIRECT":
        return Translate("dst", own_address="in", ports=_port_range(options), random=_random(options))
    if name == "NETMAP":
        return Translate("hook", netmap=Prefix.parse(options["to"].values[0]))
    if name == "MARK":
        return _mark("mark", options)
    if name == "CONNMARK":
        return _connmark(options)
    if name == "NOTRACK":
        return Untrack()
    if name == "CT":
        return _ct(options)
    if name in ("TOS", "DSCP"):
        return _tos(options)
    if name in ("TTL", "HL"):
        value = options.get("ttl-set") or options.get("hl-set")
        return SetBits("ttl", 0xFF, integer(value.values[0])) if value else None
    if name == "ECN":
        return SetBits("tcp_flags", ECE | CWR, 0) if "ecn-tcp-remove" in options else None
    if name in ("NFQUEUE", "QUEUE"):
        return NotUnderstood(Doubt("userspace-decides", (name,)))
    if name == "SET":
        return Continue() if set(options) <= _CHANGES_SETS else None
    if name == "TPROXY":
        return NotUnderstood(Doubt("tproxy", (_words(target),)))
    if name == "SYNPROXY":
        return NotUnderstood(Doubt("synproxy", (_words(target),)))
    return None


def _random(options: dict[str, Option]) -> bool:
    return "random" in options or "random-fully" in options


def _port_range(options: dict[str, Option]) -> tuple[int, int] | None:
    if "to-ports" not in options:
        return None
    return _ports(options["to-ports"].values[0])


def _ports(text: str) -> tuple[int, int]:
    if text in SERVICES:
        return SERVICES[text], SERVICES[text]
    first, dash, last = text.partition("-")
    low, high = integer(first), integer(last if dash else first)
    if not 0 <= low <= high <= 0xFFFF:
        raise ValueError(f"not a port range: {text}")
    return low, high


def _nat(name: str, options: dict[str, Option], family: Family) -> Action | None:
    wanted = "to-destination" if name == "DNAT" else "to-source"
    if wanted not in options:
        return None
    text = options[wanted].values[0]
    base_port = None
    if text.startswith("["):
        addresses, _, ports = text[1:].partition("]")
        ports = ports.lstrip(":")
        if "]-[" in text:
            first_text, last_text = text[1:].split("]-[", 1)
            last_text, _, ports = last_text.partition("]")
            addresses, ports = f"{first_text}-{last_text}", ports.lstrip(":")
    elif family == 6:
        addresses, ports = text, ""
    else:
        addresses, _, ports = text.partition(":")
    ports, slash, base = ports.partition("/")  # DNAT --to-destination A:P1-P2/BASE shifts ports
    if slash:
        base_port = SERVICES.get(base) or integer(base)
    span = None
    if addresses:
        first, dash, last = addresses.partition("-")
        low, high = Address.parse(first), Address.parse(last if dash else first)
        if low.family != family or high.family != family or low.value > high.value:
            raise ValueError(f"not an IPv{family} range: {addresses}")
        span = (low.value, high.value)
    return Translate(
        "dst" if name == "DNAT" else "src",
        addresses=span,
        ports=_ports(ports) if ports else None,
        random=_random(options),
        base_port=base_port,
    )


def _value_mask(text: str) -> tuple[int, int]:
    value, slash, mask = text.partition("/")
    return integer(value, 0), integer(mask, 0) if slash else 0xFFFFFFFF


def _mark(field: Literal["mark", "ctmark"], options: dict[str, Option]) -> Action | None:
    for option in options.values():
        value, mask = _value_mask(option.values[0])
        bits: tuple[int, int] | None = {
            "set-xmark": (mask, value),
            "set-mark": (mask | value, value),
            "and-mark": (~value & 0xFFFFFFFF, 0),
            "or-mark": (value, value),
            "xor-mark": (0, value),
        }.get(option.name)
        return None if bits is None else SetBits(field, *bits)
    return None


def _connmark(options: dict[str, Option]) -> Action | None:
    nfmask, ctmask = (_mask(options, name) for name in ("nfmask", "ctmask"))
    if "save-mark" in options:
        return CopyMark("mark", "ctmark", nfmask, ctmask)
    if "restore-mark" in options:
        return CopyMark("ctmark", "mark", ctmask, nfmask)
    return _mark("ctmark", options)


def _mask(options: dict[str, Option], name: str) -> int:
    given = options.get("mask") or options.get(name)
    return 0xFFFFFFFF if given is None else integer(given.values[0], 0)


def _ct(options: dict[str, Option]) -> Action | None:
    if "notrack" in options:
        return Untrack()
    for name, directions in (("zone", "both"), ("zone-orig", "orig"), ("zone-reply", "reply")):
        if name in options:
            value = options[name].values[0]
            return SetZone(integer(value, 0), directions) if value != "mark" else None
    # Helpers, events and timeouts decide nothing for a packet of the connection itself; zone 0 is the usual.
    return SetZone(0) if set(options) <= {"helper", "ctevents", "expevents", "timeout"} else None


def _tos(options: dict[str, Option]) -> Action | None:
    if "set-dscp" in options:
        return SetBits("tos", 0xFC, integer(options["set-dscp"].values[0], 0) << 2)
    if "set-dscp-class" in options:
        return SetBits("tos", 0xFC, named(DSCP_CLASSES, options["set-dscp-class"].values[0], "class") << 2)
    if "set-tos" in options:
        value, slash, mask = options["set-tos"].values[0].partition("/")
        if not is_number(value[:1]):
            return SetBits("tos", 0x3F, named(TOS_NAMES, value, "type of service"))
        return SetBits("tos", integer(mask, 0) if slash else 0xFF, integer(value, 0))
    for name, option in options.items():
        bits = integer(option.values[0], 0)
        masks = {"and-tos": (~bits & 0xFF, 0), "or-tos": (bits, bits), "xor-tos": (0, bits)}
        return SetBits("tos", *masks[name])
    return None


def masqueraded(family: Family) -> Translate:
    """MASQUERADE; IPv4's leaves 0.0.0.0 as it is (nf_nat_masquerade_ipv4)."""
    nobody = In("src", IntSet.of(0)) if family == 4 else NEVER
    return Translate("src", own_address="out", exempt=nobody)
