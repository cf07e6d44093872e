"""The picture in ARCHITECTURE.md, held by reading every module's imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "sekisho"

# Lower may not import higher; packages on one level may not import one another, but where it is said.
LEVELS = (
    ("errors",),
    ("values",),
    ("model",),
    ("sources", "semantics"),
    ("docker",),
    ("symbolic", "bulk"),
    ("answers",),
    ("explain",),
    ("views",),
    ("capture", "lab", "web"),
    ("cli",),
)
RANK = {name: rank for rank, names in enumerate(LEVELS) for name in names}

# Only the rim runs commands or opens network sockets.
RIM = ("capture", "lab", "web")
RUNS_THINGS = frozenset(
    {"subprocess", "os.system", "asyncio.subprocess", "pyroute2", "socketserver", "http.server"}
)

# Files over 400 lines: name -> why it is one room all the same.
ALLOWED_LONG: dict[str, str] = {}


def _modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _package(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_one_way(path: Path) -> None:
    mine = _package(path)
    if mine in ("__init__", "__main__"):
        return
    assert mine in RANK, f"{mine} has no place in the picture"
    wrong = []
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] != "sekisho" or len(parts) < 2 or parts[1] == mine or parts[1] not in RANK:
            continue
        if RANK[parts[1]] >= RANK[mine]:
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_rim_runs_things(path: Path) -> None:
    if _package(path) in RIM:
        return
    assert RUNS_THINGS & set(_imports(path)) == set()


def test_no_module_grows_without_a_reason() -> None:
    long = {
        str(path.relative_to(SOURCE)): lines
        for path in _modules()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert {name: lines for name, lines in long.items() if name not in ALLOWED_LONG} == {}
