"""``capture``, ``explain`` and ``demo`` through the command line, in both languages and forms."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sekisho.answers.call import Call, Way
from sekisho.cli import demo
from sekisho.cli.verbs import explain as explain_verb
from sekisho.cli.verbs import show as show_verb
from sekisho.explain import collect
from sekisho.semantics.journey import DISPOSITIONS, Journey, Leg
from sekisho.values.packet import Packet
from sekisho.views import listing
from tests.cli.command import EXAMPLES, ROOT, process, sekisho

HOST = str(EXAMPLES / "host-10.1.0.81")


def test_the_script_is_a_shell_script() -> None:
    script = sekisho("capture", "--script").out
    assert script.startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n"], input=script, text=True, check=False).returncode == 0
    assert json.loads(sekisho("capture", "--script", "--json").out)["script"] == script


def test_sections_in_help_are_those_that_explain_has() -> None:
    assert set(explain_verb.SECTIONS) == {"picture", *collect.NAMES} - {"tables"}


def test_listings_in_help_are_those_that_there_are() -> None:
    assert set(show_verb.WHATS) == set(listing.WHATS)
    assert show_verb.TABLES == listing.TABLES


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_explain(lang: str) -> None:
    ran = sekisho("explain", HOST, "--lang", lang)
    assert (ran.status, ran.err) == (0, "")
    for file in ("ip-route.txt", "iptables-nat.txt"):
        for line in (EXAMPLES / "host-10.1.0.81" / file).read_text().splitlines():
            assert line in ran.out or line.startswith(("pkts ", "Chain ")), line
    assert ran.out.isascii() == (lang == "en") or lang == "en"


def test_explain_one_section() -> None:
    ran = sekisho("explain", HOST, "routes")
    assert ran.status == 0
    assert "MASQUERADE" not in ran.out
    assert sekisho("explain", HOST, "nonsense").status == 2


@pytest.mark.parametrize("verb", [("explain",), ("trace", "internet", "10.1.0.81:3306"), ("demo",)])
def test_no_escape_sequences_unless_on_a_terminal(verb: tuple[str, ...]) -> None:
    argv = ["demo"] if verb == ("demo",) else [verb[0], HOST, *verb[1:]]
    assert "\x1b" not in process(*argv).out


def test_every_disposition_has_an_exit_status() -> None:
    """Where no reply is asked for; where one is, both directions count."""
    packet = Packet(4, 1, 2, 6)
    statuses = {
        disposition: Call(
            (Way("direct", "", Journey(packet, Leg(disposition, (), packet), None)),), None
        ).status(with_reply=False)
        for disposition in DISPOSITIONS
    }
    assert {name for name, status in statuses.items() if status == 0} == {"delivered", "exits"}
    assert {name for name, status in statuses.items() if status == 3} == {"undetermined"}
    assert set(statuses.values()) == {0, 1, 3}


# (rules of a host with 10.0.0.10 on eth0 whose policies are ACCEPT, does it work, the disposition, the
# status, and that of the packet without its reply)
WORKS: list[tuple[str, bool | None, str, int, int]] = [
    ("", True, "delivered", 0, 0),
    ("-A INPUT -j DROP", False, "dropped", 1, 1),
    ("-A OUTPUT -j DROP", False, "delivered", 1, 0),
    ("-A OUTPUT -m limit --limit 5/min -j DROP", None, "delivered", 3, 0),
    ("-A INPUT -m limit --limit 5/min -j DROP", None, "undetermined", 3, 3),
    ("-A INPUT -m limit --limit 5/min -j REJECT\n-A INPUT -j DROP", False, "undetermined", 1, 3),
]


@pytest.mark.parametrize(("rules", "works", "disposition", "status", "alone"), WORKS)
def test_a_connection_needs_both_directions(
    rules: str, works: bool | None, disposition: str, status: int, alone: int, tmp_path: Path
) -> None:
    (tmp_path / "ip-route.txt").write_text(
        "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10\n"
    )
    chains = ":INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]"
    (tmp_path / "iptables-save.txt").write_text(f"*filter\n{chains}\n{rules}\nCOMMIT\n")
    words = ("trace", str(tmp_path), "internet", "10.0.0.10:22")
    ran = sekisho(*words, "--json")
    found = json.loads(ran.out)
    assert (found["works"], found["disposition"], ran.status) == (works, disposition, status)
    assert sekisho(*words, "--no-return").status == alone


def test_an_answer_from_whom_nobody_called_does_not_work(tmp_path: Path) -> None:
    """Without connection tracking on the way in, the answer is a connection of its own, and translated."""
    (tmp_path / "ip-route.txt").write_text(
        "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10\n"
    )
    raw = "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -j CT --notrack\nCOMMIT\n"
    nat = "*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
    snat = "-A POSTROUTING -o eth0 -j SNAT --to-source 10.0.0.77\nCOMMIT\n"
    (tmp_path / "iptables-save.txt").write_text(raw + nat + snat)
    words = ("trace", str(tmp_path), "internet", "10.0.0.10:53", "--proto", "udp", "--sport", "5353")
    ran = sekisho(*words)
    assert ran.status == 1
    assert "the sender does not get it" in ran.out
    assert "届かない" in sekisho(*words, "--lang", "ja").out
    found = json.loads(sekisho(*words, "--json").out)
    assert (found["works"], found["return"]["packet"]["src"]) == (False, "10.0.0.77")
    reach = ("reach", str(tmp_path), "--from", "203.0.113.9:5353", "--to", "10.0.0.10:53", "--proto", "udp")
    assert sekisho(*reach).status == 1


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_demo_shows_the_way_in_and_one_that_fails(lang: str) -> None:
    ran = sekisho("demo", "--lang", lang)
    assert (ran.status, ran.err) == (0, "")
    commands = [line for line in ran.out.splitlines() if line.startswith("$ ")]
    assert [line.split()[2] for line in commands] == ["explain", "trace", "-r", "trace", "capture", "explain"]
    assert "172.18.0.2:3306" in ran.out
    assert all(len(line) < 200 for line in ran.out.splitlines())


def test_demo_as_data() -> None:
    document = json.loads(sekisho("demo", "--json").out)
    answers = [step["answer"] for step in document["steps"]]
    assert [answer["schema"] for answer in answers] == [
        "sekisho/explain/1",
        "sekisho/trace/1",
        "sekisho/trace/1",
    ]
    assert answers[1]["disposition"] == "delivered"
    assert answers[2]["disposition"] == "not_forwarding"


def test_the_change_that_the_demo_shows_is_the_one_that_it_makes(tmp_path: Path) -> None:
    line = next(line for line in sekisho("demo").out.splitlines() if line.startswith("$ cp "))
    subprocess.run(["bash", "-c", line.removeprefix("$ ")], cwd=tmp_path, check=True)
    typed = sekisho("trace", str(tmp_path / demo.COPY), "internet", "10.1.0.81:3306", "--json")
    shown = json.loads(sekisho("demo", "--json").out)["steps"][2]["answer"]
    assert typed.status == 1
    assert json.loads(typed.out) == shown


def test_the_example_is_found_in_the_checkout() -> None:
    assert demo.example_folder().samefile(HOST)


def test_run_without_arguments_is_the_demo() -> None:
    assert "set -- demo" in (ROOT / "run").read_text()


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_long_answer_to_a_reader_that_goes_away(lang: str) -> None:
    command = f"'{sys.executable}' -m sekisho explain '{HOST}' --lang {lang} | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT / "src"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
