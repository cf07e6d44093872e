"""Snapshots of several hosts: ``explain`` tells of each, questions about packets are asked of all together,
and what is one host's alone asks which, by ``--host``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import EXAMPLES, process, sekisho

ROUTES = {
    "web1": "default via 192.0.2.1 dev eth0\n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10\n",
    "web2": "default via 203.0.113.1 dev eth0\n203.0.113.0/24 dev eth0 scope link src 203.0.113.5\n",
}
POLICY = "assertions:\n  - allow: {from: internet, to: 'host:22', proto: tcp}\n"
VERBS = [
    ["trace", "SNAPSHOT", "internet", "host:22"],
    ["trace", "SNAPSHOT", "--flows", "flows.jsonl"],
    ["reach", "SNAPSHOT"],
    ["exposed", "SNAPSHOT"],
    ["lint", "SNAPSHOT"],
    ["show", "SNAPSHOT", "routes"],
    ["diff", "SNAPSHOT", "SNAPSHOT"],
    ["check", "SNAPSHOT", "policy.yaml"],
    ["plan", "--on", "SNAPSHOT", "--create", "app"],
    ["plan", "--drift", "SNAPSHOT"],
]


@pytest.fixture(params=["folder", "archive", "page"])
def snapshot(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    for host, text in ROUTES.items():
        (tmp_path / "snap" / "hosts" / host).mkdir(parents=True)
        (tmp_path / "snap" / "hosts" / host / "ip-route.txt").write_text(text)
    (tmp_path / "policy.yaml").write_text(POLICY)
    flow = {"from": "internet", "dst": "203.0.113.5", "proto": "tcp", "dport": 22}
    (tmp_path / "flows.jsonl").write_text(json.dumps(flow) + "\n")
    if request.param == "folder":
        return tmp_path / "snap"
    if request.param == "archive":
        subprocess.run(["tar", "-C", tmp_path / "snap", "-cf", tmp_path / "snap.tar", "."], check=True)
        return tmp_path / "snap.tar"
    page = tmp_path / "page"
    page.write_text("".join(f"me@{host}:~$ ip route\n{text}" for host, text in ROUTES.items()))
    return page


def words(verb: list[str], snapshot: Path) -> list[str]:
    places = {"SNAPSHOT": snapshot, "policy.yaml": snapshot.parent / "policy.yaml",
              "flows.jsonl": snapshot.parent / "flows.jsonl"}  # fmt: skip
    return [str(places.get(word, word)) for word in verb]


ALONE = [verb for verb in VERBS if verb[0] in ("lint", "show", "plan")]


@pytest.mark.parametrize("verb", ALONE, ids=lambda verb: " ".join(verb[:2]))
def test_a_verb_asks_which(verb: list[str], snapshot: Path) -> None:
    asked = words(verb, snapshot)
    ran = sekisho(*asked, "--lang", "en")
    assert (ran.status, ran.out) == (2, "")
    assert "the snapshot holds 2 hosts: web1, web2" in ran.err
    assert "name one of them: --host web1" in ran.err
    ran = sekisho(*asked, "--lang", "ja")
    assert "ホストが 2 台あります: web1, web2" in ran.err
    assert "--host web1" in ran.err
    ran = sekisho(*asked, "--host", "web3", "--lang", "en")
    assert ran.status == 2
    assert "no host is called 'web3'" in ran.err
    assert "there are: web1, web2" in ran.err


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: " ".join(verb[:2]))
def test_a_verb_answers_for_the_one_that_is_named(verb: list[str], snapshot: Path) -> None:
    ran = sekisho(*words(verb, snapshot), "--host", "web2", "--lang", "en")
    if verb[1] == "--drift":  # it is read, and has nothing to compare
        assert "does not hold Docker's own state" in ran.err
    else:
        assert ran.status in (0, 1, 3)
        assert not ran.err
    before = sekisho(
        "--host", "web2", *words(verb, snapshot), "--lang", "en"
    )  # common options may stand before the verb
    assert before.out == ran.out


def test_the_named_one_is_the_one_that_answers(snapshot: Path) -> None:
    for host, text in ROUTES.items():
        ran = sekisho("show", str(snapshot), "routes", "--host", host)
        assert ran.out.splitlines()[0] == text.splitlines()[0]


def test_explain_tells_of_each(snapshot: Path) -> None:
    ran = sekisho("explain", str(snapshot), "routes", "--lang", "en")
    assert ran.status == 0
    headings = [line for line in ran.out.splitlines() if line.startswith("Host ")]
    assert headings == ["Host web1 (1 of 2)", "Host web2 (2 of 2)"]
    japanese = sekisho("explain", str(snapshot), "routes", "--lang", "ja")
    assert "ホスト web1 (1/2)" in japanese.out
    answer = json.loads(sekisho("explain", str(snapshot), "--json").out)
    assert answer["schema"] == "sekisho/explain-hosts/1"
    assert [one["host"] for one in answer["hosts"]] == ["web1", "web2"]
    one = json.loads(sekisho("explain", str(snapshot), "--host", "web2", "--json").out)
    assert one["schema"] == "sekisho/explain/1"
    assert answer["hosts"][1]["explanation"] == one


def test_one_host_is_answered_as_ever() -> None:
    answer = json.loads(sekisho("explain", str(EXAMPLES / "host-10.1.0.81"), "--json").out)
    assert answer["schema"] == "sekisho/explain/1"
    assert set(answer) == {"schema", "snapshot", "lang", "picture", "sections"}
    ran = sekisho("show", str(EXAMPLES / "host-10.1.0.81"), "routes", "--host", "x", "--lang", "en")
    assert ran.status == 2
    assert "leave --host out" in ran.err


def test_standard_input() -> None:
    page = "".join(f"me@{host}:~$ ip route\n{text}" for host, text in ROUTES.items())
    ran = process("trace", "-", "host", "203.0.113.77", "--host", "web2", stdin=page)
    assert "leaves by eth0" in ran.out
    assert process("trace", "-", "host", "203.0.113.77", stdin=page).status == 2


TOGETHER = [verb for verb in VERBS if verb not in ALONE]


@pytest.mark.parametrize("verb", TOGETHER, ids=lambda verb: " ".join(verb[:2]))
def test_a_question_about_packets_is_asked_of_all(verb: list[str], snapshot: Path) -> None:
    ran = sekisho(*words(verb, snapshot), "--lang", "en")
    if verb[-1] == "host:22":
        assert ran.status == 2
        assert "write host:NAME, one of: web1, web2" in ran.err
        named = sekisho(*words(verb, snapshot), "--host", "web2")
        assert sekisho(*words([*verb[:-1], "host:web2:22"], snapshot)).status == named.status
    else:
        assert ran.status in (0, 1, 3)
        assert not ran.err


def test_no_host_of_that_name(snapshot: Path) -> None:
    ran = sekisho("trace", str(snapshot), "internet", "host:web3:22", "--lang", "en")
    assert (ran.status, ran.out) == (2, "")
    assert "no host is called 'web3'" in ran.err
    assert "there are: web1, web2" in ran.err


TWO = """web1$ ip route
default via 10.0.0.1 dev eth0 src 10.0.0.10
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10
web2$ ip route
default via 10.1.0.1 dev eth0 src 10.1.0.81
10.1.0.0/24 dev eth0 proto kernel scope link src 10.1.0.81
"""


def test_a_packet_to_one_hosts_address_arrives_there(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text(TWO)
    ran = sekisho("trace", str(page), "192.0.2.1", "10.1.0.81:22", "--lang", "en")
    assert "web2: in by eth0" in ran.out
    ran = sekisho("trace", str(page), "192.0.2.1", "198.51.100.7:22", "--lang", "en")
    assert ran.status == 2
    assert "name one with --in HOST/IFACE; the hosts are: web1, web2" in ran.err
    named = sekisho("trace", str(page), "192.0.2.1", "198.51.100.7:22", "--in", "web1/eth0", "--lang", "en")
    assert "web1: in by eth0" in named.out
