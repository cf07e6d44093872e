"""One change of a few characters, and where its tests are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The packages that the list is about.
PACKAGES = ("semantics", "symbolic", "sources")


@dataclass(frozen=True, slots=True)
class Mutant:
    """``before`` stands exactly once in ``file`` (below src/sekisho) and becomes ``after``. ``means``: what a
    user would get. ``tests``: those to run besides the file that mirrors the module. ``must``: no test
    noticed it once, so that it has to be caught."""

    name: str
    file: str
    before: str
    after: str
    means: str
    tests: tuple[str, ...] = ()
    must: bool = False

    def source(self, root: Path) -> Path:
        """The file to change, in a tree of the project."""
        return root / "src" / "sekisho" / self.file

    def tests_in(self, root: Path) -> tuple[str, ...]:
        """What is run: the files that mirror the module (test_MODULE.py, and test_MODULE_*.py where it has
        grown), then what the entry names."""
        package, _, module = self.file.removesuffix(".py").rpartition("/")
        here = root / "tests" / package
        mirrors = (here / f"test_{module}.py", *sorted(here.glob(f"test_{module}_*.py")))
        found = (mirror.relative_to(root).as_posix() for mirror in mirrors if mirror.exists())
        return tuple(dict.fromkeys((*found, *self.tests)))

    def changed(self, text: str) -> str:
        """The source with the change made."""
        return text.replace(self.before, self.after)


def faults(mutants: Iterable[Mutant], root: Path = ROOT) -> list[str]:
    """What is wrong with entries of the list, each by its name: none falls silent as the sources change."""
    found: list[str] = []
    seen: set[str] = set()
    for mutant in mutants:
        found += [f"{mutant.name}: {fault}" for fault in _faults_of(mutant, root)]
        if mutant.name in seen:
            found.append(f"{mutant.name}: named twice")
        seen.add(mutant.name)
    return found


def _faults_of(mutant: Mutant, root: Path) -> Iterable[str]:
    path = mutant.source(root)
    if mutant.file.partition("/")[0] not in PACKAGES or not path.is_file():
        yield f"no such file: {mutant.file}"
        return
    count = path.read_text(encoding="utf-8").count(mutant.before)
    if count != 1:
        yield f"its text stands {count} times in {mutant.file}, not once: {mutant.before!r}"
    if mutant.before == mutant.after:
        yield "changes nothing"
    tests = mutant.tests_in(root)
    if not tests:
        yield f"no tests: {mutant.file} has no mirror, and the entry names none"
    for test in tests:
        if not (root / test).exists():
            yield f"no such tests: {test}"
