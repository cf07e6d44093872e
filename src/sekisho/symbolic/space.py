"""Sets of packets as decision diagrams over the header bits of the *original* packet.

    proto  dst  tdst  src  dport  tdport  sport  icmp_type icmp_code icmp_id tcp_flags tos ...  choices
    most significant bit first in every field; diagrams grow 4 to 50 times in other orders

``tdst`` and ``tdport`` are the destination that a translation gave, where one set holds packets with many of
them. The last variables are *choices*: one for each question that nobody can decide (a rate limit, an
unknown match), so that "certainly" is *for all choices* and "perhaps" is *for some*.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from oxidd.bcdd import BCDDManager

from sekisho.semantics.fields import HEADER
from sekisho.semantics.journey import Doubt
from sekisho.symbolic.bits import ONE, ZERO, Bits, ByOrigin, Cases, Ends, Set
from sekisho.symbolic.domain import TRANSLATED, Domain
from sekisho.symbolic.spans import spans
from sekisho.symbolic.state import State
from sekisho.values.address import Family, Prefix
from sekisho.values.intset import IntSet

# The fields of a packet, with translated ones, in the order of their variables.
_BESIDE = {of: name for name, of in TRANSLATED.items()}
ORDER = {each: of for of in HEADER for each in (of, _BESIDE.get(of)) if each}

# Room for nodes and for remembered operations; memory is taken as it is used.
_NODES, _CACHE = 1 << 25, 1 << 18

# Numbers are put together from pieces of this many bits.
_BYTE = 8


class Space(Domain):
    """One diagram manager with its variables. Diagrams of two spaces must never meet.

    ``cut`` remembers sets cut by a field's values and ``wished`` the variables set in values, for ``boxes``;
    ``choices`` are the variables of open questions by what they are about;
    ``place`` is each variable's field and the power of two that it stands for; ``named`` tells the fields
    of the original header.
    """

    state = State

    def __init__(self, family: Family) -> None:
        self.family: Family = family
        self.manager = BCDDManager(_NODES, _CACHE, 1)
        self.nothing: Set = self.manager.false()
        self.everything: Set = self.manager.true()
        self.first: dict[str, int] = {}
        self._interned: dict[tuple[int, ...], Bits] = {}
        self._constants: dict[tuple[int, int], Bits] = {}
        self._forgetting: dict[tuple[object, ...], Set] = {}
        self._values: dict[tuple[Set, Bits], IntSet] = {}
        self.cut: dict[tuple[Set, Bits], list[tuple[IntSet, Set]]] = {}
        self.wished: dict[tuple[tuple[str, int], ...], frozenset[int]] = {}
        self.choices: dict[object, Set] = {}
        self._cubes: dict[tuple[str, ...], Set] = {}
        self._open: dict[object, Bits] = {}
        self._cubed = 0, self.everything
        self.doubts: dict[int, tuple[Doubt, ...]] = {}
        at = 0
        for name in ORDER:
            self.first[name] = at
            at += self.width(ORDER[name])
        self.manager.add_vars(at)
        self.variables = at
        self.place = {
            self.first[name] + bit: (name, self.width(of) - 1 - bit)
            for name, of in ORDER.items()
            for bit in range(self.width(of))
        }
        self._var = [self.manager.var(index) for index in range(at)]
        self._literals: dict[int, Set] = {ZERO: self.nothing, ONE: self.everything}
        self._equal: dict[tuple[tuple[int, ...], int], Set] = {}
        self.field: dict[str, Bits] = {name: self._identity(name) for name in ORDER}
        self.named = {bits: name for name, bits in self.field.items()}
        zero, none = self.constant(0, self.width("src")), self.constant(0, 16)
        self.nowhere = Ends(zero, zero, none, none)

    # ---------------------------------------------------------------------------------- values

    def bits(self, codes: tuple[int, ...]) -> Bits:
        """The one object for these bits."""
        found = self._interned.get(codes)
        if found is None:
            value: int | None = 0
            for code in codes:
                value = None if code >= 0 or value is None else value << 1 | (code == ONE)
            loose = max((at + 1 for at, code in enumerate(codes) if code < 0), default=0)
            found = self._interned[codes] = Bits(codes, value, loose)
        return found

    def constant(self, value: int, width: int) -> Bits:
        """A number as bits."""
        found = self._constants.get((value, width))
        if found is None:
            codes = tuple(ONE if value >> at & 1 else ZERO for at in range(width - 1, -1, -1))
            found = self._constants[value, width] = self.bits(codes)
        return found

    def number(self, bits: Bits) -> int | None:
        return bits.value

    def set_bits(self, bits: Bits, mask: int, value: int) -> Bits:
        codes: list[int] = []
        for at, code in zip(range(bits.width - 1, -1, -1), bits.codes, strict=True):
            kept = ZERO if mask >> at & 1 else code
            if value >> at & 1:
                kept = {ZERO: ONE, ONE: ZERO}.get(kept, kept ^ 1)
            codes.append(kept)
        return self.bits(tuple(codes))

    def with_prefix(self, prefix: Prefix, address: Bits) -> Bits:
        head = self.constant(prefix.value, address.width).codes[: prefix.length]
        return self.bits(head + address.codes[prefix.length :])

    def group_mac(self, address: Bits) -> Bits:
        low = 23 if address.width == 32 else 32
        head = self.constant(0x01005E << 1 if low == 23 else 0x3333, 48 - low)
        return self.bits((*head.codes, *address.codes[-low:]))

    def by_origin(self, cases: Cases) -> ByOrigin:
        return ByOrigin(cases)

    def _identity(self, name: str) -> Bits:
        first = self.first[name]
        return self.bits(tuple(2 * (first + at) for at in range(self.width(ORDER[name]))))

    # ------------------------------------------------------------------------------- conditions

    def literal(self, code: int) -> Set:
        """The packets of which this bit is set."""
        found = self._literals.get(code)
        if found is None:
            var = self._variable(code >> 1)
            found = self._literals[code] = ~var if code & 1 else var
        return found

    def _variable(self, index: int) -> Set:
        return self._var[index] if index < self.variables else self.manager.var(index)

    def member(self, bits: Bits, values: IntSet) -> Set:
        """The packets whose field is in the set, which may have values that the field never has."""
        if bits.value is not None:
            return self.everything if bits.value in values else self.nothing
        found = bits.sets.get(values)
        if found is None:
            # A number may be too large for the field: a port, where ICMP has a type.
            starts = [first for first, _ in values.intervals if first >> bits.width == 0]
            ends = [last for _, last in values.intervals[: len(starts)]]
            found = bits.sets[values] = self._member(bits.codes, 0, 0, starts, ends, 0, len(starts))
        return found

    def _member(
        self,
        codes: tuple[int, ...],
        at: int,
        base: int,
        starts: list[int],
        ends: list[int],
        low: int,
        high: int,
    ) -> Set:
        """Those of the block of values that begin with the first ``at`` bits (``base``). The intervals from
        ``low`` to ``high`` are those that reach into the block."""
        if low == high:
            return self.nothing
        left = len(codes) - at
        top = base + (1 << left) - 1
        first, last = max(starts[low], base), min(ends[high - 1], top)
        if ends[low] >= top and first == base:
            return self.everything
        differing = (first ^ last).bit_length()
        if differing < left:
            # What all values begin with, once for all of them.
            begun = len(codes) - differing
            begin = self._equals(codes[at:begun], first - base >> differing)
            below = first >> differing << differing
            return begin & self._member(codes, begun, below, starts, ends, low, high)
        half = base + (1 << left - 1)
        middle = bisect_left(starts, half, low, high)
        above = middle - 1 if middle > low and ends[middle - 1] >= half else middle
        code = codes[at]
        if code == ZERO:
            return self._member(codes, at + 1, base, starts, ends, low, middle)
        if code == ONE:
            return self._member(codes, at + 1, half, starts, ends, above, high)
        zero = self._member(codes, at + 1, base, starts, ends, low, middle)
        one = self._member(codes, at + 1, half, starts, ends, above, high)
        return (
            self._variable(code >> 1).ite(zero, one) if code & 1 else self._variable(code >> 1).ite(one, zero)
        )

    def _equals(self, codes: tuple[int, ...], value: int) -> Set:
        """The packets with this one value; numbers that begin or end alike share the diagrams of that."""
        found = self._equal.get((codes, value))
        if found is not None:
            return found
        if len(codes) > _BYTE:
            low = self._equals(codes[-_BYTE:], value & (1 << _BYTE) - 1)
            found = low & self._equals(codes[:-_BYTE], value >> _BYTE)
        else:
            found = self.everything
            rest = value
            for code in reversed(codes):
                literal = self.literal(code)
                found &= literal if rest & 1 else ~literal
                rest >>= 1
        self._equal[codes, value] = found
        return found

    def masked(self, bits: Bits, mask: int, value: int) -> Set:
        """The packets with ``field & mask == value``."""
        if value & ~mask or value >> bits.width:
            return self.nothing
        found = self.everything
        for at, code in enumerate(reversed(bits.codes)):
            if mask >> at & 1:
                literal = self.literal(code)
                found &= literal if value >> at & 1 else ~literal
        return found

    def union(self, sets: Sequence[Set]) -> Set:
        """What is in any of the sets; joined pairwise, so that few diagrams grow large."""
        while len(sets) > 1:
            odd = sets[-1:] if len(sets) % 2 else ()
            sets = [*(one | other for one, other in zip(sets[::2], sets[1::2], strict=False)), *odd]
        return sets[0] if sets else self.nothing

    def equal(self, some: Set, one: Bits, other: Bits) -> Set:
        """The packets of ``some`` whose two fields are equal.

        Built within ``some``, bit by bit: the bare relation of two free addresses has no small diagram.
        """
        if one is other:
            return some
        if one.value is not None and other.value is not None:
            return some if one.value == other.value else self.nothing
        if one.value is not None or other.value is not None:
            fixed, free = (one, other) if one.value is not None else (other, one)
            assert fixed.value is not None
            return some & self.member(free, IntSet.of(fixed.value))
        for mine, theirs in zip(one.codes, other.codes, strict=True):
            if mine == theirs:
                continue
            some &= ~(self.literal(mine) ^ self.literal(theirs))
            if not some.satisfiable():
                break
        return some

    # ------------------------------------------------------------------------- further variables

    def extra(self, name: str, width: int) -> Bits:
        """A field that is not of the original header (a mark, say), below all others in the order."""
        if name not in self.field:
            added = self.manager.add_vars(width)
            self.first[name] = added[0]
            self.field[name] = self.bits(tuple(2 * index for index in added))
        return self.field[name]

    def hidden(self, within: IntSet, why: Doubt) -> Bits:
        return self.nowhere.src  # packets from there are not followed any further

    def raise_fields(self, names: Sequence[str]) -> None:
        """Put fields that are not of the original header above all others in the order. Those that have no
        variables stay away."""
        ours = [self.field[name].codes for name in names if name in self.field]
        raised = [code >> 1 for codes in ours for code in codes]
        others = [index for index in range(self.manager.num_vars()) if index not in raised]
        self.manager.set_var_order(raised + others)

    def one_of(self, name: str, values: Sequence[object]) -> tuple[tuple[object, Set], ...]:
        """Disjoint sets, one for each value that something of a packet may have."""
        bits = self.extra(name, max(1, (len(values) - 1).bit_length()))
        last = (1 << bits.width) - 1
        spans = [(at, at if at < len(values) - 1 else last) for at in range(len(values))]
        return tuple(
            (value, self.member(bits, IntSet.span(*span))) for value, span in zip(values, spans, strict=True)
        )

    # --------------------------------------------------------------------------------- choices

    def choice(self, key: object, doubts: tuple[Doubt, ...]) -> Set:
        """A variable for a question that nobody can decide; the same key is the same question."""
        found = self.choices.get(key)
        if found is None:
            index = self.manager.add_vars(1)[0]
            found = self.choices[key] = self.manager.var(index)
            self.doubts[index] = doubts
        return found

    def pick(self, key: object, doubts: tuple[Doubt, ...], answers: int) -> tuple[Set, ...]:
        found, rest = list[Set](), self.everything
        for at in range(answers - 1):
            chosen = self.choice((key, at), doubts)
            found.append(rest & chosen)
            rest &= ~chosen
        return (*found, rest)

    def open_number(self, key: object, width: int, doubts: tuple[Doubt, ...]) -> Bits:
        """A number that nobody can foretell; the same key is the same number."""
        found = self._open.get(key)
        if found is None:
            added = self.manager.add_vars(width)
            self.doubts.update(dict.fromkeys(added, doubts))
            found = self._open[key] = self.bits(tuple(2 * index for index in added))
        return found

    def is_open(self, bits: Bits) -> bool:
        """Whether the number is one that nobody can foretell."""
        return bits.codes[0] >> 1 in self.doubts

    def _choice_cube(self) -> Set:
        if len(self.doubts) != self._cubed[0]:
            self._cubed = len(self.doubts), self.cube(self.doubts)
        return self._cubed[1]

    def certainly(self, some: Set) -> Set:
        """The packets that are in the set however the open questions are answered.

        Where to an answer has a packet translated is no matter: each answer gives it one destination.
        """
        if not self.doubts:
            return some
        return self.without(some, TRANSLATED).forall(self._choice_cube())

    def perhaps(self, some: Set) -> Set:
        """The packets that are in the set for some answers."""
        return some.exists(self._choice_cube()) if self.doubts else some

    # ------------------------------------------------------------------------------ projections

    def cube(self, indices: Iterable[int]) -> Set:
        """The variables as a conjunction, the form in which quantifiers take them."""
        found = self.everything
        for index in sorted(indices, reverse=True):
            found &= self.manager.var(index)
        return found

    def of_fields(self, names: Iterable[str]) -> Set:
        """The variables of these fields as a conjunction."""
        asked = tuple(names)
        found = self._cubes.get(asked)
        if found is None:
            codes = (code for name in asked for code in self.field[name].codes)
            found = self._cubes[asked] = self.cube(code >> 1 for code in codes)
        return found

    def without(self, some: Set, names: Iterable[str]) -> Set:
        """The set with these fields forgotten."""
        return some.exists(self.of_fields(names))

    def values(self, some: Set, bits: Bits) -> IntSet:
        """Every value that a field takes in the set. The field must stand on variables in their order."""
        values = self.few_values(some, bits, 1 << 130)
        assert values is not None
        return values

    def few_values(self, some: Set, bits: Bits, limit: int) -> IntSet | None:
        """The values that a field takes in the set, None where they are more than ``limit``."""
        if bits.value is not None:
            return IntSet.of(bits.value) if some.satisfiable() else IntSet(())
        shown = self.only(some, bits)
        free = len([code for code in bits.codes if code >= 0])
        if shown.valid():
            return None if 1 << free > limit else self.all_values(shown, bits)
        if limit < 1 << 32 and shown.sat_count(self.manager.num_vars()) > limit << (
            self.manager.num_vars() - free
        ):
            return None
        return self.all_values(shown, bits)

    def all_values(self, shown: Set, bits: Bits) -> IntSet:
        """The same for a set in which no other field matters."""
        known = self._values.get((shown, bits))
        if known is None:
            known = self._values[shown, bits] = IntSet.from_intervals(spans(shown, bits))
        return known

    def only(self, some: Set, bits: Bits) -> Set:
        """The set with everything but one field forgotten."""
        return self.showing(some, (bits,))

    def showing(self, some: Set, fields: tuple[Bits, ...]) -> Set:
        """The set with everything but these fields forgotten."""
        count = self.manager.num_vars()
        cube = self._forgetting.get((count, fields))
        if cube is None:
            mine = {code >> 1 for bits in fields for code in bits.codes if code >= 0}
            cube = self.cube(index for index in range(count) if index not in mine)
            self._forgetting[count, fields] = cube
        return some.exists(cube)
