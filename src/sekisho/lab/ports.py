"""Waiting for a bridge's ports: a port forwards only after the kernel's worker has heard of its carrier.

RTM_GETLINK of family AF_BRIDGE tells each port's state (include/uapi/linux/if_link.h, IFLA_BRPORT_STATE).
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable

from sekisho.errors import said
from sekisho.lab import netlink
from sekisho.lab.namespaces import LabError, NetworkNamespace

_NETLINK_ROUTE, _RTM_GETLINK, _AF_BRIDGE = 0, 18, 7
_IFNAME, _PROTINFO, _STATE = 3, 12, 1
_FORWARDING = 3
_AFTER_IFINFO = 16


def forwarding(sock: socket.socket) -> frozenset[str]:
    """The ports of the socket's namespace that forward frames."""
    body = struct.pack("=BxHiII", _AF_BRIDGE, 0, 0, 0, 0)
    flags = netlink.NLM_F_REQUEST | netlink.NLM_F_DUMP
    request = struct.pack("=IHHII", 16 + len(body), _RTM_GETLINK, flags, 1, 0) + body
    found = set()
    for payload in netlink.ask(sock, request):
        parts = netlink.attributes(payload[_AFTER_IFINFO:])
        about = netlink.attributes(parts[_PROTINFO]) if _PROTINFO in parts else {}
        if _STATE in about and about[_STATE][0] == _FORWARDING:
            found.add(netlink.text(parts[_IFNAME]))
    return frozenset(found)


def wait_for(namespace: NetworkNamespace, names: Iterable[str], seconds: float = 10.0) -> None:
    """Return when all of these ports forward. Raises LabError when one does not within the time."""
    wanted = frozenset(names)
    if not wanted:
        return
    limit = time.monotonic() + seconds
    with namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE) as sock:
        sock.bind((0, 0))
        while not wanted <= (ready := forwarding(sock)):
            if time.monotonic() > limit:
                raise LabError(
                    said("these bridge ports do not begin to forward: {0}", ", ".join(wanted - ready))
                )
            time.sleep(0.001)
