"""A snapshot written as a folder and read again holds the same facts."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import pytest

from sekisho.errors import UsageError
from sekisho.model.evidence import Evidence, Lack, Partial
from sekisho.model.netfilter import BUILTIN_CHAINS, Chain, Ruleset, Table
from sekisho.model.nft import NftRuleset, NftTable
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.sources.load import load, load_text
from sekisho.sources.write import snapshot_texts, write_snapshot
from sekisho.values.names import BadNameError, NamespaceName, NodeName, namespace_name
from tests.truth import loaded, needs_truth, truth_dir

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = [*sorted((ROOT / "examples").glob("host-*")), *sorted((ROOT / "tests/data/docker").glob("*/*"))]
# What is about the files rather than about the network.
ABOUT_FILES = {"files", "unread", "texts", "notes", "path", "host", "namespaces"}


def _differences(one: Snapshot | Namespace, other: Snapshot | Namespace, where: str) -> list[str]:
    found = []
    for field in fields(one):
        if field.name in ABOUT_FILES or field.name.startswith("_"):
            continue
        before, after = getattr(one, field.name), getattr(other, field.name)
        if field.name == "routes":  # listed by family, then as ip route does
            before, after = (
                sorted(repr(replace(r, evidence=None)) for r in each) for each in (before, after)
            )
        if before != after:
            found.append(f"{where} {field.name}: {before!r} != {after!r}"[:600])
    return found


def _round_trip(folder: Path, tmp_path: Path) -> list[str]:
    before = loaded(folder)
    written = tmp_path / "written"
    write_snapshot(before, written)
    after = load(str(written))
    found = _differences(before, after, "snapshot") + _differences(before.host, after.host, "host")
    assert [one.name for one in before.namespaces] == [one.name for one in after.namespaces]
    for one, other in zip(before.namespaces, after.namespaces, strict=True):
        found += _differences(one, other, one.name)
    return found


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_shipped_snapshots_come_back(folder: Path, tmp_path: Path) -> None:
    assert _round_trip(folder, tmp_path) == []


@needs_truth
@pytest.mark.parametrize("version", ["20.10.24", "26.1.5", "27.5.1", "28.5.2", "29.7.2", "29.7.2-nftables"])
def test_every_capture_comes_back(version: str, tmp_path: Path) -> None:
    root = truth_dir()
    assert root is not None
    folders = sorted(path.parent for path in (root / "docker" / version).glob("*/scenario.json"))
    assert len(folders) > 25
    for folder in folders:
        assert _round_trip(folder, tmp_path / folder.name) == [], folder.name


def _again(facts: Namespace, folder: Path) -> Namespace:
    write_snapshot(Snapshot("", facts), folder)
    return load(str(folder)).host


@pytest.mark.parametrize("why", get_args(Lack))
@pytest.mark.parametrize("complete", [True, False])
def test_what_is_known_in_part_stays_so(why: Lack, complete: bool, tmp_path: Path) -> None:
    lack = Partial(why, Evidence("", 0, "not captured"))
    table = Table("filter", (Chain("INPUT", "ACCEPT"),), lack)
    host = Namespace(namespace_name("host"), rulesets=(Ruleset(4, "nft", (table,), complete),))
    (ruleset,) = _again(host, tmp_path / "out").rulesets
    found = ruleset.tables[0].incomplete
    assert found is not None
    assert found.why == why
    assert "INPUT" not in found.whole


def test_tables_that_were_lost_stay_so(tmp_path: Path) -> None:
    lost = Ruleset(4, "nft", (), incomplete=Partial("filtered", Evidence("", 0, "grep")))
    (ruleset,) = _again(Namespace(namespace_name("host"), rulesets=(lost,)), tmp_path / "out").rulesets
    assert {
        table.name: table.incomplete and table.incomplete.why for table in ruleset.tables
    } == dict.fromkeys(BUILTIN_CHAINS, "filtered")


def test_a_cut_nft_listing_stays_so(tmp_path: Path) -> None:
    lack = Partial("cut", Evidence("", 0, "chain"))
    nft = NftRuleset((NftTable("inet", "f", incomplete=lack),), incomplete=lack)
    found = _again(Namespace(namespace_name("host"), nft=nft), tmp_path / "out").nft
    assert found is not None
    assert found.incomplete is not None
    assert found.incomplete.why == "cut"


@pytest.mark.parametrize("name", ["../up", "a/../../up", "..", "a\nb", ""])
def test_a_namespace_is_a_folder_below_the_snapshots(name: str, tmp_path: Path) -> None:
    """Whoever made the facts: a name that is none writes nothing."""
    inside = Namespace(NamespaceName(NodeName(name)), routes=())
    with pytest.raises(BadNameError):
        write_snapshot(Snapshot("", Namespace(namespace_name("host")), (inside,)), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("backend", "complete"), [("", True), ("nft", True), ("nft", False)])
def test_two_texts_of_one_name_are_refused(backend: str, complete: bool, tmp_path: Path) -> None:
    """Whichever came second would have taken the first one's place."""
    one = Ruleset(4, "nft", (Table("filter", (Chain("INPUT", "ACCEPT"),)),), complete)
    other = Ruleset(4, backend, (Table("filter", (Chain("INPUT", "DROP"),)),) if backend else (), complete)
    host = Namespace(namespace_name("host"), rulesets=(one, other))
    with pytest.raises(UsageError, match=r"two texts would be written as iptables-.*\.txt"):
        write_snapshot(Snapshot("", host), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_namespaces_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = (Namespace(namespace_name("web"), addresses=()), Namespace(namespace_name("web"), addresses=()))
    with pytest.raises(UsageError, match=r"two texts would be written as netns/web/ip-addr\.json"):
        write_snapshot(Snapshot("", Namespace(namespace_name("host")), twice), tmp_path / "out")


def test_a_folder_with_something_in_it_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(UsageError, match="is there already"):
        write_snapshot(load(str(SHIPPED[0])), tmp_path)
    assert (tmp_path / "mine").read_text() == "keep"


def test_unread_lines_are_kept_as_notes(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "ip-route.txt").write_text("default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 frobnicate 7\n")
    write_snapshot(load(str(source)), tmp_path / "out")
    notes = (tmp_path / "out" / "capture-notes.txt").read_text()
    assert "ip-route.txt:2" in notes
    assert "frobnicate" in notes


@pytest.mark.parametrize(
    ("text", "written", "protocols"),
    [
        ("$ ss -ltun\ntcp LISTEN 0 5 0.0.0.0:22 0.0.0.0:*\n", {"ss.txt"}, {"tcp", "udp"}),
        ("$ ss -ltn\nLISTEN 0 5 0.0.0.0:22 0.0.0.0:*\n", {"ss.txt"}, {"tcp"}),
        ("$ ss -lun\nUNCONN 0 0 0.0.0.0:53 0.0.0.0:*\n", set(), set()),
        ("$ netstat -tln\ntcp 0 0 :::22 :::* LISTEN\n", {"ss.txt"}, {"tcp"}),
        ("$ ss -ltn | grep 22\nLISTEN 0 5 0.0.0.0:22 0.0.0.0:*\n", set(), set()),
        ("$ ip -br addr\nlo UNKNOWN 127.0.0.1/8 ::1/128\n", {"ip-link.json", "ip-addr.json"}, set()),
        ("$ ip -4 -br addr\nlo UNKNOWN 127.0.0.1/8\n", {"ip-link.json"}, set()),
        ("lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n", {"ip-link.json"}, set()),
    ],
)
def test_what_is_known_in_part_is_not_written_as_whole(
    text: str, written: set[str], protocols: set[str], tmp_path: Path
) -> None:
    snapshot = load_text(text)
    assert snapshot_texts(snapshot).keys() - {"capture-notes.txt"} == written
    if protocols:
        write_snapshot(snapshot, tmp_path / "out")
        again = load(str(tmp_path / "out")).host
        assert again.socket_protocols == protocols
        assert [one.dual for one in again.sockets or ()] == [one.dual for one in snapshot.host.sockets or ()]
