"""Words of a rule as ``iptables-save`` quotes them, and back."""

from __future__ import annotations

import re

# Text of these characters is printed bare by iptables (xtables_save_string); all else in quotes.
_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
# One word: quoted pieces and bare characters, in any mixture. Inside double quotes a backslash
# protects the next character; single quotes are the shell's, for rules written by hand.
_WORD = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+""", re.DOTALL)
_PIECE = re.compile(r""""((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)|([^"'\\]+)""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_STRING_ESCAPE = re.compile(r"""(["\\])""")
_NEEDS_ESCAPE = re.compile(r"""(["'\\])""")


def split_words(text: str) -> list[str]:
    """Words with their quotes kept, so that ``"-x"`` is never taken for an option.

    Raises ValueError when a quote is not closed.
    """
    if '"' not in text and "'" not in text and "\\" not in text:
        return text.split()
    words: list[str] = []
    at, end = 0, len(text)
    while at < end:
        if text[at].isspace():
            at += 1
            continue
        found = _WORD.match(text, at)
        if found is None or (found.end() < end and not text[found.end()].isspace()):
            raise ValueError(f"a quote is not closed: {text[at:]!r}")
        words.append(found.group())
        at = found.end()
    return words


def unquote(word: str) -> str:
    """The text that a word stands for: quotes and escapes taken away."""
    if '"' not in word and "'" not in word and "\\" not in word:
        return word
    pieces: list[str] = []
    for found in _PIECE.finditer(word):
        double, single, escaped, bare = found.groups()
        if double is not None:
            pieces.append(_ESCAPE.sub(r"\1", double))
        else:
            pieces.append(single if single is not None else escaped if escaped is not None else bare)
    return "".join(pieces)


def quote_always(value: str) -> str:
    """``value`` in double quotes, escaped."""
    return '"' + _NEEDS_ESCAPE.sub(r"\\\1", value) + '"'


def quote_string(value: str) -> str:
    """The pattern of the ``string`` match: an apostrophe is not escaped there."""
    return '"' + _STRING_ESCAPE.sub(r"\\\1", value) + '"'


def quote_text(value: str) -> str:
    """A comment, log prefix or the like: bare where iptables prints it so, else in quotes."""
    return value if _BARE.match(value) else quote_always(value)


def quote_word(value: str) -> str:
    """Any other value: in quotes only where it would not be read back as one plain word."""
    if value and not value.startswith(("-", "!")) and not re.search(r"""[\s"'\\]""", value):
        return value
    return quote_always(value)
