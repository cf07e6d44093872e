"""What of a namespace's routing no text shows: doubts where the missing piece could act.

not shown                      taken as
table main                     nobody knows: a doubt for all that gets there
table default                  empty, as it is on nearly every host: a lean
a table that a rule names      nobody knows: a doubt for all that the rule sends there
a line that was not read       a doubt in its own table; for all packets where it may tell an own address
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from sekisho.model.evidence import Failure, Unread
from sekisho.model.routing import PolicyRule
from sekisho.model.snapshot import Namespace
from sekisho.semantics import whose
from sekisho.semantics.fib import DEFAULT_RULES
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import ALWAYS, ChainCode, Continue, Guarded, NotUnderstood
from sekisho.values.address import Family

# Words of a route that may tell an address of the host's own.
_TELLS_ADDRESS = ("src", "local")
_TABLE = re.compile(r"\btable(?: |\":\s*\"?)([\w.-]+)")


def addresses_told(namespace: Namespace, family: Family) -> bool:
    """Whether a text shows every address of the namespace."""
    if namespace.shows_table(family, "local"):
        return True
    return namespace.lists_addresses(family) and not any(
        unread.about == "addresses" and unread.family in (family, None) for unread in namespace.unread
    )


def with_missing(
    tables: Mapping[str, ChainCode],
    namespace: Namespace,
    family: Family,
    rules: Iterable[PolicyRule] | None,
    leaning: bool = True,
) -> dict[str, ChainCode]:
    """The routing tables with doubts and leans at the head of those that are not known whole. A doubt stands
    there because the longest prefix decides: what is missing may have a longer one."""
    found = dict(tables)
    for name in _asked_for(rules, family):
        chain = found.setdefault(name, ChainCode(name, ()))
        head = tuple(_unread_in(namespace, family, name))
        if name != "local" and not namespace.shows_table(family, name):
            head += (_not_shown(name, namespace, family, leaning),)
        if head:
            found[name] = ChainCode(name, (*head, *chain.lines), chain.policy, chain.evidence)
    return found


def unread_lines(namespace: Namespace, family: Family) -> Iterator[Guarded]:
    """The doubts of lines that may decide about any packet: policy rules, and routes that may tell an
    address of the host's own where nothing else tells them."""
    if failure := failed_rules(namespace, family):
        doubt = Doubt("command-failed", (failure.command, failure.reason), failure.evidence)
        yield Guarded(ALWAYS, NotUnderstood(doubt), 0, failure.evidence.text, "", failure.evidence)
    for unread in namespace.unread:
        if unread.family not in (family, None):
            continue
        if unread.about == "policy-rules" or _anywhere(unread, namespace, family):
            yield unread_line("route-line-unread", unread)


def failed_rules(namespace: Namespace, family: Family) -> Failure | None:
    """Why the policy rules of a family could not be captured."""
    if any(rule.family == family for rule in namespace.rules or ()):
        return None
    found = (each for each in namespace.failed if (each.about, each.family) == ("policy-rules", family))
    return next(found, None)


def unread_line(code: str, unread: Unread) -> Guarded:
    """The doubt that stands for a line which could not be read."""
    place = unread.evidence
    doubt = Doubt(code, (f"unread.{unread.reason}",), place)
    return Guarded(ALWAYS, NotUnderstood(doubt), 0, place.text, "", place)


def _asked_for(rules: Iterable[PolicyRule] | None, family: Family) -> Iterable[str]:
    if rules is None:
        return [table for _, table in DEFAULT_RULES[family]]
    named = (rule.table for rule in rules if rule.family == family and rule.action == "lookup")
    # IPv6 asks its own tables where one of their rules is away (``fib.lacks_default``).
    own = (table for _, table in DEFAULT_RULES[6]) if family == 6 else ()
    return dict.fromkeys((*named, *own))


def _not_shown(name: str, namespace: Namespace, family: Family, leaning: bool) -> Guarded:
    if name == "default" and leaning:
        return Guarded(ALWAYS, Continue(whose.lean(namespace, "table-default-empty")))
    doubt = whose.doubt(namespace, "routing-table-not-captured", f"IPv{family}", name)
    if name == "main" and not any(known == family for known, _ in namespace.route_tables):
        doubt = whose.doubt(namespace, "routes-not-captured", f"IPv{family}")
    return Guarded(ALWAYS, NotUnderstood(doubt))


def _unread_in(namespace: Namespace, family: Family, table: str) -> Iterator[Guarded]:
    for unread in namespace.unread:
        if unread.about != "routes" or unread.family not in (family, None):
            continue
        if _table_of(unread) == table and not _anywhere(unread, namespace, family):
            yield unread_line("route-line-unread", unread)


def _anywhere(unread: Unread, namespace: Namespace, family: Family) -> bool:
    if unread.about != "routes":
        return False
    tells = any(word in unread.evidence.text for word in _TELLS_ADDRESS)
    return tells and not addresses_told(namespace, family)


def _table_of(unread: Unread) -> str:
    """iproute2 names every table but main, in text and in JSON."""
    named = _TABLE.search(unread.evidence.text)
    return named[1] if named else "main"
