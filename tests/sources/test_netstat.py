"""``netstat``: real listings of net-tools and busybox (a namespace in which the same sockets were bound)."""

from __future__ import annotations

import pytest

from sekisho.sources import netstat
from sekisho.sources.load import load_text
from tests.sources.capture_files import capture

# What the listening program bound; the long IPv6 address is cut in a listing without -W.
BOUND = [
    ("tcp", "127.0.0.1", 3306, False),
    ("tcp", "0.0.0.0", 22, False),
    ("tcp", "::", 80, None),
    ("tcp", "2001:db8::10", 443, False),
    ("tcp", "::", 8443, None),
    ("udp", "0.0.0.0", 68, False),
    ("udp", "::", 546, None),
]
LONG = ("tcp", "2001:db8:1111:2222:3333:4444:5555:6666", 8080, False)


def listening(text: str) -> list[tuple[str, str, int, bool | None]]:
    found = netstat.parse(text, "f").facts
    return [
        (one.proto, str(one.address), one.port, one.dual)
        for one in found
        if one.state in ("LISTEN", "UNCONN")
    ]


@pytest.mark.parametrize("name", ["netstat.txt", "netstat-tuane", "netstat-tlnpo"])
def test_reads_net_tools(name: str) -> None:
    text = capture(f"net-tools/{name}")
    found = [one for one in listening(text) if one[0] != "raw"]
    assert found == [one for one in BOUND if one[0] == "tcp" or name != "netstat-tlnpo"]
    (cut,) = netstat.parse(text, "f").unread
    assert (cut.reason, cut.detail) == ("truncated", "2001:db8:1111:2222:8080")


def test_reads_wide_listings_whole() -> None:
    parsed = netstat.parse(capture("net-tools/netstat-lntuW"), "f")
    assert set(listening(capture("net-tools/netstat-lntuW"))) == {*BOUND, LONG}
    assert parsed.unread == ()


def test_reads_busybox() -> None:
    text = capture("busybox/netstat.txt")
    assert listening(text) == [
        ("tcp", "127.0.0.1", 3306, False),
        ("tcp", "::", 80, None),
        ("udp", "0.0.0.0", 53, False),
    ]
    assert netstat.parse(text, "f").unread == ()


def test_names_the_programs_and_the_connections() -> None:
    found = netstat.parse(capture("net-tools/netstat.txt"), "f").facts
    by_port = {one.port: one for one in found}
    assert by_port[3306].process == 'users:(("python3",pid=27485))'
    assert [one.peer for one in found if one.state == "ESTAB"] == ["127.0.0.1:22", "127.0.0.1:44110"]


def test_a_program_with_blanks_in_its_name() -> None:
    line = "tcp   0   0 0.0.0.0:22   0.0.0.0:*   LISTEN   812/sshd: /usr/sbin \n"
    (found,) = netstat.parse(line, "f").facts
    assert found.process == 'users:(("sshd: /usr/sbin",pid=812))'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("tcp 0 0 localhost:mysql 0.0.0.0:* LISTEN -", "port-name"),
        ("tcp 0 0 10.0.0.256:80 0.0.0.0:* LISTEN -", "bad-address"),
        ("tcp 0 0 0.0.0.0:80", "truncated"),
        ("tcp 0 0 0.0.0.0:80 0.0.0.0:*", "truncated"),
        ("tcp 0 0 0.0.0.0:80 0.0.0.0:* LISTEN surprise", "unknown-word"),
        ("tcp 0 0 0.0.0.0:80 0.0.0.0:* WAITING", "unknown-word"),
        ("raw 0 0 0.0.0.0:1 0.0.0.0:* odd 7 812/ping", "unknown-word"),
        ("raw 0 0 0.0.0.0:1 0.0.0.0:*", "truncated"),
        ("netstat: command not found", "unknown-line"),
    ],
)
def test_keeps_what_it_cannot_read(line: str, reason: str) -> None:
    parsed = netstat.parse(line, "f")
    assert parsed.facts == ()
    assert [(one.evidence.text, one.reason) for one in parsed.unread] == [(line, reason)]


@pytest.mark.parametrize(
    ("command", "covered"),
    [
        ("netstat -tlnp", {"tcp"}),
        ("netstat -tulpn", {"tcp", "udp"}),
        ("netstat -tn", set()),
        ("netstat -4tlnp", set()),
        ("netstat -tlnp | grep 22", set()),
    ],
)
def test_what_was_not_asked_for_is_not_known(command: str, covered: set[str]) -> None:
    row = "tcp   0   0 0.0.0.0:22   0.0.0.0:*   LISTEN   -\n"
    host = load_text(f"$ {command}\n{row}").host
    assert host.socket_protocols == covered
    assert [one.port for one in host.sockets or ()] == [22]


def test_without_its_command_a_listing_covers_what_it_shows() -> None:
    row = "tcp   0   0 0.0.0.0:22   0.0.0.0:*   LISTEN   -\n"
    host = load_text(f"Active Internet connections (only servers)\n{row}").host
    assert host.socket_protocols == {"tcp"}
    assert load_text(f"Active Internet connections (w/o servers)\n{row}").host.socket_protocols == frozenset()


def test_prints_back_what_it_reads() -> None:
    facts = netstat.parse(capture("net-tools/netstat-lntuW"), "f").facts
    assert netstat.parse(netstat.render(facts), "f").facts == facts
