"""Sockets as ``netstat -tlnp`` prints them, of net-tools and busybox.

::

    Active Internet connections (only servers)
    Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
    tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      812/sshd: /usr/sbin
    tcp6       0      0 :::80                   :::*                    LISTEN      1234/docker-proxy

What these rows cannot say: whether ``:::80`` takes IPv4 as well (IPV6_V6ONLY is not shown). Without ``-W``
a long IPv6 address is cut so that address and port fill 23 columns (addr_do_one of netstat.c): such a row
is unread. Rows of sockets that are not about IP (unix, bluetooth, x25...) yield no fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.host import Socket
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, numbered_lines
from sekisho.values.address import Address
from sekisho.values.numbers import DIGITS, integer, is_number

_PROTOCOLS = ("tcp", "udp", "udplite", "raw", "sctp", "dccp")
_ROW = re.compile(rf"(?:{'|'.join(_PROTOCOLS)})6?\s")
# net-tools' words for a state, and ss' (which facts have).
_STATES = {
    "ESTABLISHED": "ESTAB", "SYN_SENT": "SYN-SENT", "SYN_RECV": "SYN-RECV", "FIN_WAIT1": "FIN-WAIT-1",
    "FIN_WAIT2": "FIN-WAIT-2", "TIME_WAIT": "TIME-WAIT", "CLOSE": "CLOSED", "CLOSE_WAIT": "CLOSE-WAIT",
    "LAST_ACK": "LAST-ACK", "LISTEN": "LISTEN", "CLOSING": "CLOSING", "UNKNOWN": "CLOSED",
}  # fmt: skip
_TITLE = re.compile(
    r"Active (?:Internet|UNIX|Bluetooth|IPX|AX\.25|X\.25|NET/ROM)(?: [\w ./-]*)?(?:\([\w /]*\))?\s*"
)
# What the columns after the state hold: -e, -p and -o, each of which need not be there.
_REST = re.compile(
    rf"(?:\S+\s+{DIGITS}(?:\s+|$))?(?:(?P<pid>{DIGITS})/(?P<name>.*?)|-)?"
    rf"(?:\s+(?:off|on|on2|keepalive|timewait|probe|unkn-{DIGITS})\s+\([0-9./]+\))?"
)
_OTHER_SOCKETS = re.compile(r"(?:unix|l2cap|rfcomm)\s")
_HEADS = re.compile(r"Proto\s+(?:Recv-Q\s+Send-Q\s+Local Address|RefCnt\s+Flags|Destination\s)")
# Told to those who are not root; of the programs alone.
_ADVICE = re.compile(
    r"\(?(?:Not all processes could be identified|No info could be read for \"-p\"|\s*will not be shown)"
)
_NARROW = 23


def parse(text: str, file: str) -> Parsed[Socket]:
    """Read all sockets of IP. Unread reasons: ``port-name`` (printed without -n), ``truncated`` (an address
    without -W), ``bad-address``, ``unknown-line``."""
    facts: list[Socket] = []
    unread: list[Unread] = []
    for number, line in numbered_lines(text):
        if holds_nothing(line):
            continue
        evidence = Evidence(file, number, line)
        try:
            facts.append(_read_row(line, evidence))
        except Unreadable as fault:
            unread.append(fault.at(evidence))
    return Parsed(tuple(facts), tuple(unread))


def holds_nothing(line: str) -> bool:
    """Whether the line is a heading, advice about rights, or tells of a socket that is not about IP."""
    found = (
        _TITLE.fullmatch(line), _HEADS.match(line), _ADVICE.match(line.lstrip()), _OTHER_SOCKETS.match(line),
    )  # fmt: skip
    return any(found)


def covered(text: str) -> frozenset[str]:
    """The protocols that a listing shows, as far as its own lines tell: without its command nobody knows
    whether one that it has no row of was asked for. None at all where it is of connections only."""
    if "(w/o servers)" in text:
        return frozenset()
    rows = (line.split(maxsplit=1)[0].removesuffix("6") for line in text.split("\n") if _ROW.match(line))
    return frozenset(rows) & {"tcp", "udp"}


def _read_row(line: str, evidence: Evidence) -> Socket:
    words = line.split(maxsplit=5)
    if not _ROW.match(line) or len(words) < 5 or not (is_number(words[1]) and is_number(words[2])):
        raise Unreadable("truncated" if _ROW.match(line) and len(words) < 5 else "unknown-line")
    proto, received, sent, local, peer = words[:5]
    state, rest = _state(proto, words[5] if len(words) > 5 else "")
    process = _REST.fullmatch(rest)
    if process is None:
        raise Unreadable("unknown-word", rest)
    host, _, port = local.rpartition(":")
    if not is_number(port):
        raise Unreadable("port-name", port)
    address = _address(host, local)
    name = f'users:(("{process["name"].strip()}",pid={process["pid"]}))' if process["pid"] else None
    dual = None if address.family == 6 and address.value == 0 else False
    return Socket(
        proto.removesuffix("6"), state, address, integer(port), None, name,
        (integer(received), integer(sent)), peer, evidence, dual=dual,
    )  # fmt: skip


def _state(proto: str, rest: str) -> tuple[str, str]:
    """The state in ss' words, and what follows it. UDP has none, raw sockets a number."""
    word, _, after = rest.partition(" ")
    if word in _STATES:
        return _STATES[word], after.strip()
    if proto.startswith("tcp"):
        raise Unreadable("truncated" if not rest else "unknown-word", word)
    if proto.startswith("raw"):
        if not is_number(word):
            raise Unreadable("unknown-word" if word else "truncated", word)
        return "UNCONN", after.strip()
    return "UNCONN", rest.strip()


def _address(host: str, local: str) -> Address:
    host = host.removeprefix("[").removesuffix("]")
    if host == "*":
        return Address(4, 0)
    try:
        address = Address.parse(host)
    except ValueError:
        raise Unreadable("truncated" if len(local) == _NARROW else "bad-address", local) from None
    if address.family == 6 and len(local) == _NARROW:
        raise Unreadable("truncated", local)
    return address


def render(facts: Iterable[Socket]) -> str:
    """The sockets as ``netstat -n`` prints them, without programs."""
    lines = ["Active Internet connections (servers and established)"]
    states = {ss: word for word, ss in _STATES.items()}
    for fact in facts:
        six = "6" if fact.address is not None and fact.address.family == 6 else ""
        lines.append(
            f"{fact.proto + six:<5} {fact.queues[0]:>6} {fact.queues[1]:>6} {fact.address}:{fact.port} "
            f"{fact.peer or ':::*'} {'' if fact.proto == 'udp' else states.get(fact.state, '')}".rstrip()
        )
    return "".join(f"{line}\n" for line in lines)
