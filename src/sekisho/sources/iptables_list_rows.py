"""The lines of a listing taken apart into columns, before anything is understood."""

from __future__ import annotations

import re
from functools import lru_cache

from sekisho.values.numbers import DIGITS

# A number, rounded or not, or what somebody blacked it out with.
_SUM = rf"(?:{DIGITS}[KMGT]?|[^\s0-9]\S*)"
CHAIN = re.compile(
    rf"Chain (?P<name>\S+) \((?:policy (?P<policy>\S+)(?: (?P<packets>{_SUM}) packets,"
    rf" (?P<bytes>{_SUM}) bytes)?|(?P<references>{DIGITS}) references)\)\s*\Z"
)
HEADER = re.compile(
    r"\s*(?P<numbers>num\s+)?(?P<counters>pkts\s+bytes\s+)?target\s+prot\s+opt\s+"
    r"(?P<interfaces>in\s+out\s+)?source\s+destination\s*\Z"
)

_V6 = r"!?(?:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:/\S+)?|anywhere)"
_COUNT = rf"(?P<packets>{DIGITS}[KMGT]?)\s+(?P<bytes>{DIGITS}[KMGT]?)\s+"


def row_patterns(header: re.Match[str] | None, ipv4: bool) -> tuple[re.Pattern[str], ...]:
    """The patterns of a rule's line under this header, the likeliest first.

    ip6tables before 1.8.9 leaves the column ``opt`` blank; the second pattern is for that.
    """
    if header is None:
        return ()
    shown = [header[group] is not None for group in ("numbers", "counters", "interfaces")]
    return tuple(_row(*shown, opt) for opt in ((True,) if ipv4 else (True, False)))


@lru_cache(maxsize=16)
def _row(numbered: bool, counted: bool, interfaces: bool, opt: bool) -> re.Pattern[str]:
    address = r"\S+" if opt else _V6
    out = r"\S+" if opt else rf"(?!{_V6}\s)\S+"
    return re.compile(
        r"\s*"
        + (r"[0-9]{1,20}\s+" if numbered else "")
        + (_COUNT if counted else "")
        + r"(?:(?P<target>\S+)\s+)?(?P<protocol>!?[\w.+-]+?)\s*"
        + (r"(?<![^\s\w])(?P<opt>--|-f|!f)\s+" if opt else r"\s+")
        + (rf"(?P<in>\S+)\s+(?P<out>{out})\s+" if interfaces else "")
        + rf"(?P<source>{address})\s+(?P<destination>{address})(?:\s+(?P<extras>.*))?\Z"
    )
