"""``trace`` through the command line: text and JSON, both languages, many flows, exit statuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.command import EXAMPLES, process, sekisho

HOST = str(EXAMPLES / "host-10.1.0.81")

# Question, exit status, disposition, final packet as (src, dst, dport, out).
TABLE = [
    (("internet", "10.1.0.81:3306"), 0, "delivered",
     ("203.0.113.9", "172.18.0.2", 3306, "br-528a7aa7b156")),
    (("internet", "10.1.0.81:8080"), 0, "delivered",
     ("203.0.113.9", "172.18.0.3", 8080, "br-528a7aa7b156")),
    (("internet", "10.1.0.81:22"), 0, "delivered", ("203.0.113.9", "10.1.0.81", 22, None)),
    (("172.18.0.2", "8.8.8.8:443"), 0, "exits", ("10.1.0.81", "8.8.8.8", 443, "eth0")),
    (("172.17.0.2", "172.18.0.3:8080"), 0, "delivered",
     ("172.18.0.1", "172.18.0.3", 8080, "br-528a7aa7b156")),
    (("172.18.0.3", "10.1.0.81:8080"), 3, "undetermined", ("172.18.0.3", "10.1.0.81", 8080, None)),
    (("172.18.0.2", "10.1.0.81:3306"), 3, "undetermined", ("172.18.0.2", "10.1.0.81", 3306, None)),
    (("host", "10.1.0.81:3306"), 0, "delivered", ("10.1.0.81", "172.18.0.2", 3306, "br-528a7aa7b156")),
    (("host", "127.0.0.1:3306"), 3, "undetermined", ("127.0.0.1", "127.0.0.1", 3306, None)),
]  # fmt: skip
Packet = tuple[str, str, int, str | None]


@pytest.mark.parametrize(("question", "status", "disposition", "packet"), TABLE)
def test_text_and_json_say_the_same(
    question: tuple[str, str], status: int, disposition: str, packet: Packet
) -> None:
    ran = sekisho("trace", HOST, *question, "--json")
    found = json.loads(ran.out)
    assert (ran.status, ran.err, found["disposition"]) == (status, "", disposition)
    last = found["forward"]["packet"]
    assert (last["src"], last["dst"], last["dport"]) == packet[:3]
    for lang in ("en", "ja"):
        text = sekisho("trace", HOST, *question, "--lang", lang)
        assert (text.status, text.err) == (status, "")
        end = next(line for line in text.out.splitlines() if line.startswith("  = "))
        assert end.endswith(f"tcp {packet[0]}:* -> {packet[1]}:{packet[2]}")
        # Every rule that JSON names stands in the text, with its file and line.
        for step in (step for hop in found["forward"]["hops"] for step in hop["steps"]):
            if step["rule"] is not None:
                place = f"[{step['evidence']['file']}:{step['evidence']['line']}]"
                line = f"{step['table']} {step['chain']} {step['rule']}"
                assert any(line in one and place in one for one in text.out.splitlines())
        assert all(lean in text.out for lean in _leans(found, lang, question) if "," not in lean)


def _leans(found: dict[str, list[str]], lang: str, question: tuple[str, str]) -> list[str]:
    if lang == "en":
        return [lean for lean in found["leans_on"] if "table not captured" not in lean]
    ja = json.loads(sekisho("trace", HOST, *question, "--json", "--lang", "ja").out)
    return [lean for lean in ja["leans_on"] if "テーブルは未取得: ACCEPT" not in lean]


def test_the_line_that_stops_a_packet_is_quoted(tmp_path: Path) -> None:
    shutil.copytree(HOST, tmp_path / "s")
    (tmp_path / "s" / "sysctl.txt").write_text("net.ipv4.ip_forward = 0\n")
    ran = sekisho("trace", str(tmp_path / "s"), "internet", "10.1.0.81:3306")
    assert ran.status == 1
    assert "    decided by sysctl.txt:1  net.ipv4.ip_forward = 0" in ran.out.splitlines()
    assert "Reply" not in ran.out


def test_an_open_question_shows_where_each_way_ends(tmp_path: Path) -> None:
    shutil.copytree(HOST, tmp_path / "s")
    rules = (
        "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-A FORWARD -m limit --limit 5/min -j ACCEPT\n"
    )
    (tmp_path / "s" / "iptables-filter.txt").write_text(rules)
    question = ("172.18.0.2", "8.8.8.8:443")
    ran = sekisho("trace", str(tmp_path / "s"), *question)
    assert ran.status == 3
    ways = [line.strip() for line in ran.out.splitlines() if line.startswith("      - ")]
    assert ways == [
        "- dropped  tcp 172.18.0.2:* -> 8.8.8.8:443  (the steps above)",
        "- leaves the host by eth0 towards 10.1.0.1  tcp 10.1.0.81:* -> 8.8.8.8:443",
        "- depends on the rate of packets: -m limit --limit 5/min  iptables-filter.txt:4",
    ]
    found = json.loads(sekisho("trace", str(tmp_path / "s"), *question, "--json").out)
    assert [way["disposition"] for way in found["forward"]["ways"]] == ["dropped", "exits"]


def test_colours_only_where_they_are_wanted() -> None:
    assert "\033[" not in sekisho("trace", HOST, "internet", "10.1.0.81:3306").out


# ------------------------------------------------------------------------------- many at once

FLOWS = [
    {"id": 1, "in": "eth0", "src": "192.0.2.9", "dst": "10.1.0.81", "proto": "tcp", "dport": 3306},
    {"id": "two", "in": "br-528a7aa7b156", "src": "172.18.0.2", "dst": "8.8.8.8", "proto": "udp",
     "dport": 53},
    {"id": None, "in": None, "src": "host", "dst": "8.8.8.8", "proto": "icmp"},
    {"from": "internet", "dst": "10.1.0.81", "proto": "tcp", "sport": 4000, "dport": 22,
     "state": "established"},
]  # fmt: skip


def test_flows(tmp_path: Path) -> None:
    lines = "".join(json.dumps(flow) + "\n" for flow in FLOWS)
    file = tmp_path / "flows.jsonl"
    file.write_text(lines + "\n")
    ran = sekisho("trace", HOST, "--flows", str(file))
    assert (ran.status, ran.err) == (0, "")
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert [(one["id"], one["disposition"]) for one in answers] == [
        (1, "delivered"), ("two", "exits"), (None, "exits"), (None, "delivered"),
    ]  # fmt: skip
    assert process("trace", HOST, "--flows", "-", stdin=lines).out == ran.out


BROKEN = [
    ("{", "not JSON"),
    ("[1, 2]", "a flow is a JSON object"),
    ("[" * 100_000, "not JSON"),
    ("null", "a flow is a JSON object"),
    ('{"src": "10.1.0.7", "dst": "nowhere"}', "not an endpoint"),
    ('{"src": "10.1.0.7", "dst": "10.1.0.81", "dport": 99999}', "dport is a port"),
    ('{"src": "10.1.0.7", "dst": "::1"}', "of different IP versions"),
    ("\xff\xfe", "not JSON"),
]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_flows_that_make_no_packet_are_named_and_the_others_answered(tmp_path: Path, lang: str) -> None:
    file = tmp_path / "flows.jsonl"
    good = json.dumps(FLOWS[0])
    text = "\n".join(line for bad, _ in BROKEN for line in (bad, good)) + "\n"
    file.write_bytes(text.encode("latin-1"))
    ran = sekisho("trace", HOST, "--flows", str(file), "--lang", lang)
    assert ran.status == 2
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == [1] * len(BROKEN)
    complaints = [line for line in ran.err.splitlines() if line.startswith("sekisho: ")]
    assert len(complaints) == len(BROKEN)
    for number, (line, (_, said)) in enumerate(zip(complaints, BROKEN, strict=True)):
        assert f"{file}:{2 * number + 1}: " in line
        assert lang == "ja" or said in line
    assert "Traceback" not in ran.err


def test_a_file_of_flows_that_is_not_there() -> None:
    ran = sekisho("trace", HOST, "--flows", "/nonexistent/flows.jsonl")
    assert (ran.status, ran.out) == (2, "")
    assert "/nonexistent/flows.jsonl" in ran.err


def test_endpoints_and_flows_are_one_or_the_other() -> None:
    ran = sekisho("trace", HOST, "internet", "host", "--flows", "-")
    assert ran.status == 2
    assert "--flows" in ran.err


def test_errors_are_in_the_language_that_was_asked_for() -> None:
    assert "not a port: '0'" in sekisho("trace", HOST, "internet", "host:0").err
    assert "ポート番号ではありません: '0'" in sekisho("trace", HOST, "internet", "host:0", "--lang", "ja").err
