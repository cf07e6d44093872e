"""Where an owner is met: a socket of the abstract namespace, by a name that nobody else can hold.

Any user may bind any abstract name that is free, and see those that are bound. So a lab's name is not one
that can be known beforehand (it ends with random digits); it is looked for among those that there are, and
the kernel says whose a socket is: what other users bind is passed over.

    @sekisho-lab/UID/NAME/up/DIGITS      the owner answers there
    @sekisho-lab/UID/NAME/by/DIGITS      for as long as it lives: so that of two that start one goes on

The digits begin with the time since the machine started: older labs come first.
"""

from __future__ import annotations

import errno
import os
import random
import re
import secrets
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.errors import said
from sekisho.lab import netlink
from sekisho.lab.namespaces import LabError
from sekisho.values.names import LabName, lab_name

_PREFIX = "sekisho-lab"
_SO_PEERCRED = 17
_QUEUE = 4096
_WAIT = 10.0  # seconds for the owner to take a connection
_TOGETHER = 5.0  # seconds for several of one name that start at once
# include/uapi/linux/{sock_diag,unix_diag}.h; states are bits: TCP_LISTEN is 10.
_NETLINK_SOCK_DIAG, _DIAG_BY_FAMILY, _LISTENING = 4, 20, 1 << 10
_SHOW_NAME, _SHOW_UID, _DIAG_NAME, _DIAG_UID = 1, 0x40, 0, 7
# net/unix/af_unix.c, unix_seq_show: address, users, protocol, flags (it listens), type, state, inode, name.
_LISTENS = re.compile(rb"[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ 00010000 [0-9A-F]+ [0-9A-F]+ +[0-9]{1,20} @([^@]*)\n")
_DIGITS = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, order=True)
class _Spot:
    since: str
    kind: str
    name: LabName
    uid: int

    @property
    def address(self) -> str:
        return f"\0{_PREFIX}/{self.uid}/{self.name}/{self.kind}/{self.since}"


def take(name: LabName, uid: int) -> tuple[socket.socket, socket.socket]:
    """The owner's socket, and one that it keeps, for the user ``uid`` as whoever asks for the lab is numbered
    where they ask. Raises LabError where a lab of that name stands already."""
    until = time.monotonic() + _TOGETHER
    while True:
        spot, kept = _bind(name, "by", uid)
        others = [other for other in _own(uid) if other.name == name and other != spot]
        if not others:
            return _bind(name, "up", uid)[1], kept
        kept.close()
        # Whoever else is there answers already, or begins at this moment as well.
        if any(other.kind == "up" for other in others) or time.monotonic() > until:
            raise LabError(
                said("a lab named {0!r} stands already", name),
                advice=said("end it with: sekisho lab down {0}", name),
            )
        time.sleep(random.uniform(0.002, 0.02))


def meet(name: str) -> socket.socket | None:
    """A connection to the owner of this user's lab of that name; None where none stands."""
    uid = os.geteuid()
    for spot in sorted(_own(uid)):
        if spot.name == name and spot.kind == "up":
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(_WAIT)
            try:
                sock.connect(spot.address)
            except OSError:  # it ended meanwhile
                sock.close()
                continue
            if peer(sock)[1] == uid:
                return sock
            sock.close()
    return None


def names() -> list[str]:
    """The names of this user's labs that stand, oldest first."""
    return [spot.name for spot in sorted(_own(os.geteuid())) if spot.kind == "up"]


def peer(sock: socket.socket) -> tuple[int, int]:
    """Process and user at the other end, as the kernel knows them (unix(7), SO_PEERCRED)."""
    credentials = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", credentials)
    return pid, uid


def _bind(name: LabName, kind: str, uid: int) -> tuple[_Spot, socket.socket]:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    while True:
        since = f"{time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000:010x}{secrets.token_hex(3)}"
        spot = _Spot(since, kind, name, uid)
        try:
            sock.bind(spot.address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            sock.close()
            raise LabError(
                said("cannot make a socket for the lab {0!r}: {1}", name, error.strerror)
            ) from None
        sock.listen(_QUEUE if kind == "up" else 0)
        return spot, sock


def _own(uid: int) -> list[_Spot]:
    """This user's spots. ``uid``: the user's number on the machine."""
    try:
        addresses = list(_asked())
    except OSError:  # a kernel without unix_diag, or older than 5.3
        addresses = list(_listed(f"{_PREFIX}/{uid}/".encode()))
    return [spot for address in addresses if (spot := _spot(address, uid)) is not None]


def _asked() -> Iterator[bytes]:
    """The abstract names that this user's sockets listen by. Raises OSError where the kernel does not say."""
    uid = os.geteuid()
    body = struct.pack("=BBxxIIIII", socket.AF_UNIX, 0, _LISTENING, 0, _SHOW_NAME | _SHOW_UID, 0, 0)
    flags = netlink.NLM_F_REQUEST | netlink.NLM_F_DUMP
    request = struct.pack("=IHHII", 16 + len(body), _DIAG_BY_FAMILY, flags, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as sock:
        for payload in netlink.ask(sock, request):
            parts = netlink.attributes(payload[16:])
            if _DIAG_UID not in parts:
                raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
            name = bytes(parts.get(_DIAG_NAME, memoryview(b"")))
            if int.from_bytes(parts[_DIAG_UID], "little") == uid and name.startswith(b"\0"):
                yield name[1:]


def _listed(head: bytes) -> Iterator[bytes]:
    """The same by the list of all sockets, in which names of other users stand as they bound them: each is
    called."""
    with open("/proc/net/unix", "rb") as file:
        found = [match[1] for line in file if head in line and (match := _LISTENS.fullmatch(line))]
    for name in found:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            if sock.connect_ex(b"\0" + name) == 0 and peer(sock)[1] == os.geteuid():
                yield name


def _spot(address: bytes, uid: int) -> _Spot | None:
    try:
        prefix, owner, name, kind, since = address.decode().split("/")
        spot = _Spot(since, kind, lab_name(name), uid)
    except ValueError:
        return None
    good = (prefix, owner) == (_PREFIX, str(uid)) and kind in ("up", "by") and _DIGITS.fullmatch(since)
    return spot if good else None
