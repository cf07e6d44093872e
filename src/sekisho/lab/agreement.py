"""A leg of the model held against what the kernel did with the same packet.

Compared are how it ends, the packet as it left or was delivered, where to, and the list of (hook, table,
chain, rule, verdict): as far as they can be told apart from outside, which ``_ending`` spells out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from sekisho.lab.topology import bridges_in, interfaces_of, separate
from sekisho.lab.verdict import Observed, Passage, SeenStep
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.journey import Leg
from sekisho.values.packet import DCCP, ICMP, SCTP, SYN, TCP, UDP, Packet

StepKey = tuple[str, str, str, int | None, str, str]
Comparable = tuple[object, ...]
Place = tuple[str, str, int | None]
Phase = Literal["first", "answer", "error", "reply", "error-back", "later"]

IPTABLES = frozenset({"raw", "mangle", "nat", "filter", "security"})
TAKEN = frozenset({"delivered", "no_socket"})
# What a bridge drops, and gives no reason.
_BY_BRIDGES = frozenset({"bridge-no-hairpin", "bridge-isolated", "bridge-port-shut", "bridge-no-other-port"})
# How a search for a neighbour ends that others' rules, or none, may tell about.
_UNSOLICITED = frozenset({"solicitation-refused", "neighbour-is-oneself"})
# Chains whose rules are rate limits that decide nothing: either way of each is right.
_EITHER_WAY = frozenset({"ufw-logging-deny"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a snapshot bears on the comparison.

    ``bare`` are the legacy rules without a condition that accept, drop or return: the kernel's trace calls
    them the policy, or the end, of their chain (net/ipv4/netfilter/ip_tables.c, get_chainname_rulenum).
    ``nodes`` are the namespaces that the oracle really has; ``legacy``: there are no other tables;
    ``sockets``: on the host everything listens that the snapshot has, and nothing else; ``everybody``: the
    broadcast addresses, for which UDP says nothing where nobody listens.
    """

    bridges: frozenset[str]
    nodes: frozenset[str]
    bare: frozenset[Place]
    legacy: bool
    sockets: bool = False
    everybody: frozenset[int] = frozenset()


def terms(snapshot: Snapshot) -> Terms:
    """The terms of a snapshot's host."""
    host = snapshot.host
    legacy = [ruleset for ruleset in host.rulesets if ruleset.backend == "legacy"]
    bare = frozenset(
        (table.name, chain.name, number)
        for ruleset in legacy
        for table in ruleset.tables
        for chain in table.chains
        for number, rule in enumerate(chain.rules, 1)
        if not rule.matches and rule.target is not None and rule.target.name in ("ACCEPT", "DROP", "RETURN")
    )
    bridges = bridges_in(snapshot, host) & {item.name for item in interfaces_of(host)}
    nodes = frozenset({"", *(item.name for item in separate(snapshot))})
    everybody = {route.dst.value for route in host.routes if route.kind == "broadcast"} | {0, (1 << 32) - 1}
    only_legacy = bool(legacy) and len(legacy) == len(host.rulesets)
    return Terms(bridges, nodes, bare, only_legacy, everybody=frozenset(everybody))


@dataclass(frozen=True, slots=True)
class Decision:
    """One packet put to both. ``difference`` is "" where they agree; ``doubt`` says why the model left it
    undetermined; ``steps`` are the model's."""

    phase: Phase
    packet: Packet
    leg: Leg | None
    seen: Observed
    difference: str = ""
    doubt: str = ""
    steps: tuple[StepKey, ...] = ()


