"""A plan as JSON, schema sekisho/plan/1, and drift, schema sekisho/drift/1."""

from __future__ import annotations

from sekisho.answers.drift import DriftReport
from sekisho.answers.plan import Planned, RuleChange, changes
from sekisho.explain.words import say
from sekisho.model.evidence import Evidence

SCHEMA = "sekisho/plan/1"
DRIFT_SCHEMA = "sekisho/drift/1"


def to_json(found: Planned, lang: str, written: str | None) -> dict[str, object]:
    """The whole answer. ``written`` is the folder that the snapshot went to."""
    made = found.plan
    differs = changes(made)
    return {
        "schema": SCHEMA,
        "engine": made.engine.name,
        "unknown_engine": found.unknown or None,
        "upgraded_from": found.upgraded_from or None,
        "project": found.project or None,
        "networks": [
            {
                "name": network.name,
                "driver": network.driver,
                "bridge": network.bridge,
                "internal": network.internal,
                "subnets": [
                    {"subnet": str(item.subnet), "gateway": str(item.gateway) if item.gateway else None}
                    for item in network.subnets
                ],
            }
            for network in made.after.networks or ()
        ],
        "containers": [
            {
                "name": container.name,
                "mode": container.network_mode,
                "endpoints": [
                    {
                        "network": endpoint.network,
                        "addresses": [str(address) for address in endpoint.addresses],
                        "gateways": [str(address) for address in endpoint.gateways],
                        "mac": endpoint.mac,
                    }
                    for endpoint in container.endpoints
                ],
                "ports": [
                    {
                        "container_port": port.container_port,
                        "proto": port.proto,
                        "host_address": str(port.host_address) if port.host_address else None,
                        "host_port": port.host_port or None,
                    }
                    for port in container.published
                ],
            }
            for container in made.after.containers or ()
        ],
        "host": {
            "interfaces": _pair(*differs.interfaces),
            "routes": _pair(*differs.routes),
            "sockets": _pair(*differs.sockets),
            "sysctls": [{"key": key, "before": old, "after": new} for key, old, new in differs.sysctls],
            "policies": [
                {"chain": chain, "before": old, "after": new} for chain, old, new in differs.policies
            ],
            "rules": {
                "added": [_rule(rule) for rule in differs.rules[0]],
                "removed": [_rule(rule) for rule in differs.rules[1]],
            },
        },
        "notes": [
            {
                "id": note.id if note.id.startswith("plan.") else f"plan.{note.id}",
                "words": say(note.id if note.id.startswith("plan.") else f"plan.{note.id}", note.args, lang),
                "args": list(note.args),
                "evidence": _place(note.place),
            }
            for note in made.notes
        ],
        "written": written,
    }


def drift_json(report: DriftReport, lang: str) -> dict[str, object]:
    """Every difference with its words and place."""
    return {
        "schema": DRIFT_SCHEMA,
        "engine": report.engine.name,
        "engine_known": report.sure,
        "unknown_engine": report.unknown or None,
        "compared": report.compared,
        "partial": [
            {"id": code, "args": list(args), "words": say(code, args, lang)} for code, args in report.partial
        ],
        "findings": [
            {
                "id": finding.id,
                "args": list(finding.args),
                "words": say(finding.id, finding.args, lang),
                "evidence": _place(finding.evidence),
            }
            for finding in report.findings
        ],
    }


def _pair(added: tuple[str, ...], removed: tuple[str, ...]) -> dict[str, list[str]]:
    return {"added": list(added), "removed": list(removed)}


def _rule(rule: RuleChange) -> dict[str, object]:
    return {
        "tool": rule.tool, "table": rule.table, "chain": rule.chain, "number": rule.number, "text": rule.text,
    }  # fmt: skip


def _place(place: Evidence | None) -> dict[str, object] | None:
    return None if place is None else {"file": place.file, "line": place.line}
