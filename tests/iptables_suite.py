"""iptables' own extension tests, asked of the readers:  python -m tests.iptables_suite FOLDER [-v]

FOLDER is the ``extensions`` folder of a checkout of iptables; nothing of it is kept here. Its *.t files name
rules, whether iptables takes them, and how iptables-save prints them. Counted: how many of the rules that
iptables refuses are called refused; how many of those it takes are read whole and called loadable; how many
come back byte for byte as iptables prints them, and mean the same as they were written.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sekisho.model.netfilter import BUILTIN_CHAINS, Rule
from sekisho.semantics.conjunction import conjuncts
from sekisho.semantics.loadable import Loader
from sekisho.semantics.match_context import AddressTypes, MatchContext
from sekisho.semantics.matches import rule_guard
from sekisho.semantics.program import Guard, Not, NotUnderstood, Unsure
from sekisho.semantics.targets import rule_action
from sekisho.sources import iptables_save
from sekisho.values.address import Family

# Families by the beginning of a file's name.
_FAMILIES: dict[str, tuple[Family, ...]] = {
    "libxt_": (4, 6),
    "libipt_": (4,),
    "libip6t": (6,),
    "iptable": (4,),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule of a file in one chain: what iptables prints of it, None where it refuses it."""

    file: str
    line: int
    family: Family
    table: str
    chain: str
    rule: str
    printed: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """Why a rule is refused ("": it is not), what of it was not read, how it is printed, what it means."""

    refused: str
    unread: str
    printed: str
    meaning: object


def rules_of(folder: Path) -> Iterator[Asked]:
    """All rules for iptables and ip6tables."""
    for path in sorted(folder.glob("*.t")):
        families = next((one for start, one in _FAMILIES.items() if path.name.startswith(start)), ())
        table, chains = "filter", ["INPUT"]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.startswith(":"):
                chains = line[1:].split(",")
            elif line.startswith("*"):
                table = line[1:].strip()
            elif line and line[0] not in "#%@":
                rule, wanted, *rest = (*line.split(";"), "", "")
                fails = rest[0].strip() == "FAIL"
                printed = None if fails else rule if wanted == "=" else wanted
                for family in families:
                    for chain in chains:
                        yield Asked(path.name, number, family, table, chain, rule, printed)


def ask(asked: Asked, rule: str) -> Found:
    """Read a rule in the chain; refused by either back end counts."""
    heads = "".join(f":{chain} ACCEPT [0:0]\n" for chain in BUILTIN_CHAINS[asked.table])
    text = f"*{asked.table}\n{heads}-A {asked.chain} {rule}\nCOMMIT\n"
    parsed = iptables_save.parse(text, "iptables-save.txt", asked.family)
    table = parsed.facts[0].tables[0]
    rules = next((chain.rules for chain in table.chains if chain.name == asked.chain), ())
    refusals = [
        refusal.brief
        for backend in ("nft", "legacy")
        for one in rules
        if (refusal := Loader(table, asked.family, backend, ()).refusal(asked.chain, one))
    ]
    printed = iptables_save.render(parsed.facts[0], False)
    lines = [line.split(" ", 2)[-1] for line in printed.splitlines() if line.startswith("-A")]
    unread = f"{parsed.unread[0].reason} {parsed.unread[0].detail}" if parsed.unread else ""
    return Found(
        next(iter(refusals), ""), unread, " ".join(lines), [_meaning(one, asked.family) for one in rules]
    )


def _meaning(rule: Rule, family: Family) -> object:
    """Condition and act; words that stay words (doubts) do not count."""
    context = MatchContext(family, AddressTypes({}, {}), {})
    guards = {_bare(one) for one in conjuncts(rule_guard(rule.matches, context))}
    action = rule_action(rule.target, frozenset(), family)
    return guards, type(action) if isinstance(action, NotUnderstood) else action


def _bare(guard: Guard) -> object:
    if isinstance(guard, Not):
        return "not", _bare(guard.guard)
    return guard.doubt.code if isinstance(guard, Unsure) else guard


def main(folder: Path, every: bool) -> int:
    """0 where 95 of 100 refused rules are called so, none that iptables takes, and 99 of 100 come back."""
    refused: dict[tuple[str, int], bool] = {}
    counts = dict.fromkeys(("taken", "read whole", "loadable", "printed back", "same meaning"), 0)
    for asked in rules_of(folder):
        found = ask(asked, asked.rule)
        if asked.printed is None:
            key = (asked.file, asked.line)
            refused[key] = refused.get(key, False) or bool(found.refused)
            continue
        printed = ask(asked, asked.printed)
        told = {
            "taken": "",
            "read whole": found.unread or printed.unread,
            "loadable": found.refused,
            "printed back": "" if printed.printed == asked.printed.strip() else printed.printed,
            "same meaning": "" if found.meaning == printed.meaning else f"{found.meaning} {printed.meaning}",
        }
        for what, wrong in told.items():
            counts[what] += not wrong
            if every and wrong:
                print(f"not {what}: {asked.file}:{asked.line}: {asked.chain} {asked.rule}: {wrong}")
    if every:
        print(
            *(f"not refused: {file}:{line}" for (file, line), said in refused.items() if not said), sep="\n"
        )
    print(f"refused by iptables: {len(refused)}, called refused: {sum(refused.values())}")
    print(", ".join(f"{what}: {count}" for what, count in counts.items()))
    return int(
        sum(refused.values()) < 0.95 * len(refused)
        or counts["loadable"] < counts["taken"]
        or counts["printed back"] < 0.99 * counts["taken"]
    )


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), "-v" in sys.argv))
