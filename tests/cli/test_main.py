"""The frame: verbs found, languages chosen, errors in words, exit statuses kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sekisho import __version__
from sekisho.cli.labs import CommandParser
from sekisho.cli.language import chosen_language, locale_language
from sekisho.cli.parser import VerbParser
from sekisho.cli.verbs import VERBS, load_verb, verb_parser
from tests.answers.shop import write
from tests.cli.command import ROOT, process, sekisho


def test_version() -> None:
    assert sekisho("--version").out == f"sekisho {__version__}\n"
    assert process("--version").out == f"sekisho {__version__}\n"


def test_version_imports_no_verb_and_no_parser() -> None:
    code = "import sys; from sekisho.cli.main import main; main(['--version']); print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    loaded = set(done.stdout.splitlines()[1].split())
    assert "sekisho.cli.main" in loaded
    assert not loaded & {"argparse", "json", "sekisho.cli.verbs", "sekisho.values.packet", "numpy"}


@pytest.mark.parametrize("held", [True, False])
def test_an_interrupt_ends_it_without_a_word(held: bool, tmp_path: Path) -> None:
    """At any time from the first line of the program on; ``./run`` holds back what comes before that."""
    write(tmp_path)

    def hold() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    whole = process("reach", str(tmp_path)).out
    assert whole
    for delay in range(0, 400, 400 if held else 50):
        began = subprocess.Popen(
            [sys.executable, "-m", "sekisho", "reach", str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hold,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        if held:
            began.send_signal(signal.SIGINT)
        else:
            threading.Timer(delay / 1000, began.send_signal, [signal.SIGINT]).start()
            # What comes before the first line of the program is held back here too: it is Python's own.
        out, err = began.communicate(timeout=60)
        assert err == ""
        assert out in ("", whole)  # it may also come between the last line and the end
        assert began.returncode in ({130} if held or not out else {0, 130})


def test_an_interrupt_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """A shell without job control starts background jobs so."""
    write(tmp_path)

    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    began = subprocess.Popen(
        [sys.executable, "-m", "sekisho", "reach", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=ignore,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    began.send_signal(signal.SIGINT)
    out, err = began.communicate(timeout=60)
    assert (began.returncode, err) == (0, "")
    assert out


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_imports_only_the_frame_until_it_runs(verb: str) -> None:
    code = (
        "import sys; from sekisho.cli.verbs import verb_parser; verb_parser(sys.argv[1], 'en');"
        " print(*sorted(m for m in sys.modules if m.startswith('sekisho.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, verb],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    foreign = [
        name
        for name in done.stdout.split()
        if not name.startswith("sekisho.cli") and name != "sekisho.errors"
    ]
    assert foreign == []


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_overview_names_every_verb(lang: str) -> None:
    ran = sekisho("--help", "--lang", lang)
    assert ran.status == 0
    for verb in VERBS:
        help_text = load_verb(verb).HELP["ja" if lang == "ja" else "en"]
        assert any(
            line.split() and line.split()[0] == verb and help_text in line for line in ran.out.splitlines()
        )


@pytest.mark.parametrize("verb", VERBS)
def test_every_help_text_is_there_in_both_languages(verb: str) -> None:
    english, japanese = verb_parser(verb, "en"), verb_parser(verb, "ja")
    pairs = [(english, japanese)]
    pairs += [(below, japanese.subverbs[name]) for name, below in english.subverbs.items()]
    for one, other in pairs:
        assert one.description
        assert other.description
        assert other.description != one.description
        assert not other.description.isascii()
        for action, translated in zip(one._actions, other._actions, strict=True):
            assert action.help, f"{verb}: {action.dest} has no help"
            assert translated.help
            assert not translated.help.isascii(), f"{verb}: {action.dest} is not translated"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_verb_help(verb: str, lang: str) -> None:
    ran = sekisho(verb, "--help", "--lang", lang)
    assert ran.status == 0
    assert ran.out.startswith(f"usage: sekisho {verb}" if lang == "en" else f"使い方: sekisho {verb}")
    assert ran.err == ""


BAD_COMMAND_LINES = [
    ((), "a verb is missing"),
    (("--json",), "a verb is missing"),
    (("--bogus",), "there is no option '--bogus'"),
    (("trac",), "did you mean: sekisho trace"),
    (("frobnicate",), "the verbs are: "),
    (("",), "there is no verb ''"),
    (("trace", "--bogus"), "unrecognized arguments: --bogus"),
    (("trace", "--sport", "x", "a", "b"), "invalid int value: 'x'"),
    (("trace", "--state", "old", "a", "b"), "invalid choice: 'old'"),
    (("trace", "--proto"), "expected one argument"),
    (("trace", "one"), "FROM and TO are needed"),
    (("trace", "1", "2", "3", "4"), "unrecognized arguments: 4"),
    (("trace", "snap", "from", "--flows", "-"), "FROM and TO cannot be given as well"),
    (("trace", "--fl", "x"), "unrecognized arguments: --fl"),
    (("explain", "--lang", "fr"), "invalid choice: 'fr'"),
    (("explain", "--json=yes"), "ignored explicit argument 'yes'"),
    (("vpc",), "a verb is missing: subnet"),
    (("vpc", "lan"), "unknown verb 'lan'"),
    (("vpc", "subnet"), "the following arguments are required: CIDR"),
    (("completion",), "the following arguments are required: SHELL"),
    (("completion", "csh"), "invalid choice: 'csh'"),
    (("capture",), "sekisho capture --script"),
    (("explain",), "sekisho capture --script"),
    (("trace", "internet", "10.1.0.81:22"), "sekisho capture --script"),
]


@pytest.mark.parametrize(("argv", "said"), BAD_COMMAND_LINES)
def test_bad_command_lines_exit_2_and_say_why(argv: tuple[str, ...], said: str) -> None:
    ran = sekisho(*argv)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("sekisho: ")
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("argv", [argv for argv, _ in BAD_COMMAND_LINES])
def test_bad_command_lines_in_japanese(argv: tuple[str, ...]) -> None:
    ran = sekisho("--lang", "ja", *argv) if "--lang" not in argv else sekisho(*argv)
    assert ran.status == 2
    if "--lang" not in argv:
        assert not ran.err.splitlines()[0].isascii()


def test_common_options_may_stand_anywhere() -> None:
    answers = {
        sekisho(*argv).out
        for argv in (
            ("--json", "vpc", "subnet", "10.0.0.0/24"),
            ("vpc", "--json", "subnet", "10.0.0.0/24"),
            ("vpc", "subnet", "--json", "10.0.0.0/24"),
            ("vpc", "subnet", "10.0.0.0/24", "--json"),
            ("--lang", "ja", "vpc", "subnet", "10.0.0.0/24", "--json"),
        )
    }
    assert len(answers) == 1
    assert json.loads(answers.pop())["cidr"] == "10.0.0.0/24"


@pytest.mark.parametrize(
    ("want", "environ"),
    [
        ("en", {}),
        ("ja", {"LANG": "ja_JP.UTF-8"}),
        ("ja", {"LC_MESSAGES": "ja_JP.eucJP", "LANG": "en_US.UTF-8"}),
        ("en", {"LC_ALL": "C", "LC_MESSAGES": "ja_JP", "LANG": "ja_JP"}),
        ("ja", {"LC_ALL": "", "LANG": "ja"}),
        ("ja", {"LC_ALL": "ja.UTF-8"}),
        ("en", {"LANG": "jam_JM"}),
        ("en", {"LANG": "de_DE.UTF-8"}),
    ],
)
def test_language_of_the_locale(want: str, environ: dict[str, str]) -> None:
    assert locale_language(environ) == want


@pytest.mark.parametrize(
    ("want", "argv"),
    [
        ("ja", ["trace", "--lang", "ja"]),
        ("ja", ["--lang=ja", "trace"]),
        ("en", ["--lang", "en"]),
        ("ja", ["--lang"]),  # nothing follows: the parser will say so, in the locale's language
        ("ja", ["--lang=fr"]),
        ("ja", ["--", "--lang=en"]),
    ],
)
def test_lang_option_wins_over_the_locale(want: str, argv: list[str]) -> None:
    assert chosen_language(argv, {"LANG": "ja_JP.UTF-8"}) == want


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"'{sys.executable}' -m sekisho --help; echo $? >&3"
    done = subprocess.run(
        ["bash", "-c", f"exec 3>&1; ({command}) | true"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert done.stderr == ""
    # The pipe may swallow so short a text before its reader is gone.
    assert done.stdout.strip() in ("0", "141")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_in_one_line() -> None:
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m sekisho --help > /dev/full"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert done.returncode == 2
    assert done.stderr == "sekisho: No space left on device\n"


def test_closed_output_is_no_traceback() -> None:
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m sekisho --help >&-"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert done.returncode == 0
    assert done.stderr == ""


def test_japanese_on_a_terminal_that_cannot_show_it_is_no_traceback() -> None:
    ran = process("--help", "--lang", "ja", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert ran.status == 0
    assert "explain" in ran.out
    assert ran.err == ""


def _parsers() -> dict[str, VerbParser]:
    """Every verb that has arguments of its own, also below others."""
    found: dict[str, VerbParser] = {}
    for name in VERBS:
        parser = verb_parser(name, "en")
        found |= {f"{name} {below}": each for below, each in parser.subverbs.items()} or {name: parser}
    return found


@pytest.mark.parametrize("words", _parsers())
def test_what_follows_two_dashes_is_no_option(words: str) -> None:
    """On every verb: as many arguments as it takes, all of them spelled like its own options."""
    parser = _parsers()[words]
    positionals = [action for action in parser._actions if not action.option_strings]
    if isinstance(parser, CommandParser):
        positionals = positionals[:1]
    spelled = zip(positionals, ("--json", "--help", "-x"), strict=False)
    given = [
        str(next(iter(action.choices))) if action.choices else "1" if action.type else word
        for action, word in spelled
    ]
    args = parser.parse(["--lang", "ja", "--", *given])
    told = [value for action in positionals if (value := getattr(args, action.dest)) not in (None, [])]
    flat = [str(word) for value in told for word in (value if isinstance(value, list) else [value])]
    assert flat == given
    assert (args.json, args.lang) == (False, "ja")


def test_two_dashes_and_a_snapshot_like_an_option() -> None:
    """Not the option that its name spells, and not another policy than was named."""
    ran = sekisho("check", "--", "--schema", "--help")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("sekisho: --help: ")
    ran = sekisho("show", "--", str(ROOT / "examples/host-10.0.0.10"), "--json")
    assert "argument WHAT: invalid choice: '--json' (" in ran.err
    assert sekisho("explain", "--", "-x").err.startswith("sekisho: -x: ")
    assert sekisho("explain", "--", str(ROOT / "examples/host-10.0.0.10"), "--json").err.count("--json") >= 1
