"""Every sentence that an error can carry exists in Japanese, with the same places."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from sekisho.errors import Said, SourceError, UsageError, said
from sekisho.explain.errors import JAPANESE, japanese
from sekisho.lab.system import owner
from sekisho.lab.system.schema import schema_text

SRC = Path(__file__).resolve().parents[2] / "src" / "sekisho"
# Packages whose errors are all in both languages.
PACKAGES = ("answers", "capture", "cli", "explain", "lab", "sources", "values")
# Errors in Docker's and compose's own words; what is said beside them is in both languages.
QUOTING = ("docker",)
ERRORS = ("UsageError", "SourceError", "BadNameError", "LabError", "CannotSayError", "NotUnderstoodError")
# Methods that make an error of a sentence and a place in a topology, and a note on a text.
METHODS = ("_fault", "_error", "note")


def sentences() -> Iterator[tuple[str, str]]:
    """(place, template) of every sentence in a call of ``said`` or of an error."""
    for path in sorted(file for package in (*PACKAGES, *QUOTING) for file in (SRC / package).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            mine = path.relative_to(SRC).parts[0] in ("lab", "sources")
            if mine and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                for value in node.args if node.func.attr in METHODS else ():
                    place = f"{path.relative_to(SRC)}:{node.lineno}"
                    assert not isinstance(value, ast.JoinedStr), place
                    if isinstance(value, ast.Constant) and " " in str(value.value):
                        yield place, str(value.value)
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            errors = () if path.relative_to(SRC).parts[0] in QUOTING else ERRORS
            asked = node.args[:1] if node.func.id in ("said", *errors) else []
            if node.func.id in errors:
                asked = asked + [item.value for item in node.keywords if item.arg == "advice"]
            for value in asked:
                for part in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
                    found = constants.get(part.id, part) if isinstance(part, ast.Name) else part
                    place = f"{path.relative_to(SRC)}:{node.lineno}"
                    assert not isinstance(found, ast.JoinedStr), (
                        f"{place}: use said() for a sentence with places"
                    )
                    if isinstance(found, ast.Constant) and isinstance(found.value, str):
                        yield place, found.value


def places(template: str) -> set[str]:
    """The numbers of a template's places."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_sentence_has_its_japanese() -> None:
    missing = {text: place for place, text in sentences() if text not in JAPANESE}
    assert missing == {}
    assert sum(1 for _ in sentences()) > 80


def test_what_the_schema_of_topologies_advises_has_its_japanese() -> None:
    told = re.findall(r'"description": ("(?:[^"\\\\]|\\\\.)*")', schema_text())
    assert len(told) > 10
    assert [text for text in map(json.loads, told) if text not in JAPANESE] == []


def test_both_languages_have_the_same_places() -> None:
    braced = {text for text in JAPANESE if text.count("{") != text.count("}")}
    for text in JAPANESE.keys() - braced:
        assert places(text) == places(JAPANESE[text]), text


def test_japanese_sentences_are_japanese() -> None:
    for text, words in JAPANESE.items():
        if re.search(r"[a-z]{3}", text):
            assert re.search(r"[ぁ-んァ-ン一-龯]", words), text


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ("ポート番号ではありません: '0'", UsageError(said("not a port: {0!r}", "0"))),
        (
            "エンドポイントではありません: IPアドレスではありません: 'x'",
            UsageError(said("not an endpoint: {0}", ValueError(said("not an IP address: {0!r}", "x")))),
        ),
        (
            "a.txt:3: ファイルが空です\n  'line'",
            SourceError("the file is empty", file="a.txt", line=3, text="line"),
        ),
        ("something that nobody translated", UsageError("something that nobody translated")),
    ],
)
def test_words(wanted: str, error: UsageError | SourceError) -> None:
    assert error.in_words(japanese) == wanted


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("see", "see"),
        ("ノード 'web' はありません", said("there is no node {0!r}", "web")),
        ("カーネルに拒まれました: ポート番号ではありません: '0'",
         said("the kernel refuses: {0}", ValueError(said("not a port: {0!r}", "0")))),
    ],
)  # fmt: skip
def test_a_labs_owner_hands_a_sentence_on_as_it_is(wanted: str, sentence: str | Said) -> None:
    heard = owner.heard(json.loads(json.dumps(owner.told(sentence))))
    assert str(heard) == str(sentence)
    assert japanese(heard) == wanted


def test_what_an_owner_hands_on_fits_into_its_message() -> None:
    long = said("{0}: {1}", "\U0001f600" * 9000, ValueError(said("not a port: {0!r}", "\0" * 9000)))
    assert len(json.dumps(owner.told(long))) < 1 << 15


def test_english_is_what_the_template_says() -> None:
    assert str(UsageError(said("no {0} {1!r} in this snapshot", "container", "web"), advice="look")) == (
        "no container 'web' in this snapshot\n  look"
    )
