"""The words of ``ip route`` beyond destination and next hop, shared by its text and JSON form."""

from __future__ import annotations

from sekisho.sources.text import Unreadable, Words, unknown_word
from sekisho.values.numbers import integer, is_number

Pair = tuple[str, str]

KINDS = frozenset({
    "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit",
    "throw", "nat",
})  # fmt: skip

# print_rt_flags of iproute2: RTNH_F_* of a next hop and RTM_F_* of the route, one list of words.
FLAGS = frozenset({
    "dead", "onlink", "pervasive", "offload", "trap", "notify", "linkdown", "unresolved",
    "rt_offload", "rt_trap", "rt_offload_failed", "offload_failed",
})  # fmt: skip

# Values of TCP and path that hang on a route (RTAX_*); iproute2's JSON puts them into "metrics".
METRICS = frozenset({
    "mtu", "window", "rtt", "rttvar", "ssthresh", "cwnd", "advmss", "reordering", "hoplimit",
    "initcwnd", "features", "rto_min", "initrwnd", "quickack", "congctl", "fastopen_no_cookie",
})  # fmt: skip
_ONE_VALUE = METRICS | {
    "from", "mark", "realm", "realms", "uid", "expires", "error", "iif", "pref", "ttl-propagate",
    "users", "age", "used", "ttl_propagate", "ipid", "ts", "tsage",
}  # fmt: skip
# Printed between the destination and the next hop.
AFTER_DST = frozenset({"from", "as", "encap"})
HOP_WORDS = frozenset({"encap", "realm", "realms"})
# An encap's own words end where one of these begins (a nested ``src``, ``tos`` or ``table`` does not).
_AFTER_ENCAP = frozenset(
    {"via", "dev", "nhid", "proto", "scope", "metric", "pref", "weight", "onlink", "realm", "realms"}
)
FEATURES = frozenset({"ecn", "tcp_usec_ts"})

ROUTE_WORDS = _ONE_VALUE | FLAGS | HOP_WORDS | {
    "as", "via", "dev", "table", "proto", "scope", "src", "metric", "tos", "nhid", "nexthop", "weight",
}  # fmt: skip

# /etc/iproute2/rt_dsfield as iproute2 ships it, and the words of older releases (RFC 1349).
TOS_NAMES: dict[int, str] = {
    0x28: "AF11", 0x30: "AF12", 0x38: "AF13", 0x48: "AF21", 0x50: "AF22", 0x58: "AF23", 0x68: "AF31",
    0x70: "AF32", 0x78: "AF33", 0x88: "AF41", 0x90: "AF42", 0x98: "AF43", 0x20: "CS1", 0x40: "CS2",
    0x60: "CS3", 0x80: "CS4", 0xA0: "CS5", 0xC0: "CS6", 0xE0: "CS7", 0xB8: "EF",
}  # fmt: skip
_TOS_NUMBERS: dict[str, int] = {
    **{name: number for number, name in TOS_NAMES.items()},
    "default": 0, "lowdelay": 0x10, "throughput": 0x08, "reliability": 0x04, "mincost": 0x02,
}  # fmt: skip


def parse_tos(word: str) -> int:
    """``0x10`` or a name of rt_dsfield as a number."""
    if word in _TOS_NUMBERS:
        return _TOS_NUMBERS[word]
    try:
        return integer(word, 16)
    except ValueError:
        raise Unreadable("bad-number", word) from None


def format_tos(tos: int) -> str:
    """A TOS value as iproute2 prints it with its own rt_dsfield."""
    return TOS_NAMES.get(tos, f"0x{tos:02x}")


def take_attribute(word: str, words: Words) -> Pair:
    """The pair that starts with ``word``; its value may be several words (``mtu lock 1400``)."""
    if word == "encap":
        return word, _take_encap(words)
    if word == "as":
        value = words.take(word)
        return word, f"to {words.take(word)}" if value == "to" else value
    if word not in _ONE_VALUE:
        raise unknown_word(word, ROUTE_WORDS, last=words.is_last)
    value = words.take(word)
    if value == "lock":
        return word, f"lock {words.take(word)}"
    if word == "features":
        while words.peek() in FEATURES:
            value += " " + words.take()
    return word, value


def _take_encap(words: Words) -> str:
    taken = [words.take("encap")]
    while words and words.peek() not in _AFTER_ENCAP:
        word = words.take()
        if word == "tos" and not is_number(words.peek()):
            words.at -= 1  # the route's own: 0x10 or a name, where a tunnel's is decimal
            break
        taken.append(word)
    return " ".join(taken)


def encap_words(value: str) -> str:
    """An encap's words with the double blank that iproute2 prints after ``mpls``."""
    return value.replace("mpls ", "mpls  ", 1) if value.startswith("mpls ") else value
