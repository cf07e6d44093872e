"""The values that options of matches carry: addresses, interfaces, ranges, flags, marks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, TypeVar

from sekisho.semantics.fields import Field
from sekisho.semantics.program import Guard, Interface, Masked
from sekisho.values.address import Family, Prefix
from sekisho.values.intset import IntSet
from sekisho.values.numbers import integer
from sekisho.values.packet import TCP_FLAG_BITS

Side = Literal["iif", "oif", "physin", "physout"]


@lru_cache(maxsize=4096)
def addresses(text: str, family: Family) -> IntSet:
    """``10.0.0.0/8``, a host, a list with commas.

    Raises ValueError for anything else, a mask with holes among it.
    """
    prefixes = [Prefix.parse(part) for part in text.split(",")]
    for prefix in prefixes:
        if prefix.family != family:
            raise ValueError(f"{prefix} is not an IPv{family} address")
    if len(prefixes) == 1:
        return IntSet.prefix(prefixes[0])
    return IntSet.from_intervals((prefix.first, prefix.last) for prefix in prefixes)


def interface(side: Side, pattern: str) -> Guard:
    """``eth0``, or ``br-+`` for every interface whose name starts with br-."""
    if pattern.endswith("+"):
        return Interface(side, pattern[:-1], prefix=True)
    return Interface(side, pattern)


def numbers(text: str, separator: str = ":", bits: int = 16) -> IntSet:
    """``80``, ``1024:``, ``:1023``, ``80:90`` and lists of these with commas."""
    intervals: list[tuple[int, int]] = []
    for part in text.split(","):
        first, sep, last = part.partition(separator)
        low = integer(first, 0) if first else 0
        high = (integer(last, 0) if last else (1 << bits) - 1) if sep else low
        if low < 0 or low > high or high >= 1 << bits:
            raise ValueError(f"not a range: {part}")
        intervals.append((low, high))
    return IntSet.from_intervals(intervals)


# Words for the type of service (RFC 1349) and for DSCP (RFC 2474, 2597, 3246), in lower case.
TOS_NAMES = {
    "minimize-delay": 0x10, "maximize-throughput": 0x08, "maximize-reliability": 0x04,
    "minimize-cost": 0x02, "normal-service": 0,
}  # fmt: skip
DSCP_CLASSES = {
    "cs0": 0, "cs1": 8, "cs2": 16, "cs3": 24, "cs4": 32, "cs5": 40, "cs6": 48, "cs7": 56, "be": 0, "ef": 46,
    "af11": 10, "af12": 12, "af13": 14, "af21": 18, "af22": 20, "af23": 22, "af31": 26, "af32": 28,
    "af33": 30, "af41": 34, "af42": 36, "af43": 38,
}  # fmt: skip

Told = TypeVar("Told")


def named(table: Mapping[str, Told], word: str, what: str) -> Told:
    """What a word of iptables stands for, in upper or lower case. Raises ValueError for another word.

    The keys of the table are in lower case, as iptables compares its words (strcasecmp).
    """
    found = table.get(word.lower())
    if found is None:
        raise ValueError(f"unknown {what} {word}")
    return found


def flag_bits(text: str) -> int:
    """``SYN,ACK`` (or a number) as the bits of the TCP header."""
    bits = 0
    for name in text.split(","):
        bits |= integer(name, 16) if name.lower().startswith("0x") else _flag(name)
    return bits


def _flag(name: str) -> int:
    if name not in TCP_FLAG_BITS:
        raise ValueError(f"unknown TCP flag {name}")
    return TCP_FLAG_BITS[name]


def masked(field: Field, text: str) -> Guard:
    """``0x1/0xff``: the field's bits under the mask have the value."""
    value, slash, mask = text.partition("/")
    return Masked(field, integer(mask, 0) if slash else 0xFFFFFFFF, integer(value, 0))
