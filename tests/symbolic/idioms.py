"""The rules of tests/cases, for random hosts: what once was got wrong stands among random rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from random import Random

from tests.case_files import FOLDER

# The cases' networks, and what they are on the hosts of ``worlds``.
_HERE = (
    ("192.0.2.", "10.0.0."), ("198.51.100.", "10.9.0."), ("172.17.0.50", "172.18.0.2"),
    ("10.9.0.10", "10.9.0.1"), ("10.9.0.77", "10.9.0.5"), ("172.17.0.3", "172.17.0.9"),
)  # fmt: skip


@dataclass(slots=True)
class TableRules:
    """The user chains of a table, and the rules of every chain without ``-A CHAIN``."""

    chains: list[str] = field(default_factory=list)
    rules: dict[str, list[str]] = field(default_factory=dict)


Idiom = dict[str, TableRules]


def random_idiom(draw: Random) -> Idiom:
    """The rules of a case by table."""
    return _of_text(draw.choice(_texts()))


@cache
def _texts() -> tuple[str, ...]:
    """Every case's IPv4 rules, each text once."""
    files = sorted(FOLDER.glob("*/iptables*.txt"))
    return tuple(dict.fromkeys(file.read_text(encoding="utf-8") for file in files))


def _of_text(text: str) -> Idiom:
    for theirs, ours in _HERE:
        text = text.replace(theirs, ours)
    found: Idiom = {}
    table = TableRules()
    for line in text.splitlines():
        if line.startswith("*"):
            table = found.setdefault(line[1:], TableRules())
        elif line.startswith(":") and line.split()[1] == "-":
            table.chains.append(line[1:].split()[0])
        elif line.startswith("-A ") and "--match-set" not in line:  # whose sets are the case's
            _, chain, rule = line.split(" ", 2)
            table.rules.setdefault(chain, []).append(rule)
    return found
