"""Everything that is wrong or fragile on a host, as far as a snapshot shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.answers.dead_lines import dead_lines
from sekisho.answers.docker_traps import traps
from sekisho.answers.drift import DriftReport, drift
from sekisho.answers.finding import Finding
from sekisho.answers.host_traps import host_traps
from sekisho.answers.outside import Outside
from sekisho.answers.unchecked import unchecked
from sekisho.errors import UsageError
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.listed import uninspected

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class LintReport:
    """``findings`` by severity; ``left_out`` are the checks that the snapshot does not allow, or not for all
    that there is: message ids and their arguments. ``leans_on``: what those took for granted that followed
    packets, ``doubts`` why nobody could say what becomes of them."""

    findings: tuple[Finding, ...]
    left_out: tuple[tuple[str, tuple[str, ...]], ...] = ()
    leans_on: tuple[Lean, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def lint(snapshot: Snapshot) -> LintReport:
    """All checks. A check whose facts were not captured is named in ``left_out``."""
    outside = Outside(snapshot)
    found = [*traps(snapshot, outside), *host_traps(snapshot)]
    # A rule that is there twice is told once.
    told = {place for finding in found for place in finding.places if finding.id == "trap.rule-twice"}
    found += (finding for finding in dead_lines(snapshot) if not told & set(finding.places[:1]))
    left_out = list(unchecked(snapshot))
    try:
        drifted = drift(snapshot)
        if drifted.unknown:
            left_out.append(("lint.unknown-engine", (drifted.unknown, drifted.engine.name)))
        else:
            found += _drift(drifted)
            left_out += (each for each in drifted.partial if each[0] != "drift.partial")  # told by its table
    except UsageError as error:
        left_out.append(_why_no_drift(snapshot, error))
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    doubts = tuple(dict.fromkeys(outside.doubts))
    return LintReport(
        tuple(found), tuple(dict.fromkeys(left_out)), tuple(dict.fromkeys(outside.leans)), doubts
    )


def _why_no_drift(snapshot: Snapshot, error: UsageError) -> tuple[str, tuple[str, ...]]:
    if snapshot.networks is None or snapshot.containers is None:
        return "lint.no-drift", ()
    names = uninspected(snapshot)
    return ("lint.uninspected", (", ".join(names),)) if names else ("lint.no-fit", (str(error.what),))


def _drift(report: DriftReport) -> Iterator[Finding]:
    for one in report.findings:
        if one.id == "drift.sysctl" and one.args[0] == "net.ipv4.ip_forward":
            continue  # a trap, whoever wanted it so (dockerd --ip-forward=false leaves no other trace)
        severity = "warning" if one.id in ("drift.rule-foreign", "drift.before-user") else "error"
        yield Finding(one.id, severity, one.args, (one.evidence,) if one.evidence is not None else ())
