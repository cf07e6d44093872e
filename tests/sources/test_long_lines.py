"""Lines as long as they may be, of what readers might look at again and again: each would take hours so."""

from __future__ import annotations

import pytest

from sekisho.model.nft_expression import Unknown, Word
from sekisho.sources.load import load_text

LONG = 900_000
_SET = "table ip filter {\n\tset s {\n\t\ttype ipv4_addr\n\t\telements = { "


@pytest.mark.parametrize("element", [" " * LONG + "z", ":" * LONG + "z"], ids=["blanks", "colons"])
def test_an_element(element: str) -> None:
    snapshot = load_text(f"{_SET}{element} }}\n\t}}\n}}\n")
    assert snapshot.host.nft is not None
    assert snapshot.host.nft.tables[0].sets[0].elements == (Word(element.strip()),)


def test_statements_that_end_in_none() -> None:
    text = "jump { " * 10_000 + "!"
    snapshot = load_text(f"table ip filter {{\n\tchain c {{\n\t\tmeta mark {text}\n\t}}\n}}\n")
    assert snapshot.host.nft is not None
    (rule,) = snapshot.host.nft.tables[0].chains[0].rules
    assert rule.statements[-1] == Unknown(text.removeprefix("jump "))


@pytest.mark.parametrize("heading", [":" * LONG, "= " * (LONG // 2)], ids=["colons", "blanks too"])
def test_a_heading(heading: str) -> None:
    snapshot = load_text(f"$ ip route\ndefault via 10.0.0.1 dev eth0\n## {heading}z\n")
    assert len(snapshot.host.routes) == 1
    assert any(line.text.startswith(f"## {heading}") for line in snapshot.prose)


@pytest.mark.parametrize(
    "line", ["## ip route ##", "=== ip route ===", "--- `ip route`:", "## ip route", "> ip route"]
)
def test_headings_that_name_a_command(line: str) -> None:
    assert len(load_text(f"{line}\ndefault via 10.0.0.1 dev eth0\n").host.routes) == 1
