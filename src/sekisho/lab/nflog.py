"""The trace of the legacy iptables tables: the kernel's ``TRACE:`` log records by netlink.

A packet with the trace flag makes ip_tables log each rule that it takes, if the namespace's logger
(sysctl net.netfilter.nf_log.2 and .10) is nfnetlink_log; they come in on group 0:

    TRACE: filter:FORWARD:rule:1    TRACE: filter:X:return:4    TRACE: filter:FORWARD:policy:2

net/ipv4/netfilter/ip_tables.c (trace_packet), net/netfilter/nfnetlink_log.c.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sekisho.lab import netlink
from sekisho.semantics.journey import Hook
from sekisho.values.names import sysctl_key

LOGGER_SYSCTLS = tuple((sysctl_key(f"net.netfilter.nf_log.{family}"), "nfnetlink_log") for family in (2, 10))
_HOOKS: tuple[Hook, ...] = ("prerouting", "input", "forward", "output", "postrouting")
_PACKET_HEADER, _MARK, _IIF, _OIF, _PAYLOAD, _PREFIX = 1, 2, 4, 5, 9, 10
_MSG_CONFIG, _CFG_CMD, _CFG_MODE, _CFG_THRESHOLD = 1, 1, 2, 5
_CMD_BIND, _COPY_PACKET = 1, 2
_COPIED = 80


@dataclass(frozen=True, slots=True)
class LegacyEvent:
    """``kind``: rule, return (end of a user chain), policy; ``number`` as the kernel counts it."""

    hook: Hook
    table: str
    chain: str
    kind: str
    number: int
    mark: int
    iif: int
    oif: int
    ip: bytes


class LegacyTrace:
    """Hears the legacy tables of the namespace that the thread is in when it is made."""

    def __init__(self) -> None:
        self._socket = netlink.open_netfilter(1 << 24)
        for body in (
            netlink.attribute(_CFG_CMD, bytes([_CMD_BIND])),
            netlink.attribute(_CFG_MODE, struct.pack("!IBB", _COPIED, _COPY_PACKET, 0)),
            netlink.attribute(_CFG_THRESHOLD, struct.pack("!I", 1)),
        ):
            request = netlink.netfilter_message(
                netlink.SUBSYS_ULOG, _MSG_CONFIG, netlink.NLM_F_ACK, 0, body, resource=0
            )
            list(netlink.ask(self._socket, request))
        self._socket.setblocking(False)

    def drain(self) -> list[LegacyEvent]:
        """The records since the last call, in order."""
        found: list[LegacyEvent] = []
        while True:
            try:
                data = self._socket.recv(1 << 16)
            except BlockingIOError:
                return found
            for _, payload in netlink.messages(data):
                event = _read(payload)
                if event is not None:
                    found.append(event)

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


def _read(payload: memoryview) -> LegacyEvent | None:
    parts = netlink.attributes(payload[4:])
    prefix = netlink.text(parts[_PREFIX]) if _PREFIX in parts else ""
    words = prefix.removeprefix("TRACE: ").strip().split(":")
    if not prefix.startswith("TRACE: ") or len(words) < 4:
        return None
    # A chain's name may hold colons itself.
    table, chain, kind, count = words[0], ":".join(words[1:-2]), words[-2], words[-1]
    hook = _HOOKS[parts[_PACKET_HEADER][2]]
    value = {key: netlink.number(parts[key]) if key in parts else 0 for key in (_MARK, _IIF, _OIF)}
    return LegacyEvent(
        hook, table, chain, kind, int(count), value[_MARK], value[_IIF], value[_OIF],
        bytes(parts.get(_PAYLOAD, b"")),
    )  # fmt: skip
