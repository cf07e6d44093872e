"""Results of check as text, as JSON (schema sekisho/check/1), as JUnit XML and as SARIF 2.1.0."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from sekisho.answers.check import CheckReport, Result
from sekisho.answers.policy import Assertion
from sekisho.answers.settling import settling
from sekisho.explain.lines import blocks_text, lines_text
from sekisho.explain.tints import GREEN, RED, YELLOW, painted
from sekisho.explain.visible import visible
from sekisho.explain.words import say
from sekisho.values.address import Family
from sekisho.views import sarif
from sekisho.views.commands import trace_command
from sekisho.views.leans import grouped
from sekisho.views.reach_json import witness_json
from sekisho.views.settling import commands_text

_FAMILIES: tuple[Family, Family] = (4, 6)
SCHEMA = "sekisho/check/1"
_TINTS = {"passed": GREEN, "failed": RED, "unsure": YELLOW}
_LEVELS = {"failed": "error", "unsure": "warning"}


def to_text(report: CheckReport, lang: str, color: bool, snapshot: str) -> str:
    """A line for each assertion, and below a failed one what breaks it; ends without a newline."""
    lines: list[str] = []
    for result in report.results:
        word = say(f"check.{result.status}", (), lang)
        place = result.assertion.place
        lines.append(f"{painted(word, _TINTS[result.status], color)}  {result.assertion.name}")
        if result.status == "passed":
            continue
        lines.append(f"    {place.file}:{place.line}  {reason(result, lang)}")
        lines += ["    " + say("reach.because", (why,), lang) for why in _because(result, lang)]
        if result.witness is not None:
            command = trace_command(snapshot, result.witness)
            lines.append("    " + say("check.counter-example", (command,), lang))
    counts = [str(report.count(status)) for status in ("passed", "failed", "unsure")]
    lines.append(say("check.summary", counts, lang))
    if report.leans_on:
        lines += ["", say("reach.leans-on", (), lang), *_leans(report, lang, "  - ")]
    settles = commands_text(_settles(report), lang)
    return blocks_text([lines_text(lines), settles] if settles else [lines_text(lines)])


def _leans(report: CheckReport, lang: str, before: str = "") -> list[str]:
    return [before + say(lean.code, lean.args, lang) for lean in grouped(report.leans_on)]


def reason(result: Result, lang: str) -> str:
    """Why an assertion does not hold, or perhaps does not; empty where it does."""
    if not result.code:
        return ""
    words = say(result.code, result.args, lang)
    return say("check.perhaps", (words,), lang) if result.status == "unsure" else words


def _settles(report: CheckReport) -> tuple[str, ...]:
    """The commands that would settle it, for each IP version that is asserted of."""
    found: dict[str, None] = {}
    for family in _FAMILIES:
        mine = [result for result in report.results if family == _family(result.assertion)]
        if mine:
            doubts = (doubt for result in mine for doubt in result.doubts)
            found |= dict.fromkeys(settling(doubts, report.leans_on, family))
    return tuple(found)


def _family(assertion: Assertion) -> Family:
    named = {assertion.family, *(end.family for end in (*assertion.sources, *assertion.targets))}
    return 6 if 6 in named and 4 not in named else 4


def _because(result: Result, lang: str) -> list[str]:
    """Why nobody can say."""
    return [say(doubt.code, doubt.args, lang) for doubt in result.doubts]


def to_json(report: CheckReport, lang: str) -> dict[str, object]:
    """The same as data."""
    return {
        "schema": SCHEMA,
        "passed": all(result.status == "passed" for result in report.results),
        "results": [
            {
                "name": result.assertion.name,
                "kind": result.assertion.kind,
                "status": result.status,
                "reason": reason(result, lang) or None,
                "because": _because(result, lang),
                "witness": witness_json(result.witness),
                "evidence": {"file": result.assertion.place.file, "line": result.assertion.place.line},
            }
            for result in report.results
        ],
        "leans_on": _leans(report, lang),
        "settle": list(_settles(report)),
    }


def to_junit(report: CheckReport, lang: str) -> str:
    """One test case for each assertion; what nobody can say counts as an error. What the results lean on is
    the suite's output."""
    suite = ElementTree.Element(
        "testsuite",
        name="sekisho",
        tests=str(len(report.results)),
        failures=str(report.count("failed")),
        errors=str(report.count("unsure")),
    )
    for result in report.results:
        place = result.assertion.place
        case = ElementTree.SubElement(
            suite, "testcase", classname=result.assertion.kind, name=result.assertion.name,
            file=place.file, line=str(place.line),
        )  # fmt: skip
        if result.status != "passed":
            tag = "failure" if result.status == "failed" else "error"
            found = ElementTree.SubElement(case, tag, message=reason(result, lang))
            lines = [say("reach.because", (why,), lang) for why in _because(result, lang)]
            if result.witness is not None:
                lines.append(trace_command("SNAPSHOT", result.witness))
            found.text = lines_text(lines) or None
    if report.leans_on:
        leans = (say("reach.leans-on", (), lang), *_leans(report, lang, "  - "))
        ElementTree.SubElement(suite, "system-out").text = lines_text(leans)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    # Some characters have no place in XML at all.
    text = visible(ElementTree.tostring(root, encoding="unicode"))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}'


def to_sarif(report: CheckReport, lang: str) -> dict[str, object]:
    """One run; each kind of assertion is a rule, each one that does not hold a result. What they lean on is
    a property of the run."""
    broken = [result for result in report.results if result.status != "passed"]
    rules = (f"check.{result.assertion.kind}" for result in broken)
    results = [_sarif_result(result, lang) for result in broken]
    return sarif.document(rules, results, {"leansOn": _leans(report, lang)})


def _sarif_result(result: Result, lang: str) -> dict[str, object]:
    place = result.assertion.place
    words = [reason(result, lang), *(say("reach.because", (why,), lang) for why in _because(result, lang))]
    return {
        "ruleId": f"check.{result.assertion.kind}",
        "level": _LEVELS[result.status],
        "message": {"text": f"{result.assertion.name}: {'; '.join(words)}"},
        "locations": [sarif.location(place if place.line else replace(place, line=1))],
    }
