"""Carries a plan out: namespaces, links and routes over netlink, rule sets beside them.

Rule sets are loaded by their own programs while this process makes the links; nothing else is
spawned, whatever the number of nodes.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from sekisho.errors import said
from sekisho.lab import launch, powers, room
from sekisho.lab.links import Builder, Report
from sekisho.lab.loading import Loads
from sekisho.lab.namespaces import LabError, NetworkNamespace, tool
from sekisho.lab.sysctls import Parameters
from sekisho.lab.system.limits import raise_descriptor_limit
from sekisho.lab.system.listening import listen
from sekisho.lab.system.plan import Plan, Program, Server, SetSysctl
from sekisho.lab.system.shaping import shape_wires
from sekisho.lab.system.sysctls import what_differs
from sekisho.lab.tools import readable
from sekisho.values.names import SysctlKey

_READY_WITHIN = 3.0  # seconds for a program to listen
_DESCRIPTORS_A_NODE = 4


@dataclass(slots=True)
class Standing:
    """A system that stands. It ends when this process does, or by ``close``.

    ``seconds``: how long each phase took. ``remarks``: what this machine could not do, in words.
    """

    plan: Plan
    namespaces: dict[str, NetworkNamespace] = field(default_factory=dict)
    listeners: list[tuple[Server, socket.socket]] = field(default_factory=list)
    programs: list[tuple[Program, subprocess.Popen[bytes]]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def close(self) -> None:
        """End the programs, close the sockets, let go of the namespaces."""
        for _, process in self.programs:
            process.kill()
            process.wait()
        for _, listener in self.listeners:
            listener.close()
        for namespace in self.namespaces.values():
            namespace.close()


def build(plan: Plan, report: Report = lambda *_: None) -> Standing:
    """Make everything. ``report(phase, done, total)`` hears how far it is.

    Raises LabError with the command that the kernel or a program refused.
    """
    standing = Standing(plan, remarks=list(plan.remarks))
    try:
        _Builder(standing, report).run()
    except BaseException:
        standing.close()
        raise
    return standing


class _Builder:
    def __init__(self, standing: Standing, report: Report) -> None:
        self.standing = standing
        self.plan = standing.plan
        self.report = report
        self.builder = Builder(self.standing.namespaces, report)

    def run(self) -> None:
        loads = Loads(self.standing.namespaces)
        try:
            if self.plan.loads or self.plan.programs:
                room.begin()
            with self._timed("namespaces"):
                self._namespaces()
            with self._timed("programs started"):
                self._start_programs()
                loads.start([(item.node, item.load) for item in self.plan.loads])
            with self._timed("links"):
                self.builder.links(self.plan.links)
                shape_wires(self.plan.shapes, self.standing.namespaces, self.standing.remarks)
            with self._timed("addresses and routes"):
                self.standing.remarks += self.builder.settings(self.plan.settings)
            with self._timed("sysctls"):
                self._sysctls()
            with self._timed("servers"):
                self._servers()
            with self._timed("rule sets waited for"):
                loads.finish()
            with self._timed("programs waited for"):
                self._await_programs()
        finally:
            loads.end()
            self.builder.close()

    def _timed(self, phase: str) -> AbstractContextManager[None]:
        return _timed(self.standing.seconds, phase)

    # ------------------------------------------------------------------------------ namespaces

    def _namespaces(self) -> None:
        raise_descriptor_limit(len(self.plan.nodes) * _DESCRIPTORS_A_NODE + 1000)
        early = _by_node(item for item in self.plan.sysctls if item.early)
        usual: dict[bool, list[tuple[SysctlKey, str]]] = {}
        total = len(self.plan.nodes)
        for number, node in enumerate(self.plan.nodes):
            namespace = NetworkNamespace()
            self.standing.namespaces[node.name] = namespace
            with namespace.inside(), Parameters() as here:
                six = node.name in self.plan.ipv6
                if six not in usual:
                    usual[six] = what_differs(six, here)
                for key, value in usual[six]:
                    here.write(key, value)
                for item in early.get(node.name, ()):
                    self._write(item, here)
                self.builder.here(node.name)
            if not number % 50:
                self.report("namespaces", number, total)

    # ------------------------------------------------------------------ sysctls and processes

    def _sysctls(self) -> None:
        for node, wanted in _by_node(item for item in self.plan.sysctls if not item.early).items():
            with self.standing.namespaces[node].inside(), Parameters() as here:
                for item in wanted:
                    self._write(item, here)

    def _write(self, item: SetSysctl, here: Parameters) -> None:
        if not here.write(item.key, item.value) and item.must:
            self.standing.remarks.append(f"{item.node}: this kernel does not take {item.key} = {item.value}")

    def _servers(self) -> None:
        by_node: dict[str, list[Server]] = {}
        for server in self.plan.servers:
            by_node.setdefault(server.node, []).append(server)
        for node, servers in by_node.items():
            with self.standing.namespaces[node].inside():
                for server in servers:
                    self.standing.listeners.append((server, listen(server)))

    def _start_programs(self) -> None:
        for program in self.plan.programs:
            if tool(program.argv[0]) is None:
                self.standing.remarks.append(
                    f"{program.node}: {program.argv[0]} is not installed (package {program.package}):"
                    f" nothing answers there"
                )
                continue
            feed = readable(program.text)
            try:
                process = launch.start(
                    program.argv, self.standing.namespaces[program.node], feed,
                    kept=(powers.NET_BIND_SERVICE,),
                )  # fmt: skip
            finally:
                os.close(feed)
            self.standing.programs.append((program, process))

    def _await_programs(self) -> None:
        until = time.monotonic() + _READY_WITHIN
        for program, process in self.standing.programs:
            with self.standing.namespaces[program.node].inside():
                while program.udp_port and not _udp_bound(program.udp_port):
                    if process.poll() is not None or time.monotonic() > until:
                        raise LabError(
                            said(
                                "{0}: {1} does not start (status {2})",
                                program.node,
                                program.argv[0],
                                process.poll(),
                            ),
                            advice=said("try it by hand: {0}", " ".join(program.argv)),
                        )
                    time.sleep(0.001)


def _by_node(sysctls: Iterable[SetSysctl]) -> dict[str, list[SetSysctl]]:
    found: dict[str, list[SetSysctl]] = {}
    for item in sysctls:
        found.setdefault(item.node, []).append(item)
    return found


@contextmanager
def _timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[phase] = seconds.get(phase, 0.0) + time.perf_counter() - began


def _udp_bound(port: int) -> bool:
    with open("/proc/thread-self/net/udp") as file:
        return any(line.split()[1].endswith(f":{port:04X}") for line in file.readlines()[1:])
