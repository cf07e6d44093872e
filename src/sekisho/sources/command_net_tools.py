"""What command lines of ``netstat``, ``ifconfig`` and ``ss`` ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from sekisho.sources.recognise import Format
from sekisho.values.address import Family


@dataclass(frozen=True, slots=True)
class Asked:
    """``format`` None: no reader reads what is printed. ``partial`` says why it is not everything there is;
    ``proto``: sockets of that kind only."""

    format: Format | None
    family: Family = 4
    partial: str = ""
    proto: str | None = None


def ifconfig_asked(arguments: list[str]) -> Asked:
    """Without ``-a`` interfaces that are down are left out, of which nothing else is asked; a setting (an
    address, ``up``) prints nothing."""
    names = [word for word in arguments if not word.startswith("-")]
    if len(names) > 1 or "-s" in arguments:
        return Asked(None)
    return Asked(Format.IFCONFIG, partial=f"only {names[0]}" if names else "")


def netstat_asked(arguments: list[str]) -> Asked:
    """``-r`` is the routing table; ``-i``, ``-s``, ``-g``, ``-M`` are other tables. Without ``-l`` and
    ``-a`` no listening sockets are shown."""
    long = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    flags = _short_flags(arguments)
    if "r" in flags or "--route" in long:
        return Asked(Format.ROUTE_N, 6 if "-6" in arguments or "--inet6" in long else 4)
    if set("isgM") & set(flags) or {"--interfaces", "--statistics", "--groups", "--masquerade"} & long:
        return Asked(None)
    listening = set("la") & set(flags) or {"--listening", "--all"} & long
    partial = "" if listening else "no listening sockets"
    if {"-4", "-6"} & set(arguments) or {"--inet", "--inet6"} & long or set("46") & set(flags):
        partial = partial or "of one IP version only"
    kinds = [
        proto for letter, proto in (("t", "tcp"), ("u", "udp")) if letter in flags or f"--{proto}" in long
    ]
    if not kinds and (set("wxS") & set(flags) or {"--raw", "--unix"} & long):
        partial = partial or "neither TCP nor UDP"
    return Asked(Format.NETSTAT, proto=kinds[0] if len(kinds) == 1 else None, partial=partial)


def ss_asked(arguments: list[str]) -> Asked:
    flags = _short_flags(arguments)
    kinds = [
        proto
        for letter, proto in (("t", "tcp"), ("u", "udp"), ("w", "raw"), ("S", "sctp"))
        if letter in flags
    ]
    families = [value for option, value in pairwise(arguments) if option in ("-f", "--family")]
    filters = [word for word in arguments if not word.startswith("-") and word not in families]
    partial = (
        f"only {' '.join(filters)}"
        if filters
        else "no listening sockets"
        if not set("la") & set(flags)
        else "of one IP version only"
        if families or set("46") & set(flags) or {"--ipv4", "--ipv6"} & set(arguments)
        else ""
    )
    if not partial and kinds and not {"tcp", "udp"} <= set(kinds) and len(kinds) > 1:
        partial = f"only {' and '.join(kinds)}"
    return Asked(Format.SS, proto=kinds[0] if len(kinds) == 1 else None, partial=partial)


def _short_flags(arguments: list[str]) -> str:
    return "".join(word[1:] for word in arguments if re.fullmatch(r"-[A-Za-z0-9]+", word))
