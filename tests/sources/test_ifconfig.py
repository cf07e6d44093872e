"""``ifconfig`` of net-tools and busybox; what ``ip`` printed of the same namespace is what is right."""

from __future__ import annotations

import pytest

from sekisho.sources import ifconfig
from sekisho.sources.load import load_text
from tests.sources.capture_files import capture

# ip addr of that namespace; 10.0.0.11, a further address of br0 without a label, ifconfig does not show.
ADDRESSES = {
    ("lo", "127.0.0.1/8", "host", None),
    ("lo", "::1/128", "host", None),
    ("br0", "10.0.0.10/24", None, None),
    ("br0", "10.0.0.12/24", None, "br0:1"),
    ("br0", "2001:db8:1111:2222:3333:4444:5555:6666/64", "global", None),
    ("br0", "2001:db8::10/64", "global", None),
    ("br0", "fe80::44b1:2ff:fee6:2915/64", "link", None),
    ("eth0x", "fe80::7c7f:19ff:fe5d:1334/64", "link", None),
    ("veth1a2b3c4", "fe80::44b1:2ff:fee6:2915/64", "link", None),
    ("tun0", "10.8.0.1/32", None, None),
}
BOTH = ["net-tools/ifconfig.txt", "busybox/ifconfig.txt"]


@pytest.mark.parametrize("name", BOTH)
def test_reads_addresses(name: str) -> None:
    found = ifconfig.parse(capture(name), "f")
    assert {
        (one.interface, f"{one.address}/{one.length}", one.scope, one.label) for one in found.addresses
    } == ADDRESSES
    assert found.unread == ()
    tunnel = next(one for one in found.addresses if one.interface == "tun0")
    assert str(tunnel.peer) == "10.8.0.2"
    assert [str(one.broadcast) for one in found.addresses if one.broadcast] == ["10.0.0.255"]


@pytest.mark.parametrize("name", BOTH)
def test_reads_interfaces_as_ip_link_has_them(name: str) -> None:
    found = {str(one.name): one for one in ifconfig.parse(capture(name), "f").interfaces}
    assert {name: (one.mtu, one.mac) for name, one in found.items()} == {
        "lo": (65536, None),
        "br0": (1500, "46:b1:02:e6:29:15"),
        "eth0x": (1500, "7e:7f:19:5d:13:34"),
        "veth1a2b3c4": (1500, "46:b1:02:e6:29:15"),
        "tun0": (1500, None),
    }
    # of ip link's: <NO-CARRIER,POINTOPOINT,MULTICAST,NOARP,UP>
    assert set(found["tun0"].flags) == {"NO-CARRIER", "POINTOPOINT", "MULTICAST", "NOARP", "UP"}
    assert set(found["br0"].flags) == {"BROADCAST", "MULTICAST", "UP"}


def test_evidence_is_the_line() -> None:
    text = capture("net-tools/ifconfig.txt")
    for one in ifconfig.parse(text, "f").addresses:
        assert one.evidence is not None
        assert text.split("\n")[one.evidence.line - 1] == one.evidence.text


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("        inet 10.0.0.10  netmask 255.255.0.255", "bad-address"),
        ("        inet 10.0.0.10", "truncated"),
        ("        inet 10.0.0.10  netmask 255.255.255.0  surprise", "unknown-word"),
        ("        inet 10.0.0.300  netmask 255.255.255.0", "bad-address"),
        ("        inet6 fe80::1  scopeid 0x20<link>", "truncated"),
        ("        inet6 fe80::1  prefixlen 64  scopeid 0x20<nowhere>", "unknown-word"),
        ("        inet6 addr: 10.0.0.1/64 Scope:Link", "mixed-families"),
        ("        something else", "unknown-line"),
    ],
)
def test_keeps_what_it_cannot_read(line: str, reason: str) -> None:
    found = ifconfig.parse(f"eth0: flags=4163<UP,RUNNING>  mtu 1500\n{line}\n", "f")
    assert found.addresses == ()
    assert [(one.evidence.line, one.reason) for one in found.unread] == [(2, reason)]


def test_lines_of_an_unread_head_belong_to_nobody() -> None:
    found = ifconfig.parse("eth0: flags=41\n        inet 10.0.0.10  netmask 255.255.255.0\n", "f")
    assert (found.interfaces, found.addresses) == ((), ())
    assert [one.reason for one in found.unread] == ["truncated", "part-of-unread"]


def test_an_interface_that_is_there_twice_is_of_two_listings() -> None:
    head = "eth0: flags=1<UP>  mtu 1500\n        inet 192.0.2.{}  netmask 255.255.255.0\n"
    found = ifconfig.parse(head.format(1) + head.format(2), "f")
    assert [str(one.address) for one in found.addresses] == ["192.0.2.1"]
    assert [one.reason for one in found.unread] == ["listed-again", "part-of-unread"]


def test_further_addresses_may_be_there() -> None:
    host = load_text(f"$ ifconfig\n{capture('net-tools/ifconfig.txt')}").host
    assert host.addresses_hidden is not None
    assert host.addresses_hidden.line == 1
    assert host.address_families == {4, 6}
    assert load_text(capture("busybox/ifconfig.txt")).host.addresses_hidden is not None


def test_one_interface_alone_is_not_all() -> None:
    snapshot = load_text(
        "$ ifconfig eth0\neth0: flags=1<UP>  mtu 1500\n$ ip rule\n0: from all lookup local\n"
    )
    assert snapshot.host.addresses is None


def test_a_damaged_line_of_counters_is_told_of() -> None:
    text = "eth0      Link encap:Ethernet  HWaddr 02:00:00:00:00:0A\n          RX:INPUTbytes:516 (516.0 B)\n"
    assert [each.evidence.line for each in ifconfig.parse(text, "ifconfig.txt").unread] == [2]
