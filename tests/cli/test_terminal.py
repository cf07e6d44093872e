"""What a stranger's words may do to a terminal: nothing."""

from __future__ import annotations

import io
import json
import unicodedata
from pathlib import Path

import pytest

from sekisho.cli.output import Output
from sekisho.cli.terminal import harmless, save, save_json
from sekisho.explain.lines import blocks_text, captured, lines_text
from sekisho.explain.tints import BOLD, RED, painted
from sekisho.explain.visible import visible_json
from tests.cli.command import sekisho

# A window's title, colours that hide, a cursor that moves, 8-bit CSI, text shown the other way round.
ACTS = [
    "\x1b]0;owned\x07",
    "\x1b[8m",
    "\x1b[2J",
    "\r",
    "\b",
    "\x7f",
    "\x9b31m",
    "\u202eevil\u202c",
    "\u2066",
    "\0",
]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("color", [False, True])
def test_nothing_acts(act: str, color: bool) -> None:
    shown = harmless(f"a {act} b\n\tc", color)
    assert all(each.isprintable() or each in "\n\t" for each in shown)
    assert shown.startswith("a ")
    assert shown.endswith(" b\n\tc")


def test_the_views_own_tints_stay() -> None:
    tinted = painted("rejected", BOLD + RED) + " 関所 –"
    assert harmless(tinted, color=True) == "\x1b[1m\x1b[31mrejected\x1b[0m 関所 –"
    assert "\x1b" not in harmless(tinted)


def test_a_tint_of_somebody_else_does_not() -> None:
    tinted = painted("no \x1b[32myes\x1b[0m", RED)
    assert harmless(tinted, color=True) == "\x1b[31mno \\x1b[32myes\\x1b[0m\x1b[0m"


def test_every_character_by_its_category() -> None:
    """Control, format, surrogate, private and unassigned characters, and separators of lines, by Unicode."""
    # Beyond these are ideographs, private use, and what nobody has assigned.
    for code in (*range(0x3500), *range(0xA000, 0xAC10), *range(0xD7F0, 0x20010), *range(0xDFFF0, 0xE0200)):
        letter = chr(code)
        category = unicodedata.category(letter)
        shown = harmless(letter)
        if letter in "\n\t\u3000":
            assert shown == letter
        elif category[0] == "C" or category in ("Zl", "Zp"):
            assert shown.startswith("\\"), hex(code)
            assert shown.isascii()
            assert shown.isprintable()
        elif category[0] in "LNPS" and code not in (0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0):
            assert shown == letter, hex(code)


@pytest.mark.parametrize(
    ("letter", "shown"),
    [("\r", "\\r"), ("\x1b", "\\x1b"), ("\x85", "\\x85"), ("\u061c", "\\u061c"), ("\udcff", "\\udcff"),
     ("\U000e0041", "\\U000e0041"), ("\ufe0f", "\\ufe0f"), ("\u3164", "\\u3164"), ("é", "é"), ("名", "名"),
     ("\u3000", "\u3000"), ("\u00a0", "\\xa0")],
)  # fmt: skip
def test_what_stands_for_it(letter: str, shown: str) -> None:
    """Selectors of variants and fillers have nothing to see; a space that is none could pass for one."""
    assert harmless(f"a{letter}b") == f"a{shown}b"


def test_json_has_escapes_of_its_own() -> None:
    """Also half surrogates, and characters beyond the first plane; a tab is not left as it is."""
    every = "".join(map(chr, range(0x110000)))
    document = visible_json(json.dumps([*every], ensure_ascii=False))
    assert json.loads(document) == [*every]
    assert not {letter for letter in document if not letter.isprintable() and letter not in "\n\u3000"}


def test_files_are_written_the_same_way(tmp_path: Path) -> None:
    text = "a\x1b\udcff\ufffeb"
    save(str(tmp_path / "xml"), f"<a>{text}</a>\n")
    assert (tmp_path / "xml").read_text() == "<a>a\\x1b\\udcff\\ufffeb</a>\n"
    save_json(str(tmp_path / "json"), {"a": text})
    assert json.loads((tmp_path / "json").read_text()) == {"a": text}
    assert "\\u001b\\udcff\\ufffe" in (tmp_path / "json").read_text()


def test_a_line_is_what_is_given_as_one() -> None:
    assert lines_text(["a", "b\nc", ""]) == "a\nb\\nc\n"
    assert blocks_text([lines_text(["a\n"]), "b"]) == "a\\n\n\nb"
    assert (
        captured("  default proto static \n\tnexthop via 10.0.0.1\n")
        == "default proto static nexthop via 10.0.0.1"
    )
    stream = io.StringIO()
    Output(stream).row("name\nFORGED\x1b")
    assert stream.getvalue() == "name\\nFORGED\\x1b\n"


def test_a_document_says_the_same() -> None:
    stream = io.StringIO()
    out = Output(stream)
    for write in (out.document, out.line):
        write({"text": "".join(ACTS)})
        assert json.loads(stream.getvalue()) == {"text": "".join(ACTS)}
        assert not set(stream.getvalue()) & set("\x1b\x07\x7f\x9b\u202e\u2066")
        stream.seek(stream.truncate(0))


@pytest.mark.parametrize("verb", [["explain"], ["show", "iptables"], ["trace"], ["lint"], ["exposed"]])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_snapshot_is_shown_and_does_not_act(verb: list[str], lang: str, tmp_path: Path) -> None:
    act = "\x1b]0;owned\x07"
    rules = f'-A INPUT -m comment --comment "{act}" -j DROP\n-A INPUT -m nosuch {act}\n'
    (tmp_path / "iptables-save.txt").write_text(f"*filter\n:INPUT ACCEPT\n{rules}COMMIT\n")
    (tmp_path / "ip-route.txt").write_text(
        f"default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth{act} src 10.0.0.10\n"
    )
    ends = ["10.0.0.9", "10.0.0.10:80"] if verb == ["trace"] else []
    name, *more = verb
    ran = sekisho(name, str(tmp_path), *more, *ends, "--lang", lang)
    assert "\x1b" not in ran.out + ran.err
    assert "\x07" not in ran.out + ran.err
