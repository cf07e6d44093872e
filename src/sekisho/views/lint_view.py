"""Findings as text, as JSON (schema sekisho/lint/1), and as SARIF 2.1.0."""

from __future__ import annotations

from collections import Counter

from sekisho.answers.lint import SEVERITIES, LintReport
from sekisho.explain.lines import lines_text
from sekisho.explain.words import say
from sekisho.model.evidence import Evidence
from sekisho.views.finding_view import finding_json, finding_lines

SCHEMA = "sekisho/lint/1"
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def to_text(report: LintReport, lang: str, color: bool) -> str:
    """Each finding with its lines and the way out; ends without a newline."""
    lines: list[str] = []
    for finding in report.findings:
        lines += finding_lines(finding, lang, color)
    counts = Counter(finding.severity for finding in report.findings)
    if report.findings:
        lines.append(say("lint.count", [str(counts[name]) for name in SEVERITIES], lang))
    else:
        lines.append(say("lint.none", (), lang))
    lines += [say(name, args, lang) for name, args in report.left_out]
    return lines_text(lines)


def to_json(report: LintReport, lang: str) -> dict[str, object]:
    """The same as data."""
    return {
        "schema": SCHEMA,
        "findings": [finding_json(finding, lang) for finding in report.findings],
        "not_checked": [
            {"id": name, "args": list(args), "words": say(name, args, lang)} for name, args in report.left_out
        ],
    }


def to_sarif(report: LintReport, lang: str) -> dict[str, object]:
    """One run; each message id is a rule."""
    rules = dict.fromkeys(finding.id for finding in report.findings)
    return {
        "$schema": SARIF,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "sekisho", "rules": [{"id": rule} for rule in rules]}},
                "results": [
                    {
                        "ruleId": finding.id,
                        "level": finding.severity,
                        "message": {"text": say(finding.id, finding.args, lang)},
                        "locations": [_location(place) for place in finding.places if place.file],
                    }
                    for finding in report.findings
                ],
            }
        ],
    }


def _location(place: Evidence) -> dict[str, object]:
    physical: dict[str, object] = {"artifactLocation": {"uri": place.file}}
    if place.line:
        physical["region"] = {"startLine": place.line, "snippet": {"text": place.text}}
    return {"physicalLocation": physical}
