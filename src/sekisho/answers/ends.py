"""Ends of flows as the user writes them where many packets are meant.

ADDRESS  PREFIX  any  internet  vpc  host  host:NAME  container:NAME  network:NAME  netns:NAME  iface:NAME
each with :PORT or :FROM-TO
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.answers.endpoints import meant_as_port, split_name
from sekisho.errors import UsageError, said
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.intset import IntSet
from sekisho.values.numbers import integer, is_number

WORDS = ("any", "internet", "vpc", "host")
KINDS = ("container", "network", "netns", "iface", "host")

ADVICE = (
    "write an address, a prefix, any, internet, vpc, host, container:NAME, network:NAME, netns:NAME or"
    " iface:NAME, each with :PORT or :FROM-TO where ports are meant ([2001:db8::/32]:80 for IPv6)"
)


@dataclass(frozen=True, slots=True)
class End:
    """``kind`` is one of WORDS, one of KINDS (with ``name``; "host" alone has none) or "address" (with
    ``addresses`` and the ``family``); ``ports`` None: not narrowed."""

    text: str
    kind: str
    name: str = ""
    addresses: IntSet | None = None
    family: Family | None = None
    ports: IntSet | None = None


def parse_end(text: str) -> End:
    """Read one end. Raises UsageError naming what is wrong with it."""
    if not text:
        raise UsageError("an endpoint is empty", advice=ADVICE)
    body, ports = _split(text)
    if body in WORDS:
        return End(text, body, ports=ports)
    kind, colon, name = body.partition(":")
    if colon and kind in KINDS:
        if not name:
            raise UsageError(said("{0}: needs a name", kind), text=text, advice=ADVICE)
        return End(text, kind, name, ports=ports)
    if body == "":
        return End(text, "host", ports=ports)
    try:
        if "/" in body:
            prefix = Prefix.parse(body)
            return End(text, "address", "", IntSet.prefix(prefix), prefix.family, ports)
        address = Address.parse(body)
        return End(text, "address", "", IntSet.of(address.value), address.family, ports)
    except ValueError as error:
        raise UsageError(said("not an endpoint: {0}", error), text=text, advice=ADVICE) from error


def _split(text: str) -> tuple[str, IntSet | None]:
    if (split := split_name(text)) is not None:
        return split[0], parse_ports(split[1], text) if split[1] else None
    if text.startswith("["):
        inside, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise UsageError("the bracket is not closed", text=text, advice=ADVICE)
        return inside, parse_ports(rest[1:], text) if rest else None
    head, colon, tail = text.rpartition(":")
    named = head.partition(":")[0] in KINDS
    if head == "host" and meant_as_port(tail):
        return head, parse_ports(tail, text)
    if not colon or head in KINDS or (text.count(":") > 1 and not named):
        return text, None
    if named and not is_number(tail[:1]):
        return text, None
    return head, parse_ports(tail, text)


def parse_ports(text: str, whole: str) -> IntSet:
    """``80``, ``8000-8080``, and lists of these with commas. Raises UsageError."""
    spans = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not is_number(first) or (dash and not is_number(last)):
            raise UsageError(said("not a port: {0!r}", part), text=whole, advice=ADVICE)
        low, high = integer(first), integer(last or first)
        if not 0 < low <= high < 65536:
            raise UsageError(said("not a port: {0!r}", part), text=whole, advice=ADVICE)
        spans.append((low, high))
    return IntSet.from_intervals(spans)
