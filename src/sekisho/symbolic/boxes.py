"""Sets as few boxes that people can read, and single packets out of them.

tcp  10.0.0.0/16 -> 172.18.0.2:3306     one box: a set of values for each field that is shown
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sekisho.symbolic.bits import ONE, Bits, Set
from sekisho.symbolic.space import ORDER, Space
from sekisho.values.intset import IntSet


@dataclass(frozen=True, slots=True)
class Box:
    """All packets whose fields are in these sets, field by field. Fields that are not there are free or
    were forgotten; of those that are ``vague`` only some values are meant, which are too many to tell."""

    fields: tuple[tuple[str, IntSet], ...]
    vague: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> IntSet:
        return dict(self.fields)[name]


def boxes(space: Space, some: Set, shown: Sequence[tuple[str, Bits]]) -> Iterator[Box]:
    """Cut a set into disjoint boxes over the fields to show; all others are forgotten.

    ``shown``: name and value of each field; a constant gives its number. Values that lead to the same
    rest stay together, so that few boxes are needed.
    """
    variable = [(name, bits) for name, bits in shown if bits.value is None]
    some = space.showing(some, tuple(bits for _, bits in variable))
    if not some.satisfiable():
        return
    variable.sort(key=lambda item: min(code for code in item[1].codes if code >= 0))
    constants = {name: IntSet.of(bits.value) for name, bits in shown if bits.value is not None}
    for found, vague in _boxes(space, some, variable):
        fields = {**constants, **found}
        yield Box(tuple((name, fields[name]) for name, _ in shown), frozenset(vague))


_Cut = tuple[dict[str, IntSet], tuple[str, ...]]


def _boxes(space: Space, some: Set, fields: list[tuple[str, Bits]]) -> Iterator[_Cut]:
    if not fields:
        yield {}, ()
        return
    (name, bits), rest = fields[0], fields[1:]
    try:
        cut = by_value(space, some, bits)
    except TooFineError:
        # Every second address, say: told is from which to which.
        whole = IntSet.span(_edge(some, bits, False), _edge(some, bits, True))
        for found, vague in _boxes(space, space.showing(some, tuple(each for _, each in rest)), rest):
            yield {name: whole, **found}, (name, *vague)
        return
    for values, below in cut:
        for found, vague in _boxes(space, below, rest):
            yield {name: values, **found}, vague


def _edge(some: Set, bits: Bits, last: bool) -> int:
    """The first or the last value of the field in the set; its variables are the topmost."""
    value = 0
    for code in bits.codes:
        bit = code == ONE
        if code >= 0:
            one, zero = some, some
            if some.node_var() == code >> 1:
                one, zero = some.cofactors()  # type: ignore[misc]
            if code & 1:
                one, zero = zero, one
            bit = (last and one.satisfiable()) or not zero.satisfiable()
            some = one if bit else zero
        value = value << 1 | bit
    return value


class TooFineError(Exception):
    """A field's values in a set are too many intervals to list: where packets are told apart by their last
    bits (NETMAP, a masked match), a small diagram has millions."""


# So many intervals of one field are listed, and so many for each node of the diagram.
_MOST_SPANS, _FOR_EACH_NODE = 1 << 12, 16


def by_value(space: Space, some: Set, bits: Bits) -> list[tuple[IntSet, Set]]:
    """The values of a field by what they leave of the set; the field's variables must be the topmost. Raises
    TooFineError where they are too many intervals."""
    known = space.cut.get((some, bits))
    if known is None:
        found: dict[Set, list[tuple[int, int]]] = {}
        places = {code >> 1: at for at, code in enumerate(bits.codes) if code >= 0}
        top = some.node_var()
        if top is not None or some.satisfiable():
            most = max(_MOST_SPANS, _FOR_EACH_NODE * some.node_count())
            _descend(some, top, bits.codes, places, bits.loose, 0, 0, found, [most])
        known = [(IntSet.from_intervals(spans), below) for below, spans in found.items()]
        space.cut[some, bits] = known
    return known


def _descend(
    some: Set,
    top: int | None,
    codes: tuple[int, ...],
    places: dict[int, int],
    loose: int,
    at: int,
    base: int,
    found: dict[Set, list[tuple[int, int]]],
    left_to_list: list[int],
) -> None:
    """``some`` holds packets, ``top`` is its topmost variable. ``places``: of the variables among the codes;
    from ``loose`` on, all of them are variables."""
    width = len(codes)
    while True:
        place = width if top is None else places.get(top, width)
        if at == width or (place == width and at >= loose):
            # Nothing of this field decides any more.
            left = width - at
            left_to_list[0] -= 1
            if left_to_list[0] < 0:
                raise TooFineError
            found.setdefault(some, []).append((base << left, ((base + 1) << left) - 1))
            return
        code = codes[at]
        at += 1
        if code < 0:
            base = base << 1 | (code == ONE)
            continue
        zero = one = some
        if place == at - 1:
            one, zero = some.cofactors()  # type: ignore[misc]
        if code & 1:
            zero, one = one, zero
        # Most nodes have one side without packets: it costs no call.
        top = zero.node_var()
        if top is not None or zero.satisfiable():
            _descend(zero, top, codes, places, loose, at, base << 1, found, left_to_list)
        top = one.node_var()
        if top is None and not one.satisfiable():
            return
        some, base = one, base << 1 | 1


# --------------------------------------------------------------------------------------- one packet


# What an everyday packet has, where the set leaves it open.
_USUAL = {
    "proto": 6, "tos": 0, "ttl": 64, "sport": 40000, "dport": 80, "icmp_code": 0, "icmp_id": 1,
    "tcp_flags": 2,
    "length": 60, "src_mac": 0x020000000001, "uid": 0, "gid": 0,
}  # fmt: skip


def pick(space: Space, some: Set, wishes: Mapping[str, int] | None = None) -> dict[str, int]:
    """One packet of the set as field values of the original: the wished and usual ones as far as the set
    leaves them open."""
    wanted = {**_USUAL, "icmp_type": 8 if space.family == 4 else 128, **(wishes or {})}
    values = {name: wanted.get(name, 0) for name in ORDER}
    wished = _set_in(space, tuple(values.items()))
    assert some.satisfiable()
    index = some.node_var()
    while index is not None:
        liked = index in wished
        side = some.cofactor_true() if liked else some.cofactor_false()
        assert side is not None
        below = side.node_var()
        if below is None and not side.satisfiable():
            side = some.cofactor_false() if liked else some.cofactor_true()
            assert side is not None
            below = side.node_var()
            if index in space.place:
                name, power = space.place[index]
                values[name] ^= 1 << power
        some, index = side, below
    return values


def _set_in(space: Space, values: tuple[tuple[str, int], ...]) -> frozenset[int]:
    """The variables that are set in these values of header fields."""
    found = space.wished.get(values)
    if found is None:
        wanted = dict(values)
        every = (at for at, (name, power) in space.place.items() if wanted.get(name, 0) >> power & 1)
        found = space.wished[values] = frozenset(every)
    return found


def number(bits: Bits, space: Space, values: Mapping[str, int]) -> int:
    """The value that a field has for a picked packet."""
    if bits.value is not None:
        return bits.value
    if (name := space.named.get(bits)) is not None:
        return values[name]
    found = 0
    for code in bits.codes:
        bit = code == ONE
        if code >= 0:
            name, power = space.place[code >> 1]
            bit = bool(values[name] >> power & 1) != bool(code & 1)
        found = found << 1 | bit
    return found
