"""The files of nftables' own tests: what nft once printed (dumps), and rules with what nft says of them.

A ``.t`` file of tests/py declares chains (``:``), tables with the chains that they get (``*``), sets
(``!``) with elements (``?``) and objects (``%``), then rules, one a line: ``RULE;ok``, ``RULE;ok;AS
PRINTED`` or ``RULE;fail``. A line that begins with ``-`` is one that their own program leaves out; it is
taken here, if a kernel takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SET_OPTION = re.compile(r" (?=(?:timeout|flags) )")


@dataclass(frozen=True, slots=True)
class Dump:
    """What nft printed of a rule set; ``kind`` is text or json."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One family's table of a ``.t`` file: ``chains`` are (name, what stands in its braces)."""

    name: str
    family: str
    table: str
    chains: tuple[tuple[str, str], ...]
    declarations: tuple[str, ...]
    elements: tuple[tuple[str, str], ...]
    rules: tuple[str, ...]


def dumps(root: Path) -> Iterator[Dump]:
    """Every dump below tests/shell."""
    for folder in sorted((root / "tests" / "shell").rglob("dumps")):
        for kind, pattern in (("text", "*.nft"), ("json", "*.json-nft")):
            for path in sorted(folder.glob(pattern)):
                yield Dump(str(path.relative_to(root)), kind, path.read_text(encoding="utf-8"))


def rule_files(root: Path) -> Iterator[RuleFile]:
    """Every table of every ``.t`` file below tests/py."""
    for path in sorted((root / "tests" / "py").rglob("*.t")):
        yield from _tables(str(path.relative_to(root)), path.read_text(encoding="utf-8").split("\n"))


def _tables(name: str, lines: list[str]) -> Iterator[RuleFile]:
    chains = dict(line[1:].split(";", 1) for line in lines if line.startswith(":"))
    declared = tuple(_declaration(line) for line in lines if line[:1] in ("!", "%") and ";ok" in line)
    elements = tuple(
        (words[0], words[1])
        for line in lines
        if line.startswith("?") and line.endswith(";ok")
        for words in (line[1:].removesuffix(";ok").split(" ", 1),)
    )
    rules = tuple(dict.fromkeys(_rules(lines)))
    for line in lines:
        if line.startswith("*"):
            family, table, names = line[1:].split(";")[:3]
            wanted = tuple((one.strip(), chains[one.strip()]) for one in names.split(","))
            yield RuleFile(name, family, table, wanted, declared, elements, rules)


def _declaration(line: str) -> str:
    """A set or an object as ``add`` takes it: ``set NAME { ... }``, ``counter NAME { ... }``."""
    body = line[1:].split(";ok")[0]
    name, _, rest = body.partition(" ")
    if line.startswith("!"):
        kind = "map" if " : " in rest else "set"
        return f"{kind} {name} {{ {_SET_OPTION.sub('; ', rest)}; }}"
    words = rest.removeprefix("type ")
    match = re.match(r"ct (?:helper|timeout|expectation)|\w+", words)
    kind = match.group() if match else ""
    inner = words[len(kind) :].strip().removeprefix("{").removesuffix("}").strip()
    return f"{kind} {name} {{ {inner}{'' if not inner or inner.endswith(';') else ';'} }}"


def _rules(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if line[:1] in (":", "*", "!", "?", "%", "#", "") or ";ok" not in line:
            continue
        yield line.removeprefix("-").strip().split(";ok")[0]
