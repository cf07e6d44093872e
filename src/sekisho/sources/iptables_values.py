"""Values of a rule's options in the one spelling that ``iptables-save`` prints.

Each function raises ValueError for text that iptables would refuse.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from sekisho.model.extension_matches import MATCHES
from sekisho.model.extension_targets import TARGETS
from sekisho.sources.iptables_names import (
    ICMP6_TYPES,
    ICMP_TYPES,
    REJECT_ALIASES,
)
from sekisho.values.address import BITS, Address, Family, Prefix, format_ip
from sekisho.values.numbers import integer, is_number
from sekisho.values.packet import TCP_FLAG_BITS, protocol_name, protocol_number
from sekisho.values.services import SERVICES

_LONGEST_NUMBER = 24  # digits of an octal number
_FLAG_ORDER = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")


@lru_cache(maxsize=65536)
def network(text: str, family: Family) -> str:
    """``10.1.2.3/255.0.0.0`` or ``10/8`` as ``10.0.0.0/8``; a mask with holes stays a mask."""
    host, slash, mask = text.partition("/")
    if family == 4 and slash and is_number(host.replace(".", "")):
        host += ".0" * (3 - host.count("."))
    address = Address.parse(host)
    if address.family != family:
        raise ValueError(f"not an IPv{family} address: {text!r}")
    bits = BITS[family]
    if not slash:
        length = bits
    elif is_number(mask):
        length = integer(mask)
    else:
        value = Address.parse(mask)
        if value.family != family:
            raise ValueError(f"not an IPv{family} mask: {text!r}")
        inverted = value.value ^ ((1 << bits) - 1)
        if inverted & (inverted + 1):
            return f"{format_ip(family, address.value & value.value)}/{value}"
        length = bits - inverted.bit_length()
    if length > bits:
        raise ValueError(f"prefix length {length} is more than {bits}: {text!r}")
    kept = address.value >> (bits - length) << (bits - length)
    return str(Prefix(family, kept, length))


@lru_cache(maxsize=1024)
def protocol(text: str) -> str:
    """``tcp`` for ``6`` or ``TCP``; a number that has no name stays; ``all`` for 0."""
    number = protocol_number(text)
    return "all" if number == 0 else protocol_name(number)


@lru_cache(maxsize=65536)
def port(text: str) -> str:
    """A port as a number: ``ssh`` is 22."""
    if is_number(text):
        if integer(text) > 65535:
            raise ValueError(f"not a port: {text!r}")
        return str(integer(text))
    if text in SERVICES:
        return str(SERVICES[text])
    raise ValueError(f"unknown service name: {text!r}")


@lru_cache(maxsize=65536)
def port_range(text: str) -> str:
    """``80``, ``80:90``; an open end (``:90``, ``80:``) is written out."""
    first, colon, last = text.partition(":")
    if not colon:
        return port(first)
    low, high = port(first or "0"), port(last or "65535")
    return low if low == high else f"{low}:{high}"


def port_list(text: str) -> str:
    """The comma list of ``multiport``: ports and ranges in their order."""
    return ",".join(port_range(item) for item in text.split(","))


def tcp_flags(text: str) -> str:
    """``SYN,FIN`` as ``FIN,SYN``; ``ALL`` written out; no flag is ``NONE``."""
    bits = 0
    for name in text.split(","):
        if name.upper() not in TCP_FLAG_BITS:
            raise ValueError(f"unknown TCP flag: {name!r}")
        bits |= TCP_FLAG_BITS[name.upper()]
    return tcp_flag_names(bits)


def tcp_flag_names(bits: int) -> str:
    """The names of a set of TCP flag bits (RFC 9293), in the order of iptables."""
    return ",".join(name for name in _FLAG_ORDER if bits & TCP_FLAG_BITS[name]) or "NONE"


def _icmp(text: str, names: dict[str, str]) -> str:
    if text in names:
        return names[text]
    # In upper and lower case, and the beginning of a name that no other begins with (libxt_icmp.h).
    word = text.lower()
    meant = {value for name, value in names.items() if name.lower() == word}
    meant = meant or {value for name, value in names.items() if word and name.lower().startswith(word)}
    if len(meant) == 1:
        return meant.pop()
    kind, slash, code = text.partition("/")
    if (kind == "any" and not slash) or text == "255/0:255":
        return "any"
    if not is_number(kind) or integer(kind) > 255 or (slash and (not is_number(code) or integer(code) > 255)):
        raise ValueError(f"unknown ICMP type: {text!r}")
    return f"{integer(kind)}/{integer(code)}" if slash else str(integer(kind))


def icmp_type(text: str) -> str:
    """``echo-request`` is ``8``, ``network-unreachable`` is ``3/0``."""
    return _icmp(text, ICMP_TYPES)


def icmp6_type(text: str) -> str:
    """``echo-request`` is ``128``."""
    return _icmp(text, ICMP6_TYPES)


# Types of options (``model.extensions``) whose numbers iptables reads as strtoul does with base 0: ``010`` is
# 8 and ``0x50`` 80 (measured, 1.8.9); those of ports by getaddrinfo, rates and others are decimal.
_BASE_0 = re.compile(r"u(?:8|16|32|64)r?|mark|tport|ports|natports|nat|icmp6?|tos|tcpoption|zone")
# Types of which a number is always printed in decimal.
_NEVER_HEX = frozenset({"tport", "ports", "icmp", "icmp6"})
_OCTAL = re.compile(r"(?<![\w.])0[0-9]+(?![\w.])")
_HEX = re.compile(r"(?<![\w.])0[xX][0-9a-fA-F]{1,16}(?![\w.])")


def in_decimal(module: str, name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """The values of an option with its octal numbers in decimal. Raises ValueError for one that is none."""
    if not any(_OCTAL.search(value) or _HEX.search(value) for value in values):
        return values
    extension = MATCHES.get(module) or TARGETS.get(module)
    spec = extension.specs().get(name) if extension is not None else None
    if spec is None or not _BASE_0.fullmatch(spec.type):
        return values
    if spec.type in _NEVER_HEX:
        values = tuple(_HEX.sub(lambda found: str(integer(found[0], 16)), value) for value in values)
    # In an IPv6 address to translate to, zeros at the front mean nothing.
    return tuple(value if value.count(":") > 1 and spec.type == "nat" else _OCTAL.sub(_from_octal, value)
                 for value in values)  # fmt: skip


def _from_octal(found: re.Match[str]) -> str:
    if len(found[0]) > _LONGEST_NUMBER:
        raise ValueError(f"not a number: {found[0]!r}")
    return str(integer(found[0], 8))


def _first(normal: Callable[[str], str]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    return lambda values: (normal(values[0]), *values[1:])


def _in_capitals(words: str) -> Callable[[str], str]:
    """A list of these words in capitals, as they are printed; others stay as they are."""
    known = frozenset(words.split())

    def normal(text: str) -> str:
        return ",".join(word.upper() if word.upper() in known else word for word in text.split(","))

    return normal


_STATES = _in_capitals("INVALID NEW RELATED ESTABLISHED UNTRACKED SNAT DNAT")
_ADDRESS_TYPES = _in_capitals(
    "UNSPEC UNICAST LOCAL BROADCAST ANYCAST MULTICAST BLACKHOLE UNREACHABLE PROHIBIT THROW NAT XRESOLVE"
)


def _reject(text: str) -> str:
    return REJECT_ALIASES.get(text, text)


def _packet_type(text: str) -> str:
    """In lower case, by the name that iptables prints (libxt_pkttype)."""
    word = text.lower()
    return {"host": "unicast", "bcast": "broadcast", "mcast": "multicast"}.get(word, word)


def _flags(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tcp_flags(value) for value in values)


NORMAL: dict[tuple[str, str], Callable[[tuple[str, ...]], tuple[str, ...]]] = {
    **{(m, name): _first(port_range) for m in ("tcp", "udp", "udplite", "sctp", "dccp")
       for name in ("sport", "dport")},
    **{("multiport", name): _first(port_list) for name in ("sports", "dports", "ports")},
    ("tcp", "tcp-flags"): _flags,
    ("icmp", "icmp-type"): _first(icmp_type),
    ("icmp6", "icmpv6-type"): _first(icmp6_type),
    ("state", "state"): _first(_STATES),
    ("conntrack", "ctstate"): _first(_STATES),
    ("conntrack", "ctstatus"): _first(_in_capitals("NONE EXPECTED SEEN_REPLY ASSURED CONFIRMED")),
    ("conntrack", "ctdir"): _first(_in_capitals("ORIGINAL REPLY")),
    **{("addrtype", name): _first(_ADDRESS_TYPES) for name in ("src-type", "dst-type")},
    ("pkttype", "pkt-type"): _first(_packet_type),
    ("REJECT", "reject-with"): _first(_reject),
}  # fmt: skip
