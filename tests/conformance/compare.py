"""One packet put to both: what the model says beside what the kernel did.

A decision is one packet, first or later or a reply. Compared are how it ends, the packet as it left or
was delivered, where to, and the list of (hook, table, chain, rule, verdict).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sekisho.lab.oracle import Oracle
from sekisho.lab.probes import Probe, later, reply
from sekisho.lab.verdict import Egress, Observed, Passage, SeenStep
from sekisho.semantics.journey import Leg
from sekisho.semantics.journeys import Start, journey
from sekisho.semantics.world import World
from sekisho.values.packet import ACK, DCCP, ICMP, ICMPV6, SCTP, SYN, TCP, UDP, Packet
from tests.conformance.hosts import Host
from tests.conformance.vocabulary import BRIDGES

StepKey = tuple[str, str, str, int | None, str, str]

IPTABLES = frozenset({"raw", "mangle", "nat", "filter", "security"})
# Chains whose rules are rate limits that decide nothing: either way of each is right.
_EITHER_WAY = frozenset({"ufw-logging-deny"})


@dataclass(frozen=True, slots=True)
class Decision:
    """``phase``: first, reply or later. ``difference`` is "" where both agree; ``doubt`` says why the model
    left it undetermined; ``steps`` are the model's."""

    phase: str
    packet: Packet
    leg: Leg | None
    seen: Observed
    difference: str = ""
    doubt: str = ""
    steps: tuple[StepKey, ...] = ()


def decisions(host: Host, world: World, oracle: Oracle, packet: Packet) -> Iterator[Decision]:
    """A first packet, the reply to it if it leaves, and the next packet of the connection."""
    # The oracle's SCTP and DCCP packets are an INIT and a request of their own length.
    first = Probe(replace(packet, length=None) if packet.proto in (SCTP, DCCP) else packet, fresh=True)
    seen = oracle.ask(first)
    start = Start(packet, "host", "process" if packet.iif is None else "interface", unstated=_open(packet))
    both = journey(world, start)
    bare = bare_rules(host)
    decision = compare("first", packet, both.forward, seen, bare, not both.undecided, "legacy" in host.kind)
    yield decision
    if decision.difference or decision.doubt or seen.disposition != "exits" or seen.egress is None:
        return
    if packet.proto in (ICMP, ICMPV6) and packet.icmp_type not in (8, 128):
        return
    if packet.proto == TCP and packet.tcp_flags != SYN:
        return
    answer = reply(seen, _from_its_own_port(host, seen))
    if seen.replies:
        return  # the host itself sent something as well: the connection is not what the model knows
    heard = oracle.ask(answer)
    decision = compare(
        "reply", answer.packet, both.reply, heard, bare, not both.undecided, "legacy" in host.kind
    )
    yield decision
    if decision.difference or decision.doubt or packet.proto in (UDP, SCTP, DCCP) or packet.iif is None:
        return
    if packet.proto == TCP and heard.disposition != "exits":
        return
    again = later(seen, first)
    known = journey(
        world, replace(start, packet=replace(again.packet, tcp_flags=_flags(packet)), established=True)
    )
    yield compare("later", again.packet, known.forward, oracle.ask(again), bare, not known.undecided)


def _from_its_own_port(host: Host, seen: Observed) -> Egress | None:
    """Of a frame that went to every port of a bridge, the copy at the port of the one it is for."""
    facts = host.snapshot.host
    macs = {item.address: item.mac for item in facts.neighbours or ()}
    ports = {entry.mac: entry.port for entry in facts.bridge_entries or ()}
    for egress in seen.frames:
        mac = macs.get(egress.next_hop) if egress.next_hop else None
        if mac is not None and ports.get(mac) == egress.port:
            return egress
    return None


def _flags(packet: Packet) -> int | None:
    return None if packet.proto == TCP else packet.tcp_flags


def _open(packet: Packet) -> frozenset[str]:
    return frozenset({"length"}) if packet.length is None else frozenset()


Place = tuple[str, str, int | None]


def bare_rules(host: Host) -> frozenset[Place]:
    """The legacy rules without a condition that accept, drop or return: the kernel's trace calls them
    the policy, or the end, of their chain (net/ipv4/netfilter/ip_tables.c, get_chainname_rulenum)."""
    return frozenset(
        (table.name, chain.name, number)
        for ruleset in host.snapshot.host.rulesets
        if ruleset.backend == "legacy"
        for table in ruleset.tables
        for chain in table.chains
        for number, rule in enumerate(chain.rules, 1)
        if not rule.matches and rule.target is not None and rule.target.name in ("ACCEPT", "DROP", "RETURN")
    )


def compare(
    phase: str,
    packet: Packet,
    leg: Leg | None,
    seen: Observed,
    bare: frozenset[Place],
    comparing_steps: bool = True,
    bare_legacy: bool = False,
) -> Decision:
    """Hold a leg against what was seen."""
    if leg is None:
        return Decision(phase, packet, None, seen, "the model has no reply")
    if leg.disposition == "undetermined":
        return Decision(phase, packet, leg, seen, "", ",".join(sorted({d.code for d in leg.doubts})))
    mine, theirs = _ending(leg, seen)
    steps = model_steps(leg)
    found: list[str] = []
    if mine != theirs:
        found.append(f"ends as {mine}, really {theirs}")
    elif mine in ("exits", "delivered"):
        fields = ("src", "dst", "sport", "dport") + (("oif", "next_hop") if mine == "exits" else ())
        if packet.proto in (SCTP, DCCP) and mine == "delivered":
            fields = fields[1:]  # without SCTP sockets the kernel answers before the source is final
        if bare_legacy and mine == "delivered":
            fields = ()  # the oracle does not see what a legacy INPUT chain makes of a packet
        for name in fields:
            ours, real = getattr(leg.packet, name), getattr(seen.packet, name)
            if ours != real and not (name == "next_hop" and real is None):
                found.append(f"{name} {ours}, really {real}")
    steps = [(*s[:3], None, *s[4:]) if s[5] == "legacy" and (s[1], s[2], s[3]) in bare else s for s in steps]
    ours, real = comparable(steps), comparable(kernel_steps(seen.passages))
    if packet.iif in BRIDGES:
        # A frame for an address that the oracle's bridge has not learned goes to every port, or to none.
        real = _without_repeats(real, ours)
        if mine in ("bridged", "unsolicited"):
            real = ours
    if comparing_steps and ours != real:
        found.append("other steps")
    return Decision(phase, packet, leg, seen, "; ".join(found), "", tuple(steps))


