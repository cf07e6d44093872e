"""docs/conformance.md, written from what a campaign counted."""

from __future__ import annotations

import argparse
import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

from sekisho.semantics import matches, targets
from sekisho.semantics.hooks import TABLE_HOOKS

LIMITS = (
    (
        "Rate limits, chance, time of day, payload, quotas, recent lists",
        "nothing captured tells; both ways are followed, and where the end depends on them the answer is"
        " `undetermined` and names the rule",
    ),
    (
        "Multipath routes",
        "the kernel hashes the flow; the answer is `undetermined` where the ways end differently",
    ),
    (
        "ICMP errors that belong to a connection (RELATED)",
        "a question has no way yet to say which packet an error quotes; such packets count as INVALID",
    ),
    (
        "IPv6 neighbour solicitations",
        "a host whose own ip6tables OUTPUT refuses its solicitations reaches no new neighbour; the model"
        " takes neighbours as found",
    ),
    (
        "Order of iptables-legacy and nftables at one priority",
        "depends on which was loaded first, which no listing tells; legacy is taken first, and the answer"
        " says so",
    ),
    (
        "Packets of a local process to broadcast or multicast addresses",
        "they leave and are looped back as well: `undetermined`",
    ),
    (
        "What a legacy nat INPUT chain makes of a packet",
        "its steps are compared, the packet as the socket sees it is not: the oracle does not see it",
    ),
    ("SCTP to the host itself", "this kernel has no SCTP sockets: delivery is compared up to INPUT"),
    (
        "Not asked, for want of them in this kernel or its iptables",
        "matches udplite, nfacct; targets ULOG, LED, SECMARK, NFACCT; TEE and TRACE would disturb the oracle;"
        " headers of AH, ESP and mobility make an answer `undetermined`",
    ),
    ("IPv4 options, fragments, IPv6 extension headers", "packets are whole and plain"),
)


_NOT_ASKED = frozenset(
    {
        "udplite",
        "nfacct",
        "standard",
        "ah",
        "esp",
        "mh",
        "ULOG",
        "LED",
        "SECMARK",
        "NFACCT",
        "TEE",
        "TRACE",
        "CONTINUE",
    }
)


class Counted(Protocol):
    """What a report needs of a campaign's tally."""

    hosts: int
    unbuilt: int
    decisions: int
    agreed: int
    undetermined: Counter[str]
    disagreements: list[str]
    features: Counter[str]
    kinds: Counter[str]


def report(tally: Counted, args: argparse.Namespace, seconds: float) -> str:
    """The whole page."""
    undecided = sum(tally.undetermined.values())
    lines = [
        "# Conformance: what a real kernel says",
        "",
        "This page is written by the command below; nothing on it is typed by hand.",
        "",
        "```",
        f"python -m tests.conformance --hosts {args.hosts} --packets {args.packets} --seed {args.seed} --jobs"
        f" {args.jobs} --report docs/conformance.md",
        "```",
        "",
        "Random hosts (rules of every kind, programs' own rule sets, policy routing, switches, two bridges",
        "with neighbours) are built from network namespaces; random packets aimed at the edges of what their",
        "rules mention are put to the model and to the kernel. Compared are how the packet ends, its final",
        "headers, the interface and next hop, and every rule, chain end and policy on the way, in order.",
        "",
        "| | |",
        "|---|---:|",
        f"| hosts | {tally.hosts:,} |",
        f"| decisions | {tally.decisions:,} |",
        f"| agree | {tally.agreed:,} |",
        f"| answered `undetermined` | {undecided:,} |",
        f"| disagree | {len(tally.disagreements):,} |",
        f"| seconds | {seconds:,.0f} |",
        f"| kernel | {platform.release()} |",
        "",
        "## Disagreements",
        "",
    ]
    lines += [f"- {text}" for text in tally.disagreements[:200]] or ["None."]
    lines += ["", "## Answered `undetermined`, by reason", "", *_table("reason", tally.undetermined), ""]
    lines += ["## Hosts by kind of rules", "", *_table("kind", tally.kinds), ""]
    lines += [
        "## What was exercised",
        "",
        "Decisions that agree and on whose way the feature was asked (a match: evaluated; a target: taken).",
        "",
        *_table("feature", {name: tally.features.get(name, 0) for name in _rows(tally.features)}),
        "",
        "## Known limits",
        "",
    ]
    lines += [f"- **{what}**: {why}." for what, why in LIMITS]
    return "\n".join(lines) + "\n"


def _rows(counted: Mapping[str, int]) -> list[str]:
    """Every feature that was met, and those that the code claims without having been met."""
    rows = dict.fromkeys(sorted(counted))
    for module in sorted(matches.CLAIMED - _NOT_ASKED):
        if not any(name.startswith(f"match {module or 'generic'} ") for name in counted):
            rows[f"match {module or 'generic'}"] = None
    for target in sorted(targets.CLAIMED - _NOT_ASKED):
        rows.setdefault(f"target {target}")
    for table, hooks in TABLE_HOOKS.items():
        for hook in hooks:
            rows.setdefault(f"hook {hook} {table}")
    return sorted(rows)


def _table(head: str, counts: Mapping[str, int]) -> Iterable[str]:
    yield f"| {head} | decisions |" if head != "kind" else f"| {head} | hosts |"
    yield "|---|---:|"
    for name, number in counts.items():
        yield f"| {name} | {number:,} |"
