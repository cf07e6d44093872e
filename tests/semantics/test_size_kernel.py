"""Packets that are longer than what may go on: what the kernel does with them, and the model.

client 10.1.0.2, fd00:1::2 ── (in) host (out) ── far 10.2.0.2, fd00:2::2
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.lab.namespaces import NetworkNamespace
from sekisho.semantics.journey import Leg
from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from sekisho.values.address import Family

PORT = 9
# IP_MTU_DISCOVER and IPV6_MTU_DISCOVER, and their values "never", "always" and "whatever was learned"
# (linux/in.h).
DISCOVER = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
WIDTHS: tuple[tuple[Family, int], ...] = ((4, 24), (6, 64))
DONT, DO, PROBE = 0, 2, 3


@dataclass(frozen=True)
class Case:
    """A host's links and its route to the far net, a packet's length and DF; ``end``: "arrives", the MTU that
    the sender is told, "refused" by the sender's own socket, or nothing."""

    family: Family
    length: int
    df: bool
    end: str | int
    into: int = 9000
    out: int = 1500
    route: str = ""
    rule: str = ""
    sysctl: str = ""
    sender: str = "client"


CASES = [
    Case(4, 1500, True, "arrives"),
    Case(4, 1501, True, 1500),
    Case(4, 8000, False, "arrives"),
    Case(4, 1400, True, "arrives", route="mtu 1400"),
    Case(4, 1401, True, 1400, route="mtu 1400"),
    Case(4, 1401, True, 1400, route="mtu lock 1400"),
    Case(4, 1401, False, "arrives", route="mtu lock 1400"),
    Case(4, 1501, True, 1500, rule="-A FORWARD -j DROP"),
    Case(4, 1501, False, "", rule="-A FORWARD -j DROP"),
    Case(6, 1500, True, "arrives"),
    Case(6, 1501, True, 1500),
    Case(6, 1401, True, 1400, route="mtu 1400"),
    Case(6, 1501, True, 1500, route="mtu 1400"),
    Case(6, 1501, True, 1400, route="mtu lock 1400"),
    Case(6, 1401, True, "", route="mtu 1400", rule="-A FORWARD -j DROP"),
    Case(6, 1401, True, 1400, route="mtu lock 1400", rule="-A FORWARD -j DROP"),
    Case(6, 1301, True, 1300, sysctl="net.ipv6.conf.s0.mtu = 1300"),
    Case(4, 1501, True, "refused", sender="host"),
    Case(4, 1401, True, "refused", sender="host", route="mtu 1400"),
    Case(4, 8000, False, "arrives", sender="host"),
    Case(6, 8000, True, "arrives", sender="host"),
]


def _address(family: Family, net: int, last: int) -> str:
    return f"10.{net}.0.{last}" if family == 4 else f"fd00:{net}::{last}"


def _route(case: Case) -> list[str]:
    net = "10.2.0.0/24" if case.family == 4 else "fd00:2::/64"
    metric = [] if case.family == 4 else ["metric", "256"]
    return [net, "dev", "s0", *metric, *case.route.split()]


# ------------------------------------------------------------------------------------- the kernel


@contextmanager
def _wired(case: Case) -> Iterator[dict[str, NetworkNamespace]]:
    with ExitStack() as held:
        nodes = {name: NetworkNamespace() for name in ("host", "client", "far")}
        for each in nodes.values():
            held.callback(each.close)
        host = nodes["host"]
        for name, end, net, mtu in (("c0", "client", 1, case.into), ("s0", "far", 2, case.out)):
            both = ["mtu", str(mtu), "type", "veth", "peer", "name", "eth0", "mtu", str(mtu)]
            host.run(["ip", "link", "add", name, *both, "netns", nodes[end].path])
            for where, link, last in ((host, name, 1), (nodes[end], "eth0", 2)):
                for family, width in WIDTHS:
                    address = f"{_address(family, net, last)}/{width}"
                    where.run(
                        ["ip", "addr", "add", address, "dev", link, *(["nodad"] if family == 6 else [])]
                    )
                where.run(["ip", "link", "set", link, "up"])
            for family, _ in WIDTHS:
                gateway = _address(family, net, 1)
                nodes[end].run(["ip", f"-{family}", "route", "add", "default", "via", gateway])
        host.run(["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"])
        host.run(["ip", f"-{case.family}", "route", "replace", *_route(case)])
        if case.sysctl:
            host.run(["sysctl", "-qw", case.sysctl.replace(" ", "")])
        yield nodes


