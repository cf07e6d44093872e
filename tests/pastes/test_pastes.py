"""Texts as people paste them: read whole at the first command, and the question on them answered rightly."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Ran, sekisho

FOLDER = Path(__file__).parent
CASES = sorted(path.parent.name for path in FOLDER.glob("*/case.toml"))
# Of all pastes, so many may hold something that no reader reads.
MOST_IN_PART = 0.05


def case(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name / "case.toml").read_text())


def page(name: str) -> str:
    return str(FOLDER / name / "page.txt")


def asked(name: str, *options: str) -> Ran:
    words = [page(name) if word == "PAGE" else word for word in case(name)["question"].split()]
    return sekisho(*words, *options)


def not_read(name: str) -> list[str]:
    """The lines of a paste that no fact comes from and that are no text around the listings."""
    ran = sekisho("explain", page(name), "--json")
    assert ran.status == 0, ran.err
    answer = json.loads(ran.out)
    hosts = [one["explanation"] for one in answer["hosts"]] if "hosts" in answer else [answer]
    return [
        line["text"]
        for host in hosts
        for section in host["sections"]
        for line in section["lines"]
        if not line["read"]
        or any(message["id"] in ("line.unaccounted", "unread.partly") for message in line["messages"])
        or (section["section"] == "notes" and not _is_prose(line))
    ]


_PROSE = (["note.prose"], ["note.refused"], ["note.left-out"])


def _is_prose(line: dict[str, Any]) -> bool:
    """Words around the listings, and what a command said that was not let: there is no listing to read."""
    return [message["id"] for message in line["messages"]] in _PROSE


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_right(name: str) -> None:
    expect = case(name)["expect"]
    english = asked(name, "--lang", "en")
    assert english.status == expect["status"], english.out + english.err
    shown = _one_line(english.out + english.err)
    assert [text for text in expect.get("text", ()) if _one_line(text) not in shown] == [], english.out
    assert [text for text in expect.get("never", ()) if _one_line(text) in shown] == [], english.out
    japanese = asked(name, "--lang", "ja")
    assert japanese.status == english.status
    shown = _one_line(japanese.out + japanese.err)
    assert [text for text in expect.get("ja", ()) if _one_line(text) not in shown] == [], japanese.out


@pytest.mark.parametrize("name", [name for name in CASES if "json" in case(name)["expect"]])
def test_the_answer_as_data(name: str) -> None:
    answer = json.loads(asked(name, "--json").out)
    expected = case(name)["expect"]["json"]
    assert {path: _at(answer, path) for path in expected} == expected


@pytest.mark.parametrize("name", CASES)
def test_what_is_read(name: str) -> None:
    kind = case(name)
    assert not_read(name) == kind.get("missing", [])
    assert (kind["read"] == "whole") == (not kind.get("missing"))


def test_nearly_all_are_read_whole() -> None:
    in_part = [name for name in CASES if case(name)["read"] != "whole"]
    assert len(in_part) <= MOST_IN_PART * len(CASES), in_part


@pytest.mark.parametrize("name", CASES)
def test_every_case_says_what_it_is(name: str) -> None:
    kind = case(name)
    assert kind["about"]
    assert kind["why"]
    assert kind["question"].split().count("PAGE") == 1
    assert kind["expect"].get("text") or "json" in kind["expect"]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _at(answer: Any, path: str) -> Any:
    for key in path.split("."):
        answer = answer[int(key)] if isinstance(answer, list) else answer[key]
    return answer
