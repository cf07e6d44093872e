"""``ip addr``: addresses with labels, peers, flags and lifetimes, as text and as JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.evidence import Evidence
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.sources import ip_addr, ip_addr_json, ip_link
from sekisho.values.address import Address
from sekisho.values.names import interface_name as iface
from tests.sources.capture_files import capture
from tests.strategies.routing import interface_addresses, interfaces
from tests.truth import needs_truth, truth_dir

A = Address.parse
HEAD = (
    "3: v0: <UP> mtu 1500 qdisc noqueue state UP group default qlen 1000\n    link/ether 02:00:00:00:00:10\n"
)
FOREVER = "       valid_lft forever preferred_lft forever\n"
LASTING = (("valid_lft", "forever"), ("preferred_lft", "forever"))
GOLDEN = [
    (InterfaceAddress(iface("v0"), 4, A("10.0.0.10"), 24, A("10.0.0.255"), scope="global", label="v0",
                      flags=("dynamic",), details=(("metric", "100"), *LASTING)),
     "    inet 10.0.0.10/24 metric 100 brd 10.0.0.255 scope global dynamic v0"),
    (InterfaceAddress(iface("v0"), 4, A("10.0.0.11"), 16, A("10.0.255.255"), scope="global", label="v0:1",
                      flags=("secondary",), details=LASTING),
     "    inet 10.0.0.11/16 brd 10.0.255.255 scope global secondary v0:1"),
    (InterfaceAddress(iface("v0"), 4, A("10.9.0.1"), 32, peer=A("10.9.0.2"), scope="global", label="v0",
                      details=LASTING),
     "    inet 10.9.0.1 peer 10.9.0.2/32 scope global v0"),
    (InterfaceAddress(iface("v0"), 4, A("10.5.0.1"), 24, scope="link", details=LASTING),
     "    inet 10.5.0.1/24 scope link "),
    (InterfaceAddress(iface("v0"), 6, A("::1"), 128, scope="host",
                      details=(("proto", "kernel_lo"), *LASTING)),
     "    inet6 ::1/128 scope host proto kernel_lo "),
    (InterfaceAddress(iface("v0"), 6, A("fe80::1"), 64, scope="link", flags=("tentative",),
                      details=(("proto", "kernel_ll"), *LASTING)),
     "    inet6 fe80::1/64 scope link tentative proto kernel_ll "),
    (InterfaceAddress(iface("v0"), 6, A("2001:db8::5"), 64, scope="global", details=LASTING,
                      flags=("temporary", "dadfailed", "deprecated", "mngtmpaddr", "noprefixroute")),
     "    inet6 2001:db8::5/64 scope global temporary dadfailed deprecated mngtmpaddr noprefixroute "),
    (InterfaceAddress(iface("v0"), 6, A("2001:db8:3::10"), 128, peer=A("2001:db8:3::11"), scope="global",
                      flags=("nodad", "home"), details=LASTING),
     "    inet6 2001:db8:3::10 peer 2001:db8:3::11/128 scope global nodad home "),
]  # fmt: skip


@pytest.mark.parametrize(("want", "line"), GOLDEN, ids=[line.strip() for _, line in GOLDEN])
def test_reads_each_form_and_prints_it_back(want: InterfaceAddress, line: str) -> None:
    text = f"{HEAD}{line}\n{FOREVER}"
    parsed = ip_addr.parse(text, "ip-addr.txt")
    assert (parsed.facts, parsed.unread) == ((want,), ())
    assert parsed.facts[0].evidence == Evidence("ip-addr.txt", 3, line)
    assert ip_addr.render(ip_link.parse(text, "f").facts, parsed.facts) == text


@pytest.mark.parametrize("name", ["ip-addr", "ip-d-addr"])
def test_real_text_and_json_say_the_same_and_come_back(name: str) -> None:
    text, json = capture(f"{name}.txt"), capture(f"{name}.json")
    parsed, from_json = ip_addr.parse(text, "f"), ip_addr.parse(json, "f")
    assert (parsed.unread, from_json.unread) == ((), ())
    assert parsed.facts == from_json.facts
    assert ip_addr.render(ip_link.parse(text, "f").facts, parsed.facts) == text
    if name == "ip-addr":
        rendered = ip_addr_json.render(ip_link.parse(json, "f").facts, from_json.facts)
        assert rendered.rstrip() == json.rstrip()


def test_busybox_comes_back_byte_for_byte() -> None:
    text = capture("busybox-ip-addr.txt")
    parsed = ip_addr.parse(text, "f")
    assert parsed.unread == ()
    assert ip_addr.render(ip_link.parse(text, "f").facts, parsed.facts) == text


def test_one_line_form_says_the_same() -> None:
    assert (
        ip_addr.parse(capture("ip-o-addr.txt"), "f").facts == ip_addr.parse(capture("ip-addr.txt"), "f").facts
    )


UNREADABLE = [
    ("truncated", "inet", "    inet"),
    ("truncated", "10.0.", "    inet 10.0."),
    ("truncated", "10.0.0.1/", "    inet 10.0.0.1/"),
    ("truncated", "scope", "    inet 10.0.0.1/24 brd 10.0.0.255"),
    ("truncated", "glob", "    inet 10.0.0.1/24 scope glob"),
    ("truncated", "secon", "    inet 10.0.0.1/24 scope global secon"),
    ("truncated", "v", "    inet 10.0.0.1/24 scope global v"),
    ("bad-address", "10.0.0.256", "    inet 10.0.0.256/24 scope global v0"),
    ("bad-address", "10.0.0.1/33", "    inet 10.0.0.1/33 scope global v0"),
    ("mixed-families", "fe80::1/64", "    inet fe80::1/64 scope link v0"),
    ("unknown-word", "purple", "    inet 10.0.0.1/24 scope global purple v0"),
    ("unknown-word", "eth7", "    inet 10.0.0.1/24 scope global eth7"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "word", "line"), UNREADABLE)
def test_an_address_line_with_a_fault_is_kept_as_unread(reason: str, word: str, line: str) -> None:
    parsed = ip_addr.parse(f"{HEAD}    inet 10.1.0.1/24 scope global v0\n{FOREVER}{line}\n{FOREVER}", "f")
    assert [str(fact.address) for fact in parsed.facts] == ["10.1.0.1"]
    assert parsed.facts[0].details == LASTING
    fault, lifetimes = parsed.unread
    assert (fault.evidence, fault.reason, fault.detail) == (Evidence("f", 5, line), reason, word)
    assert (lifetimes.evidence.line, lifetimes.reason) == (6, "part-of-unread")


def test_addresses_of_an_unreadable_interface_belong_to_nobody() -> None:
    parsed = ip_addr.parse(f"3: v0: <UP\n    inet 10.0.0.1/24 scope global v0\n{FOREVER}", "f")
    assert parsed.facts == ()
    assert [(item.evidence.line, item.reason) for item in parsed.unread] == [
        (1, "truncated"), (2, "part-of-unread"), (3, "part-of-unread"),
    ]  # fmt: skip


def test_one_faulty_address_in_json_leaves_the_others() -> None:
    text = (
        '[{"ifname":"v0","addr_info":[{"family":"inet","local":"10.0.0.1","prefixlen":24,"scope":"global"},'
        '{"family":"inet","local":"10.0.0.999","prefixlen":24}]}]'
    )
    parsed = ip_addr.parse(text, "f")
    assert [str(fact.address) for fact in parsed.facts] == ["10.0.0.1"]
    assert [(item.reason, item.detail) for item in parsed.unread] == [("bad-address", "10.0.0.999")]


@st.composite
def hosts(draw: st.DrawFn) -> tuple[list[Interface], list[InterfaceAddress]]:
    found = draw(st.lists(interfaces(), max_size=3, unique_by=lambda interface: interface.name))
    addresses = [item for i in found for item in draw(st.lists(interface_addresses(i.name), max_size=3))]
    return found, addresses


@given(hosts())
def test_printing_and_reading_gives_the_addresses_back(
    host: tuple[list[Interface], list[InterfaceAddress]],
) -> None:
    for text in (ip_addr.render(*host), ip_addr_json.render(*host)):
        parsed, links = ip_addr.parse(text, "f"), ip_link.parse(text, "f")
        assert (list(links.facts), list(parsed.facts), parsed.unread) == (*host, ())


@needs_truth
def test_every_measured_text_comes_back_byte_for_byte() -> None:
    root = truth_dir()
    assert root is not None
    files = sorted((root / "docker").rglob("ip-addr.txt"))
    assert files
    for file in files:
        text = file.read_text()
        parsed, links = ip_addr.parse(text, "f"), ip_link.parse(text, "f")
        assert (file, parsed.unread, links.unread) == (file, (), ())
        assert ip_addr.render(links.facts, parsed.facts) == text, file


@needs_truth
def test_every_measured_json_comes_back() -> None:
    root = truth_dir()
    assert root is not None
    files = sorted((root / "docker").rglob("ip-addr.json"))
    assert files
    for file in files:
        text = file.read_text()
        parsed, links = ip_addr.parse(text, "f"), ip_link.parse(text, "f")
        assert (file, parsed.unread, links.unread) == (file, (), ())
        assert ip_addr_json.render(links.facts, parsed.facts).rstrip() == text.rstrip(), file
