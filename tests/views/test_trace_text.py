"""A journey as text: what is coloured, what stands in one line, what fits in columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.cli.terminal import harmless
from sekisho.explain.layout import columns
from sekisho.explain.tints import CYAN, TINTS, painted
from sekisho.semantics.journey import Journey, Lean
from sekisho.semantics.world import World
from sekisho.sources.load import load, load_text
from sekisho.views.trace_text import TraceText

HOST = Path(__file__).resolve().parents[2] / "examples" / "host-10.1.0.81"
PASTED = """\
$ ip route
default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0 src 10.0.0.7
$ iptables -S
-P INPUT ACCEPT
-P FORWARD ACCEPT
-P OUTPUT ACCEPT
-N a-chain-with-quite-long-name
-A OUTPUT -j a-chain-with-quite-long-name
-A OUTPUT -p tcp -m tcp --dport 25 -j REJECT
-A a-chain-with-quite-long-name -p tcp -m tcp --dport 26 -j DROP
"""


def ask(source: str, target: str) -> Journey:
    return trace(World(load(str(HOST))), Question(source, target))


def pasted(target: str) -> Journey:
    return trace(World(load_text(PASTED)), Question("host", target))


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_colours_change_nothing_else(lang: str) -> None:
    found = ask("internet", "10.1.0.81:3306")
    coloured = TraceText(lang, True).journey(found)
    assert painted("dst 10.1.0.81 -> 172.18.0.2", CYAN) in coloured
    assert TINTS.sub("", coloured) != coloured
    assert re.sub(r"\033\[\d+m", "", harmless(coloured, color=True)) == TraceText(lang, False).journey(found)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_decisions_stand_in_one_column(lang: str) -> None:
    text = TraceText(lang, False).journey(pasted("1.1.1.1:25"))
    steps = [line for line in text.splitlines() if re.match(r"    (route|output) ", line)]
    decided = r" (-> a-chain|RETURN|REJECT|OUTPUT  src)"
    starts = {columns(line[: found.start()]) for line in steps if (found := re.search(decided, line))}
    assert len(steps) == 4
    assert len(starts) == 1


@pytest.mark.parametrize(
    ("target", "deciding"),
    [
        ("1.1.1.1:25", "decided by stdin:10  -A OUTPUT -p tcp -m tcp --dport 25 -j REJECT"),
        (
            "1.1.1.1:26",
            "decided by stdin:11  -A a-chain-with-quite-long-name -p tcp -m tcp --dport 26 -j DROP",
        ),
    ],
)
def test_the_line_that_stops_a_packet(target: str, deciding: str) -> None:
    lines = TraceText("en", False).journey(pasted(target)).splitlines()
    assert [line.strip() for line in lines if "decided by" in line] == [deciding]


def test_what_a_sender_is_told() -> None:
    text = TraceText("en", False).journey(pasted("1.1.1.1:25"))
    assert "    the sender is told: icmp-port-unreachable" in text.splitlines()


def test_a_source_that_routing_chose_is_the_packets_own() -> None:
    text = TraceText("en", False).journey(pasted("1.1.1.1:443"))
    assert text.startswith("Forward  tcp 10.0.0.7:* -> 1.1.1.1:443\n")
    assert "OUTPUT  src 10.0.0.7  send out of eth0 via 10.0.0.1" in text


def test_what_is_the_same_for_several_stands_in_one_line() -> None:
    found = ask("internet", "10.1.0.81:22")
    leans = (Lean("address-tentative", ("fe80::1", "eth0")), Lean("address-tentative", ("fe80::2", "eth1")))
    journey = Journey(found.packet, found.forward, None, (*leans, *found.leans_on))
    lines = TraceText("en", False).journey(journey).splitlines()
    at = lines.index("This answer leans on:")
    assert lines[at + 1] == "  - tables filter, raw, mangle, security not captured: taken as ACCEPT"
    assert lines[at + 2] == (
        "  - captured during duplicate address detection, taken as usable: fe80::1 (eth0), fe80::2 (eth1)"
    )
