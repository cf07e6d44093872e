"""Carries a plan out: namespaces, links and routes over netlink, rule sets beside them.

Rule sets are loaded by their own programs while this process makes the links; nothing else is
spawned, whatever the number of nodes.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from sekisho.lab.namespaces import LabError, NetworkNamespace, tool
from sekisho.lab.system import commands, rtnetlink
from sekisho.lab.system.limits import raise_descriptor_limit
from sekisho.lab.system.listening import listen
from sekisho.lab.system.loading import Loads, run_batch
from sekisho.lab.system.plan import (
    Bridge,
    IpLine,
    OnLink,
    Plan,
    PlannedRoute,
    PlannedRule,
    Program,
    Server,
    Wire,
)
from sekisho.lab.system.shaping import shape_wires
from sekisho.lab.system.sysctls import what_differs, write_sysctl
from sekisho.lab.tools import readable

Report = Callable[[str, int, int], None]

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
        self.sockets: dict[str, socket.socket] = {}
        self.index: dict[str, dict[str, int]] = {node.name: {"lo": 1} for node in self.plan.nodes}

    def run(self) -> None:
        loads = Loads(self.standing.namespaces)
        try:
            with self._timed("namespaces"):
                self._namespaces()
            with self._timed("programs started"):
                self._start_programs()
                loads.start(self.plan.loads)
            with self._timed("links"):
                self._links()
            with self._timed("addresses and routes"):
                self._settings()
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
            for sock in self.sockets.values():
                sock.close()

    def _timed(self, phase: str) -> AbstractContextManager[None]:
        return _timed(self.standing.seconds, phase)

    # ------------------------------------------------------------------------------ namespaces

    def _namespaces(self) -> None:
        raise_descriptor_limit(len(self.plan.nodes) * _DESCRIPTORS_A_NODE + 1000)
        early: dict[str, list[tuple[str, str]]] = {}
        for sysctl in self.plan.sysctls:
            if sysctl.early:
                early.setdefault(sysctl.node, []).append((sysctl.key, sysctl.value))
        usual: dict[bool, list[tuple[str, str]]] = {}
        total = len(self.plan.nodes)
        for number, node in enumerate(self.plan.nodes):
            namespace = NetworkNamespace()
            self.standing.namespaces[node.name] = namespace
            with namespace.inside():
                six = node.name in self.plan.ipv6
                if six not in usual:
                    usual[six] = what_differs(six)
                for key, value in usual[six]:
                    write_sysctl(key, value)
                for key, value in early.get(node.name, ()):
                    if not write_sysctl(key, value):
                        self._not_taken(node.name, key, value)
                self.sockets[node.name] = rtnetlink.open_route()
            if not number % 50:
                self.report("namespaces", number, total)

    # ----------------------------------------------------------------------------------- links

    def _links(self) -> None:
        """In the plan's order: an interface's number, and its place among others, is the order's."""
        bodies: dict[str, list[rtnetlink.Body]] = {}
        shown: dict[str, list[str]] = {}

        def add(node: str, body: rtnetlink.Body, words: str) -> None:
            bodies.setdefault(node, []).append(body)
            shown.setdefault(node, []).append(words)

        for node in self.plan.nodes:
            add(node.name, rtnetlink.set_up(1), f"ip -n {node.name} link set lo up")
        later: list[tuple[str, rtnetlink.Body, str]] = []
        for link in self.plan.links:
            if isinstance(link, Bridge):
                body = rtnetlink.add_bridge(link, self._new_index(link.node, link.name))
                add(link.node, body, next(commands.bridge_commands(link)))
            else:
                later += self._add_wire(link, add)
        self._send(bodies, shown, "links")
        bodies.clear()
        shown.clear()
        for node_name, body, words in later:
            add(node_name, body, words)
        self._send(bodies, shown, "links")
        shape_wires(self.plan.shapes, self.standing.namespaces, self.standing.remarks)

    def _add_wire(
        self, wire: Wire, add: Callable[[str, rtnetlink.Body, str], None]
    ) -> Iterator[tuple[str, rtnetlink.Body, str]]:
        """Make the pair; what must wait until all links are there comes back."""
        near = self._new_index(wire.node, wire.name)
        far = self._new_index(wire.far_node, wire.far_name)
        master = self.index[wire.node].get(wire.bridge) if wire.bridge is not None else None
        far_fd = self.standing.namespaces[wire.far_node].fd
        words = next(commands.wire_commands(wire))
        add(wire.node, rtnetlink.add_wire(wire, near, far, far_fd, master), words)
        if wire.bridge is not None and master is None:
            yield wire.node, self._enslaved(wire.node, near, wire.bridge), words
        if wire.hairpin:
            yield wire.node, rtnetlink.hairpin(near), words
        if wire.far_bridge is not None:
            yield wire.far_node, self._enslaved(wire.far_node, far, wire.far_bridge), words
        if wire.far_up:
            yield wire.far_node, rtnetlink.set_up(far), words

    def _enslaved(self, node: str, index: int, bridge: str) -> rtnetlink.Body:
        if bridge not in self.index[node]:
            raise LabError(f"there is no bridge {bridge!r} in {node!r}")
        return rtnetlink.enslave(index, self.index[node][bridge])

    def _new_index(self, node: str, name: str) -> int:
        taken = self.index[node]
        if name in taken:
            raise LabError(f"two interfaces of {node!r} have the name {name!r}")
        taken[name] = len(taken) + 1
        return taken[name]

    # ------------------------------------------------------------------- addresses and routes

    def _settings(self) -> None:
        bodies: dict[str, list[rtnetlink.Body]] = {}
        shown: dict[str, list[str]] = {}
        lines: dict[tuple[str, int, bool], list[str]] = {}
        for item in self.plan.settings:
            if isinstance(item, IpLine):
                lines.setdefault((item.node, item.family, item.must), []).append(item.text)
                continue
            bodies.setdefault(item.node, []).append(self._body(item))
            shown.setdefault(item.node, []).append(commands.setting_command(item))
        self._send(bodies, shown, "addresses and routes")
        for (node, family, must), text in lines.items():
            self.standing.remarks += run_batch(self.standing.namespaces[node], node, family, text, must)

    def _body(self, item: OnLink | PlannedRoute | PlannedRule) -> rtnetlink.Body:
        index = self.index[item.node]
        try:
            if isinstance(item, OnLink):
                return rtnetlink.add_address(item, index[item.interface])
            if isinstance(item, PlannedRoute):
                return rtnetlink.add_route(item, index)
        except KeyError as error:
            raise LabError(
                f"there is no interface {error.args[0]!r}", text=commands.setting_command(item)
            ) from None
        return rtnetlink.add_rule(item)

    def _send(self, bodies: dict[str, list[rtnetlink.Body]], shown: dict[str, list[str]], phase: str) -> None:
        total = sum(map(len, bodies.values()))
        done = 0
        for node, messages in bodies.items():
            rtnetlink.send(self.sockets[node], messages, shown[node])
            done += len(messages)
            self.report(phase, done, total)

    # ------------------------------------------------------------------ sysctls and processes

    def _sysctls(self) -> None:
        by_node: dict[str, list[tuple[str, str, bool]]] = {}
        for sysctl in self.plan.sysctls:
            if not sysctl.early:
                by_node.setdefault(sysctl.node, []).append((sysctl.key, sysctl.value, sysctl.must))
        for node, wanted in by_node.items():
            with self.standing.namespaces[node].inside():
                for key, value, must in wanted:
                    if not write_sysctl(key, value) and must:
                        self._not_taken(node, key, value)

    def _not_taken(self, node: str, key: str, value: str) -> None:
        self.standing.remarks.append(f"{node}: this kernel does not take {key} = {value}")

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
            path = tool(program.argv[0])
            if path is None:
                self.standing.remarks.append(
                    f"{program.node}: {program.argv[0]} is not installed (package {program.package}):"
                    f" nothing answers there"
                )
                continue
            with (
                self.standing.namespaces[program.node].inside(),
                os.fdopen(readable(program.text), "rb") as feed,
            ):
                process = subprocess.Popen(
                    [path, *program.argv[1:]], stdin=feed, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )  # fmt: skip
            self.standing.programs.append((program, process))

    def _await_programs(self) -> None:
        until = time.monotonic() + _READY_WITHIN
        for program, process in self.standing.programs:
            with self.standing.namespaces[program.node].inside():
                while program.udp_port and not _udp_bound(program.udp_port):
                    if process.poll() is not None or time.monotonic() > until:
                        raise LabError(
                            f"{program.node}: {program.argv[0]} does not start (status {process.poll()})",
                            advice=f"try it by hand: {' '.join(program.argv)}",
                        )
                    time.sleep(0.001)


@contextmanager
def _timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[phase] = seconds.get(phase, 0.0) + time.perf_counter() - began


def _udp_bound(port: int) -> bool:
    with open("/proc/thread-self/net/udp") as file:
        return any(line.split()[1].endswith(f":{port:04X}") for line in file.readlines()[1:])
