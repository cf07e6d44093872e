"""``ipset save`` (and ``ipset list``): the sets that rules look addresses up in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.netfilter import IpSet
from sekisho.sources.iptables_words import quote_always, split_words, unquote
from sekisho.sources.parsed import Parsed
from sekisho.values.names import BadNameError, set_name
from sekisho.values.numbers import integer, is_number

# Options without a value, on create lines and on add lines.
_FLAGS = frozenset({"counters", "comment", "skbinfo", "forceadd", "wildcard", "nomatch"})
# Flags of the command itself: they say how to create or add, not what.
_COMMAND_FLAGS = frozenset({"-exist", "-!", "-q", "-quiet"})

# An element as ``ipset save`` prints it: no quotes, no blanks, no option.
_PLAIN = re.compile(r"[0-9A-Za-z.:/,_][0-9A-Za-z.:/,_-]*")

Pairs = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Building:
    name: str
    type: str
    options: Pairs
    place: Evidence
    entries: list[tuple[str, Pairs]] = field(default_factory=list)
    incomplete: Evidence | None = None
    expected: int | None = None  # the number of elements that a listing announces
    members: bool = False

    def done(self) -> IpSet:
        return IpSet(self.name, self.type, self.options, tuple(self.entries), self.incomplete, self.place)


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.sets: dict[str, _Building] = {}
        self.unread: list[Unread] = []
        self.current: _Building | None = None

    def element(self, name: str, element: str) -> bool:
        """``add NAME ELEMENT`` and no more; False where it is for the other method to say what that is."""
        known = self.sets.get(name)
        if known is None or _PLAIN.fullmatch(element) is None:
            return False
        self.current = known
        known.entries.append((element, ()))
        return True

    def line(self, number: int, line: str, cut: bool) -> None:
        if not line.strip() or line.startswith("#"):
            return
        place = Evidence(self.file, number, line)
        try:
            words = split_words(line)
        except ValueError:
            self._miss(place, "truncated" if cut else "unclosed-quote")
            return
        words = [word for word in words if word not in _COMMAND_FLAGS]
        if cut and words[0] in ("create", "add"):
            # Every element and option may be cut short; the shorter text would mean another thing.
            self.current = self.sets.get(words[1]) if len(words) > 1 else self.current
            self._miss(place, "truncated")
        elif words[0] == "create" and len(words) >= 3:
            self._create(words[1], words[2], _pairs(words[3:], create=True), place)
        elif words[0] == "add" and len(words) >= 3:
            self._add(words, place)
        else:
            self._listed(words, line, place)

    def _create(self, name: str, kind: str, options: Pairs | None, place: Evidence) -> None:
        if options is None:
            self._miss(place, "missing-value")
            return
        try:
            set_name(name)
        except BadNameError:
            self.current = None
            self._miss(place, "bad-name")
            return
        if (
            name in self.sets
        ):  # ipset restore loads no such text; with -exist the elements are the first one's
            self.current = self.sets[name]
            self._miss(place, "duplicate-set")
            return
        self.current = self.sets[name] = _Building(name, kind, options, place)

    def _add(self, words: Sequence[str], place: Evidence) -> None:
        known = self.sets.get(words[1])
        options = _pairs(words[3:], create=False)
        if known is None:
            self.unread.append(Unread(place, "undeclared-set", words[1]))
            return
        self.current = known
        if options is None:
            self._miss(place, "missing-value")
        else:
            known.entries.append((words[2], options))

    def _listed(self, words: Sequence[str], line: str, place: Evidence) -> None:
        """A line of ``ipset list``: ``Name: a``, ``Type: hash:ip``, ``Header: ...``, a member."""
        key, colon, value = line.partition(": ")
        at = self.current
        if key == "Name" and colon:
            self._create(value.strip(), "", (), place)
        elif at is None:
            self._miss(place, "unknown-line")
        elif line.strip() == "Members:":
            at.members = True
        elif at.members:
            options = _pairs(words[1:], create=False)
            if options is None:
                self._miss(place, "missing-value")
            else:
                at.entries.append((words[0], options))
        elif key == "Type":
            at.type = value.strip()
        elif key == "Header":
            at.options = _pairs(split_words(value), create=True) or ()
        elif key == "Number of entries" and is_number(value.strip()):
            at.expected = integer(value)
        elif key not in ("Revision", "Size in memory", "References"):
            self._miss(place, "unknown-line")

    def _miss(self, place: Evidence, reason: str) -> None:
        self.unread.append(Unread(place, reason, place.text))
        if self.current is not None and self.current.incomplete is None:
            self.current.incomplete = place

    def end(self) -> None:
        """Hold each listed set to the number of elements that its listing announced."""
        for built in self.sets.values():
            if built.expected not in (None, len(built.entries)) and built.incomplete is None:
                built.incomplete = built.place
                detail = f"{built.name}: {len(built.entries)} of {built.expected} elements"
                self.unread.append(Unread(built.place, "missing-members", detail))


def _is_flag(name: str, create: bool) -> bool:
    return name in _FLAGS and (create or name != "comment")


def _pairs(words: Sequence[str], create: bool) -> Pairs | None:
    """Options as pairs; None when one lacks its value. ``comment`` has one on add lines only."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(words):
        name = words[at]
        at += 1
        if _is_flag(name, create):
            found.append((name, ""))
        elif at < len(words):
            found.append((name, unquote(words[at])))
            at += 1
        else:
            return None
    return tuple(found)


def parse(text: str, file: str) -> Parsed[IpSet]:
    """Read the sets in the order of the text; both formats, told apart line by line.

    A line that makes no sense, and a listing with fewer members than it announces
    (``ipset list -t`` has none), leave ``IpSet.incomplete`` and an Unread.
    """
    reader = _Reader(file)
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        words = line.split(" ")
        # By far the most lines of a large set; what is quoted, or the last line, may be cut.
        if len(words) == 3 and words[0] == "add" and number < len(lines) and reader.element(*words[1:]):
            continue
        reader.line(number, line.rstrip("\r"), cut=number == len(lines))
    reader.end()
    return Parsed(tuple(built.done() for built in reader.sets.values()), tuple(reader.unread))


def _words(options: Pairs, create: bool) -> list[str]:
    words: list[str] = []
    for name, value in options:
        words.append(name)
        if not _is_flag(name, create):
            words.append(quote_always(value) if name == "comment" else value)
    return words


def render(sets: Iterable[IpSet]) -> str:
    """The text of ``ipset save``."""
    lines: list[str] = []
    for one in sets:
        lines.append(" ".join(["create", one.name, one.type, *_words(one.options, True)]))
        lines += [" ".join(["add", one.name, element, *_words(o, False)]) for element, o in one.entries]
    return "".join(f"{line}\n" for line in lines)
