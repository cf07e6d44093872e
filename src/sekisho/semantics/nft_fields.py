"""One selector compared with values, as a guard: ``tcp dport != 80``, ``meta mark & 0xff == 1``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sekisho.model.nft_expression import (
    Binary,
    Ct,
    Exists,
    Expression,
    Fib,
    Mapping,
    Number,
    SetLiteral,
    SetReference,
    Word,
)
from sekisho.model.nft_types import data_type
from sekisho.semantics.conjunction import both
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_bits import Part, leftmost, mix
from sekisho.semantics.nft_column import (
    Absent,
    Column,
    Fixed,
    InterfaceColumn,
    LinkColumn,
    OneOf,
    Open,
    RawColumn,
    Side,
    has_interface,
)
from sekisho.semantics.nft_columns import column
from sekisho.semantics.nft_context import NftContext, Undecided
from sekisho.semantics.nft_fib import fib_guard
from sekisho.semantics.nft_raw import raw_guard
from sekisho.semantics.nft_values import number, plain, union
from sekisho.semantics.program import ALWAYS, NEVER, AnyOf, Guard, In, Interface, Masked, Not, Unsure
from sekisho.values.intset import IntSet, prefixes_of

# The element of a set or map that stands for all that no other one holds.
CATCH_ALL = Word("*")
# Up to this many bits, a comparison of masked values is worked out value by value.
_SMALL = 8
# A masked value is compared with at most so many values, or ranges of them that begin with the same bits.
_MOST_BLOCKS = 256

Fits = Callable[[int], bool]


def field_guard(left: Expression, operator: str, right: Expression, context: NftContext) -> Guard:
    """The condition. Raises Undecided where nobody can decide it, ValueError and KeyError for what cannot be
    read."""
    if isinstance(left, Fib):
        found = fib_guard(left, operator, elements_of(right, context), context)
        if found is None:
            raise Undecided(Doubt("fib-lookup", (" . ".join(left.flags), left.result)))
        return found
    if _directed(left, "original") != left:
        return _zone(left, operator, right, context)
    if isinstance(left, Binary):
        return _combined(left, operator, right, context)
    found_column = column(left, context)
    match found_column:
        case Open(doubt, needs, missing):
            raise Undecided(doubt, needs, missing)
        case Absent(needs):
            missing_wanted = isinstance(right, Exists) and right.value is (operator == "!=")
            return both(*needs) if missing_wanted else both(*needs, NEVER) if needs else NEVER
        case InterfaceColumn(side):
            return _interface(side, operator, elements_of(right, context))
        case RawColumn():
            return _raw(found_column, operator, elements_of(right, context), (1 << found_column.bits) - 1)
        case Column("ctstatus", needs=needs, kind=kind):
            return both(*needs, _status(operator, right, kind, context))
        case Column(bits=bits, kind=kind):
            return column_guard(found_column, _values(operator, right, kind, bits, context))
        case Fixed(bits=bits, kind=kind) | OneOf(bits=bits, kind=kind) | LinkColumn(bits=bits, kind=kind):
            values = _values(operator, right, kind, bits, context)
            return _by_value(found_column, values.__contains__)


def _zone(left: Expression, operator: str, right: Expression, context: NftContext) -> Guard:
    """The number of the zone, whichever directions it is for (nft_ct.c, nft_ct_get_eval): a direction that
    it is not for has the zone 0."""
    original, reply = (_directed(left, direction) for direction in ("original", "reply"))
    none = In("zone", IntSet.of(0))
    return AnyOf((
        both(Not(none), field_guard(original, operator, right, context)),
        both(none, field_guard(reply, operator, right, context)),
    ))  # fmt: skip


def _directed(expression: Expression, direction: str) -> Expression:
    """The expression with ``ct zone`` of that direction in place of one of none."""
    if isinstance(expression, Binary):
        left, right = (_directed(side, direction) for side in (expression.left, expression.right))
        return Binary(expression.operator, left, right)
    return Ct("zone", direction) if expression == Ct("zone") else expression


def elements_of(right: Expression, context: NftContext) -> Sequence[Expression | Mapping]:
    """The elements of a set, or the one value."""
    if isinstance(right, SetLiteral | SetReference):
        return context.elements(right).elements
    return (right,)


def column_guard(found: Column, values: IntSet) -> Guard:
    """The selector's value is one of these."""
    held: Guard = In(found.field, values if found.translate is None else found.translate(values))
    return both(*found.needs, _or_open(found, held))


