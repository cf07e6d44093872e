"""Subnets of a VPC: what AWS documents, by its own example and by arithmetic."""

from __future__ import annotations

import ipaddress
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.answers.vpc import Refusal, VpcSubnet, vpc_subnet
from tests.cli.command import sekisho


def answer(text: str) -> VpcSubnet:
    found = vpc_subnet(text)
    assert isinstance(found, VpcSubnet)
    return found


def test_the_user_guides_ipv4_example() -> None:
    subnet = answer("10.0.0.0/24")
    assert [(str(item.address), item.role, item.by) for item in subnet.reserved] == [
        ("10.0.0.0", "network", "ip"),
        ("10.0.0.1", "router", "aws"),
        ("10.0.0.2", "resolver", "aws"),
        ("10.0.0.3", "future-use", "aws"),
        ("10.0.0.255", "broadcast", "aws"),
    ]
    assert (str(subnet.first_usable), str(subnet.last_usable)) == ("10.0.0.4", "10.0.0.254")
    assert (subnet.size, subnet.usable) == (256, 251)


def test_the_user_guides_ipv6_example() -> None:
    subnet = answer("2001:db8:1234:1a00::/64")
    assert [(str(item.address), item.role) for item in subnet.reserved] == [
        ("2001:db8:1234:1a00::", "network"),
        ("2001:db8:1234:1a00::1", "router"),
        ("2001:db8:1234:1a00::2", "reserved"),
        ("2001:db8:1234:1a00::3", "reserved"),
        ("2001:db8:1234:1a00:ffff:ffff:ffff:ffff", "reserved"),
    ]
    assert str(subnet.first_usable) == "2001:db8:1234:1a00::4"
    assert str(subnet.last_usable) == "2001:db8:1234:1a00:ffff:ffff:ffff:fffe"
    assert subnet.usable == 2**64 - 5


REFUSED = [
    ("10.0.0.0/15", "ipv4-size"),
    ("10.0.0.0/29", "ipv4-size"),
    ("10.0.0.0/32", "ipv4-size"),
    ("0.0.0.0/0", "ipv4-size"),
    ("10.0.0.1/24", "host-bits"),
    ("10.0.0.0", "no-length"),
    ("2001:db8::", "no-length"),
    ("2001:db8::/43", "ipv6-size"),
    ("2001:db8::/40", "ipv6-size"),
    ("2001:db8::/65", "ipv6-size"),
    ("2001:db8::/68", "ipv6-size"),
    ("2001:db8::/50", "ipv6-step"),
    ("2001:db8::1/64", "host-bits"),
    ("10.0.0.0/33", "not-a-prefix"),
    ("10.0.0.0/", "not-a-prefix"),
    ("10.0.0.0/-1", "not-a-prefix"),
    ("10.0.0.0/24x", "not-a-prefix"),
    ("10.0.0.0/２４", "not-a-prefix"),
    ("10.0.0/24", "not-a-prefix"),
    ("10.0.0.256/24", "not-a-prefix"),
    ("10.0.0.0/255.255.255.0", "not-a-prefix"),
    ("10.0.0.0/" + "9" * 5000, "not-a-prefix"),
    ("web", "not-a-prefix"),
    ("", "not-a-prefix"),
    ("/24", "not-a-prefix"),
    ("10.0.0.0/24 ", "not-a-prefix"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_refused_with_the_reason(text: str, reason: str) -> None:
    found = vpc_subnet(text)
    assert isinstance(found, Refusal)
    assert found.reason == reason


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("text", [text for text, _ in REFUSED])
def test_a_refusal_is_exit_2_with_advice(text: str, lang: str) -> None:
    ran = sekisho("vpc", "subnet", "--lang", lang, text)
    assert (ran.status, ran.out) == (2, "")
    what, advice = ran.err.splitlines()
    assert what.startswith("sekisho: ")
    assert advice.startswith("  ")
    assert what.isascii() == (lang == "en" and text.isascii())


def test_host_bits_get_the_canonical_form() -> None:
    # The user guide's own example of a block that is not in canonical form.
    found = vpc_subnet("100.68.0.18/18")
    assert isinstance(found, Refusal)
    assert str(found.canonical) == "100.68.0.0/18"
    assert "100.68.0.0/18" in sekisho("vpc", "subnet", "100.68.0.18/18").err


@given(st.integers(0, 2**32 - 1), st.integers(16, 28))
def test_ipv4_arithmetic(value: int, length: int) -> None:
    network = ipaddress.ip_network((value, length), strict=False)
    subnet = answer(str(network))
    addresses = [str(network[at]) for at in (0, 1, 2, 3, -1)]
    assert [str(item.address) for item in subnet.reserved] == addresses
    assert subnet.usable == 2 ** (32 - length) - 5
    assert str(subnet.first_usable) == str(network[4])
    assert str(subnet.last_usable) == str(network[-2])
    assert subnet.last_usable.value - subnet.first_usable.value + 1 == subnet.usable


@given(st.integers(0, 2**128 - 1), st.sampled_from([44, 48, 52, 56, 60, 64]))
def test_ipv6_arithmetic(value: int, length: int) -> None:
    network = ipaddress.ip_network((ipaddress.IPv6Address(value), length), strict=False)
    subnet = answer(str(network))
    assert [item.address.value for item in subnet.reserved] == [int(network[at]) for at in (0, 1, 2, 3, -1)]
    assert subnet.usable == 2 ** (128 - length) - 5
    assert subnet.last_usable.value - subnet.first_usable.value + 1 == subnet.usable


@given(st.text(max_size=40))
def test_any_text_is_answered(text: str) -> None:
    assert isinstance(vpc_subnet(text), (VpcSubnet, Refusal))


def test_json() -> None:
    ran = sekisho("vpc", "subnet", "10.1.0.0/28", "--json")
    assert ran.status == 0
    document = json.loads(ran.out)
    assert document["schema"] == "sekisho/vpc-subnet/1"
    assert (document["size"], document["usable"]) == (16, 11)
    assert (document["first_usable"], document["last_usable"]) == ("10.1.0.4", "10.1.0.14")
    assert document["reserved"][2] == {"address": "10.1.0.2", "role": "resolver", "by": "aws"}
    assert len(document["reserved"]) == 5


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["reserved by AWS for the VPC router", "first usable", "usable: 11 of 16 addresses"]),
        ("ja", ["AWSがVPCルーター用に予約", "使える最初のアドレス", "16個のうち11個"]),
    ],
)
def test_text_names_every_address_in_order(lang: str, words: list[str]) -> None:
    ran = sekisho("vpc", "subnet", "10.1.0.0/28", "--lang", lang)
    assert ran.status == 0
    first_words = [line.split()[0] for line in ran.out.splitlines()[1:8]]
    assert first_words == [f"10.1.0.{last}" for last in (0, 1, 2, 3, 4, 14, 15)]
    assert all(word in ran.out for word in words)
