"""A YAML or JSON document whose every value knows its line.

Plain scalars are resolved here, not by YAML's rules: ``22:22`` is a text (not 1342 minutes), ``no`` is a
text, ``080`` is a text; integers, decimals, true, false and null are what they look like.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isinf
from typing import TYPE_CHECKING, Union

from sekisho.docker.compose.yaml_depth import line_too_deep
from sekisho.errors import SourceError, UsageError, said
from sekisho.sources.yaml_size import MOST_NODES, TOO_LARGE, check_size
from sekisho.values.numbers import integer

if TYPE_CHECKING:
    import yaml

Scalar = str | int | float | bool | None
Data = Union["dict[str, Value]", "list[Value]", Scalar]

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,19})\Z")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None, "~": None, "": None}
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the line (from 1; 0: not known) where it begins. ``path`` is where it is, in words.

    ``block``: the line of the first line of a text that stands as it is, line by line; 0 of others.
    """

    data: Data
    line: int = 0
    path: str = ""
    block: int = 0

    def plain(self) -> object:
        """The value without lines."""
        if isinstance(self.data, dict):
            return {key: value.plain() for key, value in self.data.items()}
        if isinstance(self.data, list):
            return [value.plain() for value in self.data]
        return self.data

    def get(self, key: str) -> Value | None:
        """The value of a mapping's key; None where it is not there or null."""
        if not isinstance(self.data, dict):
            return None
        found = self.data.get(key)
        return None if found is None or found.data is None else found

    def items(self, key: str) -> Iterator[tuple[str, Value]]:
        """The pairs of the mapping below ``key``; nothing where there is none."""
        found = self.get(key)
        if found is not None and isinstance(found.data, dict):
            yield from found.data.items()

    def list(self, key: str) -> list[Value]:
        """The elements of the list below ``key``; nothing where there is none."""
        found = self.get(key)
        return found.data if found is not None and isinstance(found.data, list) else []

    def text(self, key: str, default: str = "") -> str:
        """The text (or number as text) below ``key``."""
        found = self.get(key)
        return default if found is None else str(found.data)


def from_plain(data: object, path: str = "") -> Value:
    """A document from Python's own values, without lines."""
    if isinstance(data, dict):
        return Value({str(key): from_plain(item, _below(path, key)) for key, item in data.items()}, 0, path)
    if isinstance(data, list | tuple):
        return Value([from_plain(item, f"{path}[{at}]") for at, item in enumerate(data)], 0, path)
    if data is None or isinstance(data, str | int | float | bool):
        return Value(data, 0, path)
    raise TypeError(f"{type(data).__name__} cannot be in a topology")


def parse(text: str, file: str) -> Value:
    """Read a document. Raises SourceError with file and line where it is not YAML (or JSON)."""
    try:
        import yaml
    except ImportError:
        return _parse_json(text, file)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if line := line_too_deep(text, loader):
            raise SourceError("the document is nested too deeply", file=file, line=line)
        check_size(text, file)
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SourceError(
            said("not YAML: {0}", error.problem or error.context), file=file,
            line=mark.line + 1 if mark else 0, text=_line_of(text, mark.line if mark else -1),
        ) from None  # fmt: skip
    except (yaml.YAMLError, RecursionError) as error:
        raise SourceError(said("not YAML: {0}", error), file=file) from None
    if root is None:
        raise SourceError("the file is empty", file=file)
    return _Converter(file).value(root, "", 0)


def _parse_json(text: str, file: str) -> Value:
    try:
        return from_plain(json.loads(text))
    except RecursionError:
        raise SourceError("the document is nested too deeply", file=file) from None
    except json.JSONDecodeError as error:
        if text.lstrip().startswith("{"):
            raise SourceError(
                said("not JSON: {0}", error.msg),
                file=file,
                line=error.lineno,
                text=_line_of(text, error.lineno - 1),
            ) from None
        raise UsageError(
            said("{0}: reading YAML needs PyYAML", file), advice="pip install PyYAML, or write it as JSON"
        ) from None


class _Converter:
    """Counts what it makes: aliases make a small document very large."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._made = 0

    def value(self, node: yaml.Node, path: str, depth: int) -> Value:
        """The value of a node. Raises SourceError."""
        import yaml

        line = node.start_mark.line + 1
        self._made += 1
        if self._made > MOST_NODES:
            raise SourceError(said(TOO_LARGE, MOST_NODES), file=self._file, line=line)
        if depth > _DEEPEST:
            raise SourceError("the document is nested too deeply", file=self._file, line=line)
        if isinstance(node, yaml.MappingNode):
            return Value(self._mapping(node, path, depth), line, path)
        if isinstance(node, yaml.SequenceNode):
            return Value(
                [self.value(item, f"{path}[{at}]", depth + 1) for at, item in enumerate(node.value)],
                line,
                path,
            )
        assert isinstance(node, yaml.ScalarNode)
        return Value(_scalar(node.value, node.style), line, path, line + 1 if node.style == "|" else 0)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Value]:
        import yaml

        found: dict[str, Value] = {}
        for key_node, value_node in node.value:
            where = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise SourceError("a key must be a text", file=self._file, line=where)
            key = str(key_node.value)
            if key in found:
                raise SourceError(said("the key {0!r} is there twice", key), file=self._file, line=where)
            value = self.value(value_node, _below(path, key), depth + 1)
            # The key's line: a value on the next line belongs to it.
            found[key] = Value(value.data, where, value.path, value.block)
        return found


def _scalar(text: str, style: str | None) -> Scalar:
    if style:  # quoted, or a block of text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return integer(text)
    number = float(text) if _DECIMAL.match(text) else None
    return text if number is None or isinf(number) else number


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _line_of(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number] if 0 <= number < len(lines) else ""
