"""Everything that is wrong or fragile on a host, as far as a snapshot shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.answers.dead_lines import dead_lines
from sekisho.answers.docker_traps import traps
from sekisho.answers.drift import DriftReport, drift
from sekisho.answers.finding import Finding
from sekisho.answers.host_traps import host_traps
from sekisho.errors import UsageError
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.listed import uninspected
from sekisho.semantics.missing import addresses_told
from sekisho.semantics.nft_tables import native_tables
from sekisho.semantics.unseen import unseen, unseen_nft

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class LintReport:
    """``findings`` by severity; ``left_out`` are the checks that the snapshot does not allow, or not for all
    that there is: message ids and their arguments."""

    findings: tuple[Finding, ...]
    left_out: tuple[tuple[str, tuple[str, ...]], ...] = ()


def lint(snapshot: Snapshot) -> LintReport:
    """All checks. A check whose facts were not captured is named in ``left_out``."""
    found = [*traps(snapshot), *host_traps(snapshot)]
    # A rule that is there twice is told once.
    told = {place for finding in found for place in finding.places if finding.id == "trap.rule-twice"}
    found += (finding for finding in dead_lines(snapshot) if not told & set(finding.places[:1]))
    left_out = [*_doubtful_tables(snapshot), *_doubtful_texts(snapshot)]
    try:
        drifted = drift(snapshot)
        if drifted.unknown:
            left_out.append(("lint.unknown-engine", (drifted.unknown, drifted.engine.name)))
        else:
            found += _drift(drifted)
    except UsageError as error:
        left_out.append(_why_no_drift(snapshot, error))
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return LintReport(tuple(found), tuple(left_out))


def _why_no_drift(snapshot: Snapshot, error: UsageError) -> tuple[str, tuple[str, ...]]:
    if snapshot.networks is None or snapshot.containers is None:
        return "lint.no-drift", ()
    names = uninspected(snapshot)
    return ("lint.uninspected", (", ".join(names),)) if names else ("lint.no-fit", (str(error.what),))


def _doubtful_tables(snapshot: Snapshot) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Tables in whose chains nothing is concluded from what is not shown."""
    host = snapshot.host
    doubts = [(table.name, unseen(table, ruleset)) for ruleset in host.rulesets for table in ruleset.tables]
    for own in native_tables(host.nft, host.rulesets):
        doubts.append((f"{own.family} {own.name}", unseen_nft(own)))
    for name, doubt in doubts:
        if doubt is not None:
            place = doubt.evidence
            yield "lint.partial", (name, "?" if place is None else f"{place.file}:{place.line}")


def _doubtful_texts(snapshot: Snapshot) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Commands that failed, and texts with lines that nobody could read: what they tell finds nothing."""
    if not addresses_told(snapshot.host, 4):
        yield "lint.addresses", ()
    for failure in snapshot.host.failed:
        yield "lint.failed", (failure.command, failure.reason)
    files: dict[str, int] = {}
    for unread in snapshot.host.unread:
        if unread.about:
            files.setdefault(unread.evidence.file, unread.evidence.line)
    for file, line in files.items():
        yield "lint.unread", (f"{file}:{line}",)


def _drift(report: DriftReport) -> Iterator[Finding]:
    for one in report.findings:
        if one.id == "drift.sysctl" and one.args[0] == "net.ipv4.ip_forward":
            continue  # a trap, whoever wanted it so (dockerd --ip-forward=false leaves no other trace)
        severity = "warning" if one.id in ("drift.rule-foreign", "drift.before-user") else "error"
        yield Finding(one.id, severity, one.args, (one.evidence,) if one.evidence is not None else ())
