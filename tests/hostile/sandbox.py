"""A machine that may be harmed: this process's own view of files, network, processes and host name.

Every file is there as on the real machine (an overlay), and every change of one is seen. ``/canary`` holds
what nobody is to touch or tell; someone listens whom nobody is to call; there are interfaces, routes, rules
and a named namespace of the machine's own.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.hostile.strings import FOLDER, PORT, SECRET

STAGE = Path("/stage")
_NEWNS, _NEWUTS, _NEWIPC, _NEWPID, _NEWNET = 0x20000, 0x04000000, 0x08000000, 0x20000000, 0x40000000
_BASE = "/mnt"
_BIND, _REC, _PRIVATE, _DETACH = 0x1000, 0x4000, 1 << 18, 2
_MACHINE = (
    "ip link set lo up", "ip link add machine0 type veth peer name machine1",
    "ip addr add 192.0.2.77/24 dev machine0", "ip link set machine0 up",
    "ip route add 198.51.100.0/24 via 192.0.2.1 dev machine0 onlink", "ip rule add pref 77 lookup 77",
    "ip netns add mine",
)  # fmt: skip
_RULES = """table inet machine {
 chain in {
  type filter hook input priority 0
  counter comment "mine"
 }
}
"""
_ASKED = (
    "ip -o link", "ip -o addr", "ip route show table all", "ip -6 route show table all", "ip rule",
    "ip neigh show nud permanent", "ip netns list", "nft list ruleset", "iptables-legacy-save", "ipset save",
)  # fmt: skip
# Counters and lifetimes that change by themselves.
_LIVELY = ("counter packets", "valid_lft", "expires")

_libc = ctypes.CDLL(None, use_errno=True)


class Sandbox:
    """This process is in it once it is made; there is no way back. Needs root."""

    def __init__(self) -> None:
        _do(_libc.unshare(_NEWNS | _NEWUTS | _NEWIPC | _NEWPID | _NEWNET), "unshare")
        child = os.fork()
        if child:
            _, status = os.waitpid(child, 0)
            os._exit(os.waitstatus_to_exitcode(status) & 255)
        _libc.prctl(1, signal.SIGKILL, 0, 0, 0)
        self._changed = _own_files()
        socket.sethostname("canary")
        for command in _MACHINE:
            subprocess.run(command.split(), check=True)
        subprocess.run(["nft", "-f", "-"], input=_RULES, text=True, check=True)
        place = Path(FOLDER)
        place.mkdir()
        (place / "victim").write_text("not to be changed\n")
        (place / "secret").write_text(f"{SECRET}\n")
        STAGE.mkdir()
        _mount(b"tmpfs", str(STAGE), b"tmpfs", 0)
        self._listeners = list(_listen())
        self._files = dict(self._written())
        self._state = state()

    def quick(self) -> list[str]:
        """What is seen at once: files, calls, named namespaces, processes that stay."""
        found = [f"file {path}" for path, _ in set(self._written()) ^ set(self._files.items())]
        for sock in self._listeners:
            try:
                found.append(
                    f"called: {sock.recvfrom(10) if sock.type == socket.SOCK_DGRAM else sock.accept()}"
                )
            except BlockingIOError:
                continue
        if os.listdir("/run/netns") != ["mine"]:
            found.append(f"namespaces {os.listdir('/run/netns')}")
        if socket.gethostname() != "canary":
            found.append(f"host name {socket.gethostname()!r}")
        return found + _others()

    def whole(self) -> list[str]:
        """Everything: also links, addresses, routes, rules, rule sets, sysctls and mounts."""
        now = state()
        changed = [key for key in now.keys() | self._state.keys() if now.get(key) != self._state.get(key)]
        return self.quick() + [f"{key}: {self._state.get(key)!r} -> {now.get(key)!r}" for key in changed]

    def _written(self) -> Iterator[tuple[str, str]]:
        for folder, names, files, fd in os.fwalk(".", dir_fd=self._changed):
            for name in (*names, *files):
                about = os.stat(name, dir_fd=fd, follow_symlinks=False)
                content = ""
                if stat.S_ISREG(about.st_mode):
                    with open(os.open(name, os.O_RDONLY, dir_fd=fd), "rb") as file:
                        content = hashlib.sha256(file.read()).hexdigest()
                yield f"{folder}/{name}", f"{about.st_mode} {about.st_uid} {content}"


def state() -> dict[str, str]:
    """What the network namespace that this process is in is like, and its mounts."""
    found = {}
    for command in _ASKED:
        done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        found[command] = "\n".join(
            line for line in lines if not line.startswith("#") and not any(word in line for word in _LIVELY)
        )
    found["mounts"] = Path("/proc/self/mountinfo").read_text()
    kernel = (
        Path("/proc/sys/kernel", name) for name in ("core_pattern", "modprobe", "hostname", "domainname")
    )
    for path in (*Path("/proc/sys/net").rglob("*"), *kernel):
        if path.is_file():
            try:
                found[str(path)] = path.read_text()
            except OSError:
                continue
    return found


def _own_files() -> int:
    """A root of our own; the folder that holds what changes, as an open descriptor."""
    _mount(b"none", "/", None, _REC | _PRIVATE)
    _mount(b"tmpfs", _BASE, b"tmpfs", 0)
    for name in ("upper", "work", "root"):
        os.mkdir(f"{_BASE}/{name}")
    layers = f"lowerdir=/,upperdir={_BASE}/upper,workdir={_BASE}/work".encode()
    _mount(b"overlay", f"{_BASE}/root", b"overlay", 0, layers)
    changed = os.open(f"{_BASE}/upper", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    os.chdir(f"{_BASE}/root")
    _mount(b"/dev", "dev", None, _BIND | _REC)
    # What the machine has mounted elsewhere (this project, perhaps) is below its own place.
    for target in _elsewhere():
        _mount(target.encode(), target.lstrip("/"), None, _BIND)
    _mount(b"proc", "proc", b"proc", 0)
    _mount(b"sysfs", "sys", b"sysfs", 0)
    _do(_libc.pivot_root(b".", b"mnt"), "pivot_root")
    os.chdir("/")
    _do(_libc.umount2(b"/mnt", _DETACH), "umount")
    return changed


def _elsewhere() -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        target = line.split()[4]
        own = ("/proc", "/sys", "/dev", _BASE, "/run")
        if target != "/" and not any(target == place or target.startswith(f"{place}/") for place in own):
            yield target


def _listen() -> Iterator[socket.socket]:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        sock = socket.socket(socket.AF_INET, kind)
        sock.bind(("127.0.0.1", PORT))
        if kind == socket.SOCK_STREAM:
            sock.listen(10)
        sock.setblocking(False)
        yield sock


def _others(within: float = 5.0) -> list[str]:
    """Processes that do not end by themselves soon."""
    until = time.monotonic() + within
    while True:
        while _reaped():
            pass
        found = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
        if not found or time.monotonic() > until:
            return [f"process {name}: {_command(name)}" for name in found]
        time.sleep(0.005)


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _command(name: str) -> str:
    try:
        return Path("/proc", name, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _mount(source: bytes, target: str, kind: bytes | None, flags: int, data: bytes | None = None) -> None:
    _do(_libc.mount(source, target.encode(), kind, ctypes.c_ulong(flags), data), f"mount {target}")


def _do(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
