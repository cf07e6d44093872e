"""Reading and rendering sysctls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.host import Sysctl
from sekisho.sources import recognise, sysctl
from tests.strategies.host import sysctls
from tests.truth import needs_truth, truth_dir


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("net.ipv4.ip_forward = 1", "net.ipv4.ip_forward", "1"),
        ("net.ipv4.ip_forward=1", "net.ipv4.ip_forward", "1"),
        ("net.ipv4.tcp_rmem = 4096\t131072\t33554432", "net.ipv4.tcp_rmem", "4096\t131072\t33554432"),
        ("net.ipv4.conf.v0/7.rp_filter = 0", "net.ipv4.conf.v0/7.rp_filter", "0"),
        # procps prints the dotted form whatever was asked for; a sysctl.conf may hold the other.
        ("net/ipv4/conf/v0.7/rp_filter = 0", "net.ipv4.conf.v0/7.rp_filter", "0"),
        ("/proc/sys/net/ipv4/conf/v0.7/rp_filter:2", "net.ipv4.conf.v0/7.rp_filter", "2"),
        ("-net.ipv4.ip_forward = 1", "net.ipv4.ip_forward", "1"),
        ("net.ipv4.conf.br-528a7aa7b156.forwarding = 1", "net.ipv4.conf.br-528a7aa7b156.forwarding", "1"),
        ("net.ipv4.ip_local_reserved_ports = ", "net.ipv4.ip_local_reserved_ports", ""),
    ],
)
def test_reads(line: str, key: str, value: str) -> None:
    parsed = sysctl.parse(line + "\n", "sysctl.txt")
    assert [(fact.key, fact.value) for fact in parsed.facts] == [(key, value)]
    assert not parsed.unread


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("net.ipv4.ip_forward", "unknown-line"),
        ("hello", "unknown-line"),
        ("word = 1", "unknown-line"),
        # sysctl(8) of the bridge a=b: nothing of a parameter net.ipv4.conf.a, which there is not.
        ("net.ipv4.conf.a=b.rp_filter = 0", "unknown-line"),
        ("sysctl: cannot stat /proc/sys/net/nonsense: No such file or directory", "command-error"),
        ("sysctl: permission denied on key 'net.ipv4.tcp_fastopen_key'", "command-error"),
    ],
)
def test_keeps_what_it_cannot_read(line: str, reason: str) -> None:
    parsed = sysctl.parse("\n" + line + "\n", "sysctl.txt")
    assert not parsed.facts
    assert [(one.evidence.line, one.evidence.text, one.reason) for one in parsed.unread] == [
        (2, line, reason)
    ]


def test_comments_and_crlf() -> None:
    parsed = sysctl.parse("# comment\r\n; other\r\nnet.ipv4.ip_forward = 1\r\n", "sysctl.conf")
    assert [(fact.key, fact.value, fact.evidence and fact.evidence.line) for fact in parsed.facts] == [
        ("net.ipv4.ip_forward", "1", 3)
    ]


def test_key_of_path() -> None:
    assert sysctl.key_of_path("/proc/sys/net/ipv4/conf/eth0.7/rp_filter") == "net.ipv4.conf.eth0/7.rp_filter"
    assert sysctl.key_of_path("/etc/hosts") is None


@given(st.lists(sysctls(), max_size=5))
def test_round_trip(facts: list[Sysctl]) -> None:
    parsed = sysctl.parse(sysctl.render(facts), "sysctl.txt")
    assert list(parsed.facts) == facts
    assert not parsed.unread


@needs_truth
def test_real_captures_come_back_byte_for_byte() -> None:
    truth = truth_dir()
    assert truth is not None
    files = sorted(truth.glob("docker/*/compose-basic/sysctl.txt"))
    assert files
    for file in files:
        text = file.read_text()
        parsed = sysctl.parse(text, file.name)
        assert not parsed.unread
        assert sysctl.render(parsed.facts) == text


def test_a_key_is_looked_at_once() -> None:
    """A key of many parts that is none in the end: its parts may be put together in 2**60 ways."""
    parsed = sysctl.parse("net" + ".a" * 60 + " b = 1\n", "f")
    assert [one.reason for one in parsed.unread] == ["unknown-line"]
    assert recognise.by_content("net" + ".a" * 60 + " b = 1\n", "f") is None
