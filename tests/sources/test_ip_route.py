"""``ip route``: what each word becomes, what stays unread, and byte for byte back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.evidence import Evidence
from sekisho.model.routing import NextHop, Route
from sekisho.sources import ip_route
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.names import interface_name as iface
from tests.sources.capture_files import capture
from tests.strategies.routing import families, routes
from tests.truth import needs_truth, truth_dir

A, P = Address.parse, Prefix.parse


def v4(dst: str, **fields: object) -> Route:
    return Route(4, P("0.0.0.0/0" if dst == "default" else dst), **fields)  # type: ignore[arg-type]


def v6(dst: str, **fields: object) -> Route:
    return Route(6, P("::/0" if dst == "default" else dst), **fields)  # type: ignore[arg-type]


# What one line says, by the words' meaning in ip-route(8). The lines are real ones of iproute2.
GOLDEN = [
    (v4("default", nexthops=(NextHop(iface("eth0"), A("10.0.0.1")),), proto="dhcp", src=A("10.0.0.10"),
        metric=100),
     "default via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.10 metric 100 "),
    (v4("172.17.0.0/16", nexthops=(NextHop(iface("docker0"), flags=("linkdown",)),), proto="kernel",
        scope="link", src=A("172.17.0.1")),
     "172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1 linkdown "),
    (v4("10.0.0.2", nexthops=(NextHop(iface("v0"), A("10.0.0.1")),)), "10.0.0.2 via 10.0.0.1 dev v0 "),
    (v4("127.0.0.0/8", kind="local", nexthops=(NextHop(iface("lo")),), table="local", proto="kernel",
        scope="host", src=A("127.0.0.1")),
     "local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1 "),
    (v4("10.0.255.255", kind="broadcast", nexthops=(NextHop(iface("v0")),), table="local", proto="kernel",
        scope="link", src=A("10.0.0.10")),
     "broadcast 10.0.255.255 dev v0 table local proto kernel scope link src 10.0.0.10 "),
    (v4("10.127.0.1", kind="anycast", nexthops=(NextHop(iface("v0")),), table="local", scope="link"),
     "anycast 10.127.0.1 dev v0 table local scope link "),
    (v4("239.1.0.0/16", kind="multicast", nexthops=(NextHop(iface("v0")),), scope="link"),
     "multicast 239.1.0.0/16 dev v0 scope link "),
    (v4("10.120.0.0/16", kind="blackhole"), "blackhole 10.120.0.0/16 "),
    (v4("10.121.0.0/16", kind="unreachable", metric=3), "unreachable 10.121.0.0/16 metric 3 "),
    (v4("10.122.0.0/16", kind="prohibit", proto="static"), "prohibit 10.122.0.0/16 proto static "),
    (v4("10.123.0.0/16", kind="throw", table="100"), "throw 10.123.0.0/16 table 100 "),
    (v4("10.100.0.0/16", nexthops=(NextHop(iface("v0"), A("10.0.0.3")),), proto="static",
        attributes=(("mtu", "lock 1400"), ("window", "64000"), ("advmss", "1360"))),
     "10.100.0.0/16 via 10.0.0.3 dev v0 proto static mtu lock 1400 window 64000 advmss 1360 "),
    (v4("10.102.0.0/16", nexthops=(NextHop(iface("v0"), A("10.0.0.3")),),
        attributes=(("features", "ecn"), ("rto_min", "lock 20ms"), ("quickack", "1"), ("congctl", "cubic"))),
     "10.102.0.0/16 via 10.0.0.3 dev v0 features ecn rto_min lock 20ms quickack 1 congctl cubic "),
    (v4("10.103.0.0/16", nexthops=(NextHop(iface("v0"), A("10.0.0.3"), flags=("linkdown",)),),
        attributes=(("realms", "5/6"),)),
     "10.103.0.0/16 via 10.0.0.3 dev v0 linkdown realms 5/6 "),
    (v4("10.105.0.0/16", tos=0x20, nexthops=(NextHop(iface("v0"), A("10.0.0.3")),)),
     "10.105.0.0/16 tos CS1 via 10.0.0.3 dev v0 "),
    (v4("10.105.0.0/16", tos=0x10, nexthops=(NextHop(iface("v0"), A("10.0.0.3")),)),
     "10.105.0.0/16 tos 0x10 via 10.0.0.3 dev v0 "),
    (v4("10.106.0.0/16", nexthops=(NextHop(iface("v2"), A("192.0.2.9"), flags=("onlink",)),)),
     "10.106.0.0/16 via 192.0.2.9 dev v2 onlink "),
    (v4("10.107.0.0/16", nexthops=(NextHop(iface("v0"), A("fe80::99")),)),
     "10.107.0.0/16 via inet6 fe80::99 dev v0 "),
    (v4("10.108.0.0/16", proto="bird", metric=7, nexthops=(
        NextHop(iface("v0"), A("10.0.0.4")),
        NextHop(iface("v2"), A("192.0.2.5"), weight=20, flags=("onlink",)))),
     "10.108.0.0/16 proto bird metric 7 \n\tnexthop via 10.0.0.4 dev v0 weight 1 \n"
     "\tnexthop via 192.0.2.5 dev v2 weight 20 onlink "),
    (v4("10.112.0.0/16", attributes=(("linkdown", ""),), nexthops=(
        NextHop(iface("v0"), A("10.0.0.4"), attributes=(("realms", "3/4"),)),
        NextHop(iface("v0"), A("10.0.0.5")))),
     "10.112.0.0/16 linkdown \n\tnexthop via 10.0.0.4 realms 3/4 dev v0 weight 1 \n"
     "\tnexthop via 10.0.0.5 dev v0 weight 1 "),
    (v4("10.110.0.0/16", nexthops=(NextHop(iface("v0"), A("10.0.0.3")),), proto="77", scope="88",
        metric=4000000000),
     "10.110.0.0/16 via 10.0.0.3 dev v0 proto 77 scope 88 metric 4000000000 "),
    (v4("10.130.0.0/16", nexthops=(NextHop(iface("v0")),), scope="link",
        attributes=(("encap", "ip id 100 src 10.0.0.1 dst 10.0.0.2 ttl 64 tos 0"),)),
     "10.130.0.0/16  encap ip id 100 src 10.0.0.1 dst 10.0.0.2 ttl 64 tos 0 dev v0 scope link "),
    (v4("10.1.0.0/16", nhid=10, tos=4, nexthops=(NextHop(iface("v0"), A("10.0.0.6")),)),
     "10.1.0.0/16 nhid 10 tos 0x04 via 10.0.0.6 dev v0 "),
    (v4("10.142.0.0/16", kind="blackhole", nhid=13, nexthops=(NextHop(iface("lo")),)),
     "blackhole 10.142.0.0/16 nhid 13 dev lo "),
    (v4("127.0.0.1", kind="local", nexthops=(NextHop(iface("lo")),), src=A("127.0.0.1"),
        attributes=(("uid", "0"), ("cache", "<local>"))),
     "local 127.0.0.1 dev lo src 127.0.0.1 uid 0 \n    cache <local> "),
    (v6("default", nexthops=(NextHop(iface("v0"), A("fe80::1")),), proto="ra", metric=1024,
        attributes=(("expires", "1799sec"), ("pref", "high"))),
     "default via fe80::1 dev v0 proto ra metric 1024 expires 1799sec pref high"),
    (v6("default", kind="unreachable", nexthops=(NextHop(iface("lo")),), proto="kernel", metric=4294967295,
        attributes=(("error", "-101"), ("pref", "medium"))),
     "unreachable default dev lo proto kernel metric 4294967295 error -101 pref medium"),
    (v6("2001:db8:101::/48", metric=1024, attributes=(("pref", "medium"),), nexthops=(
        NextHop(iface("v0"), A("2001:db8::1")), NextHop(iface("v2"), A("fe80::2"), weight=5))),
     "2001:db8:101::/48 metric 1024 pref medium\n\tnexthop via 2001:db8::1 dev v0 weight 1 \n"
     "\tnexthop via fe80::2 dev v2 weight 5 "),
    (v6("2001:db8:106::/48", nexthops=(NextHop(iface("v0"), A("2001:db8::1")),), metric=1024,
        attributes=(("from", "2001:db8:107::/48"), ("pref", "medium"))),
     "2001:db8:106::/48 from 2001:db8:107::/48 via 2001:db8::1 dev v0 metric 1024 pref medium"),
]  # fmt: skip


@pytest.mark.parametrize(("want", "text"), GOLDEN, ids=[text.split("\n")[0].strip() for _, text in GOLDEN])
def test_reads_each_form_and_prints_it_back(want: Route, text: str) -> None:
    parsed = ip_route.parse(text + "\n", "ip-route.txt")
    assert parsed.facts == (want,)
    assert parsed.unread == ()
    assert ip_route.render(parsed.facts) == text + "\n"
    assert (
        ip_route.render([want], trailing_space=False)
        == "\n".join(x.rstrip(" ") for x in text.split("\n")) + "\n"
    )


# What is read a second way, but always printed the first.
OTHER_SPELLINGS = [
    ("default via 10.0.0.1 dev v0 \n", "0.0.0.0/0 via 10.0.0.1 dev v0\n"),
    ("127.0.0.0/8 dev lo \n", "127/8 dev lo\n"),
    ("default via 10.0.0.1 dev v0 metric 100 \n", "default via 10.0.0.1 dev v0  metric 100"),  # busybox
    ("10.1.0.0/16 via 10.0.0.3 dev v0 metric 4000000000 \n",
     "10.1.0.0/16 via 10.0.0.3 dev v0  metric -294967296 \n"),
    ("10.1.0.0/16 tos 0x10 dev v0 \n", "10.1.0.0/16 tos lowdelay dev v0\r\n"),
    ("10.1.0.0/16 \n\tnexthop dev v0 weight 1 \n\tnexthop dev v1 weight 1 \n",
     "10.1.0.0/16 \\\tnexthop dev v0 weight 1 \\\tnexthop dev v1 weight 1 \n"),  # ip -o
    ("10.1.0.0/16 \n\tnexthop dev v0 weight 1 \n\tnexthop dev v1 weight 1 \n",
     "10.1.0.0/16\nnexthop dev v0 weight 1\nnexthop dev v1 weight 1\n"),  # white space collapsed
]  # fmt: skip


@pytest.mark.parametrize(("want", "text"), OTHER_SPELLINGS)
def test_other_spellings_mean_the_same(want: str, text: str) -> None:
    parsed = ip_route.parse(text, "f")
    assert (ip_route.render(parsed.facts), parsed.unread) == (want, ())


UNREADABLE = [
    ("truncated", "dev", "10.0.0.0/16 dev"),
    ("truncated", "10.0.", "default via 10.0."),
    ("truncated", "via", "default via"),
    ("truncated", "10.0.0.0/16", "10.0.0.0/16"),
    ("truncated", "10.0.0.0/", "10.0.0.0/"),
    ("truncated", "prot", "10.0.0.0/16 dev eth0 prot"),
    ("truncated", "fe80:", "default via fe80:"),
    ("truncated", "src", "default via 10.0.0.1 dev eth0 proto dhcp src"),
    ("truncated", "blackhole", "blackhole"),
    ("truncated", "defau", "defau"),
    ("bad-address", "10.0.0.256", "10.0.0.256 dev eth0"),
    ("bad-address", "10.0.0.256", "default via 10.0.0.256 dev eth0"),
    ("bad-address", "10.0.0.1/16", "10.0.0.1/16 dev eth0"),
    ("bad-address", "10.0.0.0/33", "10.0.0.0/33 dev eth0"),
    ("bad-address", "gateway", "default via gateway dev eth0"),
    ("unknown-word", "Dump", "Dump terminated"),
    ("unknown-word", "teleport", "default via 10.0.0.1 dev eth0 teleport 5"),
    ("bad-number", "1x", "default via 10.0.0.1 dev eth0 metric 1x"),
    ("no-next-hop", "10.0.0.0/16", "10.0.0.0/16 proto kernel scope link src 10.0.0.10"),
    ("mixed-families", "via", "10.0.0.0/16 via fe80::1 dev eth0"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "word", "line"), UNREADABLE)
def test_a_line_with_a_fault_is_kept_as_unread(reason: str, word: str, line: str) -> None:
    good = "10.9.0.0/16 dev v9 "
    parsed = ip_route.parse(f"{good}\n\n{line}", "ip-route.txt")
    assert [fact.evidence for fact in parsed.facts if fact.evidence] == [Evidence("ip-route.txt", 1, good)]
    [unread] = parsed.unread
    assert (unread.evidence, unread.reason, unread.detail) == (
        Evidence("ip-route.txt", 3, line), reason, word,
    )  # fmt: skip


def test_a_faulty_nexthop_line_takes_the_whole_route_along() -> None:
    text = (
        "10.1.0.0/16 \n\tnexthop via 10.0.0.1 dev v0 weight 1 \n\tnexthop via 10.0.0.999 dev v1 weight 1 \n"
    )
    parsed = ip_route.parse(text, "f")
    assert parsed.facts == ()
    assert [(item.evidence.line, item.reason) for item in parsed.unread] == [
        (1, "part-of-unread"), (2, "part-of-unread"), (3, "bad-address"),
    ]  # fmt: skip


def test_a_cut_nexthop_line_takes_the_whole_route_along() -> None:
    text = "10.1.0.0/16 \n\tnexthop via 10.0.0.1 dev v0 weight 1 \n\tnext"
    parsed = ip_route.parse(text, "f")
    assert [(item.evidence.line, item.reason) for item in parsed.unread] == [
        (1, "part-of-unread"), (2, "part-of-unread"), (3, "truncated"),
    ]  # fmt: skip


def test_a_nexthop_line_without_a_route_is_unread() -> None:
    parsed = ip_route.parse("\tnexthop via 10.0.0.1 dev v0 weight 1\n10.0.0.0/8 dev v0\n", "f")
    assert len(parsed.facts) == 1
    assert [(item.evidence.line, item.detail) for item in parsed.unread] == [(1, "nexthop")]


def test_a_route_has_its_way_on_one_line_or_on_nexthop_lines_not_on_both() -> None:
    parsed = ip_route.parse("10.1.0.0/16 dev v0\n\tnexthop dev v1 weight 1\n", "f")
    assert parsed.facts == ()
    assert [item.reason for item in parsed.unread] == ["two-next-hops", "part-of-unread"]


def test_a_last_line_without_its_end_is_fine() -> None:
    assert ip_route.parse("default via 10.0.0.1 dev eth0", "f").unread == ()


FAMILIES: list[tuple[list[int], str, Family]] = [
    ([4], "default dev tun0\n", 4),
    ([6], "default dev tun0\n", 6),
    ([6], "default dev tun0 metric 1024 pref medium\n", 4),
    ([4], "default dev tun0 scope link\n", 6),
    ([6], "default via fe80::1 dev v0\n", 4),
    ([6], "default dev tun0 src 2001:db8::1\n", 4),
    ([4, 4], "default dev tun0\n10.0.0.0/8 dev v0\n", 6),
    ([6, 6], "default dev tun0\nfe80::/64 dev v0\n", 4),
    ([4, 4, 6], "default dev tun0\n10.0.0.0/8 dev v0\nfe80::/64 dev v0\n", 4),
    ([6, 4, 6], "default dev tun0\n10.0.0.0/8 dev v0\nfe80::/64 dev v0\n", 6),
]  # fmt: skip


@pytest.mark.parametrize(("want", "text", "family"), FAMILIES)
def test_the_family_is_told_by_the_line_then_the_text_then_the_caller(
    want: list[int], text: str, family: Family
) -> None:
    assert [route.family for route in ip_route.parse(text, "f", family).facts] == want


def test_a_table_that_the_command_named_is_given_by_the_caller() -> None:
    text = capture("ip-route-table-100.txt")
    parsed = ip_route.parse(text, "f", table="100")
    assert {route.table for route in parsed.facts} == {"100"}
    assert ip_route.render(parsed.facts, table="100") == text


BYTE_FOR_BYTE = [
    "ip-route.txt", "ip6-route.txt", "ip-route-table-all.txt", "ip-d-route.txt", "ip-route-get.txt",
    "ip-route-linkdown.txt", "ip6-route-linkdown.txt",
]  # fmt: skip


@pytest.mark.parametrize("name", BYTE_FOR_BYTE)
def test_real_listings_come_back_byte_for_byte(name: str) -> None:
    text = capture(name)
    parsed = ip_route.parse(text, name)
    assert parsed.unread == ()
    assert ip_route.render(parsed.facts) == text


def test_all_tables_with_details_come_back_byte_for_byte() -> None:
    text = capture("ip-d-route-table-all.txt")
    assert ip_route.render(ip_route.parse(text, "f").facts, table=None) == text


def test_one_line_form_says_the_same() -> None:
    assert (
        ip_route.parse(capture("ip-o-route.txt"), "f").facts
        == ip_route.parse(capture("ip-route.txt"), "f").facts
    )


def test_busybox_hides_multipath_and_that_is_told() -> None:
    parsed = ip_route.parse(capture("busybox-ip-route.txt"), "f")
    assert [item.evidence.text.split()[0] for item in parsed.unread] == [
        "10.108.0.0/16", "10.109.0.0/16", "10.112.0.0/16",
    ]  # fmt: skip
    full = {(r.dst, r.tos): r for r in ip_route.parse(capture("ip-route.txt"), "f").facts}
    for route in parsed.facts:
        known = [full[key] for key in full if key[0] == route.dst]
        assert route.kind in {other.kind for other in known}


def test_busybox_says_the_same_of_ipv6_where_it_says_it() -> None:
    parsed = ip_route.parse(capture("busybox-ip6-route.txt"), "f", 6)
    assert [(item.reason, item.detail) for item in parsed.unread] == [("no-next-hop", "2001:db8:101::/48")]
    known = {
        (r.dst, r.metric, r.nexthops) for r in ip_route.parse(capture("ip-route-table-all.txt"), "f").facts
    }
    assert {(r.dst, r.metric, r.nexthops) for r in parsed.facts} <= known


def test_a_listing_of_one_device_does_not_tell_which() -> None:
    parsed = ip_route.parse(capture("ip-route-dev-v0.txt"), "f")
    assert {hop.dev for route in parsed.facts for hop in route.nexthops} == {None}
    assert {item.reason for item in parsed.unread} == {"no-next-hop"}
    assert len(parsed.facts) + len(parsed.unread) == len(capture("ip-route-dev-v0.txt").splitlines())


def test_the_examples_come_back_byte_for_byte() -> None:
    files = sorted((Path(__file__).parents[2] / "examples").glob("*/ip-route.txt"))
    assert files
    for file in files:
        parsed = ip_route.parse(file.read_text(), file.name)
        assert parsed.unread == ()
        assert ip_route.render(parsed.facts, trailing_space=False) == file.read_text()


@needs_truth
@pytest.mark.parametrize("name", ["ip-route.txt", "ip-route-table-all.txt"])
def test_every_measured_listing_comes_back_byte_for_byte(name: str) -> None:
    root = truth_dir()
    assert root is not None
    files = sorted((root / "docker").rglob(name))
    assert files
    for file in files:
        text = file.read_text()
        parsed = ip_route.parse(text, name)
        assert (file, parsed.unread) == (file, ())
        assert ip_route.render(parsed.facts) == text, file


def test_realms_after_a_tunnel_are_the_next_hops_own() -> None:
    tunnel = "encap ip id 5 dst 10.0.0.2 tos 0"
    text = f"default \n\tnexthop  {tunnel} realms 3/4 dev a weight 1 \n\tnexthop dev b weight 1 \n"
    (route,) = ip_route.parse(text, "f").facts
    assert route.nexthops[0].attributes == (("encap", tunnel.removeprefix("encap ")), ("realms", "3/4"))
    assert ip_route.render([route]) == text


@given(families.flatmap(lambda f: st.tuples(st.just(f), st.lists(routes(f), max_size=4))), st.booleans())
def test_printing_and_reading_gives_the_routes_back(case: tuple[Family, list[Route]], blank: bool) -> None:
    family, wanted = case
    parsed = ip_route.parse(ip_route.render(wanted, trailing_space=blank), "f", family)
    assert (list(parsed.facts), parsed.unread) == (wanted, ())


@given(st.text(alphabet=st.sampled_from("0123456789.:/ \n\tdefaultviadevnexthop\\")))
def test_any_text_is_read_or_named_and_no_line_is_lost(text: str) -> None:
    parsed = ip_route.parse(text, "f")
    told = {item.evidence.line for item in parsed.unread}
    for fact in parsed.facts:
        assert fact.evidence is not None
        told |= {fact.evidence.line + n for n in range(fact.evidence.text.count("\n") + 1)}
    blank = {n for n, line in enumerate(text.split("\n"), 1) if not line.strip()}
    lines = {n for n, line in enumerate(text.split("\n"), 1) if line.replace("\\", " ").strip()}
    assert lines - blank <= told | blank


def test_a_hundred_thousand_lines_are_read_in_reasonable_time() -> None:
    lines = [
        f"10.{n >> 16}.{n >> 8 & 255}.{n & 255} via 10.0.0.1 dev eth0 proto static src 10.0.0.9 metric {n} \n"
        for n in range(100_000)
    ]
    start = time.process_time()
    parsed = ip_route.parse("".join(lines), "f")
    assert time.process_time() - start < 20  # about 2 seconds on an idle machine
    assert (len(parsed.facts), parsed.unread) == (100_000, ())
    assert parsed.facts[99_999].evidence == Evidence("f", 100_000, lines[-1].rstrip("\n"))


def test_a_lone_backslash_is_a_line_that_nobody_understands() -> None:
    """``ip -o`` writes one where a line would end; by itself it tells nothing, and is told."""
    parsed = ip_route.parse("default via 10.0.0.1 dev eth0\n\\\n", "f", 4)
    assert len(parsed.facts) == 1
    assert [(one.evidence.line, one.evidence.text) for one in parsed.unread] == [(2, "\\")]
