"""Hosts for real: namespaces of their own, what their commands print as a snapshot, and connections.

The namespaces have no names on this machine, and go with the ``with``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

CAPTURE = {
    "ip-addr.txt": "ip addr",
    "ip-link.txt": "ip -d link",
    "ip-route.txt": "ip route show table all",
    "ip-rule.txt": "ip rule",
    "ip-neigh.txt": "ip neigh",
    "iptables-save.txt": "iptables-nft-save",
    "ss.txt": "ss -lntup",
    "bridge.txt": "{ bridge -d link; bridge fdb; }",
    "sysctl.txt": "grep -s '' /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/*"
    " /proc/sys/net/bridge/* /proc/sys/net/ipv4/icmp_* | sed 's,/proc/sys/,,; s,:, = ,; s,/,.,g'",
}
_LISTEN = """
import socket, sys
for port in map(int, sys.argv[1:]):
    each = socket.create_server(("0.0.0.0", port), reuse_port=True)
    globals()[f"s{port}"] = each
print("ready", flush=True)
sys.stdin.read()
"""
_CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=0.6).close()
except OSError:
    sys.exit(1)
"""


class Hosts:
    """``nodes``: hosts ("a") and their containers ("a/web")."""

    def __init__(self, nodes: Iterable[str]) -> None:
        self.nodes = tuple(nodes)
        self._listeners: list[subprocess.Popen[str]] = []
        self._holders: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Hosts:
        for node in self.nodes:
            self._holders[node] = subprocess.Popen(["unshare", "-n", "cat"], stdin=subprocess.PIPE)
        mine = os.readlink("/proc/self/ns/net")
        for node, holder in self._holders.items():
            while os.readlink(f"/proc/{holder.pid}/ns/net") == mine:
                time.sleep(0.005)
            self.run(node, "ip link set lo up")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in self._listeners:
            each.communicate("")
        for holder in self._holders.values():
            holder.communicate(b"")

    def inside(self, node: str, *command: str) -> list[str]:
        """A command line that runs in a namespace."""
        return ["nsenter", "-t", str(self._holders[node].pid), "-n", *command]

    def run(self, node: str, *commands: str) -> None:
        """Run commands in a namespace. Raises CalledProcessError."""
        for command in commands:
            subprocess.run(self.inside(node, "sh", "-c", command), check=True, capture_output=True)

    def wire(self, node: str, interface: str, other: str, far: str) -> None:
        """A veth pair between two namespaces, both ends up."""
        there = self._holders[other].pid
        self.run(
            node, f"ip link add {interface} type veth peer name {far} netns {there}",
            f"ip link set {interface} up",
        )  # fmt: skip
        self.run(other, f"ip link set {far} up")

    def listen(self, node: str, *ports: int) -> None:
        """Have somebody listen on TCP ports."""
        command = self.inside(node, sys.executable, "-c", _LISTEN, *map(str, ports))
        each = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
        self._listeners.append(each)

    def connects(self, node: str, address: str, port: int) -> bool:
        """Whether a process of a namespace gets a connection."""
        command = self.inside(node, sys.executable, "-c", _CONNECT, address, str(port))
        return subprocess.run(command, check=False).returncode == 0

    def capture(self, folder: Path) -> Path:
        """What the commands of every namespace print, as a snapshot of several hosts."""
        for node in self.nodes:
            host, _, inside = node.partition("/")
            place = folder / "hosts" / host / (f"netns/{inside}" if inside else "")
            place.mkdir(parents=True, exist_ok=True)
            script = "\n".join(f"{command} > {place / file}" for file, command in CAPTURE.items())
            subprocess.run(
                self.inside(node, "sh"), input=script, text=True, check=True,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
        return folder
