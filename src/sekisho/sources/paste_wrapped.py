"""Lines of a listing that a page or a terminal wrapped, put together again where that is certain.

It is where the second part alone is no line of the listing, and both together are one, in one way only:
with a blank between them, or without one where a terminal's width ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from sekisho.sources.recognise import Format

_SAVED = frozenset({Format.IPTABLES_S, Format.IPTABLES_SAVE})
# How a line of such a listing never begins, and how one ends that must go on.
_NO_RULE = re.compile(r"\s*(?![-:*#\[]|COMMIT\s*$)\S|\s*(?:-[a-z]|--|!)")
_ROUTE_GOES_ON = re.compile(r".*\s(?:via|dev|src|metric|proto|scope|table|nhid|mtu|pref|tos)\s*$")
ROW = re.compile(
    r"\s*(?:[0-9]{1,20}[KMGT]?\s+){0,3}(?:\S+\s+)?!?[\w.+-]+\s*(?:--|-f|!f)\s+(?:\S+\s+){1,3}\S+"
    r"|\s*Chain \S+ \(|\s*(?:num\s+)?(?:pkts\s+bytes\s+)?target\s+prot\s|#"
)
_QUOTED = re.compile(r'--comment "[^"]*"|/\*.*?\*/')
_OPEN_COMMENT = re.compile(r'--comment "[^"]*$')
_MOST_PARTS = 4
_LEAST_WIDTH = 60

Reads = Callable[[str], bool]


def rejoined(lines: list[str], format_: Format, family: int) -> list[str]:
    """The lines, as many as before: what was put together stands on its first line, blanks on the others."""
    if format_ is Format.IP_ROUTE:
        return _joined(lines, _reads_route, lambda line: not _reads_route(line))
    if format_ in _SAVED:
        if not any(_NO_RULE.match(line) for line in lines):
            return lines
        return _joined(lines, _rule_reader(family), lambda line: _NO_RULE.match(line) is not None)
    if format_ is Format.IPTABLES_LIST:
        heads = [line for line in lines if "target" in line and re.match(r"\s*(?:num|pkts|target)\s", line)]
        if not heads or all(ROW.match(line) for line in lines if line.strip()):
            return lines
        reads = _row_reader(heads[0], family)
        return _joined(lines, reads, lambda line: ROW.match(line) is None and not reads(line))
    return lines


def goes_on(line: str) -> bool:
    """Whether a route's line ends with a word that wants another."""
    return _ROUTE_GOES_ON.match(line) is not None


def _joined(lines: list[str], reads: Reads, is_rest: Callable[[str], bool]) -> list[str]:
    """``is_rest``: a line that alone is none of the listing's."""
    result = list(lines)
    width = max(map(len, lines), default=0)
    at = 0
    while at < len(lines):
        end = at + 1
        while end < len(lines) and end - at < _MOST_PARTS and lines[end].strip() and is_rest(lines[end]):
            end += 1
        for stop in range(end, at + 1, -1) if lines[at].strip() else ():
            whole = _one_way(lines[at:stop], reads, width)
            if whole is not None:
                result[at:stop] = [whole, *[""] * (stop - at - 1)]
                at = stop - 1
                break
        at += 1
    return result


def _one_way(parts: list[str], reads: Reads, width: int) -> str | None:
    """The parts as one line, where there is one way only that reads, or where ways that read differ in a
    comment alone: then the one that a terminal of that width broke so."""
    ways = [parts[0]]
    broken = parts[0]  # as a terminal of that width broke it
    for before, part in pairwise(parts):
        if broken.count('"') % 2 and not _OPEN_COMMENT.search(broken):
            return None  # what a rule looks for in packets: how many blanks stood there decides
        # Inside of a word only a terminal breaks: at its width, and with no blank on either side.
        inside = len(before) == width >= _LEAST_WIDTH and not (before[-1:].isspace() or part[:1].isspace())
        rest = part.strip()
        ways = [way.rstrip() + glue + rest for way in ways for glue in ((" ", "") if inside else (" ",))]
        broken = broken.rstrip() + ("" if inside else " ") + rest
    found = [way for way in ways if reads(way)]
    if len(found) > 1 and len({_QUOTED.sub("", way) for way in found}) == 1:
        return broken
    return found[0] if len(found) == 1 else None


def _reads_route(line: str) -> bool:
    from sekisho.sources import ip_route

    return not ip_route.parse(line + "\n", "").unread


def _rule_reader(family: int) -> Reads:
    from sekisho.sources.iptables_rule import command

    def reads(line: str) -> bool:
        found = re.match(r"\[[0-9]{1,20}:[0-9]{1,20}\]\s+", line)
        try:
            return not command(line[found.end() :] if found else line, 6 if family == 6 else 4, None).problems
        except ValueError:
            return False

    return reads


def _row_reader(head: str, family: int) -> Reads:
    from sekisho.sources import iptables_list

    def reads(line: str) -> bool:
        text = f"Chain X (1 references)\n{head}\n{line}\n"
        parsed = iptables_list.parse(text, "", 6 if family == 6 else 4, "mangle")
        return all(one.reason == "missing-chain" for one in parsed.unread) and any(
            chain.rules for table in parsed.facts for chain in table.chains
        )

    return reads
