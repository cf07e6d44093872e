"""ipset save and ipset list: read into the same sets, written back, cuts told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.netfilter import IpSet
from sekisho.sources import ipset_save

CAPTURES = Path(__file__).parent / "captures" / "ipset-7.17"


def read(text: str) -> tuple[IpSet, ...]:
    parsed = ipset_save.parse(text, "ipset-save.txt")
    assert parsed.unread == ()
    return parsed.facts


def test_capture_is_written_back() -> None:
    text = (CAPTURES / "save.txt").read_text()
    assert ipset_save.render(read(text)) == text


def test_list_says_what_save_says() -> None:
    assert read((CAPTURES / "list.txt").read_text()) == read((CAPTURES / "save.txt").read_text())


def test_facts() -> None:
    first, nets, *_ = read((CAPTURES / "save.txt").read_text())
    assert (first.name, first.type) == ("a", "hash:ip")
    assert first.options[:5] == (
        ("family", "inet"), ("hashsize", "1024"), ("maxelem", "65536"), ("timeout", "300"), ("counters", ""),
    )  # fmt: skip
    assert first.entries[1] == (
        "10.0.0.1",
        (("timeout", "0"), ("packets", "0"), ("bytes", "0"), ("comment", "hello x y")),
    )
    assert nets.entries == (("fd00:1::/32", (("nomatch", ""),)), ("fd00::/8", ()))
    assert first.evidence is not None
    assert first.evidence.line == 1
    assert first.incomplete is None


def test_terse_list_leaves_sets_incomplete() -> None:
    parsed = ipset_save.parse((CAPTURES / "list-t.txt").read_text(), "f")
    assert {one.reason for one in parsed.unread} == {"missing-members"}
    assert parsed.facts[0].entries == ()
    assert all(one.incomplete is not None for one in parsed.facts)


@pytest.mark.parametrize(
    ("reason", "line", "text"),
    [
        ("truncated", 2, "create a hash:ip\nadd a 10.0.0."),
        ("truncated", 2, "create a hash:ip\nadd a"),
        ("truncated", 1, "create a hash:ip fam"),
        ("undeclared-set", 1, "add a 10.0.0.1\n"),
        ("missing-value", 2, "create a hash:ip\nadd a 10.0.0.1 timeout\n"),
        ("unknown-line", 2, "create a hash:ip\nhello\n"),
        ("unclosed-quote", 2, 'create a hash:ip\nadd a 10.0.0.1 comment "x\n'),
        ("duplicate-set", 2, "create a hash:ip\ncreate a hash:ip\n"),
        ("missing-members", 1, "Name: a\nType: hash:ip\nNumber of entries: 2\nMembers:\n10.0.0.1\n"),
    ],
)  # fmt: skip
def test_cut_or_senseless_line_is_named(reason: str, line: int, text: str) -> None:
    parsed = ipset_save.parse(text, "f")
    assert [(one.reason, one.evidence.line) for one in parsed.unread] == [(reason, line)]
    if reason != "undeclared-set":
        assert all(one.incomplete is not None for one in parsed.facts)


def test_flags_of_the_command_say_nothing_of_the_set() -> None:
    assert read("create a hash:ip -exist\nadd a 10.0.0.1 -exist\n") == read(
        "create a hash:ip\nadd a 10.0.0.1\n"
    )


NAMES = st.text(st.sampled_from("abcXYZ019_-."), min_size=1, max_size=10).filter(
    lambda n: not n.startswith("-")
)
ENTRIES = st.tuples(
    st.sampled_from(["10.0.0.1", "10.0.0.0/8", "fd00::/8", "10.0.0.1,tcp:80", "10.0.0.0/8,eth0"]),
    st.lists(
        st.sampled_from([("nomatch", ""), ("timeout", "5"), ("comment", ""), ("comment", 'a "b" \\ c')]),
        unique=True,
    ).map(tuple),
)
SETS = st.builds(
    IpSet,
    NAMES,
    st.sampled_from(["hash:ip", "hash:net", "bitmap:port", "list:set"]),
    st.lists(
        st.sampled_from([("family", "inet"), ("counters", ""), ("comment", ""), ("timeout", "0")]),
        unique=True,
    ).map(tuple),
    st.lists(ENTRIES, max_size=4).map(tuple),
)


@given(st.lists(SETS, unique_by=lambda one: one.name).map(tuple))
def test_sets_survive_writing_and_reading(sets: tuple[IpSet, ...]) -> None:
    text = ipset_save.render(sets)
    assert read(text) == sets
    assert ipset_save.render(read(text)) == text


@pytest.mark.kernel
def test_kernel_takes_and_returns_what_is_written() -> None:
    text = (CAPTURES / "save.txt").read_text().replace("timeout 299", "timeout 0")
    script = "ipset restore && ipset save -sorted && echo ---- && ipset list -sorted"
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", script],
        input=ipset_save.render(read(text)),
        capture_output=True,
        text=True,
        check=True,
    )
    saved, _, listed = done.stdout.partition("----\n")
    assert read(saved) == read(listed)
    assert ipset_save.render(read(saved)) == saved

    def sorted_sets(sets: tuple[IpSet, ...]) -> dict[str, list[object]]:
        return {one.name: sorted(one.entries) for one in sets}  # type: ignore[misc]

    assert sorted_sets(read(saved)) == sorted_sets(read(text))
