"""Lines of a shell script as far as they can be told without running it: words, simple variables, chains of
commands. What depends on anything else (loops, conditions, substitution of a command's output) is told apart.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

_ASSIGNMENT = re.compile(
    r"(?:export\s+|readonly\s+|local\s+)?([A-Za-z_]\w*)=(\"[^\"$`]*\"|'[^']*'|[^\s\"'$`;|&]*)"
)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_CONTROL = frozenset(
    {"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "function",
     "select", "{", "}", "[", "[[", "test", "eval", "source", ".", "return", "break", "continue", "shift"}
)  # fmt: skip
_REDIRECTION = re.compile(r"[0-9]?>>?|&>>?|[0-9]?<")
_GLUED = re.compile(r"[0-9]?>>?\S+|&>>?\S+|[0-9]?>&[0-9-]")
_SEPARATORS = frozenset({";", "&&", "||", "|", "&"})
LONGEST = 1 << 14


@dataclass(frozen=True, slots=True)
class Typed:
    """One command of a line. ``after`` is what stands before it: "", ``;``, ``&&``, ``||`` or ``|``."""

    words: tuple[str, ...]
    after: str = ""


class NotPlainError(ValueError):
    """The line cannot be told without running the script."""


@dataclass(slots=True)
class Shell:
    """``variables`` that were set to a text so far."""

    variables: dict[str, str] = field(default_factory=dict)

    def commands(self, line: str) -> Iterator[Typed]:
        """The commands of a line; none of a comment, a blank line or an assignment. Raises NotPlainError."""
        text = line.strip()
        if not text or text.startswith("#"):
            return
        assigned = _ASSIGNMENT.fullmatch(text.partition(" #")[0].strip().rstrip(";"))
        if assigned is not None:
            self.variables[assigned[1]] = assigned[2].strip("\"'")
            return
        if len(text) > LONGEST or "$(" in text or "`" in text:
            raise NotPlainError(text[:80])
        filled = _VARIABLE.sub(self._value, text)
        try:
            lexer = shlex.shlex(filled, posix=True, punctuation_chars=";&|")
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError:
            raise NotPlainError(text[:80]) from None
        yield from _cut(words)

    def _value(self, match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in self.variables:
            raise NotPlainError(match[0])
        return self.variables[name]


def _cut(words: list[str]) -> Iterator[Typed]:
    current: list[str] = []
    after = ""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in _SEPARATORS:
            if current:
                yield Typed(tuple(current), after)
            current, after = [], word
        elif _REDIRECTION.fullmatch(word):
            skip = True
        elif not _GLUED.fullmatch(word):
            if not current and word in _CONTROL:
                raise NotPlainError(word)
            current.append(word)
    if current:
        yield Typed(tuple(current), after)
