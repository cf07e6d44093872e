"""What the meaning of an nftables rule depends on besides its own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sekisho.model.links import Interface
from sekisho.model.nft import NftSet
from sekisho.model.nft_expression import SetLiteral, SetReference
from sekisho.semantics.journey import Doubt
from sekisho.semantics.match_context import AddressTypes
from sekisho.semantics.program import NEVER, Guard
from sekisho.values.address import Family


class Undecided(Exception):
    """A condition that nobody can decide: ``doubt`` is why. ``needs`` must hold all the same; ``missing`` are
    the packets of which it is certain that they have no such thing."""

    def __init__(self, doubt: Doubt, needs: tuple[Guard, ...] = (), missing: Guard = NEVER) -> None:
        super().__init__(doubt.code)
        self.doubt = doubt
        self.needs = needs
        self.missing = missing


@dataclass(frozen=True, slots=True)
class NftContext:
    """``family`` is that of the packets, ``table`` that of the table (ip, ip6, inet, bridge, netdev).

    ``sets`` are the table's sets and maps by name; ``moving`` those that rules add to or delete from, so
    that the captured elements may be old, ``shrinking`` those that may have lost some. ``chains`` are the
    names of the table's chains that are no base chains, ``hooks`` those of its base chains. ``links`` are
    the host's interfaces, None: not captured. ``translated``: iptables-nft made the table, nft lists it in
    other words (``nft_translated``).
    """

    family: Family
    table: str
    address_types: AddressTypes
    sets: Mapping[str, NftSet] = field(default_factory=dict)
    moving: frozenset[str] = frozenset()
    chains: frozenset[str] = frozenset()
    hooks: frozenset[str] = frozenset()
    links: tuple[Interface, ...] | None = None
    shrinking: frozenset[str] = frozenset()
    translated: bool = False

    def elements(self, data: SetLiteral | SetReference) -> SetLiteral:
        """What a set or map holds. Raises Undecided for a name that the table does not have, and where the
        set was not read whole."""
        if isinstance(data, SetLiteral):
            return data
        found = self.sets.get(data.name)
        if found is None:
            raise Undecided(Doubt("set-not-read", (data.name,)))
        if found.unread:
            raise Undecided(Doubt("set-not-read", (data.name,), found.unread[0].evidence))
        return SetLiteral(found.elements)

    def moves(self, data: SetLiteral | SetReference) -> bool:
        """Whether a named set or map changes by itself."""
        return isinstance(data, SetReference) and data.name in self.moving
