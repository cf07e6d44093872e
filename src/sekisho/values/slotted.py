"""``dataclasses.replace`` for values with very many fields that are made very often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING

__all__ = ["replace"]

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(item, /, **changes):
        """The value with some fields replaced. Its class has slots, and nothing to do after ``__init__``; a
        field that it does not have is a TypeError."""
        kind = type(item)
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
