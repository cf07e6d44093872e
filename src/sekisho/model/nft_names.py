"""What the rules of an nftables table name: its chains, sets and objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from sekisho.model.evidence import Evidence
from sekisho.model.nft_expression import SetReference
from sekisho.model.nft_rule import Meter, SetUpdate, UseObject, Verdict


def names_in(value: object) -> Iterator[tuple[str, str]]:
    """The chains, sets and objects that statements, expressions or a set's elements name, each with its kind:
    "chain", "set", "meter", "object"."""
    match value:
        case Verdict(_, chain) if chain:
            yield "chain", chain
        case SetReference(name):
            yield "set", name
        case SetUpdate():
            yield "set", value.name
        case Meter():
            yield "meter", value.name  # its set is listed only where it was made before the rule
        case UseObject():
            # By name, or by a map that gives one; what a map's elements name is not told apart.
            yield from (("object", word) for word in words_in(value))
    if isinstance(value, tuple | list):
        for each in value:
            yield from names_in(each)
    elif is_dataclass(value) and not isinstance(value, Evidence):
        for field in fields(value):
            yield from names_in(getattr(value, field.name))


def words_in(value: object) -> Iterator[str]:
    """Every word in them: perhaps the name of an object."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from words_in(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from words_in(getattr(value, field.name))