def compare(
    phase: Phase, packet: Packet, leg: Leg | None, seen: Observed, known: Terms, comparing_steps: bool = True
) -> Decision:
    """Hold a leg (None: the model has none) against what was seen of the packet."""
    if leg is None:
        return Decision(phase, packet, None, seen, "the model has no reply")
    if leg.disposition == "undetermined":
        return Decision(phase, packet, leg, seen, "", ",".join(sorted({d.code for d in leg.doubts})))
    mine, theirs = _ending(leg, seen, known, comparing_steps)
    if known.sockets and phase == "first" and _asks_for_a_socket(leg, packet, known):
        silent = leg.packet.proto == TCP and leg.answer is None and seen.answer is None
        if not (silent and leg.disposition == "no_socket" and seen.disposition == "delivered"):
            # else a listener takes no SYN that is for everybody, and gives no reason (tcp_v6_conn_request)
            mine, theirs = leg.disposition, seen.disposition
    steps = model_steps(leg)
    found: list[str] = []
    if mine != theirs:
        found.append(f"ends as {mine}, really {theirs}")
    elif mine in ("exits", "delivered"):
        fields: tuple[str, ...] = ("src", "dst", "sport", "dport")
        if mine == "exits":
            fields += ("oif", "next_hop", "tcp_flags", "icmp_id")
            fields += ("ttl", "tos", "mark") if comparing_steps else ()
            if len(seen.frames) > 1:
                # A bridge that did not know where to: of copies that passed the rules each by itself, the
                # mark that is seen last need not be that of the frame which arrived.
                fields = tuple(name for name in fields if name != "mark")
        if packet.proto in (SCTP, DCCP) and mine == "delivered":
            fields = fields[1:]  # without SCTP sockets the kernel answers before the source is final
        if known.legacy and mine == "delivered" and phase != "later":
            fields = ()  # the oracle does not see what a legacy INPUT chain makes of a packet
        hooks = seen.passages[-1].hooks if seen.passages else ()
        if mine == "delivered" and hooks and "input" not in hooks:
            fields = ()  # what INPUT made of the packet was not seen
        for name in fields:
            ours, real = getattr(leg.packet, name), getattr(seen.packet, name)
            # A port that a translation picks is told by nobody beforehand.
            picked = ours is None and name in ("sport", "dport", "icmp_id")
            if ours != real and not picked and not (name == "next_hop" and real is None):
                found.append(f"{name} {ours}, really {real}")
    steps = [
        (*s[:3], None, *s[4:]) if s[5] == "legacy" and (s[1], s[2], s[3]) in known.bare else s for s in steps
    ]
    mine_steps, theirs_steps = comparable(steps), comparable(kernel_steps(seen.passages))
    if packet.iif in known.bridges:
        # A frame for an address that the oracle's bridge has not learned goes to every port, or to none.
        theirs_steps = _without_repeats(theirs_steps, mine_steps)
    if mine == "bridged" or mine == "unsolicited":
        theirs_steps = mine_steps
    if comparing_steps and mine_steps != theirs_steps:
        found.append("other steps")
    return Decision(phase, packet, leg, seen, "; ".join(found), "", tuple(steps))


def _ending(leg: Leg, seen: Observed, known: Terms, comparing_steps: bool) -> tuple[str, str]:
    """The two dispositions in common words: some of the kernel's cannot be told apart from outside."""
    mine, theirs = leg.disposition, seen.disposition
    bridges = leg.packet.iif in known.bridges and leg.packet.oif == leg.packet.iif
    if mine == "delivered" and leg.where not in known.nodes:
        mine = "exits"  # a neighbour on a bridge is outside for the oracle
    if mine in TAKEN and seen.answer == "icmp-echo-reply":
        return mine, mine
    if mine in TAKEN and theirs in TAKEN:
        return "delivered", "delivered"  # whether a socket of the oracle's own takes it says nothing
    refused = {"blackhole", "no_route", "unreachable", "prohibited"}
    nobody = seen.packet.family == 6 and seen.packet.dst == 0
    if mine in refused and nobody and seen.reason == "IP_INADDRERRORS":
        return mine, mine  # whatever route refuses, the reason for :: is that one (ip6_pkt_drop)
    if mine in refused and theirs in refused:
        return mine, mine  # the ICMP answer itself may find no way, or be of the other kind
    if theirs == "blackhole" and bridges and mine in ("exits", "dropped", "rejected"):
        return "bridged", "bridged"  # the oracle's bridge learned the address behind another port
    silent = {"neighbour_failed", "link_down"}
    if mine in silent and theirs in silent | {"undetermined"} and not seen.frames:
        return mine, mine  # nothing left, and nothing tells why
    asked = leg.steps[-1].code if leg.steps else ""
    if asked in _UNSOLICITED and theirs not in ("exits", "delivered", "no_socket"):
        return mine, mine  # what is told is the end of the solicitation
    if mine == "exits" and theirs == "undetermined" and not seen.frames and _from_127(seen.packet):
        return mine, mine  # no answer to a request from there is taken (arp_process); others would have asked
    if mine == "rejected" and theirs in refused | {"dropped"} and seen.reason == "NETFILTER_DROP":
        return mine, mine  # of legacy rules the kernel does not tell which one rejected
    if mine == "dropped" and theirs == "rejected" and leg.packet.proto != TCP and seen.answer is None:
        return mine, mine  # by a rule that resets TCP's connections and drops what else it meets
    if mine == "ttl_expired" and seen.reason == "IP_INHDR":
        return mine, mine
    if mine == "not_forwarding" and theirs == "blackhole" and leg.steps[-1].code == "forward-for-everybody":
        return mine, mine  # the kernel gives no reason
    if mine == "martian" and seen.packet.family == 6 and seen.reason == "IP_INADDRERRORS":
        return mine, mine  # the same reason as that of not forwarding at all
    if mine == "martian" and seen.packet.family == 6 and theirs == "blackhole":
        return mine, mine  # neither a step nor a reason: it is gone before routing
    silence = ("undetermined", "neighbour_failed", "dropped", "unreachable", "prohibited")
    ours, real = comparable(model_steps(leg)), comparable(kernel_steps(seen.passages))
    stopped = leg.steps[-1].table or "" if leg.steps else ""
    past_ip = stopped.startswith(("netdev ", "bridge ")) and mine == "dropped" and not seen.frames
    if past_ip and theirs in silence and (not comparing_steps or ours[: len(real)] == real):
        return "unsolicited", "unsolicited"  # a chain there stopped what asks for the neighbour before
    redirect = (leg.packet.proto, leg.packet.icmp_type) == (ICMP, 5)
    if mine == "dropped" and theirs == "blackhole" and redirect and seen.reason == "NOT_SPECIFIED":
        return mine, mine  # the translation drops it, no rule does, and no reason is given
    by_bridge = any(step.code in _BY_BRIDGES for step in leg.steps)
    nowhere = theirs in ("blackhole", "undetermined") and not seen.frames
    if mine in ("dropped", "link_down") and by_bridge and nowhere:
        return mine, mine
    if mine == "martian" and theirs == "blackhole" and seen.packet.iif is None:
        return mine, mine  # EINVAL: what connect() and sendto() say of addresses that nothing leaves with
    if theirs == "dropped" and mine in refused | {"martian"} and leg.steps and _rerouted(leg):
        return mine, mine  # a failed re-route in OUTPUT is reported as netfilter's drop
    return mine, theirs


