"""Variables in compose files: ``$NAME``, ``${NAME:-default}``, ``${NAME:?error}``, ``$$``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sekisho.errors import said

# What variables may come to in one value: one names others, and twice each.
_LONGEST = 1 << 20
_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_DEEPEST = 100


class TemplateError(ValueError):
    """A ``$`` that begins nothing known, or a variable that must be set and is not."""


def substitute(
    text: str, variables: Mapping[str, str], unset: Callable[[str], None] | None = None, depth: int = 0
) -> str:
    """The text with its variables replaced; ``unset`` hears of those that have no value.

    Raises TemplateError with compose's words. ``depth``: in how many defaults of others this stands.
    """
    if "$" not in text:
        return text
    if depth > _DEEPEST:
        raise TemplateError(said("more than {0} variables are nested", _DEEPEST))
    parts: list[str] = []
    at = 0
    while at < len(text):
        dollar = text.find("$", at)
        if dollar < 0:
            parts.append(text[at:])
            break
        parts.append(text[at:dollar])
        after = text[dollar + 1 : dollar + 2]
        if after == "$":
            parts.append("$")
            at = dollar + 2
            continue
        if after == "{":
            end = _closing(text, dollar + 2)
            if end is None:
                raise _invalid(text)
            parts.append(_braced(text[dollar + 2 : end], text, variables, unset, depth))
            at = end + 1
            continue
        name = _NAME.match(text, dollar + 1)
        if name is None:
            raise _invalid(text)
        parts.append(_value(name[0], variables, unset))
        at = name.end()
    found = "".join(parts)
    if len(found) > _LONGEST:
        raise TemplateError(said("longer than {0} characters once its variables are written out", _LONGEST))
    return found


def _invalid(text: str) -> TemplateError:
    return TemplateError(
        f'invalid interpolation format. You may need to escape any $ with another $. "{text}"'
    )


def _value(name: str, variables: Mapping[str, str], unset: Callable[[str], None] | None) -> str:
    if name in variables:
        return variables[name]
    if unset is not None:
        unset(name)
    return ""


def _closing(text: str, start: int) -> int | None:
    """Where the brace that was opened before ``start`` is closed."""
    depth = 1
    at = start
    while at < len(text):
        if text.startswith("${", at):
            depth += 1
            at += 2
            continue
        if text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return None


def _braced(
    inside: str, whole: str, variables: Mapping[str, str], unset: Callable[[str], None] | None, depth: int
) -> str:
    found = _NAME.match(inside)
    if found is None:
        raise _invalid(whole)
    name, rest = found[0], inside[found.end() :]
    if not rest:
        return _value(name, variables, unset)
    operator = rest[:2] if rest[:1] == ":" else rest[:1]
    argument = rest[len(operator) :]
    value = variables.get(name)
    there = bool(value) if operator.startswith(":") else value is not None
    match operator.lstrip(":"):
        case "-":
            return str(value) if there else substitute(argument, variables, unset, depth + 1)
        case "+":
            return substitute(argument, variables, unset, depth + 1) if there else ""
        case "?":
            if not there:
                reason = substitute(argument, variables, unset, depth + 1)
                raise TemplateError(
                    f"required variable {name} is missing a value" + (f": {reason}" if reason else "")
                )
            return str(value)
    raise _invalid(whole)
