"""How a match or a target is printed in a listing: the machinery under the two tables of forms.

A *form* is what one match (or target) prints: a head (``tcp``, ``ADDRTYPE match``) and then *pieces*,
each for one option (``dpt:!80``). A form reads and writes; both directions come from one template.

Template marks: ``%`` is the option's value, ``<!>`` stands for ``!`` when the option is negated,
``<! >`` and ``< !>`` for the same with a blank. Runs of blanks are read as any number of blanks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sekisho.model.netfilter import Option
from sekisho.values.address import Family


@dataclass(frozen=True, slots=True)
class Context:
    """What the text of a listing depends on: ``-n``, the family, the rule's protocol.

    ``old``: the wordings of before 1.4.11.
    """

    numeric: bool = True
    family: Family = 4
    protocol: str = ""
    old: bool = False


# An option without its module: (name, negated, values).
Said = tuple[str, bool, tuple[str, ...]]
Given = Mapping[str, Option]
Read = Callable[[re.Match[str], Context], Sequence[Said] | None]
Show = Callable[[Given, Context], str | None]


@dataclass(frozen=True, slots=True)
class Piece:
    """``show`` gives None where the piece is not printed; ``names`` are the options it speaks for.

    ``starts`` are the characters that its text may begin with; empty when it may be any.
    """

    names: tuple[str, ...]
    pattern: re.Pattern[str]
    read: Read
    show: Show
    starts: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """``order`` is the save format's order of the options, where the listing's differs.

    ``silent`` are options that a listing never shows and that decide nothing. ``finish`` completes
    the options read (defaults that only the save format writes out). ``glued``: printed without the
    blank that all others begin with.
    """

    module: str
    head: str
    pieces: tuple[Piece, ...]
    order: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()
    finish: Callable[[list[Said], Context], list[Said]] | None = None
    glued: bool = False

    @property
    def starts(self) -> str:
        """The characters that this form's text may begin with; empty when it may be any."""
        if self.head:
            return self.head[0]
        each = [piece.starts for piece in self.pieces]
        return "".join(each) if all(each) else ""

    def read(self, text: str, at: int, context: Context) -> tuple[list[Option], int] | None:
        """The options that stand at ``at`` and where they end; None when this form does not stand there."""
        said: list[Said] = []
        end = at
        if self.head:
            found = _literal(self.head).match(text, at)
            if found is None:
                return None
            end = found.end()
        start = _skip(text, end)
        for piece in self.pieces:
            if start == len(text):
                break
            if piece.starts and text[start] not in piece.starts:
                continue
            found = piece.pattern.match(text, start)
            read = piece.read(found, context) if found is not None else None
            if found is None or read is None:
                continue
            said.extend(read)
            end = found.end()
            start = _skip(text, end)
        if end == at or not _word_ends(text, end):
            return None
        if self.finish is not None:
            said = self.finish(said, context)
        if self.order:
            said.sort(key=lambda one: self.order.index(one[0]))
        return [Option(self.module, *one) for one in said], end

    def show(self, given: Given, context: Context) -> str | None:
        """The text of these options, without the blank before it; None when one has no form."""
        known = {name for piece in self.pieces for name in piece.names} | self.silent
        if not set(given) <= known:
            return None
        parts = [piece.show(given, context) for piece in self.pieces]
        return " ".join(([self.head] if self.head else []) + [part for part in parts if part is not None])


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at


def _word_ends(text: str, at: int) -> bool:
    return at >= len(text) or text[at] == " " or text[at - 1] == " "


_LITERALS: dict[str, re.Pattern[str]] = {}


def _literal(text: str) -> re.Pattern[str]:
    known = _LITERALS.get(text)
    if known is None:
        known = re.compile(" +".join(re.escape(word) for word in text.split(" ")) + r"(?= |\Z)")
        _LITERALS[text] = known
    return known


_SPACED = r" *(?:(?P<no>!) *)?"
_MARKS = re.compile(r"(<! >|< !>|<!>|%| +)")


def template_pattern(template: str, value: str) -> re.Pattern[str]:
    """The pattern of a template: group ``no`` is the ``!``, group ``v`` the value."""
    parts: list[str] = []
    for mark in filter(None, _MARKS.split(template)):
        if mark in ("<!>", "<! >", "< !>"):
            parts.append(_SPACED if " " in mark else r"(?P<no>!)?")
        elif mark == "%":
            parts.append(f"(?P<v>{value})")
        elif mark.isspace():
            if parts[-1:] != [_SPACED]:  # blanks twice over would take the square of their number
                parts.append(" *" if parts and "<no>" in parts[-1] else " +")
        else:
            parts.append(re.escape(mark))
    return re.compile("".join(parts) + r"(?= |\Z)")


def fill(template: str, negated: bool, value: str) -> str:
    """The template's text."""
    text = template.replace("<! >", "! " if negated else "").replace("< !>", " !" if negated else "")
    return text.replace("<!>", "!" if negated else "").replace("%", value, 1)


def _split(text: str, _context: Context) -> tuple[str, ...] | None:
    return tuple(text.split())


def _join(values: tuple[str, ...], _context: Context) -> str:
    return " ".join(values)


def piece(
    name: str,
    template: str,
    value: str = r"\S+",
    *,
    read: Callable[[str, Context], tuple[str, ...] | None] = _split,
    show: Callable[[tuple[str, ...], Context], str] = _join,
    negated: bool | None = None,
) -> Piece:
    """A piece for one option. ``negated`` fixes the sign where the template itself says it."""

    def read_one(found: re.Match[str], context: Context) -> Sequence[Said] | None:
        groups = found.groupdict()
        values = read(groups["v"], context) if "v" in groups else ()
        sign = groups.get("no") is not None if negated is None else negated
        return None if values is None else [(name, sign, values)]

    def show_one(given: Given, context: Context) -> str | None:
        option = given.get(name)
        if option is None or (negated is not None and option.negated != negated):
            return None
        return fill(template, option.negated, show(option.values, context))

    plain = _MARKS.sub("", template)
    starts = ("!" if template.startswith("<") else "") + plain[:1] if plain else ""
    if template.startswith("%"):
        starts = ""
    return Piece((name,), template_pattern(template, value), read_one, show_one, starts)


def flag(name: str, text: str) -> Piece:
    """A piece for an option without a value and without ``!``."""
    return piece(name, text)
