"""Rule sets on their way into the kernel, each by the program that reads its text."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence

from sekisho.lab.namespaces import LabError, NetworkNamespace, tool
from sekisho.lab.system.plan import Load
from sekisho.lab.tools import blamed_line, readable

# iptables-legacy locks a file of the whole machine; each node has rules of its own.
LOCK_FILE = "/dev/null"


class Loads:
    """Rule sets on their way into the kernel: one program a node at a time, all nodes beside another."""

    def __init__(self, namespaces: Mapping[str, NetworkNamespace]) -> None:
        self._namespaces = namespaces
        self._waiting: dict[str, list[Load]] = {}
        self._running: dict[str, tuple[Load, subprocess.Popen[bytes], int]] = {}

    def start(self, loads: Sequence[Load]) -> None:
        for load in loads:
            self._waiting.setdefault(load.node, []).append(load)
        for node in list(self._waiting):
            self._next(node)

    def _next(self, node: str) -> None:
        if not self._waiting.get(node):
            return
        load = self._waiting[node].pop(0)
        path = tool(load.argv[0])
        if path is None:
            raise LabError(f"the command {load.argv[0]!r} is not installed", advice="see: sekisho lab doctor")
        errors = readable("")
        with self._namespaces[node].inside(), os.fdopen(readable(load.text), "rb") as feed:
            process = subprocess.Popen(
                [path, *load.argv[1:]], stdin=feed, stdout=subprocess.DEVNULL, stderr=errors,
                env={**os.environ, "XTABLES_LOCKFILE": LOCK_FILE},
            )  # fmt: skip
        self._running[node] = (load, process, errors)

    def finish(self) -> None:
        """Wait for all. Raises LabError with the line that a program did not take."""
        while self._running:
            node = next(iter(self._running))
            load, process, errors = self._running.pop(node)
            status = process.wait()
            said = os.pread(errors, 4096, 0).decode(errors="replace").strip()
            os.close(errors)
            if status != 0:
                raise LabError(f"{node}: {load.argv[0]} failed: {said}", text=blamed_line(said, load.text))
            self._next(node)

    def end(self) -> None:
        """After an error: no program is left running."""
        for _, process, _ in self._running.values():
            process.kill()
            process.wait()


_FAILED = re.compile(r"^(?P<why>(?:(?!Command failed).*\n)*?)Command failed -:(?P<line>\d+)", re.MULTILINE)


def run_batch(namespace: NetworkNamespace, node: str, family: int, lines: list[str], must: bool) -> list[str]:
    """Let ``ip -batch`` carry out lines inside a namespace.

    Raises LabError for a refused line; without ``must`` the others go on, and what was refused comes
    back in words.
    """
    flags = ("-6",) if family == 6 else ()
    text = "\n".join([*lines, ""])
    if must:
        namespace.run(("ip", *flags, "-batch", "-"), text)
        return []
    with namespace.inside():
        done = subprocess.run(
            [tool("ip") or "ip", *flags, "-force", "-batch", "-"], input=text, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    return [
        f"{node}: not built: {lines[int(found['line']) - 1]}: {' '.join(found['why'].split())}"
        for found in _FAILED.finditer(done.stderr)
    ]
