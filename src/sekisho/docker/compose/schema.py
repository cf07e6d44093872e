"""Checks a compose model against the Compose Specification's own JSON schema (draft 7).

Only the words that this schema uses are known, and an unknown one is an error of this module.
The schema is compose-spec.json beside this file; see NOTICE for its origin and licence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import cast

from sekisho.docker.compose.node import Node, scalar_text
from sekisho.errors import said

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
Schema = dict[str, Json]
Check = Callable[[Node, str], Iterator[tuple[Node, str]]]

_IGNORED = frozenset(
    {"$schema", "$id", "title", "description", "default", "deprecated", "definitions", "type"}
)


def validate(node: Node) -> None:
    """Raises SourceError at the first value that the schema does not allow, with compose's words."""
    for found, what in _check_of("")(node, ""):
        raise found.error(what, said("see {0}", "https://docs.docker.com/reference/compose-file/"))


@cache
def _root() -> Schema:
    text = files("sekisho.docker.compose").joinpath("compose-spec.json").read_text(encoding="utf-8")
    return cast(Schema, json.loads(text))


@cache
def _check_of(name: str) -> Check:
    """The check of a definition; the whole schema's for the empty name. Compiled once, used lazily, for
    definitions refer to one another in circles."""
    schema = _root()
    if name:
        schema = cast(Schema, cast(Schema, schema["definitions"])[name])
    compiled: list[Check] = []

    def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
        if not compiled:
            compiled.append(_compile(schema))
        return compiled[0](node, path)

    return check


def _compile(schema: Schema) -> Check:
    checks: list[Check] = []
    if "type" in schema:
        kinds = schema["type"]
        checks.append(_type([str(kind) for kind in kinds] if isinstance(kinds, list) else [str(kinds)]))
    if any(word in schema for word in ("properties", "patternProperties", "additionalProperties")):
        checks.append(_properties(schema))
    for word, argument in schema.items():
        if word in _IGNORED or word in ("properties", "patternProperties", "additionalProperties"):
            continue
        checks.append(_WORDS[word](argument))
    if len(checks) == 1:
        return checks[0]

    def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
        for one in checks:
            yield from one(node, path)

    return check


def _ref(argument: Json) -> Check:
    return _check_of(str(argument).rpartition("/")[2])


def _kind(node: Node) -> str:
    value = node.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array"


def _type(kinds: list[str]) -> Check:
    allowed = frozenset([*kinds, "integer"] if "number" in kinds else kinds)

    def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
        if _kind(node) not in allowed:
            shown = {"object": "a mapping", "array": "a list", "null": "null", "integer": "an integer"}
            wanted = " or ".join(shown.get(kind, f"a {kind}") for kind in kinds)
            yield node, f"{path or 'the file'} must be {wanted}"

    return check


def _properties(schema: Schema) -> Check:
    named = {
        key: _compile(cast(Schema, value))
        for key, value in cast(Schema, schema.get("properties", {})).items()
    }
    patterns = [
        (re.compile(key), _compile(cast(Schema, value)))
        for key, value in cast(Schema, schema.get("patternProperties", {})).items()
    ]
    further = schema.get("additionalProperties", True)
    other = _compile(further) if isinstance(further, dict) else None

    def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
        if not isinstance(node.value, dict):
            return
        for key, item in node.value.items():
            below = f"{path}.{key}" if path else key
            known = key in named
            if known:
                yield from named[key](item, below)
            for pattern, one in patterns:
                if pattern.search(key):
                    known = True
                    yield from one(item, below)
            if not known and other is not None:
                yield from other(item, below)
            elif not known and further is False:
                yield item, f"{path + ' ' if path else ''}additional properties '{key}' not allowed"

    return check


def _required(argument: Json) -> Check:
    wanted = [str(name) for name in argument] if isinstance(argument, list) else []

    def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
        for name in wanted:
            if isinstance(node.value, dict) and name not in node.value:
                yield node, f"{path} missing property '{name}'"

    return check


def _one_of(argument: Json) -> Check:
    branches = [(_compile(branch), branch) for branch in cast(list[Schema], argument)]

    def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
        kind = _kind(node)
        failures: list[tuple[Node, str]] = []
        for branch, schema in branches:
            first = next(branch(node, path), None)
            if first is None:
                return  # branches of this schema differ by type: none that fits can be beside another
            if kind in _types(schema):
                failures.insert(0, first)
            else:
                failures.append(first)
        yield failures[0]

    return check


def _types(schema: Schema) -> list[str]:
    """The types that a branch is for, through its reference."""
    while "$ref" in schema:
        schema = cast(Schema, cast(Schema, _root()["definitions"])[str(schema["$ref"]).rpartition("/")[2]])
    kinds = schema.get("type", [])
    return [str(kind) for kind in kinds] if isinstance(kinds, list) else [str(kinds)]


def _enum(argument: Json) -> Check:
    allowed = argument if isinstance(argument, list) else []

    def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
        if node.value not in allowed:
            yield node, f"{path} value must be one of {', '.join(repr(one) for one in allowed)}"

    return check


def _items(argument: Json) -> Check:
    inner = _compile(cast(Schema, argument))

    def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
        for number, item in enumerate(node.items):
            yield from inner(item, f"{path}.{number}")

    return check


def _unique_items(argument: Json) -> Check:
    def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
        seen: list[object] = []
        known: set[object] = set()
        for number, item in enumerate(node.items):
            value = item.plain()
            key = value if not isinstance(value, dict | list) else None
            if (key is not None and key in known) or (key is None and value in seen):
                yield item, f"{path} array items {seen.index(value)} and {number} are equal"
            seen.append(value)
            if key is not None:
                known.add(key)

    return check


def _bound(word: str, inside: Callable[[float, float], bool]) -> Callable[[Json], Check]:
    def make(argument: Json) -> Check:
        limit = float(cast(float, argument))

        def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
            value = node.value
            if isinstance(value, int | float) and not isinstance(value, bool) and not inside(value, limit):
                yield node, f"{path} must be {word} {limit:g}"

        return check

    return make


def _pattern(argument: Json) -> Check:
    compiled = re.compile(str(argument))

    def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
        if isinstance(node.value, str) and not compiled.search(node.value):
            yield node, f"{path} '{node.value}' does not match pattern '{argument}'"

    return check


_DURATION = re.compile(r"([0-9]*(\.[0-9]*)?(ns|us|µs|μs|ms|s|m|h|d|w))+|0")
_PORT_RANGE = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?(/\w+)?")


def _format(argument: Json) -> Check:
    """Of the schema's formats only those that compose itself checks: duration and expose."""

    def check(node: Node, path: str) -> Iterator[tuple[Node, str]]:
        text = scalar_text(node.value) if not isinstance(node.value, dict | list) else ""
        if argument == "duration" and isinstance(node.value, str) and not _DURATION.fullmatch(text):
            yield node, f"{path} '{text}' is not valid duration"
        if argument == "expose" and not _PORT_RANGE.fullmatch(text):
            yield node, f"{path} '{text}' is not valid expose: invalid port"

    return check


_WORDS: dict[str, Callable[[Json], Check]] = {
    "$ref": _ref,
    "required": _required,
    "oneOf": _one_of,
    "enum": _enum,
    "items": _items,
    "uniqueItems": _unique_items,
    "minimum": _bound("at least", lambda value, limit: value >= limit),
    "maximum": _bound("at most", lambda value, limit: value <= limit),
    "pattern": _pattern,
    "format": _format,
}
