"""The hosts of a world, each read and compiled when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from sekisho.errors import UsageError, said
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.site import Site
from sekisho.values.address import Address


class Part(Protocol):
    """The capture of one host, perhaps not read yet. ``name``: the host's, "" where there is one alone."""

    @property
    def name(self) -> str: ...

    def snapshot(self) -> Snapshot:
        """What it holds. Raises SourceError where it cannot be read."""

    def may_have(self, address: Address, own: bool) -> bool:
        """Whether its texts may name the address: as the host's ``own``, or anywhere."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A host that was read already."""

    held: Snapshot

    @property
    def name(self) -> str:
        return self.held.host.site

    def snapshot(self) -> Snapshot:
        return self.held

    def may_have(self, address: Address, own: bool) -> bool:
        return True


class Sites(Mapping[str, Site]):
    """By the node of a host's own namespace, the host."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._made: dict[str, Site] = {}
        self._of: dict[str, Site] = {}
        if len(parts) == 1:
            only = Site(parts[0].snapshot())
            self._made[only.id] = only
            self._parts: dict[str, Part] = {only.id: parts[0]}
        else:
            self._parts = {part.name: part for part in parts}

    def __getitem__(self, name: str) -> Site:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = Site(self._checked(self._parts[name].snapshot()))
        return found

    def _checked(self, snapshot: Snapshot) -> Snapshot:
        """Raises UsageError where [[wires]] name what is no host, or an interface of two wires."""
        met: set[str] = set()
        for wire in snapshot.wires:
            for end in wire:
                if end.partition("/")[0] not in self._parts:
                    raise UsageError(
                        said("[[wires]] of snapshot.toml names {0}: no such host is here", end),
                        advice=said("there are: {0}", ", ".join(self._parts)),
                    )
                if end in met:
                    raise UsageError(
                        said("[[wires]] of snapshot.toml names {0} twice", end),
                        advice="an interface is on one wire",
                    )
                met.add(end)
        return snapshot

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def naming(self, address: Address, own: bool) -> Iterator[Site]:
        """Those whose texts may name the address."""
        for name, part in self._parts.items():
            if name in self._made or part.may_have(address, own):  # a host that was read is asked itself
                yield self[name]

    def of(self, node: str) -> Site:
        """The host that a namespace is of."""
        found = self._of.get(node)
        if found is None:
            one = len(self._parts) == 1
            found = next(iter(self._made.values())) if one else self[node.partition("/")[0]]
            if node in found.nodes:  # asked for very often
                self._of[node] = found
        return found

    def holds(self, node: str) -> bool:
        """Whether there may be such a namespace."""
        return len(self._parts) == 1 or node.partition("/")[0] in self._parts
