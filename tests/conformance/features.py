"""What a decision exercised, for the tables of docs/conformance.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sekisho.lab.agreement import Decision
from sekisho.model.netfilter import Chain, Rule
from sekisho.semantics.echo import ECHO, keys
from sekisho.values.packet import ACK, FIN, ICMP, ICMPV6, RST, SCTP, SYN, TCP, UDP
from tests.conformance.hosts import Host
from tests.conformance.network_features import of_network
from tests.conformance.nft_features import of_nft

# Per-interface switches of the input decision, asked by whatever comes in by the interface.
SWITCHES = ("rp_filter", "accept_local", "route_localnet", "src_valid_mark", "forwarding", "send_redirects")
# Those of the host itself, asked by its pings.
ECHOES = (*keys(4), *keys(6))
ROUTE_KINDS = ("unicast", "local", "broadcast", "anycast", "blackhole", "unreachable", "prohibit", "throw")
RULE_WORDS = ("from", "to", "iif", "fwmark", "tos", "ipproto", "sport", "uidrange", "not", "goto",
              "blackhole", "unreachable", "prohibit", "suppress_prefixlength")  # fmt: skip
_PROTOCOLS = {ICMP: "icmp", ICMPV6: "icmpv6", TCP: "tcp", UDP: "udp", SCTP: "sctp", 33: "dccp"}


def features(host: Host, decision: Decision, count: Counter[str]) -> None:
    """Count what a verified decision exercised: every rule that was asked on the way."""
    if decision.leg is None:
        return
    seen: set[str] = set(_of_packet(decision))
    seen.update(_of_rules(host, decision))
    if host.snapshot.host.nft is not None:
        seen.update(of_nft(host.snapshot.host.nft, decision.leg.steps))
    seen.update(_of_routes(host, decision))
    seen.update(_of_switches(host, decision))
    seen.update(of_network(host, decision))
    count.update(seen)


def _of_packet(decision: Decision) -> Iterator[str]:
    packet, leg = decision.packet, decision.leg
    assert leg is not None
    yield f"packet {_PROTOCOLS.get(packet.proto, 'other')}"
    yield f"phase {decision.phase}"
    yield f"disposition {leg.disposition}"
    if packet.proto == TCP:
        flags = packet.tcp_flags or 0
        usual = {
            SYN: "SYN",
            ACK: "ACK",
            SYN | ACK: "SYN,ACK",
            RST: "RST",
            FIN | ACK: "FIN,ACK",
            RST | ACK: "RST,ACK",
        }
        yield f"flags {usual.get(flags, 'others')}"
    if decision.seen.answer in ("tcp-reset",) or (decision.seen.answer or "").startswith("icmp"):
        yield f"answer {decision.seen.answer}"


def _of_rules(host: Host, decision: Decision) -> Iterator[str]:
    assert decision.leg is not None
    tables = {
        (table.name, ruleset.backend == "legacy"): {chain.name: chain for chain in table.chains}
        for ruleset in host.snapshot.host.rulesets
        for table in ruleset.tables
    }
    types = {item.name: item.type for item in host.snapshot.host.ipsets or ()}
    reached: dict[tuple[str, str, bool], int] = {}
    for step in decision.leg.steps:
        if step.table is None or step.hook == "route":
            if step.code and step.hook != "route":
                yield f"station {step.code}"
            continue
        yield f"hook {step.hook} {step.table}"
        yield f"back end {step.backend or 'nft'}"
        place = (step.table, step.chain or "", step.backend == "legacy")
        reached[place] = max(reached.get(place, 0), 1 << 30 if step.rule is None else step.rule)
        if step.rule is not None:
            yield f"target {step.target or '(none)'}"
    for (table, name, legacy), upto in reached.items():
        chain: Chain | None = tables.get((table, legacy), {}).get(name)
        for rule in (chain.rules if chain else ())[:upto]:
            yield from _of_conditions(rule, types)


def _of_conditions(rule: Rule, types: dict[str, str]) -> Iterator[str]:
    for option in rule.matches:
        if option.name or option.module:
            yield f"match {option.module or 'generic'} {option.name}".strip()
        if option.module == "set" and option.name == "match-set":
            yield f"set {types.get(option.values[0], option.values[0])}"


def _of_routes(host: Host, decision: Decision) -> Iterator[str]:
    assert decision.leg is not None
    steps = [step for step in decision.leg.steps if step.hook == "route"]
    for step in steps:
        yield f"routing {step.verdict}"
        first = step.text.partition(" ")[0]
        yield (
            f"route {first if first in ROUTE_KINDS else 'unicast'}"
            if step.table or step.text
            else "route none"
        )
        if "nexthop" in step.text:
            yield "route multipath"
        if " metric " in step.text and " table local " not in step.text:
            yield "route metric"
    if not steps:
        return
    throws = (route for route in host.snapshot.host.routes if route.kind == "throw")
    if any(route.dst.first <= decision.leg.packet.dst <= route.dst.last for route in throws):
        yield "route throw"
    for rule in host.snapshot.host.rules or ():
        words = (rule.evidence.text if rule.evidence else "").replace("from all", "").split()
        for word in words:
            if word in RULE_WORDS:
                yield f"policy rule {word}"


def _of_switches(host: Host, decision: Decision) -> Iterator[str]:
    facts, packet = host.snapshot.host, decision.packet
    family = 4 if packet.family == 4 else 6
    bridge = "net.bridge.bridge-nf-call-" + ("iptables" if family == 4 else "ip6tables")
    if packet.iif is None:
        return
    if (packet.proto, packet.icmp_type) == ECHO[packet.family]:
        for key in (each for each in ECHOES if decision.leg is not None and decision.leg.where == "host"):
            if (value := facts.sysctl(key)) is not None:
                yield f"sysctl {key} = {value}"
    names = [f"net.ipv4.conf.{name}.{key}" for key in SWITCHES for name in ("all", packet.iif)]
    names += ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"]
    names += [bridge] if packet.iif in ("docker0", "br-aaaaaaaaaaaa") else []
    for key in names:
        value = facts.sysctl(key)
        if value is not None and (key.startswith(f"net.ipv{family}") or key == bridge):
            parts = key.split(".")
            shown = (
                f"{'.'.join(parts[:3])}.IFACE.{parts[-1]}" if ".conf." in key and "all" not in parts else key
            )
            yield f"sysctl {shown} = {value}"
