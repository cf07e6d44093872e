"""JSON elements with their lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import SourceError
from sekisho.sources.json_stream import elements, line_of_key, list_at, pairs_at, text_at, value_at


def test_lines_of_elements_and_keys() -> None:
    text = '[\n  {\n    "Name": "a"\n  },\n  {"Name": "b"}]\n{"Name": "c"}'
    found = elements(text, "f")
    assert [(one.line, text_at(one.value, "Name"), line_of_key(one, "Name")[0]) for one in found] == [
        (2, "a", 3),
        (5, "b", 5),
        (6, "c", 6),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [("[1,\n2", 2), ("[1\n}", 2), ("{\n", 1), ("]", 1), ("[[1]]", 1), ("nonsense", 1), ("[" * 9000, 1)],
)
def test_errors_have_their_line(text: str, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        elements(text, "f.json")
    assert (caught.value.file, caught.value.line) == ("f.json", line)


def test_paths() -> None:
    value = elements('{"a": {"b": "x", "n": 3}, "l": [1], "p": {"k": "v", "o": {"z": 1}}}', "f")[0].value
    assert text_at(value, "a", "b") == "x"
    assert text_at(value, "a", "n") == "3"
    assert text_at(value, "a", "none", "b") == ""
    assert value_at(value, "l", "b") is None
    assert list_at(value, "l") == [1]
    assert list_at(value, "a") == []
    assert pairs_at(value, "p") == (("k", "v"), ("o", '{"z": 1}'))


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text())


@given(st.lists(st.lists(st.dictionaries(st.text(), SCALARS)), max_size=3))
def test_concatenated_arrays_give_all_elements(arrays: list[list[dict[str, object]]]) -> None:
    text = "\n".join(json.dumps(array, indent=1) for array in arrays)
    assert [one.value for one in elements(text, "f")] == [value for array in arrays for value in array]
