"""Packets in the kernel's log, as netfilter's LOG and nftables' ``log`` write them
(net/netfilter/nf_log_syslog.c).

::

    Nov 30 12:00:00 host kernel: [ 123.456789] [UFW BLOCK] IN=docker0 OUT=eth0 MAC=02:42:... SRC=172.17.0.2
        DST=8.8.8.8 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=40000 DPT=443 WINDOW=64240
        RES=0x00 SYN URGP=0

The prefix is the rule's own. A packet without OUT was for this host itself or not routed yet, one without IN
came from it.
"""

from __future__ import annotations

import re

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.host import LoggedPacket
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, named, numbered_lines, read_address
from sekisho.values.names import InterfaceName, interface_name
from sekisho.values.numbers import DIGITS, integer, is_number

LINE = re.compile(r"(?P<before>.*?)IN=(?P<iif>\S*) OUT=(?P<oif>\S*) (?P<rest>.*\bSRC=.*)")
_STAMP = re.compile(rf"(?:.*?\bkernel:\s*)?(?:\[\s*{DIGITS}\.{DIGITS}\]\s*|<{DIGITS}>\s*)*")
_ISO_DATE = re.compile(rf"(?:\[[A-Z][a-z]{{2}} [A-Z][a-z]{{2}}\s+{DIGITS} [0-9:]+ {DIGITS}\]\s*)?")
_INNER = re.compile(r"\[(SRC=[^\[\]]*)\]?")
_PORTS = ("TCP", "UDP", "UDPLITE", "SCTP", "DCCP")


def parse(text: str, file: str) -> Parsed[LoggedPacket]:
    """One packet for each line. Unread reasons: ``unknown-line``, ``truncated``, ``bad-address``..."""
    facts: list[LoggedPacket] = []
    unread: list[Unread] = []
    for number, line in numbered_lines(text):
        place = Evidence(file, number, line)
        try:
            facts.append(_read(line, place))
        except Unreadable as fault:
            unread.append(fault.at(place))
    return Parsed(tuple(facts), tuple(unread))


def _read(line: str, place: Evidence) -> LoggedPacket:
    found = LINE.fullmatch(line)
    if found is None:
        raise Unreadable("unknown-line", line.split(maxsplit=1)[0])
    before = found["before"]
    stamp = _STAMP.match(before)
    before = before[stamp.end() if stamp else 0 :]
    dated = _ISO_DATE.match(before)
    prefix = before[dated.end() if dated else 0 :]
    rest, inner = _without_inner(found["rest"])
    words = tuple((key, value) for key, _, value in (word.partition("=") for word in rest.split()))
    said: dict[str, str] = {}
    for key, value in words:
        said.setdefault(key, value)
    for key in ("SRC", "DST", "PROTO"):
        if not said.get(key):
            raise Unreadable("truncated", key)
    src, dst = read_address(said["SRC"]), read_address(said["DST"])
    if src.family != dst.family:
        raise Unreadable("mixed-families", said["DST"])
    proto = said["PROTO"]
    has_ports = proto in _PORTS and "SPT" in said
    return LoggedPacket(
        prefix, _interface(found["iif"]), _interface(found["oif"]), src, dst, proto,
        _port(said, "SPT") if has_ports else None, _port(said, "DPT") if has_ports else None,
        (_number(said, "TYPE"), _number(said, "CODE")) if {"TYPE", "CODE"} <= said.keys() else None,
        words, inner, found["before"][: len(found["before"]) - len(prefix)].strip(), place,
    )  # fmt: skip


def _without_inner(rest: str) -> tuple[str, str]:
    """Without the packet in brackets that an ICMP error is about."""
    inner = _INNER.search(rest)
    return (rest, "") if inner is None else (rest[: inner.start()] + rest[inner.end() :], inner[1].strip())


def _interface(text: str) -> InterfaceName | None:
    return named(interface_name, text) if text else None


def _number(said: dict[str, str], key: str) -> int:
    text = said.get(key, "")
    if not is_number(text):
        raise Unreadable("truncated" if not text else "bad-number", text or key)
    return integer(text)


def _port(said: dict[str, str], key: str) -> int:
    found = _number(said, key)
    if found > 0xFFFF:
        raise Unreadable("bad-number", said[key])
    return found
