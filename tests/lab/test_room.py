"""The room: what a program in it sees of the machine, and what it can do to it."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from sekisho.lab import launch, powers, room
from sekisho.lab.loading import load
from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.lab.operations import Load

pytestmark = pytest.mark.kernel
ROOT = Path(__file__).resolve().parents[2]
_libc = ctypes.CDLL(None, use_errno=True)


def inside(act: Callable[[], object], *kept: int) -> object:
    """What ``act`` finds in a process that has entered the room, as JSON has it."""
    place = room.descriptor()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            room.go_in(place, kept)
            os.write(writing, json.dumps(act()).encode())
        except BaseException as error:
            os.write(writing, json.dumps(f"{type(error).__name__}: {error}").encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        found = said.read()
    os.waitpid(child, 0)
    return json.loads(found)


def refused(act: Callable[[], object]) -> str:
    """The name of the error that the system answers with, "" where there is none."""
    try:
        act()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return ""


def call(name: str, *words: object) -> str:
    """The same of a function of the C library."""
    ctypes.set_errno(0)
    found = getattr(_libc, name)(*words)
    return errno.errorcode[ctypes.get_errno()] if found < 0 else ""


def raw(name: str, *words: object) -> str:
    """The same of a call of the kernel, by its number; a process that it makes ends at once."""
    column = powers._MACHINES[os.uname().machine][1]
    numbers = {"clone": (56, 220), "clone3": (435, 435), "tgkill": (234, 131)}
    numbers |= {"rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240)}
    ctypes.set_errno(0)
    found = _libc.syscall(numbers[name][column], *words)
    if found == 0 and name.startswith("clone"):
        os._exit(0)
    return errno.errorcode[ctypes.get_errno()] if found < 0 else ""


def test_no_file_of_the_machine_is_there(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")

    def look() -> dict[str, object]:
        paths = ("/etc/shadow", "/etc/passwd", "/proc", "/sys", "/root", "/home", "/var/log", str(secret))
        return {
            "top": sorted(os.listdir("/")),
            "etc": sorted(os.listdir("/etc")), "dev": sorted(os.listdir("/dev")),
            "there": [path for path in paths if os.path.exists(path)], "passwd": open("/etc/passwd").read(),
            "cwd": os.getcwd(),
        }  # fmt: skip

    found = inside(look)
    assert isinstance(found, dict)
    assert set(found["top"]) <= {"lib", "lib32", "lib64", "libx32", "usr", "etc", "dev", "nix", "gnu"}
    assert set(found["etc"]) <= {"protocols", "services", "passwd", "group", "ld.so.cache"}
    assert found["dev"] == ["null", "urandom"]
    assert found["there"] == ["/etc/passwd"]
    assert found["passwd"] == "root:x:0:0:root:/:/bin/false\n"
    assert found["cwd"] == "/"


def test_nothing_can_be_written() -> None:
    def write() -> list[str]:
        return [
            refused(partial(os.open, path, os.O_WRONLY | os.O_CREAT, 0o600))
            for path in ("/x", "/etc/passwd", "/etc/x", "/usr/lib/x", "/usr/lib/os-release")
        ]

    assert inside(write) == ["EROFS"] * 5


def test_there_is_no_way_out() -> None:
    """Not even for a program that is uid 0: back to the machine's files, namespaces or processes."""
    mine = os.open("/proc/self/ns/net", os.O_RDONLY)
    mounts = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    pid = os.getpid()
    # sigaction(2): signal 0 tells only whether a signal may be sent; SI_QUEUE is what a program may say.
    queued = struct.pack("@iii", 0, 0, -1).ljust(128, b"\0")
    user, mount, new_net = 0x10000000, 0x20000, 0x40000000  # CLONE_NEW* of include/uapi/linux/sched.h
    args = struct.pack("=11Q", user, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, 0)  # struct clone_args

    def leave() -> dict[str, str]:
        return {
            **{
                f"clone {flag:#x}": raw("clone", flag | signal.SIGCHLD, 0, 0, 0, 0)
                for flag in (user, mount, new_net)
            },
            "clone3": raw("clone3", args, len(args)).replace("ENOSYS", "EPERM"),  # then clone is asked
            "tgkill": raw("tgkill", pid, pid, 0), "sigqueue": raw("rt_sigqueueinfo", pid, 0, queued),
            "tgsigqueue": raw("rt_tgsigqueueinfo", pid, pid, 0, queued),
            "setns net": call("setns", mine, 0x40000000), "setns mnt": call("setns", mounts, 0x20000),
            "unshare": call("unshare", 0x20000), "mount": call("mount", b"x", b"/dev", b"tmpfs", 0, None),
            "umount": call("umount2", b"/dev", 2), "chroot": call("chroot", b"/usr"),
            "kill": refused(lambda: os.kill(pid, signal.SIGTERM)), "ptrace": call("ptrace", 16, pid, 0, 0),
            "mknod": refused(lambda: os.mknod("/dev/x", 0o600 | 0o020000, 0)),
            "pidfd": refused(lambda: os.pidfd_open(pid)),
        }  # fmt: skip

    found = inside(leave)
    os.close(mine)
    os.close(mounts)
    assert isinstance(found, dict)
    assert {name: word for name, word in found.items() if word not in ("EPERM", "EROFS", "EACCES")} == {}


