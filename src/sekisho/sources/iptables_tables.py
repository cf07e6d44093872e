"""A table while its text is being read: shared by the readers of rule sets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sekisho.model.evidence import Evidence, Lack, Partial, Unread
from sekisho.model.netfilter import BUILTIN_CHAINS, Chain, Rule, Table, is_builtin
from sekisho.sources.iptables_options import TARGETS
from sekisho.sources.iptables_reader import Problem, ReadRule
from sekisho.values.names import BadNameError, chain_name

NO_POLICY = ("-", "")

# A backend says so in a comment line when it cannot show everything; the word is our reason.
NOTICES = (
    ("tables present, use", "other-backend-present"),
    ("is incompatible, use", "incompatible-table"),
)


_RULE_OF = re.compile(r"(?:\[[0-9]{1,20}:[0-9]{1,20}\]\s+)?-[AI]\s*(\S+)\s")


def chain_of(line: str) -> str | None:
    """Whose rule a line is that cannot be read otherwise; None where it is no rule."""
    found = _RULE_OF.match(line)
    return found[1] if found else None


def notice(line: str) -> str | None:
    """The reason word of a comment line that tells of rules which are not shown, else None."""
    if not line.startswith("#"):
        return None
    return next((reason for words, reason in NOTICES if words in line), None)


# Of several reasons why a table is known in part only the strongest counts.
_FAINTER: dict[Lack, int] = {"cut": 1, "predicted": 1, "selected": 2}


@dataclass(slots=True)
class ChainBuilder:
    chain: Chain
    rules: list[Rule] = field(default_factory=list)

    def done(self) -> Chain:
        return replace(self.chain, rules=tuple(self.rules))


@dataclass(slots=True)
class TableBuilder:
    """Collects the chains of one table; ``unread`` is shared with the reader of the whole text.

    ``lacks``: why there may be more, where that shows, and of which chain (None: of any).
    """

    name: str
    unread: list[Unread]
    evidence: Evidence | None = None
    chains: dict[str, ChainBuilder] = field(default_factory=dict)
    lacks: list[tuple[Lack, Evidence, str | None]] = field(default_factory=list)

    def declare(self, chain: Chain) -> None:
        """Add a chain; a second line for a built-in one replaces the policy. One that cannot have that name
        is missed, and so is a second line for a chain of a user's own: iptables-nft-restore empties it there,
        iptables-legacy-restore loads nothing (measured, 1.8.9)."""
        try:
            chain_name(chain.name)
        except BadNameError:
            self.miss(chain.evidence or self.evidence or Evidence("", 0, ""), "bad-name", chain.name)
            return
        known = self.chains.get(chain.name)
        if known is None:
            self.chains[chain.name] = ChainBuilder(chain)
        elif is_builtin(self.name, chain.name):
            known.chain = chain
        else:
            self.again(chain)

    def again(self, chain: Chain) -> None:
        """A second line for the chain, which cannot be: what it holds is not known."""
        place = chain.evidence or self.evidence or Evidence("", 0, "")
        self.miss(place, "declared-twice", chain.name, chain=chain.name)

    def add(self, chain: str, rules: Iterable[Rule], place: Evidence, at: int | None = None) -> None:
        """Append rules to a chain, or insert them before position ``at`` (from 1).

        A built-in chain need not be named before: ``iptables-restore`` takes its rules all the same
        (measured, 1.8.9). One of a user's own must be; of such a text more is missing than that line.
        """
        known = self.chains.get(chain)
        if known is None:
            if not is_builtin(self.name, chain):
                self.miss(place, "undeclared-chain", chain, "filtered")
            known = self.chains[chain] = ChainBuilder(Chain(chain, evidence=place))
        if at is None:
            known.rules.extend(rules)
        else:
            known.rules[at - 1 : at - 1] = rules

    def command(self, read: ReadRule, place: Evidence) -> bool:
        """Do what a line does that is no rule, as a rules file may have it; False where it is not known.

        Files written by hand begin with ``-F`` and ``-X``; ``-P`` and ``-N`` stand for a ``:CHAIN`` line.
        With parts of a rule, for a chain that is not there or one that cannot be deleted, iptables-restore
        loads nothing (measured, 1.8.9).
        """
        name = read.chain
        bare = not any(rule.matches or rule.target for rule in read.rules)
        concerned = [one for one in self.chains if name in ("", one)]
        match read.verb:
            case "policy" | "new-chain" if name:
                rule = read.rules[0]
                self.declare(Chain(name, read.policy, packets=rule.packets, bytes=rule.bytes, evidence=place))
            case "flush" | "zero" if bare and (not name or concerned or is_builtin(self.name, name)):
                for one in concerned if read.verb == "flush" else ():
                    self.chains[one].rules.clear()
            case "delete-chain" if bare and (not name or (concerned and not is_builtin(self.name, name))):
                own = [one for one in concerned if not is_builtin(self.name, one)]
                if any(self._in_use(one) for one in own):
                    return False
                for one in own:
                    del self.chains[one]
            case _:
                return False
        return True

    def _in_use(self, name: str) -> bool:
        """Whether the chain holds rules, or rules lead to it; then nothing deletes it."""
        rules = (rule for chain in self.chains.values() for rule in chain.rules)
        return bool(self.chains[name].rules) or any(r.target and r.target.name == name for r in rules)

    def lack(self, why: Lack, place: Evidence, chain: str | None = None) -> None:
        """There may be more than what was read, of that chain or of any."""
        self.lacks.append((why, place, chain))

    def miss(
        self, place: Evidence, reason: str, detail: str = "", why: Lack = "unread", chain: str | None = None
    ) -> None:
        """A line that is no fact: the table, or that chain of it, may hold more than what was read."""
        self.unread.append(Unread(place, reason, detail))
        self.lack(why, place, chain)

    def report(self, place: Evidence, problems: Iterable[Problem]) -> None:
        """Parts of a line that its rule keeps as text: the rule is there, so nothing is missing."""
        self.unread.extend(Unread(place, p.reason, p.detail) for p in problems)

    def done(self) -> Table:
        chains = tuple(builder.done() for builder in self.chains.values())
        return Table(self.name, chains, self._partial(), self.evidence)

    def _partial(self) -> Partial | None:
        """What may stand anywhere outdoes what may follow at the end, and that a chain that was not asked."""
        if not self.lacks:
            return None
        why, place, _ = min(self.lacks, key=lambda lack: _FAINTER.get(lack[0], 0))
        concerned = {chain for _, _, chain in self.lacks}
        whole = frozenset() if None in concerned else frozenset(self.chains) - concerned
        return Partial(why, place, whole)


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
    """Note a built-in chain that a listing does not show: the table was listed in part.

    A listing of one chain (``-L CHAIN``, ``-S CHAIN``) shows that one whole; what rules were picked from
    shows none. INPUT of nat does not count: kernels before 2.6.36 have none.
    """
    absent = [
        name
        for name in BUILTIN_CHAINS.get(table.name, ())
        if name not in table.chains and (table.name, name) != ("nat", "INPUT")
    ]
    for name in absent:
        table.miss(place, "missing-chain", name, "selected", name)
