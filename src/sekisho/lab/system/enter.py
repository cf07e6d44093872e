"""Going into a node: a process that sees the node's network, its own /proc, /sys, host name and resolver.

The node's resolv.conf and hosts exist only in the mount namespace of the one who enters; no file of the
machine changes. Everything started inside belongs to the owner's process namespace and ends with it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence

from sekisho.errors import said
from sekisho.lab.loading import LOCK_FILE
from sekisho.lab.namespaces import CLONE_NEWNET, LabError
from sekisho.lab.system.control import Doors
from sekisho.lab.system.keeper import as_status, keep
from sekisho.lab.system.plan import Node

_NEWNS, _NEWUTS, _NEWUSER, _NEWPID = 0x20000, 0x04000000, 0x10000000, 0x20000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 8, 0x1000, 0x4000, 1 << 18
_MNT_DETACH = 2
NODE_VARIABLE = "SEKISHO_LAB_NODE"

_libc = ctypes.CDLL(None, use_errno=True)


def _do(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def join(doors: Doors, node: Node) -> None:
    """Move this process (which must have one thread) into a node; its *children* are in the owner's
    process namespace as well."""
    if doors.user is not None:
        _do(_libc.setns(doors.user, _NEWUSER), "setns")
    _do(_libc.setns(doors.net[node.name], CLONE_NEWNET), "setns")
    _do(_libc.unshare(_NEWNS | _NEWUTS), "unshare")
    _do(_libc.setns(doors.pid, _NEWPID), "setns")
    socket.sethostname(node.name[:63])
    _mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE)
    _own_files(node)


def _own_files(node: Node) -> None:
    """Put the node's resolv.conf and hosts over the machine's; /sys shows the node's interfaces.

    What the system does not allow is left as it is: the network is the node's all the same.
    """
    # /sys is covered in a moment anyway: until then it holds the files.
    if _mount(b"tmpfs", b"/sys", b"tmpfs", _MS_NOSUID | _MS_NODEV):
        for target, text in (("/etc/resolv.conf", _resolv_conf(node)), ("/etc/hosts", _hosts(node))):
            place = os.path.realpath(target)
            if text is None or not os.path.exists(place):
                continue
            path = f"/sys/{os.path.basename(target)}"
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            _mount(path.encode(), place.encode(), None, _MS_BIND)
        _libc.umount2(b"/sys", _MNT_DETACH)
    _mount(b"sysfs", b"/sys", b"sysfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def _mount(source: bytes, target: bytes, kind: bytes | None, flags: int) -> bool:
    return bool(_libc.mount(source, target, kind, flags, None) == 0)


def _resolv_conf(node: Node) -> str | None:
    search = f"search {node.search}\n" if node.search else ""
    return f"nameserver {node.nameserver}\n{search}" if node.nameserver else "# no resolver here\n"


def _hosts(node: Node) -> str:
    rows = [("127.0.0.1", "localhost"), *node.names]
    return "".join(f"{address}\t{name}\n" for address, name in rows)


def own_proc() -> None:
    """In a child of ``join``'s process: a /proc that shows the lab's processes only."""
    _mount(b"proc", b"/proc", b"proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def environment(node: Node) -> dict[str, str]:
    """The variables of a command inside."""
    path = os.environ.get("PATH", "/usr/bin:/bin")
    return {
        **os.environ,
        "PATH": f"{path}:/usr/local/sbin:/usr/sbin:/sbin",
        NODE_VARIABLE: node.name,
        "XTABLES_LOCKFILE": LOCK_FILE,
    }


def entry(doors: Doors, node: Node) -> Callable[[], None]:
    """For ``subprocess``'s preexec_fn: the started program runs inside, in all respects, and not longer than
    the process that started it.

        caller ── fork ── stays outside the process namespace, ends as the program does
                              └── fork ── the program's keeper, inside
                                              └── fork ── the program
    """
    caller = os.getpid()

    def enter() -> None:
        outer = [os.pidfd_open(caller), os.pidfd_open(os.getpid())]
        if os.getppid() != caller:
            os._exit(1)
        join(doors, node)
        keeper = os.fork()
        if keeper == 0:
            own_proc()
            keep(outer)
            return
        for number in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        os.closerange(0, 1 << 16)
        _, status = os.waitpid(keeper, 0)
        os._exit(as_status(status))

    return enter


def run(
    doors: Doors,
    node: Node,
    argv: Sequence[str],
    *,
    feed: str | None = None,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command inside and collect what it says.

    Raises LabError when the command is not there, subprocess.TimeoutExpired when it takes too long.
    """
    try:
        return subprocess.run(
            fitted(doors, argv), input=feed, stdin=subprocess.DEVNULL if feed is None else None,
            capture_output=True, text=True, check=False, timeout=timeout,
            env={**environment(node), **(env or {})}, preexec_fn=entry(doors, node),
        )  # fmt: skip
    except FileNotFoundError:
        raise LabError(said("the command {0!r} is not installed", argv[0])) from None


def fitted(doors: Doors, argv: Sequence[str]) -> list[str]:
    """The command as it works without root: tcpdump cannot become another user there."""
    if doors.user is not None and os.path.basename(argv[0]) == "tcpdump":
        return [argv[0], "-Z", "root", *argv[1:]]
    return list(argv)


def replace(doors: Doors, node: Node, argv: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Run a command inside with this process's own terminal and files; its exit status."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    try:
        process = subprocess.Popen(
            fitted(doors, argv),
            env={**environment(node), **(env or {})},
            preexec_fn=_with_signals(entry(doors, node)),
            close_fds=False,
        )
    except FileNotFoundError:
        raise LabError(said("the command {0!r} is not installed", argv[0])) from None
    except PermissionError:
        raise LabError(said("the command {0!r} may not be run", argv[0])) from None
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: process.send_signal(got))
    code = process.wait()
    return code if code >= 0 else 128 - code


def _with_signals(enter: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        enter()
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)

    return both
