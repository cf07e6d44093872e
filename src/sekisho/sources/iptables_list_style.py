"""The layouts of ``iptables -nL``: which columns there are, how wide, in what spelling.

version   prot     opt (IPv6)   protocols with -n
1.4-1.8.8 %-5s     blank        names that iptables itself knows, else numbers
1.8.9     %-4s' '  --           numbers
1.8.10-   %-4s' '  --           names that iptables itself knows, else numbers
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class ListStyle:
    """How a listing is written.

    ``version`` is a guess from the layout, where it tells one. ``verbose``: counters and interfaces
    (-v). ``exact``: counters in full (-x). ``numeric``: -n. ``collapsed``: runs of blanks made one
    and none at the ends of lines, as a web page shows a listing; ``blank_lines`` between chains may
    be lost then. ``trailing_extras``: each match's text is followed by a blank, not preceded
    (before 1.4.11). ``final_newline``: whether the text ends with one. ``chains`` names the only
    chain listed, where it is one.
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
        notrack_as_ct=version >= (1, 4, 15),
    )


_HEADER = re.compile(r"^(num)? *(?:pkts +bytes +)?target +prot +opt", re.MULTILINE)
# The columns as far as prot and opt: the rest does not matter for the layout.
_COLUMNS = re.compile(
    r"^(?:\d+ +)?(?: *\d+[KMGT]? +\d+[KMGT]? )?(?P<target>\S*) +(?P<prot>!?[\w.+-]+?)(?P<gap> *)"
    r"(?P<opt>--|-f|!f)? +\S"
)


def detect_style(text: str) -> ListStyle:
    """The layout of a listing, so that ``render(parse(text), detect_style(text)) == text``.

    Where several layouts fit (a listing without rules), the newest is taken.
    """
    lines = text.splitlines()
    header = _HEADER.search(text)
    found = ListStyle(
        verbose=bool(re.search(r"^(?:num)? *pkts +bytes ", text, re.MULTILINE)),
        line_numbers=header is not None and header[1] is not None,
        exact=bool(re.search(r"^(?:num)? +pkts {6}bytes ", text, re.MULTILINE)),
        collapsed="  " not in text and not any(line.endswith(" ") for line in lines),
        blank_lines=any(not line for line in lines) or text.count("Chain ") < 2,
        final_newline=text.endswith("\n"),
        narrow_protocol=True,
    )
    rows = [
        line for line in lines if line and not line.startswith(("Chain ", "#")) and "prot opt" not in line
    ]
    return _from_rows(found, rows)


def _from_rows(style: ListStyle, rows: list[str]) -> ListStyle:
    numbers = names = words = wide = blank = False
    trailing = True
    extras = 0
    for row in rows:
        v6 = "::" in row or bool(re.search(r"[0-9a-f]:[0-9a-f]+:", row))
        cut = _COLUMNS.match(row)
        if cut is None:
            continue
        protocol, opt = cut["prot"].lstrip("!"), cut["opt"]
        if protocol.isdigit():
            numbers = numbers or int(protocol) in (0, 1, 6, 17, 33, 50, 51, 58, 108, 132, 135, 136)
        else:
            names = True
        if opt is None and v6:
            blank = True
        if len(cut["prot"]) > 4 and opt is not None and not cut["gap"]:
            wide = True
        words = words or "anywhere" in row
        found = re.search(r"(?:0/0|anywhere|/\d+|\.\d+|:\S*) {2,}(?=[a-zA-Z/!\[])(?!.*\d/\d)", row)
        if found and not style.collapsed:
            extras += 1
            trailing = trailing and row.endswith(" ")
    old = blank or wide
    return replace(
        style,
        numeric=not words,
        protocol_numbers=numbers and not names,
        narrow_protocol=not old,
        blank_opt=blank,
        trailing_extras=bool(extras) and trailing,
        notrack_as_ct=not any(re.search(r"\sNOTRACK +(?:!?\w+) +(?:--|-f|!f)", row) for row in rows),
        version=(1, 8, 9) if numbers and not names else None,
    )
