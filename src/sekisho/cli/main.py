"""The ``sekisho`` command: finds the verb, runs it, and turns errors into words and exit statuses."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from sekisho import __version__
from sekisho.cli.interrupts import INTERRUPTED
from sekisho.cli.language import Lang, Words, chosen_language, error_words, leading_options
from sekisho.cli.terminal import put
from sekisho.errors import SekishoError, UsageError, one_line

BAD_INPUT = 2
READER_GONE = 141  # the same for SIGPIPE

_OVERVIEW: Words = {
    "en": "Follow packets through the checkpoints of a Docker host and its VPC, from a snapshot alone.",
    "ja": "DockerホストとそのVPCの関所を通るパケットを、スナップショットだけから追います。",
}
_USAGE: Words = {
    "en": "usage: sekisho VERB [SNAPSHOT] ...",
    "ja": "使い方: sekisho 動詞 [SNAPSHOT] ...",
}
_MORE: Words = {
    "en": "sekisho VERB --help tells about a verb. Exit status: 0 yes or done, 1 no, 2 bad input or usage,\n"
    "3 undetermined.",
    "ja": "sekisho 動詞 --help で動詞の説明を表示します。\n"
    "終了ステータス: 0 はい・完了、1 いいえ、2 入力や使い方の誤り、3 判定できない。",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name); the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    stdout = _prepared(sys.stdout)
    stderr = _prepared(sys.stderr)
    try:
        try:
            status = _run(words, stdout)
        except SystemExit as stop:  # argparse, after --help
            status = stop.code if isinstance(stop.code, int) else 0
        stdout.flush()
        return status
    except SekishoError as error:
        put(stderr, f"sekisho: {error_words(error, chosen_language(words, os.environ))}")
        return BAD_INPUT
    except BrokenPipeError:
        _forget(stdout)
        return READER_GONE
    except OSError as error:
        place = f"{error.filename}: " if error.filename is not None else ""
        put(stderr, one_line(f"sekisho: {place}{error.strerror or error}"))
        _forget(stdout)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # a status of 1 would be an answer
        put(stderr, f"sekisho: {_fault(error, words)}")
        _forget(stdout)
        return BAD_INPUT


def _fault(error: Exception, words: list[str]) -> str:
    """What is said of an error that is Sekisho's own; little, where even that fails."""
    try:
        from sekisho.cli.fault import fault_words

        return fault_words(error, words, chosen_language(words, os.environ))
    except Exception:  # no memory is left
        return f"this is a fault of sekisho ({type(error).__name__})"


def _run(words: list[str], stdout: TextIO) -> int:
    if words in (["--version"], ["-V"]):
        put(stdout, f"sekisho {__version__}")
        return 0
    lang = chosen_language(words, os.environ)
    # Common options may stand before the verb as well: they are the verb's.
    options, rest = leading_options(words)
    if "-h" in options or "--help" in options:
        put(stdout, overview(lang))
        return 0
    if rest:
        return _run_verb(rest[0], options + rest[1:], lang, stdout)
    for option in options:
        if not option.startswith(("--json", "--lang", "--no-color", "--outside", "--max-input", "--host")):
            raise _unknown_option(option, lang)
    raise UsageError({"en": "a verb is missing", "ja": "動詞が足りません"}[lang], usage=overview(lang))


def _run_verb(name: str, argv: list[str], lang: Lang, stdout: TextIO) -> int:
    from sekisho.cli.output import Output, wants_color
    from sekisho.cli.verbs import VERBS, load_verb, verb_parser

    if name not in VERBS:
        raise _unknown_verb(name, VERBS, lang)
    args = verb_parser(name, lang).parse(argv)
    # A verb builds its facts, answers and ends: none of them is garbage before that, and looking for some
    # takes a third of the time on a large rule set.
    gc.disable()
    try:
        color = wants_color(stdout, os.environ, no_color=args.no_color)
        out = Output(stdout, lang, color, args.json, args.outside, args.max_input, args.host or "")
        return load_verb(name).run(args, out)
    finally:
        gc.enable()  # for whoever calls main() more than once


def overview(lang: Lang) -> str:
    """The text of ``sekisho --help``: every verb with a line about it."""
    from sekisho.cli.parser import help_rows
    from sekisho.cli.verbs import VERBS, load_verb

    rows = help_rows([(name, load_verb(name).HELP[lang]) for name in VERBS])
    return f"{_USAGE[lang]}\n\n{_OVERVIEW[lang]}\n\n{rows}\n{_MORE[lang]}\n"


def _unknown_verb(name: str, verbs: Sequence[str], lang: Lang) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name, verbs, n=1)
    what = {"en": f"there is no verb {name!r}", "ja": f"動詞 {name!r} はありません"}[lang]
    if near:
        advice = {"en": f"did you mean: sekisho {near[0]}", "ja": f"もしかして: sekisho {near[0]}"}[lang]
    else:
        advice = {"en": "the verbs are: ", "ja": "動詞の一覧: "}[lang] + ", ".join(verbs)
    return UsageError(what, advice=advice)


def _unknown_option(option: str, lang: Lang) -> UsageError:
    what = {"en": f"there is no option {option!r}", "ja": f"オプション {option!r} はありません"}[lang]
    return UsageError(what, advice={"en": "see: sekisho --help", "ja": "詳しくは: sekisho --help"}[lang])


def _prepared(stream: TextIO | None) -> TextIO:
    """A stream that is always there, and that never fails on a character its encoding lacks."""
    if stream is None:  # the descriptor was closed before the start
        return open(os.devnull, "w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _forget(stdout: TextIO) -> None:
    """Let the interpreter's last flush go nowhere instead of failing a second time."""
    if stdout is sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
