"""Why the kernel threw a packet away: the tracepoint skb:kfree_skb, read through a perf event.

The event belongs to a file descriptor of this thread and counts only what happens in this thread's
context, which is where an injected frame is processed; nothing is mounted, switched on globally or
left behind. The names are those of ``enum skb_drop_reason`` (include/net/dropreason-core.h), taken
from the tracepoint's own format description because the numbers change between kernels.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import re
import struct

from sekisho.values.numbers import DIGITS

_SYS_PERF_EVENT_OPEN, _SYS_FSOPEN, _SYS_FSCONFIG, _SYS_FSMOUNT = 298, 430, 431, 432
_AARCH64_PERF_EVENT_OPEN = 241
_FSCONFIG_CMD_CREATE = 6
_PERF_TYPE_TRACEPOINT, _PERF_SAMPLE_RAW = 2, 1 << 10
_PERF_RECORD_SAMPLE = 9
_PERF_FLAG_FD_CLOEXEC = 8
_PERF_EVENT_IOC_SET_FILTER = 0x40082406
_DATA_HEAD, _DATA_TAIL = 1024, 1032
_PAGES = 64
_EVENT = "events/skb/kfree_skb"

# What the kernel drops in the far ends' stack, or has merely consumed, and what becomes of the reports about
# groups that a bridge without ports or an interface writes itself: no reason of the host's.
_NOT_A_REASON = frozenset({"OTHERHOST", "NO_TX_TARGET", "QDISC_DROP"})

_libc = ctypes.CDLL(None, use_errno=True)


def _syscall(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _open_tracefs() -> int:
    """A detached tracefs: it is attached nowhere and gone when the descriptor is closed."""
    context = _syscall(_SYS_FSOPEN, b"tracefs", 1)
    try:
        _syscall(_SYS_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)
        return _syscall(_SYS_FSMOUNT, context, 1, 0)
    finally:
        os.close(context)


def _read(folder: int, name: str) -> str:
    handle = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(handle) as file:
        return file.read()


class DropLog:
    """Drop reasons of the calling thread's packets, in order. Raises OSError where not available."""

    def __init__(self) -> None:
        folder = _open_tracefs()
        try:
            identifier = int(_read(folder, f"{_EVENT}/id"))
            layout = _read(folder, f"{_EVENT}/format")
        finally:
            os.close(folder)
        self._names = {int(number): name for number, name in re.findall(r'\{ (\w+), "(\w+)" \}', layout)}
        self._reason_at = _offset(layout, "reason")
        self._protocol_at = _offset(layout, "protocol")
        attr = struct.pack("=IIQQQQ", _PERF_TYPE_TRACEPOINT, 112, identifier, 1, _PERF_SAMPLE_RAW, 0)
        buffer = ctypes.create_string_buffer(attr + bytes(112 - len(attr)), 112)
        number = _AARCH64_PERF_EVENT_OPEN if os.uname().machine == "aarch64" else _SYS_PERF_EVENT_OPEN
        self._fd = _syscall(number, buffer, 0, -1, -1, _PERF_FLAG_FD_CLOEXEC)
        page = mmap.PAGESIZE
        self._size = _PAGES * page
        self._page = page
        self._ring = mmap.mmap(self._fd, page + self._size)
        self._exclude_foreign()

    def _exclude_foreign(self) -> None:
        wanted = " && ".join(
            f"reason != {number}" for number, name in self._names.items() if name in _NOT_A_REASON
        )
        # Without a filter there is only more to read.
        try:
            fcntl.ioctl(self._fd, _PERF_EVENT_IOC_SET_FILTER, wanted.encode() + b"\0")
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTTY, errno.EFAULT):
                raise

    def drain(self) -> list[tuple[int, str]]:
        """(ethernet protocol, reason's name) of each packet dropped since the last call."""
        ring = self._ring
        (head,) = struct.unpack_from("=Q", ring, _DATA_HEAD)
        (tail,) = struct.unpack_from("=Q", ring, _DATA_TAIL)
        if head == tail:
            return []
        found: list[tuple[int, str]] = []
        while tail < head:
            kind, _, size = struct.unpack("=IHH", self._bytes(tail, 8))
            if size == 0:
                break
            if kind == _PERF_RECORD_SAMPLE:
                raw = self._bytes(tail + 12, size - 12)
                (reason,) = struct.unpack_from("=I", raw, self._reason_at)
                (protocol,) = struct.unpack_from("=H", raw, self._protocol_at)
                name = self._names.get(reason, str(reason))
                if name not in _NOT_A_REASON:
                    found.append((protocol, name))
            tail += size
        struct.pack_into("=Q", ring, _DATA_TAIL, tail)
        return found

    def _bytes(self, position: int, count: int) -> bytes:
        start = self._page + position % self._size
        end = start + count
        limit = self._page + self._size
        if end <= limit:
            return self._ring[start:end]
        return self._ring[start:limit] + self._ring[self._page : self._page + end - limit]

    def close(self) -> None:
        """Stop listening."""
        self._ring.close()
        os.close(self._fd)


def _offset(layout: str, field: str) -> int:
    found = re.search(rf"\b{field};\s+offset:({DIGITS});", layout)
    if found is None:
        raise OSError(errno.ENOTSUP, f"the tracepoint skb:kfree_skb has no field {field!r}")
    return int(found.group(1))
