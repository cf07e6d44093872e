"""The two shipped hosts: every line explained once, in both languages, with what matters said."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.explain.explanation import Line
from sekisho.explain.report import explain
from sekisho.explain.tints import CYAN
from sekisho.explain.words import sentences
from sekisho.sources.load import load
from tests.explain.snapshots import EXAMPLES

HOSTS = ("host-10.1.0.81", "host-10.0.0.10")
FILES = [(name, path.name) for name in HOSTS for path in sorted((EXAMPLES / name).glob("*.txt"))]


def lines(name: str, lang: str) -> list[Line]:
    found = explain(load(str(EXAMPLES / name)), (), lang)
    return [line for section in found.sections for line in section.lines]


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize(("name", "file"), FILES)
def test_every_line_is_explained_exactly_once(name: str, file: str, lang: str) -> None:
    raw = Path(EXAMPLES / name / file).read_text(encoding="utf-8").splitlines()
    numbers: list[int] = []
    for line in lines(name, lang):
        if line.file == file:
            numbers += [line.line, *(number for number, _ in line.continued)]
            assert line.read
            assert line.text.split() == raw[line.line - 1].split()
            assert len(sentences(line.messages, lang)) > 5
            assert all(message.code != "line.unaccounted" for message in line.messages)
    assert sorted(numbers) == [at for at, text in enumerate(raw, start=1) if text.strip()]


SAID = [
    # (host, file, line, English words that must be there)
    ("host-10.0.0.10", "ip-route.txt", 1, ["no other route matches", "10.0.0.1", "out of eth0", "VPC router",
                                           "source address", "10.0.0.10", "DHCP", "smaller metric wins"]),
    ("host-10.0.0.10", "ip-route.txt", 2, ["next hop 10.0.0.1", "Route 53 Resolver", "RoutesToDNS",
                                           "longest prefix match"]),
    ("host-10.0.0.10", "ip-route.txt", 3, ["without a gateway", "Not so for 10.0.0.1 and 10.0.0.2"]),
    ("host-10.0.0.10", "ip-route.txt", 6, ["br-xxxxxxxx looks like a Docker bridge"]),
    ("host-10.1.0.81", "ip-route.txt", 5, ["docker0 is the bridge of Docker's default network",
                                           "no container runs on it", "172.17.0.1"]),
    ("host-10.1.0.81", "ip-route.txt", 6, ["first 12 digits of the network's id, 528a7aa7b156",
                                           "172.18.0.2 and 172.18.0.3"]),
    ("host-10.1.0.81", "iptables-nat.txt", 3, ["an address of this host itself", "chain DOCKER",
                                               "published ports", "25 connections so far (1,216 bytes"]),
    ("host-10.1.0.81", "iptables-nat.txt", 8, ["outside 127.0.0.0/8", "docker-proxy", "No packet has hit"]),
    ("host-10.1.0.81", "iptables-nat.txt", 11, ["from 172.18.0.0/16", "do not leave by br-528a7aa7b156",
                                                "reach the outside", "10 connections so far"]),
    ("host-10.1.0.81", "iptables-nat.txt", 13, ["hairpin NAT", "Here it cannot fire: DOCKER rule 1"]),
    ("host-10.1.0.81", "iptables-nat.txt", 15, ["Docker writes it", "PREROUTING rule 1 and OUTPUT rule 1"]),
    ("host-10.1.0.81", "iptables-nat.txt", 17, ["go back to the chain", "rules 3 and 4 of DOCKER"]),
    ("host-10.1.0.81", "iptables-nat.txt", 19, ["TCP port 3306 of this host leads to 172.18.0.2:3306",
                                                "come from br-528a7aa7b156 itself are left alone"]),
    ("host-10.1.0.81", "sysctl.txt", 1, ["forwarding is on"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "file", "number", "wanted"), SAID)
def test_what_is_said(name: str, file: str, number: int, wanted: list[str]) -> None:
    line = next(item for item in lines(name, "en") if (item.file, item.line) == (file, number))
    text = sentences(line.messages, "en")
    for words in wanted:
        assert words in text


def test_text_and_json_say_the_same() -> None:
    found = explain(load(str(EXAMPLES / "host-10.1.0.81")), (), "en")
    text = " ".join(found.to_text(color=False).split())
    document = found.to_json()
    assert document["schema"] == "sekisho/explain/1"
    sections = document["sections"]
    assert isinstance(sections, list)
    for section in sections:
        for line in section["lines"]:
            assert set(line) == {"file", "line", "text", "continued", "read", "messages", "words"}
            assert " ".join(line["text"].split()) in text
            assert " ".join(line["words"].split()) in text


def test_terms_are_explained_the_first_time_only() -> None:
    text = explain(load(str(EXAMPLES / "host-10.1.0.81")), (), "en").to_text(color=False)
    for term in ("(Masquerade:", "(Hairpin NAT:", "(docker-proxy:", "(DNAT:", "(A bridge is"):
        assert text.count(term) == 1


def test_colour_only_where_asked() -> None:
    found = explain(load(str(EXAMPLES / "host-10.0.0.10")), ("routes",), "en")
    assert "\x1b" not in found.to_text(color=False)
    assert f"{CYAN}default via 10.0.0.1" in found.to_text(color=True)
