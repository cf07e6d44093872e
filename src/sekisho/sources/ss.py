"""Sockets as ``ss -Hnltup`` prints them, with or without the header and the Netid column.

    Netid State  Recv-Q Send-Q          Local Address:Port Peer Address:PortProcess
    udp   UNCONN 0      0                  0.0.0.0%v0:68        0.0.0.0:*    users:((...))
    tcp   LISTEN 0      5                           *:82              *:*

``*`` as local address is a socket of both families (an IPv6 one without IPV6_V6ONLY) in iproute2
since 4.16 or so; before, ``*`` was 0.0.0.0 and ``:::80`` the IPv6 wildcard. A text that has the
latter anywhere is read by the old rule. ss leaves out Netid when it was asked for one kind only.

Lines of sockets that are not about IP (unix, netlink, packet, vsock, tipc, xdp) yield no fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sekisho.errors import one_line
from sekisho.model.evidence import Evidence, Unread
from sekisho.model.host import Socket
from sekisho.sources.parsed import Parsed
from sekisho.values.address import Address
from sekisho.values.names import BadNameError, interface_name
from sekisho.values.numbers import integer, is_number

_NETIDS = frozenset({"tcp", "udp", "raw", "sctp", "dccp", "mptcp", "icmp", "icmp6", "udplite"})
_OTHER_FAMILIES = frozenset(
    {"u_str", "u_dgr", "u_seq", "ti_dg", "ti_st", "ti_sq", "ti_rd", "v_str", "v_dgr", "nl", "p_raw",
     "p_dgr", "xdp", "unix", "tipc"}
)  # fmt: skip
_STATES = frozenset(
    {"ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "UNCONN", "CLOSE-WAIT",
     "LAST-ACK", "LISTEN", "CLOSING", "CLOSED", "NEW-SYN-RECV", "BOUND-INACTIVE"}
)  # fmt: skip
# What only TCP has: with these states a line without Netid can still be told.
_TCP_STATES = _STATES - {"UNCONN", "ESTAB", "CLOSED"}
HEAD = "Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
_HEADER = re.compile(r"\s*(?:Netid\s+)?State\s+Recv-Q\s+Send-Q\s+Local Address")
# "0.0.0.0:*users:((" happens where the columns run into one another.
_GLUED_PROCESS = re.compile(r"(?<=[0-9*])(?=users:\(\()")
_PROCESS = re.compile(r"users:\(\(.*?\)\)")
# Details of `ss -e`, `-o` and `-m`, none of which says who may connect.
_DETAIL = re.compile(r"(ino|sk|uid|cgroup|v6only|timer|fwmark|class_id):\S*|<->|-->|<--|---|skmem:\(.*\)")


def parse(text: str, file: str, proto: str | None = None) -> Parsed[Socket]:
    """Read all sockets. ``proto`` is what a line without Netid is ("udp" after ``ss -lun``).

    Unread reasons: ``no-netid`` (UNCONN without Netid may be UDP or raw), ``port-name`` (printed
    without -n), ``bad-address``, ``unknown-line``.
    """
    facts: list[Socket] = []
    unread: list[Unread] = []
    lines = text.split("\n")
    old_wildcard = any(re.search(r"(^|\s):::[0-9]{1,20}\s", line) for line in lines)
    for number, raw in enumerate(lines, 1):
        if not raw.strip() or _HEADER.match(raw):
            continue
        evidence = Evidence(file, number, raw.rstrip("\r"))
        found = _line(evidence, proto, old_wildcard)
        if isinstance(found, Unread):
            unread.append(found)
        elif found is not None:
            facts.append(found)
    return Parsed(tuple(facts), tuple(unread))


def only_kind(text: str) -> str | None:
    """ "tcp" for a listing without Netid column, as ``ss -lt`` prints it; None for one of all kinds."""
    for line in text.split("\n"):
        words = line.split()
        if words and (words[0] == "Netid" or words[0] in _NETIDS | _OTHER_FAMILIES):
            return None
        if words and words[0] in _TCP_STATES:
            return "tcp"
    return None


def _line(evidence: Evidence, proto: str | None, old_wildcard: bool) -> Socket | Unread | None:
    words = _GLUED_PROCESS.sub(" ", evidence.text).split()
    if words[0] in _OTHER_FAMILIES:
        return None
    netid = words.pop(0) if words[0] in _NETIDS else None
    if len(words) < 5 or words[0] not in _STATES or not (is_number(words[1]) and is_number(words[2])):
        return Unread(evidence, "unknown-line")
    state, received, sent, local, peer = words[:5]
    if netid is None:
        netid = proto or ("tcp" if state in _TCP_STATES else None)
    if netid is None:
        return Unread(evidence, "no-netid", state)
    rest = " ".join(words[5:])
    process = _PROCESS.search(rest)
    for word in _PROCESS.sub(" ", rest).split():
        if not _DETAIL.fullmatch(word):
            return Unread(evidence, "unknown-word", word)
    host, _, port = local.rpartition(":")
    if not is_number(port):
        return Unread(evidence, "port-name", port)
    host, _, interface = host.partition("%")
    if host.endswith("]") or not interface.endswith("]"):
        host = host.removeprefix("[").removesuffix("]")
    else:  # [fe80::1%eth0]:546, as some versions put it
        host, interface = host.removeprefix("["), interface.removesuffix("]")
    try:
        address = _address(host, old_wildcard)
        device = interface_name(interface) if interface else None
    except BadNameError:
        return Unread(evidence, "bad-name", interface)
    except ValueError:
        return Unread(evidence, "bad-address", local)
    wildcard6 = old_wildcard and address is not None and (address.family, address.value) == (6, 0)
    return Socket(
        netid, state, address, integer(port), device, process.group() if process else None,
        (integer(received), integer(sent)), peer, evidence, dual=None if wildcard6 else False,
    )  # fmt: skip


def _address(host: str, old_wildcard: bool) -> Address | None:
    if host == "*":
        return Address(4, 0) if old_wildcard else None
    return Address.parse(host)


def render(facts: Iterable[Socket]) -> str:
    """The sockets as ``ss -Hnltup`` prints them, one blank between columns."""
    return "".join(one_line(_rendered(fact)) + "\n" for fact in facts)


def _rendered(socket: Socket) -> str:
    if socket.address is None:
        host = "*"
    elif socket.dual is None:
        host = "::"  # as iproute2 before 4.16 prints it, which does not tell either
    else:
        host = f"[{socket.address}]" if socket.address.family == 6 else str(socket.address)
    scope = f"%{socket.interface}" if socket.interface else ""
    wildcard = "*" if socket.address is None else "[::]" if socket.address.family == 6 else "0.0.0.0"
    peer = socket.peer or f"{wildcard}:*"
    received, sent = socket.queues
    words = [socket.proto, socket.state, str(received), str(sent), f"{host}{scope}:{socket.port}", peer]
    return " ".join([*words, socket.process] if socket.process else words)
