"""The domain of one packet makes of numbers what diagrams make of all packets' fields; and it needs none."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.semantics.choices import Choices
from sekisho.semantics.journey import Doubt
from sekisho.symbolic.domain import Domain
from sekisho.symbolic.one_packet import ALL, NONE, OnePacket, value_of
from sekisho.symbolic.space import Space
from sekisho.symbolic.unstated import ANY, Unstated
from sekisho.values.address import BITS, Family, Prefix
from sekisho.values.intset import IntSet

SPACES: dict[Family, Space] = {4: Space(4), 6: Space(6)}
FAMILIES = st.sampled_from((4, 6))
BYTES = st.integers(0, 255)


def both(family: Family) -> tuple[Domain, Domain]:
    """All packets, and one."""
    return SPACES[family], OnePacket(family)


@given(BYTES, BYTES, BYTES)
def test_bits_are_set_alike(before: int, mask: int, value: int) -> None:
    numbers = {each.number(each.set_bits(each.constant(before, 8), mask, value)) for each in both(4)}
    assert numbers == {(before & ~mask & 0xFF) ^ value}


@given(FAMILIES, st.data())
def test_addresses_are_made_alike(family: Family, data: st.DataObject) -> None:
    bits = BITS[family]
    address = data.draw(st.integers(0, (1 << bits) - 1))
    length = data.draw(st.integers(0, bits))
    mine = data.draw(st.integers(0, (1 << length) - 1)) << bits - length
    found = {
        (
            each.number(each.with_prefix(Prefix(family, mine, length), each.constant(address, bits))),
            each.number(each.group_mac(each.constant(address, bits))),
        )
        for each in both(family)
    }
    low = address & (1 << bits - length) - 1
    # RFC 1112 takes 23 bits of an address, RFC 2464 takes 32.
    mac = 0x01005E000000 | address & 0x7FFFFF if family == 4 else 0x333300000000 | address & 0xFFFFFFFF
    assert found == {(mine | low, mac)}


@given(BYTES, BYTES, st.lists(st.tuples(BYTES, BYTES)), BYTES, BYTES)
def test_sets_are_told_alike(
    number: int, other: int, spans: list[tuple[int, int]], mask: int, value: int
) -> None:
    values = IntSet.from_intervals((min(span), max(span)) for span in spans)
    told = [
        [
            some.satisfiable()
            for some in (
                each.member(each.constant(number, 8), values),
                each.masked(each.constant(number, 8), mask, value),
                each.equal(each.everything, each.constant(number, 8), each.constant(other, 8)),
            )
        ]
        for each in both(4)
    ]
    assert told[0] == told[1] == [number in values, number & mask == value, number == other]


def test_all_or_nothing() -> None:
    assert [ALL & ALL, ALL & NONE, NONE & ALL, NONE & NONE] == [ALL, NONE, NONE, NONE]
    assert [ALL | ALL, ALL | NONE, NONE | ALL, NONE | NONE] == [ALL, ALL, ALL, NONE]
    assert (~ALL, ~NONE) == (NONE, ALL)
    assert (ALL.satisfiable(), NONE.satisfiable()) == (True, False)


def test_what_nobody_stated_is_in_no_set_for_certain() -> None:
    one = OnePacket(4)
    unstated = value_of(Unstated(64))
    every = IntSet.span(0, 255)
    assert (one.number(unstated), one.is_open(unstated), one.is_open(value_of(64))) == (None, True, False)
    assert (one.member(unstated, every), one.masked(unstated, 0, 0)) == (NONE, NONE)
    assert (one.equal(ALL, value_of(ANY), value_of(ANY)), one.equal(ALL, value_of(ANY), unstated)) == (
        ALL,
        NONE,
    )


def test_the_same_question_is_asked_once() -> None:
    one, doubts = OnePacket(4), (Doubt("rate-limit", ("?",)),)
    one.begin({}, Choices((1, 2)))
    assert (one.choice("a", doubts), one.choice("a", doubts)) == (ALL, ALL)
    assert one.pick("b", doubts, 3) == one.pick("b", doubts, 3) == (NONE, NONE, ALL)
    assert one.choice("c", doubts) is NONE  # beyond the script
    assert [asked.answer for asked in one.choices.taken] == [1, 2, 0]


@pytest.mark.parametrize("module", ["sekisho.symbolic.one_journeys", "sekisho.lab.api"])
def test_one_packet_needs_no_diagrams(module: str) -> None:
    code = f"import sys; sys.modules['oxidd'] = sys.modules['oxidd.bcdd'] = None; import {module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
