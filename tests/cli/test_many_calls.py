"""Chains that call one another a thousand deep, or in more ways than anybody could follow: all verbs answer.

The right answers are plain from how the hosts are made: the last chain accepts port 22, INPUT drops all else.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.extremes import doubling, nested
from tests.cli.command import sekisho

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
