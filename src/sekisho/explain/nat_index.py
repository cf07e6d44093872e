"""The rules of one table by what they do for an address: each question reads few of them, not all."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from sekisho.explain.context import dnat_destination
from sekisho.explain.shape import shape_of
from sekisho.model.netfilter import Chain, Rule, Table
from sekisho.values.address import Address


@dataclass(frozen=True, slots=True)
class Leading:
    """A DNAT rule, its place, and the port that it leads to (empty: the packet's own)."""

    chain: Chain
    number: int
    rule: Rule
    port: str


class NatIndex:
    """Made once for a table; nothing is read before it is asked for."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def leading_to(self, address: Address) -> list[Leading]:
        """The DNAT rules whose destination is this single address, in their order."""
        return self._leading.get(address, [])

    @cached_property
    def _leading(self) -> dict[Address, list[Leading]]:
        found: dict[Address, list[Leading]] = {}
        for chain in self._table.chains:
            for number, rule in enumerate(chain.rules, start=1):
                address, port = dnat_destination(rule) or (None, "")
                if address is not None:
                    found.setdefault(address, []).append(Leading(chain, number, rule, port))
        return found

    def callers(self, chain: Chain) -> list[Rule]:
        """The rules of PREROUTING that jump to the chain."""
        return self._callers.get(chain.name, [])

    @cached_property
    def _callers(self) -> dict[str, list[Rule]]:
        found: dict[str, list[Rule]] = {}
        for chain in self._table.chains:
            for rule in chain.rules if chain.name == "PREROUTING" else ():
                if rule.target is not None:
                    found.setdefault(rule.target.name, []).append(rule)
        return found

    @cached_property
    def called(self) -> frozenset[str]:
        """The chains that any chain but OUTPUT calls."""
        return frozenset(
            rule.target.name
            for chain in self._table.chains
            for rule in (chain.rules if chain.name != "OUTPUT" else ())
            if rule.target is not None
        )

    def returned_before(self, chain: Chain, number: int, interface: str | None) -> int | None:
        """The first rule before a place that returns everything from the interface (None: everything)."""
        first = self._returns.get((chain.name, interface))
        return first if first is not None and first < number else None

    @cached_property
    def _returns(self) -> dict[tuple[str, str | None], int]:
        found: dict[tuple[str, str | None], int] = {}
        for chain in self._table.chains:
            for number, rule in enumerate(chain.rules, start=1):
                if rule.target is not None and rule.target.name == "RETURN":
                    shape = shape_of(rule)
                    if shape.only("in-interface"):
                        found.setdefault((chain.name, shape.plain("in-interface")), number)
        return found

    def translating_below(self, chain: Chain, number: int) -> list[int]:
        """The DNAT rules of the chain below a place."""
        numbers = self._translating.get(chain.name, [])
        return numbers[bisect_right(numbers, number) :]

    @cached_property
    def _translating(self) -> dict[str, list[int]]:
        return {
            chain.name: [
                number
                for number, rule in enumerate(chain.rules, start=1)
                if rule.target is not None and rule.target.name == "DNAT"
            ]
            for chain in self._table.chains
        }
