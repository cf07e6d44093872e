"""The meaning of nftables' matches: left side, operator, right side -> guard.

What is not understood becomes ``Unsure`` and names itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal

from sekisho.model.evidence import Evidence
from sekisho.model.nft_rule import (
    Binary,
    Concat,
    Exists,
    Expression,
    Fib,
    Mapping,
    Match,
    SetLiteral,
    SetReference,
    Word,
)
from sekisho.semantics.conjunction import both
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_bridge import bridge_column
from sekisho.semantics.nft_columns import Absent, AnyColumn, Column, Fixed, InterfaceColumn, Open, column
from sekisho.semantics.nft_context import MissingSetError, NftContext
from sekisho.semantics.nft_fib import fib_guard
from sekisho.semantics.nft_values import number, numbers, plain, union
from sekisho.semantics.program import (
    ALWAYS,
    NEVER,
    AnyOf,
    Guard,
    In,
    Interface,
    Masked,
    Members,
    Not,
    Unsure,
)
from sekisho.values.intset import IntSet

# The element of a set or map that stands for all that no other one holds.
CATCH_ALL = Word("*")
# Up to this many bits, a comparison of masked values is worked out value by value.
_SMALL = 8


def match_guard(match: Match, context: NftContext, evidence: Evidence | None) -> Guard:
    """The condition of one match."""
    try:
        return _guard(match, context)
    except _Doubtful as found:
        return both(*found.needs, Unsure(replace(found.doubt, evidence=evidence)))
    except MissingSetError as missing:
        return Unsure(Doubt("set-not-captured", (str(missing.args[0]),), evidence))
    except (ValueError, LookupError) as error:
        return Unsure(Doubt("match-not-readable", (_text(evidence), str(error)), evidence))


class _Doubtful(Exception):
    """A condition that nobody can decide."""

    def __init__(self, doubt: Doubt, needs: tuple[Guard, ...] = ()) -> None:
        super().__init__(doubt.code)
        self.doubt = doubt
        self.needs = needs


def _text(evidence: Evidence | None) -> str:
    return evidence.text.strip() if evidence else ""


def _guard(match: Match, context: NftContext) -> Guard:
    left, operator = match.left, match.operator
    if isinstance(left, Fib):
        return _fib(left, operator, match.right, context)
    if isinstance(left, Concat):
        held = element_guard(left, _elements(match.right, context), context)
        if operator == "==":
            return _moving(held, match.right, context)
        if operator == "!=":
            present = tuple(_present(_column(part, context)) for part in left.parts)
            return both(*present, _moving(Not(held), match.right, context))
        raise _Doubtful(Doubt("expression-not-understood", (operator,)))
    if isinstance(left, Binary):
        return _masked(left, operator, match.right, context)
    return _moving(_single(_column(left, context), operator, match.right, context), match.right, context)


def _column(expression: Expression, context: NftContext) -> AnyColumn:
    of_bridge = bridge_column(expression) if context.table == "bridge" else None
    found = column(expression, context.family) if of_bridge is None else of_bridge
    if isinstance(found, Open):
        raise _Doubtful(found.doubt, found.needs)
    return found


def _elements(right: Expression, context: NftContext) -> Sequence[Expression | Mapping]:
    if isinstance(right, SetLiteral | SetReference):
        return context.elements(right).elements
    return (right,)


def _moving(guard: Guard, right: Expression, context: NftContext) -> Guard:
    """A set that rules change may have other elements by now."""
    if isinstance(right, SetReference) and context.moves(right):
        return AnyOf((guard, Unsure(Doubt("set-moves", (right.name,)))))
    return guard


# ------------------------------------------------------------------------------ single fields


def _single(found: AnyColumn, operator: str, right: Expression, context: NftContext) -> Guard:
    if isinstance(found, Absent):
        return _absent(operator, right)
    if isinstance(found, InterfaceColumn):
        return _interface(found, operator, _elements(right, context))
    assert isinstance(found, Column | Fixed)
    values = _values(operator, right, found.kind, found.bits, context)
    if isinstance(found, Fixed):
        return ALWAYS if found.value in values else NEVER
    if found.field == "ctstatus":
        return both(*found.needs, _status(operator, right, found.kind))
    return column_guard(found, values)


def column_guard(found: Column, values: IntSet) -> Guard:
    """The selector's value is one of these."""
    held: Guard = In(found.field, values if found.translate is None else found.translate(values))
    if found.doubt is not None:
        unsure = Unsure(Doubt("payload", (found.field,)))
        held = AnyOf((held, both(found.doubt, unsure)))
    return both(*found.needs, held)


