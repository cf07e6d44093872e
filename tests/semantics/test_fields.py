"""Every field that a guard can name has a row, and only such names pass."""

from __future__ import annotations

from typing import get_args

import pytest

from sekisho.semantics.fields import ROWS, Field, field, width
from sekisho.symbolic.one_fields import READ


def test_every_name_has_a_row_and_a_reader() -> None:
    assert set(get_args(Field)) == ROWS.keys() == READ.keys()


def test_only_a_name_with_a_row_is_a_field() -> None:
    assert field("ctrepl" + "dport") == "ctrepldport"
    with pytest.raises(KeyError):
        field("ctreplport")


@pytest.mark.parametrize(("name", "bits"), [("dst", 128), ("ctreplsrc", 128), ("dport", 16), ("ctstate", 3)])
def test_addresses_are_as_wide_as_their_family_has_them(name: Field, bits: int) -> None:
    assert width(name, 128) == bits
