"""What a stranger wrote, through the verbs and views: it acts on nobody, each form is what it claims to be.

``python -m tests.hostile.printing`` draws more; here each way to be told is gone once, and a few are drawn.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from sekisho.cli.terminal import save_json
from sekisho.model.evidence import Evidence
from sekisho.views import sarif
from tests.hostile.planting import Format
from tests.hostile.printing import EVIL, PRINTED, Asked, all_formats, drawn, plant, prepared, run, values

SEED = os.environ.get("SEKISHO_TEST_SEED", "1")
FORMATS = {one.name: one for one in all_formats()}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Asked(prepared(tmp_path), sparing=random.Random(SEED))


@pytest.mark.parametrize("one", FORMATS.values(), ids=list(FORMATS))
def test_what_is_told_as_it_stands_acts_on_nobody(one: Format, asked: Asked) -> None:
    """Comments, names, titles, labels: each with everything in it that could act."""
    strings = values(one)
    together = 4 if one.folder else 1
    if not one.folder:
        asked.sparing = None
    for at in range(0, len(strings), together):
        plant(asked, one, strings[at : at + together])
    assert asked.found == []


@pytest.mark.parametrize("one", FORMATS.values(), ids=list(FORMATS))
def test_what_is_planted_anywhere_acts_on_nobody(one: Format, asked: Asked) -> None:
    if not one.folder:
        asked.sparing = None
    for strings in drawn(one, 1 if one.folder else 3, 8, SEED):
        plant(asked, one, strings)
    assert asked.found == []
    assert asked.count >= 9


NAMES = (
    "ip-route\x1b[31mFAKE.txt",
    "evil\nFORGED: passed.txt",
    "\u202etxt.x",
    "\udcff\udc80.txt",
    "a\x9b.json",
    "x\u200b.txt",
)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_files_act_on_nobody(name: str, asked: Asked) -> None:
    """In notes, errors and places, of files and of folders."""
    folder = asked.folder / "clean"
    (folder / name).write_text("no line of any format\n-A FORWARD -j NOSUCH\n")
    (folder / "netns" / name).mkdir()
    (folder / "netns" / name / "ip-addr.txt").write_text("what is this\n")
    for words in (["explain"], ["lint"], ["exposed"], ["lab", "graph"], ["show"]):
        more = ["addresses", "--netns", name] if words == ["show"] else []
        asked.sparing = None
        asked.all_forms(*words, str(folder), *more)
    asked.all_forms("explain", str(folder / name))
    asked.all_forms("check", str(folder), str(folder / name), "--sarif", str(asked.folder / "sarif"))
    assert asked.found == []


def test_a_place_in_sarif_is_a_uri_whatever_the_name(asked: Asked) -> None:
    for name in (EVIL, "a b:c#d?e%", "\udcff\udc80.txt", "\ud800", "名.txt", "a/b.txt"):
        place = sarif.location(Evidence(name, 1, EVIL))
        result: dict[str, object] = {
            "ruleId": "r",
            "level": "note",
            "message": {"text": EVIL},
            "locations": [place],
        }
        save_json(str(asked.folder / "sarif"), sarif.document(["r", "r"], [result]))
        asked.sarif("sarif", (asked.folder / "sarif").read_text())
    assert asked.found == []


WORDS = (
    ["{}"], ["--{}"], ["trace", "--{}"], ["trace", "{}", "{}", "{}"], ["show", "clean", "{}"],
    ["explain", "clean", "{}"], ["explain", "{}"], ["trace", "clean", "{}", "host"],
    ["trace", "clean", "host", "container:{}"], ["trace", "clean", "internet", "host:80", "--proto", "{}"],
    ["trace", "clean", "internet", "host:80", "--in", "{}"],
    ["trace", "clean", "internet", "host:80", "--tcp-flags", "{}"], ["trace", "clean", "--flows", "{}"],
    ["reach", "clean", "--from", "{}"], ["reach", "clean", "--chain", "{}"], ["check", "clean", "{}"],
    ["check", "clean", "policy.json", "--junit", "{}/x"], ["diff", "clean", "{}"], ["exposed", "{}"],
    ["lint", "{}"], ["plan", "{}"], ["plan", "--run", "{}"], ["plan", "--create", "network create {}"],
    ["plan", "--docker", "{}"], ["plan", "--dockerd={}"], ["vpc", "{}"], ["vpc", "subnet", "{}"],
    ["capture", "{}"], ["completion", "{}"], ["lab", "{}"], ["lab", "up", "{}"], ["lab", "graph", "{}"],
    ["lab", "graph", "--format", "{}"], ["lab", "status", "--name", "{}"],
    ["lab", "up", "compose.json", "--docker", "{}"], ["explain", "--max-input", "{}"],
    ["explain", "clean", "--host", "{}"], ["explain", "--lang", "{}"],
)  # fmt: skip


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_arguments_act_on_nobody(words: list[str], asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes back in an error, argparse's among them."""
    monkeypatch.chdir(asked.folder)
    for text in (EVIL.replace("\0", ""), "\udcff\n"):
        for lang in ("en", "ja"):
            argv = [word.replace("{}", text) for word in words] + (
                [] if "--lang" in words else ["--lang", lang]
            )
            status, out, err = run(*argv)
            assert status == 2, (status, out, err)
            asked.text(str(words), out)
            asked.text(str(words), err)
    assert asked.found == []


def test_flows_act_on_nobody(asked: Asked) -> None:
    """The file of --flows, and what it says of lines that make no packet."""
    import json

    flows = asked.folder / "flows"
    lines = [json.dumps({"from": text, "dst": "10.0.0.10:80", "id": text}) for text in PRINTED]
    lines += [json.dumps({"from": "internet", "dst": "10.0.0.10:80", "id": text}) for text in PRINTED]
    flows.write_bytes(
        "\n".join([*lines, f"\x1b[31mFAKE {EVIL!r}", "\x9b", "\x85"]).encode() + b"\n\xff\x1b\n"
    )
    status, out, err = run("trace", str(asked.folder / "clean"), "--flows", str(flows))
    assert status == 2
    answers = [asked.document("flows", line) for line in out.splitlines()]
    assert len(answers) == len(PRINTED)
    asked.text("flows", err)
    assert asked.found == []


def test_what_looks_for_faults_finds_them(asked: Asked) -> None:
    """Each fault that would be found, made by hand."""
    asked.text("esc", "a\x1b[31mb")
    asked.text("tint", "\x1b[32mok\x1b[0m \x1b[31mFAKE", color=True)
    asked.text("forged", "ok\n  = FORGED: passed\n")
    for letter in "\x9b\u202e\u2066\u061c\u200e\u200b\u2028\ud800\udcff\ufffe\U000e0041\r\x7f":
        before = len(asked.found)
        asked.text("letter", f"a{letter}b")
        assert len(asked.found) == before + 1
    before = len(asked.found)
    asked.document("twice", '{"a": 1, "a": 2}')
    asked.xml("xml", "<a>&</a>")
    asked.svg("svg", "<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
    asked.svg("svg", "<svg xmlns='http://www.w3.org/2000/svg'><rect onclick='x'/></svg>")
    asked.sarif("sarif", '{"version": "2.0"}')
    asked._view("mermaid", ["mermaid"], 'flowchart LR\n  n_a["a"b"]\n')
    assert len(asked.found) == before + 6
