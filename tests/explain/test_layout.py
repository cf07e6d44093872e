"""Columns, padding and line breaking with Latin and Japanese text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.explain.layout import columns, cut, pad, wrap

TEXTS = st.text(alphabet="ab /.0123:()-パケットを送信元、。へ の「」", max_size=120)


@pytest.mark.parametrize(
    ("want", "text"), [(0, ""), (5, "eth0."), (6, "経路表"), (8, "経路 via"), (1, "│"), (2, "、")]
)
def test_columns(want: int, text: str) -> None:
    assert columns(text) == want


@given(TEXTS, st.integers(10, 60))
def test_wrapping_loses_nothing_but_blanks(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.lists(st.text(alphabet="abc0.", min_size=1, max_size=9), max_size=30), st.integers(10, 60))
def test_lines_of_short_words_fit(parts: list[str], width: int) -> None:
    assert all(columns(line) <= width for line in wrap(" ".join(parts), width))


@given(TEXTS, st.integers(2, 40))
def test_pad_and_cut_give_the_width(text: str, width: int) -> None:
    assert columns(cut(text, width)) <= width
    assert columns(pad(cut(text, width), width)) == width


@pytest.mark.parametrize(
    ("want", "text", "width"),
    [
        (["送信元が10.0.0.1の", "パケットです。"], "送信元が10.0.0.1のパケットです。", 18),
        (["これはネットワーク、", "です"], "これはネットワーク、です", 20),
        (["one two", "three"], "one two three", 8),
        (["tooLongForTheLine", "x"], "tooLongForTheLine x", 5),
    ],
)
def test_where_lines_end(want: list[str], text: str, width: int) -> None:
    assert wrap(text, width) == want
