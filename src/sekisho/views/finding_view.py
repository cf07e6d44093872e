"""One finding as text and as data, wherever it is told."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.answers.finding import Finding
from sekisho.explain.lines import captured
from sekisho.explain.tints import RED, YELLOW, painted
from sekisho.explain.words import say, template
from sekisho.model.evidence import Evidence

_TINTS = {"error": RED, "warning": YELLOW, "note": ""}


def finding_lines(finding: Finding, lang: str, color: bool) -> Iterator[str]:
    """One finding with its lines and the way out."""
    word = say(f"lint.{finding.severity}", (), lang)
    yield f"{painted(word, _TINTS[finding.severity], color)}  {say(finding.id, finding.args, lang)}"
    yield from (f"    {_where(place)}  {captured(place.text)}" for place in finding.places if place.line)
    way = _way(finding, lang)
    if way:
        yield f"    {say('lint.way', (), lang)}: {way}"


def finding_json(finding: Finding, lang: str) -> dict[str, object]:
    """One finding as data."""
    return {
        "id": finding.id,
        "severity": finding.severity,
        "words": say(finding.id, finding.args, lang),
        "way": _way(finding, lang) or None,
        "args": list(finding.args),
        "evidence": [
            {"file": place.file, "line": place.line, "text": place.text} for place in finding.places
        ],
    }


def _where(place: Evidence) -> str:
    return f"{place.file}:{place.line}"


def _way(finding: Finding, lang: str) -> str:
    code = f"{finding.id}.way"
    return say(code, finding.args, lang) if template(code, lang) is not None else ""