def _absent(operator: str, right: Expression) -> Guard:
    missing = isinstance(right, Exists) and right.value is (operator == "!=")
    return ALWAYS if missing else NEVER


def _values(operator: str, right: Expression, kind: str, bits: int, context: NftContext) -> IntSet:
    """The selector's values for which the comparison holds."""
    top = (1 << bits) - 1
    if operator in ("in", "!"):
        wanted = number(right, kind)
        fits = IntSet.of(*(1 << at for at in range(bits) if wanted >> at & 1))
        if bits <= _SMALL:
            fits = IntSet.of(*(value for value in range(top + 1) if value & wanted))
        return fits if operator == "in" else fits.complement(bits)
    elements = _elements(right, context)
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


# Bits of a connection's status that the program follows; "dying" is never seen on a packet.
_STATUS_BITS = 0x3F


def _status(operator: str, right: Expression, kind: str) -> Guard:
    if isinstance(right, SetLiteral | SetReference) or operator not in ("in", "!"):
        raise _Doubtful(Doubt("connection-status", (operator,)))
    none_of = Masked("ctstatus", number(right, kind) & _STATUS_BITS, 0)
    return none_of if operator == "!" else Not(none_of)


def _interface(found: InterfaceColumn, operator: str, elements: Iterable[Expression | Mapping]) -> Guard:
    held = tuple(interface_guard(found.field, plain(element)) for element in elements)
    guard = held[0] if len(held) == 1 else AnyOf(held)
    if operator not in ("==", "!="):
        raise ValueError(f"{operator} with an interface")
    return Not(guard) if operator == "!=" else guard


_Side = Literal["iif", "oif", "portin", "portout"]
_SIDES: dict[str, _Side] = {"iif": "iif", "oif": "oif", "portin": "portin", "portout": "portout"}


def interface_guard(field: str, value: Expression) -> Guard:
    """``"eth0"``, ``"eth*"``. Raises ValueError where it is no name (an interface that is gone)."""
    if not isinstance(value, Word):
        raise ValueError("an interface without a name")
    side = _SIDES[field]
    if value.text.endswith("*") and not value.text.endswith("\\*"):
        return Interface(side, value.text[:-1], prefix=True)
    return Interface(side, value.text.replace("\\*", "*"))


def _present(found: AnyColumn) -> Guard:
    match found:
        case Column(needs=needs, present=present):
            return both(*needs, present)
        case Absent():
            return NEVER
        case _:
            return ALWAYS


# --------------------------------------------------------------------------------------- masks


