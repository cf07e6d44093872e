"""``dataclasses.replace`` for values with very many fields that are made very often.

A ``Record`` is copied as one dictionary, however many fields it has; other values slot by slot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from operator import attrgetter
from types import MemberDescriptorType
from typing import TYPE_CHECKING, TypeVar, dataclass_transform

__all__ = ["Record", "replace", "value"]


class Record:
    """What a frozen dataclass without slots of its own derives from, to be cheap to change. Give it
    ``eq=False``: records are equal where all their fields are."""

    __slots__ = ("__dict__", "_hashed")

    def __eq__(self, other: object) -> bool:
        return self is other or (self.__class__ is other.__class__ and self.__dict__ == other.__dict__)

    def __hash__(self) -> int:
        """That of ``told_by``, worked out once."""
        try:
            return int(_HASHED.__get__(self))
        except AttributeError:
            found = hash(self.told_by)
            _HASHED.__set__(self, found)
            return found

    @property
    def told_by(self) -> object:
        """Fields that tell nearly all records of the class apart."""
        return tuple(self.__dict__.values())


_HASHED: MemberDescriptorType = Record.__dict__["_hashed"]

_Kind = TypeVar("_Kind")


@dataclass_transform(frozen_default=True)
def value(kind: type[_Kind]) -> type[_Kind]:
    """A frozen dataclass with slots of which very many are made: that nobody changes it is for mypy to see,
    as Python takes three times as long to make one that it guards itself."""
    return dataclass(slots=True, unsafe_hash=True)(kind)


if TYPE_CHECKING:
    from dataclasses import replace
else:
    _new = object.__new__

    def replace(item, /, **changes):
        """The value with some fields replaced. Its class has slots, or is a ``Record``, and nothing to do
        after ``__init__``; a field that it does not have is a TypeError."""
        kind = item.__class__
        if issubclass(kind, Record):
            made = _new(kind)
            fields = made.__dict__
            fields.update(item.__dict__)
            fields.update(changes)
            if len(fields) > len(item.__dict__):
                raise TypeError(f"{kind.__name__} has no field {', '.join(changes)}")
            return made
        get, places, put = _form(kind)
        values = list(get(item))
        for name, value in changes.items():
            at = places.get(name)
            if at is None:
                raise TypeError(f"{kind.__name__} has no field {name}")
            values[at] = value
        made = object.__new__(kind)
        for set_field, value in zip(put, values, strict=True):
            set_field(made, value)
        return made


_Form = tuple[Callable[[object], tuple[object, ...]], dict[str, int], list[Callable[[object, object], None]]]


@cache
def _form(kind: type) -> _Form:
    """How to read a class's fields, their places, and how to set them past ``frozen``."""
    names = [each.name for each in fields(kind)]
    assert not hasattr(kind, "__post_init__"), kind
    return (
        attrgetter(*names) if len(names) > 1 else lambda item: (getattr(item, names[0]),),
        {name: at for at, name in enumerate(names)},
        [getattr(kind, name).__set__ for name in names],
    )
