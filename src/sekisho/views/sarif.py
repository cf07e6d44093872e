"""SARIF 2.1.0, the form in which code hosts take findings: what lint and check share of it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from sekisho.model.evidence import Evidence

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def document(
    rules: Iterable[str], results: list[dict[str, object]], properties: dict[str, object] | None = None
) -> dict[str, object]:
    """One run; ``rules`` are the ids of rules, ``properties`` what is ours alone to say of the run."""
    driver = {"name": "sekisho", "rules": [{"id": rule} for rule in dict.fromkeys(rules)]}
    run: dict[str, object] = {"tool": {"driver": driver}, "results": results}
    if properties is not None:
        run["properties"] = properties
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def location(place: Evidence) -> dict[str, object]:
    """A file, and the line where one is known."""
    # A file may have any name, and this is a URI reference.
    uri = quote(place.file.encode("utf-8", _errors(place.file)))
    physical: dict[str, object] = {"artifactLocation": {"uri": uri}}
    if place.line:
        physical["region"] = {"startLine": place.line, "snippet": {"text": place.text}}
    return {"physicalLocation": physical}


def _errors(name: str) -> str:
    """Bytes of a name that are no UTF-8 stand for themselves; other half surrogates are no bytes."""
    halves = [letter for letter in name if "\ud800" <= letter <= "\udfff"]
    return "surrogateescape" if all(letter >= "\udc80" for letter in halves) else "backslashreplace"
