"""How much of a text is read: what a few bytes of it become takes far more memory than they do.

A line's words, a JSON text's values and a line's fact take a hundred bytes and more each; and what takes a
line apart may look at parts of it more than once. So a line, the lines and the values have bounds of their
own.
"""

from __future__ import annotations

from sekisho.errors import SourceError, said
from sekisho.sources.bounds import Bounds, raise_it

# What begins an array or an object: `nft -j` prints all of it on one line.
_JSON = "[{"
# `ipset save`: the elements of sets take less than other facts.
_SETS = ("create ", "add ")


def check_text(text: str, file: str, bounds: Bounds) -> None:
    """Raises SourceError where a line is too long, or there are too many lines or JSON values."""
    most = bounds.longest_line
    json = text.lstrip()[:1] in _JSON if text else False
    if json or any(text[at : at + 200].lstrip()[:1] in _JSON for at, _ in _long_lines(text, most)):
        _check_values(text, file, bounds)
    for at, line in _long_lines(text, most):
        shown = text[at : at + 200]
        if shown.lstrip()[:1] not in _JSON:
            raise SourceError(
                said("a line of more than {0} characters", most), file=file, line=line, text=shown,
                advice=raise_it(bounds.most),
            )  # fmt: skip
    lines = bounds.elements if text.startswith(_SETS) else bounds.lines
    if not json and len(text) > lines and text.count("\n") > lines:
        raise SourceError(said("more than {0} lines", lines), file=file, advice=raise_it(bounds.most))


def _long_lines(text: str, most: int) -> list[tuple[int, int]]:
    """Where each longer line begins, with its number; the others are not looked at one by one."""
    found: list[tuple[int, int]] = []
    at = 0
    while len(text) - at > most:
        end = text.rfind("\n", at, at + most + 1)
        if end < 0:
            found.append((at, text.count("\n", 0, at) + 1))
            end = text.find("\n", at + most)
            if end < 0:
                break
        at = end + 1
    return found


def _check_values(text: str, file: str, bounds: Bounds) -> None:
    if len(text) > bounds.json_values:
        values = text.count(",") + text.count("[") + text.count("{")
        if values > bounds.json_values:
            raise SourceError(
                said("more than {0} JSON values", bounds.json_values), file=file, advice=raise_it(bounds.most)
            )
