"""Reading and rendering ss's listing. The lines are from iproute2 6.1 on Linux 6.18."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.host import Socket
from sekisho.sources import ss
from sekisho.values.address import Address
from sekisho.values.names import interface_name as iface
from tests.strategies.host import sockets

USERS = 'users:(("python3",pid=5929,fd=8))'


def socket(proto: str, state: str, address: str | None, port: int, interface: str | None = None,
           process: str | None = None) -> Socket:  # fmt: skip
    return Socket(
        proto,
        state,
        Address.parse(address) if address else None,
        port,
        iface(interface) if interface else None,
        process,
    )


@pytest.mark.parametrize(
    ("line", "want"),
    [
        (f"udp UNCONN 0      0                          10.9.0.1:53   0.0.0.0:* {USERS} ",
         socket("udp", "UNCONN", "10.9.0.1", 53, None, USERS)),
        (f"udp UNCONN 0      0                        0.0.0.0%v0:68   0.0.0.0:* {USERS} ",
         socket("udp", "UNCONN", "0.0.0.0", 68, "v0", USERS)),
        ("udp UNCONN 0      0                              *%v0:546        *:*",
         socket("udp", "UNCONN", None, 546, "v0")),
        ("udp UNCONN 0 0 [fe80::4dd:b8ff:fe2d:3b1]%v0:5353 [::]:*",
         socket("udp", "UNCONN", "fe80::4dd:b8ff:fe2d:3b1", 5353, "v0")),
        ("tcp LISTEN 0      5                                 *:82         *:* ",
         socket("tcp", "LISTEN", None, 82)),
        ("tcp LISTEN 0 5 [::]:83 [::]:*", socket("tcp", "LISTEN", "::", 83)),
        ("tcp LISTEN 0 5 [::ffff:127.0.0.1]:85 *:*", socket("tcp", "LISTEN", "::ffff:127.0.0.1", 85)),
        ("LISTEN 0      5               127.0.0.1:81        0.0.0.0:*          ",
         socket("tcp", "LISTEN", "127.0.0.1", 81)),
        ("tcp LISTEN 0 5 *:82 *:*    users:((\"a b\",pid=1,fd=2)) ino:11801 sk:7 cgroup:/ v6only:0 <-> ",
         socket("tcp", "LISTEN", None, 82, None, 'users:(("a b",pid=1,fd=2))')),
        # Columns that run into one another, as narrow terminals make them.
        (f"tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*{USERS}",
         socket("tcp", "LISTEN", "0.0.0.0", 22, None, USERS)),
    ],
)  # fmt: skip
def test_reads(line: str, want: Socket) -> None:
    parsed = ss.parse(line + "\n", "ss.txt")
    assert parsed.facts == (want,)
    assert not parsed.unread


def test_header_blanks_and_evidence() -> None:
    text = (
        "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
        "\n"
        "tcp   LISTEN 0      128          0.0.0.0:22        0.0.0.0:*\r\n"
    )
    parsed = ss.parse(text, "ss.txt")
    assert [
        (fact.port, fact.evidence and fact.evidence.line, fact.queues, fact.peer) for fact in parsed.facts
    ] == [(22, 3, (0, 128), "0.0.0.0:*")]


def test_old_wildcards() -> None:
    """iproute2 4.x: ``*`` is IPv4's wildcard, ``:::`` IPv6's."""
    parsed = ss.parse("tcp LISTEN 0 128 *:22 *:*\ntcp LISTEN 0 128 :::22 :::*\n", "ss.txt")
    assert [str(fact.address) for fact in parsed.facts] == ["0.0.0.0", "::"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("UNCONN 0 0 0.0.0.0:53 0.0.0.0:*", "no-netid"),
        ("tcp LISTEN 0 128 0.0.0.0:ssh 0.0.0.0:*", "port-name"),
        ("tcp LISTEN 0 128 10.0.0.999:22 0.0.0.0:*", "bad-address"),
        ("tcp LISTEN 0 128 0.0.0.0:22", "unknown-line"),
        ("tcp LISTEN 0", "unknown-line"),
        ("tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* surprise", "unknown-word"),
        ("ss: command not found", "unknown-line"),
    ],
)
def test_keeps_what_it_cannot_read(line: str, reason: str) -> None:
    parsed = ss.parse(line, "ss.txt")
    assert not parsed.facts
    assert [(one.evidence.text, one.reason) for one in parsed.unread] == [(line, reason)]


def test_the_command_tells_what_the_missing_netid_is() -> None:
    parsed = ss.parse("UNCONN 0 0 0.0.0.0:53 0.0.0.0:*", "ss.txt", "udp")
    assert [fact.proto for fact in parsed.facts] == ["udp"]


def test_other_families_are_no_sockets_of_ip() -> None:
    parsed = ss.parse(
        "u_str LISTEN 0 4096 /run/dbus/socket 1234 * 0\nnl UNCONN 0 0 rtnl:kernel *\n", "ss.txt"
    )
    assert parsed.facts == ()
    assert parsed.unread == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("LISTEN 0 5 127.0.0.1:81 0.0.0.0:*\n", "tcp"),
        ("State Recv-Q Send-Q\nLISTEN 0 5 127.0.0.1:81 0.0.0.0:*\n", "tcp"),
        ("Netid State Recv-Q\n", None),
        ("tcp LISTEN 0 5 127.0.0.1:81 0.0.0.0:*\n", None),
        ("", None),
    ],
)
def test_only_kind(text: str, kind: str | None) -> None:
    assert ss.only_kind(text) == kind


@given(st.lists(sockets(), max_size=5))
def test_round_trip(facts: list[Socket]) -> None:
    parsed = ss.parse(ss.render(facts), "ss.txt")
    assert list(parsed.facts) == facts
    assert [fact.queues for fact in parsed.facts] == [fact.queues for fact in facts]
    assert not parsed.unread
