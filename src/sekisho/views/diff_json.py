"""What changed for flows, as data: schema sekisho/diff/1."""

from __future__ import annotations

from collections.abc import Sequence

from sekisho.answers.diff import Change, Difference
from sekisho.answers.services import box_json
from sekisho.answers.settling import settling
from sekisho.answers.sides import Side
from sekisho.explain.words import say
from sekisho.views.reach_json import evidence_json, witness_json

SCHEMA = "sekisho/diff/1"


def to_json(found: Sequence[Difference], paths: tuple[str, str], lang: str) -> dict[str, object]:
    """The whole answer: no ``changes`` where all packets fare alike."""
    return {
        "schema": SCHEMA,
        "before": paths[0],
        "after": paths[1],
        "changes": [_change(change, each, lang) for each in found for change in each.changes],
        "only_one": list(dict.fromkeys(name for each in found for name in each.only_one)),
        "leans_on": {side: _alone(found, at, lang) for at, side in enumerate(("before", "after"))},
        "settle": list(dict.fromkeys(command for each in found for command in _settles(each))),
    }


def _settles(found: Difference) -> tuple[str, ...]:
    return settling(found.open_doubts, found.leans_on, found.family)


def _alone(found: Sequence[Difference], at: int, lang: str) -> list[str]:
    """What only that side takes for granted."""
    leans = dict.fromkeys(lean for each in found for lean in each.alone[at])
    return [say(lean.code, lean.args, lang) for lean in leans]


def _change(change: Change, found: Difference, lang: str) -> dict[str, object]:
    return {
        "kind": change.kind,
        "family": found.family,
        "from": list(change.sources),
        "flows": [box_json(box, found.family) for box in change.boxes],
        "before": _side(change.before, lang),
        "after": _side(change.after, lang),
        "witness": witness_json(change.witness),
    }


def _side(side: Side, lang: str) -> dict[str, object]:
    """What becomes of the witness; ``reasons``: why nobody can say."""
    return {
        "disposition": side.disposition,
        "where": side.where or None,
        "return": side.reply or None,
        "lines": [
            {
                "hook": step.hook,
                "table": step.table,
                "chain": step.chain,
                "rule": step.rule,
                "verdict": step.verdict,
                "evidence": evidence_json(step.evidence),
            }
            for step in side.lines
        ],
        "reasons": [say(doubt.code, doubt.args, lang) for doubt in side.doubts],
        "leans_on": [say(lean.code, lean.args, lang) for lean in side.leans_on],
    }
