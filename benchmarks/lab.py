"""How long labs take to stand and to go, beside plain ``ip -batch`` making the same links.

    python benchmarks/lab.py [--containers 1000] [--bridges 20] [--repeat 5]

The article's system is measured as the command line has it, interpreter start included. The large
one is 1,000 containers with one published port each; *gone* is when the kernel has removed the last
namespace, which it does after the owner has ended. Memory: the owner's own, and what the kernel's
slabs grew by, over the number of nodes.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from sekisho.lab import rtnetlink
from sekisho.lab.namespaces import NetworkNamespace, tool
from sekisho.lab.operations import Wire
from sekisho.lab.system import owner
from sekisho.lab.system.control import Client
from sekisho.lab.system.lay_out import lay_out
from sekisho.lab.system.plan import Plan
from sekisho.lab.system.read import topology_of
from sekisho.lab.words import link_commands, setting_words
from sekisho.values.names import interface_name

_SOURCE = str(Path(__file__).resolve().parents[1] / "src")


def large(containers: int, bridges: int) -> Plan:
    """``containers`` spread over ``bridges``, each with a server and a published port."""
    networks = {f"n{at}": {"bridge": f"br-n{at}", "subnet": f"172.{18 + at}.0.0/16"} for at in range(bridges)}
    made = {
        f"c{at}": {"network": f"n{at % bridges}", "serves": [80], "publish": [f"{10000 + at}:80"]}
        for at in range(containers)
    }
    document: dict[str, object] = {
        "name": f"large-{containers}",
        "internet": {"internet": {"address": "203.0.113.10/24"}},
        "vpcs": {"vpc": {"cidr": "10.0.0.0/16", "subnets": {"public": {"cidr": "10.0.0.0/16"}}}},
        "hosts": {
            "host": {
                "subnet": "public", "address": "10.0.0.10", "public_address": "198.51.100.10",
                "networks": networks, "containers": made,
            }
        },
    }  # fmt: skip
    return lay_out(topology_of(document))


def plain_ip(plan: Plan) -> float:
    """Seconds that ``ip -batch`` takes for the same links, addresses and routes, namespaces made beforehand.

    First one process for each node that has near ends, then one for each node's rest: a batch acts in
    one namespace.
    """
    spaces: dict[str, NetworkNamespace] = {node.name: NetworkNamespace() for node in plan.nodes}
    near: dict[str, list[str]] = {}
    rest: dict[str, list[str]] = {node.name: ["link set lo up"] for node in plan.nodes}
    for link in plan.links:
        for line in link_commands(link):
            _, _, node, words = line.split(" ", 3)
            if isinstance(link, Wire):
                words = words.replace(f"netns {link.far_node}", f"netns {spaces[link.far_node].path}")
            (near if node == link.node else rest).setdefault(node, []).append(words)
    for item in plan.settings:
        _, _, node, words = setting_words(item).split(" ", 3)
        rest[node].append(words)
    ip = tool("ip") or "ip"
    began = time.perf_counter()
    for script in (near, rest):
        for name, batch in script.items():
            with spaces[name].inside():
                subprocess.run([ip, "-batch", "-"], input="\n".join(batch) + "\n", text=True, check=True)
    seconds = time.perf_counter() - began
    for space in spaces.values():
        space.close()
    return seconds


def slab() -> int:
    """Bytes in the kernel's slabs, per-processor areas and page tables."""
    total = 0
    with open("/proc/meminfo") as file:
        for line in file:
            if line.startswith(("Slab:", "Percpu:", "KernelStack:", "PageTables:")):
                total += int(line.split()[1]) * 1024
    return total


class Watch:
    """Tells when the kernel has taken namespaces apart: a link into each of some vanishes with them."""

    def __init__(self, client: Client, nodes: list[str]) -> None:
        self._space = NetworkNamespace()
        doors = client.doors(nodes)
        with self._space.inside():
            sock = rtnetlink.open_route()
            for at, name in enumerate(nodes):
                wire = Wire("watch", interface_name(f"w{at}"), name, interface_name(f"watch{at}"))
                body = rtnetlink.add_wire(wire, at + 2, 30000 + at, doors.net[name], None)
                rtnetlink.send(sock, [body], str)
            sock.close()
        doors.close()

    def wait(self) -> None:
        """Return once all are gone; give up after a minute."""
        until = time.perf_counter() + 60
        with self._space.inside():
            while len(socket.if_nameindex()) > 1 and time.perf_counter() < until:
                time.sleep(0.005)
        self._space.close()


def article(repeat: int) -> None:
    """``sekisho lab up`` and ``lab down`` as commands."""
    up, down, inside = [], [], []
    environ = {**os.environ, "PYTHONPATH": _SOURCE}
    for _ in range(repeat):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "sekisho", "lab", "up", "--name", "bench"], check=True, env=environ,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        up.append(time.perf_counter() - began)
        seconds = Client("bench").state()["seconds"]
        assert isinstance(seconds, dict)
        inside.append(seconds["in all"])
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "sekisho", "lab", "down", "bench"], check=True, env=environ,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        down.append(time.perf_counter() - began)
    for what, times in (("up, as a command", up), ("  of it building", inside), ("down, as a command", down)):
        print(f"article: {what:<20} median {statistics.median(times):.3f} s, worst {max(times):.3f} s")


def scale(containers: int, bridges: int, repeat: int) -> None:
    """The large topology, measured beside plain ``ip -batch``."""
    began = time.perf_counter()
    plan = large(containers, bridges)
    print(f"large: {len(plan.nodes)} nodes planned in {time.perf_counter() - began:.2f} s")
    for _ in range(repeat):
        before = slab()
        began = time.perf_counter()
        started = owner.start(plan)
        up = time.perf_counter() - began
        grown = slab() - before
        client = Client(plan.name)
        memory = client.state()["memory"]
        assert isinstance(memory, dict)
        watch = Watch(client, [node.name for node in plan.nodes[:: len(plan.nodes) // 20]])
        began = time.perf_counter()
        down = client.end()
        watch.wait()
        gone = time.perf_counter() - began
        plain = plain_ip(plan)
        phases = ", ".join(f"{name} {took:.2f}" for name, took in started.seconds.items() if took > 0.05)
        links = started.seconds["links"] + started.seconds["addresses and routes"]
        print(f"large: up {up:.2f} s ({phases}); down {down:.2f} s, all taken apart after {gone:.2f} s")
        print(
            f"large: links, addresses and routes: ours {links:.2f} s, plain ip -batch {plain:.2f} s,"
            f" ratio {links / plain:.2f}"
        )
        each = len(plan.nodes)
        print(
            f"large: memory per node: owner {memory['RssAnon'] / each / 1024:.1f} KiB, kernel"
            f" {grown / each / 1024:.0f} KiB"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--containers", type=int, default=1000)
    parser.add_argument("--bridges", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    article(given.repeat)
    scale(given.containers, given.bridges, given.repeat)
