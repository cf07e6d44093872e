"""The layouts of ``iptables -nL``: which columns there are, how wide, in what spelling.

version   prot     opt (IPv6)   protocols with -n
1.4-1.8.8 %-5s     blank        names that iptables itself knows, else numbers
1.8.9     %-4s' '  --           numbers
1.8.10-   %-4s' '  --           names that iptables itself knows, else numbers
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sekisho.sources.iptables_list_rows import CHAIN, HEADER, row_patterns
from sekisho.sources.iptables_options import KNOWN_PROTOCOLS
from sekisho.values.numbers import integer, is_number
from sekisho.values.packet import protocol_name


@dataclass(frozen=True, slots=True)
class ListStyle:
    """How a listing is written.

    ``version`` is a guess from the layout, where it tells one. ``verbose``: counters and interfaces
    (-v). ``exact``: counters in full (-x). ``numeric``: -n. ``collapsed``: runs of blanks made one
    and none at the ends of lines, as a web page shows a listing; ``blank_lines`` between chains may
    be lost then. ``stripped``: only the blanks at the ends of lines are gone, as editors do it.
    ``trailing_extras``: each match's text is followed by a blank, not preceded (before 1.4.11).
    ``notrack_as_ct``: the target NOTRACK stands as ``CT`` with the text ``NOTRACK`` (since 1.4.18).
    ``final_newline``: whether the text ends with one.
    """

    version: tuple[int, int, int] | None = None
    verbose: bool = True
    line_numbers: bool = False
    exact: bool = False
    numeric: bool = True
    protocol_numbers: bool = False
    narrow_protocol: bool = False
    blank_opt: bool = False
    trailing_extras: bool = False
    notrack_as_ct: bool = True
    collapsed: bool = False
    stripped: bool = False
    blank_lines: bool = True
    final_newline: bool = True


def style_of(version: tuple[int, int, int], *, verbose: bool = True, line_numbers: bool = False) -> ListStyle:
    """The layout of ``iptables -nL`` of a version, e.g. ``style_of((1, 8, 9))``."""
    old = version < (1, 8, 9)
    return ListStyle(
        version,
        verbose,
        line_numbers,
        protocol_numbers=(1, 8, 9) <= version < (1, 8, 11),
        narrow_protocol=not old,
        blank_opt=old,
        trailing_extras=version < (1, 4, 11),
        notrack_as_ct=version >= (1, 4, 18),
    )


def detect_style(text: str) -> ListStyle:
    """The layout of a listing, so that ``render(parse(text), detect_style(text)) == text``.

    Where several layouts fit (a listing without rules), the newest is taken.
    """
    lines = text.splitlines()
    header = next((found for line in lines if (found := HEADER.match(line))), None)
    first = header.string if header is not None else ""
    collapsed = "  " not in text and not any(line.endswith(" ") for line in lines)
    style = ListStyle(
        verbose=header is not None and header["counters"] is not None,
        line_numbers=header is not None and header["numbers"] is not None,
        exact=bool(re.search(r"pkts {6}bytes ", first)),
        collapsed=collapsed,
        stripped=not collapsed and not first.endswith(" "),
        blank_lines="" in lines or text.count("Chain ") < 2,
        final_newline=text.endswith("\n"),
        narrow_protocol=True,
    )
    rows = _rows(lines)
    chains = [found for line in lines if (found := CHAIN.match(line))]
    return _from_rows(replace(style, exact=style.exact or _in_full([*rows, *chains])), rows)


def _in_full(found: Iterable[re.Match[str]]) -> bool:
    """Whether a counter stands there that would have been rounded without ``-x``."""
    counters = (one.groupdict().get(name) for one in found for name in ("packets", "bytes"))
    return any(
        counter is not None and is_number(counter) and integer(counter) > 99999 for counter in counters
    )


def _rows(lines: Iterable[str]) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    patterns: tuple[re.Pattern[str], ...] = ()
    for line in lines:
        if line.startswith("Chain "):
            patterns = ()
        elif "target" in line and (header := HEADER.match(line)):
            patterns = row_patterns(header, False)
        else:
            row = next((row for pattern in patterns if (row := pattern.match(line))), None)
            if row is not None:
                found.append(row)
    return found


def _from_rows(style: ListStyle, rows: list[re.Match[str]]) -> ListStyle:
    numbers = names = wide = blank = words = old_notrack = False
    trailing = [row for row in rows if _has_extras(row) and not style.collapsed]
    for row in rows:
        protocol = row["protocol"].removeprefix("!")
        opt = row.groupdict().get("opt", "")
        numbers = numbers or (is_number(protocol) and protocol_name(integer(protocol)) in KNOWN_PROTOCOLS)
        names = names or not is_number(protocol)
        blank = blank or not opt
        wide = wide or bool(opt and row.string[row.end("protocol")] != " ")
        words = words or "anywhere" in (row["source"], row["destination"])
        old_notrack = old_notrack or row["target"] == "NOTRACK"
    # Only these two versions print numbers for all.
    old_extras = bool(trailing) and all(_old_extras(row) for row in trailing)
    only_numbers = (numbers or _anything(rows)) and not names
    return replace(
        style,
        numeric=not words,
        protocol_numbers=only_numbers,
        narrow_protocol=not (blank or wide or old_extras),
        blank_opt=blank,
        trailing_extras=old_extras,
        notrack_as_ct=not old_notrack,
        version=(1, 8, 9) if only_numbers else None,
    )


def _anything(rows: list[re.Match[str]]) -> bool:
    """Whether a rule for any protocol is listed as ``0``."""
    return any(row["protocol"] == "0" for row in rows)


def _has_extras(row: re.Match[str]) -> bool:
    text = (row["extras"] or "").strip(" ")
    return bool(text) and text != "[goto]"


def _old_extras(row: re.Match[str]) -> bool:
    """Whether one blank less stands before the text: the one that newer versions print with it."""
    if row["extras"].startswith("[goto]"):
        return not row["extras"].startswith("[goto]  ")
    width = max(19, row.end("destination") - row.start("destination"))
    gap = row.start("extras") - row.start("destination") - width
    return gap + row["destination"].startswith("!") == 1