def _asked(nodes: dict[str, NetworkNamespace], case: Case, length: int, df: bool) -> str | int:
    """What becomes of a datagram of that length."""
    kind = socket.AF_INET if case.family == 4 else socket.AF_INET6
    far = _address(case.family, 2, 2)
    with ExitStack() as held:
        icmp = socket.IPPROTO_ICMP if case.family == 4 else socket.IPPROTO_ICMPV6
        taker = held.enter_context(nodes["far"].socket(kind, socket.SOCK_DGRAM))
        teller = held.enter_context(nodes[case.sender].socket(kind, socket.SOCK_RAW, icmp))
        sender = held.enter_context(nodes[case.sender].socket(kind, socket.SOCK_DGRAM))
        taker.bind((far, PORT))
        taker.settimeout(0.3)
        teller.settimeout(0.1)
        whole = PROBE if case.sender == "client" else DO
        if case.family == 6 and case.sender == "host":
            whole = DONT  # an ordinary IPv6 socket cuts what is too long for its own link
        sender.setsockopt(*DISCOVER[case.family], whole if df else DONT)
        try:
            sender.sendto(bytes(length - (28 if case.family == 4 else 48)), (far, PORT))
        except OSError as error:
            return "refused" if error.errno == errno.EMSGSIZE else str(error)
        try:
            taker.recv(65535)
        except TimeoutError:
            return _told(teller, case.family)
        return "arrives"


def _told(teller: socket.socket, family: Family) -> str | int:
    try:
        while True:
            message = teller.recv(2000)
            if family == 6 and message[0] == 2:
                return int.from_bytes(message[4:8])
            if family == 4 and message[20:22] == bytes((3, 4)):
                return int.from_bytes(message[26:28])
    except TimeoutError:
        return ""


@pytest.mark.kernel
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_kernel_says(case: Case) -> None:
    with _wired(case) as nodes:
        for _ in range(20):  # until its neighbours are found
            if _asked(nodes, case, 100, True) == "arrives":
                break
        else:
            pytest.fail("the far end is never reached")
        if case.rule:
            nodes["host"].run(["iptables" if case.family == 4 else "ip6tables", *case.rule.split()])
        assert _asked(nodes, case, case.length, case.df) == case.end


# -------------------------------------------------------------------------------------- the model


def _world(case: Case) -> World:
    links = "".join(
        f"{number}: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu {mtu} qdisc noqueue state UP\n"
        f"    inet 10.{net}.0.1/24 scope global {name}\n    inet6 fd00:{net}::1/64 scope global\n"
        for number, (name, net, mtu) in enumerate((("c0", 1, case.into), ("s0", 2, case.out)), 2)
    )
    first = "10.1.0.0/24 dev c0 scope link" if case.family == 4 else "fd00:1::/64 dev c0 metric 256"
    family, rules = ("", "iptables") if case.family == 4 else ("-6 ", "ip6tables")
    rule = f"{case.rule}\n" if case.rule else ""
    return World(
        load_text(
            f"$ ip addr\n1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN\n{links}"
            f"$ ip {family}route\n{first}\n{' '.join(_route(case))}\n"
            f"$ sysctl -a\nnet.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 1\n{case.sysctl}\n"
            f"$ {rules}-save\n*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n{rule}COMMIT\n"
        )
    )


def _traced(case: Case, *stated: tuple[str, int]) -> Leg:
    source = "host" if case.sender == "host" else _address(case.family, 1, 2)
    far = _address(case.family, 2, 2)
    target = f"{far}:{PORT}" if case.family == 4 else f"[{far}]:{PORT}"
    iface = None if case.sender == "host" else "c0"
    question = Question(source, target, "udp", 40000, None, iface, stated=stated)
    return trace(_world(case), question).forward


@pytest.mark.parametrize("case", CASES, ids=str)
def test_and_so_does_trace(case: Case) -> None:
    df = (("df", int(case.df)),) if case.family == 4 else ()
    found = _traced(case, ("length", case.length), *df)
    last = found.steps[-1]
    if case.end == "arrives":
        assert found.disposition == "exits"
    elif case.end == "refused":
        assert (found.disposition, found.answer, last.code) == ("too_big", None, "message-too-long")
    elif case.end:
        answer = "fragmentation-needed" if case.family == 4 else "packet-too-big"
        assert (found.disposition, found.answer) == ("too_big", answer)
        assert last.args == ("s0", str(case.end))
    else:
        assert found.disposition == "dropped"


def test_what_is_not_stated_or_captured_is_open() -> None:
    long = Case(4, 1501, True, 1500)
    found = _traced(long, ("length", 1501))
    assert found.disposition == "undetermined"
    assert [doubt.args for doubt in found.doubts] == [("df",)]
    assert _traced(long).disposition == "exits"
    bare = World(
        load_text(
            "$ ip route\n10.1.0.0/24 dev c0 proto kernel scope link src 10.1.0.1\n"
            "10.2.0.0/24 dev s0 proto kernel scope link src 10.2.0.1\n$ sysctl net.ipv4.ip_forward\n1\n"
        )
    )
    for length, end in ((68, "exits"), (69, "undetermined")):
        stated = (("length", length), ("df", 1))
        asked = Question("10.1.0.2", "10.2.0.2:9", "udp", 40000, None, "c0", stated=stated)
        assert trace(bare, asked).forward.disposition == end
