"""``iptables [-t TABLE] -nL [-v] [--line-numbers] [-x]`` of versions 1.4 to 1.8.13, both families."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from sekisho.model.evidence import Evidence, Lack, Unread
from sekisho.model.netfilter import BUILTIN_CHAINS, UNKNOWN_MODULE, Chain, Option, Rule, Table, Target
from sekisho.sources.iptables_list_forms import Context
from sekisho.sources.iptables_list_render import render
from sekisho.sources.iptables_list_rows import CHAIN, HEADER, row_patterns
from sekisho.sources.iptables_list_style import ListStyle, detect_style, style_of
from sekisho.sources.iptables_list_targets import NEEDS_TEXT
from sekisho.sources.iptables_list_text import read_extras
from sekisho.sources.iptables_tables import (
    NO_POLICY,
    TableBuilder,
    lines_of,
    miss_absent_chains,
    notice,
    seems_whole,
)
from sekisho.sources.iptables_values import network, protocol
from sekisho.sources.parsed import Parsed
from sekisho.sources.partial_words import lack_of
from sekisho.values.address import Family
from sekisho.values.numbers import integer, is_number

__all__ = ["ListStyle", "detect_style", "guess_table", "parse", "render", "style_of"]

# The name of the option that stands for what a listing without -v leaves out.
NO_INTERFACES = "interfaces not shown (listing without -v)"

_UNITS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


class _Reader:
    def __init__(self, file: str, family: Family, table: TableBuilder) -> None:
        self.file = file
        self.family = family
        self.table = table
        self.chain: Chain | None = None
        self.rows: tuple[re.Pattern[str], ...] = ()
        self.interfaces = False

    def line(self, number: int, line: str, last_and_cut: bool) -> None:
        if not line or line.isspace():
            return
        place = Evidence(self.file, number, line)
        reason = notice(line)
        if reason:
            self.table.unread.append(Unread(place, reason, line.lstrip("# ")))
        elif line.startswith("#"):
            if why := lack_of(line):
                self.table.lack(why, place)
        elif line.lstrip().startswith("Chain "):
            self._chain(place, line.strip())
        elif "target" in line and (header := HEADER.match(line)):
            self._header(header)
            self.table.evidence = Evidence(self.file, 0, line)
        else:
            self._row(place, line, last_and_cut)

    def _chain(self, place: Evidence, line: str) -> None:
        found = CHAIN.match(line)
        self.rows = ()
        if found is None:
            self.chain = None
            self.table.miss(place, "unknown-line", line)
            return
        references = found["references"]
        self.chain = Chain(
            found["name"],
            None if found["policy"] in NO_POLICY else found["policy"],
            references=integer(references) if references else None,
            packets=_count(found["packets"]),
            bytes=_count(found["bytes"]),
            evidence=place,
        )
        if self.chain.name in self.table.chains:  # a listing shows each once
            self.table.again(self.chain)
        else:
            self.table.declare(self.chain)

    def _header(self, header: re.Match[str]) -> None:
        self.interfaces = header["interfaces"] is not None
        self.rows = row_patterns(header, self.family == 4)

    def _row(self, place: Evidence, line: str, last_and_cut: bool) -> None:
        reason = "truncated" if last_and_cut else "unknown-line"
        why: Lack = "cut" if last_and_cut else "unread"
        found = next((m for row in self.rows if (m := row.match(line))), None)
        if self.chain is None or found is None:
            # It may be the rest of the row above as well as a row of its own, but of this chain it is.
            here = self.chain.name if self.chain else None
            self.table.miss(place, reason, line, why, None if last_and_cut else here)
            return
        problems: list[tuple[str, str]] = []
        rule = self._rule(found, place, problems)
        if last_and_cut and (problems or not seems_whole(rule, self.table.chains)):
            self.table.miss(place, reason, line, why)
            return
        self.table.unread.extend(Unread(place, *problem) for problem in problems)
        self.table.add(self.chain.name, [rule], place)

    def _rule(self, found: re.Match[str], place: Evidence, problems: list[tuple[str, str]]) -> Rule:
        groups = found.groupdict()
        matches = self._columns(groups, problems)
        name, extras = groups["target"], groups["extras"] or ""
        goto = extras.startswith("[goto]")
        if goto:
            extras = extras[6:]
        context = Context(True, self.family, _protocol_of(matches))
        more, own = read_extras(extras.lstrip(" ") if extras.strip(" ") else "", name or "", context)
        if name == "CT" and more and more[-1] == Option(UNKNOWN_MODULE, "", False, ("NOTRACK",)):
            name, more = "NOTRACK", more[:-1]
        problems.extend(
            ("unknown-text", option.values[0]) for option in more if option.module == UNKNOWN_MODULE
        )
        if name in NEEDS_TEXT and not own:
            problems.append(("missing-value", f"{name} without {NEEDS_TEXT[name]}"))
        return Rule(
            matches + more,
            Target(name, goto, own) if name else None,
            _count(groups.get("packets")),
            _count(groups.get("bytes")),
            place,
        )

    def _columns(self, groups: dict[str, str | None], problems: list[tuple[str, str]]) -> tuple[Option, ...]:
        found: list[Option] = []
        for name, short in (("source", "-s"), ("destination", "-d")):
            value, negated = _sign(groups[name] or "")
            found += self._address(name, short, value, negated, problems)
        if self.interfaces:
            for name, column in (("in-interface", "in"), ("out-interface", "out")):
                value, negated = _sign(groups[column] or "")
                if negated or value not in ("*", "any"):
                    found.append(Option("", name, negated, (value,)))
        else:
            found.append(Option(UNKNOWN_MODULE, NO_INTERFACES))
        value, negated = _sign(groups["protocol"] or "")
        try:
            normal = protocol(value)
            if normal != "all" or negated:
                found.append(Option("", "protocol", negated, (normal,)))
        except ValueError:
            problems.append(("unknown-protocol", value))
            text = f"{'! ' if negated else ''}-p {value}"
            found.append(Option(UNKNOWN_MODULE, "protocol", False, (text,)))
        if groups.get("opt") in ("-f", "!f"):
            found.append(Option("", "fragment", groups["opt"] == "!f"))
        return tuple(found)

    def _address(
        self, name: str, short: str, value: str, negated: bool, problems: list[tuple[str, str]]
    ) -> list[Option]:
        if value == "anywhere":
            value = "0.0.0.0/0" if self.family == 4 else "::/0"
        try:
            normal = network(value, self.family)
        except ValueError:
            problems.append(("bad-address", value))
            text = f"{'! ' if negated else ''}{short} {value}"
            return [Option(UNKNOWN_MODULE, name, False, (text,))]
        if normal in ("0.0.0.0/0", "::/0") and not negated:
            return []
        return [Option("", name, negated, (normal,))]


def _sign(text: str) -> tuple[str, bool]:
    return (text[1:], True) if text.startswith("!") else (text, False)


def _count(text: str | None) -> int | None:
    """``25``, or ``129K`` as 129000: a listing rounds. None for counters that were blacked out."""
    if text is None or not is_number(text[0]):
        return None
    return integer(text[:-1]) * _UNITS[text[-1]] if text[-1] in _UNITS else integer(text)


def _protocol_of(matches: Iterable[Option]) -> str:
    for option in matches:
        if option.name == "protocol" and not option.module and not option.negated:
            return option.values[0]
    return ""


def parse(text: str, file: str, family: Family = 4, table: str | None = None) -> Parsed[Table]:
    """Read the listing of one table. ``facts`` holds exactly one Table.

    Without ``table``, the file's name (``iptables-nat.txt``) or else the chains and targets tell.
    A rule of a listing without ``-v`` carries ``Option("?", NO_INTERFACES)``: its interfaces are
    unknown. Text that is not understood stays in the rule as ``Option("?", "", False, (text,))`` and
    is an Unread; a line that is no rule leaves ``Table.incomplete`` as well. The text of the table's
    evidence is the column header, which tells the layout of a listing without rules.
    """
    unread: list[Unread] = []
    builder = TableBuilder(table or "", unread, Evidence(file, 0, ""))
    reader = _Reader(file, family, builder)
    lines, cut = lines_of(text)
    for number, line in enumerate(lines, 1):
        reader.line(number, line, last_and_cut=cut and number == len(lines))
    if table is None:
        builder.name = guess_table(builder, file)
    miss_absent_chains(builder, Evidence(file, 0, ""))
    return Parsed((builder.done(),), tuple(unread))


def guess_table(table: TableBuilder, file: str = "") -> str:
    """The table that a listing shows: by the file's name, else by its built-in chains and targets."""
    for name in BUILTIN_CHAINS:
        if re.search(rf"(?:^|[-_.]){name}(?:[-_.]|$)", PurePosixPath(file).name):
            return name
    chains = {name for name, known in table.chains.items() if known.chain.policy is not None}
    targets = {rule.target.name for known in table.chains.values() for rule in known.rules if rule.target}
    if {"PREROUTING", "FORWARD"} <= chains:
        return "mangle"
    if targets & {"DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"} or "POSTROUTING" in chains:
        return "nat"
    if targets & {"SECMARK", "CONNSECMARK"}:
        return "security"
    if "PREROUTING" in chains:
        return "raw"
    return "filter"
