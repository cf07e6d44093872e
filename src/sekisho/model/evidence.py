"""Where a fact comes from, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sekisho.errors import Said

# What a line that was not understood would have told of; "" where that is not known or nobody's concern.
About = Literal["", "routes", "policy-rules", "addresses", "links", "sockets", "beside"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place in a snapshot: file (relative to it), 1-based line (0: the whole file), raw text."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Note(Evidence):
    """What there is to say of a whole text, or of a command and its output. ``why`` is the sentence,
    ``shown`` the line that it is about, "" for a whole file; ``text`` has both in English."""

    why: Said
    shown: str = ""


def note(file: str, line: int, why: Said, shown: str = "") -> Note:
    """The note at its place."""
    return Note(file, line, f"{why}: {shown}" if shown else str(why), why, shown)


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that was not understood. It is kept, named in answers, and never skipped.

    ``reason`` is a short machine word (``truncated``, ``unknown-line``, ``bad-address``...), and
    ``detail`` the offending word where there is one. ``about`` tells what kind of fact is missing for it,
    and ``family`` (4 or 6) of which IP version; None where it may be either.
    """

    evidence: Evidence
    reason: str
    detail: str = ""
    about: About = field(default="", compare=False)
    family: int | None = field(default=None, compare=False)


# Why something is known in part only.
#
#   cut        the text ends before its end                           more may follow
#   filtered   only lines that a filter let through                   more may stand anywhere
#   selected   only one of its parts was asked for (one chain, ...)   the other parts are unknown
#   unread     a line inside was not understood                       it may tell of anything
#   hidden     the program says that there is more than it shows      more may stand anywhere
#   before     commands add to what stood there, which is not known    it may tell of anything
#   changed    commands that follow change it                          it is no longer as it was
#   frontend   a front end has rules there, none of which was captured more may stand anywhere
#   predicted  nothing of it was captured, what stands there is inferred
#   failed     the command that shows it was tried and said an error  anything may be there
#   lost       it was captured, and its file is gone or shorter since  anything may be there
Lack = Literal[
    "cut",
    "filtered",
    "selected",
    "unread",
    "hidden",
    "before",
    "changed",
    "frontend",
    "predicted",
    "failed",
    "lost",
]


@dataclass(frozen=True, slots=True)
class Partial:
    """There is, or may be, more than the facts hold. ``why`` says in what way (see ``Lack``), ``evidence``
    where that shows; ``whole`` names the parts (chains of a table) that are known to their end all the
    same, ``first`` chains of which so many rules stand before whatever is not known.
    """

    why: Lack
    evidence: Evidence
    whole: frozenset[str] = frozenset()
    first: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A command that was tried and could not tell. ``file`` would have held its output, ``reason`` is what it
    said, ``evidence`` where that stands."""

    file: str
    command: str
    reason: str
    evidence: Evidence
    about: About = ""
    family: int | None = None
