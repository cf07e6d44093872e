"""A capture that was cut passes nothing that it fails as a whole; the long form: ``python -m tests.cuts``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sekisho.answers.check import CheckReport
from sekisho.semantics.journey import Lean
from tests.cuts.campaign import Capture, places

NOPROXY = Path(__file__).resolve().parents[1] / "data" / "docker" / "28.5.2" / "noproxy"


@pytest.mark.parametrize("few", [False, True])
def test_rules(tmp_path: Path, few: bool) -> None:
    """Each fourth end of a line, so that those between two tables are among them, and places in lines."""
    capture = Capture(NOPROXY, tmp_path / "capture", few)
    path = capture.folder / "iptables-save.txt"
    if few:
        (capture.folder / "nft-ruleset.txt").unlink()  # it says the same again
    text = path.read_bytes()
    between = [text.index(b"*", at) for at in range(len(text)) if text.startswith((b"*", b"# Gen"), at)]
    found = capture.cut(path.name, sorted({0, *between, *list(places(text, 100))[::9]} - {len(text)}))
    assert found.wrong == []
    assert found.told["unsure"] > 20


def test_other_texts(tmp_path: Path) -> None:
    capture = Capture(NOPROXY, tmp_path / "capture", True)
    for name in ("ss.txt", "ip-route.txt", "ip-addr.txt"):
        text = (capture.folder / name).read_bytes()
        found = capture.cut(name, list(places(text, 60))[::3])
        assert found.wrong == []
        assert found.told.total() > 0


def test_a_cut_that_nothing_names_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The campaign sees what it is for: what passes where it fails for the whole, and leans on nothing."""
    capture = Capture(NOPROXY, tmp_path / "capture", True)
    passed = tuple(replace(result, status="passed") for result in capture.whole.results)
    for leans, wrong in (((), True), ((Lean("table-not-shown", ("nat",)),), False)):
        report = CheckReport(passed, leans)
        monkeypatch.setattr(capture, "_ask", lambda report=report: report)
        assert bool(capture.cut("iptables-save.txt", [0]).wrong) is wrong
