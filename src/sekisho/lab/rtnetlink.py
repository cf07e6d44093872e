"""rtnetlink messages that make links, addresses and neighbours: many in one system call.

    ifinfomsg  family u8, pad u8, type u16, index i32, flags u32, change u32
    ifaddrmsg  family u8, prefix length u8, flags u8, scope u8, index u32
    ndmsg      family u8, pad u8, pad u16, index i32, state u16, flags u8, type u8

include/uapi/linux/{rtnetlink,if_link,if_addr,neighbour,veth}.h; numbers are the machine's byte order. Every
string has a length of its own here: no text is read for where a name ends. ``rtroutes`` has routes and rules.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from sekisho.errors import said
from sekisho.lab.namespaces import LabError
from sekisho.lab.netlink import NLM_F_ACK, NLM_F_REQUEST, NLMSG_ERROR, attribute, attributes, nested, text
from sekisho.lab.operations import Bridge, OnLink, Wire
from sekisho.values.address import Address
from sekisho.values.names import (
    BadNameError,
    EthernetAddress,
    InterfaceName,
    ethernet_address,
    interface_name,
)
from sekisho.values.numbers import is_number

_NEWLINK, _SETLINK, _NEWADDR, _NEWNEIGH = 16, 19, 20, 28
CREATE, EXCL, REPLACE, APPEND = 0x400, 0x200, 0x100, 0x800
_IFF_UP = 1
(_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER, _IFLA_PROTINFO, _IFLA_LINKINFO,
 _IFLA_NET_NS_FD) = (1, 3, 4, 10, 12, 18, 28)  # fmt: skip
_INFO_KIND, _INFO_DATA, _VETH_PEER, _BRPORT_MODE, _BRPORT_ISOLATED = 1, 2, 1, 4, 33
_BRIDGE_OPTIONS = {"nf_call_iptables": 36, "nf_call_ip6tables": 37}
_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST, _IFA_CACHEINFO, _IFA_FLAGS = 1, 2, 4, 6, 8
_NODAD, _NOPREFIXROUTE = 2, 0x200
_NDA_DST, _NDA_LLADDR = 1, 2
_NUD_REACHABLE, _NUD_NOARP, _NUD_PERMANENT, _NTF_MASTER = 2, 0x40, 0x80, 4
_EXT_ACK, _CAP_ACK, _SOL_NETLINK = 11, 10, 270
AF = {4: socket.AF_INET, 6: socket.AF_INET6}
_AF_BRIDGE = 7

SCOPES = {"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}

Index = Mapping[str, int]
Body = tuple[int, int, bytes]  # message type, further flags, what follows the header


class CannotSayError(LabError):
    """An operation that has no message here: it is left undone, and said."""


def u32(value: int) -> bytes:
    """A number of 32 bits. Raises CannotSayError for one that is none."""
    if not 0 <= value < 1 << 32:
        raise CannotSayError(said("{0} is no number of 32 bits", value))
    return value.to_bytes(4, sys.byteorder)


def scope_number(scope: str) -> int:
    """``link`` or a number as a scope. Raises CannotSayError."""
    found = SCOPES.get(scope)
    if found is None and is_number(scope) and int(scope[:4]) < 256:
        found = int(scope)
    if found is None:
        raise CannotSayError(said("there is no scope {0!r}", scope))
    return found


def set_up(index: int) -> Body:
    """Switch an interface on."""
    return _SETLINK, 0, struct.pack("=BBHiII", 0, 0, 0, index, _IFF_UP, _IFF_UP)


def add_bridge(bridge: Bridge, index: int) -> Body:
    """A bridge with its index."""
    own = b"".join(attribute(_BRIDGE_OPTIONS[name], bytes((int(on),))) for name, on in bridge.options)
    data = nested(_INFO_DATA, own) if own else b""
    return (
        _NEWLINK,
        CREATE | EXCL,
        (
            _link_head(index, bridge.up)
            + _name(bridge.name)
            + _mac(bridge.mac)
            + nested(_IFLA_LINKINFO, attribute(_INFO_KIND, b"bridge") + data)
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
        + attribute(_IFLA_NET_NS_FD, u32(far_fd))
    )
    info = attribute(_INFO_KIND, b"veth") + nested(_INFO_DATA, attribute(_VETH_PEER, peer))
    body = _link_head(index, wire.up) + _name(wire.name) + _mac(wire.mac) + _mtu(wire.mtu)
    if master is not None:
        body += attribute(_IFLA_MASTER, u32(master))
    return _NEWLINK, CREATE | EXCL, body + nested(_IFLA_LINKINFO, info)


def enslave(index: int, master: int) -> Body:
    """Make an interface a port of a bridge."""
    return _SETLINK, 0, struct.pack("=BBHiII", 0, 0, 0, index, 0, 0) + attribute(_IFLA_MASTER, u32(master))


def hairpin(index: int) -> Body:
    """Let a bridge send a frame back out of the port that it came from."""
    return _port(index, _BRPORT_MODE)


def isolated(index: int) -> Body:
    """Let a bridge hand nothing from this port to others that are isolated too."""
    return _port(index, _BRPORT_ISOLATED)


def _port(index: int, switch: int) -> Body:
    head = struct.pack("=BBHiII", _AF_BRIDGE, 0, 0, index, 0, 0)
    return _SETLINK, 0, head + nested(_IFLA_PROTINFO, attribute(switch, b"\1"))


def add_address(item: OnLink, index: int) -> Body:
    """An address, ready at once (no duplicate address detection)."""
    flags = (0 if item.connected else _NOPREFIXROUTE) | (_NODAD if item.address.family == 6 else 0)
    scope = scope_number(item.scope or "global")
    head = struct.pack("=BBBBI", AF[item.address.family], item.length, 0, scope, index)
    body = head + attribute(_IFA_LOCAL, raw(item.address))
    body += attribute(_IFA_ADDRESS, raw(item.peer or item.address))
    if item.broadcast is not None:
        body += attribute(_IFA_BROADCAST, raw(item.broadcast))
    if item.deprecated:  # preferred for no time, valid for ever
        body += attribute(_IFA_CACHEINFO, struct.pack("=IIII", 0, (1 << 32) - 1, 0, 0))
    return _NEWADDR, CREATE | EXCL, body + attribute(_IFA_FLAGS, u32(flags))


def add_neighbour(address: Address, mac: EthernetAddress, index: int) -> Body:
    """Who is behind an address, for good."""
    head = struct.pack("=BxxxiHBB", AF[address.family], index, _NUD_PERMANENT, 0, 0)
    body = attribute(_NDA_DST, raw(address)) + attribute(_NDA_LLADDR, _mac_bytes(mac))
    return _NEWNEIGH, CREATE | REPLACE, head + body


def add_bridge_entry(mac: EthernetAddress, index: int) -> Body:
    """The port behind which an address always is: ``bridge fdb replace MAC dev PORT master static``."""
    head = struct.pack("=BxxxiHBB", _AF_BRIDGE, index, _NUD_NOARP | _NUD_REACHABLE, _NTF_MASTER, 0)
    return _NEWNEIGH, CREATE | REPLACE, head + attribute(_NDA_LLADDR, _mac_bytes(mac))


def raw(address: Address) -> bytes:
    """The address in network byte order."""
    return address.value.to_bytes(4 if address.family == 4 else 16, "big")


def _link_head(index: int, up: bool) -> bytes:
    state = _IFF_UP if up else 0
    return struct.pack("=BBHiII", 0, 0, 0, index, state, state)


def _name(name: InterfaceName) -> bytes:
    return attribute(_IFLA_IFNAME, zero_ended(name))


def zero_ended(name: InterfaceName) -> bytes:
    """The name as the kernel's attributes hold it. It is asked once more, whoever says that it is one."""
    try:
        return interface_name(name).encode() + b"\0"
    except BadNameError as error:
        raise CannotSayError(said("{0}", error)) from None


