"""The part of JSON Schema (2020-12) that the topology's schema uses, with errors that name the line.

Keywords: type, properties, required, additionalProperties, patternProperties, propertyNames, items,
enum, const, pattern, minimum, maximum, minItems, oneOf/anyOf, $ref to #/$defs. Another keyword in the
schema is an error of the schema, found when it is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import cast

from sekisho.errors import Said, SourceError, said
from sekisho.lab.system.document import Value

Schema = Mapping[str, object]

NAME = "topology.schema.json"
_IGNORED = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples"})
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,), "null": (type(None),),
}  # fmt: skip


def schema_text() -> str:
    """The published schema, as JSON text."""
    return resources.files(__package__).joinpath(NAME).read_text(encoding="utf-8")


@cache
def topology_schema() -> Schema:
    """The published schema."""
    return cast(Schema, json.loads(schema_text()))


def check(value: Value, schema: Schema, file: str) -> None:
    """Raise SourceError for the first value that the schema does not allow."""
    found = _Checker(schema, file).fault(value, schema)
    if found is not None:
        raise found


class _Checker:
    def __init__(self, root: Schema, file: str) -> None:
        self._root = root
        self._file = file

    def fault(self, value: Value, schema: Schema) -> SourceError | None:
        """What is wrong, None where nothing is."""
        if value.data is None and "type" in schema and "null" not in _texts(schema["type"]):
            return self._error(value, said("{0} has no value", value.path or said("the document")))
        for keyword, wanted in schema.items():
            if keyword in _IGNORED:
                continue
            check_keyword = getattr(self, f"_{keyword.lstrip('$')}", None)
            if check_keyword is None:
                raise AssertionError(f"the schema uses {keyword!r}, which nothing checks")
            found = check_keyword(value, wanted, schema)
            if found is not None:
                return cast(SourceError, found)
        return None

    def _error(self, value: Value, what: str | Said, advice: str | Said = "") -> SourceError:
        text = "" if isinstance(value.data, dict | list | None) else str(value.data)
        return SourceError(what, file=self._file, line=value.line, text=text, advice=advice)

    def _ref(self, value: Value, wanted: object, _: Schema) -> SourceError | None:
        target: object = self._root
        for part in str(wanted).removeprefix("#/").split("/"):
            target = cast(Schema, target)[part]
        return self.fault(value, cast(Schema, target))

    def _type(self, value: Value, wanted: object, schema: Schema) -> SourceError | None:
        for name in _texts(wanted):
            if isinstance(value.data, _TYPES[name]) and (
                name == "boolean" or not isinstance(value.data, bool)
            ):
                return None
        names = " or ".join(_texts(wanted))
        return self._error(
            value,
            said("{0} must be of type {1}", value.path or said("the document"), names),
            str(schema.get("description", "")),
        )

    def _required(self, value: Value, wanted: object, _: Schema) -> SourceError | None:
        if isinstance(value.data, dict):
            for name in _texts(wanted):
                if name not in value.data:
                    return self._error(
                        value, said("{0} needs {1!r}", value.path or said("the document"), name)
                    )
        return None

    def _properties(self, value: Value, wanted: object, _: Schema) -> SourceError | None:
        if isinstance(value.data, dict):
            for name, schema in cast(Mapping[str, Schema], wanted).items():
                if name in value.data:
                    found = self.fault(value.data[name], schema)
                    if found is not None:
                        return found
        return None

    def _additionalProperties(self, value: Value, wanted: object, schema: Schema) -> SourceError | None:
        if not isinstance(value.data, dict):
            return None
        known = cast(Mapping[str, Schema], schema.get("properties", {}))
        for name, item in value.data.items():
            if name in known:
                continue
            if wanted is False:
                near = get_close_matches(name, known, n=1)
                advice = (
                    said("did you mean {0!r}?", near[0])
                    if near
                    else said("known here: {0}", ", ".join(known))
                )
                return self._error(item, said("unknown key {0!r}", item.path), advice)
            found = self.fault(item, cast(Schema, wanted))
            if found is not None:
                return found
        return None

    def _propertyNames(self, value: Value, wanted: object, _: Schema) -> SourceError | None:
        if isinstance(value.data, dict):
            for name, item in value.data.items():
                found = self.fault(Value(name, item.line, item.path), cast(Schema, wanted))
                if found is not None:
                    return found
        return None

    def _items(self, value: Value, wanted: object, _: Schema) -> SourceError | None:
        for item in value.data if isinstance(value.data, list) else ():
            found = self.fault(item, cast(Schema, wanted))
            if found is not None:
                return found
        return None

    def _minItems(self, value: Value, wanted: object, _: Schema) -> SourceError | None:
        if isinstance(value.data, list) and len(value.data) < cast(int, wanted):
            return self._error(value, said("{0} needs at least {1} elements", value.path, wanted))
        return None

    def _enum(self, value: Value, wanted: object, _: Schema) -> SourceError | None:
        choices = cast("list[object]", wanted)
        if any(value.data == choice and type(value.data) is type(choice) for choice in choices):
            return None
        return self._error(value, said("{0} must be one of: {1}", value.path, ", ".join(map(str, choices))))

    def _const(self, value: Value, wanted: object, _: Schema) -> SourceError | None:
        return (
            None
            if value.data == wanted
            else self._error(value, said("{0} must be {1!r}", value.path, wanted))
        )

    def _pattern(self, value: Value, wanted: object, schema: Schema) -> SourceError | None:
        # JSON Schema's ``$`` is the end of the text, never what stands before a line's end.
        if isinstance(value.data, str) and not re.search(str(wanted).replace("$", r"\Z"), value.data):
            return self._error(
                value, said("{0} is not as it should be", value.path), str(schema.get("description", ""))
            )
        return None

    def _minimum(self, value: Value, wanted: object, _: Schema) -> SourceError | None:
        if isinstance(value.data, int | float) and value.data < cast(float, wanted):
            return self._error(value, said("{0} must be at least {1}", value.path, wanted))
        return None

    def _maximum(self, value: Value, wanted: object, _: Schema) -> SourceError | None:
        if isinstance(value.data, int | float) and value.data > cast(float, wanted):
            return self._error(value, said("{0} must be at most {1}", value.path, wanted))
        return None

    def _anyOf(self, value: Value, wanted: object, schema: Schema) -> SourceError | None:
        faults = [self.fault(value, choice) for choice in cast("list[Schema]", wanted)]
        if None in faults:
            return None
        # The choice that got furthest is what was meant.
        told = [fault for fault in faults if fault is not None]
        deepest = max(told, key=lambda fault: fault.line if fault.line != value.line else 0)
        if schema.get("description") and deepest.line == value.line:
            return self._error(
                value, said("{0} is not as it should be", value.path), str(schema["description"])
            )
        return deepest


def _texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(item) for item in cast("list[object]", value)]
