"""What reaches what, as data: schema sekisho/reach/1."""

from __future__ import annotations

from sekisho.answers.reach import Cell, Reach, Refusal, Row
from sekisho.answers.services import box_json, spans_json
from sekisho.answers.settling import settling
from sekisho.answers.witness import Witness
from sekisho.explain.words import say
from sekisho.model.evidence import Evidence
from sekisho.symbolic.fate import Fate

SCHEMA = "sekisho/reach/1"


def to_json(found: Reach, lang: str) -> dict[str, object]:
    """The whole answer. ``cells`` for a narrow question, ``rows`` (sources that reach a target alike) for
    all pairs; pairs that are in no row cannot talk, and a pair may have a row for what works and one for what
    perhaps does."""
    return {
        "schema": SCHEMA,
        "family": found.family,
        "sources": list(found.sources),
        "targets": list(found.targets),
        "cells": [_cell(cell, found, lang) for cell in found.cells],
        "rows": [_row(row, found, lang) for row in found.rows],
        "leans_on": [say(lean.code, lean.args, lang) for lean in found.leans_on],
        "settle": list(settling(found.doubts, found.leans_on, found.family)),
    }


def _cell(cell: Cell, found: Reach, lang: str) -> dict[str, object]:
    return {
        "from": cell.source,
        "to": cell.target,
        "status": cell.status,
        "flows": [box_json(box, found.family) for box in cell.boxes],
        "perhaps": [box_json(box, found.family) for box in cell.perhaps],
        "reasons": [say(doubt.code, doubt.args, lang) for doubt in cell.doubts],
        "witness": witness_json(cell.witness),
        "refusals": [_refusal(item, found, lang) for item in cell.refusals],
        "more_refusals": cell.more_refusals,
        "unaddressed": spans_json(cell.unaddressed, found.family),
    }


def _row(row: Row, found: Reach, lang: str) -> dict[str, object]:
    return {
        "from": list(row.sources),
        "to": row.target,
        "status": row.status,
        "flows": [box_json(box, found.family) for box in row.boxes],
        "reasons": [say(doubt.code, doubt.args, lang) for doubt in row.doubts],
        "witness": witness_json(row.witness),
    }


def _refusal(item: Refusal, found: Reach, lang: str) -> dict[str, object]:
    return {
        "direction": "forward" if item.forward else "reply",
        **fate_json(item.fate, lang),
        "flows": [box_json(box, found.family) for box in item.boxes],
        "witness": witness_json(item.witness),
    }


def fate_json(fate: Fate, lang: str) -> dict[str, object]:
    """How packets end and the line that decides it."""
    line, chain = fate.line, fate.chain
    evidence = line.evidence if line is not None else chain.evidence if chain is not None else None
    return {
        "disposition": fate.disposition,
        "node": fate.node,
        "hook": fate.hook,
        "table": fate.table or None,
        "chain": chain.name if chain is not None else None,
        "rule": line.number if line is not None and fate.table else None,
        "text": line.text if line is not None else "",
        "answer": fate.answer,
        "reasons": [say(doubt.code, doubt.args, lang) for doubt in fate.doubts],
        "evidence": evidence_json(evidence),
    }


def evidence_json(evidence: Evidence | None) -> dict[str, object] | None:
    """A place in the snapshot."""
    return (
        None
        if evidence is None
        else {"file": evidence.file, "line": evidence.line, "text": evidence.text.strip()}
    )


def witness_json(witness: Witness | None) -> dict[str, object] | None:
    """A packet to replay: ``trace`` are the arguments of ``sekisho trace SNAPSHOT``."""
    if witness is None:
        return None
    return {
        "from": witness.source,
        "to": witness.target,
        "proto": witness.proto,
        "sport": witness.sport,
        "in": witness.iface,
        "trace": witness.words(),
    }
