"""Refusals on a page: what the command would have shown is unknown until something else shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.sources import paste
from sekisho.sources.load import load_text
from tests.cli.command import sekisho

ROUTES = "me@box:~$ ip r\ndefault via 192.0.2.1 dev ens3 src 192.0.2.7\n192.0.2.0/24 dev ens3 src 192.0.2.7\n"
DENIED = "Fatal: can't open lock file /run/xtables.lock: Permission denied"


def failed(text: str) -> dict[str, str]:
    return {one.file: one.reason for one in load_text(ROUTES + text).host.failed}


# What the programs print to an ordinary user: iptables/xshared.c, nft's and docker's own words.
@pytest.mark.parametrize(
    ("command", "said", "file"),
    [
        ("iptables-save", DENIED, "iptables-save.txt"),
        ("iptables -L -n", DENIED, "iptables-filter.txt"),
        (
            "ip6tables -t nat -S",
            "ip6tables v1.8.7 (nf_tables): Could not fetch rule set generation id: Permission denied (you"
            " must be root)",
            "ip6tables-nat.txt",
        ),
        (
            "iptables-save",
            "Fatal: can't open lock file /run/xtables.lock: 許可がありません",
            "iptables-save.txt",
        ),
        ("nft list ruleset", "Operation not permitted (you must be root)", "nft-ruleset.txt"),
        ("sudo iptables-save", "sudo: a password is required", "iptables-save.txt"),
        ("docker ps", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "docker-ps.txt"),
        ("ufw status", "ERROR: You need to be root to run this script", "ufw-status.txt"),
    ],
)
def test_a_refusal_is_a_failure(command: str, said: str, file: str) -> None:
    assert failed(f"me@box:~$ {command}\n{said}\n") == {file: said}


@pytest.mark.parametrize(
    "said",
    ["-bash: iptables: command not found", "What does it say?", "-P INPUT ACCEPT\nPermission denied"],
)
def test_other_words_are_none(said: str) -> None:
    assert failed(f"me@box:~$ iptables -S\n{said}\n") == {}


@pytest.mark.parametrize(
    ("later", "open_"),
    [
        ("sudo iptables -S\n-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n", False),
        ("sudo iptables-save\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", False),
        ("sudo iptables -t nat -S\n-P PREROUTING ACCEPT\n-P POSTROUTING ACCEPT\n", True),
        ("sudo ip6tables -S\n-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n", True),
        ("sudo iptables -S INPUT\n-P INPUT ACCEPT\n", True),
    ],
)
def test_what_shows_the_same_settles_it(later: str, open_: bool) -> None:
    assert bool(failed(f"me@box:~$ iptables -S\n{DENIED}\nme@box:~$ {later}")) is open_


def test_single_tables_leave_the_others_of_a_refused_save_open() -> None:
    shown = "me@box:~$ sudo iptables -t nat -S\n-P PREROUTING ACCEPT\n-P POSTROUTING ACCEPT\n"
    (ruleset,) = load_text(ROUTES + f"me@box:~$ iptables-save\n{DENIED}\n" + shown).host.rulesets
    assert [table.name for table in ruleset.tables] == ["nat"]
    assert ruleset.incomplete is not None
    assert ruleset.incomplete.why == "failed"


WEB2 = "a@web2:~$ ip r\n198.51.100.0/24 dev eth0 proto kernel scope link src 198.51.100.7\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (ROUTES + WEB2 + f"a@web2:~$ iptables-save\n{DENIED}\n", [0, 1]),
        (ROUTES + f"a@web2:~$ iptables-save\n{DENIED}\n" + WEB2, [0, 1]),
        (ROUTES + WEB2 + f"me@box:~$ iptables-save\n{DENIED}\n", [1, 0]),
        (ROUTES + f"$ iptables-save\n{DENIED}\n" + WEB2, [1, 0]),
        (ROUTES + WEB2 + f"a@web3:~$ iptables-save\n{DENIED}\n", [0, 0]),
    ],
)
def test_a_refusal_is_its_own_hosts(text: str, wanted: list[int]) -> None:
    found = paste.gather(text, "page")
    assert found.hosts == ("box", "web2")
    assert [len(found.of(name).failed) for name in found.hosts] == wanted


def test_a_refusal_of_a_host_without_a_listing_says_nothing_of_this_one() -> None:
    assert failed(f"a@web2:~$ iptables-save\n{DENIED}\n") == {}


# A page with nothing but a refusal, and what shows it with the rights for it.
REFUSALS = [
    ("$ iptables -L -n\niptables v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission"
     " denied (you must be root)\n", "sudo iptables-save"),
    (f"$ ip6tables-save\n{DENIED}\n", "sudo ip6tables-save"),
    ("iptables: Permission denied (you must be root).\n", "sudo iptables-save"),
    ("$ nft list ruleset\nOperation not permitted (you must be root)\n", "sudo nft list ruleset"),
    ("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock\n",
     "sudo docker inspect $(sudo docker ps -aq)"),
    ("ipset v7.17: Kernel error received: Operation not permitted\n", "sudo ipset save"),
    ("許可がありません\n", "sudo ..."),
    ("iptables $(reboot): Permission denied\n", "sudo iptables-save"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "command"), REFUSALS)
def test_a_page_of_a_refusal_alone_says_what_to_type(page: str, command: str, tmp_path: Path) -> None:
    file = tmp_path / "page.txt"
    file.write_text(page)
    for lang, words in (("en", "the command was refused"), ("ja", "コマンドが拒否されました")):
        ended = sekisho("lint", str(file), "--lang", lang)
        assert (ended.status, ended.out) == (2, "")
        assert words in ended.err
        assert ended.err.rstrip().endswith(f": {command}")


def test_a_page_of_something_else_is_no_refusal(tmp_path: Path) -> None:
    file = tmp_path / "page.txt"
    file.write_text("bash: iptables-save: command not found\n")
    assert "refused" not in sekisho("lint", str(file)).err
