"""What nft rules look at, in the text of nft: selectors, masks, concatenations, maps."""

from __future__ import annotations

import re
from collections.abc import Callable

from sekisho.model.nft_expression import (
    Binary,
    Concat,
    Constant,
    Ct,
    Expression,
    Fib,
    Hash,
    Inner,
    Lookup,
    MapLookup,
    Meta,
    Numgen,
    Payload,
    RawPayload,
    SetLiteral,
    SetReference,
)
from sekisho.model.nft_types import data_type
from sekisho.sources.nft_text_stateful import stateful
from sekisho.sources.nft_text_tokens import Tokens
from sekisho.sources.nft_text_values import constant, set_literal
from sekisho.sources.text import Unreadable
from sekisho.values.numbers import integer

_HEADERS = frozenset({
    "ip", "ip6", "tcp", "udp", "udplite", "sctp", "dccp", "ah", "esp", "comp", "icmp", "icmpv6", "igmp",
    "ether", "vlan", "arp", "th", "gre", "gretap", "geneve", "vxlan",
})  # fmt: skip
_TUNNELS = frozenset({"vxlan", "geneve", "gre", "gretap"})
# Keys that nft prints without "meta" before them, and some that it takes so.
_UNQUALIFIED = frozenset({
    "iif", "oif", "iifname", "oifname", "iiftype", "oiftype", "iifgroup", "oifgroup", "mark", "skuid",
    "skgid", "nftrace", "rtclassid", "priority", "cpu", "pkttype", "cgroup", "ibrname", "obrname", "protocol",
    "nfproto", "l4proto", "length", "random",
})  # fmt: skip
_EXTENSION_HEADERS = frozenset({"frag", "hbh", "dst", "mh", "srh", "rt0", "rt2"})
_RT_KEYS = frozenset({"classid", "mtu", "ipsec", "nexthop", "ip", "ip6"})
_OPTION_FIELDS = frozenset({
    "size", "left", "right", "count", "tsval", "tsecr", "length", "kind", "num-seq", "type", "value", "ptr",
    "addr", "flags", "tsn", "stream", "ssn", "ppid", "init-tag", "a-rwnd", "cum-tsn", "subtype",
    "num-outbound-streams", "num-inbound-streams", "initial-tsn", "cum-tsn-ack", "num-gap-ack-blocks",
    "num-dup-tsns", "lowest-tsn", "new-cum-tsn", "seqno",
})  # fmt: skip
_RAW = re.compile(r"@(ll|nh|th|ih),([0-9]{1,20}),([0-9]{1,20})")
# What binds less first.
_OPERATORS = (("|", "or"), ("^", "xor"), ("&", "and"), ("<<", ">>", "lshift", "rshift"))
_SPELT = {"and": "&", "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>"}
# Types whose names are also words that start a selector ("meta protocol ip").
_NAMED_LIKE_SELECTORS = frozenset({"ether_type", "inet_proto", "nf_proto"})


def starts_selector(tokens: Tokens) -> bool:
    """Whether a field comes next, perhaps in parentheses, not a value."""
    ahead = 0
    while tokens.peek(ahead) == "(":
        ahead += 1
    word = tokens.peek(ahead)
    return (
        word in _READERS or word in _HEADERS or word in _UNQUALIFIED or word in _EXTENSION_HEADERS
        or _RAW.fullmatch(word) is not None
    )  # fmt: skip


def operand(tokens: Tokens, kind: str = "") -> Expression:
    """A selector with masks, concatenation and map, or a value of type ``kind``."""
    if kind in _NAMED_LIKE_SELECTORS or not starts_concatenation(tokens):
        return value(tokens, kind)
    parts = [_part(tokens)]
    while tokens.accept("."):
        parts.append(_part(tokens))
    found = parts[0] if len(parts) == 1 else Concat(tuple(parts))
    if tokens.accept("map"):
        return MapLookup(found, map_data(tokens, data_type(found)))
    return found


def starts_concatenation(tokens: Tokens) -> bool:
    """Whether a field comes next, or a value with fields after it (``10.0.0.1 . tcp dport``)."""
    if starts_selector(tokens):
        return True
    rest = Tokens(tokens.words[tokens.at + 2 :])
    return tokens.peek(1) == "." and starts_concatenation(rest)


def _part(tokens: Tokens) -> Expression:
    """A field of a concatenation, or a value that stands between fields."""
    if starts_selector(tokens):
        return _combined(tokens)
    return Constant(constant(tokens, "", commas=False), quoted=tokens.words[tokens.at - 1].startswith('"'))


def value(tokens: Tokens, kind: str) -> Expression:
    """The right side of a match: a constant, bits, a range, or a set."""
    if tokens.peek() == "{":
        return set_literal(tokens, kind, "", stateful)
    return constant(tokens, kind)


def map_data(tokens: Tokens, kind: str) -> SetLiteral | SetReference:
    """``@name`` or ``{ key : value }``."""
    if tokens.peek() == "{":
        return set_literal(tokens, kind, "", stateful)
    word = tokens.take()
    if not word.startswith("@"):
        raise Unreadable("unknown-word", word)
    return SetReference(word[1:])


