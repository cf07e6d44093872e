"""Text that may hold a stranger's words, made harmless to terminals.

What a snapshot holds is shown as it is, but for characters that a terminal acts on (ESC and the other control
characters, C1 among them) and those that show text in another order than it has (Unicode's bidirectional
controls): these are written as ``\\x1b``.
"""

from __future__ import annotations

import re

_ACTS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069"
_PLAIN = re.compile(f"[{_ACTS}]")
# The tints that the views write, and nothing else that begins with ESC.
_TINTED = re.compile(rf"(\x1b\[(?:0|1|2|31|32|33|35|36)m)|[{_ACTS}]")


def harmless(text: str, color: bool = False) -> str:
    """The text as it may be written; with ``color`` the views' own tints stay."""
    if text.isascii() and text.isprintable():
        return text
    if color:
        return _TINTED.sub(lambda found: found[1] or _written(found[0]), text)
    return _PLAIN.sub(lambda found: _written(found[0]), text)


def harmless_json(document: str) -> str:
    """The same for a JSON document, whose strings have an escape of their own for such characters."""
    return _PLAIN.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def _written(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
