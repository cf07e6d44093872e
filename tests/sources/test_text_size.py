"""What a text may hold: a line, lines, JSON values."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.errors import SourceError
from sekisho.sources.bounds import MIB, USUAL, Bounds
from sekisho.sources.load import load
from sekisho.sources.text_size import check_text
from tests.cli.command import sekisho

SMALL = Bounds(most=1)
ROUTE = "default via 10.0.0.1 dev eth0\n"


def test_as_a_rule() -> None:
    assert (USUAL.longest_line, USUAL.lines, USUAL.elements, USUAL.json_values) == (
        MIB,
        MIB,
        4 * MIB,
        4 * MIB,
    )
    assert (USUAL.members, USUAL.nodes, USUAL.ports, USUAL.containers) == (131072, 262144, 65536, 4096)


@pytest.mark.parametrize("before", [0, 1, 70_000])
@pytest.mark.parametrize("after", ["", "\n", "\nb\n"])
def test_a_long_line_is_refused_where_it_stands(before: int, after: str) -> None:
    most = SMALL.longest_line
    lines = "a\n" * before
    check_text(lines[:20] + "x" * most + after, "f", SMALL)
    with pytest.raises(SourceError, match=f"a line of more than {most} characters") as caught:
        check_text(lines + "x" * (most + 1) + after, "f", SMALL)
    assert caught.value.line == before + 1
    assert caught.value.text.startswith("xxx")
    assert "--max-input" in caught.value.advice


def test_many_lines_are_refused_and_elements_of_sets_may_be_more() -> None:
    bounds = Bounds(most=256 * 100_000)
    assert bounds.lines == 100_000
    check_text("a\n" * 100_000, "f", bounds)
    with pytest.raises(SourceError, match="more than 100000 lines"):
        check_text("a\n" * 100_001, "f", bounds)
    check_text("create s hash:ip\n" + "add s 10.0.0.1\n" * 200_000, "f", bounds)
    with pytest.raises(SourceError, match="more than 400000 lines"):
        check_text("create s hash:ip\n" + "add s 10.0.0.1\n" * 400_001, "f", bounds)


@pytest.mark.parametrize("begin", ["", " ", "$ nft -j list ruleset\n"])
def test_json_may_be_on_one_line_but_has_so_many_values(begin: str) -> None:
    check_text(begin + '["' + "x" * 200_000 + '"]', "f", SMALL)
    with pytest.raises(SourceError, match="more than 65536 JSON values"):
        check_text(begin + "[" + "[]," * 40_000 + "[]]", "f", SMALL)


def test_every_way_of_reading_is_bounded(tmp_path: Path) -> None:
    folder = tmp_path / "h"
    folder.mkdir()
    (folder / "ip-route.txt").write_text(ROUTE + "x" * 70_000 + "\n")
    for path in (folder, folder / "ip-route.txt"):
        with pytest.raises(SourceError, match="a line of more than 65536 characters") as caught:
            load(str(path), bounds=Bounds(most=1_000_000))
        assert caught.value.line == 2


def test_the_option_lifts_it_in_both_languages(tmp_path: Path) -> None:
    (tmp_path / "ip-route.txt").write_text(ROUTE + "x" * (MIB + 10) + "\n")
    refused = sekisho("show", str(tmp_path), "routes", "--lang", "en")
    assert (refused.status, "--max-input 512" in refused.err) == (2, True)
    assert "ip-route.txt:2: a line of more than 1048576 characters" in refused.err
    assert "1行が 1048576 文字より長いです" in sekisho("show", str(tmp_path), "routes", "--lang", "ja").err
    assert sekisho("show", str(tmp_path), "routes", "--max-input", "512").status == 0
