"""A snapshot written as a folder and read again holds the same facts."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from sekisho.errors import UsageError
from sekisho.model.evidence import Evidence
from sekisho.model.netfilter import Chain, Ruleset, Table
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.sources.load import load
from sekisho.sources.write import write_snapshot
from tests.truth import needs_truth, truth_dir

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = [*sorted((ROOT / "examples").glob("host-*")), *sorted((ROOT / "tests/data/docker").glob("*/*"))]
# What is about the files rather than about the network.
ABOUT_FILES = {"files", "unread", "texts", "notes", "path", "host", "namespaces"}


def _differences(one: Snapshot | Namespace, other: Snapshot | Namespace, where: str) -> list[str]:
    found = []
    for field in fields(one):
        if field.name in ABOUT_FILES:
            continue
        before, after = getattr(one, field.name), getattr(other, field.name)
        if field.name == "routes":  # listed by family, then as ip route does
            before, after = (
                sorted(repr(replace(r, evidence=None)) for r in each) for each in (before, after)
            )
        if before != after:
            found.append(f"{where} {field.name}: {before!r} != {after!r}"[:600])
    return found


def _round_trip(folder: Path, tmp_path: Path) -> list[str]:
    before = load(str(folder))
    written = tmp_path / "written"
    write_snapshot(before, written)
    after = load(str(written))
    found = _differences(before, after, "snapshot") + _differences(before.host, after.host, "host")
    assert [one.name for one in before.namespaces] == [one.name for one in after.namespaces]
    for one, other in zip(before.namespaces, after.namespaces, strict=True):
        found += _differences(one, other, one.name)
    return found


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_shipped_snapshots_come_back(folder: Path, tmp_path: Path) -> None:
    assert _round_trip(folder, tmp_path) == []


@needs_truth
@pytest.mark.parametrize("version", ["20.10.24", "26.1.5", "27.5.1", "28.5.2", "29.7.2", "29.7.2-nftables"])
def test_every_capture_comes_back(version: str, tmp_path: Path) -> None:
    root = truth_dir()
    assert root is not None
    folders = sorted(path.parent for path in (root / "docker" / version).glob("*/scenario.json"))
    assert len(folders) > 25
    for folder in folders:
        assert _round_trip(folder, tmp_path / folder.name) == [], folder.name


def test_a_table_that_may_hold_more_stays_so(tmp_path: Path) -> None:
    cut = Evidence("", 0, "not captured")
    table = Table("filter", (Chain("INPUT", "ACCEPT"),), cut)
    host = Namespace("host", rulesets=(Ruleset(4, "nft", (table,), True),))
    write_snapshot(Snapshot("", host), tmp_path / "out")
    (ruleset,) = load(str(tmp_path / "out")).host.rulesets
    assert ruleset.tables[0].incomplete is not None


def test_a_folder_with_something_in_it_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(UsageError, match="is there already"):
        write_snapshot(load(str(SHIPPED[0])), tmp_path)
    assert (tmp_path / "mine").read_text() == "keep"


def test_unread_lines_are_kept_as_notes(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "ip-route.txt").write_text("default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 frobnicate 7\n")
    write_snapshot(load(str(source)), tmp_path / "out")
    notes = (tmp_path / "out" / "capture-notes.txt").read_text()
    assert "ip-route.txt:2" in notes
    assert "frobnicate" in notes