def _masked(left: Binary, operator: str, right: Expression, context: NftContext) -> Guard:
    if left.operator != "&" or isinstance(left.left, Binary | Concat | Fib):
        raise _Doubtful(Doubt("expression-not-understood", (left.operator,)))
    found = _column(left.left, context)
    if not isinstance(found, Column) or found.doubt is not None:
        raise _Doubtful(Doubt("expression-not-understood", ("&",)))
    mask = number(left.right, found.kind)
    values = _values(operator, right, found.kind, found.bits, context)
    if found.bits <= _SMALL:
        return column_guard(found, _worked_out(found.bits, lambda value: value & mask in values))
    if found.field == "ctstate":
        return column_guard(found, IntSet.of(*(1 << at for at in range(7) if (1 << at) & mask in values)))
    if found.field == "ctstatus" and mask & ~_STATUS_BITS:
        raise _Doubtful(Doubt("connection-status", ("&",)), found.needs)
    if operator not in ("==", "!="):
        raise _Doubtful(Doubt("expression-not-understood", (f"& {operator}",)), found.needs)
    wanted = union(_elements(right, context), found.kind)
    if wanted.size() > 256:
        raise _Doubtful(Doubt("expression-not-understood", ("&",)), found.needs)
    each = tuple(
        Masked(found.field, mask, value)
        for first, last in wanted
        for value in range(first, last + 1)
        if value & ~mask == 0
    )
    held: Guard = each[0] if len(each) == 1 else AnyOf(each)
    return both(*found.needs, found.present, Not(held) if operator == "!=" else held)


def _worked_out(bits: int, fits: Callable[[int], bool]) -> IntSet:
    return IntSet.of(*(value for value in range(1 << bits) if fits(value)))


# ------------------------------------------------------------------------------- concatenations


def element_guard(key: Expression, elements: Iterable[Expression | Mapping], context: NftContext) -> Guard:
    """The key is one of the elements. Raises ValueError or MissingSetError for what cannot be read."""
    parts = key.parts if isinstance(key, Concat) else (key,)
    if len(parts) == 1:
        return _single(_column(parts[0], context), "==", SetLiteral(tuple(elements)), context)
    columns = [_column(part, context) for part in parts]
    if any(isinstance(found, Absent) for found in columns):
        return NEVER
    needs = [guard for found in columns if isinstance(found, Column) for guard in found.needs]
    rows = [_row(columns, _parts(plain(element), len(parts))) for element in elements]
    kept = [row for row in rows if row is not None]
    fields = tuple(found.field for found in columns if isinstance(found, Column | InterfaceColumn))
    plain_rows = all(not isinstance(box, Interface) for row in kept for box in row)
    if plain_rows and all(not isinstance(found, Column) or found.doubt is None for found in columns):
        boxes = tuple((tuple(box for box in row if not isinstance(box, Interface)), True) for row in kept)
        return both(*needs, Members(fields, boxes))
    return both(*needs, AnyOf(tuple(_row_guard(fields, row) for row in kept)))


_Box = IntSet | str | Interface


def _row(columns: Sequence[AnyColumn], values: Sequence[Expression]) -> tuple[_Box, ...] | None:
    """One element's values by field; None where a fixed value does not fit."""
    row: list[_Box] = []
    for found, value in zip(columns, values, strict=True):
        match found:
            case Fixed(fixed, kind):
                if fixed not in numbers(value, kind):
                    return None
            case InterfaceColumn(field):
                guard = interface_guard(field, value)
                assert isinstance(guard, Interface)
                row.append(guard if guard.prefix else guard.name)
            case Column(kind=kind, translate=translate):
                listed = numbers(value, kind)
                row.append(listed if translate is None else translate(listed))
            case _:
                raise ValueError("not a field")
    return tuple(row)


def _row_guard(fields: Sequence[str], row: Sequence[_Box]) -> Guard:
    guards: list[Guard] = []
    for field, box in zip(fields, row, strict=True):
        if isinstance(box, Interface):
            guards.append(box)
        elif isinstance(box, str):
            guards.append(Interface("iif" if field == "iif" else "oif", box))
        else:
            guards.append(In(field, box))
    return both(*guards)


def _parts(value: Expression, count: int) -> tuple[Expression, ...]:
    if not isinstance(value, Concat) or len(value.parts) != count:
        raise ValueError("an element of another shape")
    return value.parts


# ----------------------------------------------------------------------------------------- fib


def _fib(left: Fib, operator: str, right: Expression, context: NftContext) -> Guard:
    found = fib_guard(left, operator, _elements(right, context), context)
    if found is None:
        raise _Doubtful(Doubt("fib-lookup", (" . ".join(left.flags), left.result)))
    return found
