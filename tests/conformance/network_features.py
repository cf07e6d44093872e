"""Which of a host's addresses, neighbours, sockets and ports a decision met, for the tables of the pages."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.lab.agreement import TAKEN, Decision
from sekisho.model.snapshot import Namespace
from sekisho.values.packet import TCP, UDP
from tests.conformance.hosts import Host

# What is claimed: every one of them has to be met.
OF_NETWORK = (
    "addresses: none", "addresses: one", "addresses: several", "addresses: several subnets",
    "addresses: with a peer", "addresses: link scope", "addresses: deprecated",
    "source: found by the host", "neighbour: PERMANENT", "neighbour: not known", "neighbour: FAILED",
    "socket: delivered", "socket: no_socket", "bridge port: isolated", "bridge port: NO-CARRIER",
    "bridge option: nf_call_iptables 1", "table local: first", "table local: later", "table local: never",
    "read from: ip -j", "read from: ip", "read from: iptables-save",
)  # fmt: skip


def of_network(host: Host, decision: Decision) -> Iterator[str]:
    """The rows for a decision that agrees."""
    packet, leg, facts = decision.packet, decision.leg, host.snapshot.host
    assert leg is not None
    for name in {packet.iif, leg.packet.oif} - {None}:
        yield from (f"addresses: {what}" for what in _addresses(facts, host.family, str(name)))
        yield from _bridge(facts, str(name))
    if packet.iif is None and packet.src == 0:
        yield "source: found by the host"
    if leg.packet.next_hop is not None and leg.disposition in ("exits", "neighbour_failed"):
        known = (item.state for item in facts.neighbours or () if item.address == leg.packet.next_hop)
        yield f"neighbour: {next(known, None) or 'not known'}"
    comes_in = packet.iif is not None and packet.proto in (TCP, UDP) and decision.phase == "first"
    if comes_in and leg.disposition in TAKEN and leg.where == "host":
        yield f"socket: {leg.disposition}"
    order = [rule.priority for rule in facts.rules or () if rule.table == "local"]
    yield f"table local: {'never' if not order else 'later' if order[0] else 'first'}"
    yield "read from: ip -j" if host.seed % 2 == 0 else "read from: ip"
    if facts.rulesets and host.seed % 3 == 0:
        yield "read from: iptables-save"


def _addresses(facts: Namespace, family: int, interface: str) -> Iterator[str]:
    here = [item for item in facts.addresses or () if (item.interface, item.family) == (interface, family)]
    wide = [item for item in here if item.scope != "link" or family == 4]
    yield "none" if not here else "one" if len(wide) == 1 else "several"
    if len({item.address.value >> (32 if family == 4 else 128) - item.length for item in wide}) > 1:
        yield "several subnets"
    if any(item.peer for item in here):
        yield "with a peer"
    if family == 4 and any(item.scope == "link" for item in here):
        yield "link scope"
    if any("deprecated" in item.flags for item in here):
        yield "deprecated"


def _bridge(facts: Namespace, interface: str) -> Iterator[str]:
    for item in facts.interfaces or ():
        if item.master == interface:
            if item.isolated:
                yield "bridge port: isolated"
            if "NO-CARRIER" in item.flags:
                yield "bridge port: NO-CARRIER"
        elif item.name == interface:
            own = dict(item.details)
            if "1" in (own.get("nf_call_iptables"), own.get("nf_call_ip6tables")):
                yield "bridge option: nf_call_iptables 1"
