"""The case folders of tests/cases: how a packet and a kernel's answer are written down, and read again."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from sekisho.lab.agreement import Phase
from sekisho.lab.exchange import Asked
from sekisho.lab.verdict import Observed, Passage, SeenStep
from sekisho.model.snapshot import Snapshot
from sekisho.sources.load import load
from sekisho.values.address import Address, format_ip
from sekisho.values.packet import (
    ICMP,
    ICMPV6,
    SYN,
    TCP,
    TCP_FLAG_BITS,
    Packet,
    protocol_name,
    protocol_number,
)

FOLDER = Path(__file__).parent / "cases"
PHASES: tuple[Phase, ...] = get_args(Phase)
_NUMBERS = (
    "sport",
    "dport",
    "icmp_type",
    "icmp_code",
    "icmp_id",
    "mark",
    "tos",
    "ttl",
    "uid",
    "gid",
    "length",
)
_STEP = ("hook", "family", "table", "chain", "rule", "verdict", "target", "backend")


@dataclass(frozen=True, slots=True)
class Case:
    """A folder: its snapshot, the packet, which phases are asked, and what a kernel did (None: not yet
    recorded). ``nft`` is the least version of nft that reads its rules, "" for any."""

    name: str
    packet: Packet
    phases: tuple[Phase, ...]
    expected: dict[str, Any] | None
    nft: str = ""

    @property
    def folder(self) -> Path:
        """Where it is."""
        return FOLDER / self.name

    def snapshot(self) -> Snapshot:
        """The host of the case."""
        return load(str(self.folder))

    def kept(self, phase: Phase) -> Asked:
        """What the kernel did in a phase, as recorded."""
        assert self.expected is not None, f"record it: python -m tests.cases_record {self.name}"
        return asked_of(phase, self.expected[phase], self.packet)


def all_cases() -> list[Case]:
    """Every case, by name."""
    return [read(folder.name) for folder in sorted(FOLDER.iterdir()) if (folder / "flow.json").exists()]


def read(name: str) -> Case:
    """One case."""
    flow = json.loads((FOLDER / name / "flow.json").read_text(encoding="utf-8"))
    recorded = FOLDER / name / "expected.json"
    expected = json.loads(recorded.read_text(encoding="utf-8")) if recorded.exists() else None
    phases = tuple(phase for phase in PHASES if phase in flow.get("phases", ["first"]))
    return Case(name, packet_of(flow["packet"]), phases, expected, flow.get("nft", ""))


def packet_of(fields: dict[str, Any]) -> Packet:
    """A packet as flow.json and expected.json write it: addresses and protocols by name, ``in`` its
    interface (none: a local process sends it), flags as ``SYN,ACK``."""
    src, dst = Address.parse(fields["src"]), Address.parse(fields["dst"])
    proto = protocol_number(fields["proto"])
    flags = fields.get("tcp_flags", "SYN" if proto == TCP else None)
    numbers = {name: fields[name] for name in _NUMBERS if name in fields}
    if proto in (ICMP, ICMPV6):
        numbers = {"icmp_type": 8 if proto == ICMP else 128, "icmp_code": 0, **numbers}
        if not _is_error(proto, numbers["icmp_type"]):
            numbers = {"icmp_id": 7, **numbers}
    return Packet(
        src.family, src.value, dst.value, proto, iif=fields.get("in"), oif=fields.get("out"),
        next_hop=Address.parse(fields["next_hop"]) if fields.get("next_hop") else None,
        tcp_flags=None if flags is None else sum(TCP_FLAG_BITS[name] for name in flags.split(",")),
        src_mac=fields.get("src_mac"), **numbers,
    )  # fmt: skip


def _is_error(proto: int, kind: int) -> bool:
    """An ICMP error has no identifier."""
    return kind in (3, 4, 5, 11, 12) if proto == ICMP else kind < 128


def packet_fields(packet: Packet) -> dict[str, Any]:
    """The other way: what is not the usual value."""
    usual = Packet(packet.family, 0, 0, packet.proto)
    fields: dict[str, Any] = {
        "proto": protocol_name(packet.proto),
        "src": format_ip(packet.family, packet.src),
        "dst": format_ip(packet.family, packet.dst),
    }
    for name in _NUMBERS:
        if getattr(packet, name) != getattr(usual, name):
            fields[name] = getattr(packet, name)
    if packet.tcp_flags is not None and packet.tcp_flags != SYN:
        names = [
            name for name, bit in TCP_FLAG_BITS.items() if bit and bit & packet.tcp_flags and name != "ALL"
        ]
        fields["tcp_flags"] = ",".join(names)
    for name, key in (("iif", "in"), ("oif", "out"), ("src_mac", "src_mac")):
        if getattr(packet, name) is not None:
            fields[key] = getattr(packet, name)
    if packet.next_hop is not None:
        fields["next_hop"] = str(packet.next_hop)
    return fields


def asked_fields(asked: Asked) -> dict[str, Any]:
    """What the kernel did in a phase, as expected.json keeps it: one line for each step. The length is
    the oracle's affair."""
    seen = asked.seen
    final = replace(seen.packet, length=None)
    fields: dict[str, Any] = {
        "sent": packet_fields(asked.packet), "disposition": seen.disposition,
        "packet": packet_fields(final), "reason": seen.reason, "answer": seen.answer,
        "answer_src": _echoed_from(seen),
        "steps": [[getattr(step, name) for name in _STEP] for each in seen.passages for step in each.steps],
    }  # fmt: skip
    return {key: value for key, value in fields.items() if value is not None}


def _echoed_from(seen: Observed) -> str | None:
    """The address from which the host itself answered an echo."""
    if seen.answer != "icmp-echo-reply" or not seen.replies:
        return None
    first = seen.replies[0].first
    return format_ip(first.family, first.src)


def asked_of(phase: Phase, fields: dict[str, Any], first: Packet) -> Asked:
    """The same again, as far as a comparison looks at it."""
    sent = packet_of(fields["sent"])
    steps = tuple(SeenStep(*step) for step in fields["steps"])
    passage = Passage("host", steps, sent.iif, None, sent, sent, ())
    seen = Observed(
        packet_of(fields["packet"]), fields["disposition"], steps, (passage,),
        reason=fields.get("reason"), answer=fields.get("answer"),
    )  # fmt: skip
    return Asked(phase, first if phase == "first" else replace(sent, length=first.length), seen)
