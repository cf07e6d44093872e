"""Keys of sets and maps: whether one is among the elements, and whether a packet has it at all -> guards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sekisho.model.nft_expression import (
    Binary,
    Concat,
    Constant,
    Ct,
    Element,
    Expression,
    Fib,
    Hash,
    Inner,
    Lookup,
    MapLookup,
    Mapping,
    Meta,
    Numgen,
    Payload,
    RawPayload,
    SetLiteral,
    SetReference,
    Word,
)
from sekisho.semantics.conjunction import both
from sekisho.semantics.fields import field as field_named
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_column import (
    Absent,
    AnyColumn,
    Column,
    Fixed,
    InterfaceColumn,
    LinkColumn,
    Open,
    RawColumn,
    Side,
    has_interface,
)
from sekisho.semantics.nft_columns import column
from sekisho.semantics.nft_context import NftContext, Undecided
from sekisho.semantics.nft_fields import CATCH_ALL, field_guard, interface_guard
from sekisho.semantics.nft_values import number, numbers, plain
from sekisho.semantics.program import ALWAYS, NEVER, AnyOf, Guard, In, Interface, Members, Unsure
from sekisho.values.address import Address
from sekisho.values.intset import IntSet

_Box = IntSet | str
_Columns = Sequence[AnyColumn | None]


def element_guard(key: Expression, elements: Iterable[Expression | Mapping], context: NftContext) -> Guard:
    """The key is one of the elements. Raises Undecided where nobody can decide it, ValueError or KeyError for
    what cannot be read."""
    if not isinstance(key, Concat):
        return field_guard(key, "==", SetLiteral(tuple(elements)), context)
    columns = [_own_column(part, context) for part in key.parts]
    if any(isinstance(found, Absent) for found in columns):
        return NEVER
    rows = [_row(key.parts, columns, plain(element), context) for element in elements]
    needs = both(*(guard for found in columns if isinstance(found, Column) for guard in found.needs))
    kept = [row for row in rows if row is not None]
    boxed = tuple(_name(found) for found in columns if isinstance(found, Column | InterfaceColumn))
    if all(not guards and len(boxes) == len(boxed) for boxes, guards in kept):
        return both(needs, Members(boxed, tuple((tuple(boxes.values()), True) for boxes, _ in kept)))
    return both(needs, AnyOf(tuple(both(*_boxes(boxes), *guards) for boxes, guards in kept)))


def _own_column(part: Expression, context: NftContext) -> AnyColumn | None:
    """The column of a part that is compared by itself; None where it takes a guard of its own."""
    if isinstance(part, Constant | Fib | Binary | MapLookup) or part == Ct("zone"):
        return None
    found = column(part, context)
    return None if isinstance(found, Column) and found.doubt is not None else found


def _name(found: Column | InterfaceColumn) -> str:
    return found.field if isinstance(found, Column) else found.side


_Row = tuple[dict[str, _Box], tuple[Guard, ...]]


def _row(
    parts: Sequence[Expression], columns: _Columns, element: Expression, context: NftContext
) -> _Row | None:
    """One element: its values by field, and what else must hold; None where no packet has it."""
    if element == CATCH_ALL:
        return {}, tuple(present(part, context) for part in parts)
    if not isinstance(element, Concat) or len(element.parts) != len(parts):
        raise ValueError("an element of another shape")
    boxes: dict[str, _Box] = {}
    guards: list[Guard] = []
    for part, found, value in zip(parts, columns, element.parts, strict=True):
        match found:
            case Column(field=field, kind=kind, translate=translate) if field not in boxes:
                listed = numbers(value, kind)
                boxes[field] = listed if translate is None else translate(listed)
            case InterfaceColumn(side) if side not in boxes:
                named = interface_guard(side, value)
                if isinstance(named, Interface) and not named.prefix:
                    boxes[side] = named.name
                else:
                    guards.append(named)
            case _:
                guards.append(_part_guard(part, value, context))
    return None if NEVER in guards else (boxes, tuple(guards))


def _part_guard(part: Expression, value: Expression, context: NftContext) -> Guard:
    if isinstance(part, Constant):
        return ALWAYS if _holds(part.value, value) else NEVER
    try:
        return field_guard(part, "==", value, context)
    except Undecided as found:
        return both(*found.needs, Unsure(found.doubt))


def _boxes(boxes: dict[str, _Box]) -> Iterable[Guard]:
    for field, box in boxes.items():
        yield Interface(_SIDES[field], box) if isinstance(box, str) else In(field_named(field), box)


_SIDES: dict[str, Side] = {"iif": "iif", "oif": "oif", "portin": "portin", "portout": "portout"}


def _holds(constant: Expression, value: Expression) -> bool:
    """Whether a constant of the rule is the element's value, or in it. Raises ValueError where the two
    cannot be compared."""
    if constant == value or value == CATCH_ALL:
        return True
    if isinstance(value, Word) and isinstance(constant, Word):
        return False
    kind = "integer"
    if isinstance(constant, Word):
        kind = "ipv4_addr" if Address.parse(constant.text).family == 4 else "ipv6_addr"
    return number(constant, kind) in numbers(value, kind)


# ------------------------------------------------------------------------------------- presence


def present(expression: Expression, context: NftContext) -> Guard:
    """The packets that have all that the expression looks at: for the others the rule ends."""
    match expression:
        case Concat(parts):
            return both(*(present(part, context) for part in parts))
        case Binary(_, left, right):
            return both(present(left, context), present(right, context))
        case Element(value):
            return present(value, context)
        case MapLookup(key, data):
            return _mapped(key, data, context)
        case Hash(_, of):
            return ALWAYS if of is None else present(of, context)
        case Payload() | Inner() | RawPayload() | Meta() | Ct() | Lookup():
            return column_present(column(expression, context))
        case _:
            return ALWAYS


def _mapped(key: Expression, data: SetLiteral | SetReference, context: NftContext) -> Guard:
    """The key is in the map, which may change by itself."""
    if isinstance(key, Numgen | Hash):
        return present(key, context)
    try:
        held = element_guard(key, context.elements(data).elements, context)
    except Undecided as found:
        return both(*found.needs, Unsure(found.doubt))
    if isinstance(data, SetReference) and context.moves(data):
        return both(present(key, context), AnyOf((held, Unsure(Doubt("set-moves", (data.name,))))))
    return held


def column_present(found: AnyColumn) -> Guard:
    """The packets that have a value there."""
    match found:
        case Column(needs=needs, present=has):
            return both(*needs, has)
        case LinkColumn(side):
            return has_interface(side)
        case Fixed(needs=needs):
            return both(*needs)
        case RawColumn(headers, _, doubt):
            whole = (guard for guard, pieces in headers if all(piece.source is not None for piece in pieces))
            return AnyOf((*whole, Unsure(doubt)))
        case Absent():
            return NEVER
        case Open(doubt, needs, always=always):
            return both(*needs) if always else both(*needs, Unsure(doubt))
        case _:
            return ALWAYS
