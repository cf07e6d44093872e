"""The list of changes fits the sources, and the command tells what is noticed from what is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants import __main__ as command
from tests.mutants.listed import MUTANTS
from tests.mutants.mutant import PACKAGES, ROOT, Mutant, faults
from tests.mutants.workshop import Workshop

ONE = next(mutant for mutant in MUTANTS if mutant.name == "old-wildcard")


def test_every_change_fits_the_sources() -> None:
    assert faults(MUTANTS) == []


def test_the_list_is_about_all_three_packages() -> None:
    others = Counter(mutant.file.partition("/")[0] for mutant in MUTANTS if not mutant.must)
    assert set(others) == set(PACKAGES)
    assert min(others.values()) >= 5


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (replace(ONE, before="no such words"), "stands 0 times"),
        (replace(ONE, before="old_wildcard"), "times in sources/ss.py, not once"),
        (replace(ONE, after=ONE.before), "changes nothing"),
        (replace(ONE, file="sources/gone.py"), "no such file: sources/gone.py"),
        (replace(ONE, file="docker/engine.py"), "no such file: docker/engine.py"),
        (replace(ONE, tests=("tests/sources/test_gone.py",)), "no such tests: tests/sources/test_gone.py"),
        (Mutant("x", "sources/parsed.py", "class Parsed", "class Passed", ""), "has no mirror"),
    ],
)
def test_an_entry_that_fits_no_more_is_named(wrong: Mutant, fault: str) -> None:
    (found,) = faults([wrong])
    assert found.startswith(f"{wrong.name}: ")
    assert fault in found


def test_a_wrong_list_ends_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "MUTANTS", (ONE, replace(ONE, name="rotten", before="no such words")))
    assert command.main([]) == 2
    assert "rotten: its text stands 0 times" in capsys.readouterr().err


def test_how_many_may_survive() -> None:
    must = replace(ONE, must=True)
    assert [command.verdict(survived, whole=True) for survived in ([], [ONE], [ONE, ONE], [must])] == [
        0,
        0,
        1,
        1,
    ]
    assert [command.verdict(survived, whole=False) for survived in ([], [ONE])] == [0, 1]


def test_what_is_noticed_and_what_is_not(tmp_path: Path) -> None:
    before = ONE.source(ROOT).read_text(encoding="utf-8")
    workshop = Workshop(tmp_path)
    noticed = workshop.tried(ONE)
    assert noticed.test is not None
    assert noticed.test.startswith("tests/sources/test_ss.py::")
    unnoticed = replace(ONE, before='"""Sockets as', after='"""sockets as')
    assert workshop.tried(unnoticed).test is None
    # Neither the copy nor the sources are left changed.
    assert ONE.source(tmp_path).read_text(encoding="utf-8") == before
    assert ONE.source(ROOT).read_text(encoding="utf-8") == before
