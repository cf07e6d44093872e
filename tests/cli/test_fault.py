"""Sekisho's own faults: status 2, in words, with the place and without what was read; never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.cli.verbs import VERBS, load_verb
from sekisho.sources import ip_route, text
from tests.cli.command import EXAMPLES, process, sekisho

HOST = str(EXAMPLES / "host-10.1.0.81")
COMMANDS: dict[str, tuple[str, ...]] = {
    "explain": (HOST,),
    "show": (HOST, "routes"),
    "trace": (HOST, "internet", "10.1.0.81:22"),
    "reach": (HOST,),
    "exposed": (HOST,),
    "diff": (HOST, HOST),
    "check": (HOST, "policy.yaml"),
    "plan": ("compose.yaml",),
    "lint": (HOST,),
    "vpc": ("subnet", "10.0.0.0/24"),
    "capture": ("--script",),
    "lab": ("graph", "topology.yaml"),
    "demo": (),
    "completion": ("bash",),
}
EMPTY: dict[str, int] = {}
ERRORS = [ValueError("hunter2"), KeyError("hunter2"), RecursionError("hunter2"), MemoryError("hunter2")]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_fault_ends_every_verb_with_2_and_in_words(
    verb: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_given: object) -> int:
        raise error

    monkeypatch.setattr(load_verb(verb), "run", run)
    monkeypatch.delenv("SEKISHO_DEBUG", raising=False)
    for lang, said in (("en", "this is a fault of sekisho ("), ("ja", "sekisho自身の不具合です (")):
        ran = sekisho(verb, *COMMANDS[verb], "--lang", lang)
        assert ran.status == 2
        assert ran.out == ""
        first, second = ran.err.splitlines()
        assert first.startswith("sekisho: ")
        assert said + type(error).__name__ in first
        assert "/issues" in second
        assert "SECURITY.md" in second
        assert "SEKISHO_DEBUG=1" in second
        assert "hunter2" not in ran.err


def test_the_trace_is_there_for_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEKISHO_DEBUG", "1")
    monkeypatch.setattr(load_verb("reach"), "run", lambda *_given: EMPTY["hunter2"])
    ran = sekisho("reach", HOST)
    assert ran.status == 2
    assert "Traceback (most recent call last)" in ran.err
    assert "KeyError: 'hunter2'" in ran.err


def test_the_line_that_was_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tmp_path / "ip-rule.txt"
    rules.write_text("0:\tfrom all lookup local\n9:\tfrom all iif eth0 lookup main\n")

    def refuse(_words: text.Words, _name: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(text.Words, "interface", refuse)
    ran = sekisho("explain", str(rules))
    assert ran.status == 2
    assert ran.err.startswith(
        "sekisho: ip-rule.txt:2: this is a fault of sekisho (ZeroDivisionError, sources/"
    )


def test_the_file_that_was_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ip_route, "parse", lambda *_given: 1 // 0)
    assert sekisho("explain", HOST).err.startswith("sekisho: ip-route.txt: this is a fault of sekisho (")


def test_what_was_named_is_named_where_nothing_closer_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "a\x1b[31m"
    odd.mkdir()
    monkeypatch.setattr(load_verb("lint"), "run", lambda *_given: EMPTY["x"])
    ran = sekisho("lint", str(odd))
    assert "a\\x1b[31m: this is a fault of sekisho (KeyError, " in ran.err
    assert "\x1b" not in ran.err


def test_nothing_is_said_twice_when_the_words_fail_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_given: object) -> str:
        raise MemoryError

    monkeypatch.setattr("sekisho.cli.fault.fault_words", none_left)
    monkeypatch.setattr(load_verb("lint"), "run", lambda *_given: EMPTY["x"])
    ran = sekisho("lint", HOST)
    assert (ran.status, ran.err) == (2, "sekisho: this is a fault of sekisho (KeyError)\n")


def test_the_program_itself_ends_so(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sekisho.cli.verbs.demo as demo\n"
        "def run(*given): raise AssertionError('hunter2')\n"
        "demo.run = run\n"
    )
    root = Path(__file__).resolve().parents[2] / "src"
    ran = process("demo", env={"PYTHONPATH": f"{tmp_path}:{root}", "LC_ALL": "C"})
    assert ran.status == 2
    assert ran.err.startswith("sekisho: this is a fault of sekisho (AssertionError, ")
    assert "Traceback" not in ran.err
