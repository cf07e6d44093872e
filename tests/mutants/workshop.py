"""A copy of the project in a temporary folder, where changes are made and tests run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

from tests.mutants.mutant import ROOT, Mutant
from tests.mutants.witness import NOTES

# What the tests look at.
_FOLDERS = ("src", "tests", "examples", "docs")
_FILES = ("pyproject.toml", "README.md", "README.ja.md", "CHANGELOG.md")
# A change may make a loop endless: so many seconds are enough for what it runs.
_MOST_SECONDS = 900
# Exit codes of pytest.
_PASSED, _NOTHING_RUN = 0, 5


class WorkshopError(Exception):
    """The tests cannot be run, whatever is changed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``test`` is the one that failed, None: all passed. ``broken``: tests that fail without the change as
    well, which were passed over."""

    mutant: Mutant
    test: str | None
    broken: tuple[str, ...] = ()


class Workshop:
    """One copy; not for several threads at a time."""

    def __init__(self, place: Path) -> None:
        self.place = place
        for name in _FOLDERS:
            shutil.copytree(ROOT / name, place / name)  # with what Python made of it: it need not do so again
        for name in _FILES:
            shutil.copy2(ROOT / name, place / name)
        self._sound: set[str] = set()

    def tried(self, mutant: Mutant) -> Outcome:
        """Whether the tests notice. Raises WorkshopError where they cannot be run."""
        tests, broken = mutant.tests_in(self.place), list[str]()
        while True:
            with self._changed(mutant):
                failed = self._first_failure(tests, broken)
            if failed is None or self._passes(failed):
                return Outcome(mutant, failed, tuple(broken))
            if failed in broken:
                raise WorkshopError(f"{failed} fails without any change")
            broken.append(failed)

    def _passes(self, test: str) -> bool:
        if test not in self._sound and self._first_failure((test,)) is None:
            self._sound.add(test)
        return test in self._sound

    @contextmanager
    def _changed(self, mutant: Mutant) -> Iterator[None]:
        path = mutant.source(self.place)
        text = path.read_text(encoding="utf-8")
        try:
            _write(path, mutant.changed(text))
            yield
        finally:
            _write(path, text)

    def _first_failure(self, tests: Sequence[str], without: Sequence[str] = ()) -> str | None:
        """The first test that fails. Raises WorkshopError where none ran, or not with the copy's sources."""
        notes = self.place / "notes.txt"
        notes.unlink(missing_ok=True)
        path = os.pathsep.join((str(self.place / "src"), str(self.place)))
        environment = {**os.environ, NOTES: str(notes), "PYTHONPATH": path}
        environment.pop("SEKISHO_TEST_SEARCH", None)  # the same examples each time
        words = [
            sys.executable, "-m", "pytest", "-p", "tests.mutants.witness", "-p", "no:cacheprovider",
            "-n", "0", "-x", "-q", "-m", "not kernel", *(f"--deselect={test}" for test in without), *tests,
        ]  # fmt: skip
        try:
            done = subprocess.run(
                words, cwd=self.place, env=environment, capture_output=True, text=True, check=False,
                timeout=_MOST_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return tests[0]
        noted = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
        if noted and not Path(noted[0]).is_relative_to(self.place):
            raise WorkshopError(f"the tests are about {noted[0]}, not about the copy in {self.place}")
        if done.returncode == _PASSED:
            return None
        if done.returncode == _NOTHING_RUN:
            raise WorkshopError(f"no test was run of {', '.join(tests)}")
        # Where not even the start was reached, all of it fails.
        return noted[1] if len(noted) > 1 else tests[0]


def _write(path: Path, text: str) -> None:
    """Python knows a source by its second and size: what it remembers of the other text has to go."""
    path.write_text(text, encoding="utf-8")
    Path(cache_from_source(str(path))).unlink(missing_ok=True)
