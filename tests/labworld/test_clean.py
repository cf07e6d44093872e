"""Nothing outlives an owner, however it ends; labs do not see one another; the machine stays as it was."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.lab import rtnetlink
from sekisho.lab.api import Lab
from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.lab.operations import Wire
from sekisho.lab.system import whereabouts
from sekisho.values.names import interface_name
from tests.lab.test_clean import machine

pytestmark = pytest.mark.kernel
ROOT = Path(__file__).resolve().parents[2]
SYSCTLS = ("net/ipv4/ip_forward", "net/ipv4/conf/all/rp_filter", "net/ipv4/conf/all/proxy_arp")
MOMENTS = int(os.environ.get("SEKISHO_TEST_KILLS", "12"))


def state() -> dict[str, str]:
    """What a lab must leave alone."""
    found = machine()
    found.update({name: Path("/proc/sys", name).read_text() for name in SYSCTLS})
    return found


def owners_of(name: str) -> list[int]:
    """Processes whose command line names this lab."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (
                    name.encode() in (entry / "cmdline").read_bytes()
                    and (entry / "stat").read_text().split()[2] != "Z"
                ):
                    found.append(int(entry.name))
            except (OSError, IndexError):
                continue
    return found


def gone(name: str, within: float = 60.0) -> bool:
    """Whether no process and no socket of the lab is left, soon enough."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not owners_of(name) and name not in whereabouts.names():
            return True
        time.sleep(0.01)
    return False


def command(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "sekisho", "lab", *words], env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def untouched() -> Iterator[None]:
    """The machine's own links, routes, rules, mounts and sysctls are the same before and after."""
    before = state()
    yield
    assert state() == before


@pytest.mark.usefixtures("untouched")
def test_a_killed_owner_leaves_nothing_at_any_moment_of_up_and_down() -> None:
    """SEKISHO_TEST_KILLS sets the number of moments."""
    random.seed(20261124)
    for number in range(MOMENTS):
        name = f"killed-{os.getpid()}-{number}"
        starting = command("up", "--name", name)
        time.sleep(random.uniform(0.0, 0.45))
        down = command("down", name) if number % 3 == 2 else None
        if down is not None:
            time.sleep(random.uniform(0.0, 0.12))
        for pid in owners_of(name):
            if pid not in (starting.pid, None if down is None else down.pid):
                os.kill(pid, signal.SIGKILL)
        if number % 2:
            starting.kill()
        starting.wait()
        if down is not None:
            down.wait()
        for pid in owners_of(name):  # an owner that began after the first look
            os.kill(pid, signal.SIGKILL)
        assert gone(name), f"moment {number}: {owners_of(name)} {whereabouts.names()}"


@pytest.mark.usefixtures("untouched")
def test_the_kernel_takes_everything_apart_when_the_owner_is_killed() -> None:
    """A link into the lab from outside vanishes with the namespace that held its other end."""
    lab = Lab().up()
    inside = lab.doors.net["host"]
    watch = NetworkNamespace()
    with watch.inside():
        sock = rtnetlink.open_route()
        wire = Wire("watch", interface_name("w0"), "host", interface_name("probe0"))
        rtnetlink.send(sock, [rtnetlink.add_wire(wire, 2, 30000, inside, None)], str)
        sock.close()
    pid = lab.client.pid
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert pids  # dnsmasq, if it is installed, is one
    os.kill(pid, signal.SIGKILL)
    lab.down()
    until = time.monotonic() + 60
    while time.monotonic() < until and len(watch.run(("ip", "-o", "link")).splitlines()) > 1:
        time.sleep(0.02)
    assert len(watch.run(("ip", "-o", "link")).splitlines()) == 1
    assert not any(Path(f"/proc/{child}").exists() for child in pids)
    watch.close()


