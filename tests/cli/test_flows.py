"""reach, exposed, diff and check through the command line: forms, languages, exit statuses."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest

from tests.answers.shop import FORWARD, write
from tests.cli.command import sekisho


@pytest.fixture
def host(tmp_path: Path) -> str:
    return str(write(tmp_path / "host"))


# (arguments after the snapshot, exit status)
REACH: list[tuple[list[str], int]] = [
    ([], 0),
    (["--from", "internet", "--to", "container:web:80"], 0),
    (["--from", "internet", "--to", "container:db"], 1),
    (["--from", "internet", "--to", "container:web:80", "--explain"], 0),
    (["--from", "internet", "--to", "container:db:3306", "--explain"], 1),
    (["--chain", "FORWARD"], 0),
    (["--chain", "filter:FORWARD", "--to", ":80"], 0),
    (["--chain", "FORWARD", "--full"], 0),
    (["--chain", "FORWARD", "--to", ":80", "--full"], 0),
    (["--chain", "INPUT", "--to", ":80", "--full"], 0),
]


def test_all_of_a_chain_is_its_parts(host: str) -> None:
    """What ``--full`` tells is what the questions one by one do."""
    full = json.loads(sekisho("reach", host, "--chain", "FORWARD", "--to", ":80", "--full", "--json").out)
    accepted = json.loads(sekisho("reach", host, "--chain", "FORWARD", "--json").out)
    matrix = json.loads(sekisho("reach", host, "--chain", "FORWARD", "--to", ":80", "--json").out)
    lint = json.loads(sekisho("lint", host, "--json").out)
    assert full["accepted"] == accepted["accepted"]
    assert full["matrix"] == matrix["matrix"]
    assert accepted["dead"] is None
    assert all(finding in lint["findings"] for finding in full["dead"])


def test_full_is_for_one_chain(host: str) -> None:
    found = sekisho("reach", host, "--full")
    assert found.status == 2
    assert "--chain" in found.err


@pytest.mark.parametrize(
    "words",
    [
        ["--to", ":80-90"], ["--to", "10.0.0.1:80"], ["--to", "host"], ["--from", "internet", "--to", ":80"],
        ["--from", "internet"], ["--proto", "udp"], ["--to", ":80", "--proto", "icmp"],
        ["--to", ":80", "--proto", "nonsense"],
    ],
)  # fmt: skip
def test_a_chain_alone_is_asked_about_one_port_only(words: list[str], host: str) -> None:
    """What a chain by itself cannot answer is refused, not left out."""
    assert sekisho("reach", host, "--chain", "FORWARD", *words).status == 2


@pytest.mark.parametrize(
    ("rule", "rows"), [("--dport 80", []), ("--dport 22", [{"from": ["0.0.0.0-255.255.255.255"]}])]
)
def test_who_may_call_may_be_nobody(rule: str, rows: list[dict[str, object]], tmp_path: Path) -> None:
    file = tmp_path / "iptables-save.txt"
    file.write_text(f"*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp {rule} -j ACCEPT\nCOMMIT\n")
    asked = ("reach", str(file), "--chain", "INPUT", "--to", ":22")
    found = json.loads(sekisho(*asked, "--json").out)["matrix"]
    assert [{"from": row["from"]} for row in found] == rows
    assert ("nobody" in sekisho(*asked).out) is (not rows)


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize(("words", "status"), REACH)
def test_reach(words: list[str], status: int, lang: str, host: str) -> None:
    found = sekisho("reach", host, *words, "--lang", lang)
    assert found.status == status
    assert found.out.strip()
    assert "reach." not in found.out
    assert "exposed." not in found.out


def test_reach_as_data(host: str) -> None:
    found = json.loads(sekisho("reach", host, "--from", "internet", "--to", "container:web", "--json").out)
    assert found["schema"] == "sekisho/reach/1"
    (cell,) = found["cells"]
    assert cell["status"] == "yes"
    assert sekisho("trace", host, *cell["witness"]["trace"]).status == 0
    every = json.loads(sekisho("reach", host, "--json").out)
    assert every["rows"]


def test_commands_are_quoted_for_a_shell(tmp_path: Path) -> None:
    """A folder with a blank and a quote in its name: what is printed can be typed as it stands."""
    host, other = (
        write(tmp_path / "my host's"),
        write(tmp_path / "the other", forward=FORWARD + "-A FORWARD -j ACCEPT\n"),
    )
    policy = tmp_path / "policy.yaml"
    policy.write_text('assertions:\n  - deny: {from: internet, to: "container:web"}\n')
    printed = [
        sekisho("reach", str(host), "--from", "internet", "--to", "container:web").out,
        sekisho("exposed", str(host)).out,
        sekisho("diff", str(host), str(other)).out,
        sekisho("check", str(host), str(policy)).out,
    ]
    for text in printed:
        commands = [
            line[line.index("sekisho trace") :] for line in text.splitlines() if "sekisho trace" in line
        ]
        assert commands
        for command in commands:
            words = shlex.split(command)
            assert words[:3] == ["sekisho", "trace", str(host)]
            assert sekisho(*words[1:]).status != 2


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_exposed(lang: str, host: str) -> None:
    found = sekisho("exposed", host, "--lang", lang)
    assert found.status == 0
    assert "web:80/tcp" in found.out
    data = json.loads(sekisho("exposed", host, "--json", "--lang", lang).out)
    assert data["schema"] == "sekisho/exposed/1"
    assert {port["place"] for port in data["ports"]} == {"web", "db", "host"}


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_exposed_without_a_way_in(lang: str, host: str, tmp_path: Path) -> None:
    """A dash in the table for the Internet is told in words: nobody knows where its packets arrive."""
    alone = tmp_path / "alone"
    shutil.copytree(host, alone)
    routes = (alone / "ip-route.txt").read_text().splitlines(keepends=True)
    (alone / "ip-route.txt").write_text("".join(line for line in routes if not line.startswith("default")))
    found = sekisho("exposed", str(alone), "--lang", lang)
    assert ("no IPv4 default route" if lang == "en" else "IPv4のデフォルトルートがなく") in found.out
    data = json.loads(sekisho("exposed", str(alone), "--json", "--lang", lang).out)
    assert [item["from"] for item in data["no_way_in"]] == ["internet", "vpc"]
    assert all(item["words"] in found.out for item in data["no_way_in"])
    assert json.loads(sekisho("exposed", host, "--json").out)["no_way_in"] == []
    (alone / "snapshot.toml").write_text('[roles]\neth0 = "internet"\n')
    assert "yes" in sekisho("exposed", str(alone), "--lang", "en").out


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_diff(lang: str, host: str, tmp_path: Path) -> None:
    other = str(write(tmp_path / "other", forward=FORWARD.replace("--dport 80 ", "--dport 81 ")))
    assert sekisho("diff", host, host, "--lang", lang).status == 0
    found = sekisho("diff", host, other, "--lang", lang)
    assert found.status == 1
    assert "--dport 81" in found.out
    data = json.loads(sekisho("diff", host, other, "--json").out)
    assert data["schema"] == "sekisho/diff/1"
    assert {change["kind"] for change in data["changes"]} == {"opened", "closed"}


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_check(lang: str, host: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text('assertions:\n  - deny: {from: internet, to: "container:web"}\n')
    junit, sarif = tmp_path / "junit.xml", tmp_path / "sarif.json"
    found = sekisho("check", host, str(policy), "--junit", str(junit), "--sarif", str(sarif), "--lang", lang)
    assert found.status == 1
    assert "sekisho trace" in found.out
    assert "<failure" in junit.read_text()
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    policy.write_text('assertions:\n  - deny: {from: internet, to: "container:db"}\n')
    assert sekisho("check", host, str(policy), "--lang", lang).status == 0
    assert json.loads(sekisho("check", "--schema").out)["title"] == "sekisho policy"
    assert sekisho("check", host).status == 2


@pytest.mark.parametrize(("rule", "unsure"), [("-m geoip --src-cc CN", True), ("-s 10.0.0.0/8", False)])
def test_who_may_call_only_perhaps_is_not_told_for_certain(rule: str, unsure: bool, tmp_path: Path) -> None:
    file = tmp_path / "iptables-save.txt"
    file.write_text(
        f"*filter\n:FORWARD DROP [0:0]\n-A FORWARD {rule} -j RETURN\n"
        "-A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n"
    )
    asked = ("reach", str(file), "--chain", "FORWARD", "--to", ":22")
    assert json.loads(sekisho(*asked, "--json").out)["matrix_unsure"] is unsure
    assert ("only perhaps" in sekisho(*asked).out) is unsure
    assert ("可能性" in sekisho(*asked, "--lang", "ja").out) is unsure
