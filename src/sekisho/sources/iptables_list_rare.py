"""Matches that hardly anybody uses, in listings: time, cluster, bpf, DCCP packet types."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sekisho.sources.iptables_list_forms import Context, Form, Given, Piece, Said, flag, piece
from sekisho.values.numbers import integer, is_number

# A head that is followed by a blank of its own.
BLANK = Piece((), re.compile(r"(?=\Z| )"), lambda _found, _context: (), lambda _given, _context: "")

# --- time --------------------------------------------------------------------------------------

_DAY = r"[0-9]{4}-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]"
_ORDINAL = {"1": "st", "2": "nd", "3": "rd"}


def _read_date(text: str, _context: Context) -> tuple[str, ...] | None:
    return (text.replace(" ", "T"),)


def _show_date(values: tuple[str, ...], _context: Context) -> str:
    return values[0].replace("T", " ")


def _read_days(text: str, _context: Context) -> tuple[str, ...] | None:
    return (re.sub(r"(?<=[0-9])(?:st|nd|rd|th)", "", text),)


def _show_days(values: tuple[str, ...], _context: Context) -> str:
    return ",".join(day + _ORDINAL.get(day[-1], "th") for day in values[0].split(","))


def _time_zone(said: list[Said], _context: Context) -> list[Said]:
    """A listing names UTC, the save format names the other choice."""
    if any(name == "utc" for name, _, _ in said):
        return [one for one in said if one[0] != "utc"]
    return [*said, ("kerneltz", False, ())]


def _show_zone(given: Given, _context: Context) -> str | None:
    return None if "kerneltz" in given or "localtz" in given else "UTC"


_UTC = flag("utc", "UTC")
_LAST_DATE = "2038-01-19T03:14:07"  # what the save format writes where there is no last date
_STOP = piece("datestop", "until date %", _DAY, read=_read_date, show=_show_date)


def _show_stop(given: Given, context: Context) -> str | None:
    option = given.get("datestop")
    return None if option is None or option.values == (_LAST_DATE,) else _STOP.show(given, context)


TIME = Form(
    "time",
    "TIME",
    (
        piece("timestart", "from %", r"[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"),
        piece("timestop", "to %", r"[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"),
        piece("weekdays", "on %", r"[A-Z][a-z]{2}(?:,[A-Z][a-z]{2})*"),
        piece("monthdays", "on %", r"[0-9]+[a-z]{2}(?:,[0-9]+[a-z]{2})*", read=_read_days, show=_show_days),
        piece("datestart", "starting from %", _DAY, read=_read_date, show=_show_date),
        Piece(_STOP.names, _STOP.pattern, _STOP.read, _show_stop),
        Piece(("utc", "kerneltz", "localtz"), _UTC.pattern, _UTC.read, _show_zone),
        flag("contiguous", "contiguous"),
    ),
    order=(
        "timestart", "timestop", "monthdays", "weekdays", "datestart", "datestop", "kerneltz",
        "contiguous",
    ),
    finish=_time_zone,
)  # fmt: skip

# --- cluster -----------------------------------------------------------------------------------

_CLUSTER = re.compile(
    r"cluster +(!)?node_mask=(0x[0-9a-f]+) total_nodes=([0-9]{1,20}) hash_seed=(0x[0-9a-f]+)(?= |\Z)"
)


def _read_cluster(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
    return [
        ("cluster-local-nodemask", found[1] is not None, (found[2],)),
        ("cluster-total-nodes", False, (found[3],)),
        ("cluster-hash-seed", False, (found[4],)),
    ]


def _show_cluster(given: Given, _context: Context) -> str | None:
    mask = given.get("cluster-local-nodemask")
    if mask is None or "cluster-total-nodes" not in given or "cluster-hash-seed" not in given:
        return None
    total, seed = given["cluster-total-nodes"].values[0], given["cluster-hash-seed"].values[0]
    sign = "!" if mask.negated else ""
    return f"cluster {sign}node_mask={mask.values[0]} total_nodes={total} hash_seed={seed}"


CLUSTER = Form(
    "cluster",
    "",
    (
        Piece(
            ("cluster-local-nodemask", "cluster-total-nodes", "cluster-hash-seed"),
            _CLUSTER,
            _read_cluster,
            _show_cluster,
            "c",
        ),
    ),
)

# --- bpf ---------------------------------------------------------------------------------------


def _read_bpf(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
    return [("bytecode", False, (f"{found[1].count(',') + 1},{found[1]}",))]


def _show_bpf(given: Given, _context: Context) -> str | None:
    if "bytecode" not in given:
        return None
    # iptables prints a NUL character at the end.
    return f"match bpf {given['bytecode'].values[0].partition(',')[2]}\0"


_INSTRUCTION = r"[0-9]{1,20} [0-9]{1,20} [0-9]{1,20} [0-9]{1,20}"
BPF = Form(
    "bpf",
    "",
    (
        Piece(
            ("bytecode",),
            re.compile(rf"match bpf ({_INSTRUCTION}(?:,{_INSTRUCTION})*)\0?(?= |\Z)"),
            _read_bpf,
            _show_bpf,
            "m",
        ),
    ),
    glued=True,
)

# --- DCCP packet types -------------------------------------------------------------------------

_TYPES = (
    "REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC", "SYNCACK",
)  # fmt: skip
_INVALID = tuple(str(number) for number in range(len(_TYPES), 16))


def _read_types(text: str, _context: Context) -> tuple[str, ...] | None:
    """Numbers as names; 10 to 15 together are ``INVALID``, and the save format knows them only so."""
    given = text.split(",")
    names = [_TYPES[integer(item)] for item in given if is_number(item) and integer(item) < len(_TYPES)]
    names += [item for item in given if not is_number(item)]
    others = tuple(item for item in given if is_number(item) and integer(item) >= len(_TYPES))
    if others and others != _INVALID:
        return None
    return (",".join([*names, *(["INVALID"] if others else [])]),)


def _show_types(values: tuple[str, ...], context: Context) -> str:
    if not context.numeric:
        return values[0]
    shown: list[str] = []
    for name in values[0].split(","):
        shown += _INVALID if name == "INVALID" else [str(_TYPES.index(name))]
    return ",".join(shown)


DCCP_TYPES = piece(
    "dccp-types",
    "<! >%",
    r"(?:[0-9]{1,20}|[A-Z]+)(?:,(?:[0-9]{1,20}|[A-Z]+))*",
    read=_read_types,
    show=_show_types,
)
