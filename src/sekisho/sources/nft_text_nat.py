"""Statements that send packets elsewhere in the text of nft: nat, tproxy, dup and fwd."""

from __future__ import annotations

import re

from sekisho.model.nft_expression import Expression, NetPrefix, Range, Word
from sekisho.model.nft_rule import Nat, Statement, Tproxy, Transfer
from sekisho.sources.nft_text_expressions import number_or_range, operand, starts_selector
from sekisho.sources.nft_text_tokens import Tokens
from sekisho.sources.nft_text_values import atom
from sekisho.sources.text import Unreadable
from sekisho.values.numbers import is_number

_NAT_FLAGS = frozenset({"random", "fully-random", "persistent", "prefix"})
_ADDRESS = re.compile(r"[0-9.]+|[0-9a-f]*:[0-9a-f:.]*")


def nat(kind: str, tokens: Tokens) -> Statement:
    """``snat to ...``, ``redirect``... behind its first word. Raises Unreadable, as all here do."""
    family = (
        tokens.take() if tokens.peek() in ("ip", "ip6") and tokens.peek(1) in ("to", "prefix", "addr") else ""
    )
    prefix = tokens.accept("prefix")
    if tokens.accept("addr"):
        tokens.expect(".")
        tokens.expect("port")
    address, port = _target(tokens) if tokens.accept("to") else (None, None)
    flags = words(tokens, _NAT_FLAGS)
    return Nat(
        kind, family, address, port, tuple(f for f in flags if f != "prefix"), prefix or "prefix" in flags
    )


def words(tokens: Tokens, allowed: frozenset[str]) -> tuple[str, ...]:
    """``random,persistent``: a list of words with commas, where one of them comes."""
    found: list[str] = []
    while tokens.peek() in allowed:
        found.append(tokens.take())
        if not tokens.accept(","):
            break
    return tuple(found)


_BRACKETED = re.compile(r"\[([^\]]+)\](?:-\[([^\]]+)\])?(?::(.*))?")
_PLAIN_IPV4 = re.compile(r"((?:[0-9]{1,20}\.){3}[0-9]{1,20}(?:-[0-9.]+)?(?:/[0-9]{1,20})?)(?::(.*))?")


def _target(tokens: Tokens) -> tuple[Expression | None, Expression | None]:
    """``10.0.0.1:80``, ``[fe80::1]-[fe80::9]:80-90``, ``:8080``, or a map; for either part."""
    if starts_selector(tokens):
        return operand(tokens), None
    word = tokens.take()
    bracketed, plain = _BRACKETED.fullmatch(word), _PLAIN_IPV4.fullmatch(word)
    address: Expression | None
    if word.startswith(":") and not word.startswith("::"):
        address, port = None, word[1:]
    elif bracketed:
        first, last, port = bracketed.groups()
        address = Range(Word(first), Word(last)) if last else atom(first, "ipv6_addr")
    elif plain:
        address, port = atom(plain.group(1), "ipv4_addr"), plain.group(2)
    else:
        found = atom(word, "ipv6_addr")
        if not isinstance(found, Word | Range | NetPrefix) or (isinstance(found, Word) and ":" not in word):
            raise Unreadable("bad-address", word)
        return found, None
    if port is None:
        return address, None
    if is_number(port[:1]):
        return address, number_or_range(port)
    if port:
        tokens.put_back(port)
    return address, operand(tokens)


def tproxy(_: str, tokens: Tokens) -> Statement:
    """``tproxy ip to 127.0.0.1:50080``."""
    family = tokens.take() if tokens.peek() in ("ip", "ip6") else ""
    tokens.expect("to")
    address, port = _target(tokens)
    return Tproxy(family, address, port)


def transfer(kind: str, tokens: Tokens) -> Statement:
    """``dup to 10.0.0.1 device "eth0"``, ``fwd to meta mark map { 1 : "eth0" }``."""
    family = tokens.take() if tokens.peek() in ("ip", "ip6") and tokens.peek(1) == "to" else ""
    tokens.expect("to")
    if tokens.peek().startswith('"'):
        return Transfer(kind, None, Word(tokens.string()), family)
    at = tokens.at
    target = operand(tokens, "ipv4_addr")
    if tokens.accept("device"):
        return Transfer(kind, target, _device(tokens), family)
    # The last value of a map, or a name that is printed without quotes.
    named = any(word.startswith('"') for word in tokens.words[at : tokens.at][-2:])
    if not family and (named or (isinstance(target, Word) and not _ADDRESS.fullmatch(target.text))):
        return Transfer(kind, None, target, family)
    return Transfer(kind, target, None, family)


def _device(tokens: Tokens) -> Expression:
    return operand(tokens) if starts_selector(tokens) else Word(tokens.string())
