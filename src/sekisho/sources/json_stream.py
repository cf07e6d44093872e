"""JSON texts whose parts keep the line that they came from.

``docker inspect``, ``bridge -j`` and the like print one array; two commands' output in one file is
two arrays one after another. Either way the reader wants the elements, each with its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from sekisho.errors import Said, SourceError, said

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


class _NumberError(ValueError):
    """A number of more digits than any program prints; ``str`` gives it."""


class _TwiceError(ValueError):
    """A key stands twice in an object, with two values; ``str`` gives it."""


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Without one of two values of a key winning in silence. The keys of a route's encap, which repeat the
    route's own, are read anew (``encap``)."""
    found = dict(pairs)
    if len(found) != len(pairs) and "encap" not in found:
        for key, value in pairs:
            if found[key] != value:
                raise _TwiceError(key)
    return found


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _NumberError(digits)
    return int(digits)


_MOST_DIGITS = 100  # far from where Python's own limit is, whatever is done with the number
# A parser of one's own for each number takes its time: it is for texts where one may be too long.
_LENIENT = json.JSONDecoder(object_pairs_hook=_object)
_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole)
_LONG = re.compile(rf"[0-9]{{{_MOST_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class Element:
    """``value`` with its 1-based first ``line`` and its ``source`` text."""

    value: Json
    line: int
    source: str


def decoder_for(text: str) -> json.JSONDecoder:
    """What reads the values of this text; it raises ValueError, or RecursionError, for what is none."""
    return _LENIENT if _LONG.search(text) is None else _STRICT


def elements(text: str, file: str) -> tuple[Element, ...]:
    """The elements of all arrays and the other top-level values of ``text``, in order.

    Raises SourceError with the line where the text stops being JSON.
    """
    return tuple(iterate(text, file))


def iterate(text: str, file: str) -> Iterator[Element]:
    """As ``elements``, one by one: what stands behind an element is not looked at before it is asked
    for."""
    decoder = decoder_for(text)
    at, line, inside = 0, 1, False
    while True:
        start = _skip(text, at, commas=inside)
        line += text.count("\n", at, start)
        at = start
        if at == len(text):
            break
        if text[at] in "[]":
            if (text[at] == "[") == inside:
                raise _error(text, file, at, "nested or unbalanced array")
            inside = not inside
            at += 1
            continue
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise _error(text, file, error.pos, said("not valid JSON: {0}", error)) from None
        except RecursionError:
            raise _error(text, file, at, "the document is nested too deeply") from None
        except _TwiceError as error:
            place = text.find(json.dumps(str(error)), at)
            raise _error(
                text, file, max(place, at), said("the key {0!r} is there twice", str(error))
            ) from None
        except _NumberError as error:
            raise _error(text, file, max(text.find(str(error), at), at), "a number is too large") from None
        yield Element(value, line, text[at:end])
        line += text.count("\n", at, end)
        at = end
    if inside:
        raise _error(text, file, len(text), said("not valid JSON: {0}", said("the array has no end")))


def _skip(text: str, at: int, commas: bool) -> int:
    while at < len(text) and (text[at].isspace() or (commas and text[at] == ",")):
        at += 1
    return at


def _error(text: str, file: str, at: int, what: str | Said) -> SourceError:
    # At its end, the last line that holds anything is the one to show.
    line = text.count("\n", 0, min(at, len(text.rstrip()))) + 1
    return SourceError(
        what, file=file, line=line, text=text.split("\n")[line - 1].strip(),
        advice="capture the file again with the command that snapshots name for it; was it cut?",
    )  # fmt: skip


def line_of_key(element: Element, key: str) -> tuple[int, str]:
    """Where the element's own ``"key":`` stands: line and the line's text (shortened)."""
    match = re.search(rf'"{re.escape(key)}"\s*:', element.source)
    if match is None:
        return element.line, element.source[:120]
    before = element.source.rfind("\n", 0, match.start()) + 1
    after = element.source.find("\n", match.start())
    shown = element.source[max(before, match.start() - 60) : after if after >= 0 else None].strip()
    return element.line + element.source.count("\n", 0, match.start()), shown[:200]


def text_at(value: Json, *path: str) -> str:
    """The string (or number as text) at a path of keys; "" where there is none."""
    found = value_at(value, *path)
    return found if isinstance(found, str) else str(found) if isinstance(found, int) else ""


def value_at(value: Json, *path: str) -> Json:
    """The value at a path of keys; None where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def pairs_at(value: Json, *path: str) -> tuple[tuple[str, str], ...]:
    """An object of strings at a path as pairs, in order; () where there is none."""
    found = value_at(value, *path)
    if not isinstance(found, dict):
        return ()
    return tuple((key, item if isinstance(item, str) else json.dumps(item)) for key, item in found.items())


def list_at(value: Json, *path: str) -> list[Json]:
    """A list at a path; [] where there is none."""
    found = value_at(value, *path)
    return found if isinstance(found, list) else []


def dict_items(value: Json) -> Iterator[tuple[str, Json]]:
    """The items of an object; nothing for anything else."""
    if isinstance(value, dict):
        yield from value.items()
