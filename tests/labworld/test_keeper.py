"""A command inside ends with whoever runs it, however they end; what it leaves behind is the lab's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.lab.api import Lab
from sekisho.lab.system.look import apart_once

pytestmark = pytest.mark.kernel
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(name=f"kept-{os.getpid()}") as standing:
        yield standing


def sekisho(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "sekisho", "lab", *words], env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def running(mark: str) -> list[int]:
    """Processes, of the machine and of all labs, that have this word among their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                alive = (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            except OSError:
                continue
            if mark.encode() in words and alive:
                found.append(int(entry.name))
    return found


def soon(mark: str, count: int, within: float = 30.0) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if len(running(mark)) == count:
            return True
        time.sleep(0.02)
    return False


# One sleeps in the foreground, one in the background, one in a session of its own under a parent that ended.
THREE = "sleep {0} & (setsid sh -c 'sleep {0} & sleep {0}' &); exec sleep {0}"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_the_command_ends_with_its_caller(lab: Lab, how: signal.Signals) -> None:
    mark = f"{70 + how}.{os.getpid()}"
    caller = sekisho("exec", "--name", lab.plan.name, "web", "--", "sh", "-c", THREE.format(mark))
    assert soon(mark, 4)
    caller.send_signal(how)
    caller.wait()
    assert soon(mark, 0, within=10.0)


def test_the_command_ends_when_the_process_between_is_killed(lab: Lab) -> None:
    mark = f"60.{os.getpid()}"
    caller = sekisho("exec", "--name", lab.plan.name, "web", "--", "sh", "-c", THREE.format(mark))
    assert soon(mark, 4)
    between = Path(f"/proc/{caller.pid}/task/{caller.pid}/children").read_text().split()
    assert len(between) == 1
    os.kill(int(between[0]), signal.SIGKILL)
    assert soon(mark, 0, within=10.0)
    assert caller.wait(30) == 137


def test_the_command_ends_when_its_keeper_is_killed(lab: Lab) -> None:
    """Then nobody is left who could end it: the kernel does."""
    mark = f"62.{os.getpid()}"
    caller = sekisho("exec", "--name", lab.plan.name, "web", "--", "sh", "-c", f"exec sleep {mark}")
    assert soon(mark, 1)
    (command,) = running(mark)
    keeper = int(Path(f"/proc/{command}/stat").read_text().rpartition(")")[2].split()[1])
    assert keeper not in (caller.pid, os.getpid(), 1)
    os.kill(keeper, signal.SIGKILL)
    assert soon(mark, 0, within=10.0)
    assert caller.wait(30) == 137


def test_what_it_leaves_behind_goes_on(lab: Lab) -> None:
    mark = f"61.{os.getpid()}"
    ended = sekisho(
        "exec",
        "--name",
        lab.plan.name,
        "web",
        "--",
        "sh",
        "-c",
        f"setsid sleep {mark} >/dev/null 2>&1 & exit 3",
    )
    assert ended.wait(30) == 3
    time.sleep(0.2)
    assert len(running(mark)) == 1
    lab["web"].run("pkill", "-f", f"sleep {mark}")
    assert soon(mark, 0)


def test_a_recording_ends_with_its_caller(lab: Lab) -> None:
    caller = sekisho("capture", "--name", lab.plan.name, "web", "eth0", "-w", "/dev/null")
    children = Path(f"/proc/{caller.pid}/task/{caller.pid}/children")
    until = time.monotonic() + 30
    while time.monotonic() < until and not children.read_text().split():
        time.sleep(0.02)
    (child,) = (int(pid) for pid in children.read_text().split())
    time.sleep(0.1)
    caller.kill()
    caller.wait()
    until = time.monotonic() + 10
    while time.monotonic() < until and Path(f"/proc/{child}").exists():
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists()


def test_what_a_script_runs_ends_with_it(lab: Lab) -> None:
    mark = f"62.{os.getpid()}"
    code = f"""
from sekisho.lab.system import enter
from sekisho.lab.system.control import Client
client = Client({lab.plan.name!r})
node = client.plan().node("web")
enter.run(client.doors(["web"]), node, ["sh", "-c", {THREE.format(mark)!r}])
"""
    script = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "src")}
    )
    assert soon(mark, 4)
    script.kill()
    script.wait()
    assert soon(mark, 0, within=10.0)


def test_the_owner_keeps_the_powers_that_it_needs(lab: Lab) -> None:
    """capabilities(7): CAP_DAC_READ_SEARCH is 2, CAP_SYS_ADMIN 21."""
    lines = Path(f"/proc/{lab.client.pid}/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    for which in ("CapPrm", "CapEff", "CapBnd"):
        assert int(status[which], 16) & ~(1 << 2 | 1 << 21) == 0
    assert status["NoNewPrivs"].strip() == "1"


def test_a_look_inside_has_no_power_over_files_and_processes(lab: Lab) -> None:
    """CAP_CHOWN to CAP_KILL are 0 to 5, CAP_SYS_MODULE to CAP_SYS_PTRACE 16 to 19."""

    def capabilities() -> int:
        lines = Path("/proc/thread-self/status").read_text().splitlines()
        return next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff"))

    seen = apart_once(lab.doors, capabilities)
    assert seen & 0b1111_0000_0000_0011_1011 == 0
    assert seen & 1 << 21


def test_the_owners_programs_are_in_the_room(lab: Lab) -> None:
    """capabilities(7): 10 NET_BIND_SERVICE, 12 NET_ADMIN, 13 NET_RAW. Seccomp: 2 is a filter (proc(5))."""
    owner = lab.client.pid
    children = Path(f"/proc/{owner}/task/{owner}/children").read_text().split()
    if not children:
        pytest.skip("dnsmasq is not installed")
    for child in children:
        lines = Path(f"/proc/{child}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        assert int(status["CapBnd"], 16) == 1 << 10 | 1 << 12 | 1 << 13
        assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip()) == ("1", "2")
        assert not Path(f"/proc/{child}/root/etc/shadow").exists()
        assert Path(f"/proc/{child}/root/etc/passwd").read_text() == "root:x:0:0:root:/:/bin/false\n"
        network, other = (os.readlink(f"/proc/{pid}/ns/net") for pid in (child, owner))
        assert network != other
    # The thread that started them is gone, and what it gave up was its own.
    assert len(os.listdir(f"/proc/{owner}/task")) == 1
    assert "Seccomp:\t0" in Path(f"/proc/{owner}/status").read_text()
