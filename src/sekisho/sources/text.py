"""Line by line, word by word: what the readers of text formats share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from sekisho.model.evidence import Evidence, Unread
from sekisho.values.address import Address, Prefix
from sekisho.values.names import BadNameError, InterfaceName, LinkAddress, interface_name, link_address
from sekisho.values.numbers import integer, is_number

T = TypeVar("T")

HEX_DIGITS = frozenset("0123456789abcdefABCDEF")


class Unreadable(ValueError):
    """A line is not understood: a short machine word for why, and the word it happened at."""

    def __init__(self, reason: str, word: str = "") -> None:
        super().__init__(f"{reason}: {word}")
        self.reason = reason
        self.word = word

    def at(self, evidence: Evidence) -> Unread:
        """The finding as a fact, at its place."""
        return Unread(evidence, self.reason, self.word)


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """(1-based number, line) of every line that is not blank; only LF and CR LF end a line."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line and not line.isspace():
            yield number, line[:-1] if line.endswith("\r") else line


def parts_of(line: str) -> list[str]:
    """The lines in one of ``ip -o``, which writes a backslash where a line would end."""
    if "\\" not in line:
        return [line]
    return [part for part in line.split("\\") if part.strip()] or [line]


class Words:
    """A cursor over the words of one line; every ``take`` raises Unreadable where it cannot."""

    __slots__ = ("at", "words")

    def __init__(self, line: str) -> None:
        self.words = line.split()
        self.at = 0

    def __bool__(self) -> bool:
        return self.at < len(self.words)

    @property
    def is_last(self) -> bool:
        """Whether the word taken last ends the line."""
        return self.at >= len(self.words)

    def peek(self) -> str:
        """The next word without taking it, "" at the end."""
        return self.words[self.at] if self.at < len(self.words) else ""

    def take(self, after: str = "") -> str:
        """The next word; ``after`` names the keyword that needs it, for the message."""
        if self.at >= len(self.words):
            raise Unreadable("truncated", after)
        word = self.words[self.at]
        self.at += 1
        return word

    def number(self, after: str, base: int = 10) -> int:
        """The next word as an integer (``base`` 0: 0x.. or decimal)."""
        word = self.take(after)
        try:
            return integer(word, base)
        except ValueError:
            raise Unreadable("bad-number", word) from None

    def interface(self, after: str) -> InterfaceName:
        """The next word as an interface's name."""
        return named(interface_name, self.take(after))

    def address(self, after: str) -> Address:
        """The next word as an address."""
        return read_address(self.take(after), last=self.is_last)

    def prefix(self, after: str) -> Prefix:
        """The next word as a prefix or an address."""
        return read_prefix(self.take(after), last=self.is_last)

    def rest(self) -> tuple[str, ...]:
        """All words that are left."""
        left = tuple(self.words[self.at :])
        self.at = len(self.words)
        return left


def read_address(word: str, *, last: bool = False) -> Address:
    """An address; ``last`` says that it ends its line, where it may have been cut short."""
    try:
        return Address.parse(word)
    except ValueError:
        raise _bad_address(word, last) from None


def read_prefix(word: str, *, last: bool = False) -> Prefix:
    """A prefix; ``last`` as for read_address."""
    try:
        return Prefix.parse(word)
    except ValueError:
        raise _bad_address(word, last) from None


def named(make: Callable[[str], T], word: str) -> T:
    """The word as a name of some kind; ``make`` is one of ``values.names``."""
    try:
        return make(word)
    except BadNameError:
        raise Unreadable("bad-name", word) from None


def read_mac(word: str, *, last: bool = False) -> LinkAddress:
    """A link-layer address: pairs of hex digits, six on Ethernet, or the IP address of a tunnel's end."""
    groups = word.split(":")
    try:
        found = link_address(word)
    except BadNameError:
        raise Unreadable("truncated" if last and len(groups) <= 6 else "bad-address", word) from None
    if last and len(groups) < 6 and all(len(group) == 2 for group in groups):
        raise Unreadable("truncated", word)
    return found


def looks_like_address(word: str) -> bool:
    """Whether a word is meant as an address or prefix, right or wrong (``10.0.0.256``)."""
    return any(sign in word for sign in ".:/") and all(c in HEX_DIGITS or c in ".:/" for c in word)


def _bad_address(word: str, last: bool) -> Unreadable:
    if not looks_like_address(word):
        return Unreadable("truncated" if last and is_number(word) else "bad-address", word)
    return Unreadable("truncated" if last and _begins_an_address(word) else "bad-address", word)


def _begins_an_address(word: str) -> bool:
    """Whether more characters could make this an address: ``10.0.``, ``10.0.0.0/``, ``fe80:``."""
    if word.endswith("/"):
        word = word[:-1] + "/0"
        return word.count("/") == 1
    if "/" in word:
        return False
    if ":" in word:
        groups = word.split(":")
        return len(groups) <= 8 and all(len(group) <= 4 for group in groups)
    octets = word.split(".")
    if len(octets) > 4 or not all(is_number(o) and integer(o) < 256 for o in octets if o):
        return False
    return "" not in octets[:-1]


def unknown_word(word: str, known: frozenset[str], *, last: bool) -> Unreadable:
    """``prot`` at the end of a line is a cut ``proto``; anything else is a word nobody knows."""
    cut = last and any(name.startswith(word) for name in known)
    return Unreadable("truncated" if cut else "unknown-word", word)