def _or_open(found: Column, held: Guard) -> Guard:
    """What holds of the field, and perhaps of packets that have something else in its place."""
    if found.doubt is None:
        return held
    unsure = Unsure(Doubt("payload", (found.field,)))
    return AnyOf((both(Not(found.doubt), held), both(found.doubt, unsure)))


def _by_value(found: Fixed | OneOf | LinkColumn, fits: Fits) -> Guard:
    """The condition of something that has one of a few values."""
    match found:
        case Fixed(value, needs=needs):
            return both(*needs) if fits(value) else NEVER
        case OneOf(values, doubt=doubt):
            held = [fits(value) for value in values]
            return ALWAYS if all(held) else Unsure(doubt) if any(held) else NEVER
        case LinkColumn(side, _, _, values, doubt):
            known = tuple(
                Interface(side, name) for name, value in values if value is not None and fits(value)
            )
            open_ones = tuple(Interface(side, name) for name, value in values if value is None)
            # What is not among the host's interfaces is not known either.
            named = AnyOf(tuple(Interface(side, name) for name, _ in values))
            strangers = both(has_interface(side), AnyOf((*open_ones, Not(named))), Unsure(doubt))
            return AnyOf((*known, strangers))


def _values(operator: str, right: Expression, kind: str, bits: int, context: NftContext) -> IntSet:
    """The selector's values for which the comparison holds."""
    top = (1 << bits) - 1
    if operator in ("in", "!"):
        none_of = (
            IntSet.masked(number(right, kind), 0, bits) if bits <= _SMALL else _without(right, kind, bits)
        )
        return none_of if operator == "!" else none_of.complement(bits)
    elements = elements_of(right, context)
    caught = any(plain(element) == CATCH_ALL for element in elements)
    listed = IntSet.span(0, top) if caught else union(elements, kind)
    if operator == "==":
        return listed
    if operator == "!=":
        return listed.complement(bits)
    if listed.size() != 1:
        raise ValueError(f"{operator} with more than one value")
    value = listed.intervals[0][0]
    spans = {"<": (0, value - 1), "<=": (0, value), ">": (value + 1, top), ">=": (value, top)}
    if operator not in spans:
        raise ValueError(f"unknown operator {operator}")
    return IntSet.span(*spans[operator])


def _without(right: Expression, kind: str, bits: int) -> IntSet:
    """Of values with a single bit (the states of a connection): those that are none of the bits."""
    wanted = number(right, kind)
    return IntSet.of(*(1 << at for at in range(bits) if wanted >> at & 1)).complement(bits)


# Bits of a connection's status that the program follows; "dying" is never seen on a packet.
_STATUS_BITS = 0x3F


def _status(operator: str, right: Expression, kind: str, context: NftContext) -> Guard:
    if operator in ("in", "!"):
        none_of = Masked("ctstatus", number(right, kind) & _STATUS_BITS, 0)
        return none_of if operator == "!" else Not(none_of)
    if operator not in ("==", "!="):
        raise Undecided(Doubt("connection-status", (operator,)))
    # All bits are compared, those as well that are not followed.
    unsure = Unsure(Doubt("connection-status", (operator,)))
    wanted = (number(plain(element), kind) for element in elements_of(right, context))
    held = AnyOf(
        tuple(both(Masked("ctstatus", _STATUS_BITS, value & _STATUS_BITS), unsure) for value in wanted)
    )
    return Not(held) if operator == "!=" else held


