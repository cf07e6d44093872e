"""``.env`` files, as compose reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sekisho.docker.compose.template import TemplateError, substitute
from sekisho.errors import SourceError, said

_LINE = re.compile(r"\s*(?:export\s+)?([\w.\-\[\]]+)\s*([=:])[ \t]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def parse(text: str, file: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of a file. ``environment`` is what ``$NAME`` and bare names in it refer to.

    Raises SourceError with the line of what is no assignment.
    """
    found: dict[str, str] = {}
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    at, line = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        whole = text[at:end]
        stripped = whole.strip()
        if not stripped or stripped.startswith("#"):
            at, line = end + 1, line + 1
            continue
        head = _LINE.match(text, at, end)
        if head is None:
            bare = stripped.removeprefix("export ").strip()
            if not re.fullmatch(r"[\w.\-]+", bare):
                raise SourceError("not an assignment", file=file, line=line, text=whole, advice="NAME=value")
            if bare in environment:
                found[bare] = environment[bare]
            at, line = end + 1, line + 1
            continue
        start = head.end()
        quote = text[start : start + 1]
        if quote in ("'", '"'):
            close = _closing_quote(text, start + 1, quote)
            if close is None:
                raise SourceError("unterminated quoted value", file=file, line=line, text=whole)
            raw = text[start + 1 : close]
            rest = text.find("\n", close)
            end = len(text) if rest < 0 else rest
            value = raw if quote == "'" else _double(raw, {**found, **environment}, file, line)
            line += raw.count("\n")
        else:
            raw = re.split(r"(?:^|\s)#", text[start:end], maxsplit=1)[0].strip()
            value = _expand(raw, {**found, **environment}, file, line)
        found[head[1]] = value
        at, line = end + 1, line + 1
    return found


def _closing_quote(text: str, start: int, quote: str) -> int | None:
    at = start
    while at < len(text):
        if text[at] == "\\" and quote == '"':
            at += 2
            continue
        if text[at] == "\\" and text[at + 1 : at + 2] == quote:
            at += 2
            continue
        if text[at] == quote:
            return at
        at += 1
    return None


def _double(raw: str, variables: Mapping[str, str], file: str, line: int) -> str:
    unescaped = re.sub(
        r"\\(.)", lambda found: _ESCAPES.get(found[1], "$$" if found[1] == "$" else found[1]), raw
    )
    return _expand(unescaped, variables, file, line)


def _expand(raw: str, variables: Mapping[str, str], file: str, line: int) -> str:
    try:
        return substitute(raw, variables)
    except TemplateError as error:
        raise SourceError(said("{0}", error), file=file, line=line, text=raw) from None
