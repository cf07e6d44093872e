"""iptables -S: a table as commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.model.netfilter import Table
from sekisho.sources import iptables_S, iptables_save
from sekisho.values.address import Family
from tests.strategies import netfilter
from tests.truth import needs_truth, truth_dir

CAPTURES = Path(__file__).parent / "captures" / "iptables-1.8.9"

SMALL = """\
-P INPUT ACCEPT -c 7 420
-P FORWARD DROP -c 0 0
-P OUTPUT ACCEPT -c 1 60
-N DOCKER-USER
-A FORWARD -c 5 300 -j DOCKER-USER
-A DOCKER-USER -s 10.0.0.0/8 -c 3 180 -j RETURN
"""


def read(text: str, family: Family = 4, table: str = "filter") -> Table:
    parsed = iptables_S.parse(text, "f", family, table)
    assert parsed.unread == ()
    (found,) = parsed.facts
    assert found.incomplete is None
    return found


def test_facts() -> None:
    table = read(SMALL)
    assert table.name == "filter"
    assert [(chain.name, chain.policy, chain.packets) for chain in table.chains] == [
        ("INPUT", "ACCEPT", 7),
        ("FORWARD", "DROP", 0),
        ("OUTPUT", "ACCEPT", 1),
        ("DOCKER-USER", None, None),
    ]
    (rule,) = table.chains[1].rules
    assert (rule.packets, rule.bytes) == (5, 300)
    assert rule.evidence is not None
    assert rule.evidence.line == 5
    assert iptables_S.render(table, counters=True) == SMALL


def test_commands_typed_by_hand_are_read() -> None:
    text = (
        "iptables -P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n\n"
        "sudo iptables -I INPUT 1 -i lo -j ACCEPT\n"
    )
    table = read(text)
    assert [rule.target.name for rule in table.chains[0].rules if rule.target] == ["ACCEPT"]


@pytest.mark.parametrize(
    ("reason", "line", "text"),
    [
        ("truncated", 7, SMALL + "-A DOCKER-USER -d 172.18.0.2/32 ! -i br-5"),
        ("truncated", 7, SMALL + "-A DOCKER-USER -j ACCE"),
        ("truncated", 7, SMALL + "-A DOCKER-USER"),
        ("truncated", 7, SMALL + "-A DOCKER-USER -j DNAT"),
        ("truncated", 7, SMALL + "-"),
        ("unknown-line", 7, SMALL + "-D DOCKER-USER 1\n"),
        ("undeclared-chain", 7, SMALL + "-A DOCKER -j DROP\n"),
        ("missing-chain", 0, SMALL.replace("-P INPUT ACCEPT -c 7 420\n", "")),
    ],
)
def test_cut_or_senseless_line_leaves_the_table_incomplete(reason: str, line: int, text: str) -> None:
    parsed = iptables_S.parse(text, "f")
    assert [(one.reason, one.evidence.line) for one in parsed.unread] == [(reason, line)]
    assert parsed.facts[0].incomplete is not None


def test_last_line_without_newline_counts_when_it_is_whole() -> None:
    assert read(SMALL[:-1]) == read(SMALL)


def test_warning_of_the_other_back_end_is_named() -> None:
    warning = "# Warning: iptables-legacy tables present, use iptables-legacy to see them\n"
    parsed = iptables_S.parse(warning + SMALL, "f")
    assert [one.reason for one in parsed.unread] == ["other-backend-present"]
    assert parsed.facts[0].incomplete is None


@pytest.mark.parametrize("folder", ["nft.v4", "nft.v6", "legacy.v4", "legacy.v6"])
@pytest.mark.parametrize("name", ["raw", "mangle", "nat", "filter"])
def test_capture_is_written_back_and_says_what_the_save_says(folder: str, name: str) -> None:
    family: Family = 4 if folder.endswith("4") else 6
    saved = iptables_save.parse((CAPTURES / folder / "save.txt").read_text(), "f", family).facts[0]
    (wanted,) = (table for table in saved.tables if table.name == name)
    for suffix, counters in (("S", False), ("vS", True)):
        text = (CAPTURES / folder / f"{name}-{suffix}.txt").read_text()
        table = read(text, family, name)
        assert iptables_S.render(table, counters) == text
        assert table == wanted


@needs_truth
@pytest.mark.parametrize(("number", "wanted"), [(12, []), (20, ["other-backend-present"]), (23, [])])
def test_rules_as_posted_are_read(number: int, wanted: list[str]) -> None:
    folder = truth_dir()
    assert folder is not None
    (file,) = (folder / "dumps").glob(f"{number}_*")
    text = file.read_text().split("# ---- dump starts ----\n")[1]
    parsed = iptables_S.parse(text, file.name)
    assert [one.reason for one in parsed.unread] == wanted
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert iptables_S.render(parsed.facts[0]).splitlines() == lines


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("name", ["raw", "mangle", "nat", "filter"])
@settings(max_examples=25)
@given(data=st.data())
def test_table_survives_writing_and_reading(data: st.DataObject, name: str, family: Family) -> None:
    table = data.draw(netfilter.tables(family, name, most=2))
    text = iptables_S.render(table, counters=True)
    assert read(text, family, name) == table
    assert iptables_S.render(read(text, family, name), counters=True) == text
