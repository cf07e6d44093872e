"""Which values iptables takes, at the edges of each type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sekisho.semantics.loadable_values import CHECKS
from sekisho.values.address import Family
from tests.semantics.test_loadable import Ask, asked, refusal

Row = tuple[Family, str, str, str, str]
TABLE = Path(__file__).resolve().parents[1] / "data" / "iptables-values.tsv"


def _rows() -> list[Row]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    cells = (line.split("\t") for line in lines)
    return [(6 if one[0] == "6" else 4, one[1], one[2], one[3], one[4]) for one in cells]


ROWS = _rows()
STRANGE = ("9" * 5000, "0x" + "f" * 5000, "²²", "٣٣", "1_0", "", ":", "-", "/", ",")


@pytest.mark.parametrize(("family", "table", "chain", "rule", "says"), ROWS)
def test_what_iptables_says(family: Family, table: str, chain: str, rule: str, says: str) -> None:
    found = refusal(family, table, chain, rule)
    assert (found.brief if found is not None else "") == says
    assert found is None or found.code == "refused.words"


@pytest.mark.kernel
@pytest.mark.parametrize("backend", ["nft", "legacy"])
def test_iptables_says_so_itself(backend: str) -> None:
    questions: list[Ask] = [(backend, *row[:4]) for row in ROWS]
    for (*_, says), (taken, said) in zip(ROWS, asked(questions), strict=True):
        assert taken is not bool(says), (says, said)
        assert re.sub(r"\s+", " ", says) in re.sub(r"\s+", " ", said), (says, said)


@pytest.mark.parametrize("value", STRANGE, ids=[one[:4] for one in STRANGE])
@pytest.mark.parametrize("kind", CHECKS)
def test_no_value_is_too_strange(kind: str, value: str) -> None:
    """Python reads no number of so many digits, and others that are none."""
    said = CHECKS[kind]("extension", "option", value, "")
    assert said is None or isinstance(said, str)
    if kind in ("u8", "u16", "u32", "u64", "zone", "tcpoption", "mark"):
        assert said
