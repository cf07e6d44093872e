"""A room for the programs that read rule sets: no file of the machine, no power over it.

Rule sets are written from facts, so that nothing in them asks for a file. Should something do so all the
same (nft's ``include``, a program's own fault), then there is none: the program's root is an empty,
read-only file system that holds itself, the system's libraries, and a few files written here. It cannot
leave its network namespace, become more than it is, or reach another process.

    /usr/lib, /lib...   the machine's libraries, read-only
    the program         as the machine has it, read-only
    /etc                protocols, services, passwd: written here
    /dev/null, /dev/urandom
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from sekisho.errors import said
from sekisho.lab import powers
from sekisho.lab.namespaces import LabError, tool
from sekisho.values.packet import PROTOCOL_NUMBERS
from sekisho.values.services import SERVICES

# The programs that are given texts made of a snapshot's or a topology's words.
PROGRAMS = (
    "nft", "iptables-restore", "iptables-nft-restore", "ip6tables-nft-restore", "iptables-legacy-restore",
    "ip6tables-legacy-restore", "ipset", "dnsmasq", "tc",
)  # fmt: skip
_LIBRARIES = (
    "/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32",
    "/usr/local/lib", "/nix/store", "/gnu/store",
)  # fmt: skip
_FILES = ("/etc/ld.so.cache", "/dev/null", "/dev/urandom")
# Where the room is put together: covered in the maker's own view only.
_PLACES = ("/mnt", "/run", "/var", "/tmp")
_NEWNS = 0x20000
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _MOVE, _REC, _PRIVATE = (
    1, 2, 4, 32, 0x1000, 0x2000, 0x4000, 1 << 18,
)  # fmt: skip
_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Program:
    """A command as it is started in a room: ``path`` is its real file, ``name`` what it is called there
    (some files are many commands)."""

    path: str
    name: str

    def argv(self, *words: str) -> list[str]:
        """Its command line."""
        return [self.name, *words]


def program(name: str) -> Program:
    """The command of that name. Raises LabError where it is not installed."""
    found = tool(name)
    if found is None:
        raise LabError(said("the command {0!r} is not installed", name), advice="see: sekisho lab doctor")
    return Program(os.path.realpath(found), name)


# What a program in a room finds as its environment.
ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class _Maker:
    """The process that puts a room together, and where it hands it over."""

    pid: int
    link: socket.socket


# This process's room, once there is one, or who makes it. A forked process makes its own.
_room: list[int] = []
_maker: list[_Maker] = []
os.register_at_fork(after_in_child=_room.clear)
os.register_at_fork(after_in_child=_maker.clear)


def begin() -> None:
    """Have this process's room made meanwhile."""
    if not _room and not _maker:
        _maker.append(_begin([program(name).path for name in PROGRAMS if tool(name) is not None]))


def descriptor() -> int:
    """This process's room: its mount namespace, open. Raises LabError where the system does not let one be
    made."""
    if not _room:
        begin()
        _room.append(_finish(_maker.pop()))
    return _room[0]


def make(programs: Iterable[str]) -> int:
    """A room with these program files: its mount namespace as an open descriptor. Raises LabError."""
    return _finish(_begin(programs))


def go_in(room: int, kept: Iterable[int]) -> None:
    """Move this thread, which shares its place among the files with no other, into a room, with the powers in
    ``kept`` over its network (and NET_ADMIN and NET_RAW) and no others. Raises OSError."""
    if _libc.setns(room, _NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    powers.give_up_all_but((powers.NET_ADMIN, powers.NET_RAW, *kept))
    powers.never_gain()
    powers.refuse_calls()


def _begin(programs: Iterable[str]) -> _Maker:
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    child = os.fork()
    if child == 0:
        try:
            said, fds = b"", [_make(list(dict.fromkeys(programs)))]
        except OSError as error:
            said, fds = (error.strerror or str(error)).encode() or b"?", []
        try:
            socket.send_fds(theirs, [said or b"\0"], fds)
        finally:
            os._exit(0)
    theirs.close()
    return _Maker(child, mine)


def _finish(maker: _Maker) -> int:
    data, fds, _, _ = socket.recv_fds(maker.link, 4096, 1)
    maker.link.close()
    os.waitpid(maker.pid, 0)
    if not fds:
        raise LabError(
            said(
                "rule sets are loaded where the machine's files are not, and this system does not let such a"
                " place be made: {0}",
                data.decode(errors="replace"),
            ),
            advice="see: sekisho lab doctor",
        )
    os.set_inheritable(fds[0], False)
    return fds[0]


# ------------------------------------------------------------------------------- in the maker


def _make(programs: list[str]) -> int:
    _do(_libc.unshare(_NEWNS), "unshare")
    handle = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    _mount(b"none", "/", None, _REC | _PRIVATE)
    base = next(place for place in _PLACES if os.path.isdir(place))
    _mount(b"tmpfs", base, b"tmpfs", _NOSUID | _NODEV)
    for path in _LIBRARIES:
        if os.path.islink(path):
            os.makedirs(base + os.path.dirname(path), exist_ok=True)
            os.symlink(os.readlink(path), base + path)
        elif os.path.isdir(path):
            os.makedirs(base + path)
            _show(path, base + path)
    for path in (*programs, *_FILES):
        # A library's folder has it already, or it is not here.
        if os.path.exists(path) and not os.path.exists(base + path):
            os.makedirs(base + os.path.dirname(path), exist_ok=True)
            with open(base + path, "x"):
                pass
            _show(path, base + path)
    _write(base)
    _mount(b"none", base, None, _REMOUNT | _RDONLY | _NOSUID | _NODEV)
    _become_root(base)
    return handle


def _show(path: str, target: str) -> None:
    """The machine's own, read-only."""
    _mount(path.encode(), target, None, _BIND | _REC)
    nodev = 0 if path.startswith("/dev/") else _NODEV
    _mount(b"none", target, None, _REMOUNT | _BIND | _RDONLY | _NOSUID | nodev)


def _write(base: str) -> None:
    os.makedirs(f"{base}/etc", exist_ok=True)
    services = [(name, number, proto) for name, number in SERVICES.items() for proto in ("tcp", "udp")]
    texts = {
        "protocols": [f"{name}\t{number}\t{name.upper()}" for name, number in PROTOCOL_NUMBERS.items()],
        "services": [f"{name}\t{number}/{proto}" for name, number, proto in services],
        "passwd": ["root:x:0:0:root:/:/bin/false"],
        "group": ["root:x:0:"],
    }
    for name, lines in texts.items():
        with open(f"{base}/etc/{name}", "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))


def _become_root(base: str) -> None:
    """The room is all that is left. A root that cannot be changed (an initial ramdisk) is covered."""
    os.chdir(base)
    with suppress(AttributeError):
        if _libc.pivot_root(b".", b".") == 0:
            _do(_libc.umount2(b".", _DETACH), "umount")
            return
    _mount(base.encode(), "/", None, _MOVE)
    os.chroot(".")


def _mount(source: bytes, target: str, kind: bytes | None, flags: int) -> None:
    _do(_libc.mount(source, target.encode(), kind, ctypes.c_ulong(flags), None), "mount")


def _do(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
