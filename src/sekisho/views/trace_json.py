"""A journey as JSON: its part of schema sekisho/trace/1; its sentences are in one language."""

from __future__ import annotations

from sekisho.answers.settling import settling
from sekisho.explain.words import say
from sekisho.semantics.journey import Doubt, Hop, Journey, Leg, Step
from sekisho.values.address import format_ip
from sekisho.values.packet import Packet, protocol_name

SCHEMA = "sekisho/trace/1"


def journey_json(found: Journey, lang: str) -> dict[str, object]:
    """Both directions, what they lean on, and the commands that would settle what is open."""
    return {
        "disposition": found.disposition,
        "forward": leg_json(found.forward, lang),
        "return": None if found.reply is None else leg_json(found.reply, lang),
        "onward": None if found.onward is None else onward_json(found.onward, lang),
        "leans_on": [say(lean.code, lean.args, lang) for lean in found.leans_on],
        "settle": list(settling(found.open_doubts, found.leans_on, found.packet.family)),
    }


def onward_json(found: Journey, lang: str) -> dict[str, object]:
    """The connection that docker-proxy makes to the container."""
    return {
        "forward": leg_json(found.forward, lang),
        "return": None if found.reply is None else leg_json(found.reply, lang),
    }


def leg_json(leg: Leg, lang: str) -> dict[str, object]:
    """One direction. ``reasons`` say why it is undetermined, ``where`` names who takes the packet,
    ``answer`` the ICMP error or reset that is sent, ``kernel_reason`` the kernel's name for a drop;
    ``ways`` are the different ends that open questions lead to, the first one that of ``hops``."""
    return {
        "disposition": leg.disposition,
        "hops": [_hop_json(hop) for hop in leg.hops],
        "packet": packet_json(leg.packet),
        "where": leg.where or None,
        "answer": leg.answer,
        "kernel_reason": leg.kernel_reason,
        "reasons": [_doubt_json(doubt, lang) for doubt in leg.doubts],
        "ways": [
            {"disposition": way.disposition, "packet": packet_json(way.packet), "where": way.where or None}
            for way in leg.ways
        ],
    }


def _doubt_json(doubt: Doubt, lang: str) -> dict[str, object]:
    place = doubt.evidence
    return {
        "id": doubt.code,
        "words": say(doubt.code, doubt.args, lang),
        "evidence": None if place is None else {"file": place.file, "line": place.line},
    }


def _hop_json(hop: Hop) -> dict[str, object]:
    steps = [_step_json(step) for step in hop.steps]
    return {"node": hop.node, "in": hop.iif, "out": hop.oif, "steps": steps}


def _step_json(step: Step) -> dict[str, object]:
    place = step.evidence
    return {
        "hook": step.hook,
        "table": step.table,
        "chain": step.chain,
        "rule": step.rule,
        "text": step.text,
        "verdict": step.verdict,
        "target": step.target,
        "changes": {name: [before, after] for name, before, after in step.changes},
        "evidence": None if place is None else {"file": place.file, "line": place.line},
        "message": {"id": step.code, "args": list(step.args)} if step.code else None,
    }


def packet_json(packet: Packet) -> dict[str, object]:
    """A packet; addresses as text, ports null where there are none."""
    return {
        "in": packet.iif,
        "out": packet.oif,
        "src": format_ip(packet.family, packet.src),
        "dst": format_ip(packet.family, packet.dst),
        "proto": protocol_name(packet.proto),
        "sport": packet.sport,
        "dport": packet.dport,
        "mark": packet.mark,
        "next_hop": str(packet.next_hop) if packet.next_hop and packet.next_hop.value else None,
    }