def test_its_powers_are_those_over_its_network() -> None:
    def have() -> list[int]:
        return [number for number in range(64) if _libc.prctl(23, number, 0, 0, 0) == 1]

    assert inside(have) == [powers.NET_ADMIN, powers.NET_RAW]
    assert inside(have, powers.NET_BIND_SERVICE) == [
        powers.NET_BIND_SERVICE, powers.NET_ADMIN, powers.NET_RAW,
    ]  # fmt: skip
    assert inside(lambda: _libc.prctl(39, 0, 0, 0, 0)) == 1  # PR_GET_NO_NEW_PRIVS


def test_sockets_are_those_that_a_network_namespace_holds_in() -> None:
    vsock, alg = 40, 38

    def families() -> list[str]:
        return [
            refused(partial(socket.socket, family, socket.SOCK_STREAM))
            for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, vsock, alg)
        ]

    assert inside(families) == ["", "", "", "EAFNOSUPPORT", "EAFNOSUPPORT"]


def test_every_room_is_a_process_of_its_own() -> None:
    """A forked process makes its own: the descriptor may be closed, or another file's, by then."""
    room.descriptor()
    before = list(room._room)

    def again() -> bool:
        return room._room == []

    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"1" if again() else b"0")
        os._exit(0)
    os.close(writing)
    assert os.read(reading, 1) == b"1"
    os.close(reading)
    os.waitpid(child, 0)
    assert room._room == before


def test_the_machine_sees_nothing_of_a_room() -> None:
    before = Path("/proc/self/mounts").read_text()
    os.close(room.make([room.program("nft").path]))
    assert Path("/proc/self/mounts").read_text() == before


def test_without_a_room_nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where mounting is forbidden, as in a container, that is said."""

    def forbidden(programs: list[str]) -> int:
        raise OSError(errno.EPERM, "mount: Operation not permitted")

    monkeypatch.setattr(room, "_make", forbidden)
    monkeypatch.setattr(room, "_room", [])
    namespace = NetworkNamespace()
    with pytest.raises(LabError, match="does not let such a place be made"):
        load(namespace, Load(("nft", "-f", "-"), "table ip x {\n}\n"))
    assert namespace.run(("nft", "list", "ruleset")) == ""
    namespace.close()


@pytest.mark.parametrize(
    "name",
    ["iptables-nft-restore", "ip6tables-nft-restore", "iptables-legacy-restore", "ip6tables-legacy-restore"],
)
def test_each_program_does_its_work_there(name: str) -> None:
    namespace = NetworkNamespace()
    text = "*filter\n-A INPUT -p tcp -m tcp --dport ssh -j ACCEPT\n-A FORWARD -p gre -j DROP\nCOMMIT\n"
    load(namespace, Load((name,), text))
    saved = namespace.run((name.replace("restore", "save"),))
    assert "--dport 22 -j ACCEPT" in saved
    assert "-p gre -j DROP" in saved or "-p 47 -j DROP" in saved
    namespace.close()


def test_a_program_ends_with_the_one_that_started_it() -> None:
    """A killed parent leaves no program that still reads its rule set."""
    reading, writing = os.pipe()
    pids_reading, pids_writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        process = launch.start(("nft", "-f", "-"), NetworkNamespace(), reading)
        os.write(pids_writing, str(process.pid).encode())
        signal.pause()
        os._exit(0)
    pid = int(os.read(pids_reading, 20))
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    for _ in range(500):
        if not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.01)
    else:
        raise AssertionError("it still runs")
    for fd in (reading, writing, pids_reading, pids_writing):
        os.close(fd)


def test_the_first_of_a_process_namespace_loads_in_the_room_too() -> None:
    """It starts programs by a thread: in the namespace that was meant, and it stays where it is itself."""
    code = """
import os, sys
from sekisho.lab.loading import load
from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.lab.operations import Load
assert os.getpid() == 1
one, two = NetworkNamespace(), NetworkNamespace()
load(one, Load(("nft", "-f", "-"), "table ip here {\\n}\\n"))
print(one.run(("nft", "list", "ruleset")).split(), two.run(("nft", "list", "ruleset")))
try:
    load(two, Load(("nft", "-f", "-"), 'include "/etc/hostname"\\n'))
except LabError as error:
    print(error.what)
print(os.path.exists("/etc/hostname"), os.readlink("/proc/self/root"))
"""
    done = subprocess.run(
        ["unshare", "-pmnf", "--mount-proc", sys.executable, "-c", code],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.stderr == ""
    first, refused, *_, last = done.stdout.splitlines()
    assert first == "['table', 'ip', 'here', '{', '}'] "
    assert "No such file or directory" in refused or "not found" in refused.lower()
    assert last == "True /"
