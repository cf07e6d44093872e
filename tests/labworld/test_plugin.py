"""The pytest plugin, as another project uses it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEST = """
def test_own_network_code(sekisho_lab):
    lab = sekisho_lab()
    assert lab["internet"].http("198.51.100.10:8080").node == "web"
    other = sekisho_lab({
        "vpcs": {"v": {"cidr": "10.9.0.0/16", "subnets": {"s": {"cidr": "10.9.0.0/24"}}}},
        "hosts": {"only": {"subnet": "s", "address": "10.9.0.9"}},
    })
    assert other["only"].address == "10.9.0.9"
    print("OWNERS", lab.client.pid, other.client.pid)
"""


def run(folder: Path) -> str:
    (folder / "test_it.py").write_text(TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-s", "-p", "no:cacheprovider", str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=False,
        cwd=folder,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.mark.kernel
def test_labs_end_with_the_test(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert "1 passed" in said
    for pid in said.split("OWNERS")[1].split()[:2]:
        assert _ended(Path(f"/proc/{pid.rstrip('.')}"))


@pytest.mark.kernel
def test_where_no_lab_can_stand_the_test_is_skipped_with_the_reason(tmp_path: Path) -> None:
    said = _without_tools(tmp_path)
    assert "1 skipped" in said
    assert "no lab here: command nft" in said


def _ended(process: Path) -> bool:
    """An owner whose parent has gone stays in /proc until process 1 has taken notice."""
    end = time.monotonic() + 60
    while process.exists() and time.monotonic() < end:
        time.sleep(0.05)
    return not process.exists()


def _without_tools(folder: Path) -> str:
    (folder / "conftest.py").write_text(
        "import sekisho.lab.namespaces as n\nreal = n.tool\n"
        "n.tool = lambda name: None if name == 'nft' else real(name)\n"
    )
    return run(folder)