def _asks_for_a_socket(leg: Leg, packet: Packet, known: Terms) -> bool:
    """Whether it depends on the sockets of the host how a first packet from outside ends there."""
    if packet.family == 4 and leg.packet.dst in known.everybody:
        return False
    begins = packet.proto == UDP or (packet.proto, packet.tcp_flags) == (TCP, SYN)
    return begins and packet.iif is not None and leg.disposition in TAKEN and leg.where == "host"


def _from_127(packet: Packet) -> bool:
    return packet.family == 4 and packet.src >> 24 == 127


def _rerouted(leg: Leg) -> bool:
    return sum(step.hook == "route" for step in leg.steps) > 1


def model_steps(leg: Leg) -> list[StepKey]:
    """The rules, chain ends and policies of the model's leg."""
    return [
        (
            s.hook,
            s.table or "",
            s.chain or "",
            s.rule,
            "DROP" if s.verdict == "REJECT" else s.verdict,
            s.backend,
        )
        for s in leg.steps
        # A rule of nftables that acts more than once is traced once, at its end; the kernel is asked
        # from prerouting on.
        if s.table and s.hook not in ("route", "ingress") and s.code != "rule-part"
    ]


def kernel_steps(passages: tuple[Passage, ...]) -> list[StepKey]:
    """The same of the kernel's trace."""
    return [
        (s.hook, _table(s), s.chain, s.rule, s.verdict, s.backend)
        for passage in passages
        for s in passage.steps
    ]


def _table(step: SeenStep) -> str:
    """As the model calls it: tables that iptables does not have, with their family."""
    return step.table if step.table in IPTABLES else f"{step.family} {step.table}"


def _without_repeats(theirs: list[Comparable], ours: list[Comparable]) -> list[Comparable]:
    if len(theirs) <= len(ours):
        return theirs
    count = Counter(ours)
    kept = []
    for step in theirs:
        if count[step] > 0:
            kept.append(step)
            count[step] -= 1
    return kept


def comparable(steps: list[StepKey]) -> list[Comparable]:
    """The steps as far as both sides tell them, one back end after the other."""
    asked = [step for step in steps if step[2] not in _EITHER_WAY]
    nft: list[Comparable] = [step[:5] for step in asked if step[5] != "legacy"]
    # Records of legacy tables come by another way: of a packet that loops their order may be lost.
    legacy: list[Comparable] = [(*step[:4], "legacy") for step in asked if step[5] == "legacy"]
    return nft + sorted(legacy, key=str)


@dataclass(frozen=True, slots=True)
class Beside:
    """One line of the two lists side by side: ``who`` has it."""

    who: Literal["both", "model", "kernel"]
    step: Comparable


def side_by_side(decision: Decision) -> list[Beside]:
    """The model's and the kernel's steps aligned; lines of one alone are where they differ."""
    ours, theirs = comparable(list(decision.steps)), comparable(kernel_steps(decision.seen.passages))
    lines: list[Beside] = []
    for what, a, b, c, d in SequenceMatcher(None, ours, theirs, False).get_opcodes():
        if what == "equal":
            lines += [Beside("both", step) for step in ours[a:b]]
        else:
            lines += [Beside("model", step) for step in ours[a:b]]
            lines += [Beside("kernel", step) for step in theirs[c:d]]
    return lines