def _ending(leg: Leg, seen: Observed) -> tuple[str, str]:
    """The two dispositions in common words: some of the kernel's cannot be told apart from outside."""
    mine, theirs = leg.disposition, seen.disposition
    bridges = leg.packet.iif in BRIDGES and leg.packet.oif == leg.packet.iif
    if mine == "delivered" and leg.where not in ("", "host"):
        mine = "exits"  # a neighbour on a bridge is outside for the oracle
    taken = {"delivered", "no_socket"}
    if mine in taken and seen.answer == "icmp-echo-reply":
        return mine, mine
    if mine in taken and theirs in taken:
        return "delivered", "delivered"  # whether a socket of the oracle's own takes it says nothing
    refused = {"blackhole", "no_route", "unreachable", "prohibited"}
    if mine in refused and theirs in refused:
        return mine, mine  # the ICMP answer itself may find no way, or be of the other kind
    if theirs == "blackhole" and bridges and mine in ("exits", "dropped", "rejected"):
        return "bridged", "bridged"  # the oracle's bridge learned the address behind another port
    if mine == "rejected" and theirs in refused | {"dropped"} and seen.reason == "NETFILTER_DROP":
        return mine, mine  # of legacy rules the kernel does not tell which one rejected
    if mine == "ttl_expired" and seen.reason == "IP_INHDR":
        return mine, mine
    unseen = theirs in ("undetermined", "dropped") and seen.packet.family == 6
    ours, real = comparable(model_steps(leg)), comparable(kernel_steps(seen.passages))
    if unseen and ((mine == "exits" and ours == real) or (bridges and ours[: len(real)] == real != ours)):
        return "unsolicited", "unsolicited"  # its own rules refused the host's neighbour solicitation
    if mine == "dropped" and theirs == "blackhole" and any(s.code == "bridge-no-hairpin" for s in leg.steps):
        return mine, mine
    if theirs == "dropped" and mine in refused and leg.steps and _rerouted(leg):
        return mine, mine  # a failed re-route in OUTPUT is reported as netfilter's drop
    return mine, theirs


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


def _without_repeats(
    theirs: list[tuple[object, ...]], ours: list[tuple[object, ...]]
) -> list[tuple[object, ...]]:
    if len(theirs) <= len(ours):
        return theirs
    count = Counter(ours)
    kept = []
    for step in theirs:
        if count[step] > 0:
            kept.append(step)
            count[step] -= 1
    return kept


def comparable(steps: list[StepKey]) -> list[tuple[object, ...]]:
    """The steps as far as both sides tell them, one back end after the other."""
    asked = [step for step in steps if step[2] not in _EITHER_WAY]
    nft: list[tuple[object, ...]] = [step[:5] for step in asked if step[5] != "legacy"]
    # Records of legacy tables come by another way: of a packet that loops their order may be lost.
    legacy: list[tuple[object, ...]] = [(*step[:4], "legacy") for step in asked if step[5] == "legacy"]
    return nft + sorted(legacy, key=str)


def features(host: Host, decision: Decision, count: Counter[str]) -> None:
    """Count what a verified decision exercised: every rule that was asked on the way."""
    leg = decision.leg
    if leg is None:
        return
    tables = {
        (t.name, r.backend == "legacy"): {c.name: c for c in t.chains}
        for r in host.snapshot.host.rulesets for t in r.tables
    }  # fmt: skip
    reached: dict[tuple[str, str, bool], int] = {}
    for step in leg.steps:
        if step.table is None or step.hook == "route":
            if step.hook == "route":
                count[f"route {step.verdict}"] += 1
            elif step.code:
                count[f"station {step.code}"] += 1
            continue
        count[f"hook {step.hook} {step.table}"] += 1
        place = (step.table, step.chain or "", step.backend == "legacy")
        upto = step.rule if step.rule is not None else 1 << 30
        reached[place] = max(reached.get(place, 0), upto)
        if step.rule is not None:
            count[f"target {step.target or '(none)'}"] += 1
    seen: set[str] = set()
    for (table, chain, legacy), upto in reached.items():
        found = tables.get((table, legacy), {}).get(chain)
        for rule in (found.rules if found else ())[:upto]:
            for option in rule.matches:
                if option.name or option.module:
                    seen.add(f"match {option.module or 'generic'} {option.name}".strip())
    count.update(seen)
    proto = {1: "icmp", 58: "icmpv6", 6: "tcp", 17: "udp", 132: "sctp"}.get(decision.packet.proto, "other")
    count[f"packet {proto}"] += 1
    count[f"phase {decision.phase}"] += 1
    count[f"disposition {leg.disposition}"] += 1
    count[f"flags {'ACK' if (decision.packet.tcp_flags or 0) & ACK else 'SYN or none'}"] += 1
