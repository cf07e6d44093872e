"""Commands that were tried and could not tell: what they would have shown is unknown, not empty.

A capture notes them in capture-notes.txt, as "FILE: command: reason". That a program is not installed, or
that the kernel has no such thing, is another matter: it is as if nobody had asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sekisho.model.evidence import Evidence, Failure, Partial
from sekisho.model.netfilter import Ruleset, Table
from sekisho.model.snapshot import Namespace
from sekisho.sources.collected import ABOUT
from sekisho.sources.pieces import HOST
from sekisho.sources.recognise import Expected, Format, by_name

if TYPE_CHECKING:
    from sekisho.model.nft import NftRuleset

_NOTE = re.compile(r"(?:netns/([^/:]+)/)?([\w.-]+): ([^:]+): (.+)")
# Nothing was there that could have told anything.
_NOT_THERE = re.compile(
    r"not installed|not found|no such file|not supported|unknown (?:option|command)|object .* is unknown"
    r"|namespace is the host's|can't open /proc",
    re.IGNORECASE,
)

# What programs say who may not ask; in Japanese as glibc has it (ja.po, EACCES and EPERM).
REFUSED = re.compile(
    r"permission denied|operation not permitted|must be root|許可がありません|許可されていない操作",
    re.IGNORECASE,
)
_MOST_LINES = 4
# Reasons that a capture's manifest tells of, as message ids; a program's own words are quoted as they are.
LOST = "manifest-lost"
CUT = "manifest-cut"


def noted(text: str, file: str) -> Iterator[tuple[str, Failure]]:
    """The failures that capture notes tell of, each with its namespace."""
    for number, line in enumerate(text.split("\n"), 1):
        found = _NOTE.fullmatch(line.strip())
        expected = by_name(found[2]) if found else None
        if found is None or expected is None or _NOT_THERE.search(found[4]):
            continue
        about, place = ABOUT.get(expected.formats[0], ""), Evidence(file, number, line)
        failure = Failure(found[2], found[3].strip(), found[4].strip(), place, about, expected.family)
        yield found[1] or HOST, failure


def refused(text: str, name: str, shown: str) -> Failure | None:
    """The failure of which a file of the layout tells: all that it holds is that its command was not let."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    expected = by_name(name)
    if expected is None or not 0 < len(lines) <= _MOST_LINES or not all(map(REFUSED.search, lines)):
        return None
    format_ = expected.formats[0]
    if format_ in (Format.CAPTURE_NOTES, Format.CAPTURE_MANIFEST, Format.SNAPSHOT_TOML):
        return None
    place = Evidence(shown, text.split("\n").index(next(filter(str.strip, text.split("\n")))) + 1, lines[0])
    return Failure(name, format_.value, lines[0], place, ABOUT.get(format_, ""), expected.family)


def with_failures(namespace: Namespace, failures: Iterable[Failure]) -> Namespace:
    """The namespace with what failed, and with doubts where rule sets could not be read."""
    every = tuple(failures)
    for failure in every:
        expected = by_name(failure.file)
        assert expected is not None  # ``noted`` took no other
        partial = Partial("lost" if failure.reason in (LOST, CUT) else "failed", failure.evidence)
        if Format.NFT_TEXT in expected.formats or Format.NFT_JSON in expected.formats:
            if namespace.nft is None:
                namespace = replace(namespace, nft=_no_listing(partial))
        elif Format.IPTABLES_SAVE in expected.formats:
            namespace = _without_rules(namespace, expected, partial)
    return replace(namespace, failed=every)


def _no_listing(partial: Partial) -> NftRuleset:
    from sekisho.model.nft import NftRuleset  # only here: most captures have no such failure

    return NftRuleset(evidence=partial.evidence, incomplete=partial, complete=False)


def _from(ruleset: Ruleset, expected: Expected) -> bool:
    """Whether a rule set may be the one that the file would have held: what iptables-legacy-save wrote is
    another's."""
    place = ruleset.evidence
    legacy = place is not None and "tables-legacy-" in place.file
    return legacy == (expected.backend == "legacy")


def _without_rules(namespace: Namespace, expected: Expected, partial: Partial) -> Namespace:
    """Nothing is known of a rule set, or of one table of it, that another text does not show."""
    mine = [each for each in namespace.rulesets if each.family == expected.family]
    mine = [each for each in mine if expected.backend in ("", each.backend) and _from(each, expected)]
    listed = namespace.nft is not None and namespace.nft.complete and namespace.nft.incomplete is None
    if listed and expected.backend != "legacy":
        return namespace  # nft shows the tables of iptables-nft as well
    if expected.table is None and not mine:
        lost = Ruleset(expected.family, expected.backend, (), False, partial, partial.evidence)
        return replace(namespace, rulesets=(*namespace.rulesets, lost))
    if expected.table is None and not any(each.complete or each.incomplete for each in mine):
        lost = replace(mine[0], incomplete=partial)  # single tables are there, the others are not
        return replace(
            namespace, rulesets=tuple(lost if each is mine[0] else each for each in namespace.rulesets)
        )
    if expected.table is None or any(table.name == expected.table for each in mine for table in each.tables):
        return namespace
    table = Table(expected.table, (), partial)
    if not mine:
        found = Ruleset(expected.family, expected.backend, (table,), evidence=partial.evidence)
        return replace(namespace, rulesets=(*namespace.rulesets, found))
    changed = replace(mine[0], tables=(*mine[0].tables, table))
    return replace(
        namespace, rulesets=tuple(changed if each is mine[0] else each for each in namespace.rulesets)
    )
