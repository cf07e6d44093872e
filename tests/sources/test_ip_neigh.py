"""``ip neigh``: states, flags and counters, as text and as JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.evidence import Evidence
from sekisho.model.links import Neighbour
from sekisho.sources import ip_neigh
from sekisho.values.address import Address
from sekisho.values.names import interface_name as iface
from sekisho.values.names import link_address
from tests.sources.capture_files import capture
from tests.strategies.routing import neighbours
from tests.truth import needs_truth, truth_dir

A = Address.parse
GOLDEN = [
    (Neighbour(A("10.0.0.1"), iface("v0"), link_address("02:00:00:00:00:99"), "PERMANENT"),
     "10.0.0.1 dev v0 lladdr 02:00:00:00:00:99 PERMANENT "),
    (Neighbour(A("10.0.0.6"), iface("v0"), None, "FAILED"), "10.0.0.6 dev v0 FAILED "),
    (Neighbour(A("10.0.0.8"), iface("v0"), flags=("proxy",)), "10.0.0.8 dev v0 proxy "),
    (Neighbour(A("10.0.0.12"), iface("v0"), None, "INCOMPLETE", ("managed",)),
     "10.0.0.12 dev v0 managed INCOMPLETE "),
    (Neighbour(A("2001:db8::1"), iface("v0"), link_address("02:00:00:00:00:94"), "REACHABLE", ("router",),
               (("proto", "static"),)),
     "2001:db8::1 dev v0 lladdr 02:00:00:00:00:94 router REACHABLE proto static "),
]  # fmt: skip


@pytest.mark.parametrize(("want", "line"), GOLDEN, ids=[line for _, line in GOLDEN])
def test_reads_each_form_and_prints_it_back(want: Neighbour, line: str) -> None:
    parsed = ip_neigh.parse(f"{line}\n", "f")
    assert (parsed.facts, parsed.unread) == ((want,), ())
    assert ip_neigh.render(parsed.facts) == f"{line}\n"


@pytest.mark.parametrize("name", ["ip-neigh", "ip-neigh-all", "ip-neigh-proxy", "ip-s-neigh"])
def test_real_text_and_json_say_the_same_and_come_back(name: str) -> None:
    text, json = capture(f"{name}.txt"), capture(f"{name}.json")
    parsed, from_json = ip_neigh.parse(text, "f"), ip_neigh.parse(json, "f")
    assert (parsed.unread, from_json.unread) == ((), ())
    assert parsed.facts == from_json.facts
    assert ip_neigh.render_json(from_json.facts).rstrip() == json.rstrip()
    if name != "ip-s-neigh":
        assert ip_neigh.render(parsed.facts) == text


def test_counters_are_kept() -> None:
    [entry] = ip_neigh.parse(
        "10.0.0.5 dev v0 lladdr 02:00:00:00:00:95  ref 1 used 0/60/3probes 1 PROBE \n", "f"
    ).facts
    assert entry.details == (
        ("refcnt", "1"), ("used", "0"), ("confirmed", "60"), ("updated", "3"), ("probes", "1"),
    )  # fmt: skip


def test_a_listing_of_one_device_does_not_tell_which() -> None:
    parsed = ip_neigh.parse(capture("ip-neigh-dev-v0.txt"), "f")
    assert parsed.facts == ()
    assert {item.reason for item in parsed.unread} == {"no-device"}


UNREADABLE = [
    ("truncated", "lladdr", "10.0.0.1 dev v0 lladdr"),
    ("truncated", "02:00:00", "10.0.0.1 dev v0 lladdr 02:00:00"),
    ("truncated", "10.0.", "10.0."),
    ("truncated", "REACH", "10.0.0.1 dev v0 lladdr 02:00:00:00:00:99 REACH"),
    ("bad-address", "10.0.0.256", "10.0.0.256 dev v0 FAILED"),
    ("bad-address", "hello", "10.0.0.1 dev v0 lladdr hello FAILED"),
    ("unknown-word", "ASLEEP", "10.0.0.1 dev v0 ASLEEP"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "word", "line"), UNREADABLE)
def test_a_line_with_a_fault_is_kept_as_unread(reason: str, word: str, line: str) -> None:
    parsed = ip_neigh.parse(f"10.0.0.6 dev v0 FAILED \n{line}", "f")
    assert len(parsed.facts) == 1
    [unread] = parsed.unread
    assert (unread.evidence, unread.reason, unread.detail) == (Evidence("f", 2, line), reason, word)


@given(st.lists(neighbours(), max_size=4))
def test_printing_and_reading_gives_the_entries_back(wanted: list[Neighbour]) -> None:
    for text in (ip_neigh.render(wanted), ip_neigh.render_json(wanted)):
        parsed = ip_neigh.parse(text, "f")
        assert (list(parsed.facts), parsed.unread) == (wanted, ())


@needs_truth
def test_every_measured_listing_comes_back() -> None:
    root = truth_dir()
    assert root is not None
    files = sorted((root / "docker").rglob("ip-neigh.json"))
    assert files
    for file in files:
        parsed = ip_neigh.parse(file.read_text(), "f")
        assert (file, parsed.unread) == (file, ())
        assert ip_neigh.render_json(parsed.facts).rstrip() == file.read_text().rstrip()
