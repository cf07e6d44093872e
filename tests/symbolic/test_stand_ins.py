"""Small sets that stand in for large ones: nothing that rules can ask of addresses is lost or made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.firewalls import sets
from sekisho.answers.chain import ChainReader
from sekisho.semantics import ipsets
from sekisho.sources.load import load
from sekisho.symbolic import stand_ins
from sekisho.symbolic.boxes import Box
from sekisho.symbolic.stand_ins import StandIns
from sekisho.values.intset import IntSet

BITS = 7
some_set = st.lists(st.integers(0, 127), max_size=30).map(IntSet.of_values)
Asked = tuple[str, object, object] | int


def asked(depth: int = 3) -> st.SearchStrategy[Asked]:
    """What rules make of sets: sets by number, together, either, without."""
    place: st.SearchStrategy[Asked] = st.integers(0, 5)
    for _ in range(depth):
        place = st.one_of(st.integers(0, 5), st.tuples(st.sampled_from(("and", "or", "not")), place, place))
    return place


def told(question: Asked, found: list[IntSet]) -> IntSet:
    if isinstance(question, int):
        return found[question % len(found)]
    kind, one, other = question
    left, right = told(one, found), told(other, found)  # type: ignore[arg-type]
    if kind == "not":
        return left.minus(right, BITS)
    return left & right if kind == "and" else left | right


@given(st.lists(some_set, min_size=1, max_size=6), asked())
def test_what_is_found_with_stand_ins_is_what_the_sets_tell(given_: list[IntSet], question: Asked) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stand_ins, "LARGE", 3)
        stands = StandIns(given_, BITS)
    shown = [stands.of(some) for some in given_]
    assert stands.real(told(question, shown)) == told(question, given_)
    assert stands.real(IntSet.span(0, 127)) == IntSet.span(0, 127)
    # Where a set is small, it stands for itself.
    assert all(one == other for one, other in zip(given_, shown, strict=True) if len(one.intervals) <= 3)


def test_a_stand_in_is_small() -> None:
    large = IntSet.of_values(range(0, 1 << 20, 4))
    small = [IntSet.span(1000, 2000), IntSet.of(12), IntSet.of(13)]
    stands = StandIns([large, *small], 32)
    assert len(stands.of(large).intervals) <= 7
    assert stands.real(stands.of(large)) == large
    assert stands.real(stands.of(large) & IntSet.span(1000, 2000)) == large & IntSet.span(1000, 2000)


def _boxes(found: tuple[Box, ...]) -> set[Box]:
    return set(found)


@pytest.mark.parametrize("seed", range(3))
def test_a_chain_says_the_same_with_them(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = load(str(sets(tmp_path / "h", 300, seed)))
    plain = ChainReader(snapshot, "FORWARD").answer(service=(6, 22), dead=True)
    monkeypatch.setattr(stand_ins, "LARGE", 2)
    monkeypatch.setattr(ipsets, "_FEW", 2)
    reader = ChainReader(snapshot, "FORWARD")
    assert reader.small.fields.keys() == {"src", "dst"}
    small = reader.answer(service=(6, 22), dead=True)
    assert small.dead == plain.dead
    assert small.dead
    assert {(each.sources, each.targets) for each in small.matrix or ()} == {
        (each.sources, each.targets) for each in plain.matrix or ()
    }
    for one, other in zip(small.accepted or (), plain.accepted or (), strict=True):
        assert (one.iif, one.more) == (other.iif, other.more)
        if not one.more:
            assert _boxes(one.certain) == _boxes(other.certain)
            assert _boxes(one.perhaps) == _boxes(other.perhaps)
