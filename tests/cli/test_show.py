"""``show``: the example's files come back, and what is not there is said."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.command import EXAMPLES, process, sekisho

HOST = EXAMPLES / "host-10.1.0.81"


@pytest.mark.parametrize(
    ("what", "file"), [("routes", "ip-route.txt"), ("nat", "iptables-nat.txt"), ("sysctl", "sysctl.txt")]
)
def test_the_example_comes_back_byte_for_byte(what: str, file: str) -> None:
    ran = sekisho("show", str(HOST), what)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (HOST / file).read_text(encoding="utf-8")


def test_json_holds_the_same_text() -> None:
    document = json.loads(sekisho("show", str(HOST), "routes", "--json").out)
    assert document["schema"] == "sekisho/show/1"
    assert (document["namespace"], document["what"], document["unread"]) == ("host", "routes", [])
    assert document["text"] == (HOST / "ip-route.txt").read_text(encoding="utf-8")


def test_one_file_and_standard_input() -> None:
    text = (HOST / "iptables-nat.txt").read_text(encoding="utf-8")
    assert sekisho("show", str(HOST / "iptables-nat.txt"), "nat").out == text
    assert process("show", "-", "nat", stdin=text).out == text


def test_save_form() -> None:
    ran = sekisho("show", str(HOST), "nat", "--format", "save")
    assert ran.status == 0
    assert "-A DOCKER ! -i br-528a7aa7b156 -p tcp -m tcp --dport 3306 -j DNAT" in ran.out
    assert ran.out.startswith("*nat\n")
    assert ran.out.endswith("COMMIT\n")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("filter",), "iptables-save.txt"),
        (("routes", "-6"), "ip6-route.txt"),
        (("nat", "-6"), "ip6tables-save.txt"),
        (("networks",), "docker-networks.json"),
        (("sockets",), "ss.txt"),
        (("routes", "--netns", "web"), "no namespace 'web'"),
        (("routes", "--format", "save"), "--format is for tables only"),
        (("nat", "--table", "local"), "--table is for routes only"),
        (("routes", "-4", "-6"), "not allowed with argument"),
        (("everything",), "invalid choice: 'everything'"),
    ],
)
def test_what_cannot_be_shown_is_exit_2(argv: tuple[str, ...], said: str) -> None:
    ran = sekisho("show", str(HOST), *argv)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert not sekisho("show", str(HOST), *argv, "--lang", "ja").err.isascii()


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    (tmp_path / "ip-route.txt").write_text(
        "default via 10.0.0.1 dev eth0 \n10.0.0.0/33 dev eth0 \nwhat is this\n"
    )
    return tmp_path


def test_lines_that_were_not_understood_are_named_on_stderr(broken: Path) -> None:
    ran = sekisho("show", str(broken), "routes")
    assert (ran.status, ran.out) == (0, "default via 10.0.0.1 dev eth0 \n")
    assert "2 captured line(s)" in ran.err
    assert "ip-route.txt:2: 10.0.0.0/33 dev eth0" in ran.err
    assert "ip-route.txt:3: what is this" in ran.err
    document = json.loads(sekisho("show", str(broken), "routes", "--json").out)
    assert [one["line"] for one in document["unread"]] == [2, 3]


def test_many_lost_lines_are_counted(tmp_path: Path) -> None:
    (tmp_path / "ip-route.txt").write_text("default via 10.0.0.1 dev eth0 \n" + "nonsense here\n" * 50)
    ran = sekisho("show", str(tmp_path), "routes")
    assert "50 captured line(s)" in ran.err
    assert "and 30 more" in ran.err


@pytest.mark.parametrize("verb", [("show", "routes"), ("explain",), ("trace", "internet", "10.0.0.1:80")])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\x00\x01\x02\xff" * 100,
        b"\xff\xfe d e f",
        b"hello\n",
        b"{",
        b"[1, 2",
        b"\x1f\x8b broken",
    ],
    ids=["empty", "blank", "binary", "utf-16", "prose", "brace", "cut json", "cut gzip"],
)
def test_useless_files_are_one_clear_error(tmp_path: Path, verb: tuple[str, ...], content: bytes) -> None:
    for name in ("ip-route.txt", "iptables-save.txt", "notes", "x.tar"):
        file = tmp_path / name
        file.write_bytes(content)
        ran = sekisho(verb[0], str(file), *verb[1:])
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith(f"sekisho: {file}") or ran.err.startswith(f"sekisho: {name}")
        assert len(ran.err.splitlines()) <= 4


@pytest.mark.parametrize("verb", ["show", "explain", "trace"])
def test_a_snapshot_that_is_not_there(verb: str, tmp_path: Path) -> None:
    more = {"show": ["routes"], "explain": [], "trace": ["internet", "10.0.0.1:80"]}[verb]
    ran = sekisho(verb, str(tmp_path / "nowhere"), *more)
    assert (ran.status, ran.out) == (2, "")
    assert "nowhere" in ran.err
    ran = sekisho(verb, str(tmp_path), *more)  # an empty folder
    assert (ran.status, ran.out) == (2, "")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    file = tmp_path / "ip-route.txt"
    file.write_text("default via 10.0.0.1 dev eth0\n")
    file.chmod(0)
    ran = sekisho("show", str(file), "routes")
    assert (ran.status, ran.out) == (2, "")
    assert "ip-route.txt" in ran.err
