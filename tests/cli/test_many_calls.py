"""Chains that call one another a thousand deep, or in more ways than anybody could follow: all verbs answer.

The right answers are plain from how the hosts are made: the last chain accepts port 22, INPUT drops all else.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.extremes import calls, counting, doubling, nested
from sekisho.answers.dead_lines import dead_lines
from sekisho.sources.load import load
from sekisho.symbolic.space import Space
from tests.cli.command import sekisho
from tests.counting import doubles

POLICY = """\
version: 1
assertions:
  - allow: {from: internet, to: "host:22"}
  - deny: {from: internet, to: "host:80", proto: tcp}
"""
OPEN = "-A c29 -p tcp -m tcp --dport 22 -j ACCEPT"


@pytest.fixture(params=["a thousand deep", "each twice"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return (
        nested(tmp_path / "h", 1000) if request.param == "a thousand deep" else doubling(tmp_path / "h", 30)
    )


def test_trace(host: Path) -> None:
    let = json.loads(sekisho("trace", str(host), "internet", ":22", "--json").out)
    assert let["disposition"] == "delivered"
    shut = json.loads(sekisho("trace", str(host), "internet", ":80", "--json").out)
    assert shut["disposition"] == "dropped"
    steps = [step for hop in shut["forward"]["hops"] for step in hop["steps"]]
    assert len(steps) < 5000
    assert steps[-1]["chain"] == "INPUT"
    told = [step["message"] for step in steps if step["message"] and step["message"]["id"] == "chain-again"]
    if "-A c0 -j c1\n-A c0 -j c1" in (host / "iptables-save.txt").read_text():
        # A chain's steps are its end and, twice, a jump and those of the next: 4 * 2**n - 3 with n below it.
        assert max(int(message["args"][0]) for message in told) == 4 * 2**27 - 3
    else:
        assert not told


def test_reach_and_exposed(host: Path) -> None:
    found = json.loads(sekisho("reach", str(host), "--from", "internet", "--to", "host", "--json").out)
    (cell,) = found["cells"]
    assert [(box["proto"], box["dst"], box["dport"]) for box in cell["flows"]] == [
        (["tcp"], ["10.0.0.10"], ["22"])
    ]
    ports = json.loads(sekisho("exposed", str(host), "--json").out)["ports"]
    assert [(port["port"], port["from"]["internet"]["status"]) for port in ports] == [(22, "yes")]


def test_one_chain_and_its_dead_rules(host: Path) -> None:
    whole = json.loads(sekisho("reach", str(host), "--chain", "INPUT", "--to", ":22", "--full", "--json").out)
    assert len(whole["matrix"]) == 1
    assert json.loads(sekisho("lint", str(host), "--json").out)["findings"] == whole["dead"]


def test_the_other_verbs(host: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY)
    assert sekisho("check", str(host), str(tmp_path / "policy.yaml")).status == 0
    closed = tmp_path / "closed"
    closed.mkdir()
    for file in host.iterdir():
        text = file.read_text()
        (closed / file.name).write_text(text.replace("--dport 22 -j ACCEPT", "--dport 23 -j ACCEPT"))
    assert sekisho("diff", str(host), str(host)).status == 0
    assert sekisho("diff", str(host), str(closed)).status == 1
    assert sekisho("show", str(host), "filter").status == 0
    assert sekisho("explain", str(host)).status == 0


def test_a_question_that_is_asked_too_often_is_open(tmp_path: Path) -> None:
    """2**29 times a limit is asked, and any Yes accepts: nobody knows, and nobody waits for all of them."""
    host = doubling(tmp_path / "h", 30)
    rules = host / "iptables-save.txt"
    assert OPEN in rules.read_text()
    rules.write_text(rules.read_text().replace(OPEN, OPEN.replace("-j", "-m limit --limit 5/sec -j")))
    assert sekisho("trace", str(host), "internet", ":22").status == 3
    assert sekisho("trace", str(host), "internet", ":80").status == 1
    assert sekisho("reach", str(host), "--from", "internet", "--to", "host:22").status == 3
    assert sekisho("reach", str(host), "--from", "internet", "--to", "host:80").status == 1
    assert sekisho("lint", str(host)).status == 0


@pytest.mark.parametrize("chains", [4, 31])
def test_calls_between_which_the_packet_changes(chains: int, tmp_path: Path) -> None:
    """No call is like another there. Few are followed to their end; of 2**30 nobody can say what they do."""
    host = str(counting(tmp_path / "h", chains))
    few = chains < 10
    asked = ("trace", host, "203.0.113.9", "10.0.0.10:22", "--in", "eth0", "--no-return")
    assert sekisho(*asked).status == (0 if few else 3)
    found = sekisho("reach", host, "--from", "internet", "--to", "host:22", "--proto", "tcp", "--lang", "en")
    assert found.status == (0 if few else 3)
    assert ("too many times" in found.out) is not few
    whole = json.loads(sekisho("reach", host, "--chain", "INPUT", "--to", ":22", "--full", "--json").out)
    assert len(whole["matrix"]) == 1
    assert sekisho("lint", host).status == 0


def test_calls_that_count_behind_an_open_question(tmp_path: Path) -> None:
    host = counting(tmp_path / "h", 31)
    rules = host / "iptables-save.txt"
    first = "-A INPUT -m limit --limit 1/sec -j MARK --set-mark 1\n-A INPUT -j c0"
    rules.write_text(rules.read_text().replace("-A INPUT -j c0", first))
    assert sekisho("trace", str(host), "203.0.113.9", "10.0.0.10:22", "--in", "eth0").status == 3


def test_what_is_decided_at_every_call_is_told_once(tmp_path: Path) -> None:
    """A line that may take packets and may leave them, asked in 2**29 calls of a chain that changes some."""
    host = doubling(tmp_path / "h", 30)
    rules = host / "iptables-save.txt"
    more = (
        "-A c29 -p tcp -m tcp --dport 22 -j MARK --set-mark 7\n-A c29 -p udp -m limit --limit 1/sec -j ACCEPT"
    )
    rules.write_text(rules.read_text().replace(OPEN, f"{more}\n-A INPUT -m mark --mark 7 -j ACCEPT"))
    whole = json.loads(sekisho("reach", str(host), "--chain", "INPUT", "--to", ":22", "--full", "--json").out)
    assert len(whole["matrix"]) == 1


@pytest.mark.parametrize("mark", ["", "-A INPUT -j MARK --set-mark 1\n-A INPUT -m mark --mark 2 -j DROP\n"])
def test_a_target_that_nobody_knows_is_no_refusal(mark: str, tmp_path: Path) -> None:
    """Neither where a chain is put together from its parts nor where packets are followed."""
    host = doubling(tmp_path / "h", 1)
    rules = host / "iptables-save.txt"
    unknown = f"{mark}-A INPUT -p tcp -m tcp --dport 22 -j NOBODY --knows 5"
    rules.write_text(rules.read_text().replace("-A INPUT -j c0", unknown))
    ran = sekisho("reach", str(host), "--chain", "INPUT", "--to", ":22", "--lang", "en")
    assert "some of these only perhaps" in ran.out
    assert "*  may call  *" in ran.out


@pytest.mark.parametrize("make", [nested, calls])
def test_work_grows_with_the_chains(make: Callable[[Path, int], Path], tmp_path: Path) -> None:
    def lint(chains: int) -> Callable[[], object]:
        snapshot = load(str(make(tmp_path / str(chains), chains)))
        return lambda: list(dead_lines(snapshot))

    assert doubles(lint, 150) < 2.6


def test_diagrams_that_nobody_asks_any_more_are_gone(tmp_path: Path) -> None:
    snapshot = load(str(nested(tmp_path / "h", 3)))
    gc.disable()
    try:
        before = _spaces()
        list(dead_lines(snapshot))
        assert _spaces() <= before + 1
    finally:
        gc.enable()


def _spaces() -> int:
    return sum(isinstance(one, Space) for one in gc.get_objects())