def _combined(tokens: Tokens, level: int = 0, kind: str = "") -> Expression:
    """A field with masks and shifts; ``level``: the operators that may follow are those from there on. Where
    no field comes, a constant of type ``kind``.

    A constant with what binds more behind it is nothing that nft means: it works constants out, and 1.0.6
    forgets parentheses around its own masks (``ip6 dscp & 0x21`` is ``@nh,0,16 & 0xfc0 >> 6 & 0x21``). Only
    iptables' words, which come in an order of their own, are read so: ``ct mark xor 0x4 and 0xfffffff0``.
    """
    begins = starts_selector(tokens) and kind not in _NAMED_LIKE_SELECTORS
    if level == len(_OPERATORS):
        if not begins:
            return _mask(tokens, kind)
        if not tokens.accept("("):
            return selector(tokens)
        found = _combined(tokens)
        tokens.expect(")")
        return found
    found, count = _combined(tokens, level + 1, kind), 0
    while tokens.peek() in _OPERATORS[level]:
        word, count = tokens.take(), count + 1
        if count > _MOST_OPERATORS:
            raise Unreadable("unknown-word", word)
        if not begins and word not in _SPELT:
            raise Unreadable("unknown-word", word)
        operator = _SPELT.get(word, word)
        kind = "" if operator in ("<<", ">>") else data_type(found)
        found = Binary(operator, found, _combined(tokens, level + 1, kind))
    return found


# The kernel has registers for four values of 16 bytes; nobody joins more fields than this.
_MOST_OPERATORS = 64


def _mask(tokens: Tokens, kind: str) -> Expression:
    """What follows an operator: one constant, or several in parentheses."""
    if tokens.peek() == "(":
        return constant(tokens, kind)
    word = Tokens([tokens.take()])
    return constant(word, kind)


def selector(tokens: Tokens) -> Expression:
    """One field. Raises Unreadable where none comes."""
    word = tokens.take()
    raw = _RAW.fullmatch(word)
    if raw:
        return RawPayload(raw.group(1), integer(raw.group(2)), integer(raw.group(3)))
    reader = _READERS.get(word)
    if reader is not None:
        return reader(tokens)
    if word in _UNQUALIFIED:
        return Meta(word)
    if word in _HEADERS:
        return _header(word, tokens)
    if word in _EXTENSION_HEADERS:
        return Lookup("exthdr", (word, tokens.take()))
    raise Unreadable("unknown-word", word)


def _header(protocol: str, tokens: Tokens) -> Expression:
    if protocol in _TUNNELS and tokens.peek() in _HEADERS:
        return Inner(protocol, _header(tokens.take(), tokens))
    field = tokens.take()
    if field in ("option", "chunk") and protocol in ("ip", "tcp", "sctp", "dccp"):
        words = [tokens.take()]
        if tokens.peek() in _OPTION_FIELDS:
            words.append(tokens.take())
        return Lookup(f"{protocol} {field}", tuple(words))
    if not field[:1].isalpha():
        raise Unreadable("unknown-word", field)
    if protocol == "arp" and field in ("saddr", "daddr"):
        field = f"{field} {tokens.take()}"
    return Payload(protocol, field)


def _meta(tokens: Tokens) -> Expression:
    key = tokens.take()
    return Meta("ipsec" if key == "secpath" else key)


def _ct(tokens: Tokens) -> Expression:
    direction = tokens.take() if tokens.peek() in ("original", "reply") else ""
    key = tokens.take()
    if key in ("ip", "ip6"):
        key = f"{key} {tokens.take()}"
    return Ct(key, direction)


def _fib(tokens: Tokens) -> Expression:
    flags = [tokens.take()]
    while tokens.accept("."):
        flags.append(tokens.take())
    return Fib(tuple(flags), tokens.take())


def _rt(tokens: Tokens) -> Expression:
    key = tokens.take()
    if key not in _RT_KEYS:
        return Lookup("exthdr", ("rt", key))
    return Lookup("rt", (key, tokens.take()) if key in ("ip", "ip6") else (key,))


def _socket(tokens: Tokens) -> Expression:
    key = tokens.take()
    if key == "cgroupv2":
        tokens.expect("level")
        return Lookup("socket", (key, "level", tokens.take()))
    return Lookup("socket", (key,))


def _osf(tokens: Tokens) -> Expression:
    if tokens.accept("ttl"):
        return Lookup("osf", ("ttl", tokens.take(), tokens.take()))
    return Lookup("osf", (tokens.take(),))


def _ipsec(tokens: Tokens) -> Expression:
    words = [tokens.take()]
    if tokens.accept("spnum"):
        words += ["spnum", tokens.take()]
    words.append(tokens.take())
    if words[-1] in ("ip", "ip6"):
        words.append(tokens.take())
    return Lookup("ipsec", tuple(words))


def _exthdr(tokens: Tokens) -> Expression:
    return Lookup("exthdr", (tokens.take(),))


def _numgen(tokens: Tokens) -> Expression:
    mode = tokens.take()
    tokens.expect("mod")
    modulus = tokens.number()
    return Numgen(mode, modulus, tokens.number() if tokens.accept("offset") else 0)


def _jhash(tokens: Tokens) -> Expression:
    of = operand(tokens)
    tokens.expect("mod")
    modulus = tokens.number()
    seed = tokens.number() if tokens.accept("seed") else None
    return Hash(modulus, of, seed, tokens.number() if tokens.accept("offset") else 0)


def _symhash(tokens: Tokens) -> Expression:
    tokens.expect("mod")
    modulus = tokens.number()
    return Hash(modulus, offset=tokens.number() if tokens.accept("offset") else 0)


_READERS: dict[str, Callable[[Tokens], Expression]] = {
    "meta": _meta, "ct": _ct, "fib": _fib, "rt": _rt, "socket": _socket, "osf": _osf, "ipsec": _ipsec,
    "exthdr": _exthdr, "numgen": _numgen, "jhash": _jhash, "symhash": _symhash,
}  # fmt: skip


def number_or_range(text: str) -> Expression:
    """``80`` or ``80-90``."""
    return constant(Tokens([text]), "inet_service")
