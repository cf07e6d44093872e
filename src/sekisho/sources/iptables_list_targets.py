"""Targets' own text in listings: ``to:172.18.0.2:80``, ``MARK set 0x1``, ``reject-with ...``.

Measured with iptables 1.8.9; earlier wordings that differ are read as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sekisho.sources.iptables_list_forms import Context, Form, Given, Piece, Said, flag, piece
from sekisho.sources.iptables_list_marks import CONNMARK, MARK
from sekisho.sources.iptables_words import quote_text, unquote
from sekisho.values.numbers import integer, is_number

_RANDOM = (flag("random", "random"), flag("random-fully", "random-fully"))
_PERSISTENT = flag("persistent", "persistent")

# syslog's levels by number, as LOG prints them without -n.
_LEVELS = ("emerg", "alert", "crit", "error", "warn", "notice", "info", "debug")
_LEVEL_NUMBERS = {
    **{name: number for number, name in enumerate(_LEVELS)},
    "panic": 0,
    "err": 3,
    "warning": 4,
}
_LOG_FLAGS = (
    (1, "log-tcp-sequence", "tcp-sequence"), (2, "log-tcp-options", "tcp-options"),
    (4, "log-ip-options", "ip-options"), (8, "log-uid", "uid"), (32, "log-macdecode", "macdecode"),
)  # fmt: skip
_LOG = re.compile(
    r'LOG(?: +flags +(?P<flags>[0-9]{1,20}))?(?: +level +(?P<level>\w+))?'
    r'(?P<words>(?: +(?:tcp-sequence|tcp-options|ip-options|uid|macdecode))*)'
    r'(?: +prefix +[`"](?P<prefix>.*)[\'"])?(?= |\Z)'
)  # fmt: skip


def _read_log(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
    said: list[Said] = []
    prefix, level = found["prefix"], found["level"]
    if prefix is not None:
        said.append(("log-prefix", False, (prefix,)))
    if level is not None:
        number = integer(level) if is_number(level) else _LEVEL_NUMBERS.get(level)
        if number is None:
            return None
        if number != 4:
            said.append(("log-level", False, (str(number),)))
    flags = integer(found["flags"] or "0")
    for bit, name, word in _LOG_FLAGS:
        if flags & bit or word in found["words"].split():
            said.append((name, False, ()))
    if flags & ~47:  # a flag that no version names
        return None
    return said


def _show_log(given: Given, context: Context) -> str | None:
    level = given["log-level"].values[0] if "log-level" in given else "4"
    number = integer(level) if is_number(level) else _LEVEL_NUMBERS.get(level, 4)
    first, last = ("`", "'") if context.old else ('"', '"')
    prefix = ""
    if "log-prefix" in given:
        prefix = f" prefix {first}{given['log-prefix'].values[0]}{last}"
    if context.numeric:
        flags = sum(bit for bit, name, _ in _LOG_FLAGS if name in given)
        return f"LOG flags {flags} level {number}{prefix}"
    words = "".join(f" {word}" for _, name, word in _LOG_FLAGS if name in given)
    return f"LOG level {_LEVELS[number % 8]}{words}{prefix}"


def _read_tproxy(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
    address, port, mark = found.groups()
    return [
        ("on-port", False, (port,)),
        ("on-ip", False, (address,)),
        ("tproxy-mark", False, (mark,)),
    ]


def _show_tproxy(given: Given, context: Context) -> str | None:
    def value(name: str, default: str) -> str:
        return given[name].values[0] if name in given else default

    anywhere = "0.0.0.0" if context.family == 4 else "::"
    mark = value("tproxy-mark", "0x0/0x0")
    return f"TPROXY redirect {value('on-ip', anywhere)}:{value('on-port', '0')} mark {mark}"


def _nflog_prefix(text: str, _context: Context) -> tuple[str, ...] | None:
    return (unquote(text),)


def _quoted(values: tuple[str, ...], _context: Context) -> str:
    return quote_text(values[0])


def _class_read(text: str, _context: Context) -> tuple[str, ...] | None:
    major, _, minor = text.partition(":")
    return (f"{integer(major, 16):04x}:{integer(minor, 16):04x}",)


def _class_show(values: tuple[str, ...], _context: Context) -> str:
    major, _, minor = values[0].partition(":")
    return f"{integer(major, 16):x}:{integer(minor, 16):x}"


def _counted(target: str, label: str) -> Form:
    """TTL and HL: ``TTL set to 5``, ``HL decrement by 1``."""
    return Form(
        label,
        label,
        (
            piece(f"{target}-set", "set to %"),
            piece(f"{target}-dec", "decrement by %"),
            piece(f"{target}-inc", "increment by %"),
        ),
    )


def _synproxy() -> Form:
    """Every word is followed by a blank here, instead of following one."""

    def show(given: Given, _context: Context) -> str | None:
        words = [
            " ".join([name, *given[name].values])
            for name in ("sack-perm", "timestamp", "wscale", "mss", "ecn")
            if name in given
        ]
        return "SYNPROXY " + "".join(f"{word} " for word in words)

    def read(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
        words = found[1].split()
        said: list[Said] = []
        for at, word in enumerate(words):
            if word in ("wscale", "mss"):
                said.append((word, False, (words[at + 1],)))
            elif not is_number(word):
                said.append((word, False, ()))
        return said

    pattern = re.compile(
        r"SYNPROXY((?: +(?:sack-perm|timestamp|ecn|wscale +[0-9]{1,20}|mss +[0-9]{1,20}))*) *(?= |\Z)"
    )
    names = ("sack-perm", "timestamp", "ecn", "wscale", "mss")
    return Form("SYNPROXY", "", (Piece(names, pattern, read, show),), order=names)


TARGET_FORMS: tuple[Form, ...] = (
    Form("DNAT", "", (piece("to-destination", "to:%"), *_RANDOM, _PERSISTENT)),
    Form("SNAT", "", (piece("to-source", "to:%"), *_RANDOM, _PERSISTENT)),
    Form("MASQUERADE", "", (piece("to-ports", "masq ports: %"), *_RANDOM)),
    Form("REDIRECT", "", (piece("to-ports", "redir ports %"), *_RANDOM)),
    Form("NETMAP", "", (piece("to", "to:%"),)),
    MARK,
    CONNMARK,
    Form(
        "LOG", "",
        (Piece(("log-prefix", "log-level", *(name for _, name, _ in _LOG_FLAGS)),
               _LOG, _read_log, _show_log),),
    ),
    Form("REJECT", "", (piece("reject-with", "reject-with %"),)),
    Form("TCPMSS", "TCPMSS", (flag("clamp-mss-to-pmtu", "clamp to PMTU"), piece("set-mss", "set %"))),
    Form(
        "CT", "CT",
        (flag("notrack", "notrack"), piece("helper", "helper %"), piece("ctevents", "ctevents %"),
         piece("expevents", "expevents %"), piece("zone-orig", "zone-orig %"),
         piece("zone-reply", "zone-reply %"), piece("zone", "zone %")),
    ),
    Form(
        "NFLOG", "",
        (piece("nflog-prefix", "nflog-prefix %", r'"(?:\\.|[^"\\])*"|\S+', read=_nflog_prefix, show=_quoted),
         *(piece(f"nflog-{what}", f"nflog-{what} %") for what in ("group", "size", "range", "threshold"))),
    ),
    Form(
        "NFQUEUE", "NFQUEUE",
        (piece("queue-balance", "balance %"), piece("queue-num", "num %"), flag("queue-bypass", "bypass"),
         flag("queue-cpu-fanout", "cpu-fanout")),
    ),
    Form(
        "TPROXY", "",
        (Piece(("on-port", "on-ip", "tproxy-mark"),
               re.compile(r"TPROXY redirect (\S+):(\S+) mark (\S+)(?= |\Z)"), _read_tproxy, _show_tproxy),),
    ),
    Form(
        "SET", "",
        (piece("add-set", "add-set %", r"\S+ +\S+"), flag("exist", "exist"), piece("timeout", "timeout %"),
         piece("del-set", "del-set %", r"\S+ +\S+"), piece("map-set", "map-set %", r"\S+ +\S+"),
         flag("map-mark", "map-mark"), flag("map-prio", "map-prio"), flag("map-queue", "map-queue")),
    ),
    Form("CLASSIFY", "", (piece("set-class", "CLASSIFY set %", r"[0-9a-f]+:[0-9a-f]+",
                                read=_class_read, show=_class_show),)),
    Form("DSCP", "", (piece("set-dscp", "DSCP set %"),)),
    Form("TOS", "", (piece("set-tos", "TOS set %"),)),
    Form("CHECKSUM", "CHECKSUM", (flag("checksum-fill", "fill"),)),
    _counted("ttl", "TTL"),
    _counted("hl", "HL"),
    Form(
        "RATEEST", "",
        (piece("rateest-name", "name %"), piece("rateest-interval", "interval %"),
         piece("rateest-ewmalog", "ewmalog %")),
    ),
    Form("AUDIT", "AUDIT", (piece("type", "%", "accept|drop|reject"),)),
    Form("IDLETIMER", "", (piece("timeout", "timeout:%"), piece("label", "label:%"), flag("alarm", "alarm"))),
    *(Form(name, name, (piece("src-pfx", "src-pfx %"), piece("dst-pfx", "dst-pfx %")))
      for name in ("DNPT", "SNPT")),
    _synproxy(),
    Form("TEE", "", (piece("gateway", "TEE gw:%"), piece("oif", "oif=%"))),
    Form("TCPOPTSTRIP", "TCPOPTSTRIP", (piece("strip-options", "options %"),)),
    Form("ECN", "ECN", (flag("ecn-tcp-remove", "TCP remove"),)),
    Form("CONNSECMARK", "CONNSECMARK", (flag("save", "save"), flag("restore", "restore"))),
    Form("SECMARK", "SECMARK", (piece("selctx", "selctx %"),)),
)  # fmt: skip

# These print nothing of their own. An empty text with any other target is suspicious.
SILENT_TARGETS = frozenset(
    {"ACCEPT", "DROP", "RETURN", "QUEUE", "TRACE", "NOTRACK", "MASQUERADE", "REDIRECT", "NFLOG"}
)
# Without their text these say too little: the line was cut.
NEEDS_TEXT = {"DNAT": "to:", "SNAT": "to:", "NETMAP": "to:"}
