"""The domain of one packet: a set is all or nothing, a value a number. Every question is answered as the
run's script has it, and what happens is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sekisho.semantics.choices import Choices
from sekisho.semantics.journey import Doubt, Hop, Lean, Step
from sekisho.symbolic.bits import Bits, ByOrigin, Cases, Ends, Set
from sekisho.symbolic.domain import Domain
from sekisho.symbolic.state import OneState
from sekisho.symbolic.unstated import ANY, Unstated, usual
from sekisho.values.address import BITS, Address, Family, Prefix
from sekisho.values.intset import IntSet


class _All:
    """The packet is in the set."""

    __slots__ = ()

    def __and__(self, other: Set) -> Set:
        return other

    def __or__(self, other: Set) -> Set:
        return ALL

    def __invert__(self) -> Set:
        return NONE

    def satisfiable(self) -> bool:
        """There it is."""
        return True


class _None:
    """It is not."""

    __slots__ = ()

    def __and__(self, other: Set) -> Set:
        return NONE

    def __or__(self, other: Set) -> Set:
        return other

    def __invert__(self) -> Set:
        return ALL

    def satisfiable(self) -> bool:
        """There is nothing."""
        return False


# To a walk, sets and values are what its domain makes of them: it never looks into them.
ALL, NONE = cast(Set, _All()), cast(Set, _None())


def value_of(number: int | str | Unstated | None) -> Bits:
    """A number as the value that it is in this domain; None: the packet has no such field."""
    return cast(Bits, number)


class OnePacket(Domain):
    """See the module's text. ``begin`` lets another packet set out, or the same with other answers: what was
    told is then of that one. ``steps``, ``hops`` and ``leans`` are what has been told so far."""

    tells = True
    state = OneState

    def __init__(self, family: Family) -> None:
        self.family = family
        self.nothing, self.everything = NONE, ALL
        zero = value_of(0)
        self.nowhere = Ends(zero, zero, zero, zero)
        self.begin({}, Choices())

    def begin(self, field: dict[str, Bits], choices: Choices) -> None:
        """``field``: the header; ``choices``: the script."""
        self.field = field
        self.choices = choices
        self.answers: dict[object, int] = {}
        self.steps: list[Step] = []
        self.hops: list[Hop] = []
        self.leans: dict[Lean, None] = {}

    # ---------------------------------------------------------------------------------- values

    def constant(self, value: int, width: int) -> Bits:
        return value_of(value)

    def number(self, bits: Bits) -> int | None:
        return bits if isinstance(bits, int) else None

    def set_bits(self, bits: Bits, mask: int, value: int) -> Bits:
        return value_of((usual(bits) & ~mask) ^ value)

    def with_prefix(self, prefix: Prefix, address: Bits) -> Bits:
        low = (1 << BITS[self.family] - prefix.length) - 1
        return value_of(prefix.value | (usual(address) & low))

    def group_mac(self, address: Bits) -> Bits:
        if self.family == 6:
            return value_of(0x3333 << 32 | (usual(address) & 0xFFFFFFFF))
        return value_of(0x01005E << 24 | (usual(address) & 0x7FFFFF))

    def open_number(self, key: object, width: int, doubts: tuple[Doubt, ...]) -> Bits:
        return value_of(ANY)

    def extra(self, name: str, width: int) -> Bits:
        return value_of(ANY)

    def hidden(self, within: IntSet, why: Doubt) -> Bits:
        return value_of(Unstated(0, within, why))

    def is_open(self, bits: Bits) -> bool:
        return isinstance(bits, Unstated)

    # ------------------------------------------------------------------------------------ sets

    def member(self, bits: Bits, values: IntSet) -> Set:
        return ALL if isinstance(bits, int) and bits in values else NONE

    def masked(self, bits: Bits, mask: int, value: int) -> Set:
        return ALL if isinstance(bits, int) and bits & mask == value else NONE

    def equal(self, some: Set, one: Bits, other: Bits) -> Set:
        return some if one == other else NONE

    def union(self, sets: Sequence[Set]) -> Set:
        return ALL if ALL in sets else NONE

    def values(self, some: Set, bits: Bits) -> IntSet:
        return IntSet.of(bits) if isinstance(bits, int) and some is ALL else IntSet(())

    def by_origin(self, cases: Cases) -> ByOrigin | str | int | None:
        return next((name for name, where in cases if where is ALL), None)

    # --------------------------------------------------------------------------------- choices

    def choice(self, key: object, doubts: tuple[Doubt, ...]) -> Set:
        return ALL if self._answer(key, doubts, 2) else NONE

    def pick(self, key: object, doubts: tuple[Doubt, ...], answers: int) -> tuple[Set, ...]:
        picked = self._answer(key, doubts, answers)
        return tuple(ALL if at == picked else NONE for at in range(answers))

    def _answer(self, key: object, doubts: tuple[Doubt, ...], answers: int) -> int:
        found = self.answers.get(key)
        if found is None:
            found = self.answers[key] = self.choices.choose(doubts, answers)
        return found

    # ----------------------------------------------------------------------------------- story

    def note(self, step: Step) -> None:
        self.steps.append(step)

    def lean(self, *leans: Lean) -> None:
        for lean in leans:
            self.leans.setdefault(lean)

    def hop(self, node: str, iif: object, oif: object) -> None:
        assert iif is None or isinstance(iif, str)
        assert oif is None or isinstance(oif, str)
        self.hops.append(Hop(node, iif, oif, tuple(self.steps)))
        self.steps = []

    def before_the_search(self) -> None:
        while self.steps and (self.steps[-1].table or "").startswith("netdev "):
            self.steps.pop()

    def address(self, hop: Address | Bits) -> Address:
        return hop if isinstance(hop, Address) else Address(self.family, usual(hop))

    def said(self, hop: Address | Bits) -> str:
        return str(self.address(hop))
