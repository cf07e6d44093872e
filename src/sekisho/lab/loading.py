"""Rule sets on their way into the kernel, each by the program that reads its text, in a room of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence

from sekisho.errors import said
from sekisho.lab import launch, room
from sekisho.lab.namespaces import LabError, NetworkNamespace, tool
from sekisho.lab.operations import Load
from sekisho.lab.tools import blamed_line, complaint, readable

# iptables-legacy locks a file of the whole machine; each node has rules of its own.
LOCK_FILE = "/dev/null"
ENVIRONMENT = {**room.ENVIRONMENT, "XTABLES_LOCKFILE": LOCK_FILE}
# What legacy iptables asks the kernel for before the kernel would load it by itself.
_LEGACY_MODULES = {"iptables-legacy-restore": "ip_tables", "ip6tables-legacy-restore": "ip6_tables"}


class Running:
    """A program that reads a rule set inside a namespace."""

    def __init__(self, namespace: NetworkNamespace, what: Load) -> None:
        self._what = what
        have_modules([what])
        self._errors = readable("")
        feed = readable(what.text)
        try:
            self._process = launch.start(
                what.argv, namespace, feed, errors=self._errors, environment=ENVIRONMENT
            )
        except BaseException:
            os.close(self._errors)
            raise
        finally:
            os.close(feed)

    def finish(self, where: str) -> None:
        """Wait for it. Raises LabError with the line that it did not take."""
        status = self._process.wait()
        errors = os.pread(self._errors, 4096, 0).decode(errors="replace").strip()
        os.close(self._errors)
        if status != 0:
            name = self._what.argv[0]
            raise LabError(
                said("{0} failed: {1}", where + name, complaint(errors)),
                text=blamed_line(errors, self._what.text),
            )

    def end(self) -> None:
        """Do not wait for it."""
        self._process.kill()
        self._process.wait()
        os.close(self._errors)


def load(namespace: NetworkNamespace, what: Load) -> None:
    """Load a rule set inside a namespace. Raises LabError with the line that its program did not take."""
    Running(namespace, what).finish("")


class Loads:
    """Several at a time: one program a node, all nodes beside another."""

    def __init__(self, namespaces: Mapping[str, NetworkNamespace]) -> None:
        self._namespaces = namespaces
        self._waiting: dict[str, list[Load]] = {}
        self._running: dict[str, Running] = {}

    def start(self, loads: Sequence[tuple[str, Load]]) -> None:
        """Start each node's first."""
        for node, load in loads:
            self._waiting.setdefault(node, []).append(load)
        for node in list(self._waiting):
            self._next(node)

    def _next(self, node: str) -> None:
        if self._waiting.get(node):
            self._running[node] = Running(self._namespaces[node], self._waiting[node].pop(0))

    def finish(self) -> None:
        """Wait for all. Raises LabError with the line that a program did not take."""
        while self._running:
            node = next(iter(self._running))
            self._running.pop(node).finish(f"{node}: ")
            self._next(node)

    def end(self) -> None:
        """After an error: no program is left running."""
        for running in self._running.values():
            running.end()
        self._running.clear()


_asked: set[str] = set()


def have_modules(loads: Iterable[Load]) -> None:
    """What legacy iptables would have modprobe load, which is not in its room; needs the power to."""
    for name in {load.argv[0] for load in loads}:
        module = _LEGACY_MODULES.get(name)
        if module is None or module in _asked:
            continue
        _asked.add(module)
        modprobe = tool("modprobe")
        if modprobe is not None and not os.path.exists(f"/sys/module/{module}"):
            subprocess.run([modprobe, "-q", module], stdin=subprocess.DEVNULL, check=False)
