"""WireGuard's interfaces and peers, as ``wg showconf`` and ``wg show`` have them, without keys.

wg showconf wg0              interface: wg0
[Interface]                    listening port: 51820
ListenPort = 51820
[Peer]                       peer: KEY
AllowedIPs = 10.9.0.2/32       endpoint: 192.0.2.7:51820
Endpoint = 192.0.2.7:51820     allowed ips: 10.9.0.2/32
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from sekisho.model.beside import LISTENS, Beside
from sekisho.model.evidence import Evidence, Unread
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, named, numbered_lines, read_prefix
from sekisho.values.address import Address, Prefix
from sekisho.values.names import InterfaceName, interface_name
from sekisho.values.numbers import integer, is_number

_HEADING = re.compile(r"(?:wg showconf|interface:) (\S+)\s*")
_PEER = re.compile(r"\[Peer\]\s*|peer: \S+\s*")
_SETTING = re.compile(r"\s*([A-Za-z]+(?: [a-z]+)*)(?: ?=|:) ?(.*?)\s*")
_ENDPOINT = re.compile(r"\[?([0-9A-Fa-f:.]+?)(?:%\w+)?\]?:([0-9]{1,5})")
_SECRET = ("private key", "preshared key", "privatekey", "presharedkey")
# What does not tell where packets go.
_NOTHING = frozenset(
    {
        "private key", "public key", "preshared key", "privatekey", "publickey", "presharedkey",
        "latest handshake", "transfer", "persistent keepalive", "persistentkeepalive",
    }
)  # fmt: skip


def is_configuration(text: str) -> bool:
    """Whether the text is one of these listings, and not that of ``wg show all allowed-ips``."""
    return any(_HEADING.fullmatch(line) or _PEER.fullmatch(line) for line in text.splitlines())


def parse(text: str, file: str) -> Parsed[Beside]:
    """Read the listing: a fact for each interface's own part and for each peer; every one keeps its lines."""
    facts: list[Beside] = []
    unread: list[Unread] = []
    name: InterfaceName | None = None
    waiting: tuple[str, ...] = ()
    for number, line in numbered_lines(text):
        evidence = Evidence(file, number, line)
        try:
            if heading := _HEADING.fullmatch(line):
                name = named(interface_name, heading[1])
                facts.append(Beside("wireguard", (line,), name, word=LISTENS, evidence=evidence))
            elif name is None:
                raise Unreadable("unknown-line", line.split()[0])
            elif _PEER.fullmatch(line):
                facts.append(Beside("wireguard", (*waiting, line), name, evidence=evidence))
            elif line.strip() == "[Interface]":
                facts[-1] = replace(facts[-1], lines=(*facts[-1].lines, line))
            else:
                facts[-1] = _with_setting(facts[-1], line)
        except Unreadable as fault:
            unread.append(fault.at(evidence))
    return Parsed(tuple(facts), tuple(unread))


def _with_setting(fact: Beside, line: str) -> Beside:
    found = _SETTING.fullmatch(line)
    word, value = ("", "") if found is None else (found[1].lower(), found[2])
    kept = line.replace(value, "(hidden)") if word in _SECRET and value else line
    fact = replace(fact, lines=(*fact.lines, kept))
    if word in ("listenport", "listening port"):
        if not is_number(value):
            raise Unreadable("bad-number", value)
        return replace(fact, port=integer(value))
    if word == "fwmark":
        return replace(fact, mark=_mark(value))
    if word == "endpoint":
        address, port = (None, None) if value == "(none)" else _endpoint(value)
        return replace(fact, address=address, port=port)
    if word in ("allowedips", "allowed ips"):
        listed = () if value in ("", "(none)") else tuple(_prefixes(value))
        return replace(fact, allowed=(*fact.allowed, *listed))
    if word not in _NOTHING:
        raise Unreadable("unknown-word", line.split()[0])
    return fact


def _mark(value: str) -> int | None:
    try:
        return None if value == "off" else integer(value.removeprefix("0x"), 16 if "x" in value else 10)
    except ValueError:
        raise Unreadable("bad-number", value) from None


def _prefixes(value: str) -> Iterator[Prefix]:
    return (read_prefix(word.strip()) for word in value.split(","))


def _endpoint(value: str) -> tuple[Address, int]:
    found = _ENDPOINT.fullmatch(value)
    if found is None:
        raise Unreadable("bad-address", value)
    try:
        return Address.parse(found[1]), integer(found[2])
    except ValueError:
        raise Unreadable("bad-address", value) from None
