"""Frames of an interface as a pcap file, which tcpdump and Wireshark read."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import time

from sekisho.errors import said
from sekisho.lab.namespaces import LabError
from sekisho.lab.system.control import Doors
from sekisho.lab.system.look import apart_once, step_into

_ETH_P_ALL = 3
_MAGIC, _ETHERNET, _SNAP = 0xA1B2C3D4, 1, 262_144
_HEAD = struct.pack("=IHHiIII", _MAGIC, 2, 4, 0, 0, _SNAP, _ETHERNET)


def record(
    doors: Doors, node: str, interface: str, out: int, count: int | None = None, seconds: float | None = None
) -> int:
    """Write what passes the interface, both directions, to the descriptor ``out``; how many frames.

    Ends after ``count`` frames, after ``seconds``, or when it is interrupted. Raises LabError for an
    interface that the node does not have.
    """
    return apart_once(doors, lambda: _record(doors, node, interface, out, count, seconds))


def _record(
    doors: Doors, node: str, interface: str, out: int, count: int | None, seconds: float | None
) -> int:
    step_into(doors, node)
    names = [name for _, name in socket.if_nameindex()]
    if interface not in names:
        raise LabError(
            said("{0!r} has no interface {1!r}", node, interface),
            advice=said("it has: {0}", ", ".join(names)),
        )
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _: stopped.append(got))
    wake, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    seen = 0
    until = None if seconds is None else time.monotonic() + seconds
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)) as sock:
        sock.bind((interface, _ETH_P_ALL))
        os.write(out, _HEAD)
        while not stopped and (count is None or seen < count):
            left = None if until is None else max(0.0, until - time.monotonic())
            ready, _, _ = select.select([sock.fileno(), wake], [], [], left)
            if not ready:
                break
            if sock.fileno() not in ready:
                continue
            frame = sock.recv(_SNAP)
            second, rest = divmod(time.time_ns(), 1_000_000_000)
            os.write(out, struct.pack("=IIII", second, rest // 1000, len(frame), len(frame)) + frame)
            seen += 1
    return seen
