"""The owner: one process that holds a system's namespaces. When it ends, the kernel removes all.

It is the first process of a process namespace of its own, so that everything started inside ends with
it, and it is found by a socket of the abstract namespace, which ends with it as well: nothing is ever
written to a disk, and nothing is looked for by name among the machine's processes.

    lab up ── fork ── (user, process and mount namespaces) ── fork ── owner
                                                                        │ socket pair: progress, ready
    lab exec, status, down ───────── abstract socket ───────────────────┘ (namespaces as descriptors)
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import pickle
import signal
import socket
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from sekisho.errors import Said, said
from sekisho.lab import loading, powers
from sekisho.lab.namespaces import CLONE_NEWNET, LabError
from sekisho.lab.system import control, whereabouts
from sekisho.lab.system.plan import Plan

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
_MS_REC, _MS_PRIVATE, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 0x4000, 1 << 18, 2, 4, 8
_PR_SET_NAME = 15
# Files may have to be read below a folder that only some user may enter: under sudo, Python's own are there.
_SERVES = (powers.SYS_ADMIN, powers.DAC_READ_SEARCH)  # docker-proxy's sockets are made in their namespaces
_BUILDS = (
    *_SERVES, powers.NET_ADMIN, powers.NET_RAW, powers.NET_BIND_SERVICE, powers.SYS_CHROOT, powers.SETPCAP,
    powers.SYS_RESOURCE,
)  # fmt: skip

Progress = Callable[[str, int, int], None]

# Bytes of one message; of it each text has so many letters, none longer than its two \\uXXXX.
_MESSAGE = 1 << 16
_SAID = 1800
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Started:
    """``pid`` as the starting process sees it; ``link`` ends when the owner does (and, for an attached
    owner, the owner when it is closed)."""

    pid: int
    seconds: dict[str, float]
    remarks: tuple[str, ...]
    link: socket.socket = field(compare=False)


def start(plan: Plan, *, attached: bool = False, progress: Progress = lambda *_: None) -> Started:
    """Make an owner and let it build the plan; returns once everything stands.

    ``attached``: the owner ends when this process does. Raises LabError with what could not be built,
    or when a system of that name stands already.
    """
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    uid = os.geteuid()  # in a user namespace of its own the child has another number
    rootless = uid != 0
    with warnings.catch_warnings():
        # The child runs on without the other threads and never comes back to the caller's code.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _in_child(plan, theirs, rootless, attached, uid)
    theirs.close()
    os.waitpid(child, 0)
    return _hear(mine, plan.name, progress)


def _hear(link: socket.socket, name: str, progress: Progress) -> Started:
    while True:
        data = link.recv(_MESSAGE)
        if not data:
            link.close()
            raise LabError(said("the owner of {0!r} was ended while it was building", name))
        news = json.loads(data)
        if "progress" in news:
            progress(*news["progress"])
        elif "error" in news:
            link.close()
            raise LabError(heard(news["error"]), text=news["text"], advice=heard(news["advice"]))
        else:
            client = control.Client(name)
            remarks = client.state()["remarks"]  # however many: a message over the link has its length
            client.close()
            assert isinstance(remarks, list)
            return Started(client.pid, news["seconds"], tuple(remarks), link)


# ------------------------------------------------------------------------------- in the child


def _in_child(plan: Plan, link: socket.socket, rootless: bool, attached: bool, uid: int) -> None:
    status = 1
    try:
        os.setsid()
        _close_all_but(link.fileno())
        apart = new_namespaces(rootless)
        if os.fork() == 0:
            _own(plan, link, attached, apart, uid)
        status = 0
    except OSError as error:
        _fail(link, said("this system does not let the lab make namespaces: {0}", error.strerror), "",
              "see: sekisho lab doctor")  # fmt: skip
    finally:
        os._exit(status)


def _close_all_but(kept: int) -> None:
    """The caller's files are not ours to hold open; the standard ones become nothing."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") > 0 else 1 << 16)