def _mac(mac: EthernetAddress | None) -> bytes:
    return b"" if mac is None else attribute(_IFLA_ADDRESS, _mac_bytes(mac))


def _mac_bytes(mac: EthernetAddress) -> bytes:
    try:
        return bytes.fromhex(ethernet_address(mac).replace(":", ""))
    except BadNameError as error:
        raise CannotSayError(said("{0}", error)) from None


def _mtu(mtu: int | None) -> bytes:
    return b"" if mtu is None else attribute(_IFLA_MTU, u32(mtu))


# ------------------------------------------------------------------------------------- sending

_HEADER = struct.Struct("=IHHII")
_AT_ONCE = 24_000  # bytes in one system call, well below the socket's buffer


def open_route() -> socket.socket:
    """A routing netlink socket of the namespace that the thread is in."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    sock.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)
    sock.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
    return sock


def send(sock: socket.socket, bodies: Sequence[Body], words: Callable[[int], str]) -> None:
    """Carry out messages in order. ``words``: an operation by its place, as a command, for the error.

    Raises LabError for the first one that the kernel refuses, in its words.
    """
    refused = _send(sock, bodies)
    for number in sorted(refused)[:1]:
        raise LabError(said("the kernel refuses: {0}", refused[number]), text=words(number))


def try_all(sock: socket.socket, bodies: Sequence[Body]) -> dict[int, str]:
    """Carry out messages in order, whatever becomes of those before; the kernel's words on those that it
    refuses, by their place."""
    return _send(sock, bodies)


def _send(sock: socket.socket, bodies: Sequence[Body]) -> dict[int, str]:
    refused: dict[int, str] = {}
    chunk: list[bytes] = []
    size = 0
    for number, (kind, flags, body) in enumerate(bodies):
        last = size + len(body) > _AT_ONCE or number == len(bodies) - 1
        asked = NLM_F_REQUEST | flags | (NLM_F_ACK if last else 0)
        chunk.append(_HEADER.pack(16 + len(body), kind, asked, number, 0) + body + bytes(-len(body) % 4))
        size += len(body) + 16
        if last:
            sock.send(b"".join(chunk))
            refused.update(_answers(sock, number))
            chunk, size = [], 0
    return refused


def _answers(sock: socket.socket, until: int) -> Iterator[tuple[int, str]]:
    """What the kernel says of the messages up to that number, which is the one that it acknowledges."""
    while True:
        view = memoryview(sock.recv(1 << 16))
        at = 0
        while at + 16 <= len(view):
            length, kind, flags, sequence, _ = _HEADER.unpack_from(view, at)
            if kind == NLMSG_ERROR:
                (code,) = struct.unpack_from("=i", view, at + 16)
                if code:
                    yield sequence, _refusal(-code, view[at : at + length], flags)
                if sequence == until:
                    return
            at += (length + 3) & ~3


def _refusal(code: int, message: memoryview, flags: int) -> str:
    words = os.strerror(code)
    if flags & 0x200:  # NLM_F_ACK_TLVS: the kernel says more
        after = 36 if flags & 0x100 else 36 + struct.unpack_from("=I", message, 20)[0] - 16
        told = attributes(message[after:])
        if 1 in told:
            words = f"{text(told[1])} ({words})"
    return words
