"""A rule's conditions by name, for recognising familiar shapes."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.model.netfilter import Option, Rule

_SAME = {"destination-port": "dport", "source-port": "sport"}
# Says nothing beyond what another condition says, or nothing at all.
_SILENT = {"comment"}


@dataclass(frozen=True, slots=True)
class Shape:
    """``options`` by name; ``odd`` are conditions that occur twice or that no shape has words for."""

    options: dict[str, Option]
    odd: tuple[Option, ...]

    def plain(self, name: str) -> str | None:
        """The value of a condition without ``!``."""
        found = self.options.get(name)
        return found.values[0] if found and not found.negated and len(found.values) == 1 else None

    def negated(self, name: str) -> str | None:
        """The value of a condition with ``!``."""
        found = self.options.get(name)
        return found.values[0] if found and found.negated and len(found.values) == 1 else None

    def only(self, *names: str) -> bool:
        """Whether the rule has no other conditions than these (not all of them need be there)."""
        return not self.odd and set(self.options) <= set(names)


def shape_of(rule: Rule) -> Shape:
    """The conditions of a rule; ``-m tcp`` without an option and comments are left out."""
    options: dict[str, Option] = {}
    odd: list[Option] = []
    for item in rule.matches:
        name = _SAME.get(item.name, item.name)
        if item.module in _SILENT or (not name and item.module in ("tcp", "udp", "sctp")):
            continue
        if item.module == "?" or name in options or not name:
            odd.append(item)
        else:
            options[name] = item
    return Shape(options, tuple(odd))
