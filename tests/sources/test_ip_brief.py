"""``ip -br``: real listings, beside what ``ip addr`` printed of the same namespace."""

from __future__ import annotations

import pytest

from sekisho.sources import ip_brief
from sekisho.sources.load import load_text
from tests.sources.capture_files import capture

ADDRESSES = {
    ("lo", "127.0.0.1/8", "host"),
    ("lo", "::1/128", "host"),
    ("br0", "10.0.0.10/24", None),
    ("br0", "10.0.0.11/24", None),
    ("br0", "10.0.0.12/24", None),
    ("br0", "2001:db8:1111:2222:3333:4444:5555:6666/64", "global"),
    ("br0", "2001:db8::10/64", "global"),
    ("br0", "fe80::44b1:2ff:fee6:2915/64", "link"),
    ("eth0x", "fe80::7c7f:19ff:fe5d:1334/64", "link"),
    ("veth1a2b3c4", "fe80::44b1:2ff:fee6:2915/64", "link"),
    ("tun0", "10.8.0.1/32", None),
}


def test_reads_addresses() -> None:
    found = ip_brief.parse(capture("brief/ip-br-addr.txt"), "f")
    assert {(one.interface, f"{one.address}/{one.length}", one.scope) for one in found.addresses} == ADDRESSES
    assert [(one.name, one.state, one.peer) for one in found.interfaces] == [
        ("lo", "UNKNOWN", None),
        ("br0", "UP", None),
        ("eth0x", "UP", "veth1a2b3c4"),
        ("veth1a2b3c4", "UP", "eth0x"),
        ("tun0", "DOWN", None),
    ]
    assert (found.unread, found.of_addresses) == ((), True)
    assert [str(one.peer) for one in found.addresses if one.peer] == ["10.8.0.2"]


def test_reads_links() -> None:
    found = ip_brief.parse(capture("brief/ip-br-link.txt"), "f")
    by_name = {str(one.name): one for one in found.interfaces}
    assert by_name["br0"].mac == "46:b1:02:e6:29:15"
    assert by_name["br0"].flags == ("BROADCAST", "MULTICAST", "UP", "LOWER_UP")
    assert (by_name["tun0"].mac, by_name["tun0"].state) == (None, "DOWN")
    assert (found.unread, found.addresses, found.of_addresses) == ((), (), False)


def test_colours_and_metrics() -> None:
    text = (
        "\x1b[36meth0             \x1b[0m\x1b[32mUP             \x1b[0m"
        "\x1b[35m192.0.2.10\x1b[0m/24 metric 100\n"
    )
    (found,) = ip_brief.parse(text, "f").addresses
    assert (str(found.address), found.length, found.details) == ("192.0.2.10", 24, (("metric", "100"),))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("eth0 UP 192.0.2.10/33", "bad-address"),
        ("eth0 UP 192.0.2.", "truncated"),
        ("eth0 UP 192.0.2.10/24 surprise", "bad-address"),
        ("eth0 SIDEWAYS 192.0.2.10/24", "unknown-word"),
        ("eth0", "truncated"),
        ("eth0 UP 02:00:00:00:00:0a <UP", "truncated"),
        ("eth0 UP 02:00:00:00:00:0a <UP> more>", "unknown-word"),
    ],
)
def test_keeps_what_it_cannot_read(line: str, reason: str) -> None:
    found = ip_brief.parse(line, "f")
    assert (found.interfaces, found.addresses) == ((), ())
    assert [(one.evidence.text, one.reason) for one in found.unread] == [(line, reason)]


def test_one_ip_version_says_nothing_of_the_other() -> None:
    four, six = "lo UNKNOWN 127.0.0.1/8\n", "lo UNKNOWN ::1/128\n"
    host = load_text(f"$ ip -4 -br addr\n{four}").host
    assert host.address_families == {4}
    assert (host.lists_addresses(4), host.lists_addresses(6)) == (True, False)
    host = load_text(f"$ ip -4 -br addr\n{four}$ ip -6 -br addr\n{six}").host
    assert host.address_families == {4, 6}
    assert [str(one.address) for one in host.addresses or ()] == ["127.0.0.1", "::1"]


def test_links_alone_tell_no_addresses() -> None:
    assert load_text(capture("brief/ip-br-link.txt")).host.addresses is None
