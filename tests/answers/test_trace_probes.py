"""Connections that were really tried on hosts of real dockerds, against what trace says of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.docker import probes
from tests.truth import needs_truth

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "docker"


@pytest.mark.parametrize(
    "folder", sorted(SHIPPED.glob("*/*")), ids=lambda folder: f"{folder.parent.name}/{folder.name}"
)
def test_shipped_captures_agree(folder: Path) -> None:
    found = list(probes.outcomes(folder))
    assert len(found) > 25
    assert [item for item in found if item.wrong] == []


@needs_truth
def test_every_capture_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    """All of them: none is set aside but those that the neighbour did not send to the host; and so it is
    counted and printed."""
    found = [item for folder in probes.scenarios() for item in probes.outcomes(folder)]
    assert [item for item in found if item.wrong] == []
    kinds = Counter(item.kind for item in found)
    assert kinds.pop(probes.OWN_LOOPBACK) < 350
    assert kinds.pop(probes.NO_ROUTE) < 20
    assert set(kinds) == {"answered", "failed"}
    assert kinds["answered"] > 2200
    assert kinds["failed"] > 1800
    assert probes.report(found) == 0
    last = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("all "))
    _, scenarios, tried, asked, agree, disagree = last.split()
    assert int(scenarios) > 140
    assert int(disagree) == 0
    assert int(tried) > int(asked) == int(agree) > 4100
