"""What stands inside nodes right now, asked of the kernel: interfaces, addresses, listeners, counters."""

from __future__ import annotations

import ctypes
import os
import pickle
import socket
import struct
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from sekisho.errors import said
from sekisho.lab import netlink, powers
from sekisho.lab.namespaces import CLONE_NEWNET, LabError
from sekisho.lab.system.control import Doors
from sekisho.lab.tools import ending_with_parent
from sekisho.values.address import Address

_NEWUSER = 0x10000000
_GETLINK, _GETADDR = 18, 22
(_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MASTER, _IFLA_STATS64, _IFLA_CARRIER) = 1, 3, 10, 23, 33
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
# include/uapi/linux/{sock_diag,inet_diag}.h; states are bits: TCP_LISTEN is 10, an unconnected UDP socket 7.
_SOCK_DIAG, _DIAG_BY_FAMILY = 4, 20
_LISTENING = {"tcp": (6, 1 << 10), "udp": (17, 1 << 7)}
_IFF_UP = 1
# To step into nodes, and what is done there; Python's files may be where only one user may enter.
_POWERS = (
    powers.SYS_ADMIN, powers.NET_ADMIN, powers.NET_RAW, powers.NET_BIND_SERVICE, powers.DAC_READ_SEARCH,
)  # fmt: skip

_libc = ctypes.CDLL(None, use_errno=True)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SeenInterface:
    """``rx``/``tx``: packets, bytes, dropped."""

    name: str
    mac: str
    up: bool
    carrier: bool
    master: str | None
    addresses: tuple[str, ...]
    rx: tuple[int, int, int]
    tx: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class SeenNode:
    """A node as it is. ``listeners``: (proto, address, port). ``connections``: tracked ones, None where
    connection tracking is not used."""

    name: str
    interfaces: tuple[SeenInterface, ...]
    listeners: tuple[tuple[str, str, int], ...]
    connections: int | None
    forwarding: bool


def apart(doors: Doors, nodes: Sequence[str], act: Callable[[str], _T]) -> dict[str, _T]:
    """Run ``act`` inside each node, in a process made for it; results by node."""

    def each() -> dict[str, _T]:
        found = {}
        for name in nodes:
            step_into(doors, name)
            found[name] = act(name)
        return found

    return apart_once(doors, each)


def apart_once(doors: Doors, act: Callable[[], _T]) -> _T:
    """Run ``act``, which may ``step_into`` nodes, in a process made for it.

    Neither this process nor its threads ever leave where they are; the one made ends with them. The result
    must be picklable.
    Raises LabError as ``act`` does, and for what the system refuses.
    """
    reading, writing = os.pipe()
    bind = ending_with_parent()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as out:
                pickle.dump(_outcome(doors, act, bind), out)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as found:
        data = found.read()
    os.waitpid(child, 0)
    if not data:
        raise LabError("a look into the lab was interrupted")
    worked, answer = pickle.loads(data)
    if not worked:
        raise LabError(answer[0], text=answer[1], advice=answer[2])
    return cast(_T, answer)


def _outcome(doors: Doors, act: Callable[[], _T], bind: Callable[[], None]) -> tuple[bool, object]:
    try:
        if doors.user is not None:
            _set(doors.user, _NEWUSER)
        powers.give_up_all_but(_POWERS)
        powers.never_gain()
        bind()  # after that: powers that are gained undo it
        return True, act()
    except LabError as error:
        return False, (error.said_what, error.text, error.said_advice)
    except OSError as error:
        return False, (said("cannot look into the lab: {0}", error.strerror), "", "")
    except Exception:
        return False, ("a look into the lab failed", "", traceback.format_exc())


def step_into(doors: Doors, node: str) -> None:
    """Move this thread into a node's network, for good. Only for processes of ``apart_once``."""
    _set(doors.net[node], CLONE_NEWNET)


def _set(fd: int, kind: int) -> None:
    if _libc.setns(fd, kind) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def look(name: str) -> SeenNode:
    """The namespace that this process is in."""
    return SeenNode(name, tuple(_interfaces()), tuple(_listeners()), _connections(), _forwarding())


def _interfaces() -> Iterator[SeenInterface]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        links = list(netlink.ask(sock, _dump(_GETLINK)))
        addresses: dict[int, list[str]] = {}
        for payload in netlink.ask(sock, _dump(_GETADDR)):
            family, length = payload[0], payload[1]
            (index,) = struct.unpack_from("=I", payload, 4)
            parts = netlink.attributes(payload[8:])
            raw = bytes(parts.get(_IFA_LOCAL, parts[_IFA_ADDRESS]))
            address = Address(4 if family == socket.AF_INET else 6, int.from_bytes(raw, "big"))
            addresses.setdefault(index, []).append(f"{address}/{length}")
    seen = []
    names: dict[int, str] = {}
    for payload in links:
        index, flags = struct.unpack_from("=iI", payload, 4)
        parts = netlink.attributes(payload[16:])
        names[index] = netlink.text(parts[_IFLA_IFNAME])
        seen.append((index, flags, parts))
    for index, flags, parts in seen:
        counts = struct.unpack_from("=8Q", parts[_IFLA_STATS64])
        master = int.from_bytes(parts[_IFLA_MASTER], "little") if _IFLA_MASTER in parts else 0
        yield SeenInterface(
            names[index], bytes(parts.get(_IFLA_ADDRESS, memoryview(b""))).hex(":"), bool(flags & _IFF_UP),
            _IFLA_CARRIER in parts and parts[_IFLA_CARRIER][0] == 1, names.get(master),
            tuple(addresses.get(index, ())),
            (counts[0], counts[2], counts[6]), (counts[1], counts[3], counts[7]),
        )  # fmt: skip


def _dump(message: int) -> bytes:
    body = bytes(16)
    flags = netlink.NLM_F_REQUEST | netlink.NLM_F_DUMP
    return struct.pack("=IHHII", 16 + len(body), message, flags, 1, 0) + body


def _listeners() -> Iterator[tuple[str, str, int]]:
    """By sock_diag, which goes through listening sockets only, and not through the machine's tables."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as sock:
        for proto, (number, states) in _LISTENING.items():
            for family in (socket.AF_INET, socket.AF_INET6):
                body = struct.pack("=BBBxI", family, number, 0, states) + bytes(48)
                flags = netlink.NLM_F_REQUEST | netlink.NLM_F_DUMP
                request = struct.pack("=IHHII", 16 + len(body), _DIAG_BY_FAMILY, flags, 1, 0) + body
                for payload in netlink.ask(sock, request):
                    (port,) = struct.unpack_from("!H", payload, 4)
                    raw = bytes(payload[8:12] if family == socket.AF_INET else payload[8:24])
                    address = Address(4 if family == socket.AF_INET else 6, int.from_bytes(raw, "big"))
                    yield proto, str(address), port


def _connections() -> int | None:
    try:
        with open("/proc/sys/net/netfilter/nf_conntrack_count") as file:
            return int(file.read())
    except OSError:
        return None


def _forwarding() -> bool:
    with open("/proc/sys/net/ipv4/ip_forward") as file:
        return file.read().strip() == "1"
