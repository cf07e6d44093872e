"""The neighbours that a namespace has learned by asking, forgotten: each probe finds the host as captured.

A neighbour that an earlier probe found is one that the next need not ask for, and one that does not answer
keeps packets waiting in silence until the kernel gives up.

    ndmsg      family u8, 3 bytes, interface s32, state u16, flags u8, type u8

include/uapi/linux/neighbour.h.
"""

from __future__ import annotations

import errno
import socket
import struct

from sekisho.lab import netlink

_DELETE, _GET = 29, 30
_DESTINATION = 1
_NOARP, _PERMANENT = 0x40, 0x80
_MESSAGE = struct.Struct("=BxxxiHBB")


class Learned:
    """The neighbours of the namespace that the thread is in when this is made."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, 0))

    def forget(self) -> bool:
        """Let go of whatever nobody wrote down; what waits for it is thrown away. Whether there was anything:
        its sender is told that it was in vain, and may have to be asked for himself."""
        found = False
        every = netlink.request(_GET, netlink.NLM_F_DUMP, bytes(_MESSAGE.size))
        for payload in list(netlink.ask(self._socket, every)):
            family, interface, state, flags, _ = _MESSAGE.unpack_from(payload)
            if state & (_NOARP | _PERMANENT):
                continue
            found = True
            address = netlink.attributes(payload[_MESSAGE.size :])[_DESTINATION]
            body = _MESSAGE.pack(family, interface, 0, flags, 0)
            body += netlink.attribute(_DESTINATION, bytes(address))
            try:
                list(netlink.ask(self._socket, netlink.request(_DELETE, netlink.NLM_F_ACK, body)))
            except OSError as error:
                if error.errno != errno.ENOENT:  # gone by itself
                    raise
        return found

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
