"""Findings as text, as JSON (schema sekisho/lint/1), and as SARIF 2.1.0."""

from __future__ import annotations

from collections import Counter

from sekisho.answers.lint import SEVERITIES, LintReport
from sekisho.answers.settling import settling
from sekisho.explain.lines import blocks_text, lines_text
from sekisho.explain.words import say
from sekisho.views import sarif
from sekisho.views.finding_view import finding_json, finding_lines
from sekisho.views.leans import grouped
from sekisho.views.settling import settle_text

SCHEMA = "sekisho/lint/1"


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
    lines += [say("lint.open", (say(each.code, each.args, lang),), lang) for each in report.doubts]
    if report.leans_on:
        leans = (f"  - {say(lean.code, lean.args, lang)}" for lean in grouped(report.leans_on))
        lines += [say("reach.leans-on", (), lang), *leans]
    settles = settle_text(report.doubts, report.leans_on, 4, lang)
    return blocks_text([lines_text(lines), settles] if settles else [lines_text(lines)])


def to_json(report: LintReport, lang: str) -> dict[str, object]:
    """The same as data."""
    return {
        "schema": SCHEMA,
        "findings": [finding_json(finding, lang) for finding in report.findings],
        "not_checked": [
            {"id": name, "args": list(args), "words": say(name, args, lang)} for name, args in report.left_out
        ],
        "undetermined": [say(each.code, each.args, lang) for each in report.doubts],
        "leans_on": [say(each.code, each.args, lang) for each in report.leans_on],
        "settle": list(settling(report.doubts, report.leans_on, 4)),
    }


def to_sarif(report: LintReport, lang: str) -> dict[str, object]:
    """One run; each message id is a rule."""
    results: list[dict[str, object]] = [
        {
            "ruleId": finding.id,
            "level": finding.severity,
            "message": {"text": say(finding.id, finding.args, lang)},
            "locations": [sarif.location(place) for place in finding.places if place.file],
        }
        for finding in report.findings
    ]
    return sarif.document((finding.id for finding in report.findings), results)
