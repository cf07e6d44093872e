"""Real captures of real engines: nothing is left without words, whatever is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.explain.errors import JAPANESE
from sekisho.explain.message import SENTENCE
from sekisho.explain.report import explain
from sekisho.explain.words import catalog, sentences
from sekisho.sources.load import load
from tests.truth import needs_truth, some, truth_dir

TRUTH = truth_dir()
SCENARIOS: list[Path] = (
    [] if TRUTH is None else sorted(path for path in (TRUTH / "docker").glob("*/*") if path.is_dir())
)
KNOWN = catalog()


@needs_truth
@pytest.mark.parametrize("version", sorted({path.parent.name for path in SCENARIOS}))
def test_every_line_has_words(version: str) -> None:
    seen = 0
    for number, path in enumerate(some([path for path in SCENARIOS if path.parent.name == version], 6)):
        lang = ("en", "ja")[number % 2]
        for section in explain(load(str(path)), (), lang).sections:
            for line in section.lines:
                seen += 1
                assert line.messages, (path, line)
                for message in line.messages:
                    for inner in message.walk():
                        if inner.code == SENTENCE:
                            assert inner.args[0] in JAPANESE, inner
                            continue
                        assert inner.code in KNOWN or inner.code.startswith("join."), inner.code
                assert line.messages[0].code != "line.unaccounted", (path, line)
    assert seen > 5_000


@needs_truth
@pytest.mark.parametrize("version", ["20.10.24", "26.1.5", "27.5.1", "28.5.2", "29.7.2"])
def test_no_rule_that_dockerd_writes_is_unknown(version: str) -> None:
    rules = 0
    for path in some([path for path in SCENARIOS if path.parent.name == version], 12):
        for section in explain(load(str(path)), ("iptables",), "en").sections:
            for line in section.lines:
                rules += line.text.lstrip("[0123456789:] ").startswith("-A ")
                text = sentences(line.messages, "en")
                assert "not known to Sekisho" not in text, (path, line.text)
    assert rules > 150


PURPOSES = [
    ("28.5.2", "compose-basic", "-A PREROUTING -d 172.18.0.2/32 ! -i", "So nobody outside br-"),
    (
        "28.5.2",
        "compose-basic",
        "--dport 80 -j ACCEPT",
        "This opens port 80 of 172.18.0.2 (container proj-web-1",
    ),
    ("28.5.2", "publish-loopback", "! -i lo -p tcp", "published on loopback only"),
    ("26.1.5", "internal", "-A DOCKER-ISOLATION-STAGE-1 ! -s", "(an internal network)"),
    ("26.1.5", "noproxy", "--src-type LOCAL -j MASQUERADE", "even when it calls from 127.0.0.1"),
    ("26.1.5", "noicc", "-j DROP", "containers on the same network"),
    ("29.7.2", "compose-basic", "--to-destination 172.18.0.2:80", "Packets that come from br-"),
]


@needs_truth
@pytest.mark.parametrize(("version", "scenario", "rule", "want"), PURPOSES)
def test_the_purpose_of_a_rule_is_told(version: str, scenario: str, rule: str, want: str) -> None:
    assert TRUTH is not None
    found = explain(load(str(TRUTH / "docker" / version / scenario)), ("iptables",), "en")
    texts = [
        sentences(line.messages, "en")
        for section in found.sections
        if section.namespace == "host"
        for line in section.lines
        if rule in line.text
    ]
    assert texts
    assert any(want in text for text in texts)
