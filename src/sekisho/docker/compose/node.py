"""A YAML document as a tree that remembers, for every value, the file and line it stands at."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.errors import Said, SourceError
from sekisho.model.evidence import Evidence

Scalar = str | int | float | bool | None


@dataclass(slots=True)
class Node:
    """A mapping, a list or a scalar. ``tag`` is ``!reset`` or ``!override`` where one stands there."""

    value: dict[str, Node] | list[Node] | Scalar
    place: Evidence = field(compare=False, default=Evidence("", 0, ""))
    tag: str = field(compare=False, default="")

    @property
    def mapping(self) -> dict[str, Node]:
        """The mapping's entries; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The list's elements; empty for anything else."""
        return self.value if isinstance(self.value, list) else []

    def get(self, key: str) -> Node | None:
        return self.mapping.get(key)

    def text(self, key: str) -> str | None:
        """The scalar under the key as text; None where there is none."""
        found = self.mapping.get(key)
        if found is None or found.value is None or isinstance(found.value, dict | list):
            return None
        return scalar_text(found.value)

    def flag(self, key: str) -> bool:
        return self.text(key) == "true"

    def error(self, what: str | Said, advice: str | Said = "") -> SourceError:
        """An error that points here."""
        return SourceError(
            what, file=self.place.file, line=self.place.line, text=self.place.text, advice=advice
        )

    def copy(self) -> Node:
        """A deep copy; merging changes trees in place."""
        value = self.value
        if isinstance(value, dict):
            return Node({key: item.copy() for key, item in value.items()}, self.place, self.tag)
        if isinstance(value, list):
            return Node([item.copy() for item in value], self.place, self.tag)
        return Node(value, self.place, self.tag)

    def size(self) -> int:
        """How many nodes the tree has."""
        if isinstance(self.value, dict):
            return 1 + sum(item.size() for item in self.value.values())
        return 1 + sum(item.size() for item in self.items)

    def plain(self) -> object:
        """The tree as dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


def scalar_text(value: Scalar) -> str:
    """A scalar as Go prints it: true, false, 80, 0.5."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return "" if value is None else str(value)


def matches(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether a path is named by a pattern, in which ``*`` stands for any one part."""
    return len(path) == len(pattern) and all(
        want in ("*", part) for want, part in zip(pattern, path, strict=True)
    )


def pattern(text: str) -> tuple[str, ...]:
    """``services.*.ports`` as a tuple."""
    return tuple(text.split("."))
