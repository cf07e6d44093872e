"""What the meaning of an nftables rule depends on besides its own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sekisho.model.nft import NftSet
from sekisho.model.nft_rule import SetLiteral, SetReference
from sekisho.semantics.match_context import AddressTypes
from sekisho.values.address import Family


class MissingSetError(KeyError):
    """A rule names a set or map that its table does not have; the name is the argument."""


@dataclass(frozen=True, slots=True)
class NftContext:
    """``family`` is that of the packets, ``table`` that of the table (ip, ip6, inet, bridge, netdev).

    ``sets`` are the table's sets and maps by name; ``moving`` those that rules add to or delete from, so
    that the captured elements may be old. ``chains`` are the names of the table's chains that are no base
    chains. ``translated``: iptables-nft made the table, nft lists it in other words (``nft_translated``).
    """

    family: Family
    table: str
    address_types: AddressTypes
    sets: Mapping[str, NftSet] = field(default_factory=dict)
    moving: frozenset[str] = frozenset()
    chains: frozenset[str] = frozenset()
    translated: bool = False

    def elements(self, data: SetLiteral | SetReference) -> SetLiteral:
        """What a set or map holds. Raises MissingSetError for a name that the table does not have."""
        if isinstance(data, SetLiteral):
            return data
        found = self.sets.get(data.name)
        if found is None:
            raise MissingSetError(data.name)
        return SetLiteral(found.elements)

    def moves(self, data: SetLiteral | SetReference) -> bool:
        """Whether a named set or map changes by itself."""
        return isinstance(data, SetReference) and data.name in self.moving
