"""What people write in place of what they do not want to show."""

from __future__ import annotations

import re

# <redacted>, [REDACTED], (hidden), ***, xxx, XX:XX:XX:XX:XX:XX, x.x.x.x/16, 1.2.3.x, a.b.c.d
_WORDS = "redacted|hidden|removed|masked|censored|private|(?:public|my|your)[-_ ]?ip|ip"
HIDDEN = (
    rf"(?:[<\[({{](?i:{_WORDS}|\.\.\.|x+)[>\])}}]"
    r"|(?i:redacted|hidden|masked|censored)|\*{2,}|[xX]{2,}|█+)"
)
_HIDDEN = re.compile(HIDDEN)
_OCTET = r"(?:[0-9]{1,3}|[xX]{1,3}|\*{1,3}|#{1,3}|\?{1,3}|█+)"
_OCTETS = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_LETTERS = re.compile(r"a\.b\.c\.d|w\.x\.y\.z|A\.B\.C\.D|W\.X\.Y\.Z")
_MAC = re.compile(r"(?:(?:[0-9a-fA-F]{2}|[xX*?#]{1,2}):){5}(?:[0-9a-fA-F]{2}|[xX*?#]{1,2})")
_NUMBERS = re.compile(r"[0-9.]+")


def hides_address(word: str) -> bool:
    """Whether a word stands for an IPv4 or IPv6 address that somebody blacked out, in part or as a whole."""
    if _HIDDEN.fullmatch(word) or _LETTERS.fullmatch(word):
        return True
    return _OCTETS.fullmatch(word) is not None and _NUMBERS.fullmatch(word) is None


def hides_mac(word: str) -> bool:
    """The same for a MAC address."""
    if _HIDDEN.fullmatch(word):
        return True
    return _MAC.fullmatch(word) is not None and any(letter in "xX*?#" for letter in word)
