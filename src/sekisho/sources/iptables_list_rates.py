"""Matches with a memory in listings: limit, hashlimit, recent, connlimit, statistic."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sekisho.sources.iptables_list_forms import Context, Form, Given, Piece, Said, fill, flag, piece

# Printed in a listing always, in the save format only where it is another number.
DEFAULT_BURST = "5"


def _read_limit(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
    said: list[Said] = [("limit", False, (found[1],))]
    if found[2] != DEFAULT_BURST:
        said.append(("limit-burst", False, (found[2],)))
    return said


def _show_limit(given: Given, _context: Context) -> str | None:
    rate = given["limit"].values[0] if "limit" in given else "3/hour"
    burst = given["limit-burst"].values[0] if "limit-burst" in given else DEFAULT_BURST
    return f"limit: avg {rate} burst {burst}"


LIMIT = Form(
    "limit",
    "",
    (
        Piece(
            ("limit", "limit-burst"),
            re.compile(r"limit: +avg +(\S+) +burst +([0-9]{1,20})(?= |\Z)"),
            _read_limit,
            _show_limit,
            "l",
        ),
    ),
)


def _dashes(text: str, _context: Context) -> tuple[str, ...] | None:
    return (text.replace("-", ","),)


def _with_dashes(values: tuple[str, ...], _context: Context) -> str:
    return values[0].replace(",", "-")


HASHLIMIT = Form(
    "hashlimit",
    "limit:",
    (
        piece("hashlimit-upto", "up to %"),
        piece("hashlimit-above", "above %"),
        piece("hashlimit-burst", "burst %"),
        piece("hashlimit-mode", "mode %", read=_dashes, show=_with_dashes),
        piece("hashlimit-htable-size", "htable-size %"),
        piece("hashlimit-htable-max", "htable-max %"),
        piece("hashlimit-htable-gcinterval", "htable-gcinterval %"),
        piece("hashlimit-htable-expire", "htable-expire %"),
        piece("hashlimit-srcmask", "srcmask %"),
        piece("hashlimit-dstmask", "dstmask %"),
        flag("hashlimit-rate-match", "rate-match"),
        piece("hashlimit-rate-interval", "rate-interval %"),
    ),
    silent=frozenset({"hashlimit-name"}),
)

_RECENT_WORDS = {"set": "SET", "rcheck": "CHECK", "update": "UPDATE", "remove": "REMOVE"}


def _read_recent(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
    name = {word: name for name, word in _RECENT_WORDS.items()}[found[2]]
    return [(name, found[1] is not None, ())]


def _show_recent(given: Given, _context: Context) -> str | None:
    for name, word in _RECENT_WORDS.items():
        if name in given:
            return fill(f"<! >recent: {word}", given[name].negated, "")
    return None


RECENT = Form(
    "recent",
    "",
    (
        Piece(
            tuple(_RECENT_WORDS),
            re.compile(r"(?:(!) +)?recent: +(SET|CHECK|UPDATE|REMOVE)(?= |\Z)"),
            _read_recent,
            _show_recent,
            "!r",
        ),
        piece("seconds", "seconds: %"),
        flag("reap", "reap"),
        piece("hitcount", "hit_count: %"),
        flag("rttl", "TTL-Match"),
        piece("name", "name: %"),
        flag("rsource", "side: source"),
        flag("rdest", "side: dest"),
        piece("mask", "mask: %"),
    ),
    order=(*_RECENT_WORDS, "seconds", "reap", "hitcount", "rttl", "name", "mask", "rsource", "rdest"),
)


def _read_connlimit(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
    side, mask, operator, count = found.groups()
    name = "connlimit-above" if operator == ">" else "connlimit-upto"
    said: list[Said] = [(name, False, (count,)), ("connlimit-mask", False, (mask,))]
    return [*said, ("connlimit-daddr" if side == "dst" else "connlimit-saddr", False, ())]


def _show_connlimit(given: Given, context: Context) -> str | None:
    side = "dst" if "connlimit-daddr" in given else "src"
    full = "32" if context.family == 4 else "128"
    mask = given["connlimit-mask"].values[0] if "connlimit-mask" in given else full
    above = given.get("connlimit-above")
    upto = given.get("connlimit-upto")
    if above is not None:
        return f"#conn {side}/{mask} {'<=' if above.negated else '>'} {above.values[0]}"
    if upto is not None:
        return f"#conn {side}/{mask} {'>' if upto.negated else '<='} {upto.values[0]}"
    return None


CONNLIMIT = Form(
    "connlimit",
    "",
    (
        Piece(
            ("connlimit-above", "connlimit-upto", "connlimit-mask", "connlimit-saddr", "connlimit-daddr"),
            re.compile(r"#conn +(src|dst)/([0-9]{1,20}) +(>|<=) +([0-9]{1,20})(?= |\Z)"),
            _read_connlimit,
            _show_connlimit,
            "#",
        ),
    ),
)


def _packet_zero(said: list[Said], _context: Context) -> list[Said]:
    """The save format writes ``--packet 0`` out, a listing does not."""
    names = [one[0] for one in said]
    if "every" in names and "packet" not in names:
        return [*said, ("packet", False, ("0",))]
    return said


def _show_packet(given: Given, _context: Context) -> str | None:
    option = given.get("packet")
    return None if option is None or option.values == ("0",) else f"packet {option.values[0]}"


_PACKET = piece("packet", "packet %")

STATISTIC = Form(
    "statistic",
    "statistic",
    (
        piece("mode", "mode %", "random|nth"),
        piece("probability", "<! >probability %"),
        piece("every", "<! >every %"),
        Piece(_PACKET.names, _PACKET.pattern, _PACKET.read, _show_packet),
    ),
    finish=_packet_zero,
)
