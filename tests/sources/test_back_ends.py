"""Tables whose back end no file's name tells, beside those where it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.sources.load import load

SAVED = "*{table}\n:FORWARD ACCEPT [0:0]\n-A FORWARD -i br0 -j ACCEPT\nCOMMIT\n"
LISTED = "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n"


@pytest.mark.parametrize(
    ("table", "want"),
    [
        ("filter", {("legacy", ("filter",)), ("", ("filter",))}),
        ("mangle", {("legacy", ("mangle", "filter"))}),
    ],
)
def test_a_table_that_both_programs_have_is_kept_twice(
    tmp_path: Path, table: str, want: set[tuple[str, tuple[str, ...]]]
) -> None:
    (tmp_path / "iptables-legacy-save.txt").write_text(SAVED.format(table=table))
    (tmp_path / "iptables-filter.txt").write_text(LISTED)
    found = load(str(tmp_path)).host.rulesets
    assert {(one.backend, tuple(t.name for t in one.tables)) for one in found} == want
