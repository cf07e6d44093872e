"""Nothing outlives an oracle, however it ends; the machine's own namespace is never touched."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sekisho.lab.namespaces import NetworkNamespace

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).resolve().parents[2]
MARK = "SEKISHO_TEST_OF_LEFTOVERS"
ENDLESS = """
from sekisho.lab.oracle import Oracle
from sekisho.lab.probes import Probe
from tests.lab.test_oracle import bridge_host
from tests.lab.hosts import packet, snapshot
print("ready", flush=True)
while True:
    with Oracle(snapshot(bridge_host())) as oracle:
        for port in range(1000, 1050):
            oracle.ask(Probe(packet("8.8.8.8", "10.0.0.10", 8080, sport=port, iif="eth0")))
"""
# What /proc says of a process: what it is and what it waits for.
TELLING = ("cmdline", "stat", "wchan", "stack")
WAITING = """
from sekisho.lab.namespaces import NetworkNamespace
print("ready", flush=True)
NetworkNamespace().run(["sleep", "300"])
"""


def machine() -> dict[str, str]:
    """Everything of the machine's own that an oracle could have changed."""
    outputs = {
        " ".join(command): subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for command in (
            ["ip", "-o", "link"],
            ["ip", "-o", "addr"],
            ["ip", "route", "show", "table", "all"],
            ["ip", "rule"],
            ["nft", "list", "ruleset"],
        )
    }
    outputs["mounts"] = Path("/proc/self/mountinfo").read_text()
    named = Path("/run/netns")
    outputs["named"] = " ".join(sorted(os.listdir(named))) if named.is_dir() else ""
    outputs["forward"] = Path("/proc/sys/net/ipv4/ip_forward").read_text()
    return outputs


def marked_processes(mark: str) -> list[str]:
    """The processes that were started with this mark in their environment, by whatever parent: what they are
    and what they wait for."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes():
                    found.append(" ".join(said(entry / name) for name in TELLING))
            except OSError:
                continue
    return found


def said(file: Path) -> str:
    """A file of a process, or nothing where it may not be read or the process ended meanwhile."""
    try:
        return file.read_text(errors="replace").replace("\0", " ").strip()
    except OSError:
        return ""


def killed(mark: str, code: str, after: float) -> None:
    """Kill a program that much after it says that it is ready."""
    environment = {**os.environ, MARK: mark, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    child = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()


def none_left(mark: str, within: float) -> None:
    deadline = time.monotonic() + within
    while marked_processes(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert marked_processes(mark) == []


@pytest.mark.parametrize("attempt", range(6))
def test_nothing_is_left_after_kill_9(attempt: int) -> None:
    before = machine()
    mark = f"{os.getpid()}-{attempt}"
    killed(mark, ENDLESS, random.Random(attempt).uniform(0.0, 0.6))
    # The kernel ends the tools that the process had started; one that is inside the kernel gets out first.
    none_left(mark, 120.0)
    assert machine() == before


def test_a_tool_that_would_go_on_ends_with_its_process() -> None:
    mark = f"{os.getpid()}-waiting"
    killed(mark, WAITING, 0.5)
    none_left(mark, 30.0)


def test_a_failure_inside_comes_back_to_the_same_namespace() -> None:
    home = os.readlink("/proc/thread-self/ns/net")
    namespace = NetworkNamespace()
    try:
        with pytest.raises(FileNotFoundError), namespace.inside():
            os.readlink("/nowhere/at/all")
        assert os.readlink("/proc/thread-self/ns/net") == home
    finally:
        namespace.close()
