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


# Who writes, besides cli/terminal.py and cli/output.py, which have all that is for eyes: module -> what.
WRITES = {
    "__main__.py": "lets go of the streams at the end",
    "cli/main.py": "hands the streams on",
    "cli/progress.py": "moves a bar on a terminal; its words are ours",
    "cli/demo.py": "changes a copy of its own example",
    "cli/verbs/lab_capture.py": "a pcap file",
    "lab/system/pcap.py": "a pcap file",
    "lab/system/owner.py": "a file for its own process",
    "lab/system/enter.py": "the shell's file of a lab",
    "lab/system/look.py": "a pipe of its own",
    "lab/system/facts.py": "a snapshot, as commands print it",
    "lab/system/abilities.py": "a pipe of its own",
    "lab/tools.py": "standard input of a program",
    "lab/room.py": "the kernel's maps of users",
    "lab/sysctls.py": "a kernel parameter",
    "sources/write.py": "a snapshot, as commands print it",
}
# Where lines are joined without explain/lines.py: module -> why nobody else's text is among them.
JOINS_LINES = {
    "cli/parser.py": "help",
    "cli/completion_fish.py": "a script of the parsers' own words",
    "cli/completion_zsh.py": "a script of the parsers' own words",
    "views/captured_style.py": "compared, not shown",
    "views/listing.py": "tables that are rendered already, each under a heading of ours",
}
SHOWS = ("explain/", "views/", "cli/", "lab/system/graph.py", "lab/system/commands.py")


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


def _writes(path: Path) -> Iterator[str]:
    """What a module writes with: print, standard streams, files opened for it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
            if name in (
                "sys.stdout",
                "sys.stderr",
                "sys.__stdout__",
                "sys.__stderr__",
                "os.write",
                "os.writev",
            ):
                yield name
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            mode = node.args[1] if node.func.id == "open" and len(node.args) > 1 else None
            if node.func.id == "print" or (
                isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+")
            ):
                yield node.func.id
        elif isinstance(node.func, ast.Attribute):
            mode = node.args[1] if node.func.attr == "fdopen" and len(node.args) > 1 else None
            to_stream = node.func.attr == "write" and isinstance(node.func.value, ast.Attribute)
            if (
                node.func.attr in ("write_text", "write_bytes", "writelines")
                or (isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+"))
                or (
                    to_stream
                    and isinstance(node.func.value, ast.Attribute)
                    and node.func.value.attr == "stream"
                )
            ):
                yield node.func.attr


def test_everything_for_eyes_goes_through_one_door() -> None:
    writers = {
        name
        for path in _modules()
        if (name := str(path.relative_to(SOURCE))) not in ("cli/terminal.py", "cli/output.py")
        and any(_writes(path))
    }
    assert writers <= set(WRITES), "write through cli.output or cli.terminal, or say here what it is"
    assert set(WRITES) - writers == set(), "does not write any more"


def _joins_lines(path: Path) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "join"
        and isinstance(node.func.value, ast.Constant)
        and str(node.func.value.value).startswith("\n")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def test_lines_for_eyes_are_joined_in_one_place() -> None:
    """Where a stranger's line feed would begin a line of ours."""
    joining = {
        name
        for path in _modules()
        if (name := str(path.relative_to(SOURCE))).startswith(SHOWS)
        and name != "explain/lines.py"
        and _joins_lines(path)
    }
    assert joining == set(JOINS_LINES), "join lines with explain.lines, or say here why not"


def test_escape_sequences_are_made_in_one_place() -> None:
    """Elsewhere somebody else's could not be told from ours; pasted text loses its own."""
    made = {
        str(path.relative_to(SOURCE))
        for path in _modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\x1b" in node.value
    }
    assert made - {"sources/page.py"} == {"cli/terminal.py", "cli/progress.py", "explain/tints.py"}
