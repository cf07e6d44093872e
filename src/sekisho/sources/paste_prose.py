"""Which lines of a page are a listing's, and which are people's words around and between them.

A line is prose only where it cannot be a line of the listing, not even a damaged one. ``paste_looks``
tells how each format's lines begin (such a line is never prose) and which words they know; a line that
knows none of the words, or far more other ones than a damaged line holds, is prose. What is neither stays
with the listing: it is unread there, a doubt at its place.
"""

from __future__ import annotations

import re

from sekisho.sources.paste_looks import FIRST_WORDS, LOOKS, ONLY_LISTINGS, Look
from sekisho.sources.recognise import Format as F
from sekisho.sources.recognise import of_line

# Letters of scripts that no program prints outside of names and comments.
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u3000-\u303f\uff01-\uff60\u203b]")
_PLAIN = re.compile(r"[(\"'‘“]*[^\W0-9_]+(?:['’/-][^\W0-9_]+)*[.,:;!?)\"'’”…]*")
_SET_APART = re.compile(r'/\*.*?\*/|"[^"]*"')
_LINE_ACROSS = re.compile(r"\s*([-=_*#~.·•])\1{2,}\s*$")
_HEADING = re.compile(r"\s*(?:[=#*]{2,}|-{3,}|#{1,6})\s*[^\W0-9_]")
COMMENT = re.compile(r"\s*(?:#|//|;)")
# How people mark what they left out: alone on its line, in brackets or not.
_OMITTED = "|".join(
    (
        r"snip(?:ped)?|cut|truncated|omitted|output omitted",
        r"(?:(?:more|other|some) )?(?:lines?|rules?|routes?|output|entries) (?:omitted|skipped|removed|cut)",
        r"[0-9]+ more(?: (?:lines|rules|routes))?",
        r"省略|中略|後略|以下省略|略",
    )
)
_DOTS = r"(?:\.{3,}|…+|(?:\.\s){2,}\.)"
ELISION = re.compile(
    rf"\s*(?:#|//)?\s*[\[(<{{*~-]*\s*(?:{_DOTS}\s*)?(?:{_DOTS}|{_OMITTED})\s*{_DOTS}?\s*[\])>}}*~-]*\s*$",
    re.IGNORECASE,
)
# From a word to a mark that ends a sentence and no line of a listing.
_SENTENCE = re.compile(r"\s*[(\"'‘“]*[^\W0-9_]+['’]?[^\W0-9_]*,? .*[^\W_][)\"'’”]*[?!]+\s*")
_LINK = re.compile(r"https?://\S+")
_SAVES = frozenset({F.IPTABLES_SAVE, F.IPTABLES_S, F.SYSCTL_FILES})
_LEAST_WORDS = 3
_WORDS_OF_A_DAMAGED_LINE = 2


def is_prose(line: str, format_: F, apart: bool = False) -> bool:
    """Whether a line cannot be of such a listing, whole or damaged. ``apart``: a blank line is between it and
    the listing's last line; a few words alone are enough there."""
    if _LINE_ACROSS.match(line) or (format_ not in _SAVES and _HEADING.match(line)):
        return True
    look = LOOKS.get(format_)
    if look is None or look.head.match(line):
        return False
    bare = _SET_APART.sub(" ", line)
    if _WIDE.search(bare):
        return True
    bare, links = _LINK.subn(" ", bare)
    known, plain = _counts(look, bare)
    if _SENTENCE.fullmatch(bare):
        return True
    others = len(look.words.sub(" ", bare).split()) - plain
    if known == 0 and links:
        return True
    if known == 0 and plain > 0 and (apart or (others == 0 and bare.rstrip().endswith(":"))):
        return not _is_cut_word(bare, format_)
    return plain >= _LEAST_WORDS and plain > _WORDS_OF_A_DAMAGED_LINE * (known + others)


def _counts(look: Look, bare: str) -> tuple[int, int]:
    """How many words of the format, and how many others, a line has."""
    known = sum(1 for _ in look.words.finditer(bare))
    return known, sum(1 for word in look.words.sub(" ", bare).split() if _PLAIN.fullmatch(word))


def _is_cut_word(bare: str, format_: F) -> bool:
    """``defaul`` at the end of a text."""
    words = bare.split()
    return len(words) == 1 and any(word.startswith(words[0]) for word in FIRST_WORDS.get(format_, ()))


def is_like_a_listing(line: str) -> bool:
    """Whether a line that follows no command is rather of some listing than of people's words."""
    bare = _SET_APART.sub(" ", line)
    if _WIDE.search(bare) or _LINE_ACROSS.match(line) or _HEADING.match(line):
        return False
    return of_line(line) is not None or ONLY_LISTINGS.search(bare) is not None


def continues_a_sentence(line: str) -> bool:
    """Whether a line goes on with a sentence that began in the line above."""
    start = line[:1]
    return bool(_WIDE.match(line)) or (start.isalpha() and start.islower()) or start in ",.;:)"


def is_bare_word(line: str) -> bool:
    """One word or address alone, as a page breaks out of a sentence what it shows in another type."""
    return len(line.split()) == 1
