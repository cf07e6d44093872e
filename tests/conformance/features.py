"""What a decision exercised, for the table of docs/conformance.md."""

from __future__ import annotations

from collections import Counter

from sekisho.lab.agreement import Decision
from sekisho.values.packet import ACK
from tests.conformance.hosts import Host


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
