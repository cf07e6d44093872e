"""rtnetlink messages that make links, addresses, routes and rules: many in one system call.

    ifinfomsg  family u8, pad u8, type u16, index i32, flags u32, change u32
    ifaddrmsg  family u8, prefix length u8, flags u8, scope u8, index u32
    rtmsg      family, dst length, src length, tos, table, protocol, scope, type: u8 each, flags u32
    fib_rule_hdr  family, dst length, src length, tos, table, res, res, action: u8 each, flags u32

include/uapi/linux/{rtnetlink,if_link,if_addr,fib_rules,veth}.h; numbers are the machine's byte order.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping, Sequence

from sekisho.lab.namespaces import LabError
from sekisho.lab.netlink import NLM_F_ACK, NLM_F_REQUEST, NLMSG_ERROR, attribute, attributes, nested, text
from sekisho.lab.system.plan import Bridge, OnLink, PlannedRoute, PlannedRule, Wire
from sekisho.values.address import Address

_NEWLINK, _SETLINK, _NEWADDR, _NEWROUTE, _NEWRULE = 16, 19, 20, 24, 32
_CREATE, _EXCL, _APPEND = 0x400, 0x200, 0x800
_IFF_UP = 1
(_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER, _IFLA_PROTINFO, _IFLA_LINKINFO,
 _IFLA_NET_NS_FD) = (1, 3, 4, 10, 12, 18, 28)  # fmt: skip
_INFO_KIND, _INFO_DATA, _VETH_PEER, _BRPORT_MODE = 1, 2, 1, 4
_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST, _IFA_FLAGS = 1, 2, 4, 8
_NODAD, _NOPREFIXROUTE = 2, 0x200
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_PREFSRC, _RTA_TABLE = 1, 4, 5, 6, 7, 15
_RTNH_ONLINK = 4
_FRA_SRC, _FRA_IIF, _FRA_PRIORITY, _FRA_TABLE = 2, 3, 6, 15
_EXT_ACK, _CAP_ACK, _SOL_NETLINK = 11, 10, 270
_AF = {4: socket.AF_INET, 6: socket.AF_INET6}
_AF_BRIDGE = 7

PROTOCOLS = {"kernel": 2, "boot": 3, "static": 4, "ra": 9, "dhcp": 16}
SCOPES = {"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}
KINDS = {
    "unicast": 1,
    "local": 2,
    "broadcast": 3,
    "blackhole": 6,
    "unreachable": 7,
    "prohibit": 8,
    "throw": 9,
}

Index = Mapping[str, int]
Body = tuple[int, int, bytes]  # message type, further flags, what follows the header

_u32 = struct.Struct("=I").pack


def set_up(index: int) -> Body:
    """Switch an interface on."""
    return _SETLINK, 0, struct.pack("=BBHiII", 0, 0, 0, index, _IFF_UP, _IFF_UP)


def add_bridge(bridge: Bridge, index: int) -> Body:
    """A bridge with its index."""
    return (
        _NEWLINK,
        _CREATE | _EXCL,
        (
            _link_head(index, bridge.up)
            + _name(bridge.name)
            + _mac(bridge.mac)
            + _mtu(bridge.mtu)
            + nested(_IFLA_LINKINFO, attribute(_INFO_KIND, b"bridge"))
        ),
    )


def add_wire(wire: Wire, index: int, far_index: int, far_fd: int, master: int | None) -> Body:
    """A veth pair: the near end here, up and in its bridge, the far end in the namespace ``far_fd``.

    The far end stays down: while the pair is being made the kernel cannot open it (ENOTCONN).
    """
    peer = (
        _link_head(far_index, False)
        + _name(wire.far_name)
        + _mac(wire.far_mac)
        + _mtu(wire.mtu)
        + attribute(_IFLA_NET_NS_FD, _u32(far_fd))
    )
    info = attribute(_INFO_KIND, b"veth") + nested(_INFO_DATA, attribute(_VETH_PEER, peer))
    body = _link_head(index, wire.up) + _name(wire.name) + _mac(wire.mac) + _mtu(wire.mtu)
    if master is not None:
        body += attribute(_IFLA_MASTER, _u32(master))
    return _NEWLINK, _CREATE | _EXCL, body + nested(_IFLA_LINKINFO, info)


def enslave(index: int, master: int) -> Body:
    """Make an interface a port of a bridge."""
    return _SETLINK, 0, struct.pack("=BBHiII", 0, 0, 0, index, 0, 0) + attribute(_IFLA_MASTER, _u32(master))


def hairpin(index: int) -> Body:
    """Let a bridge send a frame back out of the port that it came from."""
    head = struct.pack("=BBHiII", _AF_BRIDGE, 0, 0, index, 0, 0)
    return _SETLINK, 0, head + nested(_IFLA_PROTINFO, attribute(_BRPORT_MODE, b"\1"))


def add_address(item: OnLink, index: int) -> Body:
    """An address, ready at once (no duplicate address detection)."""
    flags = (0 if item.connected else _NOPREFIXROUTE) | (_NODAD if item.address.family == 6 else 0)
    head = struct.pack(
        "=BBBBI", _AF[item.address.family], item.length, 0, SCOPES[item.scope or "global"], index
    )
    body = head + attribute(_IFA_LOCAL, raw(item.address))
    body += attribute(_IFA_ADDRESS, raw(item.peer or item.address))
    if item.broadcast is not None:
        body += attribute(_IFA_BROADCAST, raw(item.broadcast))
    return _NEWADDR, _CREATE | _EXCL, body + attribute(_IFA_FLAGS, _u32(flags))


def add_route(route: PlannedRoute, index: Index) -> Body:
    """A route; like ``ip route add``, its scope follows from its gateway where none is given."""
    if route.scope is not None:
        scope = SCOPES[route.scope]
    elif route.kind == "unicast" and route.via is None and route.dst.family == 4:
        scope = SCOPES["link"]
    else:
        scope = SCOPES["host"] if route.kind == "local" else 0
    table = route.table if route.table < 256 else 0
    body = struct.pack(
        "=BBBBBBBBI", _AF[route.dst.family], route.dst.length, 0, 0, table,
        PROTOCOLS[route.proto or "boot"], scope, KINDS[route.kind], _RTNH_ONLINK if route.onlink else 0,
    )  # fmt: skip
    body += attribute(_RTA_TABLE, _u32(route.table))
    if route.dst.length:
        body += attribute(_RTA_DST, raw(route.dst.address))
    if route.via is not None:
        body += attribute(_RTA_GATEWAY, raw(route.via))
    if route.dev is not None:
        body += attribute(_RTA_OIF, _u32(index[route.dev]))
    if route.src is not None:
        body += attribute(_RTA_PREFSRC, raw(route.src))
    if route.metric is not None:
        body += attribute(_RTA_PRIORITY, _u32(route.metric))
    return _NEWROUTE, _CREATE | _APPEND, body


def add_rule(rule: PlannedRule) -> Body:
    """A policy rule that looks in a table."""
    table = rule.table if rule.table < 256 else 0
    length = rule.src.length if rule.src is not None else 0
    body = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, length, 0, table, 0, 0, 1, 0)
    if rule.src is not None:
        body += attribute(_FRA_SRC, raw(rule.src.address))
    if rule.iif is not None:
        body += attribute(_FRA_IIF, rule.iif.encode() + b"\0")
    body += attribute(_FRA_PRIORITY, _u32(rule.priority)) + attribute(_FRA_TABLE, _u32(rule.table))
    return _NEWRULE, _CREATE | _EXCL, body


def raw(address: Address) -> bytes:
    """The address in network byte order."""
    return address.value.to_bytes(4 if address.family == 4 else 16, "big")


def _link_head(index: int, up: bool) -> bytes:
    state = _IFF_UP if up else 0
    return struct.pack("=BBHiII", 0, 0, 0, index, state, state)


def _name(name: str) -> bytes:
    return attribute(_IFLA_IFNAME, name.encode() + b"\0")


def _mac(mac: str | None) -> bytes:
    return b"" if mac is None else attribute(_IFLA_ADDRESS, bytes.fromhex(mac.replace(":", "")))


def _mtu(mtu: int | None) -> bytes:
    return b"" if mtu is None else attribute(_IFLA_MTU, _u32(mtu))


# ------------------------------------------------------------------------------------- sending

_HEADER = struct.Struct("=IHHII")
_AT_ONCE = 24_000  # bytes in one system call, well below the socket's buffer


def open_route() -> socket.socket:
    """A routing netlink socket of the namespace that the thread is in."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    sock.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)
    sock.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
    return sock


