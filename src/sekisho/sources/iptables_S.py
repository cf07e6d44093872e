"""``iptables [-t TABLE] -S [-v]``: a table as the commands that would make it."""

from __future__ import annotations

from sekisho.model.evidence import Evidence, Lack, Unread
from sekisho.model.netfilter import Chain, Table, is_builtin
from sekisho.sources.iptables_rule import command, render_rule
from sekisho.sources.iptables_tables import (
    TableBuilder,
    chain_of,
    lines_of,
    miss_absent_chains,
    notice,
    seems_whole,
)
from sekisho.sources.parsed import Parsed
from sekisho.sources.partial_words import lack_of
from sekisho.values.address import Family


def parse(text: str, file: str, family: Family = 4, table: str = "filter") -> Parsed[Table]:
    """Read ``-P``, ``-N``, ``-A`` and ``-I`` lines. ``facts`` holds exactly one Table.

    A line of another kind, or a rule of a chain that was not named before, leaves
    ``Table.incomplete`` and an Unread, as does a built-in chain that is not there at all. Rules whose
    built-in chain has no ``-P`` line were picked from a listing: others may be missing.
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
            if why := lack_of(line):
                builder.lack(why, place)
            continue
        _line(builder, place, family, last_and_cut=cut and number == len(lines))
    for known in builder.chains.values():
        if known.chain.policy is None and is_builtin(table, known.chain.name):
            builder.lack("filtered", known.chain.evidence or Evidence(file, 0, ""))
    miss_absent_chains(builder, Evidence(file, 0, ""))
    return Parsed((builder.done(),), tuple(unread))


def _line(table: TableBuilder, place: Evidence, family: Family, last_and_cut: bool) -> None:
    reason = "truncated" if last_and_cut else "unknown-line"
    why: Lack = "cut" if last_and_cut else "unread"
    try:
        read = command(place.text, family, place)
    except ValueError as error:
        table.miss(place, reason, str(error), why, None if last_and_cut else chain_of(place.text))
        return
    if read.verb in ("policy", "new-chain"):
        if read.problems:
            table.miss(place, reason, place.text, why)
            return
        table.declare(Chain(read.chain, read.policy, packets=read.packets, bytes=read.bytes, evidence=place))
        return
    if last_and_cut and (read.problems or not seems_whole(read.rules[-1], table.chains)):
        table.miss(place, reason, place.text, why)
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
    lines += [
        f"-N {chain.name}"
        for chain in table.chains
        if chain.policy is None and not is_builtin(table.name, chain.name)
    ]
    lines += [
        f"-A {chain.name} {render_rule(rule, counters, protocol_numbers)}".rstrip()
        for chain in table.chains
        for rule in chain.rules
    ]
    return "".join(f"{line}\n" for line in lines)
