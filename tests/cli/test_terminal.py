"""What a stranger's words may do to a terminal: nothing."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from sekisho.cli.output import Output
from sekisho.cli.terminal import harmless
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
    tinted = "\x1b[1m\x1b[31mrejected\x1b[0m 関所 –"
    assert harmless(tinted, color=True) == tinted
    assert harmless(tinted) == "\\x1b[1m\\x1b[31mrejected\\x1b[0m 関所 –"


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