@pytest.mark.usefixtures("untouched")
def test_an_attached_lab_ends_with_its_process() -> None:
    code = (
        "import time\nfrom sekisho.lab.api import Lab\nlab = Lab(name='orphan').up()\n"
        "print('up', flush=True)\ntime.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    process.kill()
    process.wait()
    process.stdout.close()
    assert gone("orphan")


@pytest.mark.usefixtures("untouched")
def test_what_runs_inside_ends_with_the_lab() -> None:
    name = f"inside-{os.getpid()}"
    with Lab(name=name) as lab:
        sleeper = command("exec", "--name", name, "web", "--", "sleep", "61")
        until = time.monotonic() + 60
        while time.monotonic() < until and "sleep 61" not in lab["web"].run("ps", "-e", "-o", "args=").stdout:
            time.sleep(0.02)
        assert "sleep 61" in lab["host"].run("ps", "-e", "-o", "args=").stdout
    assert sleeper.wait(timeout=60) == 137


@pytest.mark.usefixtures("untouched")
def test_two_labs_side_by_side_do_not_see_each_other() -> None:
    with Lab() as one, Lab() as two:
        one["host"].sysctl("net.ipv4.ip_forward", 0)
        one["host"].run("ip", "link", "add", "only-here", "type", "bridge")
        assert two["host"].sysctl("net.ipv4.ip_forward") == "1"
        assert "only-here" not in two["host"].run("ip", "link").stdout
        assert two["internet"].http("198.51.100.10:8080").node == "web"
        with pytest.raises(LabError):
            one["internet"].http("198.51.100.10:8080", timeout=0.5)
        processes = two["host"].run("ps", "-e", "-o", "pid=").stdout.split()
        assert len(processes) <= 4
    assert one.plan.name not in whereabouts.names()


@pytest.mark.usefixtures("untouched")
def test_a_lab_that_cannot_be_built_leaves_nothing_and_says_why() -> None:
    from sekisho.lab.system.article import ARTICLE

    hosts = ARTICLE["hosts"]
    assert isinstance(hosts, dict)
    broken = {
        **ARTICLE,
        "hosts": {**hosts, "host": {**hosts["host"], "iptables": "*filter\n-A NOWHERE -j DROP\nCOMMIT\n"}},
    }
    with pytest.raises(LabError, match="iptables-restore failed") as caught:
        Lab(broken, name="broken").up()
    assert "NOWHERE" in str(caught.value)
    assert gone("broken")
    wrong = {**ARTICLE, "hosts": {**hosts, "host": {**hosts["host"], "routes": ["192.0.2.0/24 dev nothing"]}}}
    with pytest.raises(LabError, match="there is no interface 'nothing'") as caught:
        Lab(wrong, name="broken").up()
    assert "192.0.2.0/24" in caught.value.text
    assert gone("broken")


@pytest.mark.usefixtures("untouched")
def test_without_root(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same lab by a user who is not root, in a user namespace, where the system lets."""
    python = next(
        (path for path in ("/usr/bin/python3", "/usr/local/bin/python3") if Path(path).exists()), None
    )
    if python is None:
        pytest.skip("no Python that other users may run")
    ready = subprocess.run(
        [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False
    ).returncode
    tried = subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare", "-Urnpf", "true"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ready or tried.returncode:
        pytest.skip(f"not possible here: {tried.stderr.strip() or 'the Python is too old'}")
    place = Path(f"/tmp/sekisho-rootless-{os.getpid()}")
    subprocess.run(["cp", "-r", str(ROOT / "src"), str(place)], check=True)
    subprocess.run(["chmod", "-R", "a+rX", str(place)], check=True)
    code = """
from sekisho.lab.api import Lab
with Lab() as lab:
    print(lab["internet"].http("198.51.100.10:8080").client.split(":")[0])
    print(lab["host"].run("id", "-u").stdout.strip(), len(lab.verify(["internet"])) > 10)
    print({one.verdict for one in lab.verify(["internet"])})
"""
    try:
        done = subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", python, "-c", code],
            env={"PYTHONPATH": str(place), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True, check=False, timeout=60, cwd="/",
        )  # fmt: skip
    finally:
        subprocess.run(["rm", "-rf", str(place)], check=True)
    assert done.stderr == ""
    assert done.stdout.split("\n")[:3] == ["203.0.113.10", "0 True", "{'agree'}"]
