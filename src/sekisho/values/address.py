"""IPv4 and IPv6 addresses and prefixes as plain integers with a family.

Text forms are those of ``inet_pton``/``inet_ntop``, which iproute2 and iptables use as well.
"""

from __future__ import annotations

# Straight from the C module: the socket module takes as long to import as a third of this package.
from _socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sekisho.errors import said
from sekisho.values.numbers import integer, is_number

Family = Literal[4, 6]

BITS: dict[int, int] = {4: 32, 6: 128}


def format_ip(family: int, value: int) -> str:
    """The address ``value`` as text, e.g. ``format_ip(4, 0x0A000001) == "10.0.0.1"``."""
    if family == 4:
        return inet_ntop(AF_INET, value.to_bytes(4, "big"))
    return inet_ntop(AF_INET6, value.to_bytes(16, "big"))


def parse_value(text: str) -> int:
    """The number of an address of either family, without the object around it: where there are very many.
    Raises ValueError."""
    try:
        return int.from_bytes(inet_pton(AF_INET6 if ":" in text else AF_INET, text), "big")
    except (OSError, UnicodeEncodeError) as error:
        raise ValueError(said("not an IP address: {0!r}", text)) from error


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """One IP address. ``value`` is the address in network byte order as an unsigned integer."""

    family: Family
    value: int

    @staticmethod
    def parse(text: str) -> Address:
        """Read ``10.0.0.1`` or ``fe80::1``. Raises ValueError when it is neither."""
        return _parse_address(text)

    def __str__(self) -> str:
        return format_ip(self.family, self.value)


@lru_cache(maxsize=65536)
def _parse_address(text: str) -> Address:
    return Address(6 if ":" in text else 4, parse_value(text))


@dataclass(frozen=True, slots=True, order=True)
class Prefix:
    """A CIDR prefix; ``value`` is the network address, host bits are always zero."""

    family: Family
    value: int
    length: int

    @staticmethod
    def parse(text: str) -> Prefix:
        """Read ``10.0.0.0/16``, ``10.0.0.1`` (a host prefix), or ``10.0.0.0/255.255.0.0``.

        iproute2's abbreviated forms (``127/8``) are accepted too. Raises ValueError on anything
        else and on host bits that are set.
        """
        return _parse_prefix(text)

    @property
    def bits(self) -> int:
        return BITS[self.family]

    @property
    def first(self) -> int:
        return self.value

    @property
    def last(self) -> int:
        return self.value | ((1 << (self.bits - self.length)) - 1)

    @property
    def address(self) -> Address:
        """The first address of the prefix."""
        return Address(self.family, self.value)

    def contains(self, other: Address | Prefix) -> bool:
        """Whether all of ``other`` lies inside this prefix (never across families)."""
        if other.family != self.family:
            return False
        if isinstance(other, Prefix) and other.length < self.length:
            return False
        return self.first <= other.value <= self.last

    def overlaps(self, other: Prefix) -> bool:
        """Whether the two prefixes share at least one address."""
        return self.contains(other) or other.contains(self)

    def __str__(self) -> str:
        return f"{format_ip(self.family, self.value)}/{self.length}"


def prefix_or_none(text: str) -> Prefix | None:
    """The prefix of a rule's option, which may be any word; None where it is none."""
    try:
        return Prefix.parse(text)
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def _parse_prefix(text: str) -> Prefix:
    host, slash, suffix = text.partition("/")
    if slash and ":" not in host and 0 < host.count(".") < 3:
        host += ".0" * (3 - host.count("."))
    elif slash and is_number(host):
        host += ".0.0.0"
    address = Address.parse(host)
    bits = BITS[address.family]
    if not slash:
        length = bits
    elif is_number(suffix):
        length = integer(suffix)
    else:
        length = _mask_length(Address.parse(suffix), bits)
    if length > bits:
        raise ValueError(said("prefix length {0} is more than {1}: {2!r}", length, bits, text))
    if address.value & ((1 << (bits - length)) - 1):
        raise ValueError(said("host bits are set in {0!r}", text))
    return Prefix(address.family, address.value, length)


def _mask_length(mask: Address, bits: int) -> int:
    inverted = mask.value ^ ((1 << bits) - 1)
    if BITS[mask.family] != bits or inverted & (inverted + 1):
        raise ValueError(said("not a contiguous netmask: {0}", mask))
    return bits - inverted.bit_length()


def host_prefix(address: Address) -> Prefix:
    """The prefix that holds just this address (/32 or /128)."""
    return Prefix(address.family, address.value, BITS[address.family])


def everything(family: Family) -> Prefix:
    """0.0.0.0/0 or ::/0."""
    return Prefix(family, 0, 0)
