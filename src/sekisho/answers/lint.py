"""Everything that is wrong or fragile on a host, as far as a snapshot shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.answers.dead_lines import dead_lines
from sekisho.answers.docker_traps import traps
from sekisho.answers.drift import drift
from sekisho.answers.finding import Finding
from sekisho.answers.host_traps import host_traps
from sekisho.errors import UsageError
from sekisho.model.snapshot import Snapshot

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class LintReport:
    """``findings`` by severity; ``left_out`` are the checks that the snapshot does not allow, by id."""

    findings: tuple[Finding, ...]
    left_out: tuple[str, ...] = ()


def lint(snapshot: Snapshot) -> LintReport:
    """All checks. A check whose facts were not captured is named in ``left_out``."""
    found = [*traps(snapshot), *host_traps(snapshot)]
    # A rule that is there twice is told once.
    told = {place for finding in found for place in finding.places if finding.id == "trap.rule-twice"}
    found += (finding for finding in dead_lines(snapshot) if not told & set(finding.places[:1]))
    left_out: list[str] = []
    try:
        found += _drift(snapshot)
    except UsageError:
        left_out.append("lint.no-drift")
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return LintReport(tuple(found), tuple(left_out))


def _drift(snapshot: Snapshot) -> Iterator[Finding]:
    for one in drift(snapshot).findings:
        severity = "warning" if one.id in ("drift.rule-foreign", "drift.before-user") else "error"
        yield Finding(one.id, severity, one.args, (one.evidence,) if one.evidence is not None else ())
