"""A stranger's words, built as root in a sandbox: nothing outside of the lab's namespaces changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.campaign import Count
from tests.hostile.strings import HOSTILE

pytestmark = pytest.mark.kernel
ROOT = Path(__file__).resolve().parents[2]


def campaign(*words: str) -> Count:
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.campaign", *words], capture_output=True, text=True, check=False,
        cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return Count(**json.loads(done.stdout))


def test_there_are_strings_enough() -> None:
    assert len(set(HOSTILE)) >= 60


def test_the_ways_that_led_out_do_not() -> None:
    """Each of them as it was: run by ip -batch, written by a sysctl's name, read by nft, run by a shell."""
    count = campaign("--known")
    assert count.found == []
    assert count.built >= 4


def test_nothing_gets_out_of_a_lab() -> None:
    """Some strings in some fields of each format; ``python -m tests.hostile`` plants every one in each."""
    count = campaign("--rounds", "2", "--each", "5", "--seed", os.environ.get("SEKISHO_TEST_SEED", "1"))
    assert count.found == []
    assert count.built >= 5
