"""Published ports as Docker's listings write them.

::

    0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, :::8080->80/tcp     published
    0.0.0.0:8000-8010->8000-8010/tcp                             one for one
    80/tcp, 443/tcp, 9000-9001/udp                               exposed, not published
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.model.docker import PublishedPort
from sekisho.sources.text import Unreadable, read_address
from sekisho.values.address import Address
from sekisho.values.numbers import DIGITS, integer

_ENTRY = re.compile(
    rf"(?:(?P<host>\S*):(?P<low>{DIGITS})(?:-(?P<high>{DIGITS}))?->)?"
    rf"(?P<first>{DIGITS})(?:-(?P<last>{DIGITS}))?/(?P<proto>[a-z]+)"
)
# A row of these would have been typed by nobody; what few letters ask for has an end.
MOST = 1 << 17


def read_ports(text: str, most: int = MOST) -> tuple[tuple[PublishedPort, ...], tuple[tuple[int, str], ...]]:
    """(published, exposed) of a PORTS column. Raises Unreadable for what it does not understand."""
    published: list[PublishedPort] = []
    exposed: list[tuple[int, str]] = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        found = _ENTRY.fullmatch(word)
        if found is None:
            raise Unreadable("bad-port", word)
        inside = _range(found["first"], found["last"], word)
        most -= len(inside)
        if most < 0:
            raise Unreadable("too-many-ports", word)
        if found["low"] is None:
            exposed += ((port, found["proto"]) for port in inside)
            continue
        outside = _range(found["low"], found["high"], word)
        if len(outside) != len(inside):
            raise Unreadable("bad-port", word)
        host = host_of(found["host"])
        published += (
            PublishedPort(port, found["proto"], host, at) for port, at in zip(inside, outside, strict=True)
        )
    return tuple(published), tuple(exposed)


def host_of(text: str) -> Address | None:
    """``0.0.0.0``, ``[::]``, ``::``; ``*`` and nothing stand for all addresses."""
    bare = text.removeprefix("[").removesuffix("]")
    return None if bare in ("", "*") else read_address(bare)


def _range(low: str, high: str | None, word: str) -> range:
    first, last = integer(low), integer(high or low)
    if not 0 < first <= last < 65536:
        raise Unreadable("bad-port", word)
    return range(first, last + 1)


def ports_of(published: Iterator[PublishedPort]) -> str:
    """The ports in the listing's words, one for each."""
    return ", ".join(
        f"{_shown(one.host_address)}:{one.host_port}->{one.container_port}/{one.proto}" for one in published
    )


def _shown(address: Address | None) -> str:
    if address is None:
        return "0.0.0.0"
    return f"[{address}]" if address.family == 6 else str(address)
