"""``iptables [-t TABLE] -S [-v]``: a table as the commands that would make it."""

from __future__ import annotations

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.netfilter import Chain, Table
from sekisho.sources.iptables_rule import command, render_rule
from sekisho.sources.iptables_tables import (
    TableBuilder,
    lines_of,
    miss_absent_chains,
    notice,
    seems_whole,
)
from sekisho.sources.parsed import Parsed
from sekisho.values.address import Family


def parse(text: str, file: str, family: Family = 4, table: str = "filter") -> Parsed[Table]:
    """Read ``-P``, ``-N``, ``-A`` and ``-I`` lines. ``facts`` holds exactly one Table.

    A line of another kind, or a rule of a chain that was not named before, leaves
    ``Table.incomplete`` and an Unread, as does a built-in chain that is not there at all.
    """
    unread: list[Unread] = []
    builder = TableBuilder(table, unread, Evidence(file, 0, ""))
    lines, cut = lines_of(text)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = Evidence(file, number, line)
        if line.startswith("#"):
            reason = notice(line)
            if reason:
                unread.append(Unread(place, reason, line.lstrip("# ")))
            continue
        _line(builder, place, family, last_and_cut=cut and number == len(lines))
    miss_absent_chains(builder, Evidence(file, 0, ""))
    return Parsed((builder.done(),), tuple(unread))


def _line(table: TableBuilder, place: Evidence, family: Family, last_and_cut: bool) -> None:
    reason = "truncated" if last_and_cut else "unknown-line"
    try:
        read = command(place.text, family, place)
    except ValueError as error:
        table.miss(place, reason, str(error))
        return
    if read.verb in ("policy", "new-chain"):
        if read.problems:
            table.miss(place, reason, place.text)
            return
        table.declare(Chain(read.chain, read.policy, packets=read.packets, bytes=read.bytes, evidence=place))
        return
    if last_and_cut and (read.problems or not seems_whole(read.rules[-1], table.chains)):
        table.miss(place, reason, place.text)
        return
    table.report(place, read.problems)
    table.add(read.chain, read.rules, place, read.position if read.verb == "insert" else None)


def render(table: Table, counters: bool = False, protocol_numbers: bool = False) -> str:
    """The text of ``iptables -S`` (``-v -S`` with ``counters``).

    ``protocol_numbers``: ``-p 47`` instead of ``-p gre``, as from version 1.8.11 on.
    """
    lines = []
    for chain in table.chains:
        if chain.policy is not None:
            counted = f" -c {chain.packets or 0} {chain.bytes or 0}" if counters else ""
            lines.append(f"-P {chain.name} {chain.policy}{counted}")
    lines += [f"-N {chain.name}" for chain in table.chains if chain.policy is None]
    lines += [
        f"-A {chain.name} {render_rule(rule, counters, protocol_numbers)}".rstrip()
        for chain in table.chains
        for rule in chain.rules
    ]
    return "".join(f"{line}\n" for line in lines)
