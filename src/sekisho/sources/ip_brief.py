"""``ip -br addr`` and ``ip -br link``: one line for each interface.

::

    lo               UNKNOWN        127.0.0.1/8 ::1/128
    eth0@if7         UP             10.0.0.10/24 metric 100 fe80::1/64
    tun0             UNKNOWN        10.8.0.1 peer 10.8.0.2/32
    eth0             UP             02:00:00:00:00:0a <BROADCAST,MULTICAST,UP,LOWER_UP>

What these lines cannot say: indexes, bridges' ports, MTUs and kinds; the addresses' flags and scopes. The
scope of an IPv6 address lies in itself (ipv6_addr_scope); that of IPv4 does not, and is left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.sources.addr_words import split_length
from sekisho.sources.text import Unreadable, Words, named, numbered_lines, read_mac
from sekisho.values.address import Address, Prefix
from sekisho.values.names import interface_name

STATES = "UNKNOWN|UP|DOWN|LOWERLAYERDOWN|DORMANT|TESTING|NOTPRESENT"
_STATES = frozenset(STATES.split("|"))
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SCOPES = tuple(
    (Prefix.parse(text), scope)
    for text, scope in (
        ("127.0.0.0/8", "host"), ("::1/128", "host"), ("fe80::/10", "link"), ("fec0::/10", "site"),
        ("::/0", "global"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """What a text tells; ``of_addresses``: it is ``ip -br addr``, so that it lists all addresses."""

    interfaces: tuple[Interface, ...]
    addresses: tuple[InterfaceAddress, ...]
    unread: tuple[Unread, ...]
    of_addresses: bool


def parse(text: str, file: str) -> Read:
    """Read interfaces and addresses. A line with a fault loses what it tells of its interface, too."""
    interfaces: list[Interface] = []
    addresses: list[InterfaceAddress] = []
    unread: list[Unread] = []
    links = False
    for number, line in numbered_lines(text):
        place = Evidence(file, number, line)
        try:
            interface, mine = _read_line(_COLOUR.sub("", line), place)
        except Unreadable as fault:
            unread.append(fault.at(place))
            continue
        links = links or bool(interface.flags)
        interfaces.append(interface)
        addresses += mine
    return Read(tuple(interfaces), tuple(addresses), tuple(unread), not links)


def _read_line(line: str, place: Evidence) -> tuple[Interface, list[InterfaceAddress]]:
    words = Words(line)
    text, at, peer = words.take().partition("@")
    name = named(interface_name, text)
    state = words.take(text)
    if state not in _STATES:
        raise Unreadable("truncated" if words.is_last else "unknown-word", state)
    if words and (words.words[-1].startswith("<") or words.words[-1].endswith(">")):
        mac = None if words.peek().startswith("<") else read_mac(words.take())
        flags = words.take(state)
        if not re.fullmatch(r"<[A-Z0-9_,-]*>", flags):
            raise Unreadable("truncated" if words.is_last else "unknown-word", flags)
        if words:
            raise Unreadable("unknown-word", words.peek())
        listed = tuple(flag for flag in flags[1:-1].split(",") if flag)
        return Interface(
            name, flags=listed, state=state, mac=mac, peer=peer if at else None, evidence=place
        ), []
    found = list(_addresses(words, Interface(name, state=state, peer=peer if at else None, evidence=place)))
    return Interface(name, state=state, peer=peer if at else None, evidence=place), found


def _addresses(words: Words, interface: Interface) -> Iterator[InterfaceAddress]:
    while words:
        word = words.take()
        peer: Address | None = None
        if words.peek() == "peer":
            address, _ = split_length(word, last=False)
            words.take()
            peer, length = split_length(words.take("peer"), last=words.is_last)
        else:
            address, length = split_length(word, last=words.is_last)
        details = (("metric", str(words.number(words.take()))),) if words.peek() == "metric" else ()
        yield InterfaceAddress(
            interface.name, address.family, address, length, None, peer, _scope(address), None, (), details,
            interface.evidence,
        )  # fmt: skip


def _scope(address: Address) -> str | None:
    return next((scope for prefix, scope in _SCOPES if prefix.family == address.family
                 and prefix.contains(address)), None)  # fmt: skip
