"""The sessions shown in the documents, run again: `$ sekisho ...` must print what stands below it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", ROOT / "README.ja.md", *sorted(ROOT.glob("docs/**/*.md"))]


def sessions() -> Iterator[tuple[str, str, str]]:
    """Page, command, and the output that the page shows."""
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                yield str(page.relative_to(ROOT)), command, shown


@pytest.mark.parametrize(("page", "command", "shown"), list(sessions()))
def test_a_page_shows_what_the_program_prints(page: str, command: str, shown: str) -> None:
    program = f"{shlex.quote(sys.executable)} -m sekisho"
    line = re.sub(r"\bsekisho (?=[a-z])", lambda _: f"{program} ", command)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    printed = done.stdout
    if shown.rstrip().endswith("..."):
        shown = shown.rstrip().removesuffix("...")
    assert printed.startswith(shown.rstrip("\n")), page


def test_there_are_sessions_to_run() -> None:
    assert len(list(sessions())) >= 6
