"""The words of a line of ``nft list ruleset``.

Quoted strings stay one word with their quotes, so that ``"5"`` (an interface) and ``5`` differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sekisho.sources.text import Unreadable
from sekisho.values.numbers import DIGITS, integer

_INVALID = r"0x[0-9a-f]+ \[invalid type\]"
_TOKEN = re.compile(
    rf"""
    (?P<blank>[ \t]+)
  | (?P<word>
      "[^"]*"(?:-"[^"]*")?                  # a string, or a range of two
    | @(?:ll|nh|th|ih|{DIGITS}),{DIGITS},{DIGITS}  # raw payload; of an option by its kind
    | {_INVALID.replace(" ", r"[ ]")}(?:-{_INVALID.replace(" ", r"[ ]")})?
    | << | >> | == | != | <= | >= | [<>=!]
    | [{{}},;()|&^]
    | [^\s{{}},;()"|&^<>=!]+
    )
    """,
    re.VERBOSE,
)

# Stands where nft printed two blanks: an iptables match whose nft words are none.
NOTHING = ""


def split_line(line: str, *, keep_gaps: bool = False) -> list[str]:
    """The words of a line. ``keep_gaps``: more than one blank gives ``NOTHING`` for each too many.

    Raises Unreadable at a quote without end.
    """
    text = line.strip("\t\r\n") if keep_gaps else line.strip()
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unreadable("truncated" if text[at] == '"' else "unknown-word", text[at:])
        if match.group("word") is not None:
            found.append(match.group("word"))
        elif keep_gaps:
            blanks = len(match.group("blank"))
            at_an_end = at == 0 or match.end() == len(text)
            found += [NOTHING] * (blanks if at_an_end else blanks - 1)
        at = match.end()
    return found


class Tokens:
    """A cursor over words; every ``take`` raises Unreadable where it cannot."""

    __slots__ = ("at", "words")

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self.at = 0

    def __bool__(self) -> bool:
        return self.at < len(self.words)

    def peek(self, ahead: int = 0) -> str:
        """A word that comes, without taking it; "" at the end."""
        place = self.at + ahead
        return self.words[place] if place < len(self.words) else ""

    def take(self) -> str:
        """The next word."""
        if self.at >= len(self.words):
            raise Unreadable("truncated", self.words[-1] if self.words else "")
        self.at += 1
        return self.words[self.at - 1]

    def accept(self, *words: str) -> bool:
        """Take these words if they come next, all of them."""
        if tuple(self.words[self.at : self.at + len(words)]) != words:
            return False
        self.at += len(words)
        return True

    def expect(self, word: str) -> None:
        """Take the word. Raises Unreadable where another one comes."""
        if not self.accept(word):
            raise Unreadable("unknown-word" if self else "truncated", self.peek())

    def put_back(self, word: str) -> None:
        """Let ``word`` come next in place of the one taken last."""
        self.at -= 1
        self.words[self.at] = word

    def number(self) -> int:
        """The next word as a number."""
        word = self.take()
        try:
            return integer(word, 0)
        except ValueError:
            raise Unreadable("bad-number", word) from None

    def string(self) -> str:
        """The next word, without its quotes."""
        return unquoted(self.take())

    def rest(self) -> str:
        """All that is left as text."""
        left = " ".join(self.words[self.at :])
        self.at = len(self.words)
        return left


def unquoted(word: str) -> str:
    """The word without quotes around it."""
    return word[1:-1] if len(word) > 1 and word[0] == '"' and word[-1] == '"' else word
