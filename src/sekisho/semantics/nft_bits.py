"""Numbers that nftables makes of the bits of others: ``ct mark & 0xff0 | 0x1``, ``(meta mark | 0x10) << 8``.

Everything that ``& | ^ << >>`` can make of one or two selectors, if no bit depends on more than one of
theirs, is the exclusive or of masked, shifted selectors and of a constant:

    (meta mark & 0xf) << 4 | 0x1   is   ((meta mark << 4) & 0xf0) ^ 0x1
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sekisho.model.nft_expression import Binary, Element, Exists, Expression, Flags, Number, Word
from sekisho.model.nft_types import data_type


@dataclass(frozen=True, slots=True)
class Part:
    """``(selector << shift) & mask``; a negative shift is one to the right."""

    selector: Expression
    shift: int
    mask: int

    def of(self, value: int) -> int:
        """What this makes of a value of the selector."""
        return (value << self.shift if self.shift >= 0 else value >> -self.shift) & self.mask

    def back(self, bits: int) -> int:
        """The bits of the selector from which these bits come."""
        return bits >> self.shift if self.shift >= 0 else bits << -self.shift


@dataclass(frozen=True, slots=True)
class Mix:
    """The parts and a constant, joined by exclusive or. No two parts share a bit of their masks."""

    parts: tuple[Part, ...]
    constant: int

    @property
    def mask(self) -> int:
        """The bits that may be set."""
        found = self.constant
        for part in self.parts:
            found |= part.mask
        return found


def mix(
    expression: Expression, read: Callable[[Expression, str], int], kind: str, width: int = 32
) -> Mix | None:
    """The expression as a mix of numbers of ``width`` bits; ``read`` gives a constant's number by its data
    type (and raises ValueError where it is none), ``kind`` is that of the whole. None where some bit
    depends on bits of several selectors."""
    if isinstance(expression, Number | Word | Flags | Exists | Element):
        return Mix((), read(expression, kind))
    if not isinstance(expression, Binary):
        return Mix((Part(expression, 0, (1 << width) - 1),), 0)
    left = mix(expression.left, read, kind, width)
    of_left = data_type(expression.left) if left is not None and left.parts else kind
    right = mix(expression.right, read, "integer" if expression.operator in ("<<", ">>") else of_left, width)
    if left is None or right is None:
        return None
    match expression.operator:
        case "<<" | ">>" if right.parts:
            return None
        case "<<":
            return _shifted(left, right.constant, width)
        case ">>":
            return _shifted(left, -right.constant, width)
        case operator:
            return _joined(operator, left, right)


def leftmost(expression: Expression) -> Expression:
    """The selector that masks and shifts begin with."""
    while isinstance(expression, Binary):
        expression = expression.left
    return expression


def _shifted(some: Mix, by: int, width: int) -> Mix:
    def moved(number: int) -> int:
        return (number << by if by >= 0 else number >> -by) & (1 << width) - 1

    parts = (Part(part.selector, part.shift + by, moved(part.mask)) for part in some.parts)
    return Mix(tuple(part for part in parts if part.mask), moved(some.constant))


def _joined(operator: str, left: Mix, right: Mix) -> Mix | None:
    if left.parts and right.parts:
        if operator == "&" or left.mask & right.mask:
            return None
        return Mix(left.parts + right.parts, left.constant ^ right.constant)
    some, constant = (left, right.constant) if left.parts or not right.parts else (right, left.constant)
    match operator:
        case "&":
            return _masked(some, constant, 0)
        case "|":
            return _masked(some, ~constant, constant)
        case "^":
            return Mix(some.parts, some.constant ^ constant)
        case _:
            return None


def _masked(some: Mix, mask: int, constant: int) -> Mix:
    parts = (Part(part.selector, part.shift, part.mask & mask) for part in some.parts)
    return Mix(tuple(part for part in parts if part.mask), some.constant & mask | constant)