def send(sock: socket.socket, bodies: Sequence[Body], shown: Sequence[str]) -> None:
    """Carry out messages in order. ``shown``: the same operations as commands, for the error.

    Raises LabError for the first one that the kernel refuses, in its words.
    """
    chunk: list[bytes] = []
    size = first = 0
    for number, (kind, flags, body) in enumerate(bodies):
        last = size + len(body) > _AT_ONCE or number == len(bodies) - 1
        asked = NLM_F_REQUEST | flags | (NLM_F_ACK if last else 0)
        chunk.append(_HEADER.pack(16 + len(body), kind, asked, number, 0) + body + bytes(-len(body) % 4))
        size += len(body) + 16
        if last:
            sock.send(b"".join(chunk))
            _check_answers(sock, number, shown)
            chunk, size, first = [], 0, number + 1
    assert first == len(bodies)


def _check_answers(sock: socket.socket, until: int, shown: Sequence[str]) -> None:
    failed: LabError | None = None
    while True:
        view = memoryview(sock.recv(1 << 16))
        at = 0
        while at + 16 <= len(view):
            length, kind, flags, sequence, _ = _HEADER.unpack_from(view, at)
            if kind == NLMSG_ERROR:
                (code,) = struct.unpack_from("=i", view, at + 16)
                if code and failed is None:
                    failed = _refusal(-code, view[at : at + length], flags, shown[sequence])
                if sequence == until:
                    if failed is not None:
                        raise failed
                    return
            at += (length + 3) & ~3


def _refusal(code: int, message: memoryview, flags: int, command: str) -> LabError:
    words = os.strerror(code)
    if flags & 0x200:  # NLM_F_ACK_TLVS: the kernel says more
        after = 36 if flags & 0x100 else 36 + struct.unpack_from("=I", message, 20)[0] - 16
        told = attributes(message[after:])
        if 1 in told:
            words = f"{text(told[1])} ({words})"
    return LabError(f"the kernel refuses: {words}", text=command)
