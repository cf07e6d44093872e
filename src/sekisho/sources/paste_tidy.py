"""A section's lines without what is not the listing's: words, comments, marks of what was left out."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence
from sekisho.sources.comments import JSON, READ_COMMENTS
from sekisho.sources.paste_prose import (
    COMMENT,
    ELISION,
    continues_a_sentence,
    is_bare_word,
    is_prose,
)
from sekisho.sources.paste_section import Section, holds, opens_block
from sekisho.sources.paste_wrapped import ROW, goes_on, rejoined
from sekisho.sources.recognise import Format, of_line


@dataclass(slots=True)
class Tidied:
    """``prose``: lines that tell no fact. ``elided``: where the page says that it leaves something out."""

    prose: list[Evidence] = field(default_factory=list)
    elided: Evidence | None = None


def tidy(section: Section, file: str, family: int) -> Tidied:
    """Blank what is not the listing's in the section, and put wrapped lines together."""
    found = Tidied()
    if section.format is None or section.format in JSON:
        return found
    lines = section.lines
    # The braces of an nft table; its head may be lost.
    inside = section.format is Format.NFT_TEXT and section.command is not None
    end = _end_of_listing(section)
    strange = False  # a line that may be a part of another
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        if section.format is Format.NFT_TEXT:
            inside = opens_block(line, inside)
        plain = _is_plain(line, section.format)
        kept, left_out = (True, False) if plain else _keeps(section, at, line, inside, apart=at > end)
        if kept:
            strange = strange or not plain
            continue
        place = Evidence(file, section.start + at, line)
        found.prose.append(place)
        if left_out and found.elided is None:
            found.elided = place
        lines[at] = ""
    if strange or section.format is not Format.IP_ROUTE:
        section.lines = rejoined(lines, section.format, family)
    return found


def _is_plain(line: str, format_: Format) -> bool:
    """Whether a line is one of the listing's as most are, by a look."""
    if format_ is Format.IPTABLES_LIST:
        return ROW.match(line) is not None
    return of_line(line) is format_ and not (format_ is Format.IP_ROUTE and goes_on(line))


def _end_of_listing(section: Section) -> int:
    """The place of the blank line behind which no line of the listing stands any more."""
    assert section.format is not None
    blank = len(section.lines)
    for at in range(len(section.lines) - 1, -1, -1):
        line = section.lines[at]
        if not line.strip():
            blank = at
        elif not is_prose(line, section.format, apart=True):
            break
    return blank


def _keeps(section: Section, at: int, line: str, inside: bool, apart: bool) -> tuple[bool, bool]:
    """Whether the line is the listing's; and if not, whether it says that something was left out."""
    format_ = section.format
    assert format_ is not None
    here = of_line(line)
    if here is format_ or (here is not None and holds(format_, here)):
        return True, False
    if ELISION.match(line):
        return False, True
    if COMMENT.match(line):
        return format_ in READ_COMMENTS and not line.lstrip().startswith("//"), False
    if inside:
        return True, False
    if is_prose(line, format_, apart):
        return False, False
    return not _is_of_a_sentence(section.lines, at, format_), False


def _is_of_a_sentence(lines: list[str], at: int, format_: Format) -> bool:
    """A word or an address alone on its line, and the line below goes on with the sentence that it is of."""
    if not is_bare_word(lines[at]) or at + 1 >= len(lines):
        return False
    below = lines[at + 1]
    return bool(below.strip()) and continues_a_sentence(below) and is_prose(below, format_)
