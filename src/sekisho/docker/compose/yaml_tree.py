"""YAML text as a ``Node`` tree, scalars resolved as go-yaml does for compose (YAML 1.2's core, mostly)."""

from __future__ import annotations

import re
from math import isinf
from typing import TYPE_CHECKING

from sekisho.docker.compose.node import Node, Scalar
from sekisho.docker.compose.yaml_depth import line_too_deep
from sekisho.errors import Said, SourceError, said
from sekisho.model.evidence import Evidence
from sekisho.sources.yaml_size import MOST_NODES, TOO_LARGE, check_size
from sekisho.values.numbers import integer

if TYPE_CHECKING:
    import yaml

_PLAIN = "!plain"
_INT = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|0[0-7_]*|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_DEEPEST = 100  # nobody's document is; what walks the tree calls itself for each level


def parse(text: str, file: str) -> list[Node]:
    """Every document of a YAML text. Raises SourceError with line and text where it is no YAML."""
    try:
        import yaml
    except ImportError:
        raise SourceError(
            "reading compose files needs PyYAML, which is not installed", file=file,
            advice="pip install PyYAML; --run, --create and --script do without",
        ) from None  # fmt: skip

    loader_class = _loader_class()
    lines = [line.strip() for line in text.split("\n")]
    try:
        if line := line_too_deep(text, loader_class):
            raise SourceError("the document is nested too deeply", file=file, line=line)
        check_size(text, file)
        loader = loader_class(text)
        documents: list[Node] = []
        try:
            while loader.check_node():
                found = loader.get_node()
                if found is not None:
                    documents.append(_Reader(file, lines).node(found, ()))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 0
        shown = lines[line - 1] if 0 < line <= len(lines) else ""
        raise SourceError(
            f"not YAML: {error.problem or error.context or 'cannot be read'}",
            file=file,
            line=line,
            text=shown,
        ) from None
    except yaml.YAMLError as error:
        raise SourceError(f"not YAML: {error}", file=file) from None
    return documents


_CLASS: list[type[yaml.SafeLoader]] = []


def _loader_class() -> type[yaml.SafeLoader]:
    """A loader that leaves plain scalars alone, so that this module resolves them."""
    import yaml

    if not _CLASS:
        base: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        made: type[yaml.SafeLoader] = type("_Loader", (base,), {"yaml_implicit_resolvers": {}})
        made.add_implicit_resolver(_PLAIN, re.compile(r".*", re.DOTALL), None)
        _CLASS.append(made)
    return _CLASS[0]


class _Reader:
    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.count = 0

    def node(self, found: yaml.Node, above: tuple[yaml.Node, ...]) -> Node:
        """``above``: the nodes that it is inside of; an alias to one of them has no end."""
        import yaml

        self.count += 1
        if self.count > MOST_NODES:
            raise self._error(found, said(TOO_LARGE, MOST_NODES))
        if len(above) > _DEEPEST:
            raise self._error(found, "the document is nested too deeply")
        if found in above:
            raise self._error(found, "an alias that contains itself")
        inside = (*above, found)
        place = self._place(found)
        tag = found.tag if found.tag in ("!reset", "!override") else ""
        if isinstance(found, yaml.MappingNode):
            return Node(self._mapping(found, inside), place, tag)
        if isinstance(found, yaml.SequenceNode):
            return Node([self.node(item, inside) for item in found.value], place, tag)
        assert isinstance(found, yaml.ScalarNode)
        return Node(self._scalar(found), place, tag)

    def _mapping(self, found: yaml.MappingNode, inside: tuple[yaml.Node, ...]) -> dict[str, Node]:
        import yaml

        entries: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in found.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, "a mapping's key must be a word")
            name = key.value
            if name == "<<" and not key.style:
                sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for source in sources:
                    if not isinstance(source, yaml.MappingNode):
                        raise self._error(source, "map merge requires map or sequence of maps as the value")
                    for inherited, node in self._mapping(source, (*inside, source)).items():
                        merged.setdefault(inherited, node)
                continue
            if name in entries:
                line = entries[name].place.line
                raise self._error(key, f'mapping key "{name}" already defined at line {line}')
            item = self.node(value, inside)
            if isinstance(item.value, dict | list) or item.place.line != key.start_mark.line + 1:
                item.place = self._place(key)
            entries[name] = item
        return {**merged, **entries} if merged else entries

    def _scalar(self, found: yaml.ScalarNode) -> Scalar:
        text = str(found.value)
        if found.tag == _PLAIN or found.tag in ("!reset", "!override"):
            return text if found.style else resolve(text)
        kind = found.tag.rpartition(":")[2]
        if kind in ("int", "float", "bool", "null"):
            value = resolve(text)
            if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
                return float(value)
            return value
        return text

    def _place(self, found: yaml.Node) -> Evidence:
        line = found.start_mark.line + 1
        return Evidence(self.file, line, self.lines[line - 1] if line <= len(self.lines) else "")

    def _error(self, found: yaml.Node, what: str | Said) -> SourceError:
        place = self._place(found)
        return SourceError(what, file=self.file, line=place.line, text=place.text)


def resolve(text: str) -> Scalar:
    """The value of a plain scalar: null, a truth value, a number, or the text itself."""
    if text in _NULLS:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    first = text[0]
    if first in "+-.0123456789":
        if _INT.fullmatch(text) and (whole := _integer(text.replace("_", ""))) is not None:
            return whole
        if _FLOAT.fullmatch(text):
            number = float(text)
            return text if isinf(number) else number
        if text.lower() in _INFINITE:
            return float(_INFINITE[text.lower()])
    return text


def _integer(text: str) -> int | None:
    """None for what has no digits, or more than 64 bits: go-yaml goes on to floats, then to text."""
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-").lower()
    bases = {"0x": 16, "0o": 8, "0b": 2}
    try:
        if digits[:2] in bases:
            found = sign * integer(digits[2:], bases[digits[:2]])
        else:
            found = sign * integer(digits, 8 if len(digits) > 1 and digits.startswith("0") else 10)
    except ValueError:
        return None
    return found if -(1 << 63) <= found < 1 << 64 else None
