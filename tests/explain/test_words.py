"""The catalog: both languages whole, the same places, and no id in the code that has no words."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

import sekisho
from sekisho.cli.terminal import harmless
from sekisho.errors import Said, SekishoError, one_line
from sekisho.explain.errors import JAPANESE, japanese
from sekisho.explain.message import Message, join, m
from sekisho.explain.messages_terms import BRIEF, TERM_OF
from sekisho.explain.words import JOINS, TABLES, catalog, say, words

SOURCE = Path(sekisho.__file__).parent
CATALOG = catalog()

# Spellings that the project's glossary decides against.
NOT_OUR_WORDS = (
    "チェーン", "インタフェース", "ルータ(?!ー)", "サーバ(?!ー)", "ルーティング表", "マスカレイド",
    "コンテナー", "パケツト", "送信先アドレス", "ゲートウエイ",
)  # fmt: skip


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", sorted(CATALOG))
def test_both_languages_say_the_same_arguments(code: str) -> None:
    english, other = CATALOG[code]
    assert english.strip()
    assert other.strip()
    assert places(english) == places(other)
    assert all(name.isdigit() for name in places(english))
    assert english.isascii() or "→" in english


def test_no_id_stands_in_two_tables() -> None:
    seen: dict[str, str] = {}
    for table in TABLES:
        for code in import_module(f"sekisho.explain.{table}").MESSAGES:
            assert code not in seen, f"{code} is in {seen[code]} and {table}"
            seen[code] = table
    assert len(seen) == len(CATALOG)


def test_japanese_uses_the_words_of_the_glossary() -> None:
    for code, (_, text) in CATALOG.items():
        for pattern in NOT_OUR_WORDS:
            assert not re.search(pattern, text), (code, pattern)


def test_brief_forms_and_terms_exist() -> None:
    for code in BRIEF:
        assert code in CATALOG
        assert f"{code}.again" in CATALOG
        assert places(CATALOG[f"{code}.again"][0]) <= places(CATALOG[code][0])
    for code, term in TERM_OF.items():
        assert code in CATALOG
        assert term in CATALOG


def codes_in_source() -> Iterator[tuple[str, str]]:
    """(place, id) of every message id written in the code; the open part of an f-string is ``*``."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            given: list[ast.expr] = []
            if name in ("m", "Message", "Doubt", "Lean", "say", "_say") and node.args:
                given.append(node.args[0])
            if name == "Step":
                given.extend(keyword.value for keyword in node.keywords if keyword.arg == "code")
            for value in given:
                for code in constants(value):
                    yield f"{path.relative_to(SOURCE)}:{node.lineno}", code


def constants(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in value.values)
    elif isinstance(value, ast.IfExp):
        yield from constants(value.body)
        yield from constants(value.orelse)


def test_every_id_in_the_code_has_words() -> None:
    found = list(codes_in_source())
    assert len(found) > 200
    for place, code in found:
        if code in JOINS or code == "join.*":
            continue
        pattern = re.escape(code).replace(r"\*", ".*")
        assert any(re.fullmatch(pattern, known) for known in CATALOG), f"{place}: no words for {code!r}"


def test_every_way_a_packet_can_end_has_words() -> None:
    from sekisho.semantics.journey import DISPOSITIONS

    for disposition in DISPOSITIONS:
        assert f"disposition.{disposition}" in CATALOG


def test_every_word_of_a_closed_list_has_words() -> None:
    """Ids that are put together from a word that an answer carries."""
    from sekisho.answers.diff import KINDS as CHANGES
    from sekisho.answers.exposed import CALLERS
    from sekisho.answers.policy import KINDS as ASSERTIONS

    ids = [f"diff.{kind}" for kind in CHANGES] + [f"exposed.{caller}" for caller in CALLERS]
    ids += [f"check.{kind}-fails" for kind in ASSERTIONS]
    ids += [f"check.{status}" for status in ("passed", "failed", "unsure")]
    ids += [f"reach.{status}" for status in ("yes", "no", "perhaps", "none")]
    assert [code for code in ids if code not in CATALOG] == []


@pytest.mark.parametrize(
    ("want", "code", "args", "lang"),
    [
        ("Its addresses are 10.0.0.0/8.", "docker.network.subnet", ["10.0.0.0/8"], "en"),
        ("アドレスは10.0.0.0/8です。", "docker.network.subnet", ["10.0.0.0/8"], "ja"),
        ("a, b and c", "join.and", ["a", "b", "c"], "en"),
        ("aまたはb", "join.or", ["a", "b"], "ja"),
        ("no-such-id x y", "no-such-id", ["x", "y"], "en"),
        ("docker.network.subnet", "docker.network.subnet", [], "en"),
        ("Its addresses are {0} {boo}.", "docker.network.subnet", ["{0} {boo}"], "en"),
    ],
)
def test_say(want: str, code: str, args: list[str], lang: str) -> None:
    assert say(code, args, lang) == want


def test_messages_inside_messages() -> None:
    message = m("target.DROP.again", m("subject.near", m("subject.packets"), m("match.source", "10.0.0.1")))
    assert words(message, "en") == "Packets from 10.0.0.1 are dropped."
    assert words(message, "ja") == "送信元が10.0.0.1のパケットを破棄します。"
    assert [inner.code for inner in message.walk()] == [
        "target.DROP.again", "subject.near", "subject.packets", "match.source",
    ]  # fmt: skip
    assert join("and", ["x"]) == "x"
    assert join("and", []) == ""
    assert Message("a", ("b",)).to_json() == {"id": "a", "args": ["b"]}


# Whatever is told may hold any of these.
HOSTILE = (
    "e\x1b[31mFAKE\x1b]8;;http://evil/\x07\x9b2J\u202e\u2066\u061c\u200e\u200b\u2028\x85\U000e0041\udcff\ufffe\r",
    "x\nFORGED: passed\n  = FORGED",
    "{0} {1!r} {x} %s {",
)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_no_message_lets_its_arguments_act(lang: str) -> None:
    """Every id with hostile arguments: one line (as many as without them), nothing to act, nothing lost."""
    plain = ["0"] * 12
    for code in (*CATALOG, *JOINS):
        for text in HOSTILE:
            given = [f"{number}{text}" for number in range(12)]
            told = say(code, given, lang)
            assert told.count("\n") == say(code, plain, lang).count("\n"), code
            shown = harmless(told)
            assert all(letter.isprintable() or letter in "\n\t\u3000" for letter in shown), code
            assert not any(line.lstrip(" =-").startswith("FORGED") for line in shown.split("\n")), code
            pair = CATALOG.get(code)
            used = range(12) if pair is None else map(int, places(pair[lang == "ja"]))
            for number in used:  # as it is, or quoted as {0!r}
                assert harmless(one_line(given[number])) in shown or repr(given[number]) in shown, code


@pytest.mark.parametrize("words", [str, japanese])
def test_no_error_lets_its_arguments_act(words: Callable[[object], str]) -> None:
    """Every sentence of errors: what it quotes begins no line, and acts on nobody."""
    for template in JAPANESE:
        for text in HOSTILE:
            # A sentence without places is a plain text.
            what = Said(template, (text,) * 9) if "{0" in template else template
            shown = harmless(SekishoError(what, file=text, line=1, text=text, advice=what).in_words(words))
            assert all(letter.isprintable() or letter in "\n\t\u3000" for letter in shown)
            assert not any(line.lstrip(" =-").startswith("FORGED") for line in shown.split("\n"))
            assert shown.count("\n") == 2, template
