"""Rule sets of iptables: tables, chains and their heads."""

from __future__ import annotations

import random
import re

from tests.ablation.damage import Damage, base, pick, text_lines
from tests.ablation.wholes import Files

BUILT_IN = frozenset({"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"})
_RULE = re.compile(rb"(?:\[\d+:\d+\] )?-A (\S+)(.*)")


def is_save(name: str) -> bool:
    """Whether the file is a save of all tables."""
    return base(name).endswith("tables-save.txt")


def tables_of(data: bytes) -> list[tuple[str, int, int]]:
    """Each table: name, first line (``*name``) and last line (COMMIT), counted from 0."""
    found: list[tuple[str, int, int]] = []
    start = -1
    name = ""
    for at, line in enumerate(text_lines(data)):
        if line.startswith(b"*"):
            start, name = at, line[1:].split()[0].decode()
        elif line.startswith(b"COMMIT") and start >= 0:
            found.append((name, start, at))
            start = -1
    return found


def _table(files: Files, draw: random.Random) -> tuple[str, list[bytes], str, int, int] | None:
    name = pick(files, draw, is_save)
    tables = tables_of(files[name]) if name is not None else []
    if name is None or not tables:
        return None
    table, first, last = draw.choice(tables)
    return name, text_lines(files[name]), table, first, last


def without(lines: list[bytes], gone: set[int]) -> bytes:
    """The text without some lines, counted from 0."""
    return b"".join(line for at, line in enumerate(lines) if at not in gone)


def remove_table(files: Files, draw: random.Random) -> Damage | None:
    """A table is gone: between its head and foot, which stay, or with them."""
    found = _table(files, draw)
    if found is None:
        return None
    name, lines, table, first, last = found
    gone = set(range(first, last + 1))
    with_frame = draw.random() < 0.5
    if with_frame:
        gone |= {at for at in (first - 1, last + 1) if 0 <= at < len(lines) and lines[at].startswith(b"#")}
    undecidable = "a table that is gone with its head and foot leaves no trace" if with_frame else ""
    return Damage(
        "remove-table", {name: without(lines, gone)}, {name: (first + 1, first + 1)}, (table,), undecidable,
        about=table,
    )  # fmt: skip


def remove_chain(files: Files, draw: random.Random) -> Damage | None:
    """A chain is gone: its head and its rules."""
    return _chain(files, draw, heads=True, rules=True)


def remove_head(files: Files, draw: random.Random) -> Damage | None:
    """The line that names a chain and its policy is gone, its rules stay."""
    return _chain(files, draw, heads=True, rules=False)


def _chain(files: Files, draw: random.Random, heads: bool, rules: bool) -> Damage | None:
    found = _table(files, draw)
    if found is None:
        return None
    name, lines, table, first, last = found
    chains = [lines[at][1:].split()[0].decode() for at in range(first, last) if lines[at].startswith(b":")]
    if not chains:
        return None
    chain = draw.choice(chains)
    gone: set[int] = set()
    called = False
    for at in range(first, last):
        rule = _RULE.match(lines[at])
        own = rule is not None and rule[1].decode() == chain
        if lines[at].startswith(b":") and lines[at][1:].split()[0].decode() == chain:
            gone |= {at} if heads else set()
        elif own:
            gone |= {at} if rules else set()
        if rule is not None and re.search(rb"-[jg] " + re.escape(chain.encode()) + rb"\s", lines[at]):
            called = True
        if own and not rules:
            called = True
    unseen = "" if called or chain in BUILT_IN else "a chain that nothing names leaves no trace"
    return Damage(
        "remove-chain" if rules else "remove-head", {name: without(lines, gone)},
        {name: (min(gone) + 1, min(gone) + 1)}, (table, chain), unseen, about=f"{table} {chain}",
    )  # fmt: skip


def remove_heads(files: Files, draw: random.Random) -> Damage | None:
    """All lines that name chains and their policies are gone, as when somebody filtered the text for -A."""
    name = pick(files, draw, is_save)
    if name is None:
        return None
    lines = text_lines(files[name])
    gone = {at for at, line in enumerate(lines) if line.startswith(b":")}
    tables = tuple(table for table, _, _ in tables_of(files[name]))
    if not gone:
        return None
    return Damage("remove-heads", {name: without(lines, gone)}, {name: (1, len(lines))}, tables)


def remove_frame(files: Files, draw: random.Random) -> Damage | None:
    """The line that names the table, or its COMMIT, is gone."""
    found = _table(files, draw)
    if found is None:
        return None
    name, lines, table, first, last = found
    at = draw.choice((first, last))
    return Damage(
        "remove-frame", {name: without(lines, {at})}, {name: (first + 1, last + 1)}, (table,),
        about=lines[at].decode().strip(),
    )  # fmt: skip


def one_chain(files: Files, draw: random.Random) -> Damage | None:
    """``iptables -S CHAIN`` of one table instead of the save of all."""
    found = _table(files, draw)
    if found is None or "/" in found[0]:
        return None
    name, lines, table, first, last = found
    heads = [lines[at] for at in range(first, last) if lines[at].startswith(b":")]
    if not heads:
        return None
    head = draw.choice(heads)
    chain, policy = head[1:].split()[:2]
    out = [b"-N " + chain + b"\n" if policy == b"-" else b"-P " + chain + b" " + policy + b"\n"]
    for at in range(first, last):
        rule = _RULE.match(lines[at])
        if rule is not None and rule[1] == chain:
            out.append(b"-A " + chain + rule[2] + b"\n")
    family = "ip6" if base(name).startswith("ip6") else "ip"
    new = f"{family}tables-{table}.txt"
    others = tuple(table for table, _, _ in tables_of(files[name]))
    changed: dict[str, bytes | None] = {
        other: None for other in files if other.startswith((f"{family}tables-", "nft-ruleset"))
    }
    return Damage(
        "one-chain", {**changed, new: b"".join(out)}, words=others, about=f"{table} {chain.decode()}"
    )


WAYS = (remove_table, remove_chain, remove_head, remove_heads, remove_frame, one_chain)
