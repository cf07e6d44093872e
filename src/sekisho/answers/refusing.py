"""What the host's own rules for local packets would say to a packet that goes to a container instead.

DNAT turns a call to the host's address into one that is forwarded: INPUT never sees it. Somebody who reads
``-A INPUT -p tcp --dport 8080 -j DROP`` believes the port closed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.answers.witness import Witness
from sekisho.model.evidence import Evidence
from sekisho.semantics.choices import Choices
from sekisho.semantics.program import Accept, Drop, Reject
from sekisho.semantics.site import Site
from sekisho.semantics.world import World
from sekisho.symbolic.alone import Alone
from sekisho.symbolic.journeys import Flows
from sekisho.values.address import Address, Family
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, SYN, TCP, Packet


@dataclass(frozen=True, slots=True)
class Objection:
    """A rule (or a policy, ``rule`` None) of INPUT that refuses the packet."""

    table: str
    chain: str
    rule: int | None
    text: str
    evidence: Evidence | None


def host_objects(world: World, family: Family, witness: Witness, flow: Flows) -> Objection | None:
    """The INPUT rule that would refuse the witness as it arrived, were it for the host; None where none
    would, or where the packet does not arrive at the host from outside."""
    site = world.site_of(flow.forward.node)
    if flow.source.node not in site.nodes or (flow.source.how, flow.source.node) == ("process", site.id):
        return None
    packet = _packet(witness, family, flow.source.iif or _bridge(site, family, witness))
    for station in site.host.programs[family].stations.get("input", ()):
        if station.kind != "filter":
            continue
        choices = Choices()
        passed = Alone(site.host, family, packet.proto, choices).decided(station, packet)
        if choices.taken or isinstance(passed.action, Accept):
            continue
        if isinstance(passed.action, Drop | Reject):
            line = passed.line
            text = line.text if line else f"-P {station.base.name}"
            evidence = line.evidence if line else station.base.evidence
            number = line.number if line else None
            return Objection(station.table, passed.chain.name, number, text, evidence)
    return None


def _bridge(site: Site, family: Family, witness: Witness) -> str | None:
    sender = site.holder(Address(family, dict(witness.values)["src"]))
    return None if sender is None else sender.bridge


def _packet(witness: Witness, family: Family, iif: str | None) -> Packet:
    values = dict(witness.values)
    proto = values["proto"]
    ported, query = proto in PORT_PROTOCOLS, proto in (ICMP, ICMPV6)
    return Packet(
        family, values["src"], values["dst"], proto, values["sport"] if ported else None,
        values["dport"] if ported else None, values["icmp_type"] if query else None,
        values["icmp_code"] if query else None, 1 if query else None, SYN if proto == TCP else None, iif,
    )  # fmt: skip