def new_namespaces(rootless: bool) -> bool:
    """Leave the machine's process and mount namespaces; whether in a user namespace of one's own.

    Such a one comes first where ``rootless``, and where root may not do it otherwise, as in a container.
    """
    if not rootless:
        with suppress(PermissionError):
            _unshare(CLONE_NEWPID | CLONE_NEWNS)
            return False
    uid, gid = os.geteuid(), os.getegid()
    _unshare(CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    _unshare(CLONE_NEWPID | CLONE_NEWNS)
    return True


def _unshare(what: int) -> None:
    if _libc.unshare(what) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _own(plan: Plan, link: socket.socket, attached: bool, apart: bool, uid: int) -> None:
    """The owner's whole life; it never returns."""
    status = 1
    try:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.chdir("/")
        _libc.prctl(_PR_SET_NAME, b"sekisho-lab", 0, 0, 0)
        listener, _kept = whereabouts.take(plan.name, uid)
        _unshare(CLONE_NEWNET)  # not even by mistake in the machine's own
        _own_proc()
        status = _build_and_serve(plan, link, listener, attached, apart)
    except LabError as error:
        _fail(link, error.said_what, error.text, error.said_advice)
    except BaseException as error:
        _fail(link, f"{type(error).__name__}: {error}", "", traceback.format_exc(limit=-4)[-_SAID:])
    finally:
        os._exit(status)


def _own_proc() -> None:
    """A /proc in which this process is number 1, so that paths below it are the same for its children."""
    _libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
    if _libc.mount(b"proc", b"/proc", b"proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, None) != 0:
        raise LabError(
            said("cannot mount /proc: {0}", os.strerror(ctypes.get_errno())), advice="see: sekisho lab doctor"
        )


def _build_and_serve(
    plan: Plan, link: socket.socket, listener: socket.socket, attached: bool, apart: bool
) -> int:
    from sekisho.lab.system.build import build

    began = time.perf_counter()
    # Nothing that was made until now will be thrown away.
    gc.disable()
    loading.have_modules(item.load for item in plan.loads)
    powers.never_gain()
    powers.give_up_all_but(_BUILDS)
    standing = build(plan, lambda *told: _tell(link, progress=told))
    gc.enable()
    gc.freeze()

    import asyncio

    from sekisho.lab.system.servers import serve

    async def live() -> None:
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        desk = control.Desk(standing, pickle.dumps(plan), apart)
        loop.add_reader(listener, desk.answer, listener)
        await serve(standing)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        powers.give_up_all_but(_SERVES)
        standing.seconds["in all"] = time.perf_counter() - began
        _tell(link, seconds=standing.seconds)
        if attached:
            loop.add_reader(link, ended.set_result, None)
        else:
            link.close()
        await ended

    asyncio.run(live())
    return 0


def _fail(link: socket.socket, error: str | Said, text: str, advice: str | Said) -> None:
    _tell(link, error=told(error), text=text[:_SAID], advice=told(advice))


def told(sentence: str | Said) -> object:
    """A sentence as JSON, one of ours with what stands in its places, for other languages; as letters where
    that is too long."""
    whole = _as_json(sentence)
    return whole if len(json.dumps(whole)) <= _SAID * 12 else str(sentence)[:_SAID]


def _as_json(part: object) -> object:
    if isinstance(part, ValueError) and part.args:
        part = part.args[0]
    return [part.template, *map(_as_json, part.args)] if isinstance(part, Said) else str(part)[:_SAID]


def heard(sentence: object) -> str | Said:
    """What ``told`` made JSON of."""
    if not isinstance(sentence, list):
        return str(sentence)
    template, *args = sentence
    return said(template, *map(heard, args))


def _tell(link: socket.socket, **what: object) -> None:
    """One message, of ``_MESSAGE`` bytes at most, to the starting process. When it is gone, so is the reason
    to go on."""
    try:
        link.send(json.dumps(what).encode())
    except OSError:
        os._exit(1)
