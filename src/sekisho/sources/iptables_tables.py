"""A table while its text is being read: shared by the readers of rule sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.netfilter import Chain, Rule, Table
from sekisho.sources.iptables_options import TARGETS
from sekisho.sources.iptables_reader import Problem

# The chains that the kernel makes in each table, in the order as iptables prints them.
BUILTIN_CHAINS: dict[str, tuple[str, ...]] = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}

NO_POLICY = ("-", "")

# A backend says so in a comment line when it cannot show everything; the word is our reason.
NOTICES = (
    ("tables present, use", "other-backend-present"),
    ("is incompatible, use", "incompatible-table"),
)


def notice(line: str) -> str | None:
    """The reason word of a comment line that tells of rules which are not shown, else None."""
    if not line.startswith("#"):
        return None
    return next((reason for words, reason in NOTICES if words in line), None)


@dataclass(slots=True)
class ChainBuilder:
    chain: Chain
    rules: list[Rule] = field(default_factory=list)

    def done(self) -> Chain:
        return replace(self.chain, rules=tuple(self.rules))


@dataclass(slots=True)
class TableBuilder:
    """Collects the chains of one table; ``unread`` is shared with the reader of the whole text."""

    name: str
    unread: list[Unread]
    evidence: Evidence | None = None
    chains: dict[str, ChainBuilder] = field(default_factory=dict)
    incomplete: Evidence | None = None

    def declare(self, chain: Chain) -> None:
        """Add a chain; a second line for the same chain replaces what the first one said of it."""
        known = self.chains.get(chain.name)
        if known is None:
            self.chains[chain.name] = ChainBuilder(chain)
        else:
            known.chain = chain

    def add(self, chain: str, rules: Iterable[Rule], place: Evidence, at: int | None = None) -> None:
        """Append rules to a chain, or insert them before position ``at`` (from 1)."""
        known = self.chains.get(chain)
        if known is None:
            self.miss(place, "undeclared-chain", chain)
        elif at is None:
            known.rules.extend(rules)
        else:
            known.rules[at - 1 : at - 1] = rules

    def miss(self, place: Evidence, reason: str, detail: str = "") -> None:
        """A line that is no fact: the table may hold more than what was read."""
        self.unread.append(Unread(place, reason, detail))
        if self.incomplete is None:
            self.incomplete = place

    def report(self, place: Evidence, problems: Iterable[Problem]) -> None:
        """Parts of a line that its rule keeps as text: the rule is there, so nothing is missing."""
        self.unread.extend(Unread(place, p.reason, p.detail) for p in problems)

    def done(self) -> Table:
        chains = tuple(builder.done() for builder in self.chains.values())
        return Table(self.name, chains, self.incomplete, self.evidence)


def lines_of(text: str) -> tuple[list[str], bool]:
    """The lines of a text and whether its last line was cut (no newline at the end)."""
    lines = text.split("\n")
    cut = bool(lines[-1])
    if not cut:
        del lines[-1]
    return [line[:-1] if line.endswith("\r") else line for line in lines], cut


# What -j needs besides its name to mean anything.
_REQUIRED = {"DNAT": "to-destination", "SNAT": "to-source", "NETMAP": "to"}


def seems_whole(rule: Rule, chains: Iterable[str]) -> bool:
    """Whether the last rule of a text without a newline at its end can be taken as it stands.

    It can when it ends with a target that exists and has what it needs; a cut would rarely fall so.
    """
    target = rule.target
    if target is None or (target.name not in TARGETS and target.name not in set(chains)):
        return False
    required = _REQUIRED.get(target.name)
    return required is None or any(option.name == required for option in target.options)


def miss_absent_chains(table: TableBuilder, place: Evidence) -> None:
    """Note a built-in chain that the text does not show: the table was listed in part.

    INPUT of nat does not count: kernels before 2.6.36 have none.
    """
    for name in BUILTIN_CHAINS.get(table.name, ()):
        if name not in table.chains and (table.name, name) != ("nat", "INPUT"):
            table.miss(place, "missing-chain", name)
