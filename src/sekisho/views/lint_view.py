"""Findings as text, as JSON (schema sekisho/lint/1), and as SARIF 2.1.0."""

from __future__ import annotations

from collections import Counter

from sekisho.answers.docker_traps import Finding
from sekisho.answers.lint import SEVERITIES, LintReport
from sekisho.explain.words import say, template
from sekisho.model.evidence import Evidence

SCHEMA = "sekisho/lint/1"
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_TINTS = {"error": "\033[31m", "warning": "\033[33m", "note": ""}


def to_text(report: LintReport, lang: str, color: bool) -> str:
    """Each finding with its lines and the way out; ends without a newline."""
    lines: list[str] = []
    for finding in report.findings:
        word = say(f"lint.{finding.severity}", (), lang)
        tint = _TINTS[finding.severity] if color else ""
        lines.append(f"{tint}{word}{chr(27) + '[0m' if tint else ''}  {say(finding.id, finding.args, lang)}")
        lines += [f"    {_where(place)}  {place.text.strip()}" for place in finding.places if place.line]
        way = _way(finding, lang)
        if way:
            lines.append(f"    {say('lint.way', (), lang)}: {way}")
    counts = Counter(finding.severity for finding in report.findings)
    if report.findings:
        lines.append(say("lint.count", [str(counts[name]) for name in SEVERITIES], lang))
    else:
        lines.append(say("lint.none", (), lang))
    lines += [say(name, (), lang) for name in report.left_out]
    return "\n".join(lines)


def to_json(report: LintReport, lang: str) -> dict[str, object]:
    """The same as data."""
    return {
        "schema": SCHEMA,
        "findings": [
            {
                "id": finding.id,
                "severity": finding.severity,
                "words": say(finding.id, finding.args, lang),
                "way": _way(finding, lang) or None,
                "args": list(finding.args),
                "evidence": [
                    {"file": place.file, "line": place.line, "text": place.text} for place in finding.places
                ],
            }
            for finding in report.findings
        ],
        "not_checked": [{"id": name, "words": say(name, (), lang)} for name in report.left_out],
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


def _where(place: Evidence) -> str:
    return f"{place.file}:{place.line}"


def _way(finding: Finding, lang: str) -> str:
    code = f"{finding.id}.way"
    return say(code, finding.args, lang) if template(code, lang) is not None else ""