def _raw(found: RawColumn, operator: str, elements: Iterable[Expression | Mapping], mask: int) -> Guard:
    """Bits of a header by their place are single values or none: there are no types for more."""
    wanted = [number(plain(element), "integer") for element in elements]
    if operator not in ("==", "!="):
        raise Undecided(found.doubt)
    held = raw_guard(found, mask, wanted)
    # Where there is no such header the rule ends.
    there = AnyOf(tuple(guard for guard, _ in found.headers))
    return both(there, Not(held)) if operator == "!=" else held


# ----------------------------------------------------------------------------------- interfaces


def _interface(side: Side, operator: str, elements: Iterable[Expression | Mapping]) -> Guard:
    held = tuple(interface_guard(side, plain(element)) for element in elements)
    guard = held[0] if len(held) == 1 else AnyOf(held)
    if operator not in ("==", "!="):
        raise ValueError(f"{operator} with an interface")
    return Not(guard) if operator == "!=" else guard


def interface_guard(side: Side, value: Expression) -> Guard:
    """``"eth0"``, ``"eth*"``. Raises ValueError where it is no name (an interface that is gone)."""
    if value == CATCH_ALL:
        return ALWAYS
    if not isinstance(value, Word):
        raise ValueError("an interface without a name")
    if value.text.endswith("*") and not value.text.endswith("\\*"):
        return Interface(side, value.text[:-1], prefix=True)
    return Interface(side, value.text.replace("\\*", "*"))


# --------------------------------------------------------------------------------- masks, shifts


def _combined(left: Binary, operator: str, right: Expression, context: NftContext) -> Guard:
    """A selector with masks and shifts."""
    kind, of = data_type(left), column(leftmost(left), context)
    match of:
        case Open(doubt, needs):
            raise Undecided(doubt, needs)
        case Absent():
            return NEVER
        case InterfaceColumn():
            raise Undecided(Doubt("expression-not-understood", (left.operator,)))
    # Numbers are as wide as the register that they are loaded into.
    width = max(32, of.bits)
    found = mix(left, number, kind, width)
    if found is None or len(found.parts) > 1:
        raise Undecided(Doubt("expression-not-understood", (left.operator,)))
    if not found.parts:  # nothing is left of the selector
        return ALWAYS if found.constant in _values(operator, right, kind, width, context) else NEVER
    part, constant = found.parts[0], found.constant
    if isinstance(of, RawColumn):
        if part.shift:
            raise Undecided(of.doubt)
        wanted_ones = [Number(number(plain(one), kind) ^ constant) for one in elements_of(right, context)]
        return _raw(of, operator, wanted_ones, part.mask & (1 << of.bits) - 1)
    values = _values(operator, right, kind, width, context)

    def fits(value: int) -> bool:
        return part.of(value) ^ constant in values

    if not isinstance(of, Column):
        return _by_value(of, fits)
    if of.bits <= _SMALL:
        return both(column_guard(of, IntSet.of(*filter(fits, range(1 << of.bits)))), of.present)
    if of.field == "ctstate":
        return column_guard(of, IntSet.of(*(1 << at for at in range(7) if fits(1 << at))))
    if of.field == "ctstatus" and part.back(part.mask) & ~_STATUS_BITS:
        raise Undecided(Doubt("connection-status", (left.operator,)), of.needs)
    wanted = values.complement(width) if operator == "!=" else values
    blocks = prefixes_of(wanted, width, _MOST_BLOCKS)
    if of.translate is not None or len(blocks) > _MOST_BLOCKS:
        raise Undecided(Doubt("expression-not-understood", (f"{left.operator} {operator}",)), of.needs)
    each = tuple(_masked(of, part, constant ^ first, width - length) for first, length in blocks)
    held: Guard = each[0] if len(each) == 1 else AnyOf(each)
    return both(*of.needs, of.present, _or_open(of, Not(held) if operator == "!=" else held))


def _masked(of: Column, part: Part, value: int, free: int) -> Guard:
    """``(field << shift) & mask == value``, but for the lowest ``free`` bits, which may be any."""
    whole = (1 << of.bits) - 1
    kept = part.mask >> free << free
    value = value >> free << free
    mask, wanted = part.back(kept) & whole, part.back(value)
    if value & ~kept or wanted & ~mask:
        return NEVER
    return Masked(of.field, mask, wanted)
