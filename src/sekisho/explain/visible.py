"""Text in which everything can be seen.

What a snapshot holds is shown as it is, but for characters that nobody would see: what a terminal acts on
(ESC and the other control characters, C1 among them), what shows text in another order than it has (Unicode's
bidirectional controls), what has no width (two names that look alike are two), what only looks like a space,
what is no character at all (half of a surrogate pair: a byte of a file's name that is no UTF-8). These are
written as ``\\x1b``, ``\\u202e``. The rule is Unicode's own, by category, so that a new kind of such
characters is one of them. The line feed is the one exception, since lines are ours: ``explain.lines`` keeps
those of others out. A tab moves no line; ip and nft print some.
"""

from __future__ import annotations

import re

# Nearly every text consists of these: ASCII, Japanese, lines of a drawing.
_UNUSUAL = re.compile(
    "[^\t\n -~\u2500-\u257f\u3000-\u303f\u3041-\u3096\u309b-\u30ff\u4e00-\u9fff\uff01-\uff60]"
)
# A document is one of ASCII, of characters, and of white space of its own.
_IN_JSON = re.compile(_UNUSUAL.pattern.replace("\t", ""))
# Printable by category (a letter, a mark, a symbol), and without anything to see: fillers and selectors of
# variants (Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties), and the empty Braille pattern.
_UNSEEN = frozenset(
    map(
        chr,
        (
            0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0,
            0x16FE4, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0),
        ),
    )
)  # fmt: skip


def visible(text: str) -> str:
    """The text for people, and for XML."""
    return text if text.isascii() and text.isprintable() else _UNUSUAL.sub(_for_people, text)


def visible_json(document: str) -> str:
    """A JSON document, whose strings have an escape of their own for such characters: nothing is lost."""
    return _IN_JSON.sub(_for_programs, document)


def _shows(character: str) -> bool:
    return character.isprintable() and character not in _UNSEEN


def _for_people(found: re.Match[str]) -> str:
    character, code = found[0], ord(found[0])
    if _shows(character):
        return character
    if character == "\r":
        return "\\r"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _for_programs(found: re.Match[str]) -> str:
    character, code = found[0], ord(found[0])
    if _shows(character):
        return character
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
